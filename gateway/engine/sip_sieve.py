"""Counts every SIP message, and hands on to the watch only the calls that take part in a transfer.

Nine calls in ten are set up, answered and cleared, and no transfer ever asks for them. Their messages are kept for a
while, unread; when something makes a call matter (a REFER in it, a Replaces that names it, a call to somebody whom a
transfer awaits) the watch gets all of them, each with the time at which it was seen.
"""

from collections import deque
from collections.abc import Callable

from gateway.engine.signal import Signal
from gateway.engine.sip_watch import SipWatch
from gateway.engine.tally import Tally
from gateway.interworking.correlator import Correlator
from gateway.model.errors import DecodeError, GatewayError
from gateway.sip.scan import Scan, start_of

_TRYING = 100
_AFTER_INVITE = len(b"INVITE ")

ENDED_CALLS_STAY = 8.0
"""Seconds for which a call that is over, and has no part in any transfer so far, can still get one."""

KEPT_OCTETS = 48 << 20
"""Octets of messages that are kept unread; beyond it the calls that ended first go, then those that began first."""

KEPT_MESSAGES = 12
"""Messages of a call that are kept: its set-up with a few forks, and its end."""

_Look = Callable[[bytes, str, float], bool]
_Fields = tuple[int, float, str, bytes, str, str, str, str]
"""Of a Signal, before anybody needs one."""


class _Kind:
    """One method or one status: how often it was seen, and whether a message of it makes its call matter."""

    __slots__ = ("copies", "look", "name", "on_wire")

    def __init__(self, name: str, look: _Look | None) -> None:
        self.name = name
        self.look = look
        self.on_wire = self.copies = 0


