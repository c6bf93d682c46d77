"""A BYE in the first call that comes too early, or from the wrong side."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, Transaction

RULE = Rule("early-bye", "RFC 5589 §4")

_TEAMS = "pstnhub"


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The first BYE after the REFER, by who sent it and when."""
    accepted = next((each for each in scene.refers if each.status and each.status < 300), None)
    first = scene.call("first")
    if accepted is None or accepted.final is None or first is None:
        return
    refer = accepted.request
    reported = _final_notify(scene)
    for bye in first.byes:
        request = bye.request
        if request.time < refer.time or not _is_same_hop(request, refer):
            continue
        if request.message.from_tag != refer.message.from_tag:
            yield from _by_transferee(scene, request, accepted, reported)
        elif scene.transfer.notify and (reported is None or request.time < reported.time):
            yield _by_transferor(scene, request, accepted.final)
        return


def _is_same_hop(bye: Sight, refer: Sight) -> bool:
    ends = {refer.source_host, refer.destination_host}
    return {bye.source_host, bye.destination_host} == ends


def _final_notify(scene: Scene) -> Sight | None:
    reports = (notify.request for notify in scene.notifies)
    return next((each for each in reports if each.report and each.report.status >= 200), None)


def _by_transferee(scene: Scene, bye: Sight, accepted: Transaction, reported: Sight | None) -> Iterator[Finding]:
    evidence = [accepted.request, bye]
    if reported is None or bye.time < reported.time:
        waited = bye.time - accepted.request.time
        what = (
            f"{bye.source_host} accepted the REFER and clears the call {waited:.3f} s after it, before any final "
            "NOTIFY: the transferor never learns what became of the transfer."
        )
        advice = "Who gets the REFER keeps the call, reports the outcome, and leaves the BYE to the transferor."
        yield RULE.error(what, evidence, advice, clause="RFC 5589 §4, §5; RFC 3515 §2.4.4")
        return
    own = next(
        (each.request for each in scene.call_of(bye).byes if each.request.message.from_tag != bye.message.from_tag),
        None,
    )
    if _is_teams(accepted.request):
        what = "The gateway clears the call before Microsoft Teams does, which drops the transferred call."
        advice = "Wait for the BYE of Teams; it comes after the final NOTIFY."
        yield RULE.error(what, [*evidence, reported], advice, clause="Microsoft: Issues with call transfers")
    elif own is not None and abs(own.time - bye.time) < 0.5:
        what = f"Both sides clear the first call after the final NOTIFY (frames {bye.frame} and {own.frame})."
        yield RULE.note(what, [bye, own], "Leave the BYE to the transferor; two that cross do no harm.")
    else:
        what = (
            "The transferee's side clears the first call after the final NOTIFY, which is for the transferor to do."
        )
        yield RULE.note(what, [reported, bye], "Wait a few seconds for the transferor's BYE first.")


def _is_teams(refer: Sight) -> bool:
    return _TEAMS in refer.first("user-agent").lower() or _TEAMS in refer.first("contact").lower()


def _by_transferor(scene: Scene, bye: Sight, accepted: Sight) -> Finding:
    pending = scene.transfer.outcome != "succeeded"
    what = (
        f"The transferor clears the call {bye.time - accepted.time:.3f} s after the acceptance and does not wait for "
        "the outcome"
    )
    what += ": should the transfer fail, nobody takes the call back." if pending else "."
    advice = "Allowed for a blind transfer; wait for the final NOTIFY where a failed transfer has to come back."
    report = RULE.warning if pending else RULE.note
    return report(what, [accepted, bye], advice, clause="RFC 5589 §6")
