"""A request that was answered 481, and the dialog that it may have meant."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.nearest import nearest_to
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, Transaction
from gateway.model.errors import DecodeError
from gateway.sip.dialog_id import DialogId

RULE = Rule("no-such-dialog", "RFC 3261 §12.2.2")


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """NOTIFY is left to notify-refused, and what crossed a BYE is nobody's fault."""
    for transaction in scene.transactions:
        if transaction.status != 481 or transaction.method == "NOTIFY":
            continue
        final = transaction.final
        assert final is not None
        if "replaces" in transaction.request.message.headers:
            yield _replaced(scene, transaction.request, final)
        elif not _after_bye(scene.call_of(final), transaction):
            yield _within(scene, transaction, final)


def _replaced(scene: Scene, invite: Sight, final: Sight) -> Finding:
    advice = "Compare the Replaces with the dialog that the target has: its own tag is to-tag, its peer's from-tag."
    clause = "RFC 3891 §3"
    try:
        named = DialogId.replaced(invite.first("replaces"))
    except DecodeError:
        what = f"{final.source_host} finds no dialog for a Replaces that cannot be read."
        return RULE.error(what, [invite, final], advice, clause=clause, header="Replaces")
    ringing = _early(scene, named)
    if ringing is not None:
        what = (
            "The dialog to be replaced is still ringing at the target, which did not originate it: a ringing call "
            "cannot be replaced there."
        )
        hint = "Wait for the answer before the REFER, or give the call up and transfer blind (RFC 5589 §7.6)."
        return RULE.error(what, [ringing, invite, final], hint, clause=clause, header="Replaces")
    near = nearest_to(scene.recording, named.call_id, (named.to_tag, named.from_tag))
    what = (
        f"{final.source_host} has no dialog {named.call_id} with to-tag {named.to_tag} and from-tag {named.from_tag}"
    )
    if near is None:
        return RULE.error(
            f"{what}, and nothing like it was recorded.", [invite, final], advice, clause=clause, header="Replaces"
        )
    tags = f"(to-tag {near.to_tag}, from-tag {near.from_tag} in frame {near.frame})"
    what += f"; the nearest is {near.call_id} {tags}, {near.why}."
    return RULE.error(what, [invite, final, near.frame], advice, clause=clause, header="Replaces")


def _early(scene: Scene, named: DialogId) -> Sight | None:
    """The INVITE of the dialog that is to be replaced, where that has not been answered."""
    call = next((call for call in scene.calls if call.call_id == named.call_id), None)
    if call is None or call.answer is not None or not call.invites:
        return None
    rings = any(answer.message.status > 100 for invite in call.invites for answer in invite.responses)
    return call.invites[0].request if rings else None


def _after_bye(call: Call, transaction: Transaction) -> bool:
    ended = call.ended
    return ended is not None and transaction.request.time >= ended


def _within(scene: Scene, transaction: Transaction, final: Sight) -> Finding:
    request = transaction.request
    message = request.message
    call = scene.call_of(request)
    known = [
        each for each in call.transactions
        if each.method == "INVITE" and 200 <= each.status < 300 and each.request.time < request.time
    ]  # fmt: skip
    what = f"{final.source_host} does not know the dialog of the {transaction.method} in frame {request.frame}"
    advice = "Compare Call-ID and both tags with those of the INVITE and its 2xx."
    if not known:
        return RULE.error(f"{what}.", [request, final], advice)
    set_up = known[0]
    assert set_up.final is not None
    tags = {set_up.request.message.from_tag, set_up.final.message.to_tag}
    wrong = [tag for tag in (message.from_tag, message.to_tag) if tag not in tags]
    if wrong:
        what += f": tag {wrong[0] or '(none)'} is not one of {' and '.join(sorted(tags))}, as set up in frame"
        what += f" {set_up.request.frame}."
    else:
        what += f", though its tags are those of frame {set_up.request.frame}: the other side has forgotten the call."
    return RULE.error(what, [set_up.request, request, final], advice)
