"""Every dialect into every other: what the receiver cannot read back is named among the losses, with a reason."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import permutations
from typing import Any

import pytest

from gateway.interworking.address_map import address_map
from gateway.interworking.translation import translator
from gateway.model.causes import Cause
from gateway.model.errors import UntranslatableError
from gateway.model.legs import IsdnCall, SipDialog
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, TypeOfNumber
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    CallStatus,
    DialogReference,
    EndDesignation,
    HeldCall,
    Outcome,
    PartyUpdate,
    RltCallId,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect, dialect_names
from gateway.translators.dialect import Context, Written


def party(digits: str, name: str = "") -> Party:
    """A party as every protocol knows it: a public number, screened by the network, and a URI."""
    return Party(
        Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
        Presentation.ALLOWED,
        Screening.NETWORK_PROVIDED,
        name=name,
        uri=f"sip:+{digits}@gateway.invalid;user=phone",
    )


ALICE, BOB, CAROL = party("15550101"), party("15550102"), party("15550103", "Carol")
CONTEXT = Context(
    isdn=IsdnCall(1),
    isdn_secondary=IsdnCall(2),
    sip=SipDialog("first@gateway.invalid", "a", "b", ALICE.uri, BOB.uri, BOB.uri),
    sip_secondary=SipDialog("second@gateway.invalid", "c", "d", ALICE.uri, CAROL.uri, CAROL.uri),
    pending={1: ""},
)
NAMES = {
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


def requests(source: str) -> Iterator[TransferEvent]:
    yield TransferRequest(TransferKind.BLIND, CAROL, transferor=ALICE, transferee=BOB)
    yield TransferRequest(TransferKind.ATTENDED, CAROL, NAMES[source], ALICE, BOB)
    yield TransferSetup(CAROL, NAMES[source], ALICE, BOB)


def answers(_: str) -> Iterator[TransferEvent]:
    yield TransferOutcome(Outcome.SUCCEEDED, 200, invoke_id=1)
    yield TransferOutcome(Outcome.FAILED, 480, cause=Cause(41), error="establishmentFailure", invoke_id=1)
    yield PartyUpdate(Stage.COMPLETE, CAROL, EndDesignation.PRIMARY, CallStatus.ANSWERED)
    yield PartyUpdate(Stage.ACTIVE, CAROL)


@pytest.mark.parametrize(("source", "target"), list(permutations(NAMES, 2)))
@pytest.mark.parametrize("family", [requests, answers], ids=["requests", "answers"])
def test_nothing_is_lost_in_silence(source: str, target: str, family: Any) -> None:
    said = 0
    for wanted in family(source):
        for event in spoken(source, wanted):
            said += 1
            assert_all_accounted_for(event, source, target)
    if not said:
        pytest.skip(f"{source} has no message for any of these")


def test_the_pairs_are_all_there_are() -> None:
    assert set(NAMES) == set(dialect_names())


def spoken(source: str, event: TransferEvent) -> Iterator[TransferEvent]:
    """The event as `source` says it on the wire: its own messages, read back."""
    try:
        written = dialect(source).write(event, CONTEXT)
    except UntranslatableError:
        return
    for message in written.messages:
        yield from dialect(source).read(message.octets, CONTEXT)


def assert_all_accounted_for(event: TransferEvent, source: str, target: str) -> None:
    try:
        written = translator().write(event, source, target, CONTEXT)
    except UntranslatableError as error:
        assert str(error)
        return
    assert all(item.why for item in written.lost)
    lost = [item.what for item in written.lost]
    arrived = values(written, target)
    missing = {
        path: value
        for path, value in leaves(event)
        if value not in arrived and not any(map(path.startswith, lost)) and not implied(path, arrived)
    }
    assert not missing, f"{type(event).__name__}"


def values(written: Written, target: str) -> set[Any]:
    """All that the receiver reads. A number that arrives as a URI, or as called number of a SETUP, has arrived."""
    events = [read for each in written.messages for read in dialect(target).read(each.octets, CONTEXT)]
    events += [address_map().complete_event(read, name) for read in events for name in ("sip", "qsig", "h4502")]
    found: set[Any] = {value for read in events for _, value in leaves(read)}
    found |= {type(read).__name__ for read in events}
    found |= {"consultation" for read in events if getattr(read, "consultation", None) is not None}
    called = [each.octets for each in written.messages if each.protocol == "isdn"]
    for who in (ALICE, BOB, CAROL):
        if who.number and any(who.number.digits.encode() in octets for octets in called):
            found |= {value for _, value in leaves(who.number)}
    return found


def implied(path: str, arrived: set[Any]) -> bool:
    """What the kind of message says by itself: an INVITE with Replaces a join, callTransferActive the answer;
    and a consultation call that the receiver knows by another name.
    """
    if path.startswith("consultation."):
        return "consultation" in arrived
    return (path == "stage" and "TransferSetup" in arrived) or (path == "outcome" and "PartyUpdate" in arrived)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything that an event says, but for what only numbers its message."""
    for field in fields(value):
        item = getattr(value, field.name)
        if item in (None, "", (), b"", False, Presentation.ALLOWED) or field.name in ("invoke_id", "kind", "kept", "notify", "operation"):
            continue
        here = f"{path}.{field.name}" if path else field.name
        if is_dataclass(item):
            yield from leaves(item, here)
        elif field.name == "aliases":
            yield from ((here, alias.value) for alias in item)
        else:
            yield here, str(item) if isinstance(item, Enum) else item
