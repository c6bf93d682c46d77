"""RFC 4497 §8 row by row: each event of a basic call between SIP and QSIG, and the action that it demands.

Every row is on a QSIG trunk, to which the RFC is written, and on EuroISDN, where RFC 3398 wants the same.
"""

from pathlib import Path

import pytest

from gateway.isdn import elements as codec
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement
from gateway.model.causes import Cause
from tests.engine.isdn_world import IsdnWorld, descriptions, progress
from tests.engine.test_isdn_calls import COMPLETE, ringing
from tests.engine.world import HOST, Line, sdp

pytestmark = pytest.mark.parametrize("kind", ["qsig", "euroisdn"])
WHY = InformationElement(Identifier.CAUSE, codec.encode_cause(Cause(1)))


def quiet(world: IsdnWorld) -> bool:
    """Whether the ISDN hears nothing for a while."""
    world.wait(2)
    return not world.switch.heard


# --- §8.2.1.1 ---


def test_setup_with_a_whole_number_is_invite_and_call_proceeding_at_once(kind: str, tmp_path: Path) -> None:
    """The INVITE has `Supported: 100rel` and an offer."""
    world = IsdnWorld(tmp_path, kind, reliable="supported")
    world.switch.setup("2001", COMPLETE)
    world.switch.expect("CALL PROCEEDING", 0.1)
    invite = world.pbx.expect("INVITE", seconds=0.1)
    assert "100rel" in (invite.headers.get("supported") or "")
    assert b"m=audio" in invite.body


def test_sending_complete_with_a_number_that_is_not_is_cause_28(kind: str, tmp_path: Path) -> None:
    """No INVITE."""
    world = IsdnWorld(tmp_path, kind)
    world.switch.setup("", COMPLETE)
    assert world.switch.expect("released")[1].value == 28
    assert world.pbx.inbox == []


# --- §8.2.1.2, §8.2.1.3 ---


