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
from gateway.interworking.legs import RELEASED_LEGS_STAY
from gateway.model.errors import DecodeError
from gateway.sip.scan import Scan, start_of

_TRYING = b"100"

KEPT_OCTETS = 48 << 20
"""Octets of messages that are kept unread; beyond it the calls that ended first go, then those that began first."""

KEPT_MESSAGES = 12
"""Messages of a call that are kept: its set-up with a few forks, and its end."""

_Look = Callable[[Signal, str], bool]


class _Call:
    """The unread messages of a call."""

    __slots__ = ("answered", "octets", "signals")

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.octets = 0
        self.answered = False


class SipSieve:
    """Takes every SIP message of a recording, in order of time."""

    def __init__(self, correlator: Correlator, tally: Tally) -> None:
        self._watch = SipWatch(correlator)
        self._correlator = correlator
        self._legs = correlator.legs
        self._legs.recall = self._promote
        self._is_copy = tally.is_copy
        self._once = tally.once["sip"]
        self._on_wire = tally.on_wire["sip"]
        self._calls: dict[str, _Call] = {}
        self._ended: deque[tuple[float, str]] = deque()
        self._octets = 0
        self._names: dict[bytes, str] = {}
        # Whether a message makes its call matter, by method and by class of status; others are only counted.
        self._requests: dict[bytes, _Look] = {
            b"INVITE": self._invite,
            b"BYE": self._bye,
            b"CANCEL": self._is_kept,
            b"REFER": _matters,
            b"NOTIFY": _does_not,
            b"UPDATE": _does_not,
        }
        self._responses: dict[bytes, _Look] = {
            b"1": self._keep,
            b"2": self._answered,
            b"3": self._is_kept,
            b"4": self._failed,
            b"5": self._failed,
            b"6": self._failed,
        }

    def take(self, signal: Signal) -> None:
        """One SIP message. Raises DecodeError when it is none."""
        octets = signal.octets
        if octets.startswith(b"SIP/2.0 "):
            status = octets[8:11]
            name = self._names.get(status) or self._name(status, octets)
            self._on_wire[name] += 1
            self._once[name] += 1
            if status != _TRYING:
                self._sort(signal, self._responses[status[:1]], False)
            return
        method = octets[: octets.find(b" ")]
        name = self._names.get(method) or self._name(method, octets)
        self._on_wire[name] += 1
        copy = self._is_copy(octets, signal.source, signal.time)
        if not copy:
            self._once[name] += 1
        look = self._requests.get(method)
        if look is not None:
            self._sort(signal, look, copy)

    def _name(self, kind: bytes, octets: bytes) -> str:
        method, status = start_of(octets)
        name = str(status) if status else method.decode("utf-8", "replace")
        if status and kind[:1] not in self._responses:
            raise DecodeError(f"{status} is no SIP status", where="start line")
        self._names[kind] = name
        return name

    def _sort(self, signal: Signal, look: _Look, copy: bool) -> None:
        octets = signal.octets
        at = octets.find(b"\nCall-ID: ")
        end = octets.find(b"\r\n", at)
        key = octets[at + 10 : end].decode("utf-8", "replace") if 0 <= at < end else Scan(octets).call_id
        if key in self._legs:
            self._watch.take(signal, copy)
        elif not copy and look(signal, key):
            self._promote(key)
            self._watch.take(signal)

    # Whether a message makes its call matter; where it does not, it is kept.

    def _invite(self, signal: Signal, key: str) -> bool:
        fields = Scan(signal.octets)
        if self._correlator.waiting and self._correlator.awaits(fields.request_uri):
            return True
        if fields.has(b"replaces", b"referred-by"):
            return True
        if key not in self._calls:
            self._calls[key] = _Call()
            self._forget(signal.time)
        return self._keep(signal, key)

    def _bye(self, signal: Signal, key: str) -> bool:
        if Scan(signal.octets).has(b"also"):
            return True
        self._ended.append((signal.time, key))
        return self._keep(signal, key)

    def _is_kept(self, _signal: Signal, key: str) -> bool:
        return key in self._calls

    def _answered(self, signal: Signal, key: str) -> bool:
        call = self._calls.get(key)
        if call is not None:
            call.answered = True
        return self._keep(signal, key)

    def _failed(self, signal: Signal, key: str) -> bool:
        call = self._calls.get(key)
        if call is not None and not call.answered:
            self._ended.append((signal.time, key))
        return self._keep(signal, key)

    def _keep(self, signal: Signal, key: str) -> bool:
        call = self._calls.get(key)
        if call is not None and len(call.signals) < KEPT_MESSAGES:
            size = len(signal.octets)
            call.signals.append(signal)
            call.octets += size
            self._octets += size
        return False

    def _promote(self, key: str) -> None:
        """The call matters: the watch gets what was kept of it."""
        call = self._calls.pop(key, None)
        if call is not None:
            self._octets -= call.octets
            for signal in call.signals:
                self._watch.take(signal)

    def _forget(self, now: float) -> None:
        ended = self._ended
        while ended and (now - ended[0][0] > RELEASED_LEGS_STAY or self._octets > KEPT_OCTETS):
            self._drop(ended.popleft()[1])
        while self._octets > KEPT_OCTETS:
            self._drop(next(iter(self._calls)))

    def _drop(self, key: str) -> None:
        call = self._calls.pop(key, None)
        if call is not None:
            self._octets -= call.octets


def _matters(_signal: Signal, _key: str) -> bool:
    return True


def _does_not(_signal: Signal, _key: str) -> bool:
    return False
