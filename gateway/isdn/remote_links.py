"""Interfaces whose layer 2 is elsewhere: at a signalling gateway (IUA, RFC 4233), or at a gateway that hands its
Q.931 messages on over a connection. Call control is ours, data links are theirs.
"""

from collections.abc import Callable

from gateway.isdn.call_control import CallControl, InterfaceSettings
from gateway.isdn.call_control_owner import POINT_TO_POINT, CallControlOwner
from gateway.isdn.interface import WithoutTei
from gateway.isdn.iua_asp import Asp
from gateway.isdn.iua_message import InterfaceIdentifier, Kind
from gateway.isdn.iua_table import LINK_TABLE, LinkAction, LinkInput, LinkState
from gateway.isdn.lapd_frame import BROADCAST_TEI
from gateway.isdn.side import Side
from gateway.model.timers import Timer, TimerQueue

RETRY = 2.0
"""Seconds after which a data link that was refused, or that nobody has answered for, is asked for again."""


class _Link:
    """A data link there, by its TEI. `is_permanent`: it is to be up always."""

    __slots__ = ("is_permanent", "state", "tei", "timer")

    def __init__(self, tei: int, state: LinkState, *, is_permanent: bool) -> None:
        self.tei = tei
        self.is_permanent = is_permanent
        self.state = state
        self.timer: Timer | None = None


class AtSignallingGateway(WithoutTei):
    """An interface of the gateway's. `asp` is our association with it, `identifier` what the interface is called.

    Between two points the data link is up as long as can be; on a bus those of the terminals come and go with calls.
    """

    def __init__(
        self,
        settings: InterfaceSettings,
        timers: TimerQueue,
        asp: Asp,
        identifier: InterfaceIdentifier,
        owner: CallControlOwner,
    ) -> None:
        self._timers = timers
        self._asp = asp
        self._identifier = identifier
        self._is_bus = settings.multipoint and settings.side is Side.NETWORK
        self._links: dict[int, _Link] = {}
        self.control = CallControl(settings, timers, self, owner)
        asp.attach(identifier, self)
        if not self._is_bus:
            self._link(POINT_TO_POINT)

    @property
    def is_ready(self) -> bool:
        """Whether a SETUP would reach somebody."""
        return self._asp.is_open if self._is_bus else self.control.is_up()

    # As an interface.

    def receive(self, frame: bytes, now: float) -> None:
        """Nothing comes by itself: the association is asked."""

    def start(self, now: float) -> None:
        """The association does it when it is there."""

    def deactivate(self, now: float) -> None:
        """The association does it when it is gone."""

    # What the association says.

    def opened(self, now: float) -> None:
        """Traffic may flow."""
        for link in tuple(self._links.values()):
            self._happen(link, LinkInput.OPENED, now)

    def closed(self, now: float) -> None:
        """Traffic has stopped."""
        for link in tuple(self._links.values()):
            self._happen(link, LinkInput.CLOSED, now)

    def indicated(self, kind: Kind, tei: int, octets: bytes, now: float) -> None:
        """About one data link."""
        if kind is Kind.UNIT_DATA_INDICATION:
            self.control.receive(octets, now, POINT_TO_POINT if tei == BROADCAST_TEI else self._name(tei))
        elif kind is Kind.DATA_INDICATION:
            self._data(tei, octets, now)
        elif kind in (Kind.ESTABLISH_CONFIRM, Kind.ESTABLISH_INDICATION):
            self._happen(self._link(tei), LinkInput.UP, now)
        else:
            self._happen(self._link(tei), LinkInput.DOWN, now)

    def _data(self, tei: int, octets: bytes, now: float) -> None:
        """The first word of a data link may be a message on it: then it is up."""
        link = self._link(tei)
        if link.state is not LinkState.ESTABLISHED:
            self._happen(link, LinkInput.UP, now)
        self.control.receive(octets, now, self._name(tei))

    # As layer 2.

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        """DL-DATA request."""
        self._asp.request(Kind.DATA_REQUEST, self._identifier, self._link(link).tei, octets)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        """DL-UNIT DATA request."""
        self._asp.request(Kind.UNIT_DATA_REQUEST, self._identifier, BROADCAST_TEI, octets)

    def establish(self, now: float, link: int) -> None:
        """DL-ESTABLISH request."""
        self._happen(self._link(link), LinkInput.WANTED, now)

    # Each data link.

    def _name(self, tei: int) -> int:
        """As call control knows it."""
        return tei if self._is_bus else POINT_TO_POINT

    def _link(self, tei: int) -> _Link:
        """Between two points there is one only, whatever its TEI."""
        name = self._name(tei)
        found = self._links.get(name)
        if found is None:
            state = LinkState.RELEASED if self._asp.is_open else LinkState.WAITING
            found = self._links[name] = _Link(tei, state, is_permanent=not self._is_bus)
        return found

    def _happen(self, link: _Link, input: LinkInput, now: float) -> None:
        action, link.state = LINK_TABLE[link.state, input]
        if action is LinkAction.IGNORE:
            return
        self._timers.stop(link.timer)
        link.timer = None
        if action is LinkAction.REQUEST or (link.state is LinkState.RELEASED and link.is_permanent):
            link.timer = self._timers.start(now + RETRY, lambda then: self._happen(link, LinkInput.DUE, then))
        if action is LinkAction.REQUEST:
            self._asp.request(Kind.ESTABLISH_REQUEST, self._identifier, link.tei)
        elif action is LinkAction.TELL_UP:
            self.control.link_established(now, self._name(link.tei))
        else:
            self.control.link_released(now, self._name(link.tei))


class Backhauled(WithoutTei):
    """An interface whose Q.931 messages come over a connection: the data link is taken to be up as long as that is.

    `send` takes messages.
    """

    def __init__(
        self,
        settings: InterfaceSettings,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        owner: CallControlOwner,
    ) -> None:
        self._send = send
        self._is_up = False
        self.control = CallControl(settings, timers, self, owner)

    @property
    def is_ready(self) -> bool:
        """Whether a SETUP would reach somebody."""
        return self._is_up

    def receive(self, frame: bytes, now: float) -> None:
        """A message."""
        self.control.receive(frame, now)

    def start(self, now: float) -> None:
        """The connection is there."""
        self._is_up = True
        self.control.link_established(now)

    def deactivate(self, now: float) -> None:
        """The connection is gone."""
        if self._is_up:
            self._is_up = False
            self.control.link_released(now)

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        """DL-DATA request."""
        self._send(octets)

    def send_unit_data(self, octets: bytes, now: float) -> None:
        """DL-UNIT DATA request: there is one at the other end."""
        self._send(octets)

    def establish(self, now: float, link: int) -> None:
        """DL-ESTABLISH request; the gateway connects when it can."""
