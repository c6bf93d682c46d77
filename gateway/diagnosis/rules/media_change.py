"""What the transfer changed in the media: the way they go, their codec, and the DSCP that they are marked with."""

from collections import defaultdict
from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.spans import AFTER, BEFORE, Heard, flows_of, phases

RULE = Rule("media-change", "RFC 3264 §8")

_Marks = dict[str, dict[str, set[int]]]


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """By the hosts that send, before and after the request."""
    if not scene.media.flows:
        return
    heard = list(flows_of(scene))
    yield from _paths(scene, heard)
    yield from _marks(scene, heard)


def _paths(scene: Scene, heard: list[Heard]) -> Iterator[Finding]:
    """Where each host that goes on talking sent to before and sends to after."""
    to: dict[str, dict[str, set[str]]] = {BEFORE: defaultdict(set), AFTER: defaultdict(set)}
    evidence: dict[str, set[int]] = defaultdict(set)
    for each in heard:
        for name, start, end in phases(scene, each.call):
            if each.flow.packets_between(start, end):
                source = each.flow.source.address
                to[name][source].add(each.flow.destination.address)
                evidence[source].update(end.said.frame for end in (each.sender, each.receiver) if end)
    for source in to[AFTER]:
        before, after = to[BEFORE].get(source, set()), to[AFTER][source] - to[BEFORE].get(source, set())
        if before and after:
            what = f"The media of {source} went to {_list(before)} and go to {_list(after)} after the transfer."
            advice = "Meant, where media go directly; see that firewalls and QoS know the new way too."
            yield RULE.note(what, sorted(evidence[source]), advice)


def _marks(scene: Scene, heard: list[Heard]) -> Iterator[Finding]:
    seen: _Marks = {BEFORE: defaultdict(set), AFTER: defaultdict(set)}
    for each in heard:
        for name, start, end in phases(scene, each.call):
            for stream in each.flow.streams.values():
                seen[name][each.flow.source.address].update(stream.dscp_between(*stream.between(start, end)))
    frames = sorted({end.said.frame for each in heard for end in (each.sender, each.receiver) if end})
    for source, after in seen[AFTER].items():
        before = seen[BEFORE].get(source, set())
        if before and after and before != after:
            what = f"Packets of {source} had DSCP {_list(before)} and have {_list(after)} after the transfer."
            advice = (
                "Mark media with 46 (EF) all the way: a network that goes by the mark treats them differently now."
            )
            yield RULE.warning(what, frames, advice, clause="RFC 4594 §4.1")
    marks = {frozenset(marks) for marks in seen[AFTER].values() if marks}
    if len(marks) > 1 and frozenset((0,)) in marks:
        unmarked = sorted(source for source, marks in seen[AFTER].items() if marks == {0})
        what = f"After the transfer the media of {', '.join(unmarked)} have no DSCP mark, the others have."
        yield RULE.note(what, frames, "Mark both directions with 46 (EF).", clause="RFC 4594 §4.1")


def _list(values: set[str] | set[int]) -> str:
    return ", ".join(map(str, sorted(values, key=str)))
