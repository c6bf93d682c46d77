"""Reasons of a redirection in ISDN, ISUP, Diversion and History-Info (`mappings/numbers/redirecting.yaml`)."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from pydantic import model_validator

from gateway.tables import Key, Table, load, refuse, repeated

Numbering = Literal["isdn", "isup", "history"]
UNKNOWN = "unknown"
_NUMBERINGS: tuple[Numbering, ...] = ("isdn", "isup", "history")


class ReasonCode(Table):
    """A reason in one numbering: the code that is sent, and others that are read as the same."""

    send: int
    accept: tuple[int, ...] = ()


class RedirectingReason(Table):
    """A Diversion reason (RFC 5806) as Q.931 Redirecting number octet 3b, ISUP redirecting reason (Q.763) and
    cause of a History-Info entry (RFC 7544).
    """

    isdn: ReasonCode
    isup: ReasonCode
    history: ReasonCode


class RedirectingTable(Table):
    """The table; `also` says which reason stands in for Diversion tokens that the others cannot say."""

    source: str
    reasons: dict[str, RedirectingReason]
    also: dict[str, str]

    @model_validator(mode="after")
    def _unambiguous(self) -> "RedirectingTable":
        if UNKNOWN not in self.reasons:
            raise ValueError(f"there has to be a reason {UNKNOWN!r}")
        refuse(self._wrong())
        return self

    def _wrong(self) -> Iterator[tuple[Key, str]]:
        for numbering in _NUMBERINGS:
            rows = self.reasons.items()
            codes = ((("reasons", name, numbering), code) for name, row in rows for code in _codes(row, numbering))
            for key in repeated(codes):
                yield key, f"an {numbering} code stands for two reasons"
        for token, reason in self.also.items():
            if reason not in self.reasons:
                yield ("also", token), f"no such reason: {reason}"


def reason_of(code: int, numbering: Numbering) -> str:
    """The Diversion reason of a code: total, "unknown" for one that is not in the table."""
    return _by_code(numbering).get(code, UNKNOWN)


def code_of(reason: str, numbering: Numbering) -> int:
    """The code of a Diversion reason (any case): total, that of "unknown" for one that the numbering lacks."""
    table = _table()
    name = reason.lower()
    row = table.reasons.get(table.also.get(name, name), table.reasons[UNKNOWN])
    code: ReasonCode = getattr(row, numbering)
    return code.send


@cache
def _table() -> RedirectingTable:
    return load("numbers/redirecting", RedirectingTable)


@cache
def _by_code(numbering: Numbering) -> Mapping[int, str]:
    return {code: reason for reason, row in _table().reasons.items() for code in _codes(row, numbering)}


def _codes(row: RedirectingReason, numbering: Numbering) -> tuple[int, ...]:
    code: ReasonCode = getattr(row, numbering)
    return (code.send, *code.accept)
