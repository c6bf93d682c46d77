"""The torture messages of RFC 4475 and RFC 5118 as a user agent receives them in a datagram from a stranger."""

import pytest

from gateway.sip.flow import Flow, Transport
from tests.sip.phones import Phone
from tests.sip.torture_invalid import INVALID
from tests.sip.torture_ipv6 import IPV6
from tests.sip.torture_semantics import SEMANTICS
from tests.sip.torture_valid import VALID
from tests.sip.wire import Sent, Wire

MESSAGES = VALID | INVALID | SEMANTICS | IPV6
STRANGER = Flow(Transport.UDP, "192.0.2.99", 5060)

CALL, ASKED, SILENCE = "call_offered", "request_received", ""
TREATMENTS: dict[str, int | str] = {
    "wsinv": 481,  # §3.1.1.1: well-formed; it has a To tag, and its dialog is none of ours
    "intmeth": 501,
    "esc01": CALL,
    "escnull": 405,  # we are no registrar, but know what REGISTER is
    "esc02": 501,
    "lwsdisp": ASKED,
    "longreq": CALL,
    "dblreq": 405,
    "semiuri": ASKED,
    "transports": ASKED,
    "mpart01": ASKED,
    "unreason": SILENCE,
    "noreason": SILENCE,
    "badinv01": 400,  # §3.1.2.1
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": SILENCE,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": CALL,
    "trws": ASKED,
    "escruri": 400,
    "baddate": CALL,
    "regbadct": 400,
    "badaspec": ASKED,
    "baddn": ASKED,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,
    "bigcode": SILENCE,
    "badbranch": 400,  # §3.2.1
    "insuf": 400,  # §3.3.1
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 405,
    "bext01": 420,
    "invut": 415,
    "regaut01": 405,
    "multi01": 400,
    "mcl01": 400,
    "bcast": SILENCE,
    "zeromf": ASKED,  # an end answers it all the same
    "cparam01": 405,
    "cparam02": 405,
    "regescrt": 405,
    "sdp01": 406,
    "inv2543": CALL,  # §3.4.1
    "ipv6-good": 405,  # RFC 5118 §4.1
    "ipv6-bad": 400,
    "port-ambiguous": 405,
    "port-unambiguous": 405,
    "via-received-param-with-delim": 481,
    "via-received-param-no-delim": ASKED,
    "ipv6-in-sdp": CALL,
    "mult-ip-in-header": 481,
    "mult-ip-in-sdp": CALL,
    "ipv4-mapped-ipv6": CALL,
    "ipv6-bug-abnf-3-colons": ASKED,
    "ipv6-correct-abnf-2-colons": ASKED,
}


def received(name: str) -> tuple[Phone, list[Sent]]:
    """A phone that has got the message, and what it sent within a minute but 100."""
    wire = Wire()
    phone = Phone(wire, "gateway", "192.0.2.200")
    phone.place.receive(MESSAGES[name], STRANGER, wire.now)
    wire.run(60.0)
    return phone, [sent for sent in wire.sent if sent.message.status != 100]


@pytest.mark.parametrize("name", MESSAGES)
def test_treatment(name: str) -> None:
    phone, sent = received(name)
    expected = TREATMENTS[name]
    assert {one.message.status for one in sent} == ({expected} if isinstance(expected, int) else set())
    assert phone.heard == ([expected] if isinstance(expected, str) and expected else [])


@pytest.mark.parametrize("name", [name for name, expected in TREATMENTS.items() if isinstance(expected, int)])
def test_an_answer_echoes_the_request(name: str) -> None:
    from gateway.sip.message import parse

    request, answer = parse(MESSAGES[name]), received(name)[1][0].message
    assert answer.top_via_branch == request.top_via_branch
    assert (answer.call_id, answer.from_tag) == (request.call_id, request.from_tag)
    assert answer.to_tag or not request.headers.get("to")


def test_unknown_methods_are_told_the_known_ones() -> None:
    assert "INVITE" in (received("intmeth")[1][0].message.headers.get("Allow") or "")


def test_bad_extensions_are_named() -> None:
    unsupported = received("bext01")[1][0].message.headers.all("Unsupported")
    assert unsupported == ("nothingSupportsThis", "nothingSupportsThisEither")


def test_an_unknown_body_is_told_what_is_accepted() -> None:
    assert "application/sdp" in (received("invut")[1][0].message.headers.get("Accept") or "")
