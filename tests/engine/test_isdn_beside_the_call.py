"""What goes along with a call between SIP and the ISDN: user-to-user data, digits, names, tones, another channel."""

from pathlib import Path

import pytest

from gateway.ends import isdn_names
from gateway.isdn import elements as codec
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Cause
from gateway.model.parties import Party, Presentation, Screening
from gateway.sip.address import Address
from gateway.sip.message import Message as SipMessage
from tests.engine.isdn_world import IsdnWorld, calling, progress
from tests.engine.test_isdn_calls import MUNICH, offered, party_of, ringing
from tests.engine.world import Line, sdp

COMPLETE = InformationElement(Identifier.SENDING_COMPLETE)
HELLO = InformationElement(Identifier.USER_USER, b"\x04hello")
UUI = "0468656c6c6f"
SAID = f"User-to-User: {UUI};encoding=hex;purpose=isdn-uui;content=isdn-uui"


def spoken(message: SipMessage) -> str:
    """Its User-to-User."""
    return message.headers.get("user-to-user") or ""


def data(message: Message) -> bytes | None:
    return message.contents(Identifier.USER_USER)


def up(world: IsdnWorld) -> tuple[Line, IsdnCall]:
    """A call from SIP that is up."""
    line, call = offered(world)
    call.connect(world.now)
    line.established()
    world.wait(0.5)
    world.switch.heard.clear()
    return line, call


# --- User-user (RFC 7433, RFC 7434) ---


