"""The recorded calls and transfers of H323Plus endpoints, with the gateway in the place of one of them.

The others' messages come as they were recorded. What refers to something of ours refers to what the gateway has
said: the identifiers of calls that it makes, addresses for H.245, sequence numbers and channels in acknowledgements,
and who is master, which both numbers decide. On each call the order is the recorded one; of two calls one may wait
for the other where it did not in the recording. A SIP party is the one who talks at the endpoint that the gateway
stands for.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple

from gateway.h323 import h225, h450, per, tpkt
from gateway.h323.control.determination import outcome
from gateway.h323.h225 import CallSignal
from gateway.model.remote_operations import Invoke
from tests.engine.h323_world import Network, Side
from tests.engine.world import ADDRESSES, HOST, PORT, Line, World, sdp
from tests.h323.recordings import FOLDER, packets
from tests.shared import folder

HOSTS = {"A": "127.0.23.1", "B": "127.0.23.2", "C": "127.0.23.3", "G": "127.0.23.10"}
NUMBERS = {"A": "1001", "B": "1002", "C": "1003"}
ROLES = {host: role for role, host in HOSTS.items()}
RAS_PORTS = {22101: "A", 22102: "B", 22103: "C"}
_UDP = 17
_PATIENCE = 10.0
_A_WHILE = 0.5
_A_MOMENT = 0.1


class Kind(Enum):
    """The protocol of a recorded message."""

    SIGNALLING = auto()
    CONTROL = auto()
    RAS = auto()


class Told(NamedTuple):
    """A recorded message: from and to whom; its connection, and that of the call that it belongs to. Those of call
    signalling are named by the end that opened them, those of H.245 by the end that listened.
    """

    kind: Kind
    source: str
    destination: str
    connection: tuple[str, int]
    call: tuple[str, int]
    octets: bytes


def roles(capture: Path) -> list[str]:
    """Which endpoints are in it."""
    hosts = {".".join(map(str, each.source[0])) for each in packets(capture)}
    return [role for role in NUMBERS if HOSTS[role] in hosts]


class Recording:
    """What was said in `capture`, in order."""

    def __init__(self, capture: Path) -> None:
        self.controls: dict[str, tuple[str, tuple[str, int]]] = {}
        """Addresses for H.245, with who was told last, and on which connection."""
        self._streams: dict[Any, tpkt.Unframer] = defaultdict(tpkt.Unframer)
        self.told = tuple(each for packet in packets(capture) for each in self._read(packet))
        self.has_gatekeeper = any(each.kind is Kind.RAS for each in self.told)

    def _read(self, packet: Any) -> Iterator[Told]:
        ends = [(".".join(map(str, host)), port) for host, port in (packet.source, packet.destination)]
        if packet.protocol == _UDP:
            yield self._ras(ends, packet.payload)
            return
        for octets in self._streams[packet[:2]].feed(packet.payload):
            yield self._signalling(ends, octets) if octets[:2] == b"\x08\x02" else self._control(ends, octets)

    def _ras(self, ends: list[tuple[str, int]], octets: bytes) -> Told:
        source, destination = (RAS_PORTS.get(port, "G") for _, port in ends)
        connection = "RAS", 0
        return Told(Kind.RAS, source, destination, connection, connection, octets)

    def _signalling(self, ends: list[tuple[str, int]], octets: bytes) -> Told:
        source, destination = (ROLES[host] for host, _ in ends)
        caller = next(index for index, (_, port) in enumerate(ends) if port != 1720)
        connection = ROLES[ends[caller][0]], ends[caller][1]
        address = h245_address(h225.decode(octets))
        if address:
            self.controls[address] = destination, connection
        return Told(Kind.SIGNALLING, source, destination, connection, connection, octets)

    def _control(self, ends: list[tuple[str, int]], octets: bytes) -> Told:
        """The end that has connected had whichever address the kernel gave it."""
        addresses = [f"{host}:{port}" for host, port in ends]
        listening = next(index for index, each in enumerate(addresses) if each in self.controls)
        connecting, call = self.controls[addresses[listening]]
        source, destination = (ROLES[ends[listening][0]] if each == listening else connecting for each in (0, 1))
        return Told(Kind.CONTROL, source, destination, (addresses[listening], 0), call, octets)


class Far:
    """One that says what was recorded. `said` is what came from the gateway, by connection: the message in H.225.0,
    or the octets of one in H.245. `accepted` are its connections by listener.
    """

    def __init__(self, world: "RecordedWorld", role: str) -> None:
        self.side: Side = world.network.side(HOSTS[role], self)
        self.side.listeners.add(f"{HOSTS[role]}:1720")
        self.accepted: dict[str, list[int]] = defaultdict(list)
        self.said: dict[int, list[Any]] = defaultdict(list)
        self._streams: dict[int, tpkt.Unframer] = defaultdict(tpkt.Unframer)

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool:
        self.accepted[listener].append(connection)
        return True

    def h323_opened(self, connection: int, now: float) -> None:
        pass

    def h323_received(self, connection: int, octets: bytes, now: float) -> None:
        for message in self._streams[connection].feed(octets):
            self.said[connection].append(h225.decode(message) if message[:2] == b"\x08\x02" else message)

    def h323_lost(self, connection: int, why: str, now: float) -> None:
        pass


class Dialogue:
    """One H.245 session as the recorded peer has it: what the gateway has said there that the peer refers to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._ours: dict[str, Any] = {}
        self._their_determination: tuple[int, int] | None = None

    def hear(self, octets: bytes) -> None:
        """The gateway has said this."""
        name, value = per.decode_control(octets)[1]
        self.said.append(name)
        self._ours[name] = value

    def referring(self, octets: bytes) -> bytes:
        """What the peer says, in the gateway's references."""
        kind, (name, value) = per.decode_control(octets)
        if name == "masterSlaveDetermination":
            self._their_determination = value["terminalType"], value["statusDeterminationNumber"]
        elif name == "masterSlaveDeterminationAck":
            value = {"decision": ("master" if self._gateway_is_master() else "slave", 0)}
        elif name == "terminalCapabilitySetAck":
            value = value | {"sequenceNumber": self._ours["terminalCapabilitySet"]["sequenceNumber"]}
        elif name == "openLogicalChannelAck":
            number = self._ours["openLogicalChannel"]["forwardLogicalChannelNumber"]
            value = value | {"forwardLogicalChannelNumber": number}
        return per.encode_control((kind, (name, value)))

    def _gateway_is_master(self) -> bool:
        ours = self._ours["masterSlaveDetermination"]
        assert self._their_determination is not None
        return bool(outcome(ours["terminalType"], ours["statusDeterminationNumber"], *self._their_determination))


