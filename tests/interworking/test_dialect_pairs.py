"""Every dialect into every other: what the receiver cannot read back is named among the losses, with a reason."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from itertools import permutations
from typing import Any

import pytest

from gateway.interworking.address_map import address_map
from gateway.interworking.cause_map import cause_map
from gateway.interworking.translation import translator
from gateway.isdn import q931
from gateway.model.causes import Cause
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party, Presentation, Subaddress
from gateway.model.transfer import (
    CallStatus,
    EndDesignation,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.sip.message import parse
from gateway.translators import call_elements, dialect_named, dialect_names
from gateway.translators.dialect import Message, Written
from gateway.translators.sip_parties import caller
from tests.interworking.spoken import ALICE, BOB, CAROL, CONTEXT, NAMES, spoken


def requests(source: str) -> Iterator[TransferEvent]:
    yield TransferRequest(TransferKind.BLIND, CAROL, transferor=ALICE, transferee=BOB)
    yield TransferRequest(TransferKind.ATTENDED, CAROL, NAMES[source], ALICE, BOB)
    yield TransferRequest(TransferKind.SEMI_ATTENDED, CAROL, None, ALICE, BOB)
    yield TransferRequest(TransferKind.SINGLE_STEP, CAROL, None, ALICE, BOB, await_connect=True)
    yield TransferSetup(CAROL, NAMES[source], ALICE, BOB)
    yield TransferSetup(CAROL, None, ALICE, replace(BOB, presentation=Presentation.RESTRICTED))


def answers(_: str) -> Iterator[TransferEvent]:
    yield TransferOutcome(Outcome.SUCCEEDED, 200, invoke_id=1)
    yield TransferOutcome(Outcome.SUCCEEDED, 204, "Gone elsewhere", invoke_id=1)
    yield TransferOutcome(Outcome.FAILED, 480, cause=Cause(41), error="establishmentFailure", invoke_id=1)
    yield PartyUpdate(Stage.COMPLETE, CAROL, EndDesignation.PRIMARY, CallStatus.ANSWERED)
    yield PartyUpdate(Stage.COMPLETE, replace(CAROL, name="C" * 200), EndDesignation.SECONDARY, CallStatus.ALERTING)
    yield PartyUpdate(Stage.ACTIVE, CAROL)
    yield PartyUpdate(Stage.UPDATE, replace(CAROL, presentation=Presentation.RESTRICTED))


def others(source: str) -> Iterator[TransferEvent]:
    identity = NAMES[source]
    yield IdentityRequest()
    yield from [IdentityGranted(identity, CAROL)] if identity else []
    yield Redirection(CAROL, "user-busy", BOB, 2)
    yield Redirection(CAROL, "deflection")
    yield SubaddressUpdate(Subaddress(b"\x50\x31"))
    yield TransferProgress(202, "Accepted")


@pytest.mark.parametrize(("source", "target"), list(permutations(NAMES, 2)))
@pytest.mark.parametrize("family", [requests, answers, others], ids=["requests", "answers", "others"])
def test_nothing_is_lost_in_silence(source: str, target: str, family: Any) -> None:
    events = [event for wanted in family(source) for event in spoken(source, wanted)]
    for event in events:
        assert_all_accounted_for(event, source, target)
    if not events:
        pytest.skip(f"{source} has no message for any of these")


def test_the_pairs_are_all_there_are() -> None:
    assert set(NAMES) == set(dialect_names())


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
        if (last(path), value) not in arrived
        and not any(path == item or path.startswith(f"{item}.") for item in lost)
        and not implied(path, value, arrived)
    }
    assert not missing, f"{type(event).__name__}"


def last(path: str) -> str:
    return path.rpartition(".")[2]


def values(written: Written, target: str) -> set[tuple[str, Any]]:
    """All that the receiver reads, by the name of its field: a party may have another role there. What can be made
    of it has arrived too: the URI of a number, the number of a URI, the status of a result.
    """
    events = [read for message in written.messages for read in received(message, target)]
    events += [address_map().complete_event(read, name) for read in events for name in ("sip", "qsig", "h4502")]
    events += [cause_map().complete(read, toward="sip", origin=target) for read in events]
    found = {(last(path), value) for read in events for path, value in leaves(read)}
    found |= {("type", type(read).__name__) for read in events}
    found |= {("type", "consultation") for read in events if getattr(read, "consultation", None) is not None}
    return found


def received(message: Message, target: str) -> Iterator[TransferEvent]:
    """What a dialect reads; an ordinary call is nothing to a dialect, but the one who is called knows who calls."""
    yield from dialect_named(target).read(message.octets, CONTEXT)
    if message.name == "INVITE":
        invite = parse(message.octets)
        yield TransferSetup(Party(uri=invite.request_uri), transferee=caller(invite.headers))
    if message.name == "SETUP" and message.protocol == "isdn":
        yield call_elements.with_parties(TransferSetup(), q931.decode(message.octets).elements)


def implied(path: str, value: Any, arrived: set[tuple[str, Any]]) -> bool:
    """What the kind of message says by itself: an INVITE with Replaces a join, callTransferActive the answer;
    and a consultation call that the receiver knows by another name.
    """
    if path.startswith("consultation."):
        return ("type", "consultation") in arrived
    if path == "stage":
        return value == Stage.COMPLETE and ("type", "TransferSetup") in arrived
    return path == "outcome" and ("type", "PartyUpdate") in arrived


UNSAID = (None, "", (), b"", False, Presentation.ALLOWED)
NUMBERS_OF_THE_MESSAGE = ("invoke_id", "kind", "kept", "notify", "operation")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything that an event says, but for what only numbers its message."""
    for field in fields(value):
        item = getattr(value, field.name)
        if item in UNSAID or field.name in NUMBERS_OF_THE_MESSAGE:
            continue
        here = f"{path}.{field.name}" if path else field.name
        if is_dataclass(item):
            yield from leaves(item, here)
        elif field.name == "aliases":
            # Those that hold nothing but the party's number or URI have arrived with these, or are lost with them.
            known = (value.uri, value.number.digits if value.number else "")
            yield from ((here, alias.value) for alias in item if alias.value not in known)
        elif field.name == "uri":
            yield here, item.partition("?")[0]  # a Replaces in it is the consultation
        else:
            yield here, str(item) if isinstance(item, Enum) else item
