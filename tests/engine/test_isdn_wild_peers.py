"""A peer on the ISDN that says anything at any time: no fault inside, and a call afterwards goes through."""

import random
from pathlib import Path

import pytest

from gateway.isdn import elements as codec
from gateway.isdn import q931
from gateway.isdn.elements import BEARERS
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.isdn.variant import variants
from gateway.model.causes import Cause
from gateway.sip.message import Message as SipMessage
from tests.engine.isdn_world import IsdnWorld, called, progress
from tests.engine.test_isdn_calls import COMPLETE
from tests.engine.world import HOST, PORT, Line, sdp

FACILITIES = (
    "91a106020103020106",
    "91a10c0201050606040082710101 0201".replace(" ", ""),
    "91aa06800100820100 8b0100a11f020108 02010c30170a0100a00a8004353535318101018201 00".replace(" ", ""),
    "9fa10a02010506062a8648ce150008",
    "11bea106020102020101",
)


def elements(chance: random.Random) -> list[InformationElement]:
    """Some of those that messages have, now and then spoiled."""
    known = [
        InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"]),
        InformationElement(Identifier.CHANNEL_IDENTIFICATION, bytes((0xA9, 0x83, 0x80 | chance.randint(1, 5)))),
        called(str(chance.choice((2001, 3001, 9, 77777777)))),
        progress(chance.randint(0, 9)),
        InformationElement(Identifier.CAUSE, codec.encode_cause(Cause(chance.randint(1, 127)))),
        InformationElement(Identifier.FACILITY, bytes.fromhex(chance.choice(FACILITIES))),
        InformationElement(Identifier.CALLING_PARTY_NUMBER, b"\x21\x83" + b"4989123"),
        InformationElement(Identifier.REDIRECTING_NUMBER, b"\x21\x03\x8f" + b"4989"),
        InformationElement(Identifier.CONNECTED_NUMBER, b"\x21\x80" + b"4711"),
        InformationElement(Identifier.NOTIFICATION_INDICATOR, bytes((0x80 | chance.randint(0, 0x7F),))),
        InformationElement(Identifier.DISPLAY, b"\xb1Bob"),
        InformationElement(Identifier.CALL_STATE, bytes((chance.randint(0, 30),))),
    ]
    picked = chance.sample(known, chance.randint(0, 7))
    return [spoiled(each, chance) if chance.random() < 0.15 else each for each in picked]


def spoiled(element: InformationElement, chance: random.Random) -> InformationElement:
    contents = bytearray(element.contents)
    for _ in range(chance.randint(1, 3)):
        if contents:
            contents[chance.randrange(len(contents))] = chance.randrange(256)
    cut = contents[: chance.randint(0, len(contents))] if chance.random() < 0.5 else contents
    return InformationElement(element.identifier, bytes(cut))


LIKELY = (
    *(MessageType.SETUP,) * 3,
    *(MessageType.CALL_PROCEEDING, MessageType.ALERTING, MessageType.PROGRESS) * 2,
    *(MessageType.CONNECT, MessageType.CONNECT_ACKNOWLEDGE, MessageType.FACILITY) * 5,
    *(MessageType.HOLD, MessageType.RETRIEVE, MessageType.NOTIFY, MessageType.INFORMATION),
    *(MessageType.STATUS, MessageType.STATUS_ENQUIRY, MessageType.DISCONNECT, MessageType.RELEASE_COMPLETE),
)


def message(chance: random.Random) -> bytes:
    kind = chance.choice(LIKELY if chance.random() < 0.9 else tuple(MessageType))
    reference, flag = chance.randint(1, 4), chance.random() < 0.6 and kind is not MessageType.SETUP
    found = {each.identifier: each for each in elements(chance)}
    for each in needed(kind, chance):
        found.setdefault(each.identifier, each)
    said = q931.encode(Message(kind, reference, flag, tuple(found[each] for each in sorted(found))))
    if chance.random() < 0.05:
        return said[: chance.randint(1, len(said))]
    return said


def needed(kind: MessageType, chance: random.Random) -> tuple[InformationElement, ...]:
    """What makes the message one that is taken."""
    cause = InformationElement(Identifier.CAUSE, codec.encode_cause(Cause(16)))
    if kind is MessageType.SETUP:
        channel = bytes((0xA1, 0x83, 0x80 | chance.randint(1, 4)))
        return (
            InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"]),
            InformationElement(Identifier.CHANNEL_IDENTIFICATION, channel),
            called("2001"),
        )
    if kind is MessageType.FACILITY:
        return (InformationElement(Identifier.FACILITY, bytes.fromhex(chance.choice(FACILITIES))),)
    if kind is MessageType.STATUS:
        return (cause, InformationElement(Identifier.CALL_STATE, b"\x0a"))
    return (cause,) if kind in (MessageType.DISCONNECT, MessageType.RELEASE_COMPLETE) else ()


class Deaf:
    """Above the exchange's data link: nobody answers what the gateway says but the test."""

    def link_established(self, now: float) -> None:
        pass

    def link_released(self, now: float) -> None:
        pass

    def data_received(self, octets: bytes, now: float) -> None:
        pass

    def unit_data_received(self, octets: bytes, now: float) -> None:
        pass


@pytest.mark.parametrize("side", ["user", "network"])
@pytest.mark.parametrize("kind", variants())
def test_anything_at_any_time(tmp_path: Path, kind: str, side: str) -> None:
    chance = random.Random(f"{kind} {side}")
    world = IsdnWorld(tmp_path, kind, side, overlap=chance.random() < 0.5)
    link = world.switch.interface.link
    playing, link.user = link.user, Deaf()
    for _ in range(400):
        link.send_data(message(chance), world.now)
        world.wait(chance.choice((0.0, 0.05, 2.0)))
        _play(world, chance)
    world.wait(400)
    link.user = playing
    assert world.gateway.isdn.lines["isdn"].is_up
    world.switch.heard.clear()
    world.pbx.inbox.clear()
    world.switch.control.restart(world.now)
    world.wait(300)
    world.switch.setup("2001", COMPLETE)
    assert world.pbx.expect("INVITE")


def acknowledge(world: IsdnWorld, answer: SipMessage) -> None:
    line = Line(world.pbx, answer.call_id, answer.from_tag, answer.to_tag)
    line.target = line.remote_uri = f"sip:5551@{HOST}:{PORT}"
    line.request("ACK", cseq=answer.cseq)


def _play(world: IsdnWorld, chance: random.Random) -> None:
    """The SIP side answers, refuses or hangs up, and calls now and then."""
    if chance.random() < 0.2:
        world.pbx.invite("5551")
    while world.pbx.inbox:
        heard = world.pbx.inbox.pop(0)
        if heard.is_request and heard.method != "ACK":
            status = chance.choice((180, 183, 200, 200, 486)) if heard.method == "INVITE" else 200
            world.pbx.reply(heard, status, body=sdp() if status == 200 and heard.method == "INVITE" else b"")
        elif heard.status == 200 and heard.cseq_method == "INVITE":
            acknowledge(world, heard)
    world.carrier.inbox.clear()
