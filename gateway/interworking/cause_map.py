"""The cause mapper: Q.850, SIP status, H.225.0 reason and ROSE error, each turned into the others.

The functions are total: every code that its standard allows has exactly one code out, and the answer names the
clause.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from gateway.interworking import cause_tables as tables
from gateway.interworking import rose_errors
from gateway.interworking.cause_profiles import DEFAULT_PROFILE, own_table
from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import Outcome, TransferEvent, TransferOutcome
from gateway.translators import dialect_named

SIP_DIALECTS = ("sip", "teams")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a code comes to: `code` (of an error with an OID its last arc), its name, the clause that says so, and for
    a Q.850 cause out of SIP the location to send with it.
    """

    code: int
    name: str
    source: str
    location: Location | None = None

    def document(self) -> dict[str, int | str]:
        """The three fields that scripts rely on."""
        return {"code": self.code, "name": self.name, "source": self.source}


def cause_name(cause: int) -> str:
    """Name of a Q.850 cause value (1..127)."""
    return tables.names().q850.get(cause, f"unassigned cause value {cause}")


def status_name(status: int) -> str:
    """Reason phrase of a SIP status (100..699)."""
    return tables.names().sip.get(status, f"Unassigned {status // 100}xx")


def reason_index(reason: str | int) -> int:
    """Index of an H.225.0 ReleaseCompleteReason in its CHOICE. Raises GatewayError when there is no such reason."""
    return tables.h225().reasons[reason_name(reason)].index


def reason_name(reason: str | int) -> str:
    """Name of an H.225.0 ReleaseCompleteReason given by name or index. Raises GatewayError when there is none."""
    for name, row in tables.h225().reasons.items():
        if reason in (name, row.index, str(row.index)):
            return name
    raise GatewayError(f"no H.225.0 ReleaseCompleteReason {reason!r}")


@lru_cache
def cause_map(profile: str = DEFAULT_PROFILE, overrides: Path | None = None) -> "CauseMap":
    """The cause map of `profile`, with a trunk's own table on top of it.

    `profile` may be the path of such a table too (it ends in .yaml): that lies on the profile it is `based_on`.
    Raises GatewayError for a profile that does not exist, MappingError for a table that is wrong.
    """
    if own := own_table(profile):
        return cause_map(tables.base_of(own) or DEFAULT_PROFILE, own)
    return CauseMap(profile, tables.rules(profile, overrides))


