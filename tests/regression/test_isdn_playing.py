"""Active replay on D channels: what is said over them, whose identifiers are whose."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.isdn import facility, q931
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.isdn.side import Side
from gateway.model.remote_operations import Invoke, ReturnResult
from gateway.regression.comparison import Verdict
from gateway.regression.isdn_comparison import compare
from gateway.regression.isdn_identities import IsdnIdentities
from gateway.regression.isdn_tape import IsdnCalls
from gateway.regression.message import Message as Told
from gateway.regression.message import name_of
from gateway.regression.playing import configuration_of, play

PCAPS = Path(__file__).parents[2] / "pcaps"
LINE = "lapd:0"


def message(kind: MessageType, reference: int, *elements: InformationElement, flag: bool = False) -> Message:
    return Message(kind, reference, flag, elements)


def carrying(*components: object) -> InformationElement:
    return InformationElement(Identifier.FACILITY, facility.encode(Facility(components=components)))  # type: ignore[arg-type]


def channel(number: int, *, exclusive: bool = True) -> InformationElement:
    return InformationElement(Identifier.CHANNEL_IDENTIFICATION, bytes((0xA1 | 8 * exclusive, 0x83, 0x80 | number)))


def said(known: IsdnIdentities, heard: Message, call: int = 1) -> Message:
    return q931.decode(known.rewritten(LINE, call, q931.encode(heard), heard))


@pytest.fixture
def known() -> IsdnIdentities:
    """The played side called with reference 3 and channel 1, the gateway with 7 and channel 2."""
    found = IsdnIdentities()
    found.same_call(LINE, 1, 5)
    setup = message(MessageType.SETUP, 3, channel(1))
    found.learn(LINE, 1, setup, message(MessageType.SETUP, 7, channel(2)))
    return found


def test_an_answer_has_our_call_reference_and_channel(known: IsdnIdentities) -> None:
    heard = message(MessageType.CALL_PROCEEDING, 3, channel(1), flag=True)
    assert said(known, heard) == message(MessageType.CALL_PROCEEDING, 7, channel(2), flag=True)


def test_a_channel_that_the_peer_chose_itself_stays(known: IsdnIdentities) -> None:
    heard = message(MessageType.CALL_PROCEEDING, 3, channel(9), flag=True)
    assert said(known, heard).contents(Identifier.CHANNEL_IDENTIFICATION) == channel(9).contents


def test_a_call_of_the_peer_keeps_its_reference(known: IsdnIdentities) -> None:
    heard = message(MessageType.SETUP, 3)
    assert said(known, heard, call=2) == heard


def test_results_have_our_invoke_id(known: IsdnIdentities) -> None:
    """X.880: a result names the invoke that it answers."""
    asked = [message(MessageType.FACILITY, 3, carrying(Invoke(number, 13))) for number in (40, 2)]
    known.learn(LINE, 1, *asked)
    heard = message(MessageType.FACILITY, 3, carrying(ReturnResult(40)), flag=True)
    assert known.knows(LINE, 1, heard)
    assert said(known, heard).facilities()[0].components == (ReturnResult(2),)


def test_a_result_waits_for_our_invoke(known: IsdnIdentities) -> None:
    assert not known.knows(LINE, 1, message(MessageType.FACILITY, 3, carrying(ReturnResult(41)), flag=True))


def test_a_link_id_that_we_gave_comes_back_as_ours(known: IsdnIdentities) -> None:
    """EN 300 369-1: the linkId of EctLinkIdRequest is named in ExplicitEctExecute."""
    given = [
        message(MessageType.FACILITY, 3, carrying(ReturnResult(1, "0.4.0.369.1.4", bytes((2, 1, number)))))
        for number in (17, 5)
    ]
    known.learn(LINE, 1, *given)
    heard = message(MessageType.FACILITY, 3, carrying(Invoke(2, "0.4.0.369.1.3", bytes((2, 1, 17)))), flag=True)
    (component,) = said(known, heard).facilities()[0].components
    assert component == Invoke(2, "0.4.0.369.1.3", bytes((2, 1, 5)))


def test_a_message_that_names_nothing_of_ours_stays_as_it_came(known: IsdnIdentities) -> None:
    octets = bytes.fromhex("08010301aa1e0282880000")
    assert known.rewritten(LINE, 9, octets, q931.decode(bytes.fromhex("080103011e028288"))) == octets


def test_calls_are_told_apart_by_who_allocated_the_reference() -> None:
    calls = IsdnCalls()
    ours = calls.number(message(MessageType.SETUP, 1), is_ours=True)
    theirs = calls.number(message(MessageType.SETUP, 1), is_ours=False)
    assert ours != theirs
    assert calls.number(message(MessageType.CONNECT, 1, flag=True), is_ours=False) == ours
    assert calls.number(message(MessageType.CONNECT, 1, flag=True), is_ours=True) == theirs
    assert calls.number(message(MessageType.SETUP, 1), is_ours=True) not in (ours, theirs)
    assert calls.number(message(MessageType.RESTART, 0), is_ours=True) == 0


def told(found: Message) -> Told:
    octets = q931.encode(found)
    return Told(None, 0.0, "q931", "user", "network", name_of("q931", octets), octets)


def verdict(one: Message, other: Message) -> tuple[Verdict, tuple[str, ...]]:
    found = compare(told(one), told(other), one, other)
    return found.verdict, found.reasons


def cause(value: int, location: int = 0) -> InformationElement:
    return InformationElement(Identifier.CAUSE, bytes((0x80 | location, 0x80 | value)))


def test_references_and_channels_are_each_sides_own() -> None:
    one, other = message(MessageType.SETUP, 3, channel(1)), message(MessageType.SETUP, 7, channel(2))
    assert verdict(one, other) == (Verdict.SAME, ())


def test_the_cause_counts_and_where_it_arose_does_not() -> None:
    one = message(MessageType.DISCONNECT, 3, cause(16))
    assert verdict(one, replace(one, elements=(cause(16, 4),)))[0] is Verdict.EQUIVALENT
    assert verdict(one, replace(one, elements=(cause(17),))) == (
        Verdict.DIFFERENT,
        ("cause: recorded 16, ours 17", "cause: recorded 8090, ours 8091"),
    )


def test_what_a_facility_asks_for_counts() -> None:
    one = message(MessageType.FACILITY, 3, carrying(Invoke(1, "0.4.0.369.1.1")))
    found, reasons = verdict(one, replace(one, elements=(carrying(Invoke(1, "0.4.0.369.1.4")),)))
    assert found is Verdict.DIFFERENT and reasons[0] == "facility: recorded ExplicitEctExecute, ours EctLinkIdRequest"


def test_the_side_and_the_kind_of_trunk_are_found() -> None:
    for name, side, variant in (
        ("etsi_explicit", Side.NETWORK, "euroisdn"),
        ("qsig_join", Side.USER, "qsig"),
        ("ni2_tbct", Side.USER, "ni2"),
        ("dms_rlt", Side.NETWORK, "dms100"),
    ):
        (trunk,) = configuration_of(PCAPS / f"{name}.pcap", [side.value])["trunks"]
        assert (trunk["side"], trunk["variant"]) == (side.value, variant), name


def test_one_d_channel_is_named_by_its_line() -> None:
    played = play(PCAPS / "etsi_explicit.pcap", ["lapd:0:network"])
    assert played.received[0].name == "SETUP"
    assert played.compared[0].verdict is Verdict.SAME
