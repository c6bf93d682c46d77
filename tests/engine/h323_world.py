"""The whole gateway on a virtual clock, with raw SIP parties and H.323 endpoints that a test plays.

An endpoint has our own cores of H.225.0 and H.245, so that what it says and hears are their messages; what it makes
of them is up to the test.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from gateway.ends.h323_connections import H323Connections
from gateway.ends.h323_control_link import H323ControlLink
from gateway.h323 import h450
from gateway.h323.arguments import encode_argument, encode_result
from gateway.h323.call import H323Call
from gateway.h323.call_contents import NOTHING, Contents, Ending, NewCall
from gateway.h323.call_owner import CallOwner, ChannelOwner
from gateway.h323.control import fast_start
from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.channel import Channel
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.h323.control.session import ControlEvents, ControlSession
from gateway.h323.control.user_input import UserInput
from gateway.h323.h225 import CallSignal
from gateway.h323.operations import BY_NAME
from gateway.h323.signalling import CallSignalling, SignallingSettings
from gateway.h323.signalling_channel import SignallingChannel
from gateway.model.parties import Alias, AliasKind, Party
from gateway.model.remote_operations import Component, Invoke, ReturnError, ReturnResult
from tests.engine.world import ADDRESSES, HOST, PORT, World

GATEWAY = f"{HOST}:1720"
ENDPOINTS = {"alice": "192.0.2.101", "bob": "192.0.2.102", "carol": "192.0.2.103"}
NUMBERS = {"alice": "1001", "bob": "1002", "carol": "1003"}
A_LAW, MU_LAW = AudioFormat(Codec.G711_ALAW), AudioFormat(Codec.G711_ULAW)

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
""" + "".join(
    f'  - {{name: {name}, protocol: h323, listen: "{GATEWAY}", peers: ["{host}:1720"], group: lan, trusted: true'
    " MORE}\n"
    for name, host in ENDPOINTS.items()
)
ROUTES = """routes:
  - {match: "1001", to: alice}
  - {match: "1002", to: bob}
  - {match: "1003", to: carol}
  - {match: "2xxx", to: pbx}
  - {match: "*", to: carrier}
"""


class Station(Protocol):
    """Somebody on the network."""

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool: ...
    def h323_opened(self, connection: int, now: float) -> None: ...
    def h323_received(self, connection: int, octets: bytes, now: float) -> None: ...
    def h323_lost(self, connection: int, why: str, now: float) -> None: ...


class Network:
    """TCP between stations: octets arrive at once, but never from within a call. `sent` is what went, from and to."""

    def __init__(self, world: "H323World") -> None:
        self.world = world
        self.stations: dict[str, Side] = {}
        self.sent: list[tuple[str, str, bytes]] = []

    def later(self, act: Callable[[float], None]) -> None:
        self.world.gateway._timers.start(self.world.now, act)

    def side(self, host: str, station: Station) -> "Side":
        side = self.stations[host] = Side(self, host, station)
        return side


