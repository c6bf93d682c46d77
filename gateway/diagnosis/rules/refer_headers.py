"""Refer-To, Referred-By and Replaces that are malformed or were not copied into the call that a REFER triggers."""

import re
from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.recording import Recording
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, sights_of, transactions
from gateway.model.errors import DecodeError
from gateway.sip.dialog_id import DialogId
from gateway.sip.refer_to import ReferTo

RULE = Rule("refer-headers", "RFC 3515 §2.1")

_ESCAPED_TWICE = re.compile(r"%25(?:40|3[bd])", re.IGNORECASE)
_UNESCAPED = re.compile(r"\?(?:.*&)?replaces=[^&>]*[;@]", re.IGNORECASE)
_REPLACES_PARAMETER = re.compile(r";replaces=", re.IGNORECASE)
_QUOTING = (
    "Put the URI into angle brackets and escape @ ; = ? & , of the header part as %40 %3B %3D %3F %26 %2C, once."
)


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The REFERs on every hop, and the INVITEs that name a dialog."""
    for refer in scene.refers:
        yield from _refer_to(refer.request)
        yield from _referred_by(refer.request)
    for transaction in scene.transactions:
        if transaction.method == "INVITE" and "replaces" in transaction.request.message.headers:
            yield from _replaces(transaction.request)
    yield from _copied(scene)


@RULE.recording
def look_apart(recording: Recording) -> Iterator[Finding]:
    """The REFERs that belong to no transfer: often because they say nothing that could be one."""
    for call in recording.refers_apart:
        for transaction in transactions(sights_of(call, "")):
            if transaction.method == "REFER":
                yield from _refer_to(transaction.request)
                yield from _referred_by(transaction.request)


def _refer_to(refer: Sight) -> Iterator[Finding]:
    values = refer.message.headers.all("refer-to")
    if len(values) != 1:
        many = f"has {len(values)} Refer-To values" if values else "has no Refer-To"
        advice = "Send exactly one Refer-To; anything else has to be answered 400."
        yield RULE.error(f"The REFER {many}.", [refer], advice, clause="RFC 3515 §2.4.2", header="Refer-To")
        return
    value = values[0]
    yield from _escaping(refer, value)
    try:
        parsed = ReferTo.parse(value)
        _ = parsed.replaces  # raises as well
    except DecodeError as error:
        what = f"The Refer-To cannot be read: {error.what}."
        yield RULE.error(what, [refer], _QUOTING, clause="RFC 3261 §19.1.1, §20.10", header="Refer-To")
        return
    if "?" in value and "<" not in value:
        what = "The Refer-To has a header part but no angle brackets, so that its end is open to interpretation."
        yield RULE.warning(what, [refer], _QUOTING, clause="RFC 3261 §20.10", header="Refer-To")
    yield from _kind_of_target(refer, parsed)


def _escaping(refer: Sight, value: str) -> Iterator[Finding]:
    if _ESCAPED_TWICE.search(value):
        what = "The header part of the Refer-To is escaped twice (%25…), so that Replaces names no dialog."
        yield RULE.error(what, [refer], _QUOTING, clause="RFC 3261 §19.1.1, RFC 5589 §7.3", header="Refer-To")
    elif _UNESCAPED.search(value):
        what = "The Replaces in the Refer-To is not escaped: many readers cut it off at the first semicolon."
        yield RULE.warning(what, [refer], _QUOTING, clause="RFC 3261 §25.1", header="Refer-To")
    elif _REPLACES_PARAMETER.search(value):
        what = "Replaces stands in the Refer-To as a URI parameter (;Replaces=) and not as a header (?Replaces=)."
        yield RULE.error(what, [refer], "Write ?Replaces= behind the URI.", clause="RFC 5589 §7.3", header="Refer-To")


def _kind_of_target(refer: Sight, parsed: ReferTo) -> Iterator[Finding]:
    scheme = parsed.address.uri.partition(":")[0].lower()
    if parsed.uri is None:
        what = f"The Refer-To is a {scheme} URI, which cannot be called: this REFER is no call transfer."
        advice = "Nothing, when none was meant; refer to a sip, sips or tel URI for one."
        yield RULE.note(what, [refer], advice, clause="RFC 3515 §2.4.2", header="Refer-To")
    elif scheme == "tel":
        what = "The Refer-To is a tel URI: it names no host, and some gateways refuse it."
        advice = "Refer to sip:NUMBER@HOST;user=phone where the receiver does not route tel URIs."
        yield RULE.note(what, [refer], advice, clause="RFC 3966 §3", header="Refer-To")
    if parsed.method.upper() != "INVITE":
        what = f"The Refer-To asks for a {parsed.method} and not for a call."
        yield RULE.note(what, [refer], "This is no call transfer.", clause="RFC 3515 §2.4.3", header="Refer-To")


def _referred_by(refer: Sight) -> Iterator[Finding]:
    values = refer.message.headers.all("referred-by")
    if len(values) > 1:
        what = f"The REFER has {len(values)} Referred-By values."
        yield RULE.error(what, [refer], "Send one.", clause="RFC 3892 §2.1", header="Referred-By")
    elif values and not re.search(r"sips?:", values[0], re.IGNORECASE):
        what = "The Referred-By is no sip or sips URI."
        yield RULE.warning(
            what, [refer], "Name the transferor by its SIP URI.", clause="RFC 3892 §3", header="Referred-By"
        )


def _replaces(invite: Sight) -> Iterator[Finding]:
    values = invite.message.headers.all("replaces")
    try:
        DialogId.replaced(values[0] if len(values) == 1 else "")
    except DecodeError as error:
        what = "More than one Replaces" if len(values) > 1 else f"The Replaces cannot be read: {error.what}"
        advice = "Write Replaces: CALL-ID;to-tag=…;from-tag=…, once; anything else has to be answered 400."
        yield RULE.error(f"{what}.", [invite], advice, clause="RFC 3891 §3", header="Replaces")


def _copied(scene: Scene) -> Iterator[Finding]:
    """RFC 3892 §2.2: Referred-By goes unchanged into the triggered request."""
    target = scene.call("target")
    if target is None or not target.invites or not scene.refers:
        return
    invite = target.invites[0].request
    said = [refer.request.first("referred-by") for refer in scene.refers]
    carried = invite.first("referred-by")
    if any(said) and not carried:
        what = "The call to the target does not carry the Referred-By of the REFER."
        advice = "Copy Referred-By into the triggered INVITE; a target that needs it answers 429."
        yield RULE.note(what, [scene.refers[0].request, invite], advice, clause="RFC 3892 §2.2", header="Referred-By")
    elif any(said) and _plain(carried) not in map(_plain, said):
        what = "The Referred-By of the triggered INVITE is not the one of the REFER."
        advice = "Copy it octet for octet: Microsoft Teams finds the transfer by it."
        yield RULE.warning(
            what, [scene.refers[0].request, invite], advice, clause="RFC 3892 §2.2", header="Referred-By"
        )


def _plain(value: str) -> str:
    return "".join(value.split())
