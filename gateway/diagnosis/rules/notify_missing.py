"""A REFER that was accepted, and nothing, or nothing final, was ever reported."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, Transaction
from gateway.sip.subscription import SubscriptionState

RULE = Rule("notify-missing", "RFC 3515 §2.4.4")

_SOON = 5.0
"""Seconds after the acceptance within which a recording may end before the first NOTIFY."""


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Whether the subscription that a 2xx makes was served to its end."""
    accepted = next((each for each in scene.refers if each.status and each.status < 300), None)
    if accepted is None or accepted.final is None or _is_suppressed(accepted):
        return
    if not scene.notifies:
        yield _none(scene, accepted.final)
    elif not any(_is_final(notify.request) for notify in scene.notifies):
        yield _no_final(scene, accepted.final)


def _is_suppressed(accepted: Transaction) -> bool:
    """RFC 4488 §4, RFC 7614: asked for and granted."""
    assert accepted.final is not None
    refused = accepted.final.first("refer-sub").partition(";")[0].strip().lower() == "false"
    required = accepted.request.first("require").lower()
    return refused or "nosub" in required or "explicitsub" in required


def _is_final(notify: Sight) -> bool:
    return notify.report is not None and notify.report.status >= 200


def _none(scene: Scene, accepted: Sight) -> Finding:
    follows = scene.last_time - accepted.time
    what = f"The REFER was accepted ({accepted.message.status}), and no NOTIFY follows in {follows:.1f} s."
    advice = "Send a NOTIFY at once, and a final one: Microsoft Teams drops the call without."
    if follows < _SOON:
        return RULE.warning(f"{what} The recording may end too early.", [accepted], advice)
    return RULE.error(what, [accepted], advice)


def _no_final(scene: Scene, accepted: Sight) -> Finding:
    last = scene.notifies[-1].request
    ended = SubscriptionState.parse(last.first("subscription-state")).state == "terminated"
    refused = next((each for each in scene.notifies if each.status >= 300), None)
    evidence = [accepted, *(notify.request for notify in scene.notifies)]
    advice = "Send a NOTIFY with the final status of the triggered call, terminated;reason=noresource."
    clause = "RFC 3515 §2.4.5, §2.4.7"
    if ended:
        what = "The subscription ends with a provisional status: the transferor never learns what became of it."
        return RULE.warning(what, evidence, advice, clause=clause)
    if refused is not None:
        what = f"No final NOTIFY follows, after one was refused with {refused.status}."
        return RULE.note(what, evidence, "See why the NOTIFY was refused.", clause="RFC 6665 §4.2.2")
    if scene.transfer.final is not None and scene.last_time - scene.transfer.final > 1.0:
        what = "The call to the target has been decided, and no final NOTIFY says so."
        return RULE.error(what, evidence, advice, clause=clause)
    what = "No final NOTIFY was recorded: nobody says what became of the transfer."
    return RULE.warning(what, evidence, advice, clause=clause)