class Side:
    """The network as one station has it (gateway.ends.h323_network)."""

    def __init__(self, network: Network, host: str, station: Station) -> None:
        self.network, self.host, self.station = network, host, station
        self.ends: dict[int, tuple[Side, int]] = {}
        self.listeners: set[str] = set()
        self.waiting: dict[int, list[bytes]] = {}
        self._numbers, self._ports = count(1), count(30_000)
        self.datagrams: list[tuple[str, bytes, str, int]] = []

    def connect(self, host: str, port: int, own_host: str) -> int:
        number = next(self._numbers)
        self.waiting[number] = []
        self.network.later(lambda now: self._opened(number, host, port, now))
        return number

    def _opened(self, number: int, host: str, port: int, now: float) -> None:
        waiting = self.waiting.pop(number, None)
        if waiting is None:
            return
        there = self.network.stations.get(host)
        listener = f"{host}:{port}"
        far = next(there._numbers) if there is not None else 0
        if there is None or listener not in there.listeners:
            self.station.h323_lost(number, "refused", now)
            return
        self.ends[number] = (there, far)
        there.ends[far] = (self, number)
        if not there.station.h323_accepted(far, listener, self.host, 20_000 + number, now):
            del self.ends[number], there.ends[far]
            self.station.h323_lost(number, "closed by the peer", now)
            return
        there.station.h323_opened(far, now)
        self.station.h323_opened(number, now)
        for octets in waiting:
            self.send(number, octets)

    def send(self, connection: int, octets: bytes) -> None:
        if connection in self.waiting:
            self.waiting[connection].append(octets)
        elif connection in self.ends:
            there, far = self.ends[connection]
            self.network.sent.append((self.host, there.host, octets))
            self.network.later(lambda now: there._heard(far, octets, now))

    def _heard(self, number: int, octets: bytes, now: float) -> None:
        if number in self.ends:
            self.station.h323_received(number, octets, now)

    def disconnect(self, connection: int) -> None:
        self.waiting.pop(connection, None)
        end = self.ends.pop(connection, None)
        if end is not None:
            there, far = end
            self.network.later(lambda now: there._gone(far, now))

    def _gone(self, number: int, now: float) -> None:
        if self.ends.pop(number, None) is not None:
            self.station.h323_lost(number, "closed by the peer", now)

    def address(self, connection: int) -> str:
        return self.host if connection in self.ends else ""

    def listen(self, host: str) -> tuple[str, int]:
        port = next(self._ports)
        self.listeners.add(f"{host}:{port}")
        return f"{host}:{port}", port

    def unlisten(self, listener: str) -> None:
        self.listeners.discard(listener)

    def send_datagram(self, trunk: str, octets: bytes, host: str, port: int) -> None:
        self.datagrams.append((trunk, octets, host, port))

    def ras_port(self, trunk: str) -> tuple[str, int]:
        return self.host, 1719


class Endpoint(ChannelOwner):
    """An H.323 endpoint. `talks` are its calls in order; `codecs` what it can, `port` where its RTP is."""

    def __init__(self, world: "H323World", name: str) -> None:
        self.world, self.name, self.host = world, name, ENDPOINTS[name]
        self.timers = world.gateway._timers
        self.network = world.network.side(self.host, self)
        self.network.listeners.add(f"{self.host}:1720")
        self.connections = H323Connections(self, self.network, world)  # type: ignore[arg-type]
        self.settings = self
        self.own_host = self.host
        self.codecs = (A_LAW, MU_LAW)
        self.tunnelling = True
        self.signalling = self._signalling()
        self.talks: list[Talk] = []

    def _signalling(self) -> CallSignalling:
        settings = SignallingSettings(tunnelling=self.tunnelling)
        return CallSignalling(settings, self.timers, self.world.token, self, self.world.log)

    def without_tunnel(self) -> "Endpoint":
        """From now on it does not tunnel H.245."""
        self.tunnelling = False
        self.signalling = self._signalling()
        return self

    # The network.

    def line_for(self, listener: str, host: str) -> "Endpoint":
        return self

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool:
        return self.connections.accepted(connection, listener, host, port, now)

    def h323_opened(self, connection: int, now: float) -> None:
        self.connections.opened(connection, now)

    def h323_received(self, connection: int, octets: bytes, now: float) -> None:
        self.connections.received(connection, octets, now)

    def h323_lost(self, connection: int, why: str, now: float) -> None:
        self.connections.lost(connection, now)

    def owner_of(self, channel: SignallingChannel, message: CallSignal, now: float) -> CallOwner:
        talk = Talk(self)
        self.talks.append(talk)
        return talk

    # What a test has it do.

    def call(self, digits: str, *, fast: bool = True, apdus: tuple[bytes, ...] = (), to: str = GATEWAY) -> "Talk":
        """SETUP."""
        talk = Talk(self)
        self.talks.append(talk)
        channel = self.connections.channel_to(self, to, self.world.now)  # type: ignore[arg-type]
        talk.elements = fast_start.offer(self.codecs, talk.own) if fast else ()
        calling = Party(aliases=(Alias(AliasKind.DIALLED_DIGITS, NUMBERS[self.name]),))
        called = Party(aliases=(Alias(AliasKind.DIALLED_DIGITS, digits),))
        contents = Contents(fast_start=talk.elements, apdus=apdus)
        new = NewCall(calling, called, tunnelling=self.tunnelling, contents=contents)
        talk.took(channel.place_call(new, talk, self.world.now))
        return talk

    def offered(self, seconds: float = 40) -> "Talk":
        """Awaits a SETUP that has not been taken yet."""
        assert self.world.wait(seconds, lambda: any(not talk.taken for talk in self.talks)), f"{self.name}: no SETUP"
        talk = next(talk for talk in self.talks if not talk.taken)
        talk.taken = True
        return talk


