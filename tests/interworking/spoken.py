"""Transfers as each dialect speaks of them: events that were written as messages and read back."""

from collections.abc import Iterator

from gateway.model.errors import UntranslatableError
from gateway.model.legs import IsdnCall, SipDialog
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, TypeOfNumber
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    Consultation,
    DialogReference,
    HeldCall,
    RltCallId,
    TransferEvent,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context


def party(digits: str, name: str = "") -> Party:
    """A party as every protocol knows it: a public number, screened by the network, and a URI."""
    return Party(
        Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
        Presentation.ALLOWED,
        Screening.NETWORK_PROVIDED,
        name=name,
        uri=f"sip:+{digits}@pbx.example.com;user=phone",
    )


ALICE, BOB, CAROL = party("15550101"), party("15550102", "Bob"), party("15550103", "Carol")
CONTEXT = Context(
    isdn=IsdnCall(1),
    isdn_secondary=IsdnCall(2),
    sip=SipDialog("first@gateway.invalid", "a", "b", ALICE.uri, BOB.uri, BOB.uri),
    sip_secondary=SipDialog("second@gateway.invalid", "c", "d", ALICE.uri, CAROL.uri, CAROL.uri),
    pending={1: ""},
)
NAMES: dict[str, Consultation | None] = {
    "sip": DialogReference("second@gateway.invalid", "d", "c"),
    "teams": DialogReference("second@gateway.invalid", "d", "c"),
    "etsi-ect": HeldCall(),
    "qsig": CallIdentity("17"),
    "qsig-ssct": None,
    "ni2-tbct": CallReference(2),
    "dms-rlt": RltCallId(0x22),
    "h4502": CallIdentity("17"),
}
"""What each dialect calls the consultation call."""

_WRITERS = {"teams": "sip"}
"""Teams takes an INVITE where it sends a REFER: what it sends is written as any SIP peer would."""


def spoken(source: str, event: TransferEvent) -> Iterator[TransferEvent]:
    """The event as `source` says it on the wire: its own messages, read back. Nothing if it cannot say it."""
    try:
        written = dialect_named(_WRITERS.get(source, source)).write(event, CONTEXT)
    except UntranslatableError:
        return
    for message in written.messages:
        yield from dialect_named(source).read(message.octets, CONTEXT)
