"""Dialect "h4502": H.450.2 APDUs as transfer events, and back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h225, h450, operations, signals
from gateway.h323.arguments import decode_argument
from gateway.h323.h450 import SupplementaryService
from gateway.h323.operations import BY_NAME, PROBLEMS
from gateway.h323.signals import Call
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError, GatewayError, UntranslatableError
from gateway.model.legs import H323Call, SignallingProtocol
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from gateway.model.remote_operations import Invoke
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    DialogReference,
    EndDesignation,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Kept,
    LinkId,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context, Lost, Message, Written
from tests.h323 import dissect, recordings
from tests.h323.strategies import invoke_ids, names, parties, subaddresses

H4502 = dialect_named("h4502")
CALLS = Context(h323=H323Call(1, True, bytes(range(16))), h323_secondary=H323Call(2, False), invoke_id=7)
CAROL = Party(
    number=Number("1003"),
    aliases=(Alias(AliasKind.TRANSPORT_ID, "127.0.23.3:1720"), Alias(AliasKind.DIALLED_DIGITS, "1003")),
)
DIALOG = DialogReference("call-id", "to", "from")


def in_facility(apdu: str, pending: dict[int, str] | None = None) -> TransferEvent:
    octets = h225.encode(signals.facility(Call(1), (bytes.fromhex(apdu),)))
    (event,) = H4502.read(octets, Context(pending=pending or {}))
    return event


def one(written: Written) -> Message:
    (message,) = written.messages
    return message


def apdu_of(message: Message) -> str:
    (apdu,) = h225.decode(message.octets).supplementary_services
    return apdu.hex()


def without_kept(event: TransferEvent) -> TransferEvent:
    return replace(event, kept=())


# -- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["0f00028107007f00170306b801804336", "100800028107007f00170306b801804336"])
def test_a_call_identity_that_is_empty_or_blank_is_a_blind_transfer(argument: str) -> None:
    event = without_kept(in_facility("00011003e9000109" + argument))
    assert event == TransferRequest(TransferKind.BLIND, CAROL, invoke_id=1001)


def test_a_padded_empty_call_identity_is_a_blind_transfer_too() -> None:
    event = in_facility("00011000030001090700000101808884")
    assert isinstance(event, TransferRequest)
    assert (event.kind, event.consultation) == (TransferKind.BLIND, None)


def test_a_call_identity_with_digits_is_an_attended_transfer() -> None:
    event = in_facility("0001100001000109100820028107007f00170306b801804336")
    assert event == TransferRequest(TransferKind.ATTENDED, CAROL, CallIdentity("1"), invoke_id=1)


EVENTS: list[tuple[str, TransferEvent]] = [
    ("0001000001000107", IdentityRequest(1)),
    (
        "0001600101000107100820028107007f00170306b801804336",
        IdentityGranted(CallIdentity("1"), CAROL, 1),
    ),
    ("0001000002000108", IdentityAbandoned(2)),
    ("000110000100010a020420", TransferSetup(consultation=CallIdentity("1"), invoke_id=1)),
    ("000110000100010a0100", TransferSetup(invoke_id=1)),
    (
        "200110025a00010c1b3200014004006300610072006f006c08004300610072006f006c40",
        PartyUpdate(
            Stage.COMPLETE,
            Party(name="Carol", aliases=(Alias(AliasKind.H323_ID, "carol"),)),
            EndDesignation.SECONDARY,
            CallStatus.ALERTING,
            invoke_id=602,
        ),
    ),
    (
        "00011003ed00010d1640028107007f00170306b80180433604007500700064",
        PartyUpdate(Stage.UPDATE, replace(CAROL, name="upd"), invoke_id=1005),
    ),
    (
        "200110025c00010b1120010180433608004300610072006f006c",
        PartyUpdate(
            Stage.ACTIVE,
            Party(Number("1003"), name="Carol", aliases=(Alias(AliasKind.DIALLED_DIGITS, "1003"),)),
            invoke_id=604,
        ),
    ),
    ("0001400101", TransferOutcome(Outcome.SUCCEEDED, operation="callTransferInitiate", invoke_id=1)),
    (
        "0001800101000203ee",
        TransferOutcome(Outcome.FAILED, error="establishmentFailure", operation="callTransferInitiate", invoke_id=1),
    ),
    (
        "0001c00101400101",
        TransferOutcome(
            Outcome.FAILED,
            error="unrecognizedOperation",
            rejected=True,
            operation="callTransferInitiate",
            invoke_id=1,
        ),
    ),
    ("00010003f000014d", OtherOperation("77", invoke_id=1008)),
]


@pytest.mark.parametrize(("apdu", "event"), EVENTS)
def test_what_an_apdu_says(apdu: str, event: TransferEvent) -> None:
    assert without_kept(in_facility(apdu, {1: "callTransferInitiate"})) == event


def test_call_transfer_setup_comes_with_the_addresses_of_its_setup() -> None:
    messages = (h225.decode(octets) for octets in recordings.messages())
    setup = next(message for message in messages if message.name == "SETUP" and message.supplementary_services)
    (event,) = H4502.read(h225.encode(setup), Context())
    assert isinstance(event, TransferSetup)
    assert event.transferee and event.transferee.number == Number("1002")
    assert event.target and event.target.number == Number("1003")


def test_call_complete_of_h323plus_is_read() -> None:
    event = in_facility("00011003ec00010c1a24014004006300610072006f006c080072006500640069007240")
    assert isinstance(event, PartyUpdate)
    assert (event.party.name, event.end, event.status) == ("redir", EndDesignation.SECONDARY, CallStatus.ALERTING)


WRONG_OF_H323PLUS = (
    "00011003eb00010c1b20028107007f00170306b801804336080072006500640069007200",
    "00011003ec00010c1a24014004006300610072006f006c080072006500640069007240",
)
"""Its callTransferComplete as recorded: callStatus without its bit, which no other decoder takes."""


@pytest.mark.parametrize("wrong", WRONG_OF_H323PLUS)
def test_call_complete_of_h323plus_is_written_as_it_should_be(wrong: str) -> None:
    event = in_facility(wrong)
    (message,) = H4502.write(event, Context()).messages
    (apdu,) = h225.decode(message.octets).supplementary_services
    assert apdu.hex() != wrong
    assert without_kept(*H4502.read(message.octets, Context())) == without_kept(event)


def test_facility_call_forwarded_is_a_redirection() -> None:
    """What a gatekeeper sends to the transferred endpoint when it carries the transfer out on its own."""
    message = signals.call_forwarded(
        Call(1), [("dialledDigits", "1003")], ("ipAddress", {"ip": b"\x7f\0\x17\x03", "port": 1720})
    )
    assert H4502.read(h225.encode(message), Context()) == (Redirection(CAROL, reason="unknown"),)


def test_every_component_is_an_event() -> None:
    apdu = h450.encode(SupplementaryService((Invoke(1, 7), Invoke(2, 8))))
    octets = h225.encode(signals.facility(Call(1), (apdu, apdu)))
    events = [without_kept(event) for event in H4502.read(octets, Context())]
    assert events == [IdentityRequest(1), IdentityAbandoned(2)] * 2


def test_a_message_without_apdus_has_no_events() -> None:
    assert H4502.read(bytes.fromhex("080200015a08028090"), Context()) == ()


def test_a_setup_from_an_alias_without_a_kind_of_its_own_is_read() -> None:
    identifier = {"nonStandardIdentifier": ("object", (1, 3, 12, 9)), "data": b"x"}
    source = ("transportID", ("nonStandardAddress", identifier))
    isup = ("isupNumber", ("e164Number", {"natureOfAddress": ("nationalNumber", 0), "address": "1002"}))
    apdu = bytes.fromhex("000110000100010a0100")
    octets = h225.encode(signals.setup(Call(1), (apdu,), [source, isup], [("dialledDigits", "1003")]))
    (event,) = H4502.read(octets, Context())
    assert isinstance(event, TransferSetup) and event.transferee
    assert [item.kind for item in event.transferee.aliases] == [AliasKind.OTHER, AliasKind.OTHER]
    again = h225.decode(one(H4502.write(event, CALLS)).octets)
    assert again.source_aliases == h225.decode(octets).source_aliases


@pytest.mark.parametrize("apdu", ["0001000001000109", "00011000010001090107", "ff"])
def test_an_apdu_that_cannot_be_read_is_an_error(apdu: str) -> None:
    with pytest.raises(DecodeError):
        in_facility(apdu)


# -- writing -----------------------------------------------------------------------------------------------------


def test_a_blind_transfer_is_call_transfer_initiate_with_one_blank() -> None:
    written = H4502.write(TransferRequest(TransferKind.BLIND, CAROL), CALLS)
    message = one(written)
    assert (message.protocol, message.name, message.leg) == (SignallingProtocol.H323, "FACILITY", "primary")
    assert apdu_of(message) == "0001100007000109100800028107007f00170306b801804336"
    assert written.lost == ()


@pytest.mark.parametrize("kind", [TransferKind.SINGLE_STEP, TransferKind.BYE_ALSO])
def test_other_transfers_without_a_second_call_are_written_alike(kind: TransferKind) -> None:
    assert H4502.write(TransferRequest(kind, CAROL), CALLS) == H4502.write(
        TransferRequest(TransferKind.BLIND, CAROL), CALLS
    )


def test_a_redirection_is_facility_call_forwarded() -> None:
    written = H4502.write(Redirection(CAROL, reason="user-busy", count=1), CALLS)
    message = h225.decode(one(written).octets)
    assert (message.name, message.reason) == ("FACILITY", "callForwarded")
    assert message.uuie["alternativeAddress"] == ("ipAddress", {"ip": b"\x7f\0\x17\x03", "port": 1720})
    assert message.destination_aliases == (("dialledDigits", "1003"),)
    assert [lost.what for lost in written.lost] == ["reason", "count"]
    assert H4502.write(TransferRequest(TransferKind.REDIRECT, CAROL), CALLS).messages == written.messages


def test_an_apdu_kept_that_is_none_is_an_error_of_ours() -> None:
    event = TransferRequest(TransferKind.BLIND, CAROL, kept=(Kept("h4502", "h4501SupplementaryService", "zz"),))
    with pytest.raises(GatewayError):
        H4502.write(event, CALLS)


@pytest.mark.parametrize("kind", [TransferKind.ATTENDED, TransferKind.SEMI_ATTENDED, TransferKind.JOIN])
def test_a_transfer_to_a_call_with_identity_is_call_transfer_initiate(kind: TransferKind) -> None:
    message = one(H4502.write(TransferRequest(kind, CAROL, CallIdentity("1")), CALLS))
    assert apdu_of(message) == "0001100007000109100820028107007f00170306b801804336"


@pytest.mark.parametrize("consultation", [DIALOG, LinkId(3), None])
def test_an_attended_transfer_without_call_identity_begins_by_asking_for_it(consultation: Any) -> None:
    written = H4502.write(TransferRequest(TransferKind.ATTENDED, CAROL, consultation), CALLS)
    message = one(written)
    assert (message.leg, apdu_of(message)) == ("secondary", "0001000007000107")
    assert message.octets[2:4].hex() == "8002"
    assert [lost.what for lost in written.lost] == ["target", *(["consultation"] if consultation else [])]


@pytest.mark.parametrize(
    ("kind", "status"),
    [(TransferKind.JOIN, CallStatus.ANSWERED), (TransferKind.SEMI_ATTENDED, CallStatus.ALERTING)],
)
def test_a_join_is_call_transfer_complete_on_both_calls(kind: TransferKind, status: CallStatus) -> None:
    bob = Party(number=Number("1002"), aliases=(Alias(AliasKind.DIALLED_DIGITS, "1002"),))
    written = H4502.write(TransferRequest(kind, CAROL, DIALOG, transferee=bob), CALLS)
    to_bob, to_carol = (H4502.read(message.octets, Context())[0] for message in written.messages)
    assert [message.leg for message in written.messages] == ["primary", "secondary"]
    assert to_bob == PartyUpdate(Stage.COMPLETE, CAROL, EndDesignation.PRIMARY, status, invoke_id=7)
    assert to_carol == PartyUpdate(Stage.COMPLETE, bob, EndDesignation.SECONDARY, CallStatus.ANSWERED, invoke_id=8)
    assert [lost.what for lost in written.lost] == ["consultation"]


def test_a_join_with_an_unknown_transferee_says_not_available() -> None:
    written = H4502.write(TransferRequest(TransferKind.JOIN, CAROL), CALLS)
    (update,) = H4502.read(written.messages[1].octets, Context())
    assert isinstance(update, PartyUpdate)
    assert update.party == Party(presentation=Presentation.NOT_AVAILABLE)


def test_a_number_of_sip_or_isdn_is_written_as_digits_and_party_number() -> None:
    number = Number("15550100", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)
    message = one(H4502.write(TransferRequest(TransferKind.BLIND, Party(number=number)), CALLS))
    (event,) = H4502.read(message.octets, Context())
    assert isinstance(event, TransferRequest) and event.target
    assert event.target.number == number
    assert [item.kind for item in event.target.aliases] == [AliasKind.DIALLED_DIGITS, AliasKind.PARTY_NUMBER]


@pytest.mark.parametrize(
    ("event", "argument"),
    [
        (TransferSetup(), "00"),
        (TransferSetup(consultation=CallIdentity("1")), "0420"),
        (TransferSetup(transferor=Party(number=Number("1001"))), "44000101804334"),
    ],
)
def test_call_transfer_setup_has_an_empty_identity_unless_a_number_follows(
    event: TransferSetup, argument: str
) -> None:
    message = one(H4502.write(event, CALLS))
    (component,) = h450.decode(bytes.fromhex(apdu_of(message))).components
    assert message.name == "SETUP"
    assert isinstance(component, Invoke) and component.argument
    assert component.argument.hex() == argument
    assert decode_argument(10, component.argument).complete


def test_call_transfer_setup_clears_the_call_where_it_is_not_known() -> None:
    assert apdu_of(one(H4502.write(TransferSetup(), CALLS))).startswith("24")


@pytest.mark.parametrize(
    ("operation", "outcome", "name", "reason"),
    [
        ("callTransferInitiate", Outcome.SUCCEEDED, "RELEASE COMPLETE", "facilityCallDeflection"),
        ("callTransferInitiate", Outcome.FAILED, "FACILITY", ""),
        ("callTransferSetup", Outcome.SUCCEEDED, "CONNECT", ""),
        ("callTransferSetup", Outcome.FAILED, "RELEASE COMPLETE", "undefinedReason"),
        ("callTransferIdentify", Outcome.FAILED, "FACILITY", ""),
        ("", Outcome.SUCCEEDED, "RELEASE COMPLETE", "facilityCallDeflection"),
    ],
)
def test_answers_go_where_h323_endpoints_send_them(operation: str, outcome: Outcome, name: str, reason: str) -> None:
    event = TransferOutcome(
        outcome, error="" if outcome is Outcome.SUCCEEDED else "notAvailable", operation=operation
    )
    message = one(H4502.write(event, CALLS))
    assert (message.name, h225.decode(message.octets).reason) == (name, reason)


def test_a_cause_goes_into_release_complete() -> None:
    event = TransferOutcome(Outcome.FAILED, cause=Cause(17), error="notAvailable", operation="callTransferSetup")
    assert h225.decode(one(H4502.write(event, CALLS)).octets).cause == 17


@pytest.mark.parametrize(
    ("error", "octets"),
    [
        ("establishmentFailure", "0203ee"),
        ("invalidRerouteingNumber", "0203ec"),
        ("", "0203ee"),
        ("tbctError", "0203ee"),
        ("2002", "0207d2"),
    ],
)
def test_an_error_by_name_and_establishment_failure_for_any_other(error: str, octets: str) -> None:
    event = TransferOutcome(Outcome.FAILED, error=error, invoke_id=1)
    written = H4502.write(event, CALLS)
    assert apdu_of(one(written)) == "0001800101" + "00" + octets
    assert [lost.what for lost in written.lost] == (["error"] if error == "tbctError" else [])


def test_a_problem_spelled_as_isdn_does() -> None:
    event = TransferOutcome(Outcome.FAILED, error="unrecognisedOperation", rejected=True, invoke_id=2)
    written = H4502.write(event, CALLS)
    assert apdu_of(one(written)) == "0001c00102400101"
    assert written.lost == ()


@pytest.mark.parametrize(
    "event",
    [
        TransferProgress(100),
        SubaddressRequest(),
        TransferOutcome(Outcome.PENDING),
        TransferRequest(TransferKind.BLIND),
        TransferRequest(TransferKind.BLIND, Party(name="nobody we can reach")),
        IdentityGranted(LinkId(1)),
        TransferSetup(consultation=DIALOG),
        OtherOperation("pathReplacement"),
        OtherOperation("77", '{"a": 1}'),
        Redirection(Party()),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_h450_2_cannot_say_is_an_error(event: TransferEvent) -> None:
    with pytest.raises(UntranslatableError):
        H4502.write(event, CALLS)


def test_what_is_lost_is_named() -> None:
    target = Party(number=Number("1003"), name="Carol", uri="sip:1003@example.com?X-Tag=a")
    event = TransferRequest(
        TransferKind.BLIND,
        target,
        transferor=Party(number=Number("1001")),
        await_connect=True,
        kept=(Kept("sip", "User-Agent", "x"),),
    )
    lost = H4502.write(event, CALLS).lost
    assert [item.what for item in lost] == [
        "target.name",
        "target.uri",
        "transferor",
        "await_connect",
        "kept.User-Agent",
    ]
    assert all(item.why for item in lost)


def test_the_headers_that_name_the_consultation_call_are_no_part_of_the_target() -> None:
    uri = "sip:carol@example.com"
    aliases = (Alias(AliasKind.URL_ID, uri), Alias(AliasKind.H323_ID, "carol"))
    target = Party(uri=f"{uri}?Require=replaces&Replaces=a", aliases=aliases)
    written = H4502.write(TransferRequest(TransferKind.ATTENDED, target, CallIdentity("1")), CALLS)
    (said,) = H4502.read(one(written).octets, CALLS)
    assert isinstance(said, TransferRequest)
    assert said.target == Party(uri=uri, aliases=aliases)
    assert written.lost == ()


def test_a_name_beyond_the_basic_plane_is_written_as_far_as_it_goes() -> None:
    event = PartyUpdate(Stage.UPDATE, replace(CAROL, name="Carol \U0001f600"))
    written = H4502.write(event, CALLS)
    (said,) = H4502.read(one(written).octets, Context())
    assert isinstance(said, PartyUpdate)
    assert said.party.name == "Carol \ufffd"
    assert [item.what for item in written.lost] == ["party.name"]


# -- both ways ---------------------------------------------------------------------------------------------------

PENDING = [{}, dict.fromkeys(range(2000), "callTransferInitiate"), dict.fromkeys(range(2000), "callTransferSetup")]


@pytest.mark.parametrize("pending", PENDING, ids=["nothing pending", "initiate", "setup"])
def test_every_recorded_apdu_is_written_with_the_octets_it_was_read_from(pending: dict[int, str]) -> None:
    context = Context(pending=pending)
    for octets in recordings.messages():
        message = h225.decode(octets)
        for event, apdu in zip(H4502.read(octets, context), message.supplementary_services, strict=True):
            written = H4502.write(event, context)
            again = h225.decode(one(written).octets)
            if apdu.hex() in WRONG_OF_H323PLUS:
                continue
            assert (again.name, again.supplementary_services, written.lost) == (message.name, (apdu,), ())


def test_an_event_that_has_changed_is_not_written_as_it_was_read() -> None:
    event = in_facility("00011003e90001090f00028107007f00170306b801804336")
    assert isinstance(event, TransferRequest)
    assert [kept.what for kept in event.kept] == ["h4501SupplementaryService"]
    changed = replace(event, target=Party(number=Number("1004")))
    assert apdu_of(one(H4502.write(changed, CALLS))) == "00011003e90001090708000101804337"


requests = st.one_of(
    st.builds(TransferRequest, st.just(TransferKind.BLIND), parties(), invoke_id=invoke_ids),
    st.builds(
        TransferRequest,
        st.just(TransferKind.ATTENDED),
        parties(),
        st.text("0123456789", min_size=1, max_size=4).map(CallIdentity),
        invoke_id=invoke_ids,
    ),
)
identities = st.text("0123456789", max_size=4).map(CallIdentity)
callers = parties().map(lambda who: replace(who, presentation=None, screening=None))
events = st.one_of(
    requests,
    st.builds(IdentityRequest, invoke_ids),
    st.builds(IdentityAbandoned, invoke_ids),
    st.builds(IdentityGranted, identities, parties(), invoke_ids),
    st.builds(
        TransferSetup,
        target=st.none() | callers,
        consultation=st.none() | st.text("0123456789", min_size=1, max_size=4).map(CallIdentity),
        transferor=st.none() | parties(),
        transferee=st.none() | callers,
        invoke_id=invoke_ids,
    ),
    st.builds(
        PartyUpdate,
        st.just(Stage.COMPLETE),
        parties(names),
        st.sampled_from(EndDesignation),
        st.sampled_from(CallStatus),
        st.binary(max_size=20),
        invoke_id=invoke_ids,
    ),
    st.builds(
        PartyUpdate,
        st.sampled_from((Stage.ACTIVE, Stage.UPDATE)),
        parties(names),
        basic_call_information=st.binary(max_size=20),
        invoke_id=invoke_ids,
    ),
    st.builds(SubaddressUpdate, subaddresses, invoke_ids),
    st.builds(
        TransferOutcome, st.just(Outcome.SUCCEEDED), operation=st.sampled_from(sorted(BY_NAME)), invoke_id=invoke_ids
    ),
    st.builds(
        TransferOutcome,
        st.just(Outcome.FAILED),
        error=st.sampled_from(sorted(operations.ERRORS.values())),
        operation=st.sampled_from(sorted(BY_NAME)),
        invoke_id=invoke_ids,
    ),
    st.builds(
        TransferOutcome,
        st.just(Outcome.FAILED),
        error=st.sampled_from(PROBLEMS["invoke"]),
        rejected=st.just(True),
        operation=st.sampled_from(sorted(BY_NAME)),
        invoke_id=invoke_ids,
    ),
    st.builds(OtherOperation, st.just("77"), st.binary(max_size=9).map(bytes.hex), invoke_id=invoke_ids),
)


@given(events)
def test_an_event_is_read_as_it_was_written(event: TransferEvent) -> None:
    written = H4502.write(event, CALLS)
    pending = dict.fromkeys(range(65536), getattr(event, "operation", ""))
    (again,) = H4502.read(one(written).octets, replace(CALLS, pending=pending))
    assert again == event
    assert written.lost == ()


@given(st.binary(max_size=60))
def test_random_octets_raise_our_errors_and_nothing_else(octets: bytes) -> None:
    message = h225.encode(signals.facility(Call(1), (octets,)))
    try:
        assert len(H4502.read(message, Context())) >= 1
    except GatewayError as error:
        assert isinstance(error, DecodeError)


@given(recordings.damaged_messages())
def test_a_damaged_message_raises_decode_error_or_is_written_again(octets: bytes) -> None:
    try:
        read = H4502.read(octets, CALLS)
    except DecodeError:
        return
    for event in read:
        assert H4502.write(event, CALLS).messages


def test_an_alias_of_a_later_version_is_kept_in_the_apdu() -> None:
    apdu = "0001100001000109050001860100"
    event = in_facility(apdu)
    assert isinstance(event, TransferRequest) and event.target
    assert event.target.aliases == (Alias(AliasKind.OTHER, ""),)
    assert apdu_of(one(H4502.write(event, CALLS))) == apdu


def test_an_interpretation_of_a_later_version_is_an_error() -> None:
    with pytest.raises(DecodeError, match="later"):
        in_facility("30c001000001000001000108")


def test_a_loss_says_why() -> None:
    lost = H4502.write(TransferOutcome(Outcome.FAILED, status=486, error="notAvailable"), CALLS).lost
    assert lost == (Lost("status", "a component has no SIP status; result or error name stands for it"),)


def test_a_result_says_200_and_no_other_status() -> None:
    assert H4502.write(TransferOutcome(Outcome.SUCCEEDED, 200, "OK"), CALLS).lost == ()
    other = H4502.write(TransferOutcome(Outcome.SUCCEEDED, 204, "No Notification"), CALLS)
    assert [lost.what for lost in other.lost] == ["status", "reason"]


@pytest.mark.parametrize(
    "transferee",
    [
        replace(CAROL, presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED),
        replace(CAROL, presentation=Presentation.ALLOWED),
        Party(presentation=Presentation.RESTRICTED),
    ],
)
def test_a_setup_says_whether_its_source_may_be_shown(transferee: Party) -> None:
    event = TransferSetup(CAROL, CallIdentity("1"), transferee=transferee)
    written = H4502.write(event, CALLS)
    (again,) = H4502.read(one(written).octets, CALLS)
    assert isinstance(again, TransferSetup)
    assert (again.transferee, written.lost) == (transferee, ())


def test_another_program_reads_whether_the_source_may_be_shown(tmp_path: Path) -> None:
    withheld = replace(CAROL, presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED)
    message = one(H4502.write(TransferSetup(CAROL, CallIdentity("1"), transferee=withheld), CALLS))
    capture = dissect.write_capture(tmp_path / "setup.pcap", [message.octets])
    fields = ("h225.presentationIndicator", "h225.screeningIndicator", "_ws.malformed")
    assert dissect.tshark(capture, *fields) == [["1", "3", ""]]
