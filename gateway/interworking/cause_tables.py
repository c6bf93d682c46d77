"""Schemas of the cause tables in `mappings/causes/`, and how a profile is laid on what it is based on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from gateway.model.causes import Location
from gateway.model.errors import MappingError
from gateway.resources import folder as data_folder
from gateway.tables import Key, Table, load, refuse, repeated, where

# Strict: 17 and "17" would be one cause twice.
Status = Annotated[int, Field(strict=True, ge=300, le=699)]
CauseValue = Annotated[int, Field(strict=True, ge=1, le=127)]
CauseClass = Annotated[int, Field(strict=True, ge=0, le=7)]
LocationCode = Literal["U", "LPN", "LN", "TN", "RLN", "RPN", "INTL", "BI"]
Fallback = Literal["first", "once", "none"]

LOCATION_CODES: Mapping[str, Location] = {
    "U": Location.USER,
    "LPN": Location.LOCAL_PRIVATE_NETWORK,
    "LN": Location.LOCAL_NETWORK,
    "TN": Location.TRANSIT_NETWORK,
    "RLN": Location.REMOTE_LOCAL_NETWORK,
    "RPN": Location.REMOTE_PRIVATE_NETWORK,
    "INTL": Location.INTERNATIONAL_NETWORK,
    "BI": Location.BEYOND_INTERWORKING,
}
"""Names of RFC 8606 4."""


class Row(Table):
    """What every row may have: the clause, where it is not that of its table, and a remark."""

    source: str = ""
    note: str = ""


class StatusRow(Row):
    """The SIP status of a Q.850 cause; None: the standard has none, so the default when one is needed."""

    status: Status | None = None
    by_location: dict[LocationCode, Status] = Field(default_factory=dict)
    with_diagnostics: Status | None = None

    def at(self, location: Location | None) -> int | None:
        """The status that `location` makes of it; None when location does not matter."""
        if not self.by_location or location is None:
            return None
        return next((self.by_location[code] for code in self.by_location if LOCATION_CODES[code] is location), None)


class CauseRow(Row):
    """The Q.850 cause of a SIP status; `by_warning` has warn-codes of RFC 3261 20.43."""

    cause: CauseValue | None = None
    by_warning: dict[int, CauseValue] = Field(default_factory=dict)

    def warned(self, codes: Iterable[int]) -> int | None:
        """The cause of the first warn-code that has one."""
        return next((self.by_warning[code] for code in codes if code in self.by_warning), None)


def _short_for(name: str) -> BeforeValidator:
    """A row that is only a number stands for `{name: number}`."""
    return BeforeValidator(lambda value: {name: value} if isinstance(value, int) else value)


class StatusSection(Table):
    """Q.850 to SIP. `of_class` are defaults by class of the cause; `replaces` drops the rows beneath."""

    source: str = ""
    default: Status | None = None
    of_class: dict[CauseClass, Status] = Field(default_factory=dict)
    replaces: bool = False
    rows: dict[CauseValue, Annotated[StatusRow, _short_for("status")]] = Field(default_factory=dict)


class CauseSection(Table):
    """SIP to Q.850."""

    source: str = ""
    default: CauseValue | None = None
    replaces: bool = False
    rows: dict[Status, Annotated[CauseRow, _short_for("cause")]] = Field(default_factory=dict)


class LocationSection(Table):
    """Location to send with a cause, by class of the SIP status that it comes from."""

    source: str
    of_class: dict[Annotated[int, Field(ge=3, le=6)], LocationCode]

    @model_validator(mode="after")
    def _every_class(self) -> "LocationSection":
        if missing := {3, 4, 5, 6} - self.of_class.keys():
            raise ValueError(f"no location for {', '.join(f'{each}xx' for each in sorted(missing))}")
        return self


class Clearing(Table):
    """Cause of a call that is cleared by BYE or CANCEL without a Reason."""

    cause: CauseValue
    source: str


class Profile(Table):
    """A cause profile, or what a trunk overrides in one: then everything but the sections may be left out."""

    title: str = ""
    based_on: str | None = None
    unverified: bool = False
    prefer_reason: bool | None = None
    location: LocationSection | None = None
    clearing: Clearing | None = None
    q850_to_sip: StatusSection = StatusSection()
    sip_to_q850: CauseSection = CauseSection()


class ReleaseReason(Table):
    """A ReleaseCompleteReason of H.225.0; without `status` it goes to SIP by its cause."""

    index: Annotated[int, Field(ge=0)]
    cause: CauseValue
    status: Status | None = None
    source: str


class ReasonOfCause(Table):
    """Q.850 to ReleaseCompleteReason."""

    source: str
    default: str
    rows: dict[CauseValue, str]


class ReasonOfStatus(Table):
    """SIP to ReleaseCompleteReason."""

    source: str
    default: str
    rows: dict[Status, str]


class H225Table(Table):
    """`causes/h225.yaml`."""

    reasons: dict[str, ReleaseReason]
    from_q850: ReasonOfCause
    from_sip: ReasonOfStatus

    @model_validator(mode="after")
    def _reasons_exist(self) -> "H225Table":
        refuse(self._wrong())
        return self

    def _wrong(self) -> Iterator[tuple[Key, str]]:
        for key in repeated((("reasons", name, "index"), row.index) for name, row in self.reasons.items()):
            yield key, "two reasons have one index"
        for name, section in (("from_q850", self.from_q850), ("from_sip", self.from_sip)):
            for key, reason in _answers(section):
                if reason not in self.reasons:
                    yield (name, *key), f"no such reason: {reason}"


class Consequence(Table):
    """What a failure comes to: final SIP status, Q.850 cause, and whether another way is tried before."""

    status: Status
    cause: CauseValue
    fallback: Fallback


class RoseError(Consequence):
    """An error: its local value or OID, the one dialect that has it ("": all), other spellings, and a status of its
    own in some dialects.
    """

    value: int | str
    only: str = ""
    also: tuple[str, ...] = ()
    by_dialect: dict[str, Status] = Field(default_factory=dict)

    @property
    def code(self) -> int:
        """The value; of an OID the last arc."""
        return int(str(self.value).rpartition(".")[2])


class RoseProblem(Consequence):
    """A problem of a Reject, as kind and value; `in_h450` is its name in H.450.1 where that is another."""

    kind: Literal["general", "invoke", "returnResult", "returnError"]
    value: int
    in_h450: str = ""


class ErrorOfStatus(Table):
    """The errors that a dialect may send, and which of them says a SIP status."""

    errors: tuple[str, ...]
    default: str
    rows: dict[Status, str]

    @model_validator(mode="after")
    def _errors_allowed(self) -> "ErrorOfStatus":
        refuse((key, f"not among its errors: {name}") for key, name in _answers(self) if name not in self.errors)
        return self


class RoseTable(Table):
    """`causes/rose.yaml`."""

    source: str
    default: Consequence
    timeout: Consequence
    errors: dict[str, RoseError]
    problems: dict[str, RoseProblem]
    dialects: dict[str, ErrorOfStatus]

    @model_validator(mode="after")
    def _errors_exist(self) -> "RoseTable":
        refuse(self._wrong())
        return self

    def _wrong(self) -> Iterator[tuple[Key, str]]:
        for key in repeated((("errors", name, "value"), row.code) for name, row in self.errors.items()):
            yield key, "two errors have one value"
        known = {name for title, row in self.errors.items() for name in (title, *row.also)}
        for dialect, table in self.dialects.items():
            for index, name in enumerate(table.errors):
                if name not in known:
                    yield ("dialects", dialect, "errors", index), f"no such error: {name}"
        for name, row in self.errors.items():
            if row.only and row.only not in self.dialects:
                yield ("errors", name, "only"), f"no such dialect: {row.only}"


def _answers(section: ReasonOfCause | ReasonOfStatus | ErrorOfStatus) -> Iterator[tuple[Key, str]]:
    """The default and every row of a section, by key."""
    yield ("default",), section.default
    for code, name in section.rows.items():
        yield ("rows", code), name


class NameTable(Table):
    """`causes/names.yaml`: names of Q.850 causes and reason phrases of SIP."""

    q850: dict[CauseValue, str]
    sip: dict[Annotated[int, Field(ge=100, le=699)], str]


RowT = TypeVar("RowT", StatusRow, CauseRow)


@dataclass(frozen=True, slots=True)
class Side(Generic[RowT]):
    """One direction of a profile with all its layers: each row with its source, then the defaults."""

    rows: Mapping[int, tuple[RowT, str]] = field(default_factory=dict)
    default: int = 0
    source: str = ""
    of_class: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """A profile with everything it is based on and the overrides of a trunk."""

    status: Side[StatusRow]
    cause: Side[CauseRow]
    location: Mapping[int, Location]
    clearing: Clearing
    prefer_reason: bool


@cache
def names() -> NameTable:
    """Names of causes and statuses."""
    return load("causes/names", NameTable)


@cache
def h225() -> H225Table:
    """The H.225.0 table."""
    return load("causes/h225", H225Table)


@cache
def rose() -> RoseTable:
    """The ROSE table."""
    return load("causes/rose", RoseTable)


def base_of(path: Path) -> str | None:
    """The profile that a trunk's own table says it is based on."""
    return load(path, Profile).based_on


