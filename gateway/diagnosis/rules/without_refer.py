"""A call whose far end changes and that nobody asked to be transferred: a box has done it in itself."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.recording import Recording
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.shelf import Heard
from gateway.diagnosis.sight import Sight, sights_of
from gateway.interworking.matching import address_key, same_address
from gateway.model.errors import DecodeError
from gateway.sip.address import Address

RULE = Rule("without-refer", "RFC 3325 §9.1, RFC 4916")

_IDENTITY = (b"\nP-Asserted-Identity:", b"\nRemote-Party-ID:")


@RULE.recording
def look(recording: Recording) -> Iterator[Finding]:
    """In-dialog INVITE and UPDATE with another asserted identity than before, in calls of no transfer."""
    for call_id in recording.changed:
        messages = recording.every_call[call_id]
        if call_id not in recording.calls and any(map(_is_candidate, messages)):
            yield from _in_call(call_id, sights_of(messages, ""))


def _is_candidate(heard: Heard) -> bool:
    octets = heard[2]
    if octets[:7] not in (b"UPDATE ", b"INVITE ") or (_IDENTITY[0] not in octets and _IDENTITY[1] not in octets):
        return False
    return b"tag=" in octets[octets.find(b"\nTo:") :].split(b"\n", 2)[1]


def _in_call(call_id: str, sights: list[Sight]) -> Iterator[Finding]:
    """By the sender's tag and host: who it said to be first, and who later."""
    known: dict[tuple[str, str], tuple[str, Sight]] = {}
    for sight in sights:
        identity = _asserted(sight)
        if not identity:
            continue
        message = sight.message
        mark = (message.from_tag if message.is_request else message.to_tag), sight.source_host
        before, first = known.setdefault(mark, (identity, sight))
        if same_address(address_key(before), address_key(identity)):
            continue
        known[mark] = identity, sight
        if message.is_request and message.to_tag:
            yield _finding(call_id, before, identity, [first, sight, *_next_offer(sights, sight)])


def _finding(call_id: str, before: str, after: str, evidence: list[Sight]) -> Finding:
    what = (
        f"{evidence[1].source_host} says in the middle of call {call_id} that its party is {after} and no longer "
        f"{before} ({evidence[1].title}): it transferred the call in itself, and no REFER was used."
    )
    if len(evidence) > 2:
        what += f" The media follow with the INVITE in frame {evidence[2].frame}."
    advice = "Nothing is wrong with it; look at that box, and at the call on its other side, for what happened."
    return RULE.note(what, evidence, advice, header="P-Asserted-Identity")


def _next_offer(sights: list[Sight], after: Sight) -> list[Sight]:
    later = (
        sight
        for sight in sights
        if sight.frame > after.frame and sight.source_host == after.source_host and sight.message.is_request
    )
    return [sight for sight in later if sight.message.method == "INVITE"][:1]


def _asserted(sight: Sight) -> str:
    value = sight.first("p-asserted-identity") or sight.first("remote-party-id")
    try:
        return Address.parse(value).uri if value else ""
    except DecodeError:
        return ""
