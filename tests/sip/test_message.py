import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.sip.address import Address
from gateway.sip.message import Headers, parse, request, response
from gateway.sip.routing import Via
from tests.sip.wireshark import dissect

INVITE = (
    b"INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds, SIP/2.0/TCP second;branch=z9hG4bKother\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.example.com>\r\n"
    b'From: "Alice, of Atlanta" <sip:alice@atlanta.example.com>;tag=1928301774\r\n'
    b"Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)


def test_request_line_and_the_fields_that_identify_a_message() -> None:
    message = parse(INVITE)
    assert (message.is_request, message.method, message.request_uri) == (True, "INVITE", "sip:bob@biloxi.example.com")
    assert message.call_id == "a84b4c76e66710@pc33.atlanta.example.com"
    assert (message.cseq, message.cseq_method) == (314159, "INVITE")
    assert (message.from_tag, message.to_tag) == ("1928301774", "")
    assert message.top_via_branch == "z9hG4bK776asdhds"
    assert message.body == b"v=0\n"
    assert message.octets == INVITE


def test_method_of_a_response_is_the_one_of_its_cseq() -> None:
    message = parse(b"SIP/2.0 202 Accepted\r\nCSeq: 2 REFER\r\n\r\n")
    assert (message.is_request, message.status, message.reason, message.method) == (False, 202, "Accepted", "REFER")


def test_reason_phrase_may_be_empty() -> None:
    assert parse(b"SIP/2.0 100 \r\n\r\n").reason == ""
    assert parse(b"SIP/2.0 100\r\n\r\n").status == 100


@pytest.mark.parametrize(
    ("compact", "full"),
    [
        *((b"r", "Refer-To"), (b"b", "Referred-By"), (b"o", "Event"), (b"k", "Supported"), (b"u", "Allow-Events")),
        *((b"i", "Call-ID"), (b"m", "Contact"), (b"f", "From"), (b"t", "To"), (b"v", "Via"), (b"c", "Content-Type")),
        *((b"e", "Content-Encoding"), (b"l", "Content-Length"), (b"s", "Subject"), (b"x", "Session-Expires")),
    ],
)
def test_compact_form(compact: bytes, full: str) -> None:
    headers = parse(b"REFER sip:a SIP/2.0\r\n" + compact + b": value\r\n\r\n").headers
    assert headers.get(full) == "value"
    assert full.upper() in headers
    assert headers.items == ((compact.decode(), "value"),)


def test_folded_lines_are_one_value() -> None:
    message = parse(b"INVITE sip:a SIP/2.0\r\nSubject: I know\r\n  you are\r\n\tthere\r\nTo: <sip:b>\r\n\r\n")
    assert message.headers.get("subject") == "I know you are there"
    assert message.headers.get("to") == "<sip:b>"


def test_every_liberty_that_the_grammar_leaves() -> None:
    octets = (
        b"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
        b"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
        b'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
        b"MaX-fOrWaRdS: 0068\r\n"
        b"Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
        b"cseq: 0009\r\n  INVITE\r\n"
        b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
        b"s :\r\n"
        b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
        b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
        b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
        b'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ; q = 0.33\r\n\r\n'
    )
    message = parse(octets)
    assert (message.to_tag, message.from_tag) == ("1918181833n", "98asjd8")
    assert (message.cseq, message.cseq_method) == (9, "INVITE")
    assert [Via.parse(value).branch for value in message.headers.all("Via")] == [
        "390skdjuw",
        "z9hG4bK9ikj8",
        "z9hG4bK30239",
    ]
    assert Address.parse(message.headers.get("From") or "").display == 'J Rosenberg \\"'
    assert Address.parse(message.headers.get("Contact") or "").display == 'Quoted string ""'
    assert message.headers.get("Subject") == ""
    assert dissect([octets], "sip.CSeq.seq", "sip.CSeq.method", "sip.Call-ID") == [
        [str(message.cseq), message.cseq_method, message.call_id]
    ]


def test_comma_lists_are_split_where_the_grammar_has_them() -> None:
    message = parse(INVITE)
    assert len(message.headers.all("via")) == 2
    assert message.headers.all("from") == ('"Alice, of Atlanta" <sip:alice@atlanta.example.com>;tag=1928301774',)


def test_commas_in_quotes_and_angle_brackets_do_not_split() -> None:
    contact = Headers([("Contact", '"A, B" <sip:a,b@h>;x="1,2", <sip:c@h>'), ("m", "<sip:d@h>")])
    assert contact.all("contact") == ('"A, B" <sip:a,b@h>;x="1,2"', "<sip:c@h>", "<sip:d@h>")


def test_bare_line_feeds_as_in_a_file_typed_by_hand() -> None:
    message = parse(INVITE.replace(b"\r\n", b"\n"))
    assert (message.method, message.call_id) == ("INVITE", "a84b4c76e66710@pc33.atlanta.example.com")
    assert message.body == b"v=0\n"


def test_empty_lines_before_the_message_are_keepalives() -> None:
    assert parse(b"\r\n\r\n" + INVITE).cseq == 314159


def test_octets_behind_the_content_length_are_no_body() -> None:
    assert parse(INVITE + b"padding").body == b"v=0\n"


def test_content_length_beyond_the_datagram_takes_what_there_is() -> None:
    assert parse(b"INVITE sip:a SIP/2.0\r\nContent-Length: 999\r\n\r\nv=0").body == b"v=0"


@pytest.mark.parametrize("length", [b"-1", b"four", b"", b"99999999999999999999"])
def test_unreadable_content_length_takes_what_there_is(length: bytes) -> None:
    assert parse(b"INVITE sip:a SIP/2.0\r\nContent-Length: " + length + b"\r\n\r\nv=0").body == b"v=0"


def test_octets_that_are_no_utf8_survive() -> None:
    message = parse(b'INVITE sip:a SIP/2.0\r\nFrom: "J\xf6rg" <sip:j@h>\r\n\r\n')
    assert request("INVITE", "sip:a", message.headers.items).octets.startswith(
        b'INVITE sip:a SIP/2.0\r\nFrom: "J\xf6rg" <sip:j@h>\r\n'
    )


def test_a_line_without_colon_is_kept_and_harmless() -> None:
    message = parse(b"REFER sip:a SIP/2.0\r\ngarbage\r\nCSeq: 1 REFER\r\n\r\n")
    assert message.headers.items == (("", "garbage"), ("CSeq", "1 REFER"))
    assert message.cseq == 1


def test_missing_fields_are_empty() -> None:
    message = parse(b"REFER sip:a SIP/2.0\r\n\r\n")
    assert (message.call_id, message.cseq, message.from_tag, message.top_via_branch) == ("", 0, "", "")


@pytest.mark.parametrize(
    "octets", [b"", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 999 No\r\n\r\n", b"\x16\x03\x01"]
)
def test_what_is_no_sip_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse(octets)


def test_built_request_reads_back() -> None:
    built = request("REFER", "sip:b@h", [("Call-ID", "1@h"), ("CSeq", "7 REFER")], b"body")
    assert built.octets == b"REFER sip:b@h SIP/2.0\r\nCall-ID: 1@h\r\nCSeq: 7 REFER\r\nContent-Length: 4\r\n\r\nbody"
    assert parse(built.octets) == built


def test_built_response_has_the_phrase_of_the_standard() -> None:
    built = response(481, [("CSeq", "7 REFER")])
    assert built.octets.startswith(b"SIP/2.0 481 Call/Transaction Does Not Exist\r\n")
    assert parse(built.octets) == built


@pytest.mark.parametrize("value", ["a\r\nBye: b", "a\nb", "a\rb", "a\0b"])
def test_a_value_cannot_open_a_line_of_its_own(value: str) -> None:
    with pytest.raises(LocalProtocolError):
        request("REFER", "sip:b@h", [("Subject", value)])


@given(st.binary(max_size=300))
def test_random_octets_raise_decode_error_only(octets: bytes) -> None:
    try:
        message = parse(octets)
    except DecodeError:
        return
    assert message.octets == octets


@given(st.binary(max_size=300))
def test_random_fields_never_raise(octets: bytes) -> None:
    message = parse(b"REFER sip:a SIP/2.0\r\n" + octets)
    assert message.method == "REFER"
    assert isinstance(message.cseq, int)
    assert all(isinstance(value, str) for name, _ in message.headers for value in message.headers.all(name))
    assert isinstance(message.from_tag + message.to_tag + message.top_via_branch + message.call_id, str)
