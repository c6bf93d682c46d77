"""The correlator by itself: every event on every leg in any state, in any order."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from gateway.interworking.cause_map import cause_map
from gateway.interworking.correlator import Correlator
from gateway.interworking.legs import IDLE_LEGS_STAY, RELEASED_LEGS_STAY, Leg, LegState, LegTable, Parties
from gateway.interworking.matching import address_key, common_ending, same_address
from gateway.interworking.observed import Seen
from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Number, Party, Subaddress
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    CallStatus,
    DialogReference,
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
    TransferProgress,
    TransferRequest,
    TransferSetup,
)

KEYS = ("one", "two", "three")
SIDES = ("caller", "callee")
PARTIES = st.sampled_from(
    [Party(uri="sip:carol@example.net"), Party(number=Number("15550103")), Party(uri="sip:host.invalid"), Party()]
)
CONSULTATIONS = st.sampled_from(
    [
        None,
        DialogReference("two", "t", "f"),
        DialogReference("nobody", "", ""),
        LinkId(1),
        CallIdentity("17"),
        CallIdentity(" "),
        CallReference(0x8002),
        RltCallId(3),
        HeldCall(),
    ]
)
IDS = st.sampled_from([None, 1, 2])
EVENTS: st.SearchStrategy[TransferEvent] = st.one_of(
    st.builds(
        TransferRequest, st.sampled_from(TransferKind), PARTIES, CONSULTATIONS, notify=st.booleans(), invoke_id=IDS
    ),
    st.builds(IdentityRequest, IDS),
    st.builds(IdentityGranted, CONSULTATIONS.filter(bool), invoke_id=IDS),
    st.builds(IdentityAbandoned, IDS),
    st.builds(TransferSetup, PARTIES, CONSULTATIONS, PARTIES, invoke_id=IDS),
    st.builds(
        PartyUpdate, st.sampled_from(Stage), PARTIES, st.sampled_from(EndDesignation), st.sampled_from(CallStatus)
    ),
    st.builds(SubaddressRequest, IDS),
    st.builds(SubaddressUpdate, st.just(Subaddress(b"1")), IDS),
    st.builds(Redirection, PARTIES),
    st.builds(TransferProgress, st.integers(100, 299)),
    st.builds(
        TransferOutcome,
        st.sampled_from(Outcome),
        st.none() | st.integers(200, 699),
        error=st.sampled_from(["", "notAvailable", "establishmentFailure"]),
        invoke_id=IDS,
    ),
    st.builds(OtherOperation, st.just("pathReplacePropose")),
)
STEPS = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from(["open", "alert", "answer", "release", "event"]),
    EVENTS,
    st.sampled_from(SIDES),
    st.sampled_from(["", "1", "2"]),
    st.floats(0, 40),
)


def test_every_kind_of_event_has_a_handler() -> None:
    handlers = Correlator(cause_map).handlers
    assert set(handlers) == set(get_args(TransferEvent))


@given(st.lists(STEPS, max_size=30), st.sampled_from(SignallingProtocol))
def test_any_event_in_any_state_finds_its_place(
    steps: list[tuple[str, str, TransferEvent, str, str, float]], protocol: SignallingProtocol
) -> None:
    correlator, time = Correlator(cause_map), 0.0
    settled: dict[int, tuple[Outcome, float | None]] = {}
    for frame, (key, step, event, side, transaction, pause) in enumerate(steps, 1):
        time += pause
        leg = correlator.legs.find(key)
        if leg is None or step == "open":
            keys = {"call_id": key, "from_tag": "f", "to_tag": "t", "call_reference": str(frame)}
            parties = Parties("sip:alice@example.net", "sip:carol@example.net", keys)
            leg = correlator.legs.add(Leg(protocol, key, time, parties))
            correlator.leg_started(leg, "sip:carol@example.net", frame)
        seen = Seen(frame, time, leg, "a:1", "b:1", side, side, transaction, "qsig")
        if step == "event":
            transfer = correlator.observe(event, seen)
            assert transfer is None or frame in transfer.frames
        elif step == "alert":
            correlator.legs.alerting(leg)
        elif step == "answer":
            correlator.leg_answered(leg, time, frame)
        elif step == "release":
            correlator.leg_released(leg, time, frame, Cause(16))
        for number, found in enumerate(correlator.transfers):
            before = settled.get(number)
            if before and before[0] is not Outcome.PENDING and found.status not in (401, 407):
                assert before[0] is found.outcome or found.outcome is Outcome.PENDING
            settled[number] = (found.outcome, found.final)
    correlator.finish()
    for found in correlator.transfers:
        document = found.as_document()
        assert document["legs"]
        assert document["frames"] == sorted(set(document["frames"]))
        assert (found.outcome is Outcome.PENDING) == (found.final is None)
        assert found.final is None or found.final >= found.requested


def leg(key: str, started: float) -> Leg:
    return Leg(SignallingProtocol.SIP, key, started, Parties("sip:alice@example.net"))


def test_released_legs_stay_a_while_and_go() -> None:
    legs = LegTable()
    one = legs.add(leg("one", 0.0))
    legs.release(one, 1.0)
    legs.add(leg("two", RELEASED_LEGS_STAY))
    assert legs.find("one") is one
    assert legs.given_up_by("sip:alice@example.net") is one
    legs.add(leg("three", RELEASED_LEGS_STAY + 2))
    assert legs.find("one") is None
    assert legs.given_up_by("sip:alice@example.net") is None


def test_idle_legs_go_too() -> None:
    legs = LegTable()
    legs.add(leg("one", 0.0))
    legs.add(leg("two", IDLE_LEGS_STAY + 1))
    assert [each.key for each in legs] == ["two"]


def test_a_leg_s_state_only_grows() -> None:
    legs = LegTable()
    one = legs.add(leg("one", 0.0))
    legs.answer(one, 1.0)
    legs.alerting(one)
    assert one.state is LegState.ANSWERED
    legs.release(one, 2.0, Cause(17))
    legs.answer(one, 3.0)
    legs.release(one, 4.0, Cause(16))
    assert (one.state, one.answered, one.released, one.cause) == (LegState.RELEASED, 1.0, 2.0, Cause(17))


def test_addresses_of_different_protocols() -> None:
    forms = (
        "sip:+15550103@example.net;user=phone",
        "tel:+1-555-0103",
        "15550103",
        "5550103",
        "sip:15550103@10.0.0.1",
    )
    keys = [address_key(form) for form in forms]
    assert all(same_address(one, other) for one in keys for other in keys)
    assert len({common_ending(key) for key in keys}) == 1


def test_what_is_not_the_same_address() -> None:
    assert not same_address(address_key("sip:103@x"), address_key("15550103"))
    assert not same_address(address_key("sip:carol@x"), address_key("sip:dave@x"))
    assert not same_address("", "")
    teams = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:1"
    assert not same_address(address_key(teams), address_key(teams[:-1] + "2"))
    assert same_address(address_key(teams), address_key(teams + "?Replaces=x"))
