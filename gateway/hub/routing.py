"""Which trunk a call goes to, by where it comes from and whom it is for: the routes of gateway.yaml."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.configuration import Route
from gateway.model.errors import GatewayError
from gateway.model.parties import NumberingPlan, Party, TypeOfNumber
from gateway.sip.uri import escape_user, unescape

_SEPARATORS = str.maketrans("", "", "-.() ")
_NUMBER = re.compile(r"\+?[0-9*#]+", re.ASCII)
_REWRITE = re.compile(r"(?:-([0-9]+))?([^*]*)(\*?)", re.ASCII)
_NO_ROUTE = 3
_ANY_REST = "(.*)"


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a call goes, and whom it asks for there."""

    trunk: str
    called: Party


@dataclass(frozen=True, slots=True)
class _Rule:
    """One route. `numbers` fits what it is for, its group what `*` stood for; None fits anybody, names too. With a
    `user` it is for that user part and no other.
    """

    source: str
    numbers: re.Pattern[str] | None
    trunk: str
    rewrite: str
    user: str = ""

    def rest(self, user: str, number: str) -> str | None:
        """What `*` of the route stands for; None when the route is for others."""
        if self.user and self.user != user:
            return None
        if self.numbers is None:
            return number or user
        found = self.numbers.fullmatch(number) if number else None
        return found and found[1]


class Routing:
    """The routes in their order. A pattern is for numbers: visual separators do not count, a plus sign does; names
    are met by a lone `*` only, and so is a URI without user part.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._rules = tuple(
            _Rule(route.source, _pattern(route.match), route.to, route.rewrite, route.user) for route in routes
        )

    def route(self, source: str, called: Party) -> tuple[Routed, ...]:
        """Where a call from the trunk `source` goes: the first route that fits. Raises GatewayError (404)."""
        user = dialled_user(called)
        bare = user.translate(_SEPARATORS)
        number = bare if _NUMBER.fullmatch(bare) else ""
        for rule in self._rules:
            if rule.source not in ("*", source) or (rest := rule.rest(user, number)) is None:
                continue
            if not rule.rewrite:
                return (Routed(rule.trunk, called),)
            return (Routed(rule.trunk, _with_user(called, rewritten(rule.rewrite, rest))),)
        raise GatewayError(f"no route from {source} to {user or called.uri!r}", sip_status=404, cause=_NO_ROUTE)

    def is_complete(self, source: str, called: Party) -> bool:
        """Whether no further digit is wanted: the first route that fits is for numbers of that length alone."""
        number = dialled_user(called).translate(_SEPARATORS)
        for rule in self._rules:
            if rule.source in ("*", source) and rule.rest(number, number) is not None:
                is_exact = rule.numbers is not None and not rule.numbers.pattern.endswith(_ANY_REST)
                return is_exact or bool(rule.user)
        return False


def dialled_user(called: Party) -> str:
    """The user part of the URI, its escapes undone and parameters left out; without a URI the number."""
    if not called.uri:
        return _digits(called)
    user = called.uri[slice(*_span(called.uri))].partition(";")[0].partition(":")[0]
    return unescape(user)


def rewritten(rewrite: str, rest: str) -> str:
    """What the user part becomes: `+49*` puts +49 before `rest`, `-3*` drops three of its characters first."""
    found = _REWRITE.fullmatch(rewrite)
    if found is None:
        return rewrite
    return found[2] + (rest[int(found[1] or 0) :] if found[3] else "")


def _pattern(match: str) -> re.Pattern[str] | None:
    """The pattern of a route: digits, `x` for any digit, a last `*` for any rest. Without `*` it stands for all."""
    if match == "*":
        return None
    whole = match.endswith("*")
    fixed = "".join("[0-9]" if sign in "xX" else re.escape(sign) for sign in match.removesuffix("*"))
    return re.compile(f"{fixed}{_ANY_REST}" if whole else f"({fixed})", re.ASCII)


def _digits(called: Party) -> str:
    number = called.number
    if number is None:
        return ""
    public = number.plan in (NumberingPlan.E164, NumberingPlan.UNKNOWN)
    is_global = public and number.type_of_number is TypeOfNumber.INTERNATIONAL
    return ("+" if is_global else "") + number.digits


def _with_user(called: Party, user: str) -> Party:
    if not called.uri:
        is_global = user.startswith("+")
        number = called.number and replace(
            called.number,
            digits=user.removeprefix("+"),
            type_of_number=TypeOfNumber.INTERNATIONAL if is_global else TypeOfNumber.UNKNOWN,
        )
        return replace(called, number=number)
    start, end = _span(called.uri)
    at = "@" if start == end and not called.uri.lower().startswith("tel:") else ""
    tail = called.uri[start:end].partition(";")
    changed = called.uri[:start] + escape_user(user) + tail[1] + tail[2] + at + called.uri[end:]
    return replace(called, uri=changed, number=None)


def _span(uri: str) -> tuple[int, int]:
    """Where the user part of a SIP URI, or the number of a tel URI, begins and ends."""
    start = uri.find(":") + 1
    if uri[:start].lower() == "tel:":
        end = uri.find(";", start)
        return start, len(uri) if end < 0 else end
    at = uri.find("@", start)
    return start, start if at < 0 or _in_headers(uri, start, at) else at


def _in_headers(uri: str, start: int, at: int) -> bool:
    """Whether that `@` belongs to an unescaped header behind the question mark of a URI without user."""
    query = uri.find("?", start, at)
    return query >= 0 and "=" in uri[query:at]
