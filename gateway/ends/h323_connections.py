"""The TCP connections of all H.323 trunks by number: call signalling channels, and H.245 beside them."""

from typing import TYPE_CHECKING

from gateway.configuration.h323_trunk import host_and_port, written
from gateway.ends.h323_control_link import H323ControlLink
from gateway.ends.h323_network import H323Network
from gateway.h323.call import H323Call
from gateway.h323.signalling_channel import SignallingChannel
from gateway.hub.leg import Observer

if TYPE_CHECKING:
    from gateway.ends.h323_end import H323End
    from gateway.ends.h323_line import H323Line

_MOST_REFUSALS = 10
"""Lines of the log a second about those who are not admitted."""


class _Way:
    """A connection as a signalling channel sees it."""

    __slots__ = ("connections", "number")

    def __init__(self, connections: "H323Connections", number: int) -> None:
        self.connections = connections
        self.number = number

    def send(self, octets: bytes) -> None:
        """Octets to the peer."""
        self.connections.send(self.number, octets)

    def close(self) -> None:
        """No more is said."""
        self.connections.drop(self.number)


class H323Connections:
    """Who each connection and each listener is for."""

    def __init__(self, end: "H323End", network: H323Network, observer: Observer) -> None:
        self._end = end
        self._network = network
        self._observer = observer
        self._channels: dict[int, SignallingChannel] = {}
        self._controls: dict[int, H323ControlLink] = {}
        self._listeners: dict[str, H323ControlLink] = {}
        self._numbers: dict[SignallingChannel, int] = {}
        self._told = (0, 0)

    def __len__(self) -> int:
        return len(self._channels) + len(self._controls)

    # --- call signalling ---

    def channel_to(self, line: "H323Line", address: str, now: float) -> SignallingChannel:
        """A new channel to that address; what is said before it is open waits."""
        number = self._network.connect(*host_and_port(address, 0), line.settings.own_host)
        return self._open(line, number, address, now, outgoing=True)

    def accepted(self, number: int, listener: str, host: str, port: int, now: float) -> bool:
        """Somebody has connected; False when nobody wants to talk to it."""
        link = self._listeners.get(listener)
        if link is not None:
            self._controls[number] = link
            return True
        line = self._end.line_for(listener, host)
        if line is None:
            self._refuse(f"{written(host, port)}", listener, now)
            return False
        self._open(line, number, written(host, port), now, outgoing=False)
        return True

    def own_address(self, channel: SignallingChannel) -> str:
        """Our address on a channel; "" while it is not open."""
        return self._network.address(self._numbers.get(channel, 0))

    def _open(self, line: "H323Line", number: int, peer: str, now: float, *, outgoing: bool) -> SignallingChannel:
        channel = line.signalling.open(_Way(self, number), peer, now, outgoing=outgoing)
        self._channels[number] = channel
        self._numbers[channel] = number
        return channel

    def _refuse(self, peer: str, listener: str, now: float) -> None:
        second, count = self._told
        self._told = (int(now), count + 1 if second == int(now) else 1)
        if self._told[1] <= _MOST_REFUSALS:
            self._observer.log("h323.stranger", level="warning", peer=peer, listener=listener)

    # --- H.245 ---

    def listen_for_control(self, link: H323ControlLink, call: H323Call) -> str:
        """`address:port` where the peer of `call` can connect. Raises GatewayError."""
        name, port = self._network.listen(self._host(call))
        self._listeners[name] = link
        return written(self._host(call), port)

    def connect_for_control(self, link: H323ControlLink, address: str, call: H323Call) -> int:
        """The number of a connection to there."""
        number = self._network.connect(*host_and_port(address, 0), self._host(call))
        self._controls[number] = link
        return number

    def stop_listening(self, address: str) -> None:
        """Nobody is awaited there any more."""
        if self._listeners.pop(address, None) is not None:
            self._network.unlisten(address)

    def _host(self, call: H323Call) -> str:
        """The address of ours that the peer of the call has reached already."""
        return self.own_address(call.channel)

    def _control_opened(self, number: int, now: float) -> None:
        link = self._controls.get(number)
        if link is not None and not link.opened(number, now):
            self.drop(number)

    # --- what comes, and what goes ---

    def opened(self, number: int, now: float) -> None:
        """A connection is open, whoever opened it."""
        if number in self._controls:
            self._control_opened(number, now)

    def received(self, number: int, octets: bytes, now: float) -> None:
        """Octets from a connection."""
        channel = self._channels.get(number)
        if channel is not None:
            channel.received(octets, now)
        elif number in self._controls:
            self._controls[number].received(octets, now)

    def lost(self, number: int, now: float) -> None:
        """A connection is gone, or could not be opened."""
        channel = self._channels.pop(number, None)
        if channel is not None:
            self._numbers.pop(channel, None)
            channel.lost(now)
        link = self._controls.pop(number, None)
        if link is not None:
            link.connection_lost(now)

    def send(self, number: int, octets: bytes) -> None:
        """Sends on a connection."""
        self._network.send(number, octets)

    def drop(self, number: int) -> None:
        """Ends a connection."""
        channel = self._channels.pop(number, None)
        if channel is not None:
            self._numbers.pop(channel, None)
        self._controls.pop(number, None)
        self._network.disconnect(number)

    def close_all(self, now: float) -> None:
        """Every call ends with RELEASE COMPLETE."""
        for channel in tuple(self._channels.values()):
            channel.close(now)