def rules(profile: str, overrides: Path | None = None, folder: Path | None = None) -> Rules:
    """The profile as it applies; `folder` is where profiles are when not in `mappings/causes/`.

    Raises MappingError when a table is wrong, missing, or says too little.
    """
    layers = _layers(folder or data_folder("mappings") / "causes", profile, ())
    if overrides is not None:
        layers = (*layers, (overrides, load(overrides, Profile)))
    status: Side[StatusRow] = Side()
    cause: Side[CauseRow] = Side()
    for path, layer in layers:
        status = _on_top(status, layer.q850_to_sip, layer, path, layer.q850_to_sip.of_class)
        cause = _on_top(cause, layer.sip_to_q850, layer, path, {})
    return _complete(layers[0][0], [layer for _, layer in layers], status, cause)


def _layers(folder: Path, profile: str, above: tuple[str, ...]) -> tuple[tuple[Path, Profile], ...]:
    path = folder / f"{profile}.yaml"
    table = load(path, Profile)
    if table.based_on is None:
        return ((path, table),)
    if table.based_on in (*above, profile):
        raise MappingError("profiles are based on each other", where=where(path, ("based_on",)))
    if not (folder / f"{table.based_on}.yaml").is_file():
        raise MappingError(f"no profile {table.based_on!r}", where=where(path, ("based_on",)))
    return (*_layers(folder, table.based_on, (*above, profile)), (path, table))


