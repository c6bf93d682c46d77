"""The ISDN side of a replay: the data links are ours on both ends, what is said over them is the recording's."""

from collections.abc import Callable

from gateway.configuration import Configuration, IsdnTrunk
from gateway.isdn import q931
from gateway.isdn.q931 import Message, MessageType
from gateway.model.errors import DecodeError
from gateway.regression.comparison import Compared
from gateway.regression.isdn_deduction import trunk_name
from gateway.regression.isdn_identities import IsdnIdentities
from gateway.regression.isdn_matching import IsdnMatching
from gateway.regression.isdn_tape import IsdnCalls, IsdnEntry, IsdnTape
from gateway.regression.message import Message as Told
from gateway.regression.message import name_of
from gateway.regression.opposite import Opposite
from gateway.regression.readiness import Readiness
from gateway.regression.stage import Stage

_IN_STEP = 1.0
"""Seconds for which a message waits until the gateway has said what its sender had heard before."""
_UNNOTICED = frozenset((MessageType.PROGRESS, MessageType.NOTIFY, MessageType.INFORMATION, MessageType.STATUS))
"""What nobody waits for."""


class IsdnPart:
    """`readiness` and `feed` take what the other side said, in order. `sent` and `received` are what went out and in.

    Lines of the recording belong to the trunks that are named after them, or to the trunks in their order.
    """

    def __init__(self, tape: IsdnTape, stage: Stage, configuration: Configuration, problems: list[str]) -> None:
        self.sent: list[Told] = []
        self.received: list[Told] = []
        self._tape = tape
        self._stage = stage
        self._problems = problems
        self._identities = IsdnIdentities()
        self._matching = IsdnMatching(tape, self._identities)
        self._calls: dict[str, IsdnCalls] = {}
        self._trunks = _assigned(tape, configuration, problems)
        self._lines = {trunk.name: line for line, trunk in self._trunks.items()}
        self._opposites = {line: self._opposite(line, trunk) for line, trunk in self._trunks.items()}
        self._before = _heard_before(tape)

    def start(self) -> None:
        """Every data link comes up."""
        for opposite in self._opposites.values():
            opposite.start(self._stage.now)
        self._stage.settle()

    def take(self, trunk: str, frame: bytes) -> None:
        """A frame of the gateway's."""
        opposite = self._opposites.get(self._lines.get(trunk, ""))
        if opposite is not None:
            self._stage.later(lambda now: opposite.receive(frame, now))

    def readiness(self, entry: IsdnEntry) -> Readiness:
        """Whether the gateway has said by now what this message speaks of."""
        opposite = self._opposites.get(entry.line)
        if opposite is None:
            return Readiness.NEVER
        if not opposite.is_up(entry.terminal) or not self._identities.knows(entry.line, entry.call, entry.message):
            return Readiness.WAIT
        before = self._before.get(entry.frame)
        is_late = self._stage.now - entry.time >= _IN_STEP
        return Readiness.READY if before is None or is_late or self._matching.is_found(before) else Readiness.WAIT

    def leave_out(self, entry: IsdnEntry) -> None:
        """It is not fed in: said why."""
        self._problems.append(
            f"frame {entry.frame}: {entry.told.name} is not played, it belongs to what was not said"
        )

    def feed(self, entry: IsdnEntry) -> None:
        """The gateway hears the message."""
        told, now = entry.told, self._stage.now
        octets = self._identities.rewritten(entry.line, entry.call, told.octets, entry.message)
        call = self._number(entry.line, q931.decode(octets), is_ours=False)
        self._identities.same_call(entry.line, entry.call, call)
        heard = Told(told.frame, now, told.protocol, told.source, told.destination, told.name, octets)
        self.received.append(heard)
        self._stage.said.append(heard)
        self._opposites[entry.line].say(entry.terminal, octets, now, broadcast=entry.is_broadcast)
        self._stage.settle()

    def compared(self) -> list[Compared]:
        """Everything that either side said."""
        return self._matching.compared()

    def _opposite(self, line: str, trunk: IsdnTrunk) -> Opposite:
        gateway, stage = self._stage.gateway, self._stage
        entries = [each for each in self._tape.entries if each.line == line]
        teis = tuple(dict.fromkeys(each.terminal for each in entries if not each.is_broadcast))

        def send(frame: bytes) -> None:
            stage.later(lambda now: gateway.receive_frame(trunk.name, frame, now))

        return Opposite(trunk, teis, stage.timers, send, self._hearing(line, entries))

    def _hearing(self, line: str, entries: list[IsdnEntry]) -> Callable[[bytes, float], None]:
        """What to do with what the gateway says on a line; it is told as the recording tells of that line."""
        first = entries[0].told
        ends = (first.source, first.destination) if entries[0].is_ours else (first.destination, first.source)

        def heard(octets: bytes, now: float) -> None:
            told = Told(None, now, first.protocol, *ends, name_of("q931", octets), octets)
            self.sent.append(told)
            self._stage.said.append(told)
            try:
                message = q931.decode(octets)
            except DecodeError:
                return
            self._matching.take(line, self._number(line, message, is_ours=True), told, message)

        return heard

    def _number(self, line: str, message: Message, *, is_ours: bool) -> int:
        return self._calls.setdefault(line, IsdnCalls()).number(message, is_ours=is_ours)


def _assigned(tape: IsdnTape, configuration: Configuration, problems: list[str]) -> dict[str, IsdnTrunk]:
    """The trunk of each line."""
    left = {trunk.name: trunk for trunk in configuration.isdn_trunks if trunk.d_channel is not None}
    found = {line: left.pop(trunk_name(line)) for line in tape.lines if trunk_name(line) in left}
    for line in tape.lines:
        if line not in found and left:
            found[line] = left.pop(next(iter(left)))
        elif line not in found:
            problems.append(f"no ISDN trunk is left for {line}")
    return found


def _heard_before(tape: IsdnTape) -> dict[int, IsdnEntry]:
    """For each message of the other side, by its frame: what the played side had last said in the same call."""
    last: dict[tuple[str, int], IsdnEntry] = {}
    found: dict[int, IsdnEntry] = {}
    for entry in tape.entries:
        key = entry.line, entry.call
        if not entry.is_ours and key in last:
            found[entry.frame] = last[key]
        elif entry.is_ours and entry.message.message_type not in _UNNOTICED:
            last[key] = entry
    return found
