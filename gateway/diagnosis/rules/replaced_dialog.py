"""The dialog that a Replaces names: its tags swapped, or no dialog of this recording at all."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.diagnosis.case import Finding
from gateway.diagnosis.nearest import Nearest, nearest_to
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, Transaction, sights_of
from gateway.model.errors import DecodeError
from gateway.sip.dialog_id import DialogId
from gateway.sip.refer_to import ReferTo

RULE = Rule("replaced-dialog", "RFC 3891 §3")

_ADVICE = "to-tag is the tag of the one who gets the INVITE with Replaces (the target), from-tag that of its peer."


class _Ends(NamedTuple):
    """The tags of a dialog: the transferor's, and those that the other end may have."""

    transferor: str
    others: frozenset[str]


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The Replaces in each Refer-To; the same one again, after a challenge, is said once."""
    said: set[str] = set()
    for refer in scene.refers:
        named = _named(refer.request)
        for finding in _compared(scene, refer, named) if named else ():
            if finding.what not in said:
                said.add(finding.what)
                yield finding


def _named(refer: Sight) -> DialogId | None:
    try:
        return ReferTo.parse(refer.first("refer-to")).replaces
    except DecodeError:
        return None  # said by refer-headers


def _compared(scene: Scene, refer: Transaction, named: DialogId) -> Iterator[Finding]:
    heard = scene.recording.calls.get(named.call_id) or scene.recording.every_call.get(named.call_id)
    if not heard:
        yield from _unknown(scene, refer, named)
        return
    call = Call(named.call_id, "", "", sights_of(heard, ""))
    ends = _ends(call, refer.request)
    tags = named.to_tag, named.from_tag
    if ends is None or not ends.others or _fits(tags, ends):
        return
    evidence = [refer.request, *(invite.request for invite in call.invites[:1])]
    if _fits((named.from_tag, named.to_tag), ends):
        what = "The tags of the Replaces are swapped: its to-tag is the transferor's own, its from-tag the target's."
        yield RULE.error(what, evidence, _ADVICE, header="Refer-To")
    else:
        what = (
            f"The Replaces has the Call-ID of the consultation call but other tags: to-tag {named.to_tag} and "
            f"from-tag {named.from_tag} where {_one(ends.others)} and {ends.transferor} are known."
        )
        yield RULE.error(what, evidence, _ADVICE, header="Refer-To")


def _ends(call: Call, refer: Sight) -> _Ends | None:
    """On the hop where the transferor is one end. None when it cannot be told which end it is."""
    host = refer.source_host
    mine = [each for each in call.invites if each.request.source_host == host != each.request.destination_host]
    theirs = [each for each in call.invites if each.request.destination_host == host != each.request.source_host]
    # An attempt that was challenged has other tags than the one that came through.
    for invite in reversed(mine):
        if tags := _answered_with(invite):
            return _Ends(invite.request.message.from_tag, tags)
    for invite in reversed(theirs):
        tags = _answered_with(invite)
        if len(tags) == 1:
            return _Ends(next(iter(tags)), frozenset((invite.request.message.from_tag,)))
    return None


def _answered_with(invite: Transaction) -> frozenset[str]:
    if invite.status >= 300:
        return frozenset()
    return frozenset(filter(None, (each.message.to_tag for each in invite.responses)))


def _fits(tags: tuple[str, str], ends: _Ends) -> bool:
    """to-tag is the target's, from-tag the transferor's; "0" stands for none (RFC 3891 §6.1)."""
    return (tags[0] in ends.others or tags[0] == "0") and tags[1] in (ends.transferor, "0")


def _unknown(scene: Scene, refer: Transaction, named: DialogId) -> Iterator[Finding]:
    near = nearest_to(scene.recording, named.call_id, (named.to_tag, named.from_tag))
    if near is None:
        return
    what = f"The Replaces names Call-ID {named.call_id}, which no call of this recording has; {_like(near)}."
    advice = (
        "A box that gives calls a new Call-ID or new tags has to rewrite Replaces to the dialog that it has on that "
        "side. " + _ADVICE
    )
    yield RULE.error(what, [refer.request, near.frame], advice, header="Refer-To")


def _like(near: Nearest) -> str:
    return f"the nearest is {near.call_id} (frame {near.frame}), {near.why}"


def _one(tags: frozenset[str]) -> str:
    return " or ".join(sorted(tags))
