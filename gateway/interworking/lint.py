"""Checks every table under `mappings/`, and what a schema cannot say about them. It reads; it changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.configuration import AnyTrunk, Configuration, IsdnTrunk
from gateway.interworking import cause_tables
from gateway.interworking.cause_profiles import own_table, profiles
from gateway.interworking.cause_tables import H225Table, NameTable, Profile, RoseTable
from gateway.interworking.number_class import ClassTable
from gateway.interworking.number_plan import DialRule, NumberPlan, country_plan, number_plan
from gateway.interworking.redirecting import RedirectingTable
from gateway.interworking.transfer_ladder import Ladder, ladder
from gateway.isdn.variant import TrunkVariant, variant
from gateway.model.errors import GatewayError, MappingError
from gateway.tables import Key, check, load, read, where
from gateway.translators.teams_addresses import TeamsTable

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "causes/names.yaml": NameTable,
    "causes/h225.yaml": H225Table,
    "causes/rose.yaml": RoseTable,
    "causes/*.yaml": Profile,
    "numbers/redirecting.yaml": RedirectingTable,
    "numbers/classes.yaml": ClassTable,
    "numbers/*.yaml": NumberPlan,
    "teams.yaml": TeamsTable,
    "transfer_ladder.yaml": Ladder,
    "isdn/*.yaml": TrunkVariant,
}
"""Schema of each table by its place in the folder; the first pattern that fits."""

_OWN: Mapping[str, type[BaseModel]] = {
    "a cause profile": Profile,
    "a number plan": NumberPlan,
    "a ladder of transfers": Ladder,
}
"""What a configuration may have tables of its own of, known by any key that only one of them has."""


class _Unknown(BaseModel):
    """A table that nobody reads: keys and values of any kind."""


Finding = tuple[Key, str]


def lint(folder: Path, files: Iterable[Path] = ()) -> tuple[MappingError, ...]:
    """Everything wrong in the tables of `folder` and in `files` (a trunk's own tables), file by file.

    `where` of a finding is `file:line: key`. Empty when all is well.
    """
    found = []
    for path in sorted(folder.rglob("*.y*ml")):
        found += _lint_file(path, _schema_of(path.relative_to(folder).as_posix()))
    for path in files:
        found += _lint_file(path, _schema_by_key(path))
    return tuple(found)


def lint_configuration(path: Path) -> tuple[MappingError, ...]:
    """Everything wrong in a gateway.yaml, the tables that its trunks name included."""
    if wrong := check(path, Configuration):
        return wrong
    loaded = load(path, Configuration)
    return (
        *_in_ladder(path, loaded),
        *(
            MappingError(what, where=where(path, ("trunks", index, key)))
            for index, trunk in enumerate(loaded.trunks)
            for key, what in _in_trunk(trunk)
        ),
    )


def _in_ladder(path: Path, loaded: Configuration) -> Iterator[MappingError]:
    try:
        ladder(loaded.ladder)
    except GatewayError as error:
        yield MappingError(str(error), where=where(path, ("ladder",)))


def _in_trunk(trunk: AnyTrunk) -> Iterator[tuple[str, str]]:
    try:
        own_table(trunk.causes)
    except GatewayError as error:
        yield "causes", error.what
    try:
        number_plan(trunk.numbers or "default")
    except GatewayError as error:
        yield "numbers", str(error)
    if isinstance(trunk, IsdnTrunk):
        try:
            variant(trunk.variant)
        except GatewayError as error:
            yield "variant", str(error)


def _lint_file(path: Path, schema: type[BaseModel] | None) -> list[MappingError]:
    if wrong := check(path, schema or _Unknown):
        return list(wrong)
    if schema is None:
        known = (f"{what} has one of {', '.join(_own_keys(each))}" for what, each in _OWN.items())
        return [MappingError(f"nobody reads such a table: {'; '.join(known)}", where=where(path, ()))]
    meaning = _MEANING.get(schema)
    findings = meaning(path, load(path, schema)) if meaning else ()
    return [MappingError(what, where=where(path, key)) for key, what in findings]


def _schema_of(name: str) -> type[BaseModel] | None:
    return next((schema for pattern, schema in SCHEMAS.items() if fnmatch(name, pattern)), None)


def _schema_by_key(path: Path) -> type[BaseModel] | None:
    try:
        document = read(path)
    except MappingError:
        return None  # whatever it is, it cannot be read: check() says why
    keys = document if isinstance(document, dict) else {}
    return next((schema for schema in _OWN.values() if any(key in keys for key in _own_keys(schema))), None)


def _own_keys(schema: type[BaseModel]) -> list[str]:
    others = {key for other in _OWN.values() if other is not schema for key in other.model_fields}
    return [key for key in schema.model_fields if key not in others]


def _in_profile(path: Path, profile: Any) -> Iterator[Finding]:
    names = cause_tables.names()
    for code, row in profile.q850_to_sip.rows.items():
        for status in (row.status, row.with_diagnostics, *row.by_location.values()):
            if status is not None and status not in names.sip:
                yield ("q850_to_sip", "rows", code), f"there is no SIP status {status}"
    for status, row in profile.sip_to_q850.rows.items():
        if status not in names.sip:
            yield ("sip_to_q850", "rows", status), f"there is no SIP status {status}"
        for cause in (row.cause, *row.by_warning.values()):
            if cause is not None and cause not in names.q850:
                yield ("sip_to_q850", "rows", status), f"there is no Q.850 cause {cause}"
    if path.parent.name == "causes":
        yield from _totality(path, profile)
    elif profile.based_on and profile.based_on not in profiles():
        yield ("based_on",), f"no profile {profile.based_on!r}; known: {', '.join(profiles())}"


def _totality(path: Path, profile: Profile) -> Iterator[Finding]:
    """Every code comes to something: by a row, or by the defaults of this profile or of one that it is based on.

    What is wrong in the other one is found there.
    """
    try:
        cause_tables.rules(path.stem, folder=path.parent)
    except MappingError as error:
        if error.where.startswith(str(path)):
            yield ("based_on",) if profile.based_on else (), error.what


def _in_plan(_: Path, plan: Any) -> Iterator[Finding]:
    if plan.region:
        try:
            country_plan(plan.region)
        except GatewayError as error:
            yield ("region",), error.what
    places = [(row.plan, row.type) for row in plan.phone_contexts]
    contexts = [row.context.lower() for row in plan.phone_contexts]
    for index, (place, context) in enumerate(zip(places, contexts, strict=True)):
        if place in places[:index]:
            yield ("phone_contexts", index), f"plan {place[0]}, type {place[1]} is there twice"
        if context in contexts[:index]:
            yield ("phone_contexts", index, "context"), f"context {context!r} is there twice"
    for index, rule in enumerate(plan.dial_rules):
        if any(_covers(earlier, rule) for earlier in plan.dial_rules[:index]):
            yield ("dial_rules", index), "never used: an earlier rule takes all of its numbers"


def _covers(earlier: DialRule, rule: DialRule) -> bool:
    wider = earlier.digits.min <= rule.digits.min and earlier.digits.max >= rule.digits.max
    return wider and rule.prefix.startswith(earlier.prefix)


_MEANING: Mapping[type[BaseModel], Callable[[Path, Any], Iterator[Finding]]] = {
    Profile: _in_profile,
    NumberPlan: _in_plan,
}
