"""The data links of a basic access, point to multipoint: at the network one for each TEI, at the user one with its
TEI management (Q.921 3.3, 5.3).
"""

from collections.abc import Callable
from dataclasses import replace

from gateway.isdn import lapd_frame, tei_message
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_table import MdlError
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings, DataLinkUser
from gateway.isdn.lapd_frame import BROADCAST_TEI, MANAGEMENT_SAPI, Frame, Kind
from gateway.isdn.side import Side
from gateway.isdn.tei_message import FIRST_AUTOMATIC_TEI, TeiMessage
from gateway.isdn.tei_network import TeiNetwork
from gateway.isdn.tei_user import DOUBTS, TeiUser
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.timers import TimerQueue

__all__ = ["DataLinks", "Terminal"]


class _Nobody:
    """The user of a data link in the moment before it gets its own."""

    def link_established(self, now: float) -> None:
        """Nobody to tell."""

    def link_released(self, now: float) -> None:
        """Nobody to tell."""

    def data_received(self, octets: bytes, now: float) -> None:
        """Nobody to tell."""

    def unit_data_received(self, octets: bytes, now: float) -> None:
        """Nobody to tell."""


class DataLinks:
    """The network side. `user_of` gives the user of a data link that comes into being; `links` has them by TEI.

    A terminal that chose its TEI itself (0 to 63) gets a data link when it sends SABME.
    """

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        user_of: Callable[[DataLink], DataLinkUser],
        settings: DataLinkSettings = DEFAULTS,
    ) -> None:
        self.links: dict[int, DataLink] = {}
        self.discarded = 0
        self.teis = TeiNetwork(timers, send, settings, self._assigned, self._removed)
        self._timers = timers
        self._send = send
        self._user_of = user_of
        self._settings = settings

    def start(self, now: float) -> None:
        """Has terminals that were here before ask for a TEI again."""
        self.teis.start(now)

    def assume(self, tei: int, now: float) -> None:
        """Before `start`: a terminal had this TEI, and has a call by it. Its data link is established."""
        if tei not in self.links:
            if tei >= FIRST_AUTOMATIC_TEI:
                self.teis.assume(tei, now)
            else:
                self._assigned(tei, now)
            self.links[tei].establish(now)

    def receive(self, octets: bytes, now: float) -> None:
        """A frame from layer 1, without FCS; what is none for us is dropped."""
        frame, message = _read(octets)
        if message is not None:
            self.teis.receive(message, now)
        elif frame is None or frame.sapi != self._settings.sapi:
            self.discarded += 1
        else:
            self._take(frame, now)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        """A message to all terminals, as the SETUP of a call is. Raises LocalProtocolError above N201."""
        if len(octets) > self._settings.n201:
            raise LocalProtocolError(f"message of {len(octets)} octets, N201 is {self._settings.n201}")
        to = lapd_frame.address(self._settings.sapi, BROADCAST_TEI, c_r=True)
        self._send(lapd_frame.unnumbered(to, Kind.UI, octets))

    def deactivate(self, now: float) -> None:
        """Layer 1 has gone."""
        for link in tuple(self.links.values()):
            link.deactivate(now)

    def tei_wanted(self, link: DataLink, now: float) -> None:
        """Here a data link has its TEI from the start."""

    def link_error(self, link: DataLink, error: MdlError, now: float) -> None:
        """MDL-ERROR indication."""
        if error in DOUBTS and link.tei is not None:
            self.teis.check(link.tei, now)

    def _take(self, frame: Frame, now: float) -> None:
        link = self.links.get(frame.tei)
        if link is None and frame.tei < FIRST_AUTOMATIC_TEI and frame.kind is Kind.SABME:
            self._assigned(frame.tei, now)
            link = self.links[frame.tei]
        if link is not None:
            link.take(frame, now)
            return
        self.discarded += 1
        if FIRST_AUTOMATIC_TEI <= frame.tei != BROADCAST_TEI:
            self.teis.remove(frame.tei)

    def _assigned(self, tei: int, now: float) -> None:
        settings = replace(self._settings, tei=tei)
        link = DataLink(Side.NETWORK, self._timers, self._send, _Nobody(), settings, management=self)
        link.user = self._user_of(link)
        self.links[tei] = link

    def _removed(self, tei: int, now: float) -> None:
        link = self.links.pop(tei, None)
        if link is not None:
            link.remove(now)


class Terminal:
    """The user side: one data link, which gets its TEI from the network unless the settings have one."""

    __slots__ = ("discarded", "link", "teis")

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        token: Callable[[], str],
        user: DataLinkUser,
        settings: DataLinkSettings,
    ) -> None:
        self.discarded = 0
        self.teis = TeiUser(timers, send, token, settings)
        self.link = DataLink(Side.USER, timers, send, user, settings)
        self.teis.manage(self.link)

    def receive(self, octets: bytes, now: float) -> None:
        """A frame from layer 1, without FCS; what is none for us is dropped."""
        frame, message = _read(octets)
        if message is not None:
            self.teis.receive(message, now)
        elif frame is not None:
            self.link.take(frame, now)
        else:
            self.discarded += 1


def _read(octets: bytes) -> tuple[Frame | None, TeiMessage | None]:
    """The frame, and the message of TEI management that it carries; None for either that is not there."""
    try:
        frame = lapd_frame.decode(octets)
        if frame.sapi != MANAGEMENT_SAPI or frame.tei != BROADCAST_TEI:
            return frame, None
        return frame, tei_message.decode(frame)
    except DecodeError:
        return None, None
