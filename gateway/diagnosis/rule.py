"""A rule of the diagnosis: looks at a transfer, or at the whole recording, and yields findings."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.diagnosis.case import Finding, Severity

if TYPE_CHECKING:
    from gateway.diagnosis.recording import Recording
    from gateway.diagnosis.scene import Scene
    from gateway.diagnosis.sight import Sight

LookAtTransfer = Callable[["Scene"], Iterable[Finding]]
LookAtRecording = Callable[["Recording"], Iterable[Finding]]


class Rule:
    """`name` is printed with each finding; `clause` is the place in the standard that most of them refer to.

    A module of a rule makes one, and decorates with `transfer` the function that looks at each transfer, or with
    `recording` one that looks at all that belongs to no transfer. An outside package names its Rule as an entry point
    of the group `refergate.rules`.
    """

    def __init__(self, name: str, clause: str = "") -> None:
        self.name = name
        self.clause = clause
        self.at_transfer: LookAtTransfer | None = None
        self.at_recording: LookAtRecording | None = None

    def transfer(self, look: LookAtTransfer) -> LookAtTransfer:
        """Decorator: `look` is called with the Scene of each transfer."""
        self.at_transfer = look
        return look

    def recording(self, look: LookAtRecording) -> LookAtRecording:
        """Decorator: `look` is called once with the Recording."""
        self.at_recording = look
        return look

    def error(self, what: str, evidence: "Evidence", advice: str, **more: str) -> Finding:
        """Something by which a transfer or a call fails."""
        return self._finding(Severity.ERROR, what, evidence, advice, **more)

    def warning(self, what: str, evidence: "Evidence", advice: str, **more: str) -> Finding:
        """Something that breaks the standard or is likely to fail elsewhere."""
        return self._finding(Severity.WARNING, what, evidence, advice, **more)

    def note(self, what: str, evidence: "Evidence", advice: str = "", **more: str) -> Finding:
        """Something worth knowing."""
        return self._finding(Severity.NOTE, what, evidence, advice, **more)

    def _finding(
        self,
        severity: Severity,
        what: str,
        evidence: "Evidence",
        advice: str,
        clause: str = "",
        header: str = "",
        leg: str = "",
    ) -> Finding:
        sights = [each for each in evidence if not isinstance(each, int)]
        frames = tuple(dict.fromkeys(each if isinstance(each, int) else each.frame for each in evidence))
        leg = leg or (sights[0].leg if sights else "")
        return Finding(severity, self.name, what, frames, clause or self.clause, advice, leg, header)


Evidence = Iterable["Sight | int"]
"""Messages, or the numbers of frames."""