class RecordedWorld(World):
    """The gateway in the place of `role`, and a SIP party that does what its user did."""

    def __init__(self, tmp: Path, name: str, role: str) -> None:
        self.recording = Recording(folder(FOLDER) / f"{name}.pcap")
        self.role = role
        trunks, routes = self._registered() if self.recording.has_gatekeeper else self._alone()
        super().__init__(
            tmp,
            f'listen: ["udp:{HOST}:{PORT}"]\ntrunks:\n'
            f'  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}\n'
            f'{trunks}routes:\n  - {{match: "{NUMBERS[role]}", to: pbx}}\n{routes}',
        )
        self.user = self.party("pbx")
        self.lines: list[Line] = []
        self.far = {other: Far(self, other) for other in HOSTS if other != role}
        for address in self.recording.controls:
            other = ROLES[address.partition(":")[0]]
            if other != role:
                self.far[other].side.listeners.add(address)
        self.connections: dict[tuple[str, int], int] = {}
        self.names: dict[tuple[str, int], tuple[bytes, bytes, int]] = {}
        self.addresses: dict[str, str] = {}
        self.dialogues: dict[tuple[str, int], Dialogue] = defaultdict(Dialogue)
        self.requests: dict[str, list[Any]] = defaultdict(list)
        self.ras_said: list[str] = []
        self.gateway.start(self.now)

    def _alone(self) -> tuple[str, str]:
        others = [other for other in NUMBERS if other != self.role]
        common = f'protocol: h323, listen: "{HOSTS[self.role]}:1720", group: lan, call_identity: empty'
        has_fast_start, tunnels = self._manner()
        common += f", fast_start: {has_fast_start}, tunnelling: {tunnels}"
        trunks = "".join(f'  - {{name: to{each}, {common}, peers: ["{HOSTS[each]}:1720"]}}\n' for each in others)
        numbers = "".join(f'  - {{match: "{NUMBERS[each]}", to: to{each}}}\n' for each in others)
        return trunks, numbers + f'  - {{match: "*", to: {"toC" if "C" in others else "pbx"}}}\n'

    def _registered(self) -> tuple[str, str]:
        has_fast_start, tunnels = self._manner()
        trunk = (
            f'  - {{name: lan, protocol: h323, listen: "{HOSTS[self.role]}:1720", aliases: ["{NUMBERS[self.role]}"],'
            f" call_identity: empty, fast_start: {has_fast_start}, tunnelling: {tunnels},"
            f' gatekeeper: {{address: "{HOSTS["G"]}:1719", direct: true}}}}\n'
        )
        return trunk, '  - {match: "*", to: lan}\n'

    def _manner(self) -> tuple[str, str]:
        """How calls were made there: with fastStart, with tunnelling."""
        first = next(h225.decode(each.octets) for each in self.recording.told if each.kind is Kind.SIGNALLING)
        return str("fastStart" in first.uuie).lower(), str(bool(first.h245_tunnelling)).lower()

    def h323_network(self) -> Side:
        self.network = Network(self)  # type: ignore[arg-type]
        side = self.network.side(HOSTS[self.role], _Gateway(self))
        side.listeners.add(f"{HOSTS[self.role]}:1720")
        return side

    # The calls, each in its order.

    def play(self) -> None:
        """Everything that was recorded of the role."""
        left = [each for each in self.recording.told if self.role in (each.source, each.destination)]
        patience = _A_WHILE
        while left:
            rest = self._pass(left, patience)
            assert len(rest) < len(left) or patience < _PATIENCE, (
                f"no {described(left[0])} to {left[0].destination}, but {self._heard(left[0])}"
            )
            patience = _A_WHILE if len(rest) < len(left) else _PATIENCE
            left = rest

    def _pass(self, left: list[Told], patience: float) -> list[Told]:
        """What is still left when no call gets any further."""
        waiting: set[tuple[str, int]] = set()
        rest = []
        for index, each in enumerate(left):
            if each.call in waiting or not self._is_done(each, left[index:], patience):
                waiting.add(each.call)
                rest.append(each)
        return rest

    def _is_done(self, told: Told, rest: list[Told], patience: float) -> bool:
        if told.destination == self.role:
            self._hear_recorded(told)
            return True
        return self._is_said(told, rest, patience)

    def beyond(self) -> set[Any]:
        """What the gateway has said that nobody has recorded, without H.245 on its own."""
        said = (each for far in self.far.values() for messages in far.said.values() for each in messages)
        return {shape(each) for each in said if not isinstance(each, bytes) and not is_empty(each)}

    # What the others say.

    def _hear_recorded(self, told: Told) -> None:
        if told.kind is Kind.RAS:
            self._hear_ras(told.octets)
        else:
            far = self.far[told.source].side
            if self._connection(told) is None:
                self.connections[told.connection] = far.connect(HOSTS[self.role], self._port(told), "")
            octets = self._signal(told) if told.kind is Kind.SIGNALLING else self._control(told)
            far.send(self.connections[told.connection], tpkt.frame(octets))
        self.settle(seconds=_A_MOMENT)

    def _port(self, told: Told) -> int:
        if told.kind is Kind.SIGNALLING:
            return 1720
        return int(self.addresses[told.connection[0]].rpartition(":")[2])

    def _control(self, told: Told) -> bytes:
        self._connection(told)
        return self._dialogue(told).referring(told.octets)

    def _signal(self, told: Told) -> bytes:
        octets = told.octets
        message = h225.decode(octets)
        if message.h245_control:
            items = tuple(self._dialogue(told).referring(each) for each in message.h245_control)
            octets = h225.encode(replace(message, h245_control=items))
        if told.connection in self.names:
            before, ours, reference = self.names[told.connection]
            flag = octets[2] & 0x80
            octets = octets[:2] + bytes((flag | reference >> 8, reference & 255)) + octets[4:]
            octets = octets.replace(before, ours)
        return octets

    def _hear_ras(self, octets: bytes) -> None:
        name, value = per.decode_ras(octets)
        request = name.removesuffix("Confirm").removesuffix("Reject") + "Request"
        answer = per.encode_ras((name, value | {"requestSeqNum": self.requests[request].pop(0)}))
        self.gateway.h323_datagram("lan", answer, HOSTS["G"], 1719, self.now)

    # What the gateway has to say.

    def _is_said(self, told: Told, rest: list[Told], patience: float) -> bool:
        hangs_up = self._is_release(told, rest)
        self._connect_control(told)
        self.settle(lambda: self._has_said(told), _A_WHILE if hangs_up or told.kind is Kind.RAS else 0)
        if not self._has_said(told):
            self._prompt(told, rest, hangs_up=hangs_up and patience >= _PATIENCE)
        self.settle(lambda: self._has_said(told), patience)
        if not self._has_said(told):
            return False
        self._take(told)
        return True

    def _connect_control(self, told: Told) -> None:
        """The other one has connected before the gateway says something there."""
        if told.kind is Kind.CONTROL and self._connection(told) is None and told.connection[0] in self.addresses:
            far = self.far[told.destination].side
            self.connections[told.connection] = far.connect(HOSTS[self.role], self._port(told), "")

    def _is_release(self, told: Told, rest: list[Told]) -> bool:
        """Whether it is the end of a call, for which no transfer was the reason."""
        if told.kind is Kind.CONTROL and name_of(told) != "endSessionCommand":
            return False
        ours = (each for each in rest if each.call == told.call and each.source == self.role)
        release = next((each for each in ours if each.kind is Kind.SIGNALLING), None)
        if release is None or told.kind is Kind.RAS or name_of(release) != "RELEASE COMPLETE":
            return False
        if h225.decode(release.octets).reason == "facilityCallDeflection":
            return False
        return told.kind is Kind.CONTROL or told is release

    def _has_said(self, told: Told) -> bool:
        said = self._heard(told)
        if told.kind is Kind.SIGNALLING:
            wanted = self._wanted(told)
            controls = self._dialogue(told).said
            tunnelled = [name_of_control(each) for each in wanted.h245_control]
            if any(controls.count(each) < tunnelled.count(each) for each in tunnelled):
                return False
            return is_empty(wanted) or shape(wanted) in said
        return name_of(told) in said

    def _wanted(self, told: Told) -> CallSignal:
        wanted = h225.decode(told.octets)
        if told.source == "A" and wanted.name == "RELEASE COMPLETE":
            # H323Plus says there once more what it was told before: strays that nobody waits for.
            return replace(wanted, supplementary_services=())
        return wanted

    def _heard(self, told: Told) -> list[Any]:
        if told.kind is Kind.RAS:
            self._listen_to_ras()
            return self.ras_said
        messages = self._messages(told)
        if told.kind is Kind.CONTROL:
            return self._dialogue(told).said
        return [shape(each) for each in messages]

    def _messages(self, told: Told) -> list[CallSignal]:
        """H.225.0 on that connection; H.245 goes to its dialogue."""
        other = told.destination if told.source == self.role else told.source
        said = self.far[other].said[self._connection(told) or 0]
        for each in tuple(said):
            if isinstance(each, bytes):
                self._dialogue(told).hear(each)
                said.remove(each)
            elif each.h245_control:
                for octets in each.h245_control:
                    self._dialogue(told).hear(octets)
                said[said.index(each)] = replace(each, h245_control=())
        return [each for each in said if not is_empty(each)]

    def _connection(self, told: Told) -> int | None:
        """The far end's number of it."""
        if told.connection in self.connections:
            return self.connections[told.connection]
        other = told.destination if told.source == self.role else told.source
        listener = f"{HOSTS[other]}:1720" if told.kind is Kind.SIGNALLING else told.connection[0]
        is_ours = told.kind is Kind.CONTROL or told.connection[0] == self.role
        waiting = self.far[other].accepted[listener]
        if not is_ours or not waiting:
            return None
        return self.connections.setdefault(told.connection, waiting.pop(0))

    def _dialogue(self, told: Told) -> Dialogue:
        return self.dialogues[told.call]

    def _take(self, told: Told) -> None:
        if told.kind is Kind.RAS:
            self.ras_said.remove(name_of(told))
            return
        if told.kind is Kind.CONTROL:
            self._dialogue(told).said.remove(name_of(told))
            return
        wanted = self._wanted(told)
        for each in wanted.h245_control:
            self._dialogue(told).said.remove(name_of_control(each))
        if not is_empty(wanted):
            self._take_signal(told, wanted)

    def _take_signal(self, told: Told, wanted: CallSignal) -> None:
        found = next(each for each in self._messages(told) if shape(each) == shape(wanted))
        self.far[told.destination].said[self.connections[told.connection]].remove(found)
        if wanted.name == "SETUP":
            self.names[told.connection] = (wanted.call_identifier, found.call_identifier, found.call_reference)
        if h245_address(wanted):
            self.addresses[h245_address(wanted)] = h245_address(found)

    def _listen_to_ras(self) -> None:
        side = self.network.stations[HOSTS[self.role]]
        for _, octets, _, _ in side.datagrams:
            name, value = per.decode_ras(octets)
            self.requests[name].append(value["requestSeqNum"])
            self.ras_said.append(name)
        side.datagrams.clear()

    def _number_invokes(self, wanted: CallSignal) -> None:
        """Their answers name our invokes by the recorded numbers."""
        for component in components(wanted):
            if isinstance(component, Invoke):
                for line in self.gateway.h323.lines.values():
                    line.services._invokes = component.invoke_id - 1

    # What the user does.

    def _prompt(self, told: Told, rest: list[Told], *, hangs_up: bool) -> None:
        if told.kind is Kind.RAS:
            self._prompt_ras(told, rest)
            return
        if hangs_up:
            self._hang_up(next(self._wanted(each) for each in rest if name_of(each) == "RELEASE COMPLETE"))
            return
        if told.kind is Kind.CONTROL or name_of(told) == "RELEASE COMPLETE":
            return
        wanted = self._wanted(told)
        self._number_invokes(wanted)
        self._prompt_signal(wanted, [int(each.operation) for each in components(wanted) if isinstance(each, Invoke)])

    def _prompt_ras(self, told: Told, rest: list[Told]) -> None:
        name, value = per.decode_ras(told.octets)
        if name == "unregistrationRequest" and all(each.kind is Kind.RAS for each in rest):
            self.gateway.stop(self.now)
        elif name == "admissionRequest" and not value["answerCall"]:
            self._prompt_call(value["callIdentifier"]["guid"], rest)

    def _prompt_call(self, identifier: bytes, rest: list[Told]) -> None:
        setups = (h225.decode(each.octets) for each in rest if name_of(each) == "SETUP")
        setup = next((each for each in setups if each.call_identifier == identifier), None)
        if setup is not None and not setup.supplementary_services:
            self._prompt_signal(setup, [])

    def _prompt_signal(self, wanted: CallSignal, operations: list[int]) -> None:
        if wanted.name == "SETUP" and not operations:
            digits = dict(wanted.destination_aliases)["dialledDigits"]
            self.lines.append(self.user.invite(digits, body=sdp(codecs="0 8")))
        elif wanted.name in ("ALERTING", "CONNECT") and self.user.has("INVITE"):
            line = Line.called(self.user, self.user.expect("INVITE"))
            self.lines.append(line)
            line.reply(200, body=sdp(5000, host="192.0.2.20", codecs="0 8"))
        elif 7 in operations:
            first, second = self.lines[-2:]
            named = f"{second.call_id}%3Bto-tag%3D{second.remote_tag}%3Bfrom-tag%3D{second.local_tag}"
            first.refer(f"<sip:1003@{HOST}?Replaces={named}>")
        elif 9 in operations and len(self.lines) == 1:
            self.lines[0].refer(f"<sip:1003@{HOST}>")

    def _hang_up(self, wanted: CallSignal) -> None:
        invite = self.user.has("INVITE")
        if wanted.cause not in (None, 16) and invite is not None:
            self.user.reply(invite, 486)
        for line in self.lines:
            line.request("BYE")

    def settle(self, until: Any = lambda: False, seconds: float = _A_WHILE) -> None:
        """Lets time go by, with the user's SIP phone answering what it has to."""
        end = self.now + seconds
        while self.now < end and not until():
            self.wait(0.05)
            self._answer_sip()

    def _answer_sip(self) -> None:
        for message in list(self.user.inbox):
            known = next((line for line in self.lines if line.call_id == message.call_id), None)
            if message.status == 200 and message.cseq_method == "INVITE" and known is not None:
                self.user.inbox.remove(message)
                known.remote_tag = message.to_tag
                known.request("ACK", cseq=message.cseq)
            elif message.method in ("BYE", "NOTIFY", "UPDATE"):
                self.user.inbox.remove(message)
                self.user.reply(message, 200)
            elif message.method == "INVITE" and known is not None:
                self.user.inbox.remove(message)
                self.user.reply(message, 200, body=known.session)


