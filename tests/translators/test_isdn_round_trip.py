"""Every ISDN dialect gives back what it has read, and reads what it has written."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.isdn import q931
from gateway.isdn.facility import Facility, elements
from gateway.model.errors import DecodeError, UntranslatableError
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    CallStatus,
    EndDesignation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    RltCallId,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.isdn.recordings import recorded, variant_of, vectors
from tests.isdn.strategies import facilities, invoke_ids, numbers, presented, subaddresses, withheld
from tests.translators.isdn import on_its_call

DIALECTS = ("etsi-ect", "qsig", "qsig-ssct", "ni2-tbct", "dms-rlt")
SPOKEN = {"etsi": ("etsi-ect",), "qsig": ("qsig", "qsig-ssct"), "ni2": ("ni2-tbct",), "dms100": ("dms-rlt",)}
UNNAMED = {"rose": ("qsig", "qsig-ssct"), "notify": ("etsi-ect", "ni2-tbct", "qsig")}
"""Which dialects the vectors without a variant in their name belong to."""


def check_written_back(name: str, octets: bytes, pending: dict[int, str] | None = None) -> int:
    context = on_its_call(octets, pending)
    events = dialect_named(name).read(octets, context)
    for event in events[:1]:
        written = dialect_named(name).write(event, context)
        assert [message.octets for message in written.messages] == [octets]
        assert written.lost == ()
    return len(events)


def test_what_libpri_sent_is_written_back_octet_for_octet() -> None:
    found = [check_written_back(name, octets) for path, octets in recorded() for name in SPOKEN[variant_of(path)]]
    assert sum(found) >= 60


def test_every_component_of_libpri_is_read() -> None:
    with_facility = [(path, octets) for path, octets in recorded() if q931.decode(octets).facilities()]
    assert with_facility
    for path, octets in with_facility:
        assert all(dialect_named(name).read(octets, Context()) for name in SPOKEN[variant_of(path)])


def test_the_vectors_are_written_back_octet_for_octet() -> None:
    for name, octets in vectors().items():
        variant = name.split("_")[0]
        for spoken in SPOKEN.get(variant) or UNNAMED[variant]:
            assert check_written_back(spoken, octets) == 1, name


def test_a_result_is_written_back_also_when_its_operation_is_known_from_elsewhere() -> None:
    octets = bytes.fromhex("08028001621c0e9faa06800100820100a203020105")
    assert check_written_back("qsig", octets, {5: "callTransferInitiate"}) == 1


ANSWERED = {"qsig": "callTransferInitiate"}
"""The operation that outcomes answer, where not every one is confirmed that asks for a transfer."""


def own(name: str) -> st.SearchStrategy[TransferEvent]:
    """Events that the dialect says entirely."""
    operation = st.just(ANSWERED.get(name, ""))
    common = st.builds(TransferOutcome, st.just(Outcome.SUCCEEDED), operation=operation, invoke_id=invoke_ids)
    rejected = st.builds(
        TransferOutcome,
        st.just(Outcome.FAILED),
        error=st.sampled_from(("unrecognisedOperation", "mistypedArgument", "resourceLimitation")),
        rejected=st.just(True),
        operation=operation,
        invoke_id=invoke_ids,
    )
    return st.one_of(common, rejected, OWN[name])


def attended(
    consultation: st.SearchStrategy[LinkId | HeldCall | CallReference],
) -> st.SearchStrategy[TransferRequest]:
    return st.builds(TransferRequest, st.just(TransferKind.ATTENDED), consultation=consultation, invoke_id=invoke_ids)


bare = st.builds(Party, numbers)
presented_bare = st.builds(Party, numbers, st.sampled_from((Presentation.ALLOWED, Presentation.RESTRICTED)))
names = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), min_size=1, max_size=50)
named = st.builds(
    lambda party, name: Party(party.number, party.presentation, party.screening, name, Presentation.ALLOWED),
    presented | withheld,
    names,
)
identities = st.builds(CallIdentity, st.text("0123456789", min_size=1, max_size=4))
statuses = st.sampled_from(CallStatus)

ECT = st.one_of(
    attended(st.just(HeldCall()) | st.builds(LinkId, st.integers(-32768, 32767))),
    st.builds(IdentityRequest, invoke_id=invoke_ids),
    st.builds(IdentityGranted, st.builds(LinkId, st.integers(-32768, 32767)), invoke_id=invoke_ids),
    st.builds(PartyUpdate, st.just(Stage.COMPLETE), presented_bare | withheld, status=statuses, invoke_id=invoke_ids),
    st.builds(SubaddressRequest, invoke_id=invoke_ids),
    st.builds(SubaddressUpdate, subaddresses, invoke_id=invoke_ids),
    st.builds(
        Redirection,
        bare,
        st.sampled_from(("unknown", "unconditional", "user-busy", "no-answer", "deflection")),
        presented_bare | withheld,
        st.integers(1, 5),
        invoke_id=invoke_ids,
    ),
    st.builds(
        TransferOutcome,
        st.just(Outcome.FAILED),
        error=st.sampled_from(
            ("userNotSubscribed", "notAvailable", "invalidCallState", "linkIdNotAssignedByNetwork")
        ),
        invoke_id=invoke_ids,
    ),
)
QSIG = st.one_of(
    st.builds(IdentityRequest, invoke_id=invoke_ids),
    st.builds(IdentityAbandoned, invoke_id=invoke_ids),
    st.builds(IdentityGranted, identities, bare, invoke_id=invoke_ids),
    st.builds(TransferRequest, st.just(TransferKind.ATTENDED), bare, identities, invoke_id=invoke_ids),
    st.builds(
        TransferRequest,
        st.just(TransferKind.SINGLE_STEP),
        bare,
        st.none(),
        st.none() | named,
        named,
        await_connect=st.booleans(),
        invoke_id=invoke_ids,
    ),
    st.builds(TransferSetup, st.none(), identities, invoke_id=invoke_ids),
    st.builds(TransferSetup, transferor=st.none() | named, invoke_id=invoke_ids),
    st.builds(
        PartyUpdate,
        st.just(Stage.COMPLETE),
        named | presented | withheld,
        st.sampled_from(EndDesignation),
        statuses,
        st.binary(max_size=20),
        invoke_id=invoke_ids,
    ),
    st.builds(
        PartyUpdate,
        st.just(Stage.ACTIVE),
        named | presented | withheld,
        status=st.just(CallStatus.ANSWERED),
        invoke_id=invoke_ids,
    ),
    st.builds(PartyUpdate, st.just(Stage.UPDATE), named | presented | withheld, invoke_id=invoke_ids),
    st.builds(SubaddressUpdate, subaddresses, invoke_id=invoke_ids),
    st.builds(
        TransferOutcome,
        st.just(Outcome.FAILED),
        error=st.sampled_from(("unrecognizedCallIdentity", "establishmentFailure", "unspecified")),
        operation=st.just("callTransferInitiate"),
        invoke_id=invoke_ids,
    ),
)
OWN: dict[str, st.SearchStrategy[TransferEvent]] = {
    "etsi-ect": ECT,
    "qsig": QSIG,
    "qsig-ssct": QSIG,
    "ni2-tbct": attended(st.builds(CallReference, st.integers(0, 65535), st.binary(max_size=8))),
    "dms-rlt": st.one_of(
        st.builds(IdentityRequest, invoke_id=st.just(1)),
        st.builds(IdentityGranted, st.builds(RltCallId, st.integers(0, 2**24 - 1)), invoke_id=st.just(1)),
        st.builds(
            TransferRequest,
            st.just(TransferKind.ATTENDED),
            consultation=st.builds(RltCallId, st.integers(0, 2**24 - 1)),
            invoke_id=st.just(2),
        ),
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_as_it_was(name: str, data: st.DataObject) -> None:
    event = data.draw(own(name))
    written = dialect_named(name).write(event, Context())
    assert written.lost == ()
    operation = getattr(event, "operation", "")
    pending = {event.invoke_id: operation} if operation and event.invoke_id is not None else {}
    assert dialect_named(name).read(written.messages[0].octets, Context(pending=pending)) == (event,)


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None)
@given(octets=st.binary(max_size=60))
def test_random_octets_are_no_message_or_raise_decode_error(name: str, octets: bytes) -> None:
    for message in (octets, bytes.fromhex("0802000162") + octets):
        try:
            dialect_named(name).read(message, Context())
        except DecodeError as error:
            assert error.what


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None)
@given(facility=facilities)
def test_any_component_is_read_and_written_back_or_raises_decode_error(name: str, facility: Facility) -> None:
    message = q931.Message(q931.MessageType.FACILITY, 1, elements=elements(facility))
    octets = q931.encode(message)
    try:
        events = dialect_named(name).read(octets, Context())
    except DecodeError:
        return
    if len(events) == 1:
        (written,) = dialect_named(name).write(events[0], on_its_call(octets)).messages
        assert written.octets == octets


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None)
@given(event=st.one_of(*map(st.from_type, get_args(TransferEvent))))
def test_any_event_is_written_readably_or_is_untranslatable(name: str, event: TransferEvent) -> None:
    try:
        written = dialect_named(name).write(event, Context())
    except UntranslatableError as error:
        assert error.what
        return
    for message in written.messages:
        dialect_named(name).read(message.octets, Context())


def test_another_operation_is_not_written_as_one_of_our_own_services() -> None:
    with pytest.raises(UntranslatableError, match="subaddressTransfer is about a transfer here"):
        dialect_named("qsig").write(OtherOperation("subaddressTransfer"), Context())
