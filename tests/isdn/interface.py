"""Two sides of an ISDN interface that exchange Q.931 messages on a virtual clock, and an owner that writes down."""

from collections.abc import Callable
from typing import Any

from gateway.isdn import q931
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import CallControl, InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import BEARERS, CallState
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.isdn.q931 import Message, MessageType
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from gateway.model.timers import TimerQueue

DELAY = 0.01
BEARER = InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"])
CALLED = InformationElement(Identifier.CALLED_PARTY_NUMBER, b"\x815551")
NORMAL, BUSY = Cause(16), Cause(17)
IN_BAND = InformationElement(Identifier.PROGRESS_INDICATOR, b"\x80\x88")


def digits(text: str) -> InformationElement:
    """Called party number, unknown type and plan."""
    return InformationElement(Identifier.CALLED_PARTY_NUMBER, b"\x80" + text.encode())


def element(identifier: int, octets: str = "") -> InformationElement:
    """An element with these contents, in hex."""
    return InformationElement(identifier, bytes.fromhex(octets))


class Owner:
    """Writes down every event of calls as (name, arguments without the time); `on` has reactions by name. `links` are
    the changes of data links.
    """

    def __init__(self) -> None:
        self.links: list[tuple[bool, int]] = []
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.on: dict[str, Callable[..., object]] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        def heard(*arguments: Any) -> None:
            self.events.append((name, arguments[:-1]))
            if name in self.on:
                self.on[name](*arguments)

        return heard

    def data_link_changed(self, is_up: bool, link: int, now: float) -> None:
        self.links.append((is_up, link))

    @property
    def names(self) -> list[str]:
        """The events, in order."""
        return [name for name, _ in self.events]

    def last(self, name: str) -> tuple[Any, ...]:
        """The arguments of the last event of that name."""
        return next(arguments for found, arguments in reversed(self.events) if found == name)

    def call(self, name: str = "call_offered") -> IsdnCall:
        """The call of that event."""
        found: IsdnCall = self.last(name)[0]
        return found

    def cause(self, name: str = "released") -> int:
        """The cause value of that event."""
        found: Cause = self.last(name)[1]
        return found.value

    def offered(self, position: int = -1) -> IsdnCall:
        """One of the calls that were offered."""
        calls: list[IsdnCall] = [arguments[0] for name, arguments in self.events if name == "call_offered"]
        return calls[position]


class Wire:
    """Layer 2 of both sides, reliable while it is `is_up`: what is sent arrives after DELAY, or as `fate` has it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.ends: dict[Side, CallControl] = {}
        self.sent: list[tuple[Side, bytes]] = []
        self.fate: Callable[[bytes], tuple[float, ...]] = lambda octets: (DELAY,)
        self.is_up = False

    def end(self, side: Side) -> "WireEnd":
        """The layer 2 of a side."""
        return WireEnd(self, side)

    def carry(self, side: Side, octets: bytes) -> None:
        """One message, from `side`."""
        self.sent.append((side, octets))
        if self.is_up:
            for delay in self.fate(octets):
                self.timers.start(self.now + delay, lambda now: self._arrive(side.other, octets))

    def _arrive(self, side: Side, octets: bytes) -> None:
        if self.is_up and side in self.ends:
            self.ends[side].receive(octets, self.now)

    def up(self) -> None:
        """Both sides hear that the data link is up."""
        self.is_up = True
        for end in self.ends.values():
            end.link_established(self.now)

    def down(self) -> None:
        """Both sides hear that it is lost."""
        self.is_up = False
        for end in self.ends.values():
            end.link_released(self.now)

    def run(self, seconds: float = 1.0) -> None:
        """Lets time pass."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = end

    def messages(self, side: Side | None = None) -> list[Message]:
        """What was sent, by one side if it is given."""
        return [q931.decode_readable(octets)[0] for sender, octets in self.sent if side in (None, sender)]

    def names(self, side: Side | None = None) -> list[str]:
        """The message types of those."""
        return [message.name for message in self.messages(side)]

    def message(self, kind: MessageType, side: Side | None = None) -> Message:
        """The last message of that type."""
        return next(one for one in reversed(self.messages(side)) if one.message_type == kind)