class _Gateway:
    def __init__(self, world: RecordedWorld) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.gateway, name)


def components(message: CallSignal) -> list[Any]:
    return [each for octets in message.supplementary_services for each in h450.decode(octets).components]


def shape(message: CallSignal) -> tuple[str, tuple[Any, ...]]:
    """What has to be as recorded: the message, and its services."""
    said = tuple((type(each).__name__, getattr(each, "operation", None)) for each in components(message))
    return message.name, said


def is_empty(message: CallSignal) -> bool:
    """Whether it is only there for the H.245 in it."""
    return message.name == "FACILITY" and message.body == "empty" and not message.supplementary_services


def h245_address(message: CallSignal) -> str:
    """Where its sender listens for H.245; "" when it does not say."""
    kind, value = message.uuie.get("h245Address", ("", None))
    return f"{'.'.join(map(str, value['ip']))}:{value['port']}" if kind == "ipAddress" else ""


def name_of_control(octets: bytes) -> str:
    name: str = per.decode_control(octets)[1][0]
    return name


def name_of(told: Told) -> str:
    """The name of a message, of whichever protocol."""
    if told.kind is Kind.SIGNALLING:
        return h225.decode(told.octets).name
    return name_of_control(told.octets) if told.kind is Kind.CONTROL else per.decode_ras(told.octets)[0]


def described(told: Told) -> Any:
    return shape(h225.decode(told.octets)) if told.kind is Kind.SIGNALLING else name_of(told)
