"""What of a scenario's expectations does not hold: what was wanted, what came instead, and in which frames."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.regression.comparison import Compared, Verdict
from gateway.regression.conversation import Conversation
from gateway.regression.flow import Walk, is_called
from gateway.regression.matcher import Matcher, shown
from gateway.regression.scenario import Comparison, Expectations, Fields, Scenario, Variation

_SHOWN = 5
"""Deviations of a verdict that are told one by one."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """`place` is the key below `expect` ("transfers.0.outcome"); `came` is what came in place of what was wanted, in
    words; `frames` are those of the recording.
    """

    place: str
    wanted: str
    came: str
    frames: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = f" ({_frames(self.frames)})" if self.frames else ""
        return f"{self.place}: wanted {self.wanted}, came {self.came}{where}"


def unmet(scenario: Scenario, found: Conversation) -> tuple[Unmet, ...]:
    """Everything that does not hold, in the order of the schema; empty when all is as expected."""
    expect = scenario.expect
    return (*_read(expect, found), *_stepped(expect, found), *_acted(scenario, found))


def _read(expect: Expectations, found: Conversation) -> Iterator[Unmet]:
    yield from _counted(expect, found)
    if expect.transfers is not None:
        frames = [tuple(each["frames"]) for each in found.transfers]
        yield from _listed("transfers", expect.transfers, [flat(each) for each in found.transfers], frames)
    if not expect.problems.fits(len(found.problems)):
        said = "; ".join(what for _, what in found.problems[:_SHOWN])
        frames_of = tuple(dict.fromkeys(frame for frame, _ in found.problems if frame))
        yield Unmet("problems", str(expect.problems), f"{len(found.problems)}: {said}", frames_of)


def _stepped(expect: Expectations, found: Conversation) -> Iterator[Unmet]:
    if expect.flow or expect.anywhere or expect.never:
        walk = Walk(found)
        for place, wanted, came, frame in walk.unmet(expect):
            yield Unmet(place, wanted, came, (frame,) if frame else ())


def _acted(scenario: Scenario, found: Conversation) -> Iterator[Unmet]:
    if found.played is None:
        return
    if scenario.expect.records is not None:
        records = [flat(each) for each in found.played.records]
        yield from _listed("records", scenario.expect.records, records, [()] * len(records))
    yield from _deviations(scenario, found)


def _counted(expect: Expectations, found: Conversation) -> Iterator[Unmet]:
    for protocol, counts in expect.messages.items():
        for name, wanted in counts.items():
            came = found.counts.get(protocol, {}).get(name, 0)
            if came != wanted:
                frames = [each.frame for each in found.messages if each.frame and is_called(each, name)]
                yield Unmet(f"messages.{protocol}.{name}", str(wanted), str(came), tuple(frames))


def _listed(
    name: str, wanted: Sequence[Fields], came: Sequence[Mapping[str, Any]], frames: Sequence[tuple[int, ...]]
) -> Iterator[Unmet]:
    if len(wanted) != len(came):
        told = "; ".join(_summary(each) for each in came[:_SHOWN])
        every = tuple(frame for each in frames for frame in each)
        yield Unmet(name, str(len(wanted)), f"{len(came)}{': ' if told else ''}{told}", every)
    for index, (fields, document) in enumerate(zip(wanted, came, strict=False)):
        for key, matcher in fields.items():
            value = document.get(key)
            if not matcher.fits(value):
                yield Unmet(f"{name}.{index}.{key}", str(matcher), shown(value), frames[index])


def _summary(document: Mapping[str, Any]) -> str:
    keys = ("kind", "outcome", "transferor", "target")
    return " ".join(str(document[key]) for key in keys if document.get(key) is not None)


def flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a transfer or a record: lists by their length, mappings by "name.key"."""
    result: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            result.update({f"{key}.{inner}": each for inner, each in flat(value).items()})
        else:
            result[key] = len(value) if isinstance(value, list | tuple) else value
    return result


def verdicts(scenario: Scenario, found: Conversation) -> dict[str, tuple[Matcher | None, list[Compared]]]:
    """By verdict, how many are wanted and which there are once what may vary is out of sight; nothing when nobody was
    played.
    """
    if found.played is None:
        return {}
    wanted = scenario.expect.compared or Comparison()
    those: dict[Verdict, list[Compared]] = {verdict: [] for verdict in Verdict}
    for each in found.played.compared:
        those[_verdict(each, scenario.may_vary)].append(each)
    return {verdict.value: (getattr(wanted, verdict.value), each) for verdict, each in those.items()}


def _verdict(each: Compared, variations: Sequence[Variation]) -> Verdict:
    named = each.ours or each.recorded
    if named is None or each.verdict in (Verdict.SAME, Verdict.EQUIVALENT):
        return each.verdict
    for_it = [variation for variation in variations if is_called(named, variation.message or named.name)]
    if any(not variation.field for variation in for_it):
        return Verdict.EQUIVALENT
    fields = tuple(f"{variation.field.lower()}:" for variation in for_it)
    if each.verdict is Verdict.DIFFERENT and all(reason.lower().startswith(fields) for reason in each.reasons):
        return Verdict.EQUIVALENT
    return each.verdict


def _deviations(scenario: Scenario, found: Conversation) -> Iterator[Unmet]:
    for verdict, (matcher, those) in verdicts(scenario, found).items():
        if matcher is None or matcher.fits(len(those)):
            continue
        told = "; ".join(_deviation(each) for each in those[:_SHOWN]) if verdict in _TOLD else ""
        more = f"; and {len(those) - _SHOWN} more" if told and len(those) > _SHOWN else ""
        frames = tuple(each.recorded.frame for each in those if each.recorded and each.recorded.frame)
        came = f"{len(those)}{': ' if told else ''}{told}{more}"
        yield Unmet(f"compared.{verdict}", str(matcher), came, frames if told else ())


_TOLD = frozenset(verdict.value for verdict in (Verdict.DIFFERENT, Verdict.MISSING, Verdict.EXTRA))
"""Those of which each message is told."""


def _deviation(each: Compared) -> str:
    named = each.recorded or each.ours
    assert named is not None
    way = f"{named.name} to {named.destination}"
    if each.recorded is None:
        return f"{way} at {named.time:.3f} s"
    place = f"{way}, frame {each.recorded.frame}"
    return f"{place} ({'; '.join(each.reasons)})" if each.reasons else place


def _frames(frames: Sequence[int]) -> str:
    word = "frame" if len(frames) == 1 else "frames"
    more = ", …" if len(frames) > 2 * _SHOWN else ""
    return f"{word} {', '.join(map(str, frames[: 2 * _SHOWN]))}{more}"
