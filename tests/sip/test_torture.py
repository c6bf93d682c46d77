"""The torture messages of RFC 4475 and RFC 5118: each is treated as the RFC says, section by section.

Here: what is decided on the message alone. Where an RFC leaves a choice, the comment says which one was taken.
What needs a user agent is in test_torture_treatment.py.
"""

import pytest

from gateway.model.errors import DecodeError
from gateway.sip import sdp
from gateway.sip.address import Address
from gateway.sip.message import Message, parse
from gateway.sip.routing import Via
from gateway.sip.uri import Uri, unescape
from gateway.sip.validity import defect
from tests.sip.torture_invalid import INVALID
from tests.sip.torture_ipv6 import IPV6
from tests.sip.torture_semantics import SEMANTICS
from tests.sip.torture_valid import VALID
from tests.sip.wireshark import dissect

DROPPED = 0
NOT_HERE = None
"""Well-formed as far as the message alone can tell."""


def treatment(octets: bytes) -> int | None:
    """The status that the message is refused with at once; None when it is not."""
    try:
        found = defect(parse(octets))
    except DecodeError:
        return DROPPED
    return None if found is None else found.status


def message(name: str) -> Message:
    return parse((VALID | INVALID | SEMANTICS | IPV6)[name])


def test_all_49_are_here() -> None:
    assert (len(VALID), len(INVALID), len(SEMANTICS), len(IPV6)) == (13, 19, 17, 12)


@pytest.mark.parametrize("name", VALID)
def test_3_1_1_well_formed_messages_are_accepted(name: str) -> None:
    assert treatment(VALID[name]) is NOT_HERE


INVALID_TREATMENTS = {
    "badinv01": 400,  # §3.1.2.1
    "clerr": 400,  # §3.1.2.2
    "ncl": 400,  # §3.1.2.3
    "scalar02": 400,  # §3.1.2.4
    "scalarlg": DROPPED,  # §3.1.2.5
    "quotbal": 400,  # §3.1.2.6
    "ltgtruri": 400,  # §3.1.2.7
    "lwsruri": 400,  # §3.1.2.8
    "lwsstart": NOT_HERE,  # §3.1.2.9: liberal, more than one space is skipped
    "trws": NOT_HERE,  # §3.1.2.10: liberal
    "escruri": 400,  # §3.1.2.11
    "baddate": NOT_HERE,  # §3.1.2.12: nothing of ours depends on Date
    "regbadct": 400,  # §3.1.2.13
    "badaspec": NOT_HERE,  # §3.1.2.14: liberal, the spaces are skipped
    "baddn": NOT_HERE,  # §3.1.2.15: liberal, quotes are put around it when it is passed on
    "badvers": 505,  # §3.1.2.16
    "mismatch01": 400,  # §3.1.2.17
    "mismatch02": 501,  # §3.1.2.18
    "bigcode": DROPPED,  # §3.1.2.19
}


@pytest.mark.parametrize("name", INVALID)
def test_3_1_2_malformed_messages(name: str) -> None:
    assert treatment(INVALID[name]) == INVALID_TREATMENTS[name]


SEMANTIC_TREATMENTS = {
    "badbranch": 400,  # §3.2.1
    "insuf": 400,  # §3.3.1
    "unkscm": 416,  # §3.3.2
    "novelsc": 416,  # §3.3.3
    "unksm2": NOT_HERE,  # §3.3.4: 400 is the registrar's
    "bext01": NOT_HERE,  # §3.3.5
    "invut": NOT_HERE,  # §3.3.6
    "regaut01": NOT_HERE,  # §3.3.7
    "multi01": 400,  # §3.3.8
    "mcl01": 400,  # §3.3.9
    "bcast": DROPPED,  # §3.3.10
    "zeromf": NOT_HERE,  # §3.3.11
    "cparam01": NOT_HERE,  # §3.3.12
    "cparam02": NOT_HERE,  # §3.3.13
    "regescrt": NOT_HERE,  # §3.3.14
    "sdp01": 406,  # §3.3.15
    "inv2543": NOT_HERE,  # §3.4.1
}


@pytest.mark.parametrize("name", SEMANTICS)
def test_3_2_to_3_4_messages_that_are_wrong_in_what_they_mean(name: str) -> None:
    assert treatment(SEMANTICS[name]) == SEMANTIC_TREATMENTS[name]


IPV6_TREATMENTS = {"ipv6-bad": 400}


@pytest.mark.parametrize("name", IPV6)
def test_rfc_5118_messages(name: str) -> None:
    assert treatment(IPV6[name]) == IPV6_TREATMENTS.get(name)


def test_3_1_1_1_spaces_folds_and_leading_zeros() -> None:
    short = message("wsinv")
    assert (short.method, short.cseq, short.from_tag, short.to_tag) == ("INVITE", 9, "98asjd8", "1918181833n")
    assert [Via.parse(via).branch for via in short.headers.all("Via")][1:] == ["z9hG4bK9ikj8", "z9hG4bK30239"]
    assert short.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert short.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert len(short.body) == 150


def test_3_1_1_2_every_character_that_a_token_can_hold() -> None:
    wide = message("intmeth")
    assert wide.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert wide.cseq_method == wide.method
    assert wide.from_tag == "_token~1'+`*%!-."
    assert wide.top_via_branch == "z9hG4bK-.!%66*_+`'~"
    assert wide.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert Address.parse(wide.headers.get("To") or "").display == "BEL:\a NUL:\0 DEL:\x7f"
    uri = Uri.parse(wide.request_uri)
    assert (uri.user, uri.host) == ("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", "example.com")


