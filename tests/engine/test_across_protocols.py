"""One transfer on two sides of a gateway: a REFER on the SIP leg, FACILITY on the D channel or in H.225.0."""

from gateway.capture.signals import Signal
from gateway.model.legs import H323Call, IsdnCall, SignallingProtocol
from gateway.model.parties import Alias, AliasKind, Number, NumberingPlan, Party, TypeOfNumber
from gateway.model.transfer import Outcome, TransferEvent, TransferKind, TransferOutcome, TransferRequest
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.engine.conversation import ALICE, BOB, Conversation, Dialog

GATEWAY, PINX = "user", "network"


def number(digits: str) -> Party:
    return Party(Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164))


def put_q931(talk: Conversation, octets: bytes, source: str = GATEWAY, after: float = 0.1) -> None:
    talk.frame += 1
    talk.time += after
    destination = PINX if source == GATEWAY else GATEWAY
    talk.engine.take(Signal(talk.frame, talk.time, "q931", octets, source, destination, "lapd", "lapd:0/sapi0/tei0"))


def say(talk: Conversation, name: str, event: TransferEvent, reference: int, source: str = GATEWAY) -> None:
    context = Context(isdn=IsdnCall(reference, originated=source == GATEWAY))
    for message in dialect_named(name).write(event, context).messages:
        put_q931(talk, message.octets, source)


def isdn_call(talk: Conversation, reference: int, calling: str, called: str) -> None:
    """SETUP, ALERTING, CONNECT of a call that the gateway places."""
    parties = ((0x6C, calling), (0x70, called))
    numbers = b"".join(bytes((name, len(digits) + 1, 0x91)) + digits.encode() for name, digits in parties)
    put_q931(talk, bytes((8, 2)) + reference.to_bytes(2, "big") + b"\x05\x04\x03\x80\x90\xa3" + numbers)
    for message_type in (1, 7):
        put_q931(talk, bytes((8, 2, 0x80, reference, message_type)), PINX)


def test_refer_and_ssct_initiate_are_one_transfer_by_numbers_and_time() -> None:
    talk = Conversation()
    first = Dialog("first", ALICE, BOB)
    talk.call(first, uri="sip:+15550102@gw")
    isdn_call(talk, 1, "15550101", "15550102")
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:+15550103@gw>")
    talk.answer(first, 202, "REFER")
    request = TransferRequest(TransferKind.SINGLE_STEP, number("15550103"), transferee=number("15550102"))
    say(talk, "qsig-ssct", request, 1)
    say(talk, "qsig-ssct", TransferOutcome(Outcome.SUCCEEDED, invoke_id=1), 1, PINX)
    talk.notify(first, BOB, 200)
    (transfer,) = talk.transfers()
    assert (transfer.kind, transfer.outcome, transfer.dialect) == (TransferKind.BLIND, Outcome.SUCCEEDED, "sip")
    (_, relayed) = transfer.legs
    assert (relayed.leg.protocol, relayed.role) == (SignallingProtocol.ISDN, "relayed")
    assert relayed.matched_by == "numbers and time"


def test_the_gateway_s_own_call_to_the_target_is_a_leg_of_the_transfer() -> None:
    talk = Conversation()
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:+15550103@gw>")
    talk.answer(first, 202, "REFER")
    isdn_call(talk, 2, "15550102", "15550103")
    talk.notify(first, BOB, 200)
    (transfer,) = talk.transfers()
    target = transfer.linked("target")
    assert target is not None
    assert (target.called, transfer.legs[-1].matched_by) == ("15550103", "numbers and time")


def test_numbers_that_differ_are_two_transfers() -> None:
    talk = Conversation()
    first = talk.call(Dialog("first", ALICE, BOB))
    isdn_call(talk, 1, "4930111", "4930222")
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:+15550103@gw>")
    say(talk, "qsig-ssct", TransferRequest(TransferKind.SINGLE_STEP, number("4930333")), 1)
    assert len(talk.transfers()) == 2


def test_later_than_the_response_timer_is_another_transfer() -> None:
    talk = Conversation()
    first = talk.call(Dialog("first", ALICE, BOB))
    isdn_call(talk, 1, "15550101", "15550102")
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:+15550103@gw>")
    talk.time += 10
    say(talk, "qsig-ssct", TransferRequest(TransferKind.SINGLE_STEP, number("15550103")), 1)
    assert len(talk.transfers()) == 2


def test_refer_and_call_transfer_initiate_in_h225_are_one_transfer() -> None:
    talk = Conversation()
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:1003@gw>")
    target = Party(aliases=(Alias(AliasKind.DIALLED_DIGITS, "1003"),))
    context = Context(h323=H323Call(5))
    for message in dialect_named("h4502").write(TransferRequest(TransferKind.BLIND, target), context).messages:
        talk.frame += 1
        talk.time += 0.1
        ends = ("10.0.0.9:40000", "10.0.0.8:1720")
        talk.engine.take(Signal(talk.frame, talk.time, "h225", message.octets, *ends, "tcp", ""))
    talk.notify(first, BOB, 200)
    (transfer,) = talk.transfers()
    assert [linked.leg.protocol for linked in transfer.legs] == ["sip", "h323"]
    assert talk.engine.tally.once["h450"] == {"callTransferInitiate": 1}
