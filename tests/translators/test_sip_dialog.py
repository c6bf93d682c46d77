"""A REFER, its answers and its NOTIFYs in one dialog (RFC 3261 §8.2.6.2 and §12.2, RFC 3515 §2.4)."""

from dataclasses import replace

import pytest

from gateway.model.legs import SipDialog
from gateway.model.transfer import (
    Kept,
    Outcome,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.sip.message import Message
from gateway.translators.dialect import Context
from gateway.translators.sip_dialog import far_side
from tests.sip.wireshark import complaints
from tests.translators.sip_calls import CONTEXT, DIALOG, TARGET, TRANSFEREE, TRANSFEROR, written

REFER = TransferRequest(TransferKind.BLIND, TARGET, transferor=TRANSFEROR, transferee=TRANSFEREE)
CONTEXTS = (
    CONTEXT,
    Context(sip=SipDialog("1@gateway.invalid", "a", "b", local_cseq=7)),
    Context(entropy="5eed"),
)


def refer(context: Context) -> Message:
    """The REFER that opens it all."""
    return written(REFER, context)


def answer(event: TransferEvent, context: Context, number: int = 1) -> Message:
    """What the other side says to it, as its request `number` of the dialog."""
    dialog = replace(context.sip, remote_cseq=number)
    return written(event, far_side(replace(context, sip=dialog, asked=REFER)))


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("event", [TransferProgress(202), TransferOutcome(Outcome.REFUSED, 603)])
def test_an_answer_has_the_fields_of_its_request(event: TransferEvent, context: Context) -> None:
    asked, answered = refer(context), answer(event, context)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        assert answered.headers.all(name) == asked.headers.all(name), name


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_notify_goes_the_other_way_in_the_same_dialog(context: Context) -> None:
    asked, notify = refer(context), answer(TransferProgress(100), context)
    assert (notify.call_id, notify.from_tag, notify.to_tag) == (asked.call_id, asked.to_tag, asked.from_tag)
    assert str(notify.headers.get("To")) == str(asked.headers.get("From"))
    assert f"<{notify.request_uri}>" == asked.headers.get("Contact")
    assert notify.headers.get("Contact") == f"<{asked.request_uri}>"
    assert notify.top_via_branch != asked.top_via_branch


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_notifies_of_a_refer_bear_its_number_and_rising_ones_of_their_own(context: Context) -> None:
    asked = refer(context)
    first = answer(TransferProgress(100), context, 4)
    last = answer(TransferOutcome(Outcome.SUCCEEDED, 200), context, 5)
    assert [each.cseq for each in (first, last)] == [4, 5]
    assert {each.headers.get("Event") for each in (first, last)} == {f"refer;id={asked.cseq}"}
    assert first.headers.get("Subscription-State") == "active;expires=180"
    assert last.headers.get("Subscription-State") == "terminated;reason=noresource"
    assert (first.body, last.body) == (b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 200 OK\r\n")
    assert first.top_via_branch != last.top_via_branch


def test_the_event_id_of_another_dialog_is_not_carried_over() -> None:
    event = TransferProgress(180, kept=(Kept("sip", "Event", "refer;id=102"),))
    assert answer(event, CONTEXT).headers.all("Event") == (f"refer;id={DIALOG.local_cseq}",)


def test_the_route_back_is_the_route_reversed() -> None:
    assert answer(TransferProgress(100), CONTEXT).headers.all("Route") == refer(CONTEXT).headers.all("Route")[::-1]


def test_the_gateway_answers_a_refer_that_it_received() -> None:
    context = replace(CONTEXT, sip=replace(DIALOG, remote_cseq=102))
    accepted, notify = written(TransferProgress(202), context), written(TransferProgress(100), context)
    assert (accepted.cseq, accepted.from_tag, accepted.to_tag) == (102, DIALOG.remote_tag, DIALOG.local_tag)
    assert (notify.cseq, notify.from_tag) == (DIALOG.local_cseq, DIALOG.local_tag)
    assert notify.headers.get("Event") == "refer;id=102"


@pytest.mark.parametrize("context", CONTEXTS)
def test_tshark_reads_the_dialog_without_complaint(context: Context) -> None:
    events: tuple[TransferEvent, ...] = (
        TransferProgress(202),
        TransferProgress(100),
        TransferOutcome(Outcome.SUCCEEDED, 200),
    )
    messages = [refer(context), *(answer(event, context, number) for number, event in enumerate(events))]
    assert complaints([message.octets for message in messages]) == []
