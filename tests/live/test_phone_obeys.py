"""A PJSIP softphone takes what the dialect "sip" writes, and the dialect reads what the phone answers."""

from collections.abc import Iterator

import pytest

from gateway.model.legs import SipDialog
from gateway.model.parties import Party
from gateway.model.transfer import (
    DialogReference,
    Outcome,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.sip.message import Message
from gateway.translators.dialect import Context
from tests.live.gateway_end import SIP, GatewayEnd
from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.ports import free_ports

pytestmark = pytest.mark.live

CONSULTATION = DialogReference("consultation@gateway.example", "target-tag", "transferor-tag")


@pytest.fixture
def end() -> Iterator[GatewayEnd]:
    with GatewayEnd() as here:
        yield here


@pytest.fixture
def phone() -> Iterator[PjsuaPhone]:
    with PjsuaPhone("bob", "127.0.0.1", free_ports(1)[0]) as there:
        yield there


def call(end: GatewayEnd, phone: PjsuaPhone) -> SipDialog:
    """Our call to the phone, answered."""
    invite = end.invite(phone.uri)
    phone.answer(str(phone.wait("incoming")["call"]))
    return end.answered(invite)


def refer(end: GatewayEnd, phone: PjsuaPhone, dialog: SipDialog, consultation: DialogReference | None = None) -> str:
    """Our REFER to a target that is our own end; returns the target's URI."""
    target = f"sip:carol@{end.domain}"
    kind = TransferKind.ATTENDED if consultation else TransferKind.BLIND
    transferor = Party(uri="sip:alice@gateway.example")
    request = TransferRequest(kind, Party(uri=target), consultation, transferor)
    end.say(request, phone.uri, dialog)
    return target


def read(message: Message) -> object:
    """The one event in a message of the phone."""
    (event,) = SIP.read(message.octets, Context())
    return event


def test_it_answers_our_invite_and_accepts_our_refer(end: GatewayEnd, phone: PjsuaPhone) -> None:
    target = refer(end, phone, call(end, phone))
    accepted = read(end.receive("202"))
    assert isinstance(accepted, TransferProgress)
    assert accepted.status == 202
    assert phone.wait("refer")["target"] == f"<{target}>"


def test_it_calls_the_target_of_our_refer_and_says_who_sent_it(end: GatewayEnd, phone: PjsuaPhone) -> None:
    target = refer(end, phone, call(end, phone))
    invite = end.receive("INVITE")
    assert invite.request_uri == target
    setup = read(invite)
    assert isinstance(setup, TransferSetup)
    assert setup.transferor is not None
    assert setup.transferor.uri == "sip:alice@gateway.example"


def test_it_reports_the_outcome_of_our_refer(end: GatewayEnd, phone: PjsuaPhone) -> None:
    refer(end, phone, call(end, phone))
    first = end.receive("NOTIFY")
    end.reply(first, "200 OK")
    trying = read(first)
    assert isinstance(trying, TransferProgress)
    assert trying.status == 100
    end.reply(end.receive("INVITE"), "486 Busy Here")
    last = end.receive("NOTIFY")
    end.reply(last, "200 OK")
    outcome = read(last)
    assert isinstance(outcome, TransferOutcome)
    assert (outcome.outcome, outcome.status) == (Outcome.FAILED, 486)


def test_it_carries_our_replaces_to_the_target(end: GatewayEnd, phone: PjsuaPhone) -> None:
    refer(end, phone, call(end, phone), CONSULTATION)
    setup = read(end.receive("INVITE"))
    assert isinstance(setup, TransferSetup)
    assert setup.consultation == CONSULTATION


def test_it_lets_our_invite_replace_a_call(end: GatewayEnd, phone: PjsuaPhone) -> None:
    old = call(end, phone)
    new = end.answered(end.invite(phone.uri, DialogReference(old.call_id, old.remote_tag, old.local_tag)))
    assert phone.wait("replaced")["call"] == "in1"
    assert end.receive("BYE").call_id == old.call_id != new.call_id


def test_it_refuses_an_invite_that_replaces_nothing(end: GatewayEnd, phone: PjsuaPhone) -> None:
    end.invite(phone.uri, CONSULTATION)
    assert end.receive("481").cseq_method == "INVITE"


@pytest.mark.parametrize(
    ("event", "status", "final"),
    [
        (TransferProgress(180, "Ringing"), 180, False),
        (TransferOutcome(Outcome.SUCCEEDED, 200), 200, True),
        (TransferOutcome(Outcome.FAILED, 486), 486, True),
    ],
    ids=["ringing", "succeeded", "busy"],
)
def test_it_understands_our_notify(
    end: GatewayEnd, phone: PjsuaPhone, event: TransferProgress | TransferOutcome, status: int, final: bool
) -> None:
    dialog = call(end, phone)
    phone.state("in1", "CONFIRMED")
    phone.refer("in1", "sip:carol@gateway.example")
    end.reply(end.receive("REFER"), "202 Accepted")
    end.say(event, phone.uri, dialog)
    assert end.receive("200").cseq_method == "NOTIFY"
    assert phone.notified("in1", status)["final"] is final
