"""A recorded run of the gateway itself, again: the same inputs at the same times, octet for octet the same output."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from gateway.capture import iua, tpkt
from gateway.configuration import Configuration, configuration
from gateway.engine.gateway import Found, Gateway
from gateway.engine.record_document import document
from gateway.engine.tokens import TokensFrom, seeded
from gateway.isdn import lapd_frame
from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI, Kind
from gateway.model.call import TransferRecord
from gateway.model.errors import DecodeError, GatewayError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.endpoints import Endpoint
from gateway.regression.journal import (
    EVENTS,
    INPUTS,
    NETWORK_OUTPUTS,
    NETWORK_QUESTIONS,
    OUTPUTS,
    QUESTIONS,
    SCENARIO,
    Line,
    lines,
    read,
)
from gateway.regression.message import Message, name_of
from gateway.regression.played import Played
from gateway.sip.flow import Flow, Transport
from gateway.tables import Table, load

_SIGNALLING = frozenset(("sip", "q931", "iua", "h225"))
_UNKNOWN: dict[str, Any] = {"own_host": "", "peer_names": (), "network.connect": 0, "network.address": ""}
"""What is answered to a question that the recorded run never asked."""


class RecordingDocument(Table):
    """The key `recording` of a scenario. `epoch` are seconds since 1970 at engine time 0, `versions` of programs that
    made it. The run was that of process `worker` of `workers`.
    """

    events: str = EVENTS
    seed: str
    epoch: float
    listeners: tuple[tuple[str, str, int], ...]
    worker: int = 0
    workers: int = 1
    versions: dict[str, str] = Field(default_factory=dict)


def play_recording(folder: Path, recording: RecordingDocument, settings: Configuration) -> Played:
    """The run once more; everything compared is `same` when every octet is, to the same flow and in the same order.

    Raises DecodeError for a journal that cannot be read.
    """
    journal = list(lines(folder / recording.events))
    return _Run(folder, recording, settings, journal).run()


class _Run:
    """One run of a journal."""

    def __init__(
        self, folder: Path, recording: RecordingDocument, settings: Configuration, journal: list[Line]
    ) -> None:
        self._folder = folder
        self._recording = recording
        self._journal = journal
        self.now = self._start = float(journal[0]["at"]) if journal else 0.0
        self._records: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._expected = deque(line for line in journal if "out" in line)
        self._answers = deque(line for line in journal if "asked" in line)
        self._asking: dict[int, Found] = {}
        self._connections: dict[int, tuple[str, str]] = {}
        self._compared: list[Compared] = []
        self._sent: list[Message] = []
        self._received: list[Message] = []
        self._said: list[Message] = []
        self._problems: list[str] = []
        self._listeners = tuple((Transport(kind), host, port) for kind, host, port in recording.listeners)
        self._gateway = self._made(settings)

    def _made(self, settings: Configuration) -> Gateway:
        recording = self._recording
        return Gateway(
            settings,
            token=TokensFrom(recording.worker, seeded(f"{recording.seed}/{recording.worker}")),
            wall=lambda: recording.epoch + self.now,
            locate=self._locate,
            listeners=self._listeners,
            observer=self,
            record=self._record,
            worker=recording.worker,
            workers=recording.workers,
            **self._surroundings(),
        )

    def _surroundings(self) -> dict[str, Any]:
        sends = {name: self._output(name) for name in OUTPUTS}
        network = {name: self._output(f"network.{name}") for name in NETWORK_OUTPUTS}
        network |= {name: self._question(f"network.{name}") for name in NETWORK_QUESTIONS}
        return {**sends, **{name: self._question(name) for name in QUESTIONS}, "network": _Network(network)}

    def log(self, event: str, **fields: object) -> None:
        """One line of the log, kept."""
        self._events.append({"time": round(self.now - self._start, 6), "event": event, **fields})
        if event == "fault":
            self._problems.append(f"fault: {fields.get('reason')}")

    def run(self) -> Played:
        """Every input in its turn."""
        for line in self._journal:
            if "do" in line:
                self.now = float(line["at"])
                self._do(line)
        missing = ((line, read(line["arguments"])) for line in self._expected)
        self._compared += (Compared(Verdict.MISSING, self._message(*each), None) for each in missing)
        return Played(
            tuple(self._compared),
            tuple(self._sent),
            tuple(self._received),
            tuple(self._records),
            tuple(self._problems),
            tuple(self._events),
            tuple(self._said),
        )

    def _do(self, line: Line) -> None:
        what, arguments = line["do"], read(line.get("arguments", []))
        if what == "located":
            number, flows = arguments
            asking = self._asking.pop(number, None)
            if asking is not None:
                asking(flows, self.now)
        elif what == "reload":
            self._reload(arguments[0])
        elif what == "restore":
            # Rows are JSON as they are.
            self._gateway.restore([(key, snapshot) for key, snapshot in line["rows"]], self.now)
        elif what in INPUTS:
            if what == "h323_accepted":
                number, listener, host, port = arguments
                self._connections[number] = listener, str(Endpoint(host, port))
            if any(isinstance(each, bytes) for each in arguments):
                self._note(self._message(line, arguments, inbound=True), self._received)
            getattr(self._gateway, what)(*arguments, self.now)
        else:
            raise DecodeError(f"nobody knows what {what!r} is", where=str(self._folder / self._recording.events))

    def _reload(self, name: str) -> None:
        try:
            self._gateway.reload(configuration(self._folder / name), self.now)
        except GatewayError as error:
            self._events.append({"event": "reload.refused", "reason": str(error)})

    def _note(self, message: Message, told: list[Message]) -> None:
        """Signalling is told; what links only need for themselves is compared, and no more."""
        if message.protocol in _SIGNALLING:
            told.append(message)
            self._said.append(message)

    # --- what the gateway says and asks ---

    def _output(self, name: str) -> Callable[..., None]:
        def sent(*arguments: Any) -> None:
            ours = self._message({"at": self.now}, arguments)
            self._note(ours, self._sent)
            self._compare(name, arguments, ours)

        return sent

    def _compare(self, name: str, arguments: tuple[Any, ...], ours: Message) -> None:
        if not self._expected:
            self._compared.append(Compared(Verdict.EXTRA, None, ours))
            return
        line = self._expected.popleft()
        expected = read(line["arguments"])
        reasons = [*_differences((line["out"], *expected), (name, *arguments))]
        if line["at"] != self.now:
            reasons.append(f"time: recorded {line['at']}, ours {self.now}")
        verdict = Verdict.DIFFERENT if reasons else Verdict.SAME
        self._compared.append(Compared(verdict, self._message(line, expected), ours, tuple(reasons)))

    def _question(self, name: str) -> Callable[..., Any]:
        def answer(*question: Any) -> Any:
            found = self._answer(name)
            if found is None or read(found.get("of")) != question:
                self._problems.append(f"{name} of {question} was not asked in the recorded run")
                return _UNKNOWN.get(name)
            if isinstance(found["answer"], dict) and "error" in found["answer"]:
                raise GatewayError(found["answer"]["error"])
            if name == "network.connect":
                self._connections[found["answer"]] = "gateway", str(Endpoint(*question[:2]))
            return read(found["answer"])

        return answer

    def _answer(self, name: str) -> Line | None:
        return self._answers.popleft() if self._answers and self._answers[0]["asked"] == name else None

    def _locate(self, uri: str, done: Found) -> None:
        found = self._answer("locate")
        if found is None or found.get("of") != uri:
            self._problems.append(f"the way to {uri} was not asked for in the recorded run")
            done((), self.now)
        elif "answer" in found:
            done(read(found["answer"]), found["then"])
        else:
            self._asking[found["number"]] = done

    def _record(self, record: TransferRecord) -> None:
        self._records.append(document(record))

    # --- messages ---

    def _message(self, line: Line, arguments: tuple[Any, ...], *, inbound: bool = False) -> Message:
        where = next((each for each in arguments if not isinstance(each, bytes)), "")
        octets = next((each for each in arguments if isinstance(each, bytes)), b"")
        protocol, name, carried = _carried(where, octets)
        own, peer = self._ends(where)
        ends = (peer, own) if inbound else (own, peer)
        return Message(line.get("frame"), line.get("at", 0.0) - self._start, protocol, *ends, name, carried)

    def _ends(self, where: Any) -> tuple[str, str]:
        if isinstance(where, Flow):
            _, host, port = self._listeners[min(where.listener, len(self._listeners) - 1)]
            return str(Endpoint(host, port)), str(Endpoint(where.host, where.port))
        return self._connections.get(where, ("gateway", str(where)))


class _Network:
    """The network of H.323 trunks as it was."""

    def __init__(self, calls: dict[str, Callable[..., Any]]) -> None:
        for name, call in calls.items():
            setattr(self, name, call)


def _carried(where: Any, octets: bytes) -> tuple[str, str, bytes]:
    """Protocol, name and octets of what is said: of a LAPD frame or an IUA message the Q.931 message in it."""
    if isinstance(where, Flow):
        return "sip", name_of("sip", octets), octets
    if isinstance(where, int):
        return _in_tpkt(octets)
    try:
        frame = lapd_frame.decode(octets)
    except DecodeError:
        return _in_iua(octets)
    if frame.kind in (Kind.I, Kind.UI) and frame.sapi == CALL_CONTROL_SAPI:
        return "q931", name_of("q931", frame.information), frame.information
    return "lapd", frame.kind.value, octets


def _in_tpkt(octets: bytes) -> tuple[str, str, bytes]:
    """The first message of those that came together; H.245 beside call signalling is only compared."""
    payload = octets[tpkt.HEADER : int.from_bytes(octets[2 : tpkt.HEADER], "big")]
    is_h225 = tpkt.is_h225(payload) and len(payload) >= tpkt.SHORTEST_MESSAGE
    return ("h225", name_of("h225", payload), payload) if is_h225 else ("h245", "?", octets)


def _in_iua(octets: bytes) -> tuple[str, str, bytes]:
    try:
        found = iua.iua_message(octets, "sctp")
    except DecodeError:
        found = None
    return ("link", "?", octets) if found is None else ("iua", name_of("iua", found.octets), found.octets)


def _differences(recorded: tuple[Any, ...], ours: tuple[Any, ...]) -> Iterator[str]:
    for one, other in zip_longest(recorded, ours):
        if isinstance(one, bytes) and isinstance(other, bytes) and one != other:
            yield _first_difference(one, other)
        elif one != other:
            yield f"recorded {one}, ours {other}"


def _first_difference(recorded: bytes, ours: bytes) -> str:
    for number, (one, other) in enumerate(zip(recorded.split(b"\r\n"), ours.split(b"\r\n"), strict=False), 1):
        if one != other:
            return f"line {number}: recorded {one[:200]!r}, ours {other[:200]!r}"
    return f"length: recorded {len(recorded)}, ours {len(ours)}"


def recording_of(scenario: Path) -> tuple[Path, RecordingDocument, Configuration]:
    """The recording beside a scenario file that `serve --record` wrote. Raises MappingError."""
    path = scenario / SCENARIO if scenario.is_dir() else scenario
    found = load(path, _Recorded)
    return path.parent, found.recording, configuration(path.parent / found.configuration)


class _Recorded(Table):
    """What of such a scenario file is needed to run it again."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    configuration: str
    recording: RecordingDocument
