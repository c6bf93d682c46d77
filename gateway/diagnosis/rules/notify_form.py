"""NOTIFYs whose form is not as the event package refer wants it."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight
from gateway.sip.subscription import Event, SubscriptionState

RULE = Rule("notify-form", "RFC 3515 §2.4.5")


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Each fault once."""
    said: set[str] = set()
    for notify in scene.notifies:
        for finding in _faults(scene, notify.request):
            if finding.what not in said:
                said.add(finding.what)
                yield finding


def _faults(scene: Scene, notify: Sight) -> Iterator[Finding]:
    value = notify.first("subscription-state")
    state = SubscriptionState.parse(value)
    if not value:
        what = "The NOTIFY has no Subscription-State."
        yield RULE.warning(what, [notify], "It is mandatory.", clause="RFC 6665 §8.2.1", header="Subscription-State")
    elif state.state in ("active", "pending") and state.expires is None:
        what = "Subscription-State does not say for how long (no expires)."
        advice = "Add ;expires=SECONDS."
        yield RULE.note(what, [notify], advice, clause="RFC 6665 §4.2.2", header="Subscription-State")
    if notify.report is None:
        what = "The body is no message/sipfrag that begins with a status line."
        yield RULE.warning(what, [notify], "Send SIP/2.0 STATUS REASON.", clause="RFC 3515 §2.4.5, RFC 3420 §2")
        return
    status = notify.report.status
    if status >= 200 and value and state.state != "terminated":
        what = "The NOTIFY with the final status leaves the subscription open."
        advice = "End it: Subscription-State: terminated;reason=noresource."
        yield RULE.warning(what, [notify], advice, clause="RFC 3515 §2.4.7", header="Subscription-State")
    elif state.state == "terminated" and state.reason.lower() != "noresource" and status >= 200:
        what = f"The subscription ends with {state.reason or 'no reason'} instead of noresource."
        advice = "Send terminated;reason=noresource: other reasons invite to subscribe again."
        yield RULE.note(what, [notify], advice, clause="RFC 3515 §2.4.7", header="Subscription-State")
    yield from _number(scene, notify)


def _number(scene: Scene, notify: Sight) -> Iterator[Finding]:
    """From the second REFER of a dialog on, Event has its CSeq as id."""
    if Event.parse(notify.first("event")).id:
        return
    refer = scene.refers[0].request if scene.refers else None
    if refer is None:
        return
    earlier = [
        each.request
        for each in scene.call_of(refer).transactions
        if each.method == "REFER" and each.request.time < refer.time and 200 <= each.status < 300
        and each.request.message.from_tag == refer.message.from_tag
        and each.request.source_host == refer.source_host
    ]  # fmt: skip
    if earlier:
        what = "The NOTIFY for the second REFER of the dialog does not say which REFER it is about (no id)."
        advice = "Send Event: refer;id=CSEQ with the CSeq number of that REFER."
        yield RULE.warning(what, [earlier[0], refer, notify], advice, clause="RFC 3515 §2.4.6", header="Event")
