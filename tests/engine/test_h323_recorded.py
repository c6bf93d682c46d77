"""The recorded calls and transfers of H323Plus endpoints, with the gateway in the place of each of them in turn.

The others' messages come as they were recorded, with the identifiers of those calls that the gateway makes itself in
place of the recorded ones. It has to say what was recorded, message by message, on every connection. A SIP party is
the one who talks at the endpoint that the gateway stands for.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.h323 import h225, h450, tpkt
from gateway.h323.h225 import CallSignal
from gateway.model.remote_operations import Invoke
from tests.engine.h323_world import Network, Side
from tests.engine.world import ADDRESSES, HOST, PORT, Line, World, sdp
from tests.h323.recordings import FOLDER, segments
from tests.shared import folder

HOSTS = {"A": "127.0.23.1", "B": "127.0.23.2", "C": "127.0.23.3"}
NUMBERS = {"A": "1001", "B": "1002", "C": "1003"}
ROLES = {host: role for role, host in HOSTS.items()}
CASES = [
    *(("basic_faststart_tunnel", role) for role in "AB"),
    *(("basic_slowstart_tunnel", role) for role in "AB"),
    *(("blind_empty_id", role) for role in "ABC"),
    *(("blind_err_c_denies_call", role) for role in "ABC"),
    *(("blind_err_transferred_denies", role) for role in "A"),
    *(("consult_faststart", role) for role in "ABC"),
    *(("consult_err_c_denies_identify", role) for role in "B"),
    *(("blind_stock_blank_id", role) for role in "AB"),
]
"""Not in these: B in blind_err_transferred_denies and C in consult_err_c_denies_identify refuse for reasons of their
own; A in the latter goes on to the next rung of the ladder; C in blind_stock_blank_id takes a blank for a name.
"""


class Told(NamedTuple):
    """A recorded message: from and to whom, and the connection, named by the end that opened it."""

    source: str
    destination: str
    connection: tuple[str, int]
    octets: bytes


def recorded(name: str) -> list[Told]:
    found = []
    for segment in segments(folder(FOLDER) / f"{name}.pcap"):
        ends = (segment.source, segment.destination)
        hosts = [".".join(map(str, host)) for host, _ in ends]
        if not all(host in ROLES for host in hosts):
            continue
        caller = next(index for index, (_, port) in enumerate(ends) if port != 1720)
        connection = (ROLES[hosts[caller]], ends[caller][1])
        for octets in tpkt.Unframer().feed(segment.payload):
            found.append(Told(ROLES[hosts[0]], ROLES[hosts[1]], connection, octets))
    return found


class Far:
    """An endpoint that says what was recorded. `said` is what came from the gateway, by connection."""

    def __init__(self, world: "RecordedWorld", role: str) -> None:
        self.side: Side = world.network.side(HOSTS[role], self)
        self.side.listeners.add(f"{HOSTS[role]}:1720")
        self.accepted: list[int] = []
        self.said: dict[int, list[CallSignal]] = {}

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool:
        self.accepted.append(connection)
        return True

    def h323_opened(self, connection: int, now: float) -> None:
        pass

    def h323_received(self, connection: int, octets: bytes, now: float) -> None:
        for message in tpkt.Unframer().feed(octets):
            self.said.setdefault(connection, []).append(h225.decode(message))

    def h323_lost(self, connection: int, why: str, now: float) -> None:
        pass


class RecordedWorld(World):
    """The gateway in the place of `role`, and a SIP party that does what its user did."""

    def __init__(self, tmp: Path, role: str) -> None:
        self.role = role
        others = [other for other in HOSTS if other != role]
        trunks = "".join(
            f'  - {{name: to{other}, protocol: h323, listen: "{HOSTS[role]}:1720", peers: ["{HOSTS[other]}:1720"],'
            f" group: lan, call_identity: empty}}\n"
            for other in others
        )
        routes = "".join(f'  - {{match: "{NUMBERS[other]}", to: to{other}}}\n' for other in others)
        super().__init__(
            tmp,
            f'listen: ["udp:{HOST}:{PORT}"]\ntrunks:\n'
            f'  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}\n'
            f"{trunks}routes:\n{routes}"
            '  - {match: "*", to: pbx}\n',
        )
        self.user = self.party("pbx")
        self.lines: list[Line] = []
        self.far = {other: Far(self, other) for other in others}
        self.connections: dict[tuple[str, int], int] = {}
        self.names: dict[tuple[str, int], tuple[bytes, bytes, int]] = {}
        self.gateway.start(self.now)

    def h323_network(self) -> Side:
        self.network = Network(self)  # type: ignore[arg-type]
        side = self.network.side(HOSTS[self.role], _Gateway(self))
        side.listeners.add(f"{HOSTS[self.role]}:1720")
        return side

    def play(self, told: list[Told]) -> None:
        for index, each in enumerate(told):
            if each.destination == self.role:
                self._hear_recorded(each)
            elif each.source == self.role:
                self._say_recorded(each, told[index:])

    # What the others say.

    def _hear_recorded(self, told: Told) -> None:
        far = self.far[told.source]
        if told.connection not in self.connections:
            self.connections[told.connection] = far.side.connect(HOSTS[self.role], 1720, "")
        octets = told.octets
        if told.connection in self.names:
            before, ours, reference = self.names[told.connection]
            flag = octets[2] & 0x80
            octets = octets[:2] + bytes((flag | reference >> 8, reference & 255)) + octets[4:]
            octets = octets.replace(before, ours)
        far.side.send(self.connections[told.connection], tpkt.frame(octets))
        self.settle()

    # What the gateway has to say.

    def _say_recorded(self, told: Told, rest: list[Told]) -> None:
        wanted = h225.decode(told.octets)
        if told.source == "A" and wanted.name == "RELEASE COMPLETE":
            # H323Plus says there once more what it was told before: strays that nobody waits for.
            wanted = replace(wanted, supplementary_services=())
        self.settle(lambda: self.has_said(told, wanted), 3 if wanted.name == "RELEASE COMPLETE" else 0)
        if not self.has_said(told, wanted):
            self._number_invokes(wanted)
            self._prompt(wanted, rest)
        self.settle(lambda: self.has_said(told, wanted), 40)
        assert self.has_said(told, wanted), f"no {shape(wanted)} to {told.destination}: {self.heard(told)}"
        found = self._take(told, wanted)
        if wanted.name == "SETUP":
            self.names[told.connection] = (wanted.call_identifier, found.call_identifier, found.call_reference)

    def has_said(self, told: Told, wanted: CallSignal) -> bool:
        return any(shape(each) == shape(wanted) for each in self.messages(told))

    def messages(self, told: Told) -> list[CallSignal]:
        far = self.far[told.destination]
        if told.connection not in self.connections and told.connection[0] == self.role and far.accepted:
            self.connections[told.connection] = far.accepted.pop(0)
        return far.said.get(self.connections.get(told.connection, 0), [])

    def heard(self, told: Told) -> list[Any]:
        return [shape(each) for each in self.messages(told)]

    def _take(self, told: Told, wanted: CallSignal) -> CallSignal:
        said = self.messages(told)
        found = next(each for each in said if shape(each) == shape(wanted))
        said.remove(found)
        return found

    def _number_invokes(self, wanted: CallSignal) -> None:
        """Their answers name our invokes by the recorded numbers."""
        for component in components(wanted):
            if isinstance(component, Invoke):
                for line in self.gateway.h323.lines.values():
                    line.services._invokes = component.invoke_id - 1

    # What the user does.

    def _prompt(self, wanted: CallSignal, rest: list[Told]) -> None:
        operations = [each.operation for each in components(wanted) if isinstance(each, Invoke)]
        if wanted.name == "SETUP" and not operations:
            digits = dict(wanted.destination_aliases)["dialledDigits"]
            self.lines.append(self.user.invite(digits, body=sdp(codecs="8 0")))
        elif wanted.name in ("ALERTING", "CONNECT") and self.user.has("INVITE"):
            line = Line.called(self.user, self.user.expect("INVITE"))
            self.lines.append(line)
            line.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8 0"))
        elif 7 in operations:
            first, second = self.lines[-2:]
            named = f"{second.call_id}%3Bto-tag%3D{second.remote_tag}%3Bfrom-tag%3D{second.local_tag}"
            first.refer(f"<sip:1003@{HOST}?Replaces={named}>")
        elif 9 in operations and len(self.lines) == 1:
            self.lines[0].refer(f"<sip:1003@{HOST}>")
        elif wanted.name == "RELEASE COMPLETE":
            self._hang_up(wanted)

    def _hang_up(self, wanted: CallSignal) -> None:
        invite = self.user.has("INVITE")
        if wanted.cause not in (None, 16) and invite is not None:
            self.user.reply(invite, 486)
        for line in self.lines:
            line.request("BYE")

    def settle(self, until: Any = lambda: False, seconds: float = 1) -> None:
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


@pytest.mark.parametrize(("name", "role"), CASES)
def test_as_recorded(tmp_path: Path, name: str, role: str) -> None:
    world = RecordedWorld(tmp_path, role)
    world.play(recorded(name))
