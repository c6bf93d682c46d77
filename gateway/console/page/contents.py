"""What the page shows, as JSON for its script: a line for each transfer, and each transfer whole."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from gateway.console.picture import Arrow, picture
from gateway.diagnosis.case import Case, Diagnosis, Finding, StreamQuality
from gateway.interworking.observed import LinkedLeg, ObservedTransfer

_PROBLEMS_SHOWN = 200

_MEDIA = (
    "leg",
    "when",
    "way",
    "codec",
    "SRTP",
    "packets",
    "lost",
    "jitter, mean and most",
    "gaps, longest",
    "DSCP",
    "RTCP: lost, jitter",
)
_EXPEDITED = 46


def as_index(diagnosis: Diagnosis) -> dict[str, Any]:
    """What is said of the recording, and the list of its transfers."""
    return {
        "packets": diagnosis.packets,
        "totals": _severities(diagnosis.all_findings),
        "transfers": [_entry(number, case) for number, case in enumerate(diagnosis.cases, 1)],
        "findings": [finding.as_document() for finding in diagnosis.findings],
        "problems": diagnosis.problems[:_PROBLEMS_SHOWN],
        "problem_count": len(diagnosis.problems),
    }


def as_transfer(case: Case) -> dict[str, Any]:
    """One transfer with its drawing, findings and media."""
    drawn = picture(case)
    start = case.messages[0].time if case.messages else 0.0
    return {
        "facts": list(_facts(case.transfer)),
        "legs": [_leg(linked) for linked in case.transfer.legs],
        "columns": drawn.columns,
        "arrows": [_arrow(arrow, start) for arrow in drawn.arrows],
        "findings": [finding.as_document() for finding in case.findings],
        "media": {"head": _MEDIA, "rows": [_stream(stream, case) for stream in case.quality]},
    }


def _entry(number: int, case: Case) -> dict[str, Any]:
    transfer = case.transfer
    return {
        "number": number,
        "kind": str(transfer.kind),
        "outcome": str(transfer.outcome),
        "status": transfer.status,
        "error": transfer.error,
        "transferor": transfer.transferor,
        "transferee": transfer.transferee,
        "target": transfer.target,
        "findings": _severities(case.findings),
    }


def _severities(findings: Iterable[Finding]) -> dict[str, int]:
    return dict(Counter(str(finding.severity) for finding in findings))


def _facts(transfer: ObservedTransfer) -> Iterator[tuple[str, str]]:
    for name in ("transferor", "transferee", "target"):
        yield name, getattr(transfer, name) or "unknown"
    if transfer.cause is not None:
        yield "cause", f"Q.850 {transfer.cause.value}"
    yield "requested", _clock(transfer.requested)
    for name, time in (("accepted after", transfer.accepted), ("final word after", transfer.final)):
        yield name, "never" if time is None else _seconds(time - transfer.requested)


def _leg(linked: LinkedLeg) -> dict[str, str]:
    leg = linked.leg
    return {
        "role": linked.role,
        "protocol": str(leg.protocol),
        "calling": leg.calling,
        "called": leg.called,
        "matched_by": linked.matched_by,
    }


def _arrow(arrow: Arrow, start: float) -> dict[str, Any]:
    message = arrow.message
    return {
        "frame": message.frame,
        "time": round(message.time - start, 6),
        "clock": _clock(message.time),
        "from": arrow.source,
        "to": arrow.destination,
        "source": message.source,
        "destination": message.destination,
        "protocol": message.protocol,
        "label": arrow.label,
        "title": message.title,
        "text": message.text,
        "leg": arrow.leg,
        "transfer": message.is_transfer,
        "silence": round(arrow.silence, 1),
        "pins": [pin.number for pin in arrow.pins],
    }


def _stream(stream: StreamQuality, case: Case) -> list[str]:
    role = case.transfer.legs[int(stream.leg)].role if stream.leg.isdecimal() else ""
    return [
        f"{int(stream.leg) + 1} {role}" if role else "",
        stream.phase,
        f"{stream.source} → {stream.destination}",
        stream.codec,
        "yes" if stream.encrypted else "no",
        str(stream.packets),
        f"{stream.lost} ({stream.loss:.1%})",
        f"{_milliseconds(stream.jitter)}, {_milliseconds(stream.jitter_most)}",
        f"{stream.gaps}, {_milliseconds(stream.longest_gap)}" if stream.gaps else "none",
        ", ".join(map(dscp_name, stream.dscp)),
        _reported(stream),
    ]


def _reported(stream: StreamQuality) -> str:
    if stream.reported_lost is None and stream.reported_jitter is None:
        return "none"
    lost = "?" if stream.reported_lost is None else str(stream.reported_lost)
    return f"{lost}, {_milliseconds(stream.reported_jitter)}"


def dscp_name(value: int) -> str:
    """The class and the value of a DSCP: EF (RFC 3246), AF (RFC 2597 §6), CS (RFC 2474 §4.2.2.2)."""
    group, drop = value >> 3, value & 7
    if value == _EXPEDITED:
        return "EF (46)"
    if not drop:
        return f"CS{group} ({value})"
    return f"AF{group}{drop // 2} ({value})" if 1 <= group <= 4 and drop in (2, 4, 6) else str(value)


def _clock(time: float) -> str:
    """The time of day as UTC; a capture's clock may say anything."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    except (OverflowError, OSError, ValueError):
        return f"{time:.6f}"


def _seconds(time: float) -> str:
    return f"{time:.3f} s"


def _milliseconds(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds * 1000:.1f} ms"
