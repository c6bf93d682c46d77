"""Peers that send anything: the end answers or drops it, and the next call goes well."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.call import NORMAL, Answer
from tests.ends.stage import ANSWER, Stage, reply, request
from tests.ends.trunks import carrier, invite, teams

_RICH = invite(
    "P-Asserted-Identity: <sip:+4930123@a>, <tel:+4930123>",
    "Privacy: id;critical",
    "History-Info: <sip:a@b?Privacy=history>;index=1",
    "Diversion: <sip:e@f>;reason=user-busy;counter=1",
    f"Session-ID: {'a' * 32};remote={'0' * 32}",
    "Referred-By: <sip:x@y;x-tt=aHR0c%3D>",
    "X-Account: 7",
    from_='"Alice" <sip:alice@10.0.0.7>',
).octets
_SCRAPS = st.sampled_from(
    (
        b"",
        b"<",
        b">",
        b'"',
        b";",
        b"=",
        b",",
        b"%",
        b"?",
        b"\\",
        b"\r\n",
        b"\0",
        b"sip:",
        b"\xff",
        b"9" * 40,
        b"Replaces",
    )
)
_CUTS = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 12), _SCRAPS), min_size=1, max_size=4)


def spoilt(octets: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """`octets` with parts cut out and others put in."""
    for at, length, scrap in cuts:
        start = at % len(octets)
        octets = octets[:start] + scrap + octets[start + length :]
    return octets


def still_works(stage: Stage) -> None:
    """A call in the ordinary way."""
    stage.sent()
    stage.hub.heard.clear()
    stage.receive(invite().octets.replace(b"one@", b"last@").replace(b"bKabc", b"bKlast"))
    assert stage.hub.names == ["call_asked"]
    stage.hub.leg.clear(NORMAL, stage.now)


@settings(max_examples=150, deadline=None)
@given(_CUTS)
def test_an_invite(cuts: list[tuple[int, int, bytes]]) -> None:
    stage = Stage(carrier(trusted=True), teams())
    stage.receive(spoilt(_RICH, cuts))
    if stage.hub.heard:
        stage.hub.leg.answer(Answer(ANSWER), 0.0)
    still_works(stage)


@settings(max_examples=150, deadline=None)
@given(_CUTS, st.sampled_from((180, 183, 200, 302, 486, 503)))
def test_an_answer(cuts: list[tuple[int, int, bytes]], status: int) -> None:
    stage = Stage(carrier(trusted=True))
    leg = stage.place("carrier")
    (sent,) = stage.sent()
    fields = ("P-Asserted-Identity: <sip:1@b>", "Reason: Q.850;cause=17", "Diversion: <sip:e@f>", "Allow: REFER")
    stage.receive(spoilt(reply(sent, status, *fields, body=ANSWER), cuts))
    leg.clear(NORMAL, 0.0)
    still_works(stage)


@settings(max_examples=150, deadline=None)
@given(_CUTS, st.sampled_from(("REFER", "INVITE", "INFO", "UPDATE", "BYE", "NOTIFY", "SUBSCRIBE")))
def test_a_request_within_a_call(cuts: list[tuple[int, int, bytes]], method: str) -> None:
    stage = Stage(carrier(trusted=True))
    stage.receive(invite())
    stage.hub.leg.answer(Answer(ANSWER), 0.0)
    (ok,) = stage.sent()
    stage.receive(request("ACK", ok, "1 ACK"))
    fields = (
        "Refer-To: <sip:3@h?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "Referred-By: <sip:1@h>",
        "Event: refer;id=2",
        "Subscription-State: active;expires=10",
        "Also: <sip:a@b>",
        "P-Asserted-Identity: <sip:1@b>",
    )
    stage.receive(spoilt(request(method, ok, f"2 {method}", *fields, body=ANSWER), cuts))
    stage.hub.leg.clear(NORMAL, 0.0)
    still_works(stage)