def test_user_to_user_of_an_invite_and_its_answers(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = world.pbx.invite("5551", SAID)
    call, setup = world.switch.expect("SETUP")
    assert data(setup) == b"\x04hello"
    call.alerting(world.now, HELLO)
    assert spoken(line.expect("180")).startswith(UUI)
    call.connect(world.now, HELLO)
    assert spoken(line.established()).startswith(UUI)
    call.disconnect(Cause(16), world.now, HELLO)
    assert spoken(line.hung_up()).startswith(UUI)


def test_user_user_of_a_setup_and_its_answers(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    world.switch.setup("2001", COMPLETE, HELLO)
    invite = world.pbx.expect("INVITE")
    assert spoken(invite) == f"{UUI};encoding=hex;purpose=isdn-uui;content=isdn-uui"
    line = Line.called(world.pbx, invite)
    line.reply(180, SAID)
    assert data(world.switch.expect("ALERTING")[1]) == b"\x04hello"
    line.reply(200, SAID, body=sdp())
    line.expect("ACK")
    assert data(world.switch.expect("CONNECT")[1]) == b"\x04hello"
    line.hang_up(SAID)
    world.switch.expect("DISCONNECT")
    assert world.switch.last is not None
    assert data(world.switch.last) == b"\x04hello"


def test_user_to_user_of_a_refusal(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    ringing(world).reply(486, SAID)
    world.switch.expect("DISCONNECT")
    assert world.switch.last is not None
    assert data(world.switch.last) == b"\x04hello"


@pytest.mark.parametrize(
    "value", [f"{UUI};purpose=call-center", f"{UUI};encoding=ascii", "no hex", "04" * 130, f"{UUI}0;encoding=hex"]
)
def test_what_is_not_for_the_isdn_stays_behind(tmp_path: Path, value: str) -> None:
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551", f"User-to-User: {value}")
    assert data(world.switch.expect("SETUP")[1]) is None


def test_user_information_is_an_info(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = up(world)
    call.user_information(world.now, HELLO)
    info = line.expect("INFO")
    assert spoken(info).startswith(UUI)
    line.reply(200, request=info)
    line.request("INFO", SAID)
    assert data(world.switch.expect("USER INFORMATION")[1]) == b"\x04hello"


# --- digits while the call is up ---


def keypad(message: Message) -> str:
    return codec.decode_keypad(message.contents(Identifier.KEYPAD_FACILITY) or b"")


def test_keypad_digits_are_info(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = up(world)
    call.information(world.now, InformationElement(Identifier.KEYPAD_FACILITY, b"5#"))
    for digit in ("5", "#"):
        info = line.expect("INFO")
        assert info.headers.get("content-type") == "application/dtmf-relay"
        assert info.body == f"Signal={digit}\r\nDuration=160\r\n".encode()
        line.reply(200, request=info)


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Duration= 250\r\nSignal= *\r\n", "*"),
        ("application/dtmf-relay", b"Signal=11\r\n", "#"),
        ("application/dtmf", b"7", "7"),
    ],
)
def test_info_is_a_keypad_digit(tmp_path: Path, kind: str, body: bytes, digit: str) -> None:
    world = IsdnWorld(tmp_path)
    line, _ = up(world)
    line.request("INFO", f"Content-Type: {kind}", body=body)
    assert keypad(world.switch.expect("INFORMATION")[1]) == digit


def test_other_info_and_a_network_send_no_keypad(tmp_path: Path) -> None:
    """Keypad facility goes from users to networks only (Q.932 table 6-1)."""
    for side, body in (("user", b"Signal=flash"), ("network", b"Signal=5")):
        world = IsdnWorld(tmp_path, side=side)
        line, _ = up(world)
        line.request("INFO", "Content-Type: application/dtmf-relay", body=body)
        world.wait(1)
        assert not world.switch.has("INFORMATION")


# --- tones of a call that is not answered (RFC 4497 §8.4.2) ---


def test_a_tone_in_disconnect_is_heard_before_the_refusal(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.disconnect(Cause(1), world.now, progress(8))
    assert b"m=audio" in line.expect("183").body
    world.pbx.expect_none("404", 5)
    call.release(Cause(1), world.now)
    assert line.expect("404")


def test_nobody_listens_for_ever(tmp_path: Path) -> None:
    """T306."""
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.disconnect(Cause(17), world.now, progress(8))
    line.expect("183")
    assert line.expect("486", 31)
    world.switch.expect("released")


def test_a_caller_who_has_heard_enough(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = offered(world)
    call.disconnect(Cause(17), world.now, progress(8))
    line.expect("183")
    line.request("CANCEL", cseq=1)
    line.expect("487")
    world.switch.expect("released")
    assert world.gateway.idle


def test_a_call_that_was_up_ends_without_its_tone(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line, call = up(world)
    call.disconnect(Cause(16), world.now, progress(8))
    line.hung_up(1)
    world.switch.expect("released")


# --- names on a QSIG trunk (ISO/IEC 13868) ---


def name(message: Message) -> Party:
    return isdn_names.named(message)


def names(operation: str, text: str, shown: Presentation = Presentation.ALLOWED) -> tuple[InformationElement, ...]:
    return isdn_names.elements(operation, Party(name=text, name_presentation=shown))


def who(message: SipMessage, field: str = "p-asserted-identity") -> str:
    """The display name of whom a SIP message asserts."""
    return Address.parse(message.headers.get(field) or "").display


def test_the_callers_name_is_callingname(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    world.pbx.invite("5551", 'P-Asserted-Identity: "Zoë" <sip:+4989123@pbx>')
    _, setup = world.switch.expect("SETUP")
    assert name(setup).name == "Zoë"
    assert setup.element(Identifier.DISPLAY) is None


def test_a_hidden_name_is_said_to_be(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    world.pbx.invite("5551", 'P-Asserted-Identity: "Zoë" <sip:+4989123@pbx>', "Privacy: id")
    found = name(world.switch.expect("SETUP")[1])
    assert (found.name, found.name_presentation) == ("", Presentation.RESTRICTED)


def test_callingname_is_the_callers_name(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    number = calling(Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED))
    world.switch.setup("2001", COMPLETE, number, *names("callingName", "Řehoř"))
    assert who(world.pbx.expect("INVITE"), "from") == "Řehoř"


def test_a_restricted_callingname_is_not_shown(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    number = calling(Party(MUNICH, Presentation.ALLOWED, Screening.NETWORK_PROVIDED))
    hidden = names("callingName", "Zoë", Presentation.RESTRICTED)
    world.switch.setup("2001", COMPLETE, number, *hidden)
    assert who(world.pbx.expect("INVITE"), "from") == ""


def test_calledname_and_connectedname_towards_qsig(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    line = ringing(world)
    line.reply(180, 'P-Asserted-Identity: "Ann" <sip:+4989123@pbx>')
    assert name(world.switch.expect("ALERTING")[1]).name == "Ann"
    line.reply(200, 'P-Asserted-Identity: "Bea" <sip:+4989123@pbx>', body=sdp())
    line.expect("ACK")
    _, connect = world.switch.expect("CONNECT")
    assert name(connect).name == "Bea"
    assert party_of(connect, Identifier.CONNECTED_NUMBER).number == MUNICH


def test_calledname_and_connectedname_towards_sip(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    line, call = offered(world)
    call.alerting(world.now, *names("calledName", "Ann"))
    assert who(line.expect("180")) == "Ann"
    number = InformationElement(Identifier.CONNECTED_NUMBER, bytes.fromhex("1183") + b"4989123")
    call.connect(world.now, number, *names("connectedName", "Bea"))
    assert who(line.established()) == "Bea"


def test_busyname_both_ways(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    line, call = offered(world)
    call.disconnect(Cause(17), world.now, *names("busyName", "Ann"))
    assert who(line.expect("486")) == "Ann"
    ringing(world).reply(486, 'P-Asserted-Identity: "Bea" <sip:+4989123@pbx>')
    world.switch.expect("DISCONNECT")
    assert world.switch.last is not None
    assert name(world.switch.last).name == "Bea"


# --- another channel (Q.931 5.1.2, 5.7) ---


def channel(message: Message) -> int:
    return codec.decode_channel(message.contents(Identifier.CHANNEL_IDENTIFICATION) or b"").channels[0]


def refused(world: IsdnWorld) -> int:
    """Refuses the SETUP with cause 44: the channel that it had asked for."""
    call, setup = world.switch.expect("SETUP")
    call.disconnect(Cause(44), world.now)
    return channel(setup)


def test_a_channel_that_is_not_available_is_not_the_end(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = world.pbx.invite("5551")
    first = refused(world)
    call, setup = world.switch.expect("SETUP")
    assert channel(setup) != first
    call.connect(world.now)
    line.established()
    assert world.gateway.isdn.statistics()["channels_idle.isdn"] == 3


def test_three_channels_are_enough(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = world.pbx.invite("5551")
    tried = {refused(world) for _ in range(3)}
    assert len(tried) == 3
    line.expect("500")
    assert not world.switch.has("SETUP")


def test_other_causes_are_the_end(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    line = world.pbx.invite("5551")
    call, _ = world.switch.expect("SETUP")
    call.disconnect(Cause(17), world.now)
    line.expect("486")
    assert not world.switch.has("SETUP")


def test_a_trunk_that_removes_user_to_user(tmp_path: Path) -> None:
    """From the first message to the last."""
    world = IsdnWorld(tmp_path, removes="User-to-User")
    line, call = offered(world)
    call.connect(world.now, HELLO)
    assert spoken(line.established()) == ""
    call.disconnect(Cause(16), world.now, HELLO)
    assert spoken(line.hung_up()) == ""
