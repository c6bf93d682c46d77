"""A SIP ALG: a router that rewrites SIP on its way, seen at two taps or by what it left inconsistent."""

import re
from collections import defaultdict
from collections.abc import Iterator

from gateway.diagnosis.addresses import host_in, ip_of, is_private, is_public
from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, sights_of
from gateway.model.errors import DecodeError
from gateway.sip.routing import Via

RULE = Rule("sip-alg", "RFC 3261 §16.6")

_ADVICE = (
    "Switch off SIP ALG (SIP helper, SIP inspection) in the router or firewall: it is no proxy, and ends cope alone."
)


_SOMETHING_PRIVATE = re.compile(rb"[ @:\[](?:10\.|192\.168\.|172\.(?:1[6-9]|2|3[01])|100\.|169\.254\.|f[cd])").search
"""Quickly no, or perhaps."""


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """What two taps show, then what a single message shows."""
    sights = sorted((*scene.sights, *_relatives(scene)), key=lambda sight: sight.frame)
    if len({frozenset((sight.source_host, sight.destination_host)) for sight in sights}) > 1:
        yield from _two_taps(sights)
    yield from _lengths(scene)
    yield from _half_rewritten(scene)


def _relatives(scene: Scene) -> Iterator[Sight]:
    """Calls whose Call-ID differs only behind the @: an ALG may have put its own address there."""
    known = {call.call_id for call in scene.calls}
    for call in scene.calls:
        for other in scene.recording.relatives.get(call.call_id.partition("@")[0], ()):
            if other not in known:
                known.add(other)
                yield from sights_of(scene.recording.calls[other], call.leg)


def _two_taps(sights: list[Sight]) -> Iterator[Finding]:
    """The same message twice, with as many Vias, from two places, and not the same octets: no proxy did that."""
    groups: defaultdict[tuple[object, ...], list[Sight]] = defaultdict(list)
    for sight in sights:
        message = sight.message
        vias = len(message.headers.all("via"))
        branch = message.top_via_branch
        if branch:
            start = message.method, message.cseq, message.status, message.from_tag, branch, vias
            groups[start].append(sight)
    said: set[tuple[str, ...]] = set()
    for group in groups.values():
        for other in group[1:]:
            changes = tuple(_changes(group[0], other)) if _other_place(group[0], other) else ()
            if changes and changes not in said:
                said.add(changes)
                what = (
                    f"The same {group[0].title} was seen at two places and changed in between: {', '.join(changes)}."
                )
                yield RULE.error(what, [group[0], other], _ADVICE)


def _other_place(one: Sight, other: Sight) -> bool:
    same = (one.source_host, one.destination_host) == (other.source_host, other.destination_host)
    return not same and one.message.octets != other.message.octets


def _changes(one: Sight, other: Sight) -> Iterator[str]:
    for name in ("Call-ID", "Contact"):
        before, after = one.first(name), other.first(name)
        if before != after:
            yield f"{name} {before or 'none'} to {after or 'none'}"
    before, after = _sent_by(one), _sent_by(other)
    if before != after:
        yield f"Via {before} to {after}"
    if _media(one) != _media(other):
        yield f"SDP {_media(one)} to {_media(other)}"


def _sent_by(sight: Sight) -> str:
    try:
        via = Via.parse(sight.message.headers.all("via")[0])
    except (DecodeError, IndexError):
        return ""
    return f"{via.host}:{via.port}" if via.port else via.host


def _media(sight: Sight) -> str:
    session = sight.session
    return ", ".join(f"{stream.connection}:{stream.port}" for stream in session.media) or "none"


def _lengths(scene: Scene) -> Iterator[Finding]:
    """In UDP: a body that is longer or shorter than Content-Length says."""
    for sight in scene.sights:
        said = sight.first("content-length")
        octets = sight.message.octets
        end = octets.find(b"\r\n\r\n")
        if not said.isdecimal() or end < 0:
            continue
        there = len(octets) - end - 4
        if int(said) != there:
            what = f"Content-Length is {said}, but {there} octets follow in the {sight.title}."
            advice = f"Something has changed the body on its way and not its length. {_ADVICE}"
            yield RULE.error(what, [sight], advice, clause="RFC 3261 §18.3", header="Content-Length")
            return


def _half_rewritten(scene: Scene) -> Iterator[Finding]:
    """A sender's own addresses that are partly private and partly the public one that its packets come from."""
    for call in scene.calls:
        for invite in call.invites:
            for sight in (invite.request, invite.final):
                finding = _inconsistent(call, sight) if sight else None
                if finding:
                    yield finding
                    return


def _inconsistent(call: Call, sight: Sight) -> Finding | None:
    source = ip_of(sight.source_host)
    if source is None or not is_public(source) or not _SOMETHING_PRIVATE(sight.message.octets):
        return None
    if len(sight.message.headers.all("via")) != 1:
        return None
    places = {"Contact": host_in(sight.first("contact")), "SDP c=": sight.session.connection}
    if sight.message.is_request:
        places["Via"] = _sent_by(sight).partition(":")[0]
    origin = sight.session.origin.split()
    places["SDP o="] = origin[5] if len(origin) > 5 else ""
    addresses = {name: ip_of(text) for name, text in places.items()}
    private = [name for name, address in addresses.items() if address is not None and is_private(address)]
    public = [name for name, address in addresses.items() if address == source]
    if not private or not public:
        return None
    what = (
        f"The {sight.title} names the address that its packet came from ({source}) in {' and '.join(public)}, and "
        f"private ones in {' and '.join(private)}: half of it was rewritten on its way."
    )
    return RULE.warning(what, [sight], _ADVICE, leg=call.leg)