def test_100_has_no_message(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    ringing(world).reply(100)
    assert quiet(world)


def test_180_is_alerting(kind: str, tmp_path: Path) -> None:
    """Without progress indicator 8 as long as nothing is known to be heard."""
    world = IsdnWorld(tmp_path, kind)
    ringing(world).reply(180)
    assert 8 not in descriptions(world.switch.expect("ALERTING")[1])


@pytest.mark.parametrize("status", [181, 182, 183])
def test_other_18x_is_progress_with_description_1(kind: str, status: int, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    ringing(world).reply(status)
    assert descriptions(world.switch.expect("PROGRESS")[1]) == [1]


@pytest.mark.parametrize(("first", "again"), [(180, 180), (180, 183), (183, 183), (182, 181)])
def test_any_further_18x_has_no_message(kind: str, first: int, again: int, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    line = ringing(world)
    line.reply(first)
    world.switch.expect("ALERTING" if first == 180 else "PROGRESS")
    line.reply(again)
    assert quiet(world)


def test_a_reliable_18x_is_acknowledged(kind: str, tmp_path: Path) -> None:
    """PRACK if it has `Require: 100rel`, that of which the ISDN hears nothing too."""
    world = IsdnWorld(tmp_path, kind, reliable="supported")
    line = ringing(world)
    line.reply(180, "Require: 100rel", "RSeq: 1", body=sdp())
    line.reply(200, request=line.expect("PRACK"))
    world.switch.expect("ALERTING")
    line.reply(183, "Require: 100rel", "RSeq: 2")
    line.reply(200, request=line.expect("PRACK"))
    assert quiet(world)


# --- §8.2.1.4, §8.2.1.5 ---


def test_the_first_2xx_is_connect(kind: str, tmp_path: Path) -> None:
    """ACK without a session description."""
    world = IsdnWorld(tmp_path, kind)
    line = ringing(world)
    line.reply(200, body=sdp())
    assert line.expect("ACK").body == b""
    world.switch.expect("CONNECT")


def test_a_later_2xx_is_acknowledged_and_released(kind: str, tmp_path: Path) -> None:
    """Of another branch: ACK and BYE, no message."""
    world = IsdnWorld(tmp_path, kind)
    line = ringing(world)
    line.reply(200, body=sdp())
    line.expect("ACK")
    world.switch.expect("CONNECT")
    world.wait(0.2)
    world.switch.heard.clear()
    assert line.invitation is not None
    world.pbx.reply(line.invitation, 200, body=sdp(), tag="another")
    ack = line.expect("ACK")
    bye = line.expect("BYE")
    assert (ack.to_tag, bye.to_tag) == ("another", "another")
    world.pbx.reply(bye, 200)
    assert quiet(world)


def test_3xx_is_followed_without_a_message(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    ringing(world).reply(302, "Contact: <sip:3001@pbx.example>")
    world.carrier.expect("INVITE")
    assert quiet(world)


# --- §8.3.1, §8.3.2 ---


def test_an_unsuitable_invite_is_refused_without_setup(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    world.pbx.invite("bob").expect("404")
    assert quiet(world)


def test_no_free_channel_is_503_without_setup(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    for _ in range(4):
        world.pbx.invite("5551")
        world.switch.expect("SETUP")
    world.pbx.invite("5551").expect("503")
    assert not world.switch.has("SETUP")


def called(world: IsdnWorld, *lines: str) -> tuple[Line, IsdnCall]:
    line = world.pbx.invite("5551", *lines)
    line.expect("100")
    call, _ = world.switch.expect("SETUP")
    call.proceeding(world.now)
    return line, call


def test_call_proceeding_says_nothing(kind: str, tmp_path: Path) -> None:
    """100 went when the INVITE came."""
    world = IsdnWorld(tmp_path, kind)
    called(world)
    world.wait(2)
    assert world.pbx.inbox == []


# --- §8.3.3 to §8.3.5 ---


@pytest.mark.parametrize(("description", "is_heard"), [(1, True), (8, True), (2, False)])
def test_progress_is_183(kind: str, description: int, is_heard: bool, tmp_path: Path) -> None:
    """With a session where PI 1 or 8 says that something can be heard."""
    world = IsdnWorld(tmp_path, kind)
    line, call = called(world)
    call.progress(world.now, progress(description))
    assert bool(line.expect("183").body) is is_heard


def test_progress_is_reliable_where_the_invite_supports_it(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind, reliable="supported")
    line, call = called(world, "Supported: 100rel")
    call.progress(world.now, progress(8))
    assert "100rel" in (line.expect("183").headers.get("require") or "")


def test_progress_with_a_cause_ends_by_that_cause(kind: str, tmp_path: Path) -> None:
    """The final response waits for the end of the tone."""
    world = IsdnWorld(tmp_path, kind)
    line, call = called(world)
    call.progress(world.now, progress(8), WHY)
    line.expect("183")
    world.pbx.expect_none("404", 3)
    call.disconnect(Cause(31), world.now)
    line.expect("404")


def test_progress_with_a_cause_and_cancel(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    line, call = called(world)
    call.progress(world.now, progress(8), WHY)
    line.expect("183")
    line.request("CANCEL", cseq=1)
    line.expect("487")
    world.switch.expect("DISCONNECT")


@pytest.mark.parametrize("in_band", [False, True])
def test_alerting_is_180(kind: str, in_band: bool, tmp_path: Path) -> None:
    """§8.3.4: as PROGRESS in everything else."""
    world = IsdnWorld(tmp_path, kind, reliable="supported")
    line, call = called(world, "Supported: 100rel")
    call.alerting(world.now, *((progress(8),) if in_band else ()))
    ringing_ = line.expect("180")
    assert "100rel" in (ringing_.headers.get("require") or "")
    assert bool(ringing_.body) is in_band


# --- §8.5, and what stands below the table ---


def test_media_that_the_bearer_has_not_are_488_and_change_nothing(kind: str, tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, kind)
    line, call = called(world)
    call.connect(world.now)
    line.established()
    body = sdp().replace(b"m=audio 4000 RTP/AVP 8 0", b"m=audio 4000 RTP/AVP 18")
    assert line.reinvite(body).status == 488
    assert call.is_active


def test_the_called_number_is_that_of_the_request_uri(kind: str, tmp_path: Path) -> None:
    """Never that of To (§9.2.1)."""
    world = IsdnWorld(tmp_path, kind)
    line = Line(world.pbx, "to@pbx", "from1", "")
    line.target, line.remote_uri = f"sip:5551@{HOST}", f"sip:5552@{HOST}"
    line.request("INVITE", body=sdp())
    contents = world.switch.expect("SETUP")[1].contents(Identifier.CALLED_PARTY_NUMBER) or b""
    assert contents.endswith(b"5551")


def test_a_held_qsig_leg_is_not_told_to_sip(kind: str, tmp_path: Path) -> None:
    """EuroISDN has its hold in SIP as well (EN 300 141)."""
    world = IsdnWorld(tmp_path, kind, side="network")
    line, call = called(world)
    call.connect(world.now)
    line.established()
    world.wait(0.5)
    call.hold(world.now)
    world.switch.expect("hold")
    if kind == "qsig":
        world.pbx.expect_none("INVITE", 2)
    else:
        assert b"a=inactive" in line.reinvited().body
