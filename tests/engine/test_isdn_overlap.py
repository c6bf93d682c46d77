"""Numbers that come digit by digit: from the ISDN towards SIP (RFC 4497 §8.2.2) and the other way (RFC 3578)."""

from pathlib import Path

import pytest

from gateway.ends.isdn_gathering_table import TABLE, Dialled, Do, Gathered
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Cause
from gateway.sip.message import Message as SipMessage
from gateway.sip.uri import Uri
from tests.engine.isdn_world import IsdnWorld, called
from tests.engine.world import Line, Party, sdp

COMPLETE = InformationElement(Identifier.SENDING_COMPLETE)


def user(invite: SipMessage | None) -> str | None:
    assert invite is not None
    return Uri.parse(invite.request_uri).user


def digits(message: Message) -> str:
    return numbers.decode_called(message.contents(Identifier.CALLED_PARTY_NUMBER) or b"").digits


def test_the_table_of_gathering_has_no_hole() -> None:
    assert set(TABLE) == {(state, each) for state in Gathered for each in Dialled}
    assert all(do is Do.NOTHING for (state, _), (do, _) in TABLE.items() if state is Gathered.SETTLED)


# --- from the ISDN: any number of digits leads to the PBX ---


def open_ended(folder: Path) -> IsdnWorld:
    """A world in which nobody but the PBX knows how long a number is."""
    return IsdnWorld(folder, overlap=True, routes=('{match: "2*", to: pbx}', '{match: "*", to: isdn}'))


def tried(world: IsdnWorld, number: str) -> tuple[IsdnCall, Line]:
    """Digits and a pause: the INVITE."""
    call = world.switch.setup(number)
    world.switch.expect("SETUP ACKNOWLEDGE")
    line = Line.called(world.pbx, world.pbx.expect("INVITE", seconds=5))
    assert user(line.invitation) == number
    assert not world.switch.has("CALL PROCEEDING")
    return call, line


def test_a_pause_has_the_number_tried(tmp_path: Path) -> None:
    world = open_ended(tmp_path)
    _, line = tried(world, "20")
    line.reply(180)
    world.switch.expect("CALL PROCEEDING")
    world.switch.expect("ALERTING")
    line.answer()
    world.switch.expect("CONNECT")


def test_after_484_more_digits_are_waited_for(tmp_path: Path) -> None:
    """RFC 4497 §8.2.2.2: 484 does not clear the call."""
    world = open_ended(tmp_path)
    call, line = tried(world, "20")
    line.reply(484)
    line.expect("ACK")
    world.wait(5)
    assert world.switch.heard == []
    call.information(world.now, called("01"))
    second = world.pbx.expect("INVITE", seconds=5)
    assert user(second) == "2001"
    Line.called(world.pbx, second).reply(180)
    world.switch.expect("ALERTING")


def test_nothing_more_after_484_is_cause_28(tmp_path: Path) -> None:
    """T302."""
    world = open_ended(tmp_path)
    _, line = tried(world, "20")
    line.reply(484)
    assert world.switch.expect("DISCONNECT", 30)[1].value == 28
    assert world.gateway.idle


def test_a_digit_while_the_number_is_tried_begins_anew(tmp_path: Path) -> None:
    world = open_ended(tmp_path)
    call, line = tried(world, "20")
    line.reply(100)
    call.information(world.now, called("0"))
    cancel = line.expect("CANCEL")
    line.reply(200, request=cancel)
    line.reply(487)
    assert user(world.pbx.expect("INVITE", seconds=5)) == "200"


def test_sending_complete_while_the_number_is_tried_settles_it(tmp_path: Path) -> None:
    world = open_ended(tmp_path)
    call, line = tried(world, "20")
    call.information(world.now, COMPLETE)
    world.switch.expect("CALL PROCEEDING")
    line.reply(484)
    assert world.switch.expect("DISCONNECT")[1].value == 28


