"""The times for which a call, and a transfer in it, can have media: what goes on before, and what after the join."""

from typing import NamedTuple

from gateway.diagnosis.announced import Announced
from gateway.diagnosis.media import Flow, Socket
from gateway.diagnosis.scene import Scene, Talk

_SETTLED = 0.5
"""Seconds after the join before media have to flow both ways."""

BEFORE, AFTER = "before", "after"


class Heard(NamedTuple):
    """A flow of a call, with the sockets that its ends announced: None where an end never said its own."""

    flow: Flow
    call: Talk
    sender: Announced | None
    receiver: Announced | None

    @property
    def codecs(self) -> dict[int, str]:
        """What payload types mean: the receiver says so, and the sender where that is not known."""
        meant = dict(self.sender.codecs) if self.sender else {}
        meant.update(self.receiver.codecs if self.receiver else {})
        return meant

    @property
    def encrypted(self) -> bool:
        """Whether it was negotiated as SRTP."""
        return any(end.encrypted for end in (self.sender, self.receiver) if end)


def flows_of(scene: Scene) -> list[Heard]:
    """Every flow from or to a socket announced in one of the calls, with the call that names most of its ends.

    A socket that is used in two calls one after the other gives a flow twice, once for each.
    """
    if scene.heard is None:
        flows = {
            id(flow): flow
            for call in scene.talks
            for announced in call.announced
            for flow in scene.media.by_socket.get(announced.socket, ())
        }
        scene.heard = [heard for flow in flows.values() for heard in _with_calls(scene, flow)]
    return scene.heard


def _with_calls(scene: Scene, flow: Flow) -> list[Heard]:
    found = [
        Heard(flow, call, _announced(call, flow.source), _announced(call, flow.destination)) for call in scene.talks
    ]
    most = max(map(_ends_known, found))
    return [heard for heard in found if _ends_known(heard) == most]


def _ends_known(heard: Heard) -> int:
    return (heard.sender is not None) + (heard.receiver is not None)


def _announced(call: Talk, socket: Socket) -> Announced | None:
    return next((each for each in reversed(call.announced) if each.socket == socket), None)


def span_of(call: Talk) -> tuple[float, float]:
    """From the first message of the call until it is cleared, or, where that was not recorded, for ever."""
    return call.started, call.ended if call.ended is not None else float("inf")


def phases(scene: Scene, call: Talk) -> tuple[tuple[str, float, float], ...]:
    """Name, start and end of what is before and what is after the request, as far as the call is there."""
    start, end = span_of(call)
    requested = scene.transfer.requested
    both = (BEFORE, start, min(end, requested)), (AFTER, max(start, requested), end)
    return tuple(phase for phase in both if phase[1] < phase[2])


def after_join(scene: Scene, call: Talk) -> tuple[float, float] | None:
    """The time after the join in which both parties should be heard; None when there was none."""
    joined = scene.joined
    if joined is None:
        return None
    start, end = span_of(call)
    start = max(start, joined + _SETTLED)
    return (start, end) if start < end else None
