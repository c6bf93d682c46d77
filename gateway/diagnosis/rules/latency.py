"""Transfers that take long: from the REFER to its acceptance, to the first NOTIFY, to the final word."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Transaction

RULE = Rule("latency", "RFC 3515 §2.4.2")

_T1 = 0.5
_LONG = 2.0
_NOTABLE = 0.1
_ENOUGH = 8
"""Transfers in a recording from which what is usual can be told."""


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """By fixed limits, then against the other transfers of the recording."""
    accepted = next((each for each in scene.refers if each.status and each.status < 300), None)
    if accepted is None or accepted.final is None:
        return
    yield from _acceptance(scene, accepted)
    yield from _first_report(scene, accepted)
    yield from _outlier(scene, accepted)


def _acceptance(scene: Scene, accepted: Transaction) -> Iterator[Finding]:
    assert accepted.final is not None
    took = accepted.final.time - scene.refers[0].request.time
    evidence = [scene.refers[0].request, accepted.request, accepted.final]
    advice = "Answer a REFER at once, before anything is asked of the target."
    if took >= _LONG:
        what = f"The REFER was accepted only after {took:.3f} s."
        yield RULE.warning(what, evidence, advice)
    elif took >= _T1 and len(accepted.requests) == 1:
        what = f"The REFER was accepted after {took:.3f} s; over UDP a request is sent again after {_T1} s."
        yield RULE.note(what, evidence, advice)


def _first_report(scene: Scene, accepted: Transaction) -> Iterator[Finding]:
    assert accepted.final is not None
    if not scene.notifies:
        return
    first = scene.notifies[0].request
    took = first.time - accepted.final.time
    if took >= _LONG:
        what = f"The first NOTIFY came {took:.3f} s after the acceptance."
        advice = "Send NOTIFY 100 Trying at once."
        yield RULE.warning(what, [accepted.final, first], advice, clause="RFC 3515 §2.4.4")


def _outlier(scene: Scene, accepted: Transaction) -> Iterator[Finding]:
    """Against the other transfers: beyond three times the spread of the middle half above its upper end."""
    transfer, recording = scene.transfer, scene.recording
    for name, own, usual in (
        ("from the REFER to its acceptance", transfer.accepted, recording.usual_acceptance),
        ("from the REFER to the final word", transfer.final, recording.usual_outcome),
    ):
        if own is None or usual is None or usual.number < _ENOUGH:
            continue
        took = own - transfer.requested
        beyond = usual.upper + 3 * (usual.upper - usual.lower)
        if took > max(beyond, 2 * usual.middle, usual.middle + _NOTABLE):
            what = f"{took:.3f} s {name}; usual are {usual.middle:.3f} s in the {usual.number} transfers here."
            advice = "Compare this transfer with the others: another target, another route, load at that time."
            yield RULE.warning(what, [accepted.request, *accepted.frames[1:]], advice)
