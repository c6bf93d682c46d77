"""Diagnosis of a recording: read it, look at each transfer with every rule, tell what was found."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gateway.capture.replay import no_collections
from gateway.diagnosis.case import Case, Diagnosis, Finding, Severity
from gateway.diagnosis.media import read_media
from gateway.diagnosis.quality import quality_of
from gateway.diagnosis.recording import Recording, read
from gateway.diagnosis.rules import rules
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.seen_messages import messages_of

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

Report = Callable[[int, str], None]


def diagnose(
    path: Path,
    progress: Callable[[int], None] | None = None,
    keep: Callable[[object], None] | None = None,
) -> Diagnosis:
    """What the capture at `path` shows of each transfer, what went wrong in it, and how the media fared.

    `progress` hears of the octets read so far. `keep` gets what was read, which takes its time to take apart: whoever
    ends with the answer may as well hold it. Raises DecodeError when the file is no capture.
    """
    with no_collections():
        recording = read(path, progress)
        problems: list[tuple[int, str]] = [(problem.frame, problem.what) for problem in recording.problems]
        scenes = [Scene(transfer, recording) for transfer in recording.transfers]
        _listen(path, recording, scenes)
        cases = tuple(_case(scene, lambda frame, what: problems.append((frame, what))) for scene in scenes)
        findings = tuple(_sorted(_outside(recording)))
    if keep is not None:
        keep((recording, scenes))
    return Diagnosis(str(path), recording.packets, cases, findings, tuple(problems))


def _listen(path: Path, recording: Recording, scenes: Iterable[Scene]) -> None:
    """The media of all transfers, from the tape or in one more reading; none when no packet can be of any."""
    if not recording.has_other_packets:
        return
    sockets = {each.socket for scene in scenes for call in scene.talks for each in call.announced}
    if not sockets:
        return
    media = recording.tape.media(sockets) if recording.tape else read_media(path, sockets)
    for scene in scenes:
        scene.media = media


def _case(scene: Scene, report: Report) -> Case:
    findings = tuple(_sorted(_found(scene, report)))
    quality = quality_of(scene) if scene.media.flows else ()
    return Case(scene.transfer, messages_of(scene), findings, quality)


def _found(scene: Scene, report: Report) -> Iterator[Finding]:
    for rule in rules():
        if rule.at_transfer is None:
            continue
        try:
            yield from rule.at_transfer(scene)
        except Exception as error:
            first = scene.transfer.frames[0] if scene.transfer.frames else 0
            report(first, f"rule {rule.name} failed: {type(error).__name__}: {error}")


def _outside(recording: Recording) -> Iterator[Finding]:
    for rule in rules():
        if rule.at_recording is not None:
            yield from rule.at_recording(recording)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; within a severity in the order of the rules."""
    return sorted(findings, key=lambda finding: _ORDER[finding.severity])
