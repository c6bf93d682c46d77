"""One-way media: after the transfer only one of the two parties is heard."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.spans import Heard, after_join, flows_of

RULE = Rule("one-way-media", "RFC 3264 §5.1, §6.1")

_ENOUGH = 25
"""Packets in one direction: half a second of speech."""

_ADVICE = (
    "See which socket the silent side was told (frames above) and whether it can send there: address behind a NAT, "
    "firewall, a hold that was never ended, or an answer that was not passed on."
)


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Each pair of sockets that talked after the join, as long as both ends wanted to send: in SIP they say so."""
    if not scene.media.flows:
        return
    for heard in flows_of(scene):
        span = after_join(scene, heard.call)
        if span is None or heard.flow.packets_between(*span) < _ENOUGH or not isinstance(heard.call, Call):
            continue
        if not _answered_by_media(scene, heard, span) and _both_want(heard.call, span[1]):
            yield _finding(heard, span)


def _answered_by_media(scene: Scene, heard: Heard, span: tuple[float, float]) -> bool:
    """Whether anything comes back: from the same socket, or from another one of that host to the same listener."""
    source, destination = heard.flow.source, heard.flow.destination
    for other in scene.media.by_socket.get(source, ()):
        if other.destination == source and other.packets_between(*span):
            return True
    back = (flow for flow in scene.media.flows if flow.destination.address == source.address)
    return any(flow.source.address == destination.address and flow.packets_between(*span) for flow in back)


def _both_want(call: Call, end: float) -> bool:
    """The latest description of each side, by who sent it: neither may hold."""
    latest = {each.said.source_host: each for each in call.announced if each.said.time < end}
    return all(each.direction.sends and each.direction.receives for each in latest.values())


def _finding(heard: Heard, span: tuple[float, float]) -> Finding:
    flow = heard.flow
    count = flow.packets_between(*span)
    what = (
        f"After the transfer {flow.source} sends to {flow.destination} ({count} packets), and nothing comes back in "
        "this recording: one party is not heard."
    )
    evidence = [end.said.frame for end in (heard.sender, heard.receiver) if end]
    return RULE.error(what, evidence, _ADVICE, leg=heard.call.leg)
