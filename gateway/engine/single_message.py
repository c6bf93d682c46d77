"""One message without its surroundings: what is in it, and what it is in another dialect."""

from typing import Any

from gateway.engine.isdn_dialects import dialect_of
from gateway.engine.recognition import Kind, from_text, recognise, require, without_tpkt
from gateway.interworking.translation import Translation, translator
from gateway.isdn import q931
from gateway.isdn.q931 import Identifier, InformationElement, MessageType
from gateway.model.errors import DecodeError, UntranslatableError
from gateway.model.legs import H323Call, IsdnCall, SignallingProtocol
from gateway.model.transfer import OtherOperation, TransferEvent
from gateway.translators import dialect_named
from gateway.translators.dialect import Context


def decode(text: str, kind: str | None = None, variant: str | None = None) -> dict[str, Any]:
    """Everything in a message (SIP text or hex), with names as the standards spell them, unknown parts as hex.

    `kind` is a value of Kind, recognised when None. Raises DecodeError with the place and the reason.
    """
    octets = from_text(text)
    form = Kind(kind) if kind else recognise(octets)
    require(form, octets)
    return {"kind": str(form)} | _document(octets, form, variant)


def _document(octets: bytes, form: Kind, variant: str | None) -> dict[str, Any]:
    # Each codec brings its own tables; only the one that is needed is loaded.
    if form is Kind.SIP:
        from gateway.sip.document import document as sip_document
        from gateway.sip.message import parse

        return sip_document(parse(octets))
    if form in (Kind.Q931, Kind.FACILITY):
        from gateway.isdn.document import document as isdn_document

        return isdn_document(octets, str(form), variant)
    from gateway.h323.document import document as h323_document

    return h323_document(without_tpkt(octets) if form is Kind.H225 else octets, str(form))


def translate(
    text: str,
    source: str | None,
    target: str,
    *,
    call_reference: int = 1,
    secondary_call_reference: int = 2,
    invoke_id: int = 1,
    profile: str = "rfc3398",
    plan: str = "default",
) -> Translation:
    """A message (SIP text or hex) in the dialect `target`; `source` is recognised when None.

    Raises DecodeError for what cannot be read, UntranslatableError for what `target` cannot say.
    """
    given = from_text(text)
    form = recognise(given)
    if source and dialect_named(source).protocol is not _PROTOCOLS[form]:
        raise DecodeError(f"{source} reads no message that begins with {given[:4].hex(' ')}, as {form} does")
    octets, spoken = _message(given, form)
    context = Context(
        isdn=IsdnCall(call_reference),
        isdn_secondary=IsdnCall(secondary_call_reference),
        h323=H323Call(call_reference),
        h323_secondary=H323Call(secondary_call_reference),
        invoke_id=invoke_id,
    )
    try:
        return translator(profile, plan).translate(octets, source or spoken, target, context)
    except UntranslatableError:
        _refuse_other_services(dialect_named(source or spoken).read(octets, context))
        raise


_PROTOCOLS = {
    Kind.SIP: SignallingProtocol.SIP,
    Kind.Q931: SignallingProtocol.ISDN,
    Kind.FACILITY: SignallingProtocol.ISDN,
    Kind.H225: SignallingProtocol.H323,
    Kind.H450: SignallingProtocol.H323,
}


def _refuse_other_services(events: tuple[TransferEvent, ...]) -> None:
    """Raises UntranslatableError when the message asks for something else than a transfer: REFER to a cid: URI."""
    for event in events:
        if isinstance(event, OtherOperation):
            why = "it is answered on the side where it came from"
            raise UntranslatableError(f"this {event.operation} is no part of a transfer: {why}")


def _message(octets: bytes, form: Kind) -> tuple[bytes, str]:
    """The complete message that carries what was given, and the dialect it speaks."""
    if form is Kind.SIP:
        return octets, "teams" if _from_teams(octets) else "sip"
    if form in (Kind.H225, Kind.H450):
        from gateway.h323 import h225, signals

        around = h225.encode(signals.facility(signals.Call(1), (octets,))) if form is Kind.H450 else None
        return around or without_tpkt(octets), "h4502"
    message = q931.decode(octets) if form is Kind.Q931 else _facility(octets)
    return q931.encode(message), dialect_of(message)


def _facility(octets: bytes) -> q931.Message:
    """A FACILITY message around a Facility element, its contents, or a bare component."""
    if octets[0] == Identifier.FACILITY:
        if len(octets) < 2 or len(octets) != 2 + octets[1]:
            raise DecodeError("length does not fit the octets that follow", where="Facility element, octet 2")
        contents = octets[2:]
    else:
        contents = b"\x91" + octets if octets[0] & 0xE0 == 0xA0 else octets
    return q931.Message(MessageType.FACILITY, 1, elements=(InformationElement(Identifier.FACILITY, contents),))


def _from_teams(octets: bytes) -> bool:
    """Whether the REFER carries Teams' own URI parameters (x-m, x-tt …)."""
    return bool(dialect_named("teams").read(octets, Context())) and b";x-m=" in octets
