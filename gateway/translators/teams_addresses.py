"""Teams addresses to and from SIP URIs and ISDN numbers, by the rules of `mappings/teams.yaml`."""

import re
import string
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from gateway.model.errors import DecodeError
from gateway.model.parties import Number, NumberingPlan, TypeOfNumber
from gateway.sip.uri import Uri
from gateway.tables import Table, load

TABLE = "teams"
"""Name of the table under `mappings/`."""

_ALWAYS = frozenset(("uri", "host"))


def _named(enum: type[Any]) -> Any:
    """A member of `enum` by its name in lower case."""
    names = {member.name.lower(): member for member in enum}

    def member(value: object) -> object:
        found = names.get(str(value))
        if found is None:
            raise ValueError(f"should be one of {', '.join(names)}, found {value!r}")
        return found

    return BeforeValidator(member)


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


_TypeName = Annotated[TypeOfNumber, _named(TypeOfNumber)]
_PlanName = Annotated[NumberingPlan, _named(NumberingPlan)]
_Expression = Annotated[str, AfterValidator(_compiles)]


class Rule(Table):
    """What all rules have: a name for people, and the expression that the whole address has to match."""

    name: str
    match: _Expression

    def groups(self, address: str) -> dict[str, str] | None:
        """The named groups when the rule is about `address`, else None."""
        found = re.fullmatch(self.match, address, re.IGNORECASE)
        return None if found is None else {name: value or "" for name, value in found.groupdict().items()}

    @model_validator(mode="after")
    def _fills(self) -> "Rule":
        known = _ALWAYS | re.compile(self.match).groupindex.keys()
        for result in (getattr(self, name, "") for name in ("uri", "digits")):
            for place in _places(result):
                if place not in known:
                    raise ValueError(f"{{{place}}} is no named group of {self.match!r}")
        return self


def _places(result: str) -> Iterable[str]:
    return (name for _, name, _, _ in string.Formatter().parse(result) if name is not None)


class UriRule(Rule):
    """Address to URI."""

    uri: str


class NumberRule(Rule):
    """URI to ISDN number."""

    digits: str
    type_of_number: _TypeName = TypeOfNumber.UNKNOWN
    plan: _PlanName = NumberingPlan.UNKNOWN


class FromNumberRule(UriRule):
    """ISDN number to URI: `match` is about the digits, `type_of_number` has to be the same."""

    type_of_number: _TypeName


class TeamsTable(Table):
    """The whole of `mappings/teams.yaml`."""

    proxy: str
    hosts: tuple[str, ...]
    teams_to_sip: tuple[UriRule, ...]
    teams_to_isdn: tuple[NumberRule, ...]
    sip_to_teams: tuple[UriRule, ...]
    isdn_to_teams: tuple[FromNumberRule, ...]


@cache
def table() -> TeamsTable:
    """The table that comes with the gateway. Raises MappingError when it is broken."""
    return load(TABLE, TeamsTable)


def is_teams(uri: str) -> bool:
    """Whether the URI belongs to Teams, and only Teams can resolve it."""
    try:
        host = Uri.parse(uri).host.lower()
    except DecodeError:
        return False
    return any(host == name or host.endswith(f".{name}") for name in table().hosts)


def sip_from_teams(uri: str, host: str) -> str:
    """The URI as a SIP trunk knows it, with `host` as its domain; "" when no rule fits."""
    return _rewritten(table().teams_to_sip, uri, host)


def number_from_teams(uri: str) -> Number | None:
    """The number in a URI from Teams; None when it names a user by x-m, or no rule fits."""
    for rule in table().teams_to_isdn:
        groups = rule.groups(uri)
        if groups is not None:
            return Number(_filled(rule.digits, uri, "", groups), rule.type_of_number, rule.plan)
    return None


def teams_from_sip(uri: str, host: str = "") -> str:
    """The URI as Teams takes it, at its proxy unless `host` is said; one that is Teams' own stays verbatim."""
    return uri if is_teams(uri) else _rewritten(table().sip_to_teams, uri, host or table().proxy)


def teams_from_number(number: Number, host: str = "") -> str:
    """The number as Teams takes it, at its proxy unless `host` is said; "" when no rule fits."""
    rules = (rule for rule in table().isdn_to_teams if rule.type_of_number is number.type_of_number)
    return _rewritten(rules, number.digits, host or table().proxy)


def _rewritten(rules: Iterable[UriRule], address: str, host: str) -> str:
    for rule in rules:
        groups = rule.groups(address)
        if groups is not None:
            return _filled(rule.uri, address, host, groups)
    return ""


def _filled(result: str, uri: str, host: str, groups: dict[str, str]) -> str:
    return result.format_map({"uri": uri, "host": host, **groups})