@dataclass(frozen=True, slots=True)
class CauseMap:
    """One profile's tables, asked by code."""

    profile: str
    rules: tables.Rules

    def q850_to_sip(self, cause: int, location: Location | None = None, diagnostics: bytes = b"") -> Mapped:
        """SIP status of a Q.850 cause (1..127). `diagnostics` of cause 22 hold the new number: 301 then wants
        a Contact made of it. Raises GatewayError for a cause out of range.
        """
        _within(cause, 1, 127, "Q.850 cause")
        side = self.rules.status
        row, source = side.rows.get(cause, (tables.StatusRow(), ""))
        if row.status is None:
            return _status(side.of_class.get(cause >> 4, side.default), f"{side.source} (default)")
        if diagnostics and row.with_diagnostics:
            return _status(row.with_diagnostics, source)
        return _status(row.at(location) or row.status, source)

    def sip_to_q850(self, status: int, reason_cause: int | None = None, warnings: Iterable[int] = ()) -> Mapped:
        """Q.850 cause, with the location to send, of a final SIP response (300..699).

        `reason_cause` is the cause of a Q.850 Reason header: it wins when the profile prefers it and it is one
        (RFC 6432). `warnings` are warn-codes. Raises GatewayError for a status out of range.
        """
        _within(status, 300, 699, "final SIP status")
        side, location = self.rules.cause, self.rules.location[status // 100]
        if self.rules.prefer_reason and _is_cause(reason_cause):
            return _cause(reason_cause or 0, "RFC 6432 (Reason header)", location)
        row, source = side.rows.get(status, (tables.CauseRow(), ""))
        if row.cause is None:
            return _cause(side.default, f"{side.source} (default)", location)
        return _cause(row.warned(warnings) or row.cause, source, location)

    def clearing_to_q850(self, reasons: Iterable[tuple[str, int]] = ()) -> Mapped:
        """Q.850 cause of a BYE or CANCEL with these Reason values (protocol, cause), in order (RFC 3326).

        Of two values of one protocol the first counts, Q.850 goes before SIP; a value out of range is not there.
        """
        first: dict[str, int] = {}
        for protocol, code in reasons:
            first.setdefault(protocol.upper(), code)
        if _is_cause(first.get("Q.850")):
            return _cause(first["Q.850"], "RFC 3326 (Reason header)")
        if 300 <= first.get("SIP", 0) <= 699:
            return self.sip_to_q850(first["SIP"])
        return _cause(self.rules.clearing.cause, self.rules.clearing.source)

    def h225_to_q850(self, reason: str | int) -> Mapped:
        """Q.850 cause of a ReleaseCompleteReason, by name or index. Raises GatewayError when there is no such."""
        row = tables.h225().reasons[reason_name(reason)]
        return _cause(row.cause, row.source)

    def h225_to_sip(self, reason: str | int) -> Mapped:
        """SIP status of a ReleaseCompleteReason; by its cause where the table has no status."""
        row = tables.h225().reasons[reason_name(reason)]
        return self.q850_to_sip(row.cause) if row.status is None else _status(row.status, row.source)

    def q850_to_h225(self, cause: int) -> Mapped:
        """ReleaseCompleteReason (`code` is its index) of a Q.850 cause."""
        _within(cause, 1, 127, "Q.850 cause")
        return _reason(tables.h225().from_q850, cause)

    def sip_to_h225(self, status: int) -> Mapped:
        """ReleaseCompleteReason of a final SIP response."""
        _within(status, 300, 699, "final SIP status")
        return _reason(tables.h225().from_sip, status)

    def rose_error(self, error: str | int, dialect: str = "", rejected: bool = False) -> tuple[Mapped, Mapped]:
        """SIP status and Q.850 cause of a ROSE error (with `rejected`: problem) that ends the transfer.

        Total: what nobody knows has the default. Whether another way is tried first: `rose_errors.failure`.
        """
        found = rose_errors.failure(error, dialect, rejected)
        return _status(found.status, found.source), _cause(found.cause, found.source)

    def sip_to_rose_error(self, status: int, dialect: str = "qsig") -> Mapped:
        """The error by which `dialect` says a final SIP status. Raises GatewayError for a dialect without ROSE."""
        _within(status, 300, 699, "final SIP status")
        name = rose_errors.error_for_status(status, dialect)
        return Mapped(rose_errors.identified(name, dialect)[0], name, tables.rose().source)

    def complete(self, event: TransferEvent, toward: str, origin: str = "") -> TransferEvent:
        """`event` with what the dialect `toward` says of an outcome and the dialect `origin` did not: status and
        cause out of the error, the error out of the status. Other events come back as they are.

        Raises GatewayError when there is no dialect `toward`.
        """
        if not isinstance(event, TransferOutcome) or event.outcome is Outcome.PENDING:
            return event
        if toward in rose_errors.dialects():
            return event if event.outcome is Outcome.SUCCEEDED else self._with_error(event, toward, origin)
        return self._with_status(event, origin) if _is_sip(toward) else event

    def _with_status(self, event: TransferOutcome, origin: str) -> TransferOutcome:
        if event.status is not None:
            return event
        if event.outcome is Outcome.SUCCEEDED:
            return replace(event, status=200, reason=event.reason or status_name(200))
        status, cause = self._final(event, origin)
        return replace(event, status=status, cause=cause, reason=event.reason or status_name(status))

    def _final(self, event: TransferOutcome, origin: str) -> tuple[int, Cause]:
        """Final status and cause of a failure without status: the cause of the call to the target goes first."""
        if event.cause is not None and _is_cause(event.cause.value):
            mapped = self.q850_to_sip(event.cause.value, event.cause.location, event.cause.diagnostics)
            return mapped.code, event.cause
        found = rose_errors.failure(event.error, origin, event.rejected)
        return found.status, Cause(found.cause)

    def _with_error(self, event: TransferOutcome, toward: str, origin: str) -> TransferOutcome:
        if event.rejected and event.error:
            return _respelt(event, rose_errors.problem_spelling(event.error, toward))
        if own := rose_errors.spelling(event.error, toward):
            return _respelt(event, own)
        status = event.status if event.status and event.status >= 300 else self._final(event, origin)[0]
        mapped = self.sip_to_q850(status)
        cause = event.cause or Cause(mapped.code, mapped.location)
        return replace(event, error=rose_errors.error_for_status(status, toward), cause=cause)


def _is_sip(name: str) -> bool:
    """Ours are known without being loaded."""
    return name in SIP_DIALECTS or dialect_named(name).protocol is SignallingProtocol.SIP


def _respelt(event: TransferOutcome, error: str) -> TransferOutcome:
    return event if error == event.error else replace(event, error=error)


def _is_cause(value: int | None) -> bool:
    return value is not None and 1 <= value <= 127


def _within(code: int, low: int, high: int, what: str) -> None:
    if not low <= code <= high:
        raise GatewayError(f"{code} is no {what} ({low}..{high})")


def _status(status: int, source: str) -> Mapped:
    return Mapped(status, status_name(status), source)


def _cause(cause: int, source: str, location: Location | None = None) -> Mapped:
    return Mapped(cause, cause_name(cause), source, location)


def _reason(table: tables.ReasonOfCause | tables.ReasonOfStatus, code: int) -> Mapped:
    name = table.rows.get(code, table.default)
    source = table.source if code in table.rows else f"{table.source} (default)"
    return Mapped(reason_index(name), name, source)
