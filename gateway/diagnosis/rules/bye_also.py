"""A transfer that is asked for with the Also header of a BYE."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene

RULE = Rule("bye-also", "draft-ietf-sip-cc-00 (expired); RFC 3515 took its place")


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The BYE, and whether a call to the target follows."""
    asked = [each for call in scene.calls for each in call.byes if "also" in each.request.message.headers]
    own = [each for each in asked if each.request.frame in scene.transfer.frames]
    if not own:
        return
    bye = own[0]
    target = scene.call("target")
    what = f"The transfer is asked for by a BYE with Also ({bye.request.first('also')}) and not by a REFER"
    advice = "Let the transferor send REFER: Also never became a standard, and nothing reports what came of it."
    evidence = [bye.request, *((bye.final,) if bye.final else ())]
    if target is None and bye.status and bye.status < 300:
        what += f"; the {bye.status} accepts the BYE, and no call to the target was recorded."
        yield RULE.warning(what, evidence, advice, header="Also")
    elif target is None:
        yield RULE.error(f"{what}; it was not accepted.", evidence, advice, header="Also")
    else:
        yield RULE.note(
            f"{what}.", [*evidence, *(each.request for each in target.invites[:1])], advice, header="Also"
        )
