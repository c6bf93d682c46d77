"""The token that a Referred-By points to (RFC 3892 §2.2)."""

import pytest

from gateway.ends.referred_token import token_part
from gateway.model.transfer import Kept
from gateway.sip.message import Message
from gateway.sip.multipart import mixed, parts
from tests.ends.stage import ANSWER, Stage, reply
from tests.ends.trunks import SDP, carrier, teams

BY = '<sip:1000@h>;cid="20398823.2UWQFN309shb3@h"'
TOKEN = b"signed \xff octets\r\n--inner\r\n"
PART = b"Content-Type: application/pkcs7-mime\r\nContent-ID: <20398823.2UWQFN309shb3@h>\r\n\r\n" + TOKEN


def kept(body: bytes, content_type: str, content_id: str = "") -> tuple[Kept, ...]:
    found = [Kept("sip", "Content-Type", content_type)]
    found += [Kept("sip", "Content-ID", content_id)] if content_id else []
    return (*found, Kept("sip", "message body", body.decode("utf-8", "surrogateescape")))


SINGLE = kept(TOKEN, "application/pkcs7-mime", "<20398823.2UWQFN309shb3@h>")


def of_several() -> tuple[Kept, ...]:
    kind, body = mixed("b1", b"Content-Type: text/plain\r\n\r\nhello", PART, b"\r\nno header")
    return kept(body, kind)


@pytest.mark.parametrize("said", [SINGLE, of_several()])
def test_the_part_that_the_cid_names(said: tuple[Kept, ...]) -> None:
    assert token_part(BY, said) == PART


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("<sip:1000@h>", SINGLE),
        ('<sip:1000@h>;cid="other@h"', SINGLE),
        ('<sip:1000@h>;cid="other@h"', of_several()),
        (BY, ()),
        (BY, kept(b"--b1\r\nhello", "multipart/mixed")),
        ('"<sip', SINGLE),
    ],
)
def test_without_one(by: str, said: tuple[Kept, ...]) -> None:
    assert token_part(by, said) == b""


def sent(stage: Stage) -> Message:
    (message,) = stage.sent()
    return message


def test_it_goes_to_the_target_beside_the_offer() -> None:
    stage = Stage(carrier())
    leg = stage.place("carrier", referred_by=BY, kept=SINGLE)
    invite = sent(stage)
    session, token = parts(invite.body, invite.headers.get("content-type") or "")
    assert session.headers.get("content-type") == "application/sdp"
    assert session.body == leg.local_session
    assert token.octets == PART
    assert [each.status for each in stage.receive(reply(invite, 200, body=ANSWER))] == [0]
    assert stage.hub.last[0] == "answered"


def test_an_invite_without_offer_has_it_alone_and_still_waits_for_an_offer() -> None:
    stage = Stage(carrier())
    leg = stage.place("carrier", referred_by=BY, kept=SINGLE, session=b"")
    invite = sent(stage)
    (token,) = parts(invite.body, invite.headers.get("content-type") or "")
    assert token.octets == PART
    assert stage.receive(reply(invite, 200, body=ANSWER)) == []
    leg.confirm(SDP, 0.0)
    ack = sent(stage)
    assert ack.method == "ACK"
    assert b"m=audio 4000" in ack.body


def test_who_takes_no_such_body_is_asked_without_it() -> None:
    stage = Stage(carrier())
    leg = stage.place("carrier", referred_by=BY, kept=SINGLE)
    invite = sent(stage)
    _, again = stage.receive(reply(invite, 415, "Accept: application/sdp"))
    assert again.content_type == "application/sdp"
    assert again.body == leg.local_session
    assert again.headers.get("referred-by") == BY
    assert (again.call_id, again.cseq) == (invite.call_id, invite.cseq + 1)
    stage.receive(reply(again, 415))
    assert stage.hub.last[0] == "cleared"


def test_teams_gets_the_offer_alone() -> None:
    stage = Stage(teams(peers=["udp:198.51.100.1:5060"]))
    stage.place("teams", uri="sip:+4930123@sip.pstnhub.microsoft.com", referred_by=BY, kept=SINGLE)
    assert sent(stage).content_type == "application/sdp"
