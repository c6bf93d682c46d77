"""Active replay: the gateway in the place of a host of a recording, on a virtual clock."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from gateway.capture.replay import no_collections
from gateway.capture.signals import Problem, Reading
from gateway.configuration import Configuration
from gateway.engine.signal import Signal
from gateway.isdn.q931 import MessageType
from gateway.model.errors import DecodeError, GatewayError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.deduction import configured, deduced, without_links
from gateway.regression.endpoints import Hosts
from gateway.regression.h323_part import H323Part
from gateway.regression.h323_tape import PROTOCOLS, H323Entry, H323Tape, h323_entry_of
from gateway.regression.isdn_part import IsdnPart
from gateway.regression.isdn_tape import IsdnEntry, IsdnTape, isdn_entry_of
from gateway.regression.message import Message
from gateway.regression.played import Played
from gateway.regression.readiness import Readiness
from gateway.regression.sip_deduction import SipPeers
from gateway.regression.sip_part import SipPart
from gateway.regression.sip_tape import Entry, Tape, entry_of
from gateway.regression.stage import Stage

__all__ = ["Compared", "Message", "Played", "Verdict", "configuration_of", "play"]

PATIENCE = 4.0
"""Virtual seconds for which a message that has to wait holds back those behind it."""
AnyEntry = Entry | IsdnEntry | H323Entry
_LONGEST_GAP = 12 * 3600.0
"""Seconds."""
_AFTER = 1.0
"""Virtual seconds after the last packet: what the gateway says a little later than the played host."""


class Recording:
    """A capture file as the played hosts saw it."""

    def __init__(self, capture: Path, hosts: Sequence[str]) -> None:
        self.hosts = Hosts(tuple(hosts))
        self.problems: list[Problem] = []
        self.epoch = 0.0
        self._sip: list[Entry] = []
        self._isdn: list[IsdnEntry] = []
        self._h323: list[H323Entry] = []
        self._others: set[str] = set()
        with no_collections():
            self._read(Reading(capture, self.problems.append, beside=True))
        self.sip = Tape(self._sip)
        self.isdn = IsdnTape(self._isdn)
        self.h323 = H323Tape(self._h323)

    def _read(self, reading: Iterable[Signal]) -> None:
        signals = sorted(reading, key=lambda signal: (signal.time, signal.frame))
        self.epoch = signals[0].time if signals else 0.0
        for signal in self._without_gaps(signals):
            try:
                self._take(signal)
            except DecodeError as error:
                self.problems.append(Problem(signal.frame, str(error)))

    def _without_gaps(self, signals: list[Signal]) -> Iterator[Signal]:
        """No timer of a call is as long as a gap that a clock set in between, or a damaged file, can make."""
        before, left_out = self.epoch, 0.0
        for signal in signals:
            gap = signal.time - before
            before = signal.time
            if gap > _LONGEST_GAP:
                left_out += gap - _LONGEST_GAP
                what = f"nothing for {gap / 3600:.0f} hours before it, played as {_LONGEST_GAP / 3600:.0f}"
                self.problems.append(Problem(signal.frame, what))
            yield signal._replace(time=signal.time - left_out) if left_out else signal

    def _take(self, signal: Signal) -> None:
        if signal.protocol == "sip":
            entry = entry_of(signal, self.epoch, self.hosts)
            if entry is not None:
                self._sip.append(entry)
        elif signal.protocol == "q931":
            other = isdn_entry_of(signal, self.epoch, self.hosts)
            if other is not None:
                self._isdn.append(other)
        elif signal.protocol in PROTOCOLS:
            third = h323_entry_of(signal, self.epoch, self.hosts)
            if third is not None:
                self._h323.append(third)
        elif signal.protocol not in self._others:
            self._others.add(signal.protocol)
            self.problems.append(Problem(signal.frame, f"{signal.protocol} is not played (said once)"))

    def frames_of_calls(self, *, is_ours: bool) -> list[int]:
        """The frames of INVITE and SETUP that the played hosts sent, or got."""
        calls: list[AnyEntry] = [each for each in self.h323.entries if each.is_setup]
        calls += (each for each in self.sip.entries if each.is_initial and each.message.method == "INVITE")
        calls += (each for each in self.isdn.entries if each.message.message_type is MessageType.SETUP)
        return sorted({each.frame for each in calls if each.is_ours is is_ours})

    def answered_calls(self) -> list[tuple[int, int]]:
        """The frames of INVITE and 200, or SETUP and CONNECT, of each call that the played hosts have answered."""
        finals = {each.transaction: each.frame for each in self.sip.entries if 200 <= each.message.status < 300}
        asked = (each for each in self.sip.entries if each.is_initial and each.message.method == "INVITE")
        theirs = (each for each in asked if not each.is_ours and not each.is_copy)
        found = [(each.frame, finals[each.transaction]) for each in theirs if each.transaction in finals]
        return found + self.h323.answered()

    @property
    def is_gatekeeper(self) -> str:
        """What is to be said of a gatekeeper; "" for whoever is none."""
        frame = self.h323.frame_as_gatekeeper()
        return f"{self.hosts} is a gatekeeper (frame {frame}): a gateway registers with one" if frame else ""

    def configuration(self) -> dict[str, Any]:
        """gateway.yaml for the played hosts. Raises GatewayError."""
        if self.is_gatekeeper and not (self.sip.entries or self.isdn.entries or self.h323.setups):
            raise GatewayError(self.is_gatekeeper)
        return deduced(self.sip, self.isdn, self.h323, self.hosts)


class _Part(Protocol):
    """What plays the messages of one protocol."""

    sent: list[Message]
    received: list[Message]

    def readiness(self, entry: Any) -> Readiness:
        """Whether the message can be fed in now."""

    def leave_out(self, entry: Any) -> None:
        """It is not fed in."""

    def feed(self, entry: Any) -> None:
        """The gateway gets it."""


def configuration_of(capture: Path, hosts: Sequence[str]) -> dict[str, Any]:
    """The configuration that `play` deduces, as a document for gateway.yaml. Raises as `play` does."""
    return Recording(capture, hosts).configuration()


def play(capture: Path, hosts: Sequence[str], configuration: Configuration | None = None, *, seed: int = 0) -> Played:
    """Plays `capture` with the gateway in the place of `hosts`: addresses, "address:port", or a side of a D channel
    ("network", "user"). Without a configuration one is deduced from the recording. The same `seed` gives the same
    octets.

    Raises DecodeError when the file is no capture, GatewayError when it has nothing that these hosts could be played
    in.
    """
    recording = Recording(capture, hosts)
    if not (recording.sip.entries or recording.isdn.entries or recording.h323.entries):
        raise GatewayError(f"no signalling to or from {recording.hosts} that could be played", where=str(capture))
    settings = configuration or configured(recording.configuration())
    return _Playing(recording, settings, seed).run()


class _Playing:
    """One run."""

    def __init__(self, recording: Recording, configuration: Configuration, seed: int) -> None:
        self._recording = recording
        self._problems = [_said(each) for each in recording.problems]
        names = SipPeers(recording.sip).names()
        self._stage = Stage(without_links(configuration), seed=str(seed), epoch=recording.epoch, names=names)
        self._sip = SipPart(recording.sip, self._stage, self._problems)
        self._isdn = IsdnPart(recording.isdn, self._stage, configuration, self._problems)
        self._h323 = H323Part(recording.h323, self._stage, configuration, self._problems)
        self._held: list[AnyEntry] = []
        self._said = 0
        self._stage.sent, self._stage.frame_sent = self._sip.take, self._isdn.take

    def run(self) -> Played:
        """From the first packet to a moment after the last."""
        stage = self._stage
        stage.start()
        self._isdn.start()
        recording = self._recording
        entries: list[AnyEntry] = [*recording.sip.entries, *recording.isdn.entries, *recording.h323.entries]
        for entry in sorted(entries, key=lambda each: (each.time, each.frame)):
            self._advance(entry.time)
            if not entry.is_ours:
                self._held.append(entry)
                self._feed_what_is_ready()
        self._play_what_is_left()
        for entry in self._held:
            self._part(entry).leave_out(entry)
        return self._played()

    def _play_what_is_left(self) -> None:
        """Of what is still held back some waits for what never comes to be said: it need not."""
        end = self._stage.now + PATIENCE
        self._advance(self._stage.now + _AFTER)
        while self._held and self._stage.now <= end:
            self._said = -1
            self._feed_what_is_ready()
            self._advance(self._stage.now + _AFTER)

    def _advance(self, until: float) -> None:
        """Time goes by; what was held back is fed in as soon as it can be."""
        while self._held and self._stage.step(until):
            self._feed_what_is_ready()
        self._stage.advance(until)

    def _feed_what_is_ready(self) -> None:
        """Each message in order; one that has to wait holds back what follows it in its call, for a while."""
        fed = True
        while fed and self._held:
            fed = False
            waiting: set[object] = set()
            for entry in self._worth_a_look():
                part = self._part(entry)
                ready = Readiness.WAIT if entry.order in waiting else part.readiness(entry)
                if ready is Readiness.WAIT:
                    if entry.order and self._stage.now - entry.time < PATIENCE:
                        waiting.add(entry.order)
                    continue
                self._held.remove(entry)
                (part.feed if ready is Readiness.READY else part.leave_out)(entry)
                fed = fed or ready is Readiness.READY

    def _worth_a_look(self) -> list[AnyEntry]:
        """What is held back: all of it when the gateway has said something since, else what came of late."""
        said = len(self._sip.sent) + len(self._isdn.sent) + self._h323.said
        everything, self._said = said != self._said, said
        if everything:
            return list(self._held)
        return list(takewhile(lambda each: self._stage.now - each.time <= PATIENCE, reversed(self._held)))[::-1]

    def _part(self, entry: AnyEntry) -> _Part:
        if isinstance(entry, H323Entry):
            return self._h323
        return self._sip if isinstance(entry, Entry) else self._isdn

    def _played(self) -> Played:
        stage = self._stage
        compared = self._sip.matching.compared() + self._isdn.compared() + self._h323.compared()
        problems = [*self._problems, *_what_cannot_be_played(self._recording)]
        problems += [f"nobody knows where {host} is" for host in sorted(stage.unknown_hosts)]
        problems += [f"fault: {each['reason']}" for each in stage.events if each["event"] == "fault"]
        return Played(
            tuple(sorted(compared, key=_time)),
            _in_time(self._sip.sent, self._isdn.sent, self._h323.sent),
            _in_time(self._sip.received, self._isdn.received, self._h323.received),
            tuple(stage.records),
            tuple(problems),
            tuple(stage.events),
            tuple(stage.said),
        )


def _what_cannot_be_played(recording: Recording) -> list[str]:
    """What a gateway does not do: be a gatekeeper, or a phone."""
    if recording.is_gatekeeper:
        return [recording.is_gatekeeper]
    return _calls_of_its_own(recording)


def _calls_of_its_own(recording: Recording) -> list[str]:
    """Calls that the host made by itself, and calls that it answered itself: a phone, no gateway."""
    placed, taken = recording.frames_of_calls(is_ours=True), recording.frames_of_calls(is_ours=False)
    answered = recording.answered_calls()
    if placed and not taken:
        frames = ", ".join(map(str, placed[:3]))
        return [f"{recording.hosts} places calls by itself (frame {frames}): a gateway passes calls on"]
    alone = [first for first, last in answered if not any(first < frame < last for frame in placed)]
    if (taken and not placed) or (answered and len(alone) == len(answered)):
        frame = (alone or taken)[0]
        return [f"{recording.hosts} answers calls itself (frame {frame}): a phone; a gateway passes calls on"]
    return []


def _said(problem: Problem) -> str:
    return f"frame {problem.frame}: {problem.what}" if problem.frame else problem.what


def _in_time(*messages: list[Message]) -> tuple[Message, ...]:
    return tuple(sorted((each for some in messages for each in some), key=lambda each: each.time))


def _time(compared: Compared) -> float:
    told = compared.recorded or compared.ours
    return told.time if told else 0.0
