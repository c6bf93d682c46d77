"""Basic calls between SIP and the ISDN: RFC 4497 §8 row by row, overlap, parties and causes, on the whole gateway."""

from pathlib import Path

import pytest

from gateway.isdn import elements as codec
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Cause
from gateway.model.parties import (
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from gateway.sip.address import Address
from gateway.sip.uri import Uri
from tests.engine.isdn_world import IsdnWorld, called, calling, descriptions, progress
from tests.engine.world import Line, sdp

COMPLETE = InformationElement(Identifier.SENDING_COMPLETE)
MUNICH = Number("4989123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


def party_of(message: Message, identifier: Identifier = Identifier.CALLING_PARTY_NUMBER) -> Party:
    return numbers.decode_party(message.contents(identifier) or b"")


# --- ISDN to SIP (RFC 4497 §8.2) ---


def test_setup_becomes_invite_with_an_offer_and_call_proceeding(tmp_path: Path) -> None:
    """§8.2.1.1: both at once."""
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE)
    invite = world.pbx.expect("INVITE")
    assert Uri.parse(invite.request_uri).user == "2001"
    assert b"m=audio" in invite.body
    world.switch.expect("CALL PROCEEDING", 0)


def test_setup_without_a_number_is_cleared_with_cause_28(tmp_path: Path) -> None:
    """§8.2.1.1."""
    world = IsdnWorld(tmp_path)
    world.switch.setup("", COMPLETE)
    assert world.switch.expect("released")[1].value == 28
    assert world.pbx.inbox == []


def ringing(world: IsdnWorld) -> Line:
    world.switch.setup("2001", COMPLETE)
    line = Line.called(world.pbx, world.pbx.expect("INVITE"))
    world.switch.expect("CALL PROCEEDING")
    return line


def test_100_says_nothing(tmp_path: Path) -> None:
    """§8.2.1.2."""
    world = IsdnWorld(tmp_path)
    ringing(world).reply(100)
    world.wait(1)
    assert world.switch.heard == []


def test_180_is_alerting_without_a_promise_of_tones(tmp_path: Path) -> None:
    """§8.2.1.3: PI 8 SHALL NOT be there."""
    world = IsdnWorld(tmp_path)
    ringing(world).reply(180)
    assert descriptions(world.switch.expect("ALERTING")[1]) == []


def test_180_with_early_media_promises_them(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    ringing(world).reply(180, body=sdp())
    assert descriptions(world.switch.expect("ALERTING")[1]) == [8]


@pytest.mark.parametrize("status", [181, 182, 183])
def test_other_progress_is_progress_with_description_1(tmp_path: Path, status: int) -> None:
    """§8.2.1.3."""
    world = IsdnWorld(tmp_path)
    ringing(world).reply(status)
    assert descriptions(world.switch.expect("PROGRESS")[1]) == [1]


@pytest.mark.parametrize(
    ("first", "second", "told"), [(180, 180, "ALERTING"), (180, 183, "ALERTING"), (183, 183, "PROGRESS")]
)
def test_what_was_said_is_not_said_again(tmp_path: Path, first: int, second: int, told: str) -> None:
    """§8.2.1.3: any other 18x has no QSIG message."""
    world = IsdnWorld(tmp_path)
    line = ringing(world)
    line.reply(first)
    line.reply(second)
    world.switch.expect(told)
    world.wait(1)
    assert world.switch.heard == []


def test_183_then_180_is_progress_then_alerting(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = ringing(world)
    line.reply(183)
    line.reply(180)
    world.switch.expect("PROGRESS")
    world.switch.expect("ALERTING")


def test_200_is_connect_with_the_connected_number(tmp_path: Path) -> None:
    """§8.2.1.4, §9.1.3."""
    world = IsdnWorld(tmp_path)
    line = ringing(world)
    line.reply(200, "P-Asserted-Identity: <sip:+4989123@pbx.example>", body=sdp())
    line.expect("ACK")
    who = party_of(world.switch.expect("CONNECT")[1], Identifier.CONNECTED_NUMBER)
    assert who == Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED)


def test_302_is_followed_and_says_nothing(tmp_path: Path) -> None:
    """§8.2.1.5."""
    world = IsdnWorld(tmp_path)
    line = ringing(world)
    line.reply(302, "Contact: <sip:3001@pbx.example>")
    assert Uri.parse(world.carrier.expect("INVITE").request_uri).user == "3001"
    assert world.switch.heard == []


@pytest.mark.parametrize(("status", "cause"), [(486, 17), (404, 1), (480, 18), (503, 41), (603, 21), (500, 41)])
def test_a_status_becomes_a_cause(tmp_path: Path, status: int, cause: int) -> None:
    """RFC 3398 §8.2.6.1."""
    world = IsdnWorld(tmp_path)
    ringing(world).reply(status)
    assert world.switch.expect("DISCONNECT")[1].value == cause


def test_the_cause_in_reason_wins(tmp_path: Path) -> None:
    """RFC 6432."""
    world = IsdnWorld(tmp_path)
    ringing(world).reply(486, "Reason: Q.850;cause=21")
    assert world.switch.expect("DISCONNECT")[1].value == 21


def test_who_gives_up_cancels(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    call = world.switch.setup("2001", COMPLETE)
    line = world.pbx.ring()
    world.wait(1)
    call.disconnect(Cause(16), world.now)
    cancel = line.expect("CANCEL")
    assert "cause=16" in (cancel.headers.get("reason") or "")


def test_a_call_is_over_on_both_sides(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE)
    line = world.pbx.ring()
    line.answer()
    call, _ = world.switch.expect("CONNECT")
    call.disconnect(Cause(16), world.now)
    line.hung_up()
    world.switch.expect("released")
    assert world.gateway.isdn.statistics()["channels_idle.isdn"] == 4
    assert world.gateway.idle


# --- overlap ---


def test_digits_are_gathered_until_a_route_fits(tmp_path: Path) -> None:
    """§8.2.2: en bloc towards SIP."""
    world = IsdnWorld(tmp_path, overlap=True)
    call = world.switch.setup("2")
    world.switch.expect("SETUP ACKNOWLEDGE")
    call.information(world.now, called("00"))
    world.wait(1)
    assert world.pbx.inbox == []
    call.information(world.now, called("1"))
    assert Uri.parse(world.pbx.expect("INVITE", seconds=1).request_uri).user == "2001"
    world.switch.expect("CALL PROCEEDING")


def test_sending_complete_ends_the_number(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, overlap=True)
    call = world.switch.setup("20")
    world.switch.expect("SETUP ACKNOWLEDGE")
    call.information(world.now, called("01"), COMPLETE)
    world.pbx.expect("INVITE", seconds=1)


def test_no_digits_at_all_is_cause_28(tmp_path: Path) -> None:
    """T302."""
    world = IsdnWorld(tmp_path, overlap=True)
    world.switch.setup("")
    world.switch.expect("SETUP ACKNOWLEDGE")
    assert world.switch.expect("DISCONNECT", 30)[1].value == 28


# --- SIP to ISDN (RFC 4497 §8.3) ---


def test_invite_becomes_setup(tmp_path: Path) -> None:
    """§8.3.1: the Request-URI is the called number."""
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551")
    _, setup = world.switch.expect("SETUP")
    assert numbers.decode_called(setup.contents(Identifier.CALLED_PARTY_NUMBER)).digits == "5551"
    assert setup.contents(Identifier.BEARER_CAPABILITY) == bytes.fromhex("8090a3")
    assert setup.element(Identifier.SENDING_COMPLETE) is not None


def test_no_channel_is_503(tmp_path: Path) -> None:
    """§8.3.1: no SETUP."""
    world = IsdnWorld(tmp_path)
    for _ in range(4):
        world.pbx.invite("5551")
        world.switch.expect("SETUP")
    line = world.pbx.invite("5551")
    assert line.expect("503").status == 503
    assert not world.switch.has("SETUP")


def test_video_alone_is_488(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    body = sdp().replace(b"m=audio 4000 RTP/AVP 8 0", b"m=audio 4000 RTP/AVP 18")
    assert world.pbx.invite("5551", body=body).expect("488")
    assert not world.switch.has("SETUP")


def test_a_name_cannot_be_called(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    assert world.pbx.invite("bob").expect("404")
    assert not world.switch.has("SETUP")


def offered(world: IsdnWorld) -> tuple[Line, IsdnCall]:
    line = world.pbx.invite("5551")
    call, _ = world.switch.expect("SETUP")
    call.proceeding(world.now)
    return line, call


@pytest.mark.parametrize(("description", "has_session"), [(1, True), (8, True), (2, False)])
def test_progress_is_183(tmp_path: Path, description: int, has_session: bool) -> None:
    """§8.3.3: with a session where something can be heard."""
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.progress(world.now, progress(description))
    assert bool(line.expect("183").body) is has_session


@pytest.mark.parametrize("in_band", [False, True])
def test_alerting_is_180(tmp_path: Path, in_band: bool) -> None:
    """§8.3.4."""
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.alerting(world.now, *((progress(8),) if in_band else ()))
    assert bool(line.expect("180").body) is in_band


def test_connect_is_200_with_the_connected_party(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    who = Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED)
    call.connect(world.now, InformationElement(Identifier.CONNECTED_NUMBER, numbers.encode_party(who)))
    answer = line.established()
    assert b"m=audio" in answer.body
    assert Uri.parse(Address.parse(answer.headers.get("p-asserted-identity") or "").uri).user == "+4989123"


def test_an_invite_without_offer_gets_one(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = world.pbx.invite("5551", body=b"")
    call, _ = world.switch.expect("SETUP")
    call.connect(world.now)
    assert b"m=audio" in line.expect("200 INVITE").body


@pytest.mark.parametrize(("cause", "status"), [(1, 404), (17, 486), (19, 480), (28, 484), (34, 503), (102, 504)])
def test_a_cause_becomes_a_status(tmp_path: Path, cause: int, status: int) -> None:
    """RFC 3398 §7.2.4.1; the cause itself is in Reason."""
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.disconnect(Cause(cause), world.now)
    refused = line.expect(str(status))
    assert f"cause={cause}" in (refused.headers.get("reason") or "")


def test_progress_with_a_cause_says_why_the_call_ends(tmp_path: Path) -> None:
    """§8.3.3: the final response is derived from that cause."""
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    why = InformationElement(Identifier.CAUSE, codec.encode_cause(Cause(1)))
    call.progress(world.now, progress(8), why)
    line.expect("183")
    call.disconnect(Cause(16), world.now)
    assert line.expect("404")


def test_cancel_clears_with_cause_16(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, _ = offered(world)
    world.wait(0.3)
    line.request("CANCEL", cseq=1)
    assert world.switch.expect("DISCONNECT")[1].value == 16


def test_the_link_is_down(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.gateway.line_changed("isdn", False, world.now)
    assert world.pbx.invite("5551").expect("503")


# --- parties (RFC 4497 §9, RFC 3398 §12) ---


@pytest.mark.parametrize(
    ("lines", "party"),
    [
        (
            ("P-Asserted-Identity: <sip:+4989123@pbx>",),
            Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED),
        ),
        (
            ("P-Asserted-Identity: <sip:+4989123@pbx>", "Privacy: id"),
            Party(MUNICH, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED),
        ),
        ((), Party(None, Presentation.NOT_AVAILABLE, Screening.NETWORK_PROVIDED)),
        (
            ("P-Asserted-Identity: <sip:bob@pbx>",),
            Party(None, Presentation.NOT_AVAILABLE, Screening.NETWORK_PROVIDED),
        ),
    ],
)
def test_who_calls_from_sip(tmp_path: Path, lines: tuple[str, ...], party: Party) -> None:
    """From says "pbx", which is no number: it never becomes one."""
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551", *lines)
    assert party_of(world.switch.expect("SETUP")[1]) == party


def test_who_calls_from_the_isdn(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE, calling(Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED)))
    invite = world.pbx.expect("INVITE")
    assert "+4989123@" in (invite.headers.get("from") or "")
    assert "+4989123@" in (invite.headers.get("p-asserted-identity") or "")


def test_a_number_that_nobody_has_screened_is_not_asserted(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE, calling(Party(MUNICH, Presentation.ALLOWED, Screening.USER_NOT_SCREENED)))
    invite = world.pbx.expect("INVITE")
    assert "+4989123@" in (invite.headers.get("from") or "")
    assert invite.headers.get("p-asserted-identity") is None


def test_a_restricted_number_is_anonymous_and_asserted_with_privacy(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE, calling(Party(MUNICH, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED)))
    invite = world.pbx.expect("INVITE")
    assert "anonymous" in (invite.headers.get("from") or "")
    assert "4989123" not in (invite.headers.get("from") or "")
    assert invite.headers.get("privacy") == "id"
    assert "+4989123@" in (invite.headers.get("p-asserted-identity") or "")


def test_diversion_becomes_redirecting_number(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551", "Diversion: <sip:+4989123@pbx>;reason=user-busy")
    _, setup = world.switch.expect("SETUP")
    found = numbers.decode_redirecting(setup.contents(Identifier.REDIRECTING_NUMBER))
    assert (found.party.number, found.reason) == (MUNICH, "user-busy")


def test_redirecting_number_becomes_diversion(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    said = numbers.Redirecting(Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED), "no-answer")
    element = InformationElement(Identifier.REDIRECTING_NUMBER, numbers.encode_redirecting(said))
    world.switch.setup("2001", COMPLETE, element)
    diversion = world.pbx.expect("INVITE").headers.get("diversion") or ""
    assert "+4989123@" in diversion
    assert "reason=no-answer" in diversion
