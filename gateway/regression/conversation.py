"""What a scenario looks at: the messages of a recording, or those of an active replay of it."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from gateway.capture.replay import COUNTED, no_collections, replay
from gateway.capture.signals import signals
from gateway.configuration import Configuration
from gateway.engine.engine import Engine
from gateway.engine.signal import Signal
from gateway.model.errors import GatewayError
from gateway.regression.message import Message, of_signal
from gateway.regression.played import Played
from gateway.regression.playing import play
from gateway.regression.recorded import play_recording
from gateway.regression.scenario import Scenario

Document = dict[str, Any]


class Conversation(Protocol):
    """`counts` are by protocol and name, each request once; `transfers` the documents of `refergate replay`, with the
    frames of the recording; `problems` sentences with their frames, 0 for none.
    """

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything that was said, in order of time."""

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How often each message came."""

    @property
    def transfers(self) -> list[Document]:
        """What was found in the messages."""

    @property
    def problems(self) -> list[tuple[int, str]]:
        """What could not be read or played."""

    @property
    def played(self) -> Played | None:
        """The active replay, None when nobody was played."""

    def is_ours(self, message: Message) -> bool:
        """Whether a host that refergate plays has sent it."""

    def frame(self, message: Message) -> int:
        """The frame of the recording that it is, or that it stands for; 0 for none."""


def conversation(capture: Path, found: Scenario, configuration: Configuration | None) -> Conversation:
    """What comes of a scenario. Raises GatewayError when its capture is no good."""
    if found.recording is not None and configuration is not None:
        return Replayed(play_recording(capture.parent, found.recording, configuration))
    if not found.hosts:
        return Recorded(capture)
    return Replayed(play(capture, found.hosts, configuration, seed=found.seed))


class Recorded:
    """A recording as it is."""

    played = None

    def __init__(self, capture: Path) -> None:
        self._capture = capture
        document = replay(capture).as_document()
        self.counts: dict[str, dict[str, int]] = document["messages"]
        self.transfers: list[Document] = document["transfers"]
        self.problems: list[tuple[int, str]] = [(each["frame"], each["what"]) for each in document["problems"]]

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """In one more reading, because most scenarios do not ask for them."""
        every = list(signals(self._capture, lambda _: None))
        return tuple(of_signal(each, every[0].time) for each in every)

    def is_ours(self, _: Message) -> bool:
        """Nobody is played."""
        return False

    def frame(self, message: Message) -> int:
        """Every message has one."""
        return message.frame or 0


class Replayed:
    """What was said when refergate played its part."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.messages = played.said
        self._ours = {id(message) for message in played.sent}
        self._frames = _frames(played)
        self.problems = [(0, each) for each in played.problems]
        self.counts, self.transfers = self._found()

    def is_ours(self, message: Message) -> bool:
        """Whether refergate has sent it."""
        return id(message) in self._ours

    def frame(self, message: Message) -> int:
        """The frame of the recording that it is, or that it stands for; 0 for none."""
        return message.frame or self._frames.get(id(message), 0)

    def _found(self) -> tuple[dict[str, dict[str, int]], list[Document]]:
        engine = Engine()
        with no_collections():
            for signal in _signals(self.messages):
                try:
                    engine.take(signal)
                except GatewayError as error:
                    self.problems.append((self.frame(self.messages[signal.frame - 1]), str(error)))
            engine.finish()
        counts = {protocol: dict(engine.tally.once.get(protocol, {})) for protocol in COUNTED}
        return counts, [self._document(transfer.as_document()) for transfer in engine.transfers]

    def _document(self, transfer: Document) -> Document:
        frames = {self.frame(self.messages[number - 1]) for number in transfer["frames"]}
        return {**transfer, "frames": sorted(frames - {0})}


def _frames(played: Played) -> dict[int, int]:
    """The frame that the recorded host sent in place of each message of ours."""
    pairs = ((each.ours, each.recorded) for each in played.compared)
    return {id(ours): recorded.frame or 0 for ours, recorded in pairs if ours and recorded}


def _signals(messages: Iterable[Message]) -> Iterator[Signal]:
    """As if they had been recorded; frames count the messages."""
    for number, message in enumerate(messages, 1):
        source, destination, link, transport = message.source, message.destination, "", "udp"
        protocol = message.protocol
        if source.startswith("lapd:"):
            link, _, source = source.rpartition(":")
            destination, transport = destination.rpartition(":")[2], "lapd"
        elif protocol == "iua":
            link, protocol, transport = "iua:" + "-".join(sorted((source, destination))), "q931", "sctp"
        yield Signal(number, message.time, protocol, message.octets, source, destination, transport, link)
