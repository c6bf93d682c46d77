"""The Q.931 messages of a recording as the played side of each D channel saw them."""

from collections.abc import Iterable

from gateway.engine.signal import Signal
from gateway.isdn import q931
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side
from gateway.regression.endpoints import Endpoint, Hosts
from gateway.regression.message import Message as Told
from gateway.regression.message import of_signal

_BROADCAST = "tei127"


class IsdnEntry:
    """One message. `line` names the D channel ("lapd:0", "iua:7"), `tei` the terminal's endpoint ("tei0"), `is_ours`
    that the played side sent it. `call` is the number of its call on the line, 0 for what belongs to none.
    """

    __slots__ = ("call", "frame", "is_ours", "line", "message", "side", "tei", "time", "told")

    def __init__(self, told: Told, message: q931.Message, link: str, side: Side | None, *, is_ours: bool) -> None:
        self.told = told
        self.frame = told.frame or 0
        self.time = told.time
        self.message = message
        self.line, self.tei = link.partition("/")[0], link.rpartition("/")[2]
        self.side = side
        self.is_ours = is_ours
        self.call = 0

    @property
    def terminal(self) -> int:
        """The TEI as a number, 0 where the recording has none."""
        number = self.tei.removeprefix("tei")
        return int(number) if number.isdecimal() else 0

    @property
    def order(self) -> object:
        """What is equal in messages that keep their order: those of one call."""
        return self.line, self.call

    @property
    def is_broadcast(self) -> bool:
        """Whether it went to all terminals of a bus."""
        return self.tei == _BROADCAST


class IsdnCalls:
    """Numbers calls on one line: a call reference is used again after its call."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, bool], int] = {}
        self._next = 1

    def number(self, message: q931.Message, *, is_ours: bool) -> int:
        """The call of a message; the flag tells which side allocated its reference (Q.931 4.3)."""
        if not message.call_reference:
            return 0
        key = message.call_reference, message.flag is not is_ours
        known = self._numbers.get(key)
        if known is None or (message.message_type is MessageType.SETUP and not message.flag):
            known = self._numbers[key] = self._next
            self._next += 1
        return known


class IsdnTape:
    """The messages in order, each with the number of its call."""

    def __init__(self, entries: Iterable[IsdnEntry]) -> None:
        self.entries = tuple(entries)
        calls: dict[str, IsdnCalls] = {}
        for entry in self.entries:
            calls_of_line = calls.setdefault(entry.line, IsdnCalls())
            entry.call = calls_of_line.number(entry.message, is_ours=entry.is_ours)

    @property
    def lines(self) -> tuple[str, ...]:
        """The D channels, in order of their first message."""
        return tuple(dict.fromkeys(entry.line for entry in self.entries))


def isdn_entry_of(signal: Signal, start: float, hosts: Hosts) -> IsdnEntry | None:
    """The entry of a Q.931 signal; None when the played side has no part in it. Raises DecodeError."""
    told = of_signal(signal, start)
    sends, receives = (_plays(hosts, signal, end) for end in (signal.source, signal.destination))
    if sends is receives:
        return None
    own = signal.source if sends else signal.destination
    side = Side(own) if signal.transport == "lapd" else None
    return IsdnEntry(told, q931.decode(signal.octets), signal.link or "line", side, is_ours=sends)


def _plays(hosts: Hosts, signal: Signal, end: str) -> bool:
    """Whether an end is played: "network" is that side of every D channel, "lapd:0:network" of one."""
    if signal.transport != "lapd":
        return hosts.has(Endpoint.parse(end))
    return hosts.has(Endpoint(end)) or hosts.has(Endpoint(f"{signal.link.partition('/')[0]}:{end}"))
