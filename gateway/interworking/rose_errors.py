"""Errors and problems of ROSE by name, value and spelling, over `mappings/causes/rose.yaml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from gateway.interworking.cause_tables import Consequence, ErrorOfStatus, Fallback, RoseError, RoseProblem, rose
from gateway.model.errors import GatewayError

_VALUE = re.compile(r"([0-9]{1,10}\.)*[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error or a Reject comes to when it is the end of the transfer: final status for the transferor and
    Q.850 cause; and before that, whether another way is tried first ("first", "once" or "none").
    """

    status: int
    cause: int
    fallback: Fallback
    source: str


@lru_cache(1024)
def failure(error: str | int, dialect: str = "", rejected: bool = False) -> Failure:
    """What `error` (name, value or OID) of `dialect` comes to; with `rejected` it names a problem.

    Total: an error that nobody knows has the default of the table.
    """
    table = rose()
    known = _entry(error, dialect, rejected)
    found = known or table.default
    source = table.source if known else f"{table.source} (default)"
    status = found.by_dialect.get(dialect, found.status) if isinstance(found, RoseError) else found.status
    return Failure(status, found.cause, found.fallback, source)


def timeout() -> Failure:
    """What an invoke without answer (T1, T3, T-RESPONSE) comes to."""
    table = rose()
    return Failure(table.timeout.status, table.timeout.cause, table.timeout.fallback, table.source)


def error_for_status(status: int, dialect: str) -> str:
    """Name, in the spelling of `dialect`, of the error that says a final SIP status.

    Raises GatewayError when the dialect has no errors.
    """
    table = _of_dialect(dialect)
    return table.rows.get(status, table.default)


def spelling(error: str | int, dialect: str) -> str | None:
    """`error` (name, value or OID) as `dialect` spells it; None when the dialect may not send it."""
    return _spellings(dialect).get(_number(error))


def problem_spelling(problem: str, dialect: str) -> str:
    """`problem` as `dialect` spells it; what nobody knows stays as it is."""
    title, row = _problems().get(_folded(problem), (problem, None))
    return row.in_h450 or title if row is not None and dialect == "h4502" else title


def identified(error: str | int, dialect: str = "") -> tuple[int, str]:
    """Code and name, as `dialect` spells it, of an error or problem that is given by name, value or OID.

    A value that nobody knows is its own code: there it is the default of the table that counts. Raises GatewayError
    for a name that nobody knows.
    """
    if known := _of(error, dialect):
        return known[1].code, spelling(error, dialect) or known[0]
    if problem := _problems().get(_folded(error)):
        return problem[1].value, problem_spelling(str(error), dialect)
    if _VALUE.fullmatch(str(error)):
        return int(str(error).rpartition(".")[2]), f"unknown error {error}"
    raise GatewayError(f"no {'H.450' if dialect == 'h4502' else 'ROSE'} error {error!r}")


def same(error: str | int, dialect: str, other: str) -> tuple[int, str] | None:
    """Code and name in the dialect `other` of an error or problem of `dialect`; None when it does not exist there."""
    known = _of(error, dialect)
    there = spelling(error, other) if other else known and known[0]
    if there or (known is None and _folded(error) in _problems()):
        return identified(there or error, other)
    return None


def errors_of(dialect: str) -> tuple[str, ...]:
    """The errors that `dialect` may send, in its spelling."""
    return _of_dialect(dialect).errors


def dialects() -> tuple[str, ...]:
    """The dialects that have errors of ROSE."""
    return tuple(rose().dialects)


def _entry(error: str | int, dialect: str, rejected: bool) -> Consequence | None:
    """The row of an error or problem of this name; where it names both, `rejected` tells which is meant."""
    problem, known = _problems().get(_folded(error)), _of(error, dialect)
    meant = problem or known if rejected else known or problem
    return meant[1] if meant else None


def _of(error: str | int, dialect: str) -> tuple[str, RoseError] | None:
    """Title and row of an error that `dialect` ("": any) may know."""
    known = _errors().get(_folded(error))
    return known if known and (not dialect or known[1].only in ("", dialect)) else None


def _number(error: str | int) -> int | str | None:
    known = _errors().get(_folded(error))
    return known[1].value if known else None


def _folded(error: str | int) -> str:
    """Names differ between standards in s and z and in capitals only."""
    return str(error).lower().replace("z", "s")


@cache
def _errors() -> Mapping[str, tuple[str, RoseError]]:
    """Every error by each of its spellings, by its value and by its code."""
    table = rose().errors.items()
    return {_folded(key): (title, row) for title, row in table for key in (title, row.value, row.code, *row.also)}


@cache
def _problems() -> Mapping[str, tuple[str, RoseProblem]]:
    """Every problem by both of its names."""
    table = rose().problems.items()
    return {_folded(key): (title, row) for title, row in table for key in (title, row.in_h450 or title)}


@cache
def _spellings(dialect: str) -> Mapping[int | str | None, str]:
    table = rose().dialects.get(dialect)
    return {_number(title): title for title in table.errors} if table else {}


def _of_dialect(dialect: str) -> ErrorOfStatus:
    try:
        return rose().dialects[dialect]
    except KeyError:
        raise GatewayError(
            f"dialect {dialect!r} has no ROSE errors; those that have: {', '.join(dialects())}"
        ) from None
