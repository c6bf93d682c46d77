"""The B-channels of an interface: which are idle, who holds which, and how they are named (Q.931 4.5.13)."""

from collections.abc import Collection, Iterable, Iterator
from typing import Generic, Literal, NamedTuple, TypeVar

from gateway.isdn.elements import ChannelIdentification, encode_channel
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.model.errors import LocalProtocolError

Hunt = Literal["longest idle", "ascending", "descending"]
"""Which idle channel is taken next. Two sides that hunt from opposite ends seldom want the same one."""

Carrier = Literal["e1", "t1", "basic"]

_NUMBERS: dict[Carrier, tuple[int, ...]] = {
    "e1": (*range(1, 16), *range(17, 32)),
    "t1": tuple(range(1, 24)),
    "basic": (1, 2),
}


class BChannel(NamedTuple):
    """One B-channel: the interface that it is on (0 where there is one only) and its number or time slot."""

    interface: int
    number: int

    def __str__(self) -> str:
        return f"{self.interface}/{self.number}" if self.interface else str(self.number)


def of_carrier(carrier: Carrier, interface: int = 0) -> tuple[BChannel, ...]:
    """All B-channels of an interface with a D-channel of its own, which E1 has in slot 16 and T1 in slot 24."""
    return tuple(BChannel(interface, number) for number in _NUMBERS[carrier])


Holder = TypeVar("Holder")


class Channels(Generic[Holder]):
    """The B-channels that one D-channel controls, those of other interfaces too (NFAS, then `explicit`).

    Each is idle, held, or out of service; one that is held and goes out of service does so when it is freed.
    `home` is the interface that has the D-channel, that of the first one. Raises LocalProtocolError for numbers that
    no element can name.
    """

    def __init__(
        self,
        channels: Iterable[BChannel],
        *,
        primary: bool = True,
        explicit: bool = False,
        hunt: Hunt = "longest idle",
    ) -> None:
        self._idle: dict[BChannel, None] = dict.fromkeys(channels)
        self.home = next(iter(self._idle)).interface if self._idle else 0
        self._all = frozenset(self._idle)
        if any(not (0 <= channel.number < 128 and 0 <= channel.interface < 128) for channel in self._all):
            raise LocalProtocolError("numbers of B-channels and interfaces go up to 127")
        self._holders: dict[BChannel, Holder] = {}
        self._out: set[BChannel] = set()
        self._primary = primary
        self._explicit = explicit
        self._hunt = hunt

    def __contains__(self, channel: object) -> bool:
        return channel in self._all

    def __iter__(self) -> Iterator[BChannel]:
        return iter(sorted(self._all))

    @property
    def idle(self) -> int:
        """How many could be taken."""
        return len(self._idle)

    @property
    def out_of_service(self) -> tuple[BChannel, ...]:
        """Those that wait for a restart."""
        return tuple(sorted(self._out))

    def is_idle(self, channel: BChannel) -> bool:
        """Whether it could be taken."""
        return channel in self._idle

    def holder(self, channel: BChannel) -> Holder | None:
        """Who holds it."""
        return self._holders.get(channel)

    def seize(self, holder: Holder, channel: BChannel | None = None) -> BChannel | None:
        """Takes `channel`, or any; None when that one, or every one, is taken."""
        if channel is None:
            channel = self.next_idle(self._idle)
        if channel is None or channel not in self._idle:
            return None
        del self._idle[channel]
        self._holders[channel] = holder
        return channel

    def pass_on(self, channel: BChannel, holder: Holder) -> None:
        """Whoever held it has it no more: a call of higher priority gets it (5.7)."""
        self._idle.pop(channel, None)
        self._holders[channel] = holder

    def free(self, channel: BChannel | None, holder: object) -> None:
        """`holder` is done with it; nothing happens when somebody else has it by now."""
        if channel is None or self._holders.get(channel) is not holder:
            return
        del self._holders[channel]
        if channel not in self._out:
            self._idle[channel] = None

    def withdraw(self, channel: BChannel) -> None:
        """Out of service until `restore`: nobody gets it."""
        if channel in self._all:
            self._out.add(channel)
            self._idle.pop(channel, None)

    def restore(self, channel: BChannel) -> None:
        """Back in service."""
        if channel in self._out:
            self._out.discard(channel)
            if channel not in self._holders:
                self._idle[channel] = None

    def named(self, identification: ChannelIdentification) -> tuple[BChannel, ...]:
        """The channels that an element means, ours or not; empty for "any" and "no channel"."""
        interface = identification.interface[-1] & 0x7F if identification.interface else self.home
        numbers = identification.channels or _of_slot_map(identification.slot_map)
        return tuple(BChannel(interface, number) for number in numbers)

    def identification(self, channels: Iterable[BChannel], *, exclusive: bool = True) -> InformationElement:
        """The element that names these channels of one interface; "any channel" when there are none."""
        named = tuple(channels)
        interface = bytes((0x80 | named[0].interface,)) if named and self._explicit else b""
        found = ChannelIdentification(
            tuple(channel.number for channel in named),
            exclusive=exclusive and bool(named),
            primary=self._primary,
            any_channel=not named,
            interface=interface,
        )
        return InformationElement(Identifier.CHANNEL_IDENTIFICATION, encode_channel(found))

    def no_channel(self) -> InformationElement:
        """The element of a call without B-channel: all of it goes by the D-channel (ISO/IEC 11582)."""
        found = ChannelIdentification((), primary=self._primary, d_channel=True)
        return InformationElement(Identifier.CHANNEL_IDENTIFICATION, encode_channel(found))

    def next_idle(self, among: Collection[BChannel], but: Collection[BChannel] = ()) -> BChannel | None:
        """The one that is to be taken next among those that are idle, none of `but`; None when there is none."""
        found = [channel for channel in self._idle if channel in among and channel not in but]
        if not found:
            return None
        if self._hunt == "longest idle":
            return found[0]
        return min(found) if self._hunt == "ascending" else max(found)


def _of_slot_map(octets: bytes) -> tuple[int, ...]:
    """Time slots of a slot map (figure 4-20): the last octet's lowest bit is slot 0 of an E1, slot 1 of a T1."""
    first = 1 if len(octets) == 3 else 0
    bits = int.from_bytes(octets)
    return tuple(slot + first for slot in range(8 * len(octets)) if bits >> slot & 1)
