"""What the tests of the ISDN dialects share: messages on given calls, and parties as the examples name them."""

from gateway.isdn import q931
from gateway.model.legs import IsdnCall
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, TypeOfNumber
from gateway.model.transfer import TransferEvent
from gateway.translators import dialect_named
from gateway.translators.dialect import Context, Written

CALLS = Context(isdn=IsdnCall(1), isdn_secondary=IsdnCall(2), invoke_id=1)


def facility(contents: str, call_reference: int = 1) -> bytes:
    """A FACILITY from the side that allocated the call reference, with one Facility element."""
    octets = bytes.fromhex(contents)
    return bytes((8, 2)) + call_reference.to_bytes(2) + bytes((0x62, 0x1C, len(octets))) + octets


def read(name: str, octets: bytes, pending: dict[int, str] | None = None) -> TransferEvent:
    """The one event in the message."""
    (event,) = dialect_named(name).read(octets, Context(pending=pending or {}))
    return event


def write(name: str, event: TransferEvent, context: Context = CALLS) -> Written:
    """What the dialect makes of the event on calls 1 (primary) and 2 (secondary), invokeId 1."""
    return dialect_named(name).write(event, context)


def messages(name: str, event: TransferEvent, context: Context = CALLS) -> list[tuple[str, str, str]]:
    """(leg, message name, octets in hex) of what is written."""
    return [(each.leg, each.name, each.octets.hex()) for each in write(name, event, context).messages]


def contents(name: str, event: TransferEvent, context: Context = CALLS) -> str:
    """The contents of the Facility element of the one message that is written, in hex."""
    (message,) = write(name, event, context).messages
    octets = q931.decode(message.octets).contents(q931.Identifier.FACILITY)
    assert octets is not None
    return octets.hex()


def lost(name: str, event: TransferEvent) -> set[str]:
    """The paths of what the dialect had to leave out."""
    return {each.what for each in write(name, event).lost}


def on_its_call(octets: bytes, pending: dict[int, str] | None = None) -> Context:
    """The context in which a message of the same call is written."""
    message = q931.decode(octets)
    call = IsdnCall(message.call_reference, not message.flag, message.call_reference_octets)
    return Context(isdn=call, isdn_secondary=call, pending=pending or {})


def international(digits: str) -> Number:
    """A public number with country code."""
    return Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


def presented(digits: str, screening: Screening | None = None, name: str = "") -> Party:
    """A party whose number, and name if it has one, may be shown."""
    shown = Presentation.ALLOWED if name else None
    return Party(international(digits), Presentation.ALLOWED, screening, name, shown)
