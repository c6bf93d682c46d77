"""Steps of a scenario written anew, so that they say what came."""

import math
from collections.abc import Sequence
from typing import Any

from gateway.regression.conversation import Conversation
from gateway.regression.flow import Walk
from gateway.regression.scenario import Step

Written = dict[str, Any]
"""A step as it stands in the YAML document."""

_MILLI = 1000


def put(written: Written, key: str, value: Any) -> None:
    """Puts a value into a scenario, quoted as the one before; what is not there is wanted absent."""
    before = written.get(key)
    if isinstance(value, str) and isinstance(before, str):
        value = type(before)(value)
    written[key] = in_a_line({"absent": True}) if value is None else value


def in_a_line(mapping: Written) -> Written:
    """The mapping as YAML writes it in braces."""
    from ruamel.yaml.comments import CommentedMap  # only --update needs it

    written: Written = CommentedMap(mapping)
    written.fa.set_flow_style()  # type: ignore[attr-defined]
    return written


class Steps:
    """Puts into steps what is said in the messages of a conversation."""

    def __init__(self, came: Conversation) -> None:
        self._came = came
        self._walk = Walk(came)

    def renew(self, kind: str, written: list[Written], wanted: Sequence[Step]) -> None:
        """The steps of "flow", "anywhere" or "never". One for which no message goes by its name is taken out."""
        lost = {"flow": self._flow, "anywhere": self._anywhere, "never": self._never}[kind](written, wanted)
        for index in reversed(lost):
            del written[index]

    def _flow(self, written: list[Written], wanted: Sequence[Step]) -> list[int]:
        lost, start, before = [], 0, 0.0
        for index, step in enumerate(wanted):
            at = self._walk.behind(step, start, before)
            if at is None:
                at = self._walk.nearest(step, start, before)
                if at is None:
                    lost.append(index)
                    continue
                self._put(written[index], step, at, before)
            start, before = at + 1, self._walk.messages[at].time
        return lost

    def _anywhere(self, written: list[Written], wanted: Sequence[Step]) -> list[int]:
        lost: list[int] = []
        taken: set[int] = set()
        for index, step in enumerate(wanted):
            at = self._walk.elsewhere(step, taken)
            if at is None:
                at = self._walk.nearest(step, 0, None, taken)
                if at is None:
                    lost.append(index)
                    continue
                self._put(written[index], step, at, None)
            taken.add(at)
        return lost

    def _never(self, written: list[Written], wanted: Sequence[Step]) -> list[int]:
        return [index for index, step in enumerate(wanted) if self._walk.elsewhere(step, ()) is not None]

    def _put(self, written: Written, step: Step, at: int, before: float | None) -> None:
        message = self._walk.messages[at]
        if step.protocol is not None:
            written["protocol"] = message.protocol
        if step.by is not None:
            written["by"] = "us" if self._came.is_ours(message) else "peer"
        for key, matcher, value in (
            ("from", step.source, message.source),
            ("to", step.destination, message.destination),
        ):
            if matcher is not None and not matcher.fits(value):
                put(written, key, value)
        for name, matcher in step.fields.items():
            if not matcher.fits(message.field(name)):
                put(written["fields"], name, message.field(name))
        if before is not None:
            _put_times(written, step, message.time - before)


def _put_times(written: Written, step: Step, seconds: float) -> None:
    if step.after is not None and seconds < step.after:
        written["after"] = math.floor(seconds * _MILLI) / _MILLI
    if step.within is not None and seconds > step.within:
        written["within"] = math.ceil(seconds * _MILLI) / _MILLI
