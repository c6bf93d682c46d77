"""The rungs that a transfer is tried by, in their order: a table that operators may change."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache, cached_property
from typing import Literal

from pydantic import Field, model_validator

from gateway.configuration import AnyTrunk
from gateway.model.legs import SignallingProtocol
from gateway.tables import Key, Table, load, refuse

REFER, INVITE, JOIN = "refer", "invite", "join"
"""Rungs that are no service: the transferee is asked by REFER, the target is called, two calls are joined here."""

Protocol = Literal["sip", "isdn", "h323", "any"]


class Kind(StrEnum):
    """What there is of the call to the target when a rung is chosen."""

    BLIND = "blind"
    RINGING = "ringing"
    ANSWERED = "answered"


OWN = {Kind.BLIND: INVITE, Kind.RINGING: JOIN, Kind.ANSWERED: JOIN}
"""What the gateway does itself, the last rung of each kind."""


class Service(Table):
    """What a network is asked for. Seconds: `response` to an invoke, `clearing` of the calls that it has taken."""

    response: float = Field(default=4.0, gt=0, le=120)
    clearing: float = Field(default=5.0, gt=0, le=120)


class Row(Table):
    """The rungs of transfers between these protocols."""

    transferor: Protocol = "any"
    transferee: Protocol = "any"
    target: Protocol = "any"
    kind: Kind
    rungs: tuple[str, ...]

    def fits(self, kind: Kind, *protocols: SignallingProtocol | None) -> bool:
        """Whether it is for transferor, transferee and target of these protocols; None is any."""
        own = (self.transferor, self.transferee, self.target)
        return self.kind is kind and all(
            one == "any" or (other is not None and one == other.value)
            for one, other in zip(own, protocols, strict=True)
        )

    @property
    def is_for_all(self) -> bool:
        """Whether it fits every transfer of its kind."""
        return {self.transferor, self.transferee, self.target} == {"any"}


class Ladder(Table):
    """The whole table."""

    source: str
    services: dict[str, Service]
    rows: tuple[Row, ...]

    @model_validator(mode="after")
    def _every_transfer_ends_here(self) -> "Ladder":
        refuse(self._findings())
        return self

    def _findings(self) -> Iterator[tuple[Key, str]]:
        for name in self.services:
            if name in (REFER, INVITE, JOIN):
                yield ("services", name), "is no service but a rung of its own"
        for index, row in enumerate(self.rows):
            for place, rung in enumerate(row.rungs[:-1]):
                if rung != REFER and rung not in self.services:
                    yield ("rows", index, "rungs", place), f"there is no rung {rung!r} that others may follow"
            if row.rungs[-1:] != (OWN[row.kind],):
                yield ("rows", index, "rungs"), f"the last rung should be {OWN[row.kind]}"
            if row.kind is Kind.RINGING and REFER in row.rungs:
                yield ("rows", index, "rungs"), "nobody can be referred to a target that rings for somebody else"
        for kind in Kind:
            if not any(row.kind is kind and row.is_for_all for row in self.rows):
                yield ("rows",), f"no row of kind {kind.value} fits every protocol"

    def rungs(self, kind: Kind, *protocols: SignallingProtocol | None) -> tuple[str, ...]:
        """The rungs for transferor, transferee and target of these protocols."""
        found = self._found.get((kind, protocols))
        if found is None:
            found = next((row.rungs for row in self.rows if row.fits(kind, *protocols)), (OWN[kind],))
            self._found[kind, protocols] = found
        return found

    @cached_property
    def _found(self) -> dict[tuple[Kind, tuple[SignallingProtocol | None, ...]], tuple[str, ...]]:
        """The answers that were given before: there are as many as there are protocols, and no more."""
        return {}


@cache
def ladder(name: str = "transfer_ladder") -> Ladder:
    """The table of that name in `mappings/`, or at that path. Raises MappingError for a bad one."""
    return load(name, Ladder)


def share_signalling(one: AnyTrunk, other: AnyTrunk) -> bool:
    """Whether one network can join calls of the two trunks: they are the same, have one D channel (NFAS), or are of
    the same group.
    """
    group = getattr(one, "group", "")
    in_group = bool(group) and group == getattr(other, "group", "")
    return in_group or (getattr(one, "nfas", "") or one.name) == (getattr(other, "nfas", "") or other.name)
