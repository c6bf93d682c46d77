"""The other end of a D channel in a replay: data links of our own that say what the recorded ones said at layer 3."""

from collections.abc import Callable

from gateway.configuration import IsdnTrunk
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue

_LONGEST = 4096
"""Octets: what was recorded in one frame is said in one frame."""
_AUTOMATIC = 64
"""TEIs from here on are the network's to assign; one that a terminal has chosen needs none (Q.921 3.3.4)."""

Send = Callable[[bytes], None]
Heard = Callable[[bytes, float], None]


class _Ear:
    """Layer 3 of one data link of the other end. What goes to all terminals is `heard_by_all` of them."""

    def __init__(self, heard: Heard, heard_by_all: Heard) -> None:
        self.data_received = heard
        self.unit_data_received = heard_by_all

    def link_established(self, now: float) -> None:
        """Nothing is to be done."""

    def link_released(self, now: float) -> None:
        """Nothing is to be done."""


class Opposite:
    """`send` takes frames for the gateway, `heard` what it says at layer 3. `teis` are those of the recording: on an
    access that is no bus all of them stand for one data link.
    """

    def __init__(self, trunk: IsdnTrunk, teis: tuple[int, ...], timers: TimerQueue, send: Send, heard: Heard) -> None:
        self._links: dict[int, DataLink] = {}
        side = Side(trunk.side).other
        several = trunk.bus and side is Side.USER
        self._first = (teis or (0,))[0]
        for tei in teis if several and teis else (self._first,):
            own = fixed_tei(tei) if trunk.bus else 0
            ear = _Ear(heard, heard if tei == self._first else _unheard)
            settings = DataLinkSettings(n201=_LONGEST, tei=own)
            self._links[tei] = DataLink(side, timers, send, ear, settings)

    def start(self, now: float) -> None:
        """Brings the data links up."""
        for link in self._links.values():
            link.establish(now)

    def receive(self, frame: bytes, now: float) -> None:
        """A frame of the gateway's."""
        for link in self._links.values():
            link.receive(frame, now)

    def is_up(self, tei: int) -> bool:
        """Whether the data link of that TEI of the recording carries messages."""
        return self._link(tei).is_up

    def say(self, tei: int, octets: bytes, now: float, *, broadcast: bool) -> None:
        """A layer 3 message for the gateway."""
        if broadcast:
            self._link(tei).send_unit_data(octets, now)
        else:
            self._link(tei).send_data(octets, now)

    def _link(self, tei: int) -> DataLink:
        return self._links.get(tei) or self._links[self._first]


def fixed_tei(tei: int) -> int:
    """A TEI that needs no assignment in the place of a recorded one."""
    return tei - _AUTOMATIC if tei >= _AUTOMATIC else tei


def _unheard(octets: bytes, now: float) -> None:
    """Another terminal has told already."""