class SipSieve:
    """Takes every SIP message of a recording, in order of time."""

    def __init__(self, correlator: Correlator, tally: Tally) -> None:
        self._watch = SipWatch(correlator)
        self._correlator = correlator
        self._legs = correlator.legs.by_key
        correlator.legs.recall = self._promote
        self._tally = tally
        self._is_copy = tally.is_copy
        self._kinds: dict[bytes, _Kind] = {}
        self._calls: dict[str, list[_Fields]] = {}
        # When, which, and how many messages it had then: a call that goes on after a failure is not over.
        self._ended: deque[tuple[float, str, int]] = deque()
        self._octets = 0
        self._problems: list[tuple[int, str]] = []
        # By method and by class of status; what is not here is only counted.
        self._looks: dict[bytes, _Look] = {
            b"INVITE": self._invite,
            b"BYE": self._bye,
            b"CANCEL": self._is_kept,
            b"REFER": _matters,
            b"NOTIFY": _does_not,
            b"UPDATE": _does_not,
            b"1": _does_not,
            b"2": _does_not,
            b"3": self._is_kept,
            b"4": self._failed,
            b"5": self._failed,
            b"6": self._failed,
        }

    def take(self, signal: Signal) -> None:
        """One SIP message. Raises DecodeError when it is none."""
        self.hear(signal.frame, signal.time, signal.octets, signal.source, signal.destination)

    def hear(self, frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
        """The same, field by field."""
        copy = False
        if octets.startswith(b"SIP/2.0 "):
            kind = self._kinds.get(octets[8:11]) or self._learn(octets[8:11], octets)
        else:
            method = octets[: octets.find(b" ")]
            kind = self._kinds.get(method) or self._learn(method, octets)
            copy = self._is_copy(octets, source, time)
        kind.on_wire += 1
        if copy:
            kind.copies += 1
        look = kind.look
        if look is None:
            return
        at = octets.find(b"\nCall-ID: ") + 10
        end = octets.find(b"\r\n", at)
        key = octets[at:end].decode("utf-8", "replace") if at > 9 and end > 0 else Scan(octets).call_id
        if key in self._legs:
            self._watch.take(Signal(frame, time, "sip", octets, source, destination, "", ""), copy)
        elif copy:
            return
        elif look(octets, key, time):
            self._promote(key)
            self._watch.take(Signal(frame, time, "sip", octets, source, destination, "", ""))
        else:
            call = self._calls.get(key)
            if call is not None and len(call) < KEPT_MESSAGES:
                call.append((frame, time, "sip", octets, source, destination, "", ""))
                self._octets += len(octets)

    def finish(self) -> list[tuple[int, str]]:
        """The counts go into the tally; the problems that were found when a call turned out to matter."""
        for kind in self._kinds.values():
            self._tally.on_wire["sip"][kind.name] += kind.on_wire
            self._tally.once["sip"][kind.name] += kind.on_wire - kind.copies
        self._kinds.clear()
        return self._problems

    def _learn(self, wire: bytes, octets: bytes) -> _Kind:
        method, status = start_of(octets)
        if status and wire[:1] not in self._looks:
            raise DecodeError(f"{status} is no SIP status", where="start line")
        name = str(status) if status else method.decode("utf-8", "replace")
        look = None if status == _TRYING else self._looks.get(wire[:1] if status else method)
        kind = self._kinds[wire] = _Kind(name, look)
        return kind

    # Whether a message makes its call matter; where it does not, it is kept.

    def _invite(self, octets: bytes, key: str, time: float) -> bool:
        if self._correlator.waiting and self._is_awaited(octets):
            return True
        if _may_have(octets, _REPLACES, _REFERRED_BY, _B) and Scan(octets).has(b"replaces", b"referred-by"):
            return True
        if key not in self._calls:
            self._calls[key] = []
            self._forget(time)
        return False

    def _is_awaited(self, octets: bytes) -> bool:
        at = octets.find(b"@", _AFTER_INVITE, octets.find(b" ", _AFTER_INVITE))
        ending = octets[at - 4 : at].decode("latin-1")
        # Most callees are telephone numbers, and their last digits rule nearly all of them out.
        is_number = at > 0 and ending.isdecimal() and octets.find(b";", _AFTER_INVITE, at) < 0
        if is_number and ending not in self._correlator.awaited_endings:
            return False
        return self._correlator.awaits(Scan(octets).request_uri)

    def _bye(self, octets: bytes, key: str, time: float) -> bool:
        if _may_have(octets, _ALSO) and Scan(octets).has(b"also"):
            return True
        self._ended.append((time, key, KEPT_MESSAGES))
        return False

    def _is_kept(self, _octets: bytes, key: str, _time: float) -> bool:
        return key in self._calls

    def _failed(self, _octets: bytes, key: str, time: float) -> bool:
        call = self._calls.get(key)
        if call is not None and not any(fields[3].startswith(_SUCCESS) for fields in call):
            self._ended.append((time, key, len(call) + 1))
        return False

    def _promote(self, key: str) -> None:
        """The call matters: the watch gets what was kept of it."""
        for fields in self._drop(key):
            try:
                self._watch.take(Signal(*fields))
            except GatewayError as error:
                self._problems.append((fields[0], str(error)))

    def _forget(self, now: float) -> None:
        ended = self._ended
        while ended and (now - ended[0][0] > ENDED_CALLS_STAY or self._octets > KEPT_OCTETS):
            _, key, size = ended.popleft()
            if len(self._calls.get(key, ())) <= size:
                self._drop(key)
        while self._octets > KEPT_OCTETS:
            self._drop(next(iter(self._calls)))

    def _drop(self, key: str) -> list[_Fields]:
        call = self._calls.pop(key, [])
        for fields in call:
            self._octets -= len(fields[3])
        return call


_REPLACES, _REFERRED_BY, _B, _ALSO = b"\nreplaces", b"\nreferred-by", b"\nb", b"\nalso"
_SUCCESS = b"SIP/2.0 2"


def _may_have(octets: bytes, *starts: bytes) -> bool:
    """Whether a line of the message begins so, in any case: quickly no, or perhaps."""
    lower = octets.lower()
    for start in starts:  # noqa: SIM110 - half as long as any()
        if start in lower:
            return True
    return False


def _matters(_octets: bytes, _key: str, _time: float) -> bool:
    return True


def _does_not(_octets: bytes, _key: str, _time: float) -> bool:
    return False
