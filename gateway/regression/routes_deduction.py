"""Routes out of a recording: for each call that the played host placed, the call or transfer that asked for it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_NUMBER = re.compile(r"\+?[0-9*#]*[0-9#]", re.ASCII)
_SEPARATORS = str.maketrans("", "", "-.() ")
_LATEST = 180.0
"""Seconds after which a call is not the consequence of another any more."""

Document = dict[str, Any]


class Step(NamedTuple):
    """Somebody was asked for: by a call or a transfer that came in over `trunk`, or by a call that went out there."""

    time: float
    trunk: str
    user: str
    is_placed: bool
    is_transfer: bool = False


def routes(steps: Iterable[Step]) -> list[Document]:
    """The routes, the most special first."""
    asked: list[Step] = []
    exact: list[Document] = []
    after_transfer: list[Document] = []
    usual: dict[str, Counter[str]] = {}
    for step in sorted(steps, key=lambda each: (each.time, each.is_placed)):
        if not step.is_placed:
            asked.append(step)
            continue
        source = _source(step, asked)
        if source is None:
            continue
        (after_transfer if source.is_transfer else exact).extend(_exact(source, step))
        if not source.is_transfer:
            usual.setdefault(source.trunk, Counter())[step.trunk] += 1
    # A call that led to no other was for the host itself (an announcement, a refusal): no route may catch it.
    for_itself = {each.trunk for each in asked if not each.is_transfer} if exact else set()
    catch_all = [
        {"from": trunk, "to": found.most_common(1)[0][0]} for trunk, found in usual.items() if trunk not in for_itself
    ]
    return _once([*exact, *after_transfer, *catch_all])


def _source(placed: Step, asked: list[Step]) -> Step | None:
    """What led to a call: the latest that asked for the same user, else the latest not used up; it is used up now."""
    fit = [each for each in asked if 0 <= placed.time - each.time <= _LATEST]
    same = [each for each in fit if _alike(each.user, placed.user)]
    if not fit:
        return None
    chosen = (same or fit)[-1]
    asked.remove(chosen)
    return chosen


def _alike(one: str, other: str) -> bool:
    one, other = one.translate(_SEPARATORS).lstrip("+0"), other.translate(_SEPARATORS).lstrip("+0")
    return bool(one and other) and (one.endswith(other) or other.endswith(one))


def _exact(source: Step, placed: Step) -> Iterator[Document]:
    """The transferee's side places the call of a transfer, whoever asked: such a route is for any trunk."""
    bare = source.user.translate(_SEPARATORS)
    if not bare:
        return
    key = "match" if _NUMBER.fullmatch(bare) else "user"
    found = {key: bare if key == "match" else source.user, "to": placed.trunk}
    if placed.user not in (source.user, "") and "*" not in placed.user:
        found["rewrite"] = placed.user
    yield found if source.is_transfer else {"from": source.trunk, **found}


def _once(found: list[Document]) -> list[Document]:
    """The first of those that fit the same calls."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for route in found:
        key = route.get("from", "*"), route.get("match", ""), route.get("user", "")
        if key not in seen:
            seen.add(key)
            kept.append(route)
    return kept
