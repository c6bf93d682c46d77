"""What goes out: at once where the data link is up, else when it has come up; in segments where it is too long."""

from typing import TYPE_CHECKING

from gateway.isdn.q931 import MessageType
from gateway.isdn.segmentation import segments

if TYPE_CHECKING:
    from gateway.isdn.call_control import CallControl
    from gateway.isdn.call_machine import CallMachine

_MOST = 1_000
"""Messages that wait for a data link; more than that are lost, and timers deal with it."""

Waiting = list[tuple["CallMachine | None", bytes]]


class Outbox:
    """The way to the data links of one interface."""

    __slots__ = ("_control", "_up", "_waiting")

    def __init__(self, control: "CallControl") -> None:
        self._control = control
        self._up: set[int] = set()
        self._waiting: dict[int, Waiting] = {}

    def is_up(self, link: int) -> bool:
        """Whether the data link is up."""
        return link in self._up

    def send(self, octets: bytes, call: "CallMachine | None", link: int, now: float) -> None:
        """A message to that link; the first that has to wait asks for the link (5.1, 5.2.3)."""
        if link in self._up:
            self._transmit(octets, link, now)
            return
        waiting = self._waiting.setdefault(link, [])
        if len(waiting) < _MOST and (call, octets) not in waiting[-4:]:
            waiting.append((call, octets))
        if len(waiting) == 1:
            self._control.layer_2.establish(now, link)

    def link_established(self, now: float, link: int) -> None:
        """What has waited goes out in order."""
        self._up.add(link)
        for _, octets in self._waiting.pop(link, ()):
            self._transmit(octets, link, now)

    def link_released(self, link: int) -> None:
        """What has waited is lost."""
        self._up.discard(link)
        self._waiting.pop(link, None)

    def forget(self, call: "CallMachine") -> None:
        """Nothing more is to be said of a call that is over, but that it was refused: a terminal on a bus has its
        data link only after that.
        """
        waiting = self._waiting.get(call.link)
        if waiting:
            waiting[:] = [
                (None, octets) if of is call else (of, octets)
                for of, octets in waiting
                if of is not call or _refuses(call, octets)
            ]

    def _transmit(self, octets: bytes, link: int, now: float) -> None:
        control = self._control
        control.counters["sent"] += 1
        most = control.settings.message_octets
        if len(octets) <= most:
            control.layer_2.send_data(octets, now, link)
            return
        parts = segments(octets, most) if control.variant.segmentation else ()
        if not parts:
            control.counters["oversized"] += 1
        for part in parts:
            control.layer_2.send_data(part, now, link)


def _refuses(call: "CallMachine", octets: bytes) -> bool:
    """Whether a message is the RELEASE COMPLETE of a call that came to us."""
    kind = octets[2 + (octets[1] & 0x0F)]
    return not call.is_originating and kind == MessageType.RELEASE_COMPLETE