class WireEnd:
    """gateway.isdn.call_control_owner.Layer2."""

    def __init__(self, wire: Wire, side: Side) -> None:
        self._wire = wire
        self._side = side
        self.wanted = 0

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        self._wire.carry(self._side, octets)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        self._wire.carry(self._side, octets)

    def establish(self, now: float, link: int) -> None:
        self.wanted += 1


def settings(side: Side, name: str = "euroisdn", count: int = 4, **more: Any) -> InterfaceSettings:
    """A primary rate interface with the B-channels 1 to `count`."""
    channels = tuple(BChannel(0, number) for number in range(1, count + 1))
    return InterfaceSettings(side, variant(name), **{"channels": channels, **more})


class Pair:
    """Both sides, ours, on one wire that is up."""

    def __init__(self, name: str = "euroisdn", *, up: bool = True, count: int = 4, **more: Any) -> None:
        self.wire = Wire()
        self.owners = {side: Owner() for side in Side}
        self.controls = {
            side: CallControl(
                settings(side, name, count, **more), self.wire.timers, self.wire.end(side), self.owners[side]
            )
            for side in Side
        }
        self.wire.ends.update(self.controls)
        if up:
            self.wire.up()

    @property
    def now(self) -> float:
        return self.wire.now

    def run(self, seconds: float = 1.0) -> None:
        """Lets time pass."""
        self.wire.run(seconds)

    def place(self, side: Side = Side.USER, *more: InformationElement, **options: Any) -> IsdnCall:
        """A call from that side, that has arrived."""
        call = self.controls[side].setup((BEARER, CALLED, *more), self.now, **options)
        self.run()
        return call

    def connected(self, side: Side = Side.USER) -> tuple[IsdnCall, IsdnCall]:
        """A call from that side that is up: its call at that side, and at the other."""
        ours = self.place(side)
        theirs = self.owners[side.other].offered()
        theirs.proceeding(self.now)
        theirs.alerting(self.now)
        theirs.connect(self.now)
        self.run()
        assert ours.state is theirs.state is CallState.ACTIVE
        return ours, theirs

    @property
    def idle(self) -> bool:
        """Whether no call is left, and no channel held or out of service."""
        return all(
            not control.calls and control.channels.idle == len(control.settings.channels)
            for control in self.controls.values()
        )


class Peer:
    """One side of ours against messages that the test makes; what we send is in `wire`."""

    def __init__(self, side: Side = Side.USER, name: str = "euroisdn", **more: Any) -> None:
        self.wire = Wire()
        self.side = side
        self.owner = Owner()
        self.end = self.wire.end(side)
        self.control = CallControl(settings(side, name, **more), self.wire.timers, self.end, self.owner)
        self.wire.is_up = True
        self.control.link_established(0.0)

    @property
    def now(self) -> float:
        return self.wire.now

    def run(self, seconds: float = 1.0) -> None:
        """Lets time pass."""
        self.wire.run(seconds)

    def says(self, kind: int, reference: int, *elements: InformationElement, ours: bool = False) -> None:
        """A message of the peer; `ours` if the call reference is one that we have allocated."""
        self.control.receive(q931.encode(Message(kind, reference, ours, elements)), self.now)

    def octets(self, text: str) -> None:
        """A message in hex."""
        self.control.receive(bytes.fromhex(text), self.now)

    def offer(self, reference: int = 1, channel: int = 1, *more: InformationElement) -> IsdnCall:
        """A call of the peer's on that channel, which is offered to the owner."""
        self.says_setup(reference, channel, *more)
        return self.owner.offered()

    def says_setup(self, reference: int, channel: int, *more: InformationElement) -> None:
        """A call of the peer's on that channel, whatever comes of it."""
        self.says(MessageType.SETUP, reference, BEARER, element(0x18, f"a983{0x80 | channel:02x}"), CALLED, *more)

    def place(self) -> IsdnCall:
        """A call of ours."""
        return self.control.setup((BEARER, CALLED), self.now)

    @property
    def answers(self) -> list[Message]:
        """What we have sent, whole."""
        return self.wire.messages()

    @property
    def answer(self) -> Message:
        """What we sent last."""
        return self.answers[-1]