def test_other_failures_clear_at_once(tmp_path: Path) -> None:
    world = open_ended(tmp_path)
    _, line = tried(world, "20")
    line.reply(486)
    assert world.switch.expect("DISCONNECT")[1].value == 17


def test_the_caller_gives_up_between_two_tries(tmp_path: Path) -> None:
    world = open_ended(tmp_path)
    call, line = tried(world, "20")
    line.reply(484)
    world.wait(1)
    call.disconnect(Cause(16), world.now)
    world.switch.expect("released")
    assert world.gateway.idle
    assert world.gateway.isdn.statistics()["legs.isdn"] == 0


# --- towards the ISDN ---


def more(line: Line, number: str) -> None:
    """A further INVITE of the same call, with more digits."""
    line.target = f"sip:{number}@192.0.2.1:5060"
    line.invitation = line.request("INVITE", body=sdp())


def begun(world: IsdnWorld, number: str) -> tuple[Party, Line, IsdnCall]:
    line = world.pbx.invite(number)
    call, setup = world.switch.expect("SETUP")
    assert digits(setup) == number
    assert setup.element(Identifier.SENDING_COMPLETE) is None
    return world.pbx, line, call


def test_further_invites_carry_further_digits(tmp_path: Path) -> None:
    """RFC 3578 §3.1: INFORMATION, and 484 for the INVITE before."""
    world = IsdnWorld(tmp_path, overlap=True)
    _, line, call = begun(world, "55")
    call.setup_acknowledge(world.now)
    world.wait(0.1)
    more(line, "555")
    assert line.expect("484").cseq == 1
    assert digits(world.switch.expect("INFORMATION")[1]) == "5"
    more(line, "55512")
    assert line.expect("484").cseq == 2
    assert digits(world.switch.expect("INFORMATION")[1]) == "12"
    call.proceeding(world.now)
    call.alerting(world.now)
    call.connect(world.now)
    assert line.established().cseq == 3
    assert not world.switch.has("SETUP")
    line.hang_up()
    world.switch.expect("DISCONNECT")


def test_digits_wait_for_setup_acknowledge(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, overlap=True)
    _, line, call = begun(world, "55")
    more(line, "555")
    world.wait(0.1)
    assert not world.switch.has("INFORMATION")
    call.setup_acknowledge(world.now)
    assert digits(world.switch.expect("INFORMATION")[1]) == "5"


def test_no_more_digits_is_484(tmp_path: Path) -> None:
    """T304."""
    world = IsdnWorld(tmp_path, overlap=True)
    _, line, call = begun(world, "55")
    call.setup_acknowledge(world.now)
    line.expect("484", 60)


def test_too_few_digits_for_the_exchange_are_484(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, overlap=True)
    _, line, call = begun(world, "55")
    call.disconnect(Cause(28), world.now)
    line.expect("484")


def test_a_call_that_is_proceeding_is_begun_anew(tmp_path: Path) -> None:
    """The exchange wants no digit any more: what comes with more of them is another call."""
    world = IsdnWorld(tmp_path, overlap=True)
    _, line, call = begun(world, "55")
    call.proceeding(world.now)
    world.wait(0.1)
    more(line, "555")
    assert line.expect("484").cseq == 1
    world.switch.expect("DISCONNECT")
    assert digits(world.switch.expect("SETUP")[1]) == "555"


def test_a_caller_of_a_whole_number_is_asked_for_more(tmp_path: Path) -> None:
    """Without overlap the number is whole: the exchange hears that."""
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551")
    call, _ = world.switch.expect("SETUP")
    call.setup_acknowledge(world.now)
    _, information = world.switch.expect("INFORMATION")
    assert information.element(Identifier.SENDING_COMPLETE) is not None


@pytest.mark.parametrize("number", ["555", "5551"])
def test_the_same_user_calls_twice(tmp_path: Path, number: str) -> None:
    """Another Call-ID is another call."""
    world = IsdnWorld(tmp_path, overlap=True)
    begun(world, "55")
    begun(world, number)
