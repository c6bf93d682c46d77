"""`--update`: what came is written into the scenario as what is expected, and the difference is shown.

Comments, order and quotes stay; a matcher that fits stays as well. An empty `expect` is filled in.
"""

import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.model.errors import GatewayError
from gateway.regression.conversation import Conversation, conversation
from gateway.regression.expectation import flat, unmet, verdicts
from gateway.regression.renewal import Steps, in_a_line, put
from gateway.regression.scenario import Scenario, configuration_of, scenario
from gateway.regression.suite import ScenarioFile, side_by_side
from gateway.regression.trial import Result, sentence

_OF_TRANSFERS = ("kind", "outcome", "status", "cause", "transferor", "transferee", "target", "legs")
_OF_RECORDS = ("kind", "decision", "method", "outcome", "sip_status", "cause")
_ITEM = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*\n( *)- ", re.MULTILINE)

Document = dict[str, Any]


class Renewed(NamedTuple):
    """`diff` is a unified one, "" when the file stayed as it was; `result` is that of the scenario as it is now."""

    result: Result
    diff: str


def update(files: Sequence[ScenarioFile], jobs: int | None = None) -> Iterator[Renewed]:
    """Renews the scenarios in processes side by side. Raises GatewayError when a process was killed."""
    return side_by_side(_renewed, files, jobs)


def _renewed(file: ScenarioFile) -> Renewed:
    path, name = file
    try:
        found = scenario(path)
        came = conversation(path.parent / found.capture, found, configuration_of(path, found))
        before, after = path.read_text(encoding="utf-8"), ""
        if unmet(found, came) or not found.expect.model_fields_set:
            after = _text(before, found, came)
            path.write_text(after, encoding="utf-8")
            found = scenario(path)
        return Renewed(Result(name, found.title, unmet(found, came)), _diff(before, after, name) if after else "")
    except (GatewayError, OSError) as error:
        return Renewed(Result(name, error=sentence(error)), "")


def _diff(before: str, after: str, name: str) -> str:
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*lines, name, name))


def _text(before: str, found: Scenario, came: Conversation) -> str:
    from ruamel.yaml import YAML  # only --update needs it

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    item = _ITEM.search(before)
    offset = len(item[2]) - len(item[1]) if item else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    document = yaml.load(before)
    _renew(document["expect"], found, came)
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _renew(expect: Document, found: Scenario, came: Conversation) -> None:
    if not expect:
        expect.update(_all(came))
        return
    for protocol, counts in expect.get("messages", {}).items():
        counts.update({name: came.counts.get(protocol, {}).get(name, 0) for name in counts})
    if found.expect.transfers is not None:
        transfers = [flat(each) for each in came.transfers]
        _renew_list(expect["transfers"], found.expect.transfers, transfers, _OF_TRANSFERS)
    if found.expect.records is not None and came.played is not None:
        records = [flat(each) for each in came.played.records]
        _renew_list(expect["records"], found.expect.records, records, _OF_RECORDS)
    steps = Steps(came)
    for name in ("flow", "anywhere", "never"):
        steps.renew(name, expect.get(name, []), getattr(found.expect, name))
    _renew_counts(expect, found, came)


def _renew_list(
    written: list[Document], wanted: Sequence[Mapping[str, Any]], came: Sequence[Document], keys: Sequence[str]
) -> None:
    for document, matchers, fields in zip(written, wanted, came, strict=False):
        for key, matcher in matchers.items():
            if not matcher.fits(fields.get(key)):
                put(document, key, fields.get(key))
    del written[len(came) :]
    written += [_chosen(fields, keys) for fields in came[len(written) :]]


def _renew_counts(expect: Document, found: Scenario, came: Conversation) -> None:
    if not found.expect.problems.fits(len(came.problems)):
        expect["problems"] = len(came.problems)
    for name, (matcher, those) in verdicts(found, came).items():
        if matcher is not None and not matcher.fits(len(those)):
            expect.setdefault("compared", {})[name] = len(those)


def _all(came: Conversation) -> Document:
    """A whole expectation."""
    result: Document = {
        "messages": {protocol: in_a_line(_requests(counts)) for protocol, counts in came.counts.items() if counts},
        "transfers": [_chosen(flat(each), _OF_TRANSFERS) for each in came.transfers],
    }
    if came.played is not None:
        result["records"] = [_chosen(flat(each), _OF_RECORDS) for each in came.played.records]
        deviations = {name: came.played.counts[name] for name in ("different", "missing", "extra")}
        if any(deviations.values()):
            result["compared"] = in_a_line(deviations)
    if came.problems:
        result["problems"] = len(came.problems)
    return result


def _requests(counts: Mapping[str, int]) -> Document:
    """What is asked for; how often it was answered on the way tells little."""
    return {name: count for name, count in counts.items() if not name.isdecimal()}


def _chosen(fields: Mapping[str, Any], keys: Sequence[str]) -> Document:
    return {key: fields[key] for key in keys if fields.get(key) not in (None, "")}
