"""A media gateway as RFC 3435 has it, without a network, and our side of it on a virtual clock."""

from collections.abc import Callable
from itertools import count
from random import Random

from gateway.media.mgcp_endpoint import MgcpEndpoint
from gateway.media.mgcp_media import MgcpMedia
from gateway.media.mgcp_message import Command, Response, messages
from gateway.media.mgcp_settings import MgcpSettings
from gateway.model.timers import TimerQueue

MODES = ("sendrecv", "sendonly", "recvonly", "inactive")


def sdp(
    port: int = 4_000, codecs: str = "8", direction: str = "sendrecv", address: str = "192.0.2.9", video: bool = False
) -> bytes:
    """What a SIP peer says."""
    text = f"v=0\r\no=- 7 7 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    text += "m=video 4100 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n" if video else ""
    return (text + f"m=audio {port} RTP/AVP {codecs}\r\na={direction}\r\n").encode()


class GatewayModel:
    """Keeps endpoints with their connections as (mode, remote description). `forgets`: a command that comes again is
    carried out again. `board_code` answers the creation of a second connection.
    """

    def __init__(self, endpoints: int = 40) -> None:
        self.names = [f"rtpbridge/{number}@mgw" for number in range(1, endpoints + 1)]
        self.modes: tuple[str, ...] = MODES
        self.forgets = False
        self.board_code = 0
        self.first_port = 16_000
        self.restart()

    def restart(self) -> None:
        """Everything is forgotten."""
        self.calls: dict[str, str] = {}
        self.connections: dict[str, dict[str, tuple[str, str]]] = {}
        self.answers: dict[int, Response] = {}
        self.received: list[Command] = []
        self._identifiers = count(0xA1)
        self._ports = count(self.first_port, 2)

    @property
    def total(self) -> int:
        """How many connections there are."""
        return sum(map(len, self.connections.values()))

    def mode(self, name: str = "", place: int = 0) -> str:
        """The mode of a connection."""
        held = self.connections[name or next(iter(self.connections))]
        return list(held.values())[place][0]

    def remote(self, name: str = "", place: int = 0) -> str:
        """What a connection was told of its peer."""
        held = self.connections[name or next(iter(self.connections))]
        return list(held.values())[place][1]

    def verbs(self) -> list[str]:
        """What was asked for, in order."""
        return [command.verb for command in self.received]

    def answer(self, command: Command) -> Response:
        """Carries a command out once."""
        known = None if self.forgets else self.answers.get(command.transaction)
        if known is None:
            self.received.append(command)
            code, parameters, session = self._carry_out(command)
            known = Response(code, command.transaction, "", parameters, session)
            self.answers[command.transaction] = known
        return known

    def _carry_out(self, command: Command) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        if command.verb == "AUEP":
            return 200, (), b""
        name = command.endpoint
        if "*" in name or "$" in name:
            assert command.verb == "CRCX", "a wildcard would mean everybody's connections"
            name = next((each for each in self.names if each not in self.calls), "")
            if not name:
                return 403, (), b""
        if command.verb == "CRCX":
            return self._create(command, name)
        held = self.connections.get(name, {})
        if command.verb == "DLCX":
            if not held or self.calls[name] != command.value("C"):
                return 515, (), b""
            held.pop(command.value("I"), None) if command.value("I") else held.clear()
            if not held:
                self.calls.pop(name)
                self.connections.pop(name)
            return 250, (), b""
        if command.value("I") not in held or self.calls[name] != command.value("C"):
            return 515, (), b""
        if command.value("M") not in self.modes:
            return 517, (), b""
        before = held[command.value("I")]
        held[command.value("I")] = (command.value("M"), command.session.decode() or before[1])
        return 200, (), b""

    def _create(self, command: Command, name: str) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        if command.value("M") not in self.modes:
            return 517, (), b""
        if not command.session and command.value("M") not in ("recvonly", "inactive"):
            return 527, (), b""
        if self.calls.setdefault(name, command.value("C")) != command.value("C"):
            return 540, (), b""
        identifier = f"{next(self._identifiers):08X}"
        held = self.connections.setdefault(name, {})
        if held and self.board_code:
            return self.board_code, (), b""
        if len(held) == 2:
            return 540, (), b""
        held[identifier] = (command.value("M"), command.session.decode())
        codec = command.value("L").rpartition("a:")[2]
        payload = {"PCMA": 8, "PCMU": 0}[codec]
        session = (
            f"v=0\r\no=- {identifier} 23 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            f"m=audio {next(self._ports)} RTP/AVP {payload}\r\na=ptime:20\r\n"
        )
        return 200, (("Z", name), ("I", identifier)), session.encode()


class Notes:
    """An observer that writes down."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def log(self, event: str, **fields: object) -> None:
        """One line."""
        self.events.append(event)


class Scene:
    """Our side and the model. Messages take a millisecond; `is_there` False: nothing arrives; with `chance`, messages
    are lost and doubled at random.
    """

    def __init__(self, settings: MgcpSettings | None = None, *, start: bool = True, seed: int = 0) -> None:
        self.settings = settings or MgcpSettings()
        self.timers = TimerQueue()
        self.now = 0.0
        self.model = GatewayModel()
        self.is_there = True
        self.chance = 0.0
        self.sent: list[bytes] = []
        self.notes = Notes()
        self.to_us: Callable[[bytes], bytes | None] = lambda octets: octets
        self._random = Random(seed)
        tokens = count()
        self.media = MgcpMedia(self.settings, self.timers, self._send, lambda: f"{seed}-{next(tokens)}", self.notes)
        if start:
            self.media.start(self.now)
            self.run(0.1)

    def run(self, seconds: float) -> None:
        """Lets time pass."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = end

    def say(self, octets: bytes) -> None:
        """The gateway says something of its own accord."""
        self.media.receive(octets, self.now)

    def reserve(self, wanted: bytes = b"", channel: int = 1) -> tuple[MgcpEndpoint, list[bytes | None]]:
        """An endpoint, with what its requests ended in, the latest last."""
        heard: list[bytes | None] = []
        endpoint = self.media.reserve("pri", channel, wanted, lambda session, _: heard.append(session), self.now)
        self.run(0.1)
        return endpoint, heard

    def modify(self, endpoint: MgcpEndpoint, remote: bytes, **more: float) -> bytes | None:
        """A new description from the peer, and what it is told."""
        heard: list[bytes | None] = []
        endpoint.modify(remote, None, lambda session, _: heard.append(session), self.now)
        self.run(more.get("seconds", 0.1))
        (session,) = heard
        return session

    def _send(self, octets: bytes) -> None:
        self.sent.append(octets)
        self._carry(octets, self._arrive)

    def _arrive(self, octets: bytes, _now: float) -> None:
        for message in messages(octets):
            if isinstance(message, Command):
                self._carry(self.model.answer(message).encoded(), self._answer)

    def _answer(self, octets: bytes, now: float) -> None:
        passed = self.to_us(octets)
        if passed is not None:
            self.media.receive(passed, now)

    def _carry(self, octets: bytes, deliver: Callable[[bytes, float], None]) -> None:
        copies = 1
        if self._random.random() < self.chance:
            copies = self._random.choice((0, 0, 2))
        for _ in range(copies if self.is_there else 0):
            delay = 0.001 if not self.chance else self._random.uniform(0.001, 0.4)
            self.timers.start(self.now + delay, lambda now: deliver(octets, now))
