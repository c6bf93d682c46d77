"""One ISDN interface: Q.931 call control on the data links of Q.921, for each kind of access."""

from collections.abc import Callable
from typing import Protocol

from gateway.isdn.call_control import CallControl, InterfaceSettings
from gateway.isdn.call_control_owner import POINT_TO_POINT, CallControlOwner
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings
from gateway.isdn.data_links import DataLinks, Terminal
from gateway.model.timers import TimerQueue

Send = Callable[[bytes], None]
"""Takes whole frames, without FCS."""


class Interface(Protocol):
    """What all kinds have in common."""

    control: CallControl

    @property
    def is_ready(self) -> bool:
        """Whether a SETUP would reach somebody, as far as can be told."""

    @property
    def tei(self) -> int | None:
        """The TEI that a terminal on a bus has from the network; None for all others."""

    def assume(self, tei: int, now: float) -> None:
        """Before `start`: that was its TEI before a restart, and has a call. Of a terminal on a bus only."""

    def receive(self, frame: bytes, now: float) -> None:
        """A frame from layer 1, without FCS."""

    def start(self, now: float) -> None:
        """Layer 1 is up: brings layer 2 up where that is to be up always."""

    def deactivate(self, now: float) -> None:
        """Layer 1 is gone."""


class _OneLink:
    """The one data link of a side, between call control and Q.921."""

    control: CallControl
    link: DataLink

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        self.link.send_data(octets, now)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        self.link.send_unit_data(octets, now)

    def establish(self, now: float, link: int) -> None:
        self.link.establish(now)

    def link_established(self, now: float) -> None:
        self.control.link_established(now)

    def link_released(self, now: float) -> None:
        self.control.link_released(now)

    def data_received(self, octets: bytes, now: float) -> None:
        self.control.receive(octets, now)

    def unit_data_received(self, octets: bytes, now: float) -> None:
        self.control.receive(octets, now)


class WithoutTei:
    """An interface whose TEIs are none of a terminal's."""

    tei = None

    def assume(self, tei: int, now: float) -> None:
        """Nothing is to be assumed."""


class PointToPoint(WithoutTei):
    """A primary access, or a basic one with one terminal: the data link is up as long as layer 1 is."""

    def __init__(
        self,
        settings: InterfaceSettings,
        timers: TimerQueue,
        send: Send,
        owner: CallControlOwner,
        link_settings: DataLinkSettings = DEFAULTS,
    ) -> None:
        ends = _OneLink()
        ends.link = self.link = DataLink(settings.side, timers, send, ends, link_settings)
        ends.control = self.control = CallControl(settings, timers, ends, owner)

    @property
    def is_ready(self) -> bool:
        """Whether the data link is up."""
        return self.control.is_up()

    def receive(self, frame: bytes, now: float) -> None:
        """A frame from layer 1, without FCS."""
        self.link.receive(frame, now)

    def start(self, now: float) -> None:
        """Establishes the data link."""
        self.link.establish(now)

    def deactivate(self, now: float) -> None:
        """Layer 1 is gone."""
        self.link.deactivate(now)


class OnBus:
    """A terminal on a passive bus; it gets its TEI, and its data link, when a call wants it."""

    def __init__(
        self,
        settings: InterfaceSettings,
        timers: TimerQueue,
        send: Send,
        owner: CallControlOwner,
        token: Callable[[], str],
        link_settings: DataLinkSettings,
    ) -> None:
        ends = _OneLink()
        self.is_ready = False
        self._terminal = Terminal(timers, send, token, ends, link_settings)
        ends.link = self.link = self._terminal.link
        ends.control = self.control = CallControl(settings, timers, ends, owner)

    def receive(self, frame: bytes, now: float) -> None:
        """A frame from layer 1, without FCS."""
        self._terminal.receive(frame, now)

    @property
    def tei(self) -> int | None:
        """The TEI that it has now."""
        return self.link.tei

    def assume(self, tei: int, now: float) -> None:
        """It had this TEI, and a call; the network finds out when it has another."""
        self.link.assign(tei, now)

    def start(self, now: float) -> None:
        """Calls that were up before want their link; else it waits for a call."""
        self.is_ready = True
        if self.control.calls:
            self.link.establish(now)

    def deactivate(self, now: float) -> None:
        """Layer 1 is gone."""
        self.is_ready = False
        self.link.deactivate(now)


class _Terminal:
    """One of the terminals of our bus, as its data link knows call control."""

    def __init__(self, control: CallControl, link: DataLink) -> None:
        self._control = control
        self._tei = POINT_TO_POINT if link.tei is None else link.tei

    def link_established(self, now: float) -> None:
        self._control.link_established(now, self._tei)

    def link_released(self, now: float) -> None:
        self._control.link_released(now, self._tei)

    def data_received(self, octets: bytes, now: float) -> None:
        self._control.receive(octets, now, self._tei)

    def unit_data_received(self, octets: bytes, now: float) -> None:
        self._control.receive(octets, now, self._tei)


class Bus(WithoutTei):
    """The network's side of a passive bus: a data link for each terminal, by its TEI."""

    def __init__(
        self,
        settings: InterfaceSettings,
        timers: TimerQueue,
        send: Send,
        owner: CallControlOwner,
        link_settings: DataLinkSettings = DEFAULTS,
    ) -> None:
        self.is_ready = False
        self.links = DataLinks(timers, send, lambda link: _Terminal(self.control, link), link_settings)
        self.control = CallControl(settings, timers, self, owner)

    def receive(self, frame: bytes, now: float) -> None:
        """A frame from layer 1, without FCS."""
        self.links.receive(frame, now)

    def start(self, now: float) -> None:
        """Has the terminals ask for their TEI anew, but for those whose calls were up before."""
        self.is_ready = True
        for tei in {call.link for call in self.control.calls if call.link != POINT_TO_POINT}:
            self.links.assume(tei, now)
        self.links.start(now)

    def deactivate(self, now: float) -> None:
        """Layer 1 is gone."""
        self.is_ready = False
        self.links.deactivate(now)

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        """DL-DATA request."""
        if link in self.links.links:
            self.links.links[link].send_data(octets, now)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        """DL-UNIT DATA request."""
        self.links.send_unit_data(octets, now)

    def establish(self, now: float, link: int) -> None:
        """DL-ESTABLISH request; of a terminal that is gone, there is no link to establish."""
        if link in self.links.links:
            self.links.links[link].establish(now)