def test_3_1_1_3_escapes_are_undone_once() -> None:
    escaped = message("esc01")
    assert unescape(Uri.parse(escaped.request_uri).user or "") == "sips:user@example.com"
    contact = Uri.parse(Address.parse(escaped.headers.get("Contact") or "").uri)
    assert [(unescape(name), unescape(value or "")) for name, value in contact.parameters.items] == [
        ("lr", ""),
        ("name", "value%41"),
    ]


def test_3_1_1_4_a_null_does_not_shorten_a_user() -> None:
    users = [Uri.parse(Address.parse(value).uri).user or "" for value in message("escnull").headers.all("Contact")]
    assert [unescape(user) for user in users] == ["\0", "\0\0"]


def test_3_1_1_5_a_percent_sign_is_no_escape_in_names() -> None:
    odd = message("esc02")
    assert odd.method == "RE%47IST%45R"
    assert len(odd.headers.all("Contact")) == 2
    assert Address.parse(odd.headers.get("To") or "").display == "%Z%45"


def test_3_1_1_6_no_space_before_the_angle_bracket() -> None:
    assert Address.parse(message("lwsdisp").headers.get("From") or "").display == "caller"


def test_3_1_1_7_long_values() -> None:
    long = message("longreq")
    assert len(long.headers.all("via")) == 34
    assert long.from_tag == "12" + "982" * 50 + "424"
    assert len(long.body) == 150


def test_3_1_1_8_a_second_message_in_the_datagram_is_noise() -> None:
    assert (message("dblreq").method, message("dblreq").body) == ("REGISTER", b"")


def test_3_1_1_9_parameters_within_the_user() -> None:
    uri = Uri.parse(message("semiuri").request_uri)
    assert (unescape(uri.user or ""), uri.host, bool(uri.parameters)) == (
        "user;par=u@example.net",
        "example.com",
        False,
    )


def test_3_1_1_10_unknown_transports() -> None:
    transports = [Via.parse(via).transport for via in message("transports").headers.all("Via")]
    assert transports == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_3_1_1_11_zero_octets_in_a_body() -> None:
    body = message("mpart01").body
    assert len(body) == 553
    assert body.endswith(b"--7a9cbec02ceef655--\r\n")


def test_3_1_1_12_and_13_reason_phrases() -> None:
    assert message("unreason").reason.startswith("= 2**3 * 5**2 но сто")
    assert (message("noreason").status, message("noreason").reason) == (100, "")


def test_3_1_2_9_and_10_spaces_are_not_passed_on() -> None:
    assert message("lwsstart").request_uri == "sip:user@example.com"
    assert message("trws").request_uri == "sip:remote-target@example.com"


def test_3_1_2_14_and_15_are_written_properly_when_passed_on() -> None:
    assert (
        str(Address.parse(message("badaspec").headers.get("To") or ""))
        == '"Watson, Thomas" <sip:t.watson@example.org>'
    )
    assert (
        str(Address.parse(message("baddn").headers.get("To") or "")) == '"Watson, Thomas" <sip:t.watson@example.org>'
    )


def test_3_3_12_and_13_whose_parameter_it_is() -> None:
    outside, inside = (Address.parse(message(name).headers.get("Contact") or "") for name in ("cparam01", "cparam02"))
    assert ("unknownparam" in outside.parameters, "unknownparam" in Uri.parse(outside.uri).parameters) == (
        True,
        False,
    )
    assert ("unknownparam" in inside.parameters, "unknownparam" in Uri.parse(inside.uri).parameters) == (False, True)


def test_3_3_14_header_of_a_contact_uri() -> None:
    contact = Uri.parse(Address.parse(message("regescrt").headers.get("Contact") or "").uri)
    assert contact.header("Route") == "<sip:sip.example.com>"


def test_rfc_5118_ports_and_references() -> None:
    assert (
        Uri.parse(message("port-ambiguous").request_uri).port,
        Uri.parse(message("port-unambiguous").request_uri).port,
    ) == (
        None,
        5070,
    )
    assert [Via.parse(via).host for via in message("mult-ip-in-header").headers.all("Via")] == [
        "[2001:db8::9:1]",
        "192.0.2.1",
        "[2001:db8::9:255]",
    ]


@pytest.mark.parametrize(
    ("name", "received"),
    [("via-received-param-with-delim", "[2001:db8::9:255]"), ("via-received-param-no-delim", "2001:db8::9:255")],
)
def test_rfc_5118_received_with_and_without_brackets(name: str, received: str) -> None:
    via = Via.parse(message(name).headers.all("Via")[0])
    assert via.parameters.get("received") == received


def test_rfc_5118_addresses_in_session_descriptions() -> None:
    assert [stream.connection for stream in sdp.parse(message("ipv6-in-sdp").body).media] == ["2001:db8::20"] * 2
    mixed = sdp.parse(message("mult-ip-in-sdp").body)
    assert [stream.connection for stream in mixed.media] == ["192.0.2.1", "2001:db8::1"]


def test_wireshark_reads_the_same_identity() -> None:
    names = ("esc01", "lwsdisp", "semiuri", "transports", "ipv4-mapped-ipv6")
    fields = dissect([(VALID | IPV6)[name] for name in names], "sip.CSeq.seq", "sip.CSeq.method", "sip.Call-ID")
    assert fields == [[str(message(name).cseq), message(name).cseq_method, message(name).call_id] for name in names]