class Talk(CallOwner, ControlEvents):
    """An endpoint's end of one call. `heard` is what came, by the name of the message; `apdus` the components."""

    _ports = count(6_000, 10)

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint, self.world = endpoint, endpoint.world
        port = next(self._ports)
        self.own = MediaAddress(f"{endpoint.host}:{port}", f"{endpoint.host}:{port + 1}")
        self.call: H323Call
        self.taken = False
        self.is_over = False
        self.setup: CallSignal
        self.ending: Ending | None = None
        self.heard: list[tuple[str, CallSignal]] = []
        self.apdus: list[Component] = []
        self.elements: tuple[bytes, ...] = ()
        self.session: ControlSession | None = None
        self.link: H323ControlLink
        self.sending: Channel | None = None
        self.receiving: Channel | None = None
        self.digits = ""
        self.is_paused = False
        self.answers_media = True

    def took(self, call: H323Call) -> None:
        self.taken, self.call = True, call
        self.link = H323ControlLink(self.endpoint.connections, call, self._ready, self._control, lambda now: None)

    # What it says.

    def proceed(self) -> None:
        self.call.proceeding(self.world.now)

    def ring(self, contents: Contents = NOTHING) -> "Talk":
        self.proceed()
        self.call.alerting(self.world.now, contents)
        return self

    def answer(self, *, fast: bool = True, apdus: tuple[bytes, ...] = (), party: Party | None = None) -> "Talk":
        """CONNECT, with fast connect where it was offered."""
        now = self.world.now
        self.proceed()
        elements = self._accepted() if fast else ()
        needs = not elements and not self.call.tunnels
        address = self.link.address(now) if needs else ""
        refused = bool(self.call.offered_channels) and not elements
        contents = Contents(
            fast_start=elements, fast_start_refused=refused, h245_address=address, apdus=apdus, party=party
        )
        self.call.connect(now, contents)
        if not elements and self.call.tunnels:
            self.link.open(now)
        return self

    def _accepted(self) -> tuple[bytes, ...]:
        found = fast_start.proposals(self.call.offered_channels)
        to_caller = next(
            (each for each in found if not each.from_caller and each.format in self.endpoint.codecs), None
        )
        if to_caller is None:
            return ()
        back = next(each for each in found if each.from_caller and each.format.codec is to_caller.format.codec)
        for channel in fast_start.channels(fast_start.accepted(to_caller, back, self.own), caller=False):
            self._adopt(channel)
        return fast_start.answer(to_caller, back, self.own)

    def facility(self, *components: Component) -> None:
        """FACILITY around an APDU."""
        apdu = h450.encode(h450.SupplementaryService(components))
        self.call.facility(self.world.now, Contents(apdus=(apdu,)))

    def release(self, ending: Ending | None = None, *components: Component) -> None:
        """RELEASE COMPLETE."""
        apdus = (h450.encode(h450.SupplementaryService(components)),) if components else ()
        self.is_over = True
        self.call.release(self.world.now, ending or Ending(), Contents(apdus=apdus))

    def start_control(self) -> None:
        """H.245 begins."""
        self.link.open(self.world.now)

    def pause(self) -> None:
        """The empty capability set."""
        assert self.session is not None
        self.is_paused = True
        self.session.set_capabilities(PAUSE, self.world.now)

    def resume(self) -> None:
        """The capabilities that it has."""
        assert self.session is not None
        self.is_paused = False
        self.session.set_capabilities(self._capabilities(), self.world.now)

    def dial(self, digits: str) -> None:
        assert self.session is not None
        self.session.send_user_input(UserInput(digits), self.world.now)

    # What it awaits.

    def expect(self, name: str, seconds: float = 40) -> CallSignal:
        """Takes the first such message."""
        assert self.world.wait(seconds, lambda: any(each[0] == name for each in self.heard)), (
            f"{self.endpoint.name} waited for {name}, has {[each[0] for each in self.heard]}"
        )
        found = next(each for each in self.heard if each[0] == name)
        self.heard.remove(found)
        return found[1]

    def expect_apdu(self, kind: type[Component], seconds: float = 40) -> Any:
        """Takes the first component of that kind."""
        assert self.world.wait(seconds, lambda: any(isinstance(each, kind) for each in self.apdus)), (
            f"{self.endpoint.name} waited for {kind.__name__}, has {self.apdus}"
        )
        found = next(each for each in self.apdus if isinstance(each, kind))
        self.apdus.remove(found)
        return found

    def gone(self, seconds: float = 40) -> Ending:
        """Awaits the end."""
        assert self.world.wait(seconds, lambda: self.ending is not None), f"{self.endpoint.name}: not released"
        assert self.ending is not None
        return self.ending

    def sends_to(self, address: str, seconds: float = 40) -> None:
        """Awaits that its media goes there."""
        assert self.world.wait(seconds, lambda: self._target() == address), f"{self._target()}, not {address}"

    def is_silent(self, seconds: float = 40) -> None:
        """Awaits that it sends nothing."""
        assert self.world.wait(seconds, lambda: self.sending is None), f"it sends to {self._target()}"

    def _target(self) -> str:
        return self.sending.receiver.media if self.sending is not None else ""

    # H.225.0 (CallOwner).

    def call_offered(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.took(call)
        self.taken = False
        self.setup = message
        self._components(message.supplementary_services)

    def digits_wanted(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("SETUP ACKNOWLEDGE", message))

    def proceeding_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("CALL PROCEEDING", message))

    def progress_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("PROGRESS", message))

    def alerting_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("ALERTING", message))

    def connected(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("CONNECT", message))
        if self.sending is None:
            self.link.open(now)

    def information_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("INFORMATION", message))

    def notified(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("NOTIFY", message))

    def facility_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("FACILITY", message))

    def apdus_received(self, call: H323Call, apdus: tuple[bytes, ...], message: CallSignal, now: float) -> None:
        self._components(apdus)

    def _components(self, apdus: tuple[bytes, ...]) -> None:
        for octets in apdus:
            self.apdus += h450.decode(octets).components

    def fast_start_accepted(self, call: H323Call, channels: tuple[bytes, ...], now: float) -> None:
        for channel in fast_start.channels(fast_start.answers(channels, self.elements), caller=True):
            self._adopt(channel)

    def fast_start_refused(self, call: H323Call, now: float) -> None:
        pass

    def tunnel_opened(self, call: H323Call, now: float) -> None:
        pass

    def tunnel_refused(self, call: H323Call, now: float) -> None:
        pass

    def control_address_received(self, call: H323Call, address: str, now: float) -> None:
        if call.wants_control:
            self.link.open(now)

    def control_received(self, call: H323Call, octets: bytes, now: float) -> None:
        self.link.open(now)
        self._control(octets, now)

    def status_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        self.heard.append(("STATUS", message))

    def released(self, call: H323Call, ending: Ending, message: CallSignal | None, now: float) -> None:
        self.ending = ending
        self.is_over = True
        if message is not None:
            self.heard.append(("RELEASE COMPLETE", message))

    # H.245.

    def _ready(self, now: float) -> None:
        self.session = ControlSession(self._say, self, self.endpoint.timers, self.world.token)
        self.session.start(self._capabilities(), now)
        for channel in (self.sending, self.receiving):
            if channel is not None:
                self.session.adopt_channel(channel)

    def _say(self, octets: bytes) -> None:
        self.link.send(octets, self.world.now)

    def _control(self, octets: bytes, now: float) -> None:
        if self.session is not None:
            self.session.receive(octets, now)

    def _capabilities(self) -> CapabilitySet:
        return CapabilitySet(self.endpoint.codecs, 101, frozenset(("basicString", "dtmf")))

    def _adopt(self, channel: Channel) -> None:
        if channel.outgoing:
            self.sending = channel
        else:
            self.receiving = channel

    def _open(self, session: ControlSession, now: float) -> None:
        remote = session.remote
        if session.is_master is None or remote is None or remote.is_empty or self.sending is not None:
            return
        if any(channel.outgoing for channel in session.channels):
            return
        chosen = next(each for each in self.endpoint.codecs if remote.format_for(each.codec))
        session.open_channel(chosen, MediaAddress(control=self.own.control), now)

    def determined(self, session: ControlSession, now: float) -> None:
        self._open(session, now)

    def capabilities_changed(self, session: ControlSession, capabilities: CapabilitySet, now: float) -> None:
        if capabilities.is_empty:
            self.sending = None
        self._open(session, now)

    def capabilities_acknowledged(self, session: ControlSession, now: float) -> None:
        pass

    def channel_asked(self, session: ControlSession, channel: Channel, now: float) -> None:
        if self.answers_media:
            session.accept_channel(channel, self.own, now)
            self.receiving = channel

    def channel_opened(self, session: ControlSession, channel: Channel, now: float) -> None:
        self.sending = channel

    def channel_refused(self, session: ControlSession, channel: Channel, cause: str, now: float) -> None:
        pass

    def channel_closed(self, session: ControlSession, channel: Channel, now: float) -> None:
        if channel is self.receiving:
            self.receiving = None
        if channel is self.sending:
            self.sending = None
            self._open(session, now)

    def mode_requested(self, session: ControlSession, formats: tuple[AudioFormat, ...], now: float) -> bool:
        return False

    def user_input(self, session: ControlSession, received: UserInput, now: float) -> None:
        self.digits += received.digits

    def session_ended(self, session: ControlSession, now: float) -> None:
        pass

    def session_failed(self, session: ControlSession, reason: str, now: float) -> None:
        self.heard.append((f"H.245 {reason}", CallSignal("", 0)))

    def malformed(self, session: ControlSession, reason: str, now: float) -> None:
        raise AssertionError(reason)


