"""What a transfer needs of the basic call's elements: the parties of a SETUP, the notification of a new party, and
the cause beside a result that rides in a clearing message.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.isdn import elements, numbers, q931
from gateway.isdn.elements import Notification
from gateway.isdn.q931 import Identifier, InformationElement, MessageType
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import CallStatus, PartyUpdate, Stage, TransferEvent, TransferOutcome, TransferSetup

_STATUS: dict[int, CallStatus] = {
    Notification.CALL_TRANSFER_ALERTING: CallStatus.ALERTING,
    Notification.CALL_TRANSFER_ACTIVE: CallStatus.ANSWERED,
}

_READERS: dict[int, Callable[[bytes], Any]] = {
    Identifier.CALLED_PARTY_NUMBER: numbers.decode_called,
    Identifier.CALLING_PARTY_NUMBER: numbers.decode_party,
    Identifier.REDIRECTION_NUMBER: numbers.decode_party,
    Identifier.NOTIFICATION_INDICATOR: elements.decode_notification,
    Identifier.CAUSE: elements.decode_cause,
}

_NOTIFICATION, _REDIRECTION = Identifier.NOTIFICATION_INDICATOR, Identifier.REDIRECTION_NUMBER
_CLEARING = frozenset((MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RELEASE_COMPLETE))


def of_call(event: TransferEvent, message_type: MessageType | int, bearer: bytes) -> tuple[InformationElement, ...]:
    """The elements that `event` puts into a message of this type; a new call has this bearer capability.

    Raises UntranslatableError for a target that has no number.
    """
    if isinstance(event, TransferOutcome) and event.cause and message_type in _CLEARING:
        return (InformationElement(Identifier.CAUSE, elements.encode_cause(event.cause)),)
    if isinstance(event, PartyUpdate) and message_type == MessageType.NOTIFY:
        return notification(event)
    if message_type != MessageType.SETUP:
        return ()
    capability = InformationElement(Identifier.BEARER_CAPABILITY, bearer)
    if isinstance(event, TransferSetup):
        return (capability, *_calling(event.transferee), *_called(event.target))
    return (capability,)


def with_call(event: TransferEvent, message: q931.Message) -> TransferEvent:
    """`event` with what the message's elements add: the parties of a SETUP, the cause beside an answer."""
    if isinstance(event, TransferSetup) and message.message_type == MessageType.SETUP:
        return with_parties(event, message.elements)
    return with_cause(event, message.elements) if isinstance(event, TransferOutcome) else event


def with_cause(event: TransferOutcome, found: tuple[InformationElement, ...]) -> TransferOutcome:
    """`event` with the cause among the elements, if there is one."""
    cause = _contents(found).get(Identifier.CAUSE)
    return event if cause is None else replace(event, cause=elements.decode_cause(cause))


def without_call(event: TransferEvent) -> TransferEvent:
    """`event` as its component alone says it."""
    if isinstance(event, TransferSetup):
        return replace(event, target=None, transferee=None)
    if isinstance(event, TransferOutcome):
        return replace(event, cause=None, status=None, reason="")
    return event


def with_setup(event: TransferEvent, found: tuple[InformationElement, ...]) -> TransferEvent:
    """`event` with the parties of the SETUP's elements when it is the new call's arrival."""
    return with_parties(event, found) if isinstance(event, TransferSetup) else event


def with_parties(event: TransferSetup, found: tuple[InformationElement, ...]) -> TransferSetup:
    """`event` with target and transferee as the number elements give them."""
    contents = _contents(found)
    called = contents.get(Identifier.CALLED_PARTY_NUMBER)
    calling = contents.get(Identifier.CALLING_PARTY_NUMBER)
    return replace(
        event,
        target=None if called is None else Party(numbers.decode_called(called)),
        transferee=None if calling is None else numbers.decode_party(calling),
    )


def notified(found: tuple[InformationElement, ...]) -> PartyUpdate | None:
    """The party that a call transfer notification (0x69, 0x6A) among the elements announces, with its number."""
    contents = _contents(found)
    indicator, number = contents.get(_NOTIFICATION), contents.get(_REDIRECTION)
    status = _STATUS.get(elements.decode_notification(indicator)) if indicator else None
    if status is None:
        return None
    party = Party() if number is None else numbers.decode_party(number)
    return PartyUpdate(Stage.COMPLETE, party, status=status)


def notification(event: PartyUpdate) -> tuple[InformationElement, ...]:
    """The elements of a NOTIFY that announces the party."""
    alerting = event.stage is Stage.COMPLETE and event.status is CallStatus.ALERTING
    code = Notification.CALL_TRANSFER_ALERTING if alerting else Notification.CALL_TRANSFER_ACTIVE
    indicator = InformationElement(Identifier.NOTIFICATION_INDICATOR, elements.encode_notification(code))
    if event.party.number is None and event.party.presentation is None:
        return (indicator,)
    return (indicator, InformationElement(Identifier.REDIRECTION_NUMBER, numbers.encode_party(event.party)))


def equal(one: InformationElement, other: InformationElement) -> bool:
    """Whether two elements of one kind say the same to us; one that we do not read says nothing."""
    reader = _READERS.get(one.identifier)
    return reader is None or reader(one.contents) == reader(other.contents)


def _contents(found: tuple[InformationElement, ...]) -> dict[int, bytes]:
    return {element.identifier: element.contents for element in reversed(found) if element.codeset == 0}


def _called(target: Party | None) -> tuple[InformationElement, ...]:
    if target is None:
        return ()
    if target.number is None:
        known = target.uri or target.name or "withheld"
        raise UntranslatableError(f"a SETUP needs the target's number; known is only {known!r}")
    return (InformationElement(Identifier.CALLED_PARTY_NUMBER, numbers.encode_called(target.number)),)


def _calling(transferee: Party | None) -> tuple[InformationElement, ...]:
    if transferee is None or (transferee.number is None and transferee.presentation is not Presentation.RESTRICTED):
        return ()
    return (InformationElement(Identifier.CALLING_PARTY_NUMBER, numbers.encode_party(transferee)),)
