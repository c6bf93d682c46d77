"""What a dialect left out, found by comparing the event with what its receiver can read back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from gateway.model.parties import Alias, Party, Presentation
from gateway.model.transfer import Kept, Outcome, TransferEvent, TransferOutcome
from gateway.translators.dialect import Lost

SUCCESS = TransferOutcome(Outcome.SUCCEEDED, 200, "OK")
"""What a result says, in which neither a status nor a text is needed: no other status than 200 is meant."""

_UNSET = (None, "", (), b"")
_CARRIED_ELSEWHERE = ("kept", "invoke_id", "kind", "operation")


def losses(
    event: TransferEvent, said: TransferEvent, dialect: str, home: str, why: Mapping[str, str]
) -> tuple[Lost, ...]:
    """Each part of `event` that `said` (the event as its receiver reads it) has lost, and what other dialects than
    those of `home` keep on it.

    `why` maps a path ("target.uri") or its last name ("uri") to a sentence.
    """
    paths = differences(event, said)
    reasons = (Lost(path, _reason(path, dialect, why)) for path in paths)
    return (*reasons, *_foreign(event.kept, home))


def differences(value: Any, said: Any, prefix: str = "") -> Iterator[str]:
    """The paths of what is set in `value` and is not the same in `said`."""
    for name in field_names(type(value)):
        mine, theirs = getattr(value, name), getattr(said, name, None)
        if _is_said(mine, theirs) or name in _CARRIED_ELSEWHERE:
            continue
        if name == "aliases" and not other_aliases(value):
            continue
        path = prefix + name
        if is_dataclass(mine) and type(mine) is type(theirs):
            yield from differences(mine, theirs, path + ".")
        else:
            yield path


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of the dataclass `kind`; `dataclasses.fields` makes them anew at every call."""
    names = _FIELD_NAMES.get(kind)
    if names is None:
        names = _FIELD_NAMES[kind] = tuple(field.name for field in fields(kind))
    return names


_FIELD_NAMES: dict[type[Any], tuple[str, ...]] = {}


def _is_said(mine: Any, theirs: Any) -> bool:
    """Also what needs no saying: nothing, and that something may be shown."""
    return mine in _UNSET or mine == theirs or (theirs is None and mine is Presentation.ALLOWED)


def other_aliases(party: Party) -> tuple[Alias, ...]:
    """The aliases that say something else than the number and the URI of `party`."""
    known = (party.number.digits if party.number else "", party.uri)
    return tuple(alias for alias in party.aliases if alias.value not in known)


def _reason(path: str, dialect: str, why: Mapping[str, str]) -> str:
    return why.get(path) or why.get(path.rpartition(".")[2]) or f"{dialect} has no field for it"


def _foreign(kept: Iterable[Kept], home: str) -> Iterator[Lost]:
    for item in kept:
        if item.dialect != home:
            yield Lost(f"kept.{item.what}", f"only {item.dialect} can say it")