class H323World(World):
    """A world with an H.323 trunk for each endpoint. `more` are further settings of these trunks."""

    def __init__(self, folder: Path, more: str = "", *, text: str = "") -> None:
        self.network: Network
        configuration = text or (CONFIGURATION + ROUTES)
        super().__init__(folder, configuration.replace(" MORE", f", {more}" if more else ""))
        self.pbx, self.carrier = self.party("pbx"), self.party("carrier")
        self.alice, self.bob, self.carol = (Endpoint(self, name) for name in ENDPOINTS)
        self.gateway.start(self.now)

    def h323_network(self) -> Side:
        """The gateway's own side of it."""
        self.network = Network(self)
        side = self.network.side(HOST, _Late(self))
        side.listeners.add(GATEWAY)
        return side

    def token(self) -> str:
        return next(self._tokens)


class _Late:
    """The gateway as a station, which is made after its network."""

    def __init__(self, world: H323World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.gateway, name)


def invoke(name: str, value: dict[str, Any] | None = None, number: int = 1) -> Invoke:
    """An invoke of H.450.2."""
    code = BY_NAME[name].code
    return Invoke(number, code, None if value is None else encode_argument(code, value))


def result(number: int, name: str = "", value: dict[str, Any] | None = None) -> ReturnResult:
    """A result of H.450.2."""
    if value is None:
        return ReturnResult(number)
    code = BY_NAME[name].code
    return ReturnResult(number, code, encode_result(code, value))


def error(number: int, code: int) -> ReturnError:
    """An error of H.450.2."""
    return ReturnError(number, code)


def rerouting(digits: str, address: str = "") -> dict[str, Any]:
    """An EndpointAddress: transportID first, as peers write it."""
    found: list[tuple[str, Any]] = [("dialledDigits", digits)]
    if address:
        host, _, port = address.partition(":")
        packed = bytes(map(int, host.split(".")))
        found.insert(0, ("transportID", ("ipAddress", {"ip": packed, "port": int(port)})))
    return {"destinationAddress": found}
