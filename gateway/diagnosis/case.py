"""What a diagnosis says: the transfers of a recording with their messages, findings and media quality."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.interworking.observed import ObservedTransfer


class Severity(StrEnum):
    """ERROR: the transfer fails by it, or a call does; WARNING: it may; NOTE: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has found. `what` is a sentence for a person, `frames` are the evidence in the capture,
    `clause` is the place in the standard ("RFC 3515 §2.4.2") and `advice` what to do about it. `leg` is as in
    SeenMessage, `header` the header field that it is about, "" for none.
    """

    severity: Severity
    rule: str
    what: str
    frames: tuple[int, ...]
    clause: str
    advice: str
    leg: str = ""
    header: str = ""

    def as_document(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "severity": str(self.severity),
            "rule": self.rule,
            "what": self.what,
            "frames": list(self.frames),
            "leg": self.leg or None,
            "header": self.header or None,
            "clause": self.clause or None,
            "advice": self.advice or None,
        }


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message as it was seen: `time` in seconds since 1970, `source` and `destination` as in Signal.

    `protocol` is "sip", "q931" or "h225"; `title` is short ("INVITE", "200 OK", "FACILITY"); `text` is the whole
    message, decoded where it is no text. `leg` is the index of its leg in the transfer's `legs` ("0", "1", …), ""
    when it belongs to none. `is_transfer` marks the messages that make up the transfer itself.
    """

    frame: int
    time: float
    source: str
    destination: str
    protocol: str
    title: str
    text: str
    leg: str = ""
    is_transfer: bool = False

    def as_document(self) -> dict[str, Any]:
        """The JSON form, without the text."""
        return {
            "frame": self.frame,
            "time": round(self.time, 6),
            "source": self.source,
            "destination": self.destination,
            "protocol": self.protocol,
            "title": self.title,
            "leg": self.leg or None,
            "transfer": self.is_transfer,
        }


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """One RTP stream (one direction, one SSRC) in one `phase`: "before" or "after" the transfer's request.

    Times are seconds since 1970, jitter and gaps in seconds. `lost` counts what the sequence numbers miss, `jitter`
    is the mean and `jitter_most` the largest value of RFC 3550 §6.4.1, `gaps` how many silences there were that no
    sender meant, `longest_gap` the longest. `dscp` has each value seen. `encrypted` says that the session description
    negotiated SRTP. `reported_lost` (packets) and `reported_jitter` (seconds) come from the receiver's RTCP and are
    None when it sent none that could be read.
    """

    leg: str
    phase: str
    source: str
    destination: str
    ssrc: int
    codec: str
    encrypted: bool
    first: float
    last: float
    packets: int
    lost: int
    jitter: float | None
    jitter_most: float | None
    gaps: int
    longest_gap: float
    dscp: tuple[int, ...]
    reported_lost: int | None = None
    reported_jitter: float | None = None

    @property
    def loss(self) -> float:
        """The part of the packets that was lost, 0 to 1."""
        expected = self.packets + self.lost
        return self.lost / expected if expected and self.lost > 0 else 0.0

    def as_document(self) -> dict[str, Any]:
        """The JSON form; jitter and gaps in milliseconds, loss in per cent."""
        return {
            "leg": self.leg or None,
            "phase": self.phase,
            "source": self.source,
            "destination": self.destination,
            "ssrc": f"0x{self.ssrc:08x}",
            "codec": self.codec,
            "srtp": self.encrypted,
            "first": round(self.first, 6),
            "last": round(self.last, 6),
            "packets": self.packets,
            "lost": self.lost,
            "loss": round(self.loss * 100, 3),
            "jitter": _milliseconds(self.jitter),
            "jitter_most": _milliseconds(self.jitter_most),
            "gaps": self.gaps,
            "longest_gap": _milliseconds(self.longest_gap),
            "dscp": list(self.dscp),
            "rtcp": {"lost": self.reported_lost, "jitter": _milliseconds(self.reported_jitter)},
        }


@dataclass(frozen=True, slots=True)
class Case:
    """One transfer: every message of its legs in order of time, what was found, and its media."""

    transfer: ObservedTransfer
    messages: tuple[SeenMessage, ...]
    findings: tuple[Finding, ...] = ()
    quality: tuple[StreamQuality, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "transfer": self.transfer.as_document(),
            "findings": [finding.as_document() for finding in self.findings],
            "messages": [message.as_document() for message in self.messages],
            "quality": [stream.as_document() for stream in self.quality],
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A whole recording. `findings` belong to no transfer; `problems` are frames that could not be read, with why."""

    capture: str
    packets: int
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of every transfer, then those of none."""
        return (*(finding for case in self.cases for finding in case.findings), *self.findings)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is of severity error."""
        return any(finding.severity is Severity.ERROR for finding in self.all_findings)

    def as_document(self) -> dict[str, Any]:
        """The JSON form of the command `diagnose`."""
        return {
            "capture": self.capture,
            "packets": self.packets,
            "cases": [case.as_document() for case in self.cases],
            "findings": [finding.as_document() for finding in self.findings],
            "problems": [{"frame": frame, "what": what} for frame, what in self.problems],
        }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
