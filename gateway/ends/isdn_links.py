"""How ISDN trunks reach their D channels: the interface of each by its link, and connections that several share."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from gateway.configuration import BackhaulChannel, IsdnTrunk, IuaInterface, UdpEnds
from gateway.hub.leg import Observer
from gateway.isdn import backhaul_message
from gateway.isdn.backhaul_message import DATA_REQUEST, BackhaulMessage
from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.call_control_owner import CallControlOwner
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.interface import Bus, Interface, OnBus, PointToPoint
from gateway.isdn.iua_asp import Asp
from gateway.isdn.remote_links import AtSignallingGateway, Backhauled
from gateway.isdn.side import Side
from gateway.model.errors import DecodeError
from gateway.model.timers import TimerQueue

_RETRY = 2.0
"""Seconds after which a data link that is lost is established again, where it is to be up always."""


class _Receiver(Protocol):
    """Who hears a D channel, or a connection for several."""

    def receive(self, octets: bytes, now: float) -> None:
        """A frame or a message."""

    def line_changed(self, is_up: bool, now: float) -> None:
        """It has come, or has gone."""


class IsdnLinks:
    """`send` takes octets for the link of the trunk of that name. A shared connection goes by the name of its first
    trunk. `token` gives the randomness of TEI requests.
    """

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[str, bytes], None],
        token: Callable[[], str],
        observer: Observer,
    ) -> None:
        self._timers = timers
        self._send = send
        self._token = token
        self._observer = observer
        self._receivers: dict[str, _Receiver] = {}
        self._associations: dict[str, Asp] = {}
        self._backhauls: dict[str, _BackhaulConnection] = {}
        self._interfaces: dict[str, Interface] = {}

    def interface(self, trunk: IsdnTrunk, settings: InterfaceSettings, owner: CallControlOwner) -> Interface:
        """The interface of a trunk with a link of its own."""
        link = trunk.d_channel
        if isinstance(link, IuaInterface):
            asp = self._association(trunk, link)
            found: Interface = AtSignallingGateway(settings, self._timers, asp, link.interface, owner)
        elif isinstance(link, BackhaulChannel):
            found = self._backhaul(trunk, link).interface(link.channel, settings, owner)
        else:
            found = self._with_layer_2(trunk, settings, owner)
            self._receivers[trunk.name] = _OneInterface(found)
        self._interfaces[trunk.name] = found
        return found

    def start(self, now: float) -> None:
        """Links that belong to one trunk are taken to be there; connections tell when they are."""
        for name, receiver in self._receivers.items():
            if isinstance(receiver, _OneInterface):
                self._interfaces[name].start(now)

    def receive(self, trunk: str, octets: bytes, now: float) -> None:
        """A frame of that trunk's D channel, or a message of the connection that goes by its name."""
        receiver = self._receivers.get(trunk)
        if receiver is not None:
            receiver.receive(octets, now)

    def line_changed(self, trunk: str, is_up: bool, now: float) -> None:
        """Layer 1, or the connection, has come or has gone."""
        receiver = self._receivers.get(trunk)
        if receiver is not None:
            self._observer.log("isdn.line", level="info" if is_up else "warning", trunk=trunk, up=is_up)
            receiver.line_changed(is_up, now)

    def _with_layer_2(self, trunk: IsdnTrunk, settings: InterfaceSettings, owner: CallControlOwner) -> Interface:
        send = partial(self._send, trunk.name)
        layer_2 = layer_2_settings(trunk)
        if not trunk.bus:
            return PointToPoint(settings, self._timers, send, owner, layer_2)
        if settings.side is Side.NETWORK:
            return Bus(settings, self._timers, send, owner, layer_2)
        return OnBus(settings, self._timers, send, owner, self._token, layer_2)

    def _association(self, trunk: IsdnTrunk, link: IuaInterface) -> Asp:
        found = self._associations.get(link.connection)
        if found is None:
            found = Asp(self._timers, partial(self._send, trunk.name))
            found.told = partial(self._told, trunk.name)
            self._associations[link.connection] = self._receivers[trunk.name] = found
        return found

    def _backhaul(self, trunk: IsdnTrunk, link: BackhaulChannel) -> "_BackhaulConnection":
        found = self._backhauls.get(link.connection)
        if found is None:
            found = _BackhaulConnection(self._timers, partial(self._send, trunk.name))
            self._backhauls[link.connection] = self._receivers[trunk.name] = found
        return found

    def _told(self, trunk: str, what: str, code: int) -> None:
        self._observer.log("isdn.iua", level="warning", trunk=trunk, what=what, code=code)


class _OneInterface:
    """A D channel with layer 1 under it."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    def receive(self, octets: bytes, now: float) -> None:
        self._interface.receive(octets, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        (self._interface.start if is_up else self._interface.deactivate)(now)


class _BackhaulConnection:
    """The D channels of one gateway that hands its Q.931 messages on. What is no data is let pass."""

    def __init__(self, timers: TimerQueue, send: Callable[[bytes], None]) -> None:
        self._timers = timers
        self._send = send
        self._interfaces: dict[int, Backhauled] = {}

    def interface(self, channel: int, settings: InterfaceSettings, owner: CallControlOwner) -> Backhauled:
        """That of a D channel."""
        found = self._interfaces[channel] = Backhauled(settings, self._timers, partial(self._say, channel), owner)
        return found

    def receive(self, octets: bytes, now: float) -> None:
        try:
            message = backhaul_message.decode(octets)
        except DecodeError:
            return
        interface = self._interfaces.get(message.channel)
        if interface is not None and message.kind == backhaul_message.DATA_INDICATION:
            interface.receive(message.octets, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        for interface in self._interfaces.values():
            (interface.start if is_up else interface.deactivate)(now)

    def _say(self, channel: int, octets: bytes) -> None:
        self._send(BackhaulMessage(DATA_REQUEST, channel, octets).encoded())


def layer_2_settings(trunk: IsdnTrunk) -> DataLinkSettings:
    """Q.921 as the access has it: window 1 on a basic access (5.9.5), a TEI that is asked for on a bus, and a link
    that is up always between two points.
    """
    is_basic = trunk.access == "basic"
    return DataLinkSettings(
        k=1 if is_basic else 7,
        tei=trunk.tei if trunk.bus else 0,
        retry=0.0 if trunk.bus else _RETRY,
        over_datagrams=isinstance(trunk.d_channel, UdpEnds),
    )
