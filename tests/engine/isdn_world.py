"""The whole gateway on a virtual clock, with raw SIP parties and, behind a D channel, an exchange that a test plays.

The exchange has our own data link and call control, so that what it says and hears are Q.931 messages.
"""

from pathlib import Path
from typing import Any

from gateway.ends.indifferent import Indifferent
from gateway.isdn import elements as codec
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.elements import BEARERS
from gateway.isdn.interface import PointToPoint
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from gateway.model.parties import Number, NumberingPlan, Party, TypeOfNumber
from tests.engine.world import ADDRESSES, HOST, PORT, World

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
  - name: isdn
    protocol: isdn
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    side: SIDE
    variant: VARIANT
    channels: "1-4"
    trusted: true
    overlap: OVERLAP
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "3xxx", to: carrier}}
  - {{match: "*", to: isdn}}
"""


class Exchange(Indifferent):
    """The other side of the trunk. `heard` is what came: the event, the call, and its message or cause; `last` is the
    last DISCONNECT.
    """

    def __init__(self, world: World, side: Side, kind: str) -> None:
        self.world = world
        self.heard: list[tuple[str, IsdnCall | None, Any]] = []
        self.last: Message | None = None
        timers = world.gateway._timers
        settings = InterfaceSettings(side, variant(kind), tuple(BChannel(0, number) for number in range(1, 5)))
        self.interface = PointToPoint(settings, timers, self._send, self, DataLinkSettings())
        self.control = self.interface.control

    def receive(self, frame: bytes) -> None:
        """A frame of the gateway's, as soon as it has done what it is doing."""
        self.world.gateway._timers.start(self.world.now, lambda now: self.interface.receive(frame, now))

    def _send(self, frame: bytes) -> None:
        world = self.world
        world.gateway._timers.start(world.now, lambda now: world.gateway.receive_frame("isdn", frame, now))

    def setup(self, digits: str, *more: InformationElement) -> IsdnCall:
        """SETUP."""
        elements = (
            InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"]),
            *((called(digits),) if digits else ()),
            *more,
        )
        return self.control.setup(elements, self.world.now)

    def expect(self, event: str, seconds: float = 40) -> tuple[IsdnCall, Any]:
        """Takes the first such event, letting time go by until it comes."""
        assert self.world.wait(seconds, lambda: self.has(event)), f"{event}: {[each[0] for each in self.heard]}"
        found = next(each for each in self.heard if each[0] == event)
        self.heard.remove(found)
        assert found[1] is not None
        return found[1], found[2]

    def has(self, event: str) -> bool:
        """Whether it has come."""
        return any(each[0] == event for each in self.heard)

    def call_offered(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("SETUP", call, message))

    def digits_wanted(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("SETUP ACKNOWLEDGE", call, message))

    def proceeding_received(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("CALL PROCEEDING", call, message))

    def alerting_received(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("ALERTING", call, message))

    def progress_received(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("PROGRESS", call, message))

    def information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("INFORMATION", call, message))

    def user_information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append((message.name, call, message))

    def connected(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append((message.name, call, message))

    def disconnected(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        self.last = message
        self.heard.append(("DISCONNECT", call, cause))

    def released(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        self.heard.append(("released", call, cause))

    def notified(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("NOTIFY", call, message))

    def facility_received(self, call: IsdnCall | None, message: Message, link: int, now: float) -> None:
        self.heard.append(("FACILITY", call, message))

    def hold_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("HOLD", call, message))

    def retrieve_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        self.heard.append(("RETRIEVE", call, message))

    def hold_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        self.heard.append(("hold", call, refused))

    def retrieve_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        self.heard.append(("retrieve", call, refused))


class IsdnWorld(World):
    """A world with an ISDN trunk; the gateway is its user unless told otherwise."""

    def __init__(
        self,
        folder: Path,
        kind: str = "euroisdn",
        side: str = "user",
        *,
        overlap: bool = False,
        routes: tuple[str, ...] = (),
        reliable: str = "off",
        removes: str = "",
        snapshots: list[dict[str, Any]] | None = None,
    ) -> None:
        text = CONFIGURATION.replace("SIDE", side).replace("VARIANT", kind)
        text = text.replace('reliable: "off"', f'reliable: "{reliable}", headers: {{remove: [{removes}]}}')
        if routes:
            text = text.partition("routes:\n")[0] + "routes:\n" + "".join(f"  - {each}\n" for each in routes)
        self.early: list[bytes] = []
        self.exchange: Exchange | None = None
        super().__init__(folder, text.replace("OVERLAP", str(overlap).lower()), snapshots=snapshots)
        self.pbx, self.carrier = self.party("pbx"), self.party("carrier")
        self.switch = self.exchange = Exchange(self, Side(side).other, kind)
        self.gateway.start(self.now)
        assert self.wait(5, lambda: self.switch.control.is_up() and self.gateway.isdn.lines["isdn"].is_up)

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        if self.exchange is not None:
            self.exchange.receive(frame)


def called(digits: str) -> InformationElement:
    number = Number(digits, TypeOfNumber.UNKNOWN, NumberingPlan.E164)
    return InformationElement(Identifier.CALLED_PARTY_NUMBER, numbers.encode_called(number))


def calling(party: Party) -> InformationElement:
    return InformationElement(Identifier.CALLING_PARTY_NUMBER, numbers.encode_party(party))


def progress(description: int) -> InformationElement:
    return InformationElement(
        Identifier.PROGRESS_INDICATOR, codec.encode_progress(codec.ProgressIndicator(description))
    )


def descriptions(message: Message) -> list[int]:
    """The progress descriptions of a message."""
    return [
        codec.decode_progress(each.contents).description
        for each in message.elements
        if each.identifier == Identifier.PROGRESS_INDICATOR
    ]
