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

_TRYING = 100
_AFTER_INVITE = len(b"INVITE ")

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


class _Kind:
    """One method or one status: how often it was seen, and whether a message of it makes its call matter."""

    __slots__ = ("look", "name", "on_wire", "once")

    def __init__(self, name: str, look: _Look | None) -> None:
        self.name = name
        self.look = look
        self.on_wire = self.once = 0


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
        self._calls: dict[str, _Call] = {}
        self._ended: deque[tuple[float, str]] = deque()
        self._octets = 0
        # By method and by class of status; what is not here is only counted.
        self._looks: dict[bytes, _Look] = {
            b"INVITE": self._invite,
            b"BYE": self._bye,
            b"CANCEL": self._is_kept,
            b"REFER": _matters,
            b"NOTIFY": _does_not,
            b"UPDATE": _does_not,
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
        copy = False
        if octets.startswith(b"SIP/2.0 "):
            kind = self._kinds.get(octets[8:11]) or self._learn(octets[8:11], octets)
        else:
            method = octets[: octets.find(b" ")]
            kind = self._kinds.get(method) or self._learn(method, octets)
            copy = self._is_copy(octets, signal.source, signal.time)
        kind.on_wire += 1
        if not copy:
            kind.once += 1
        look = kind.look
        if look is None:
            return
        at = octets.find(b"\nCall-ID: ") + 10
        end = octets.find(b"\r\n", at)
        key = octets[at:end].decode("utf-8", "replace") if at > 9 and end > 0 else Scan(octets).call_id
        if key in self._legs:
            self._watch.take(signal, copy)
        elif not copy and look(signal, key):
            self._promote(key)
            self._watch.take(signal)

    def finish(self) -> None:
        """No more messages will come: the counts go into the tally."""
        for kind in self._kinds.values():
            self._tally.on_wire["sip"][kind.name] += kind.on_wire
            self._tally.once["sip"][kind.name] += kind.once
        self._kinds.clear()

    def _learn(self, wire: bytes, octets: bytes) -> _Kind:
        method, status = start_of(octets)
        if status and wire[:1] not in self._looks:
            raise DecodeError(f"{status} is no SIP status", where="start line")
        name = str(status) if status else method.decode("utf-8", "replace")
        look = None if status == _TRYING else self._looks.get(wire[:1] if status else method)
        kind = self._kinds[wire] = _Kind(name, look)
        return kind

        # Whether a message makes its call matter; where it does not, it is kept.

    def _invite(self, signal: Signal, key: str) -> bool:
        octets = signal.octets
        if self._correlator.waiting:
            uri = octets[_AFTER_INVITE : octets.find(b" ", _AFTER_INVITE)].decode("utf-8", "replace")
            if self._correlator.awaits(uri):
                return True
        if Scan(octets).has(b"replaces", b"referred-by"):
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