def _on_top(below: Side[RowT], section: Any, layer: Profile, path: Path, of_class: Mapping[int, int]) -> Side[RowT]:
    """`section` of one layer on the sides of those beneath it."""
    mark = " (unverified)" if layer.unverified else ""
    source = section.source or layer.title or path.stem
    rows = {code: (row, (row.source or source) + mark) for code, row in section.rows.items()}
    kept = {} if section.replaces else below.rows
    if section.default is None:
        return Side({**kept, **rows}, below.default, below.source, {**below.of_class, **of_class})
    return Side({**kept, **rows}, section.default, source + mark, of_class)


def _complete(path: Path, layers: list[Profile], status: Side[StatusRow], cause: Side[CauseRow]) -> Rules:
    location = next((layer.location for layer in reversed(layers) if layer.location), None)
    clearing = next((layer.clearing for layer in reversed(layers) if layer.clearing), None)
    prefer = next((layer.prefer_reason for layer in reversed(layers) if layer.prefer_reason is not None), False)
    if location is None or clearing is None or not status.default or not cause.default:
        missing = "a profile needs location, clearing and both defaults, of its own or from based_on"
        raise MappingError(missing, where=str(path))
    by_class = {number: LOCATION_CODES[code] for number, code in location.of_class.items()}
    return Rules(status, cause, by_class, clearing, prefer)
