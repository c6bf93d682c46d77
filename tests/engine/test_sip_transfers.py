"""Transfers in SIP as an onlooker joins them: RFC 3515, 3891, 3892, 4538, 5589."""

import pytest

from gateway.interworking.observed import ObservedTransfer
from gateway.model.transfer import Outcome, TransferKind
from tests.engine.conversation import ALICE, BOB, CAROL, Conversation, Dialog


@pytest.fixture
def talk() -> Conversation:
    return Conversation()


def roles(transfer: ObservedTransfer) -> list[tuple[str, str, str]]:
    return [(linked.role, linked.leg.key, linked.matched_by) for linked in transfer.legs]


def only(talk: Conversation) -> ObservedTransfer:
    (transfer,) = talk.transfers()
    assert not talk.problems
    return transfer


def test_blind_transfer_joins_the_first_call_and_the_call_that_refer_to_triggers(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>", "Referred-By: <sip:alice@example.net>")
    talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 100)
    talk.call(Dialog("second", BOB, CAROL))
    talk.notify(first, BOB, 200)
    transfer = only(talk)
    assert (transfer.kind, transfer.outcome, transfer.status) == (TransferKind.BLIND, Outcome.SUCCEEDED, 200)
    assert transfer.cause is not None
    assert transfer.cause.value == 16
    parties = (transfer.transferor, transfer.transferee, transfer.target)
    assert parties == ("sip:alice@example.net", "sip:bob@example.net", "sip:carol@example.net")
    assert roles(transfer) == [("first", "first", "the request's own call"), ("target", "second", "Refer-To")]
    assert transfer.as_document()["latency"] == {"accepted": 1.0, "final": 8.0}


def test_the_callee_may_be_the_transferor(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", BOB, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 202, "REFER", to=BOB)
    talk.notify(first, ALICE, 200)
    transfer = only(talk)
    assert (transfer.transferor, transfer.transferee) == ("sip:bob@example.net", "sip:alice@example.net")


@pytest.mark.parametrize("swapped", [False, True])
def test_replaces_finds_the_consultation_call_from_either_tag_viewpoint(talk: Conversation, swapped: bool) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = talk.call(Dialog("consult", ALICE, CAROL))
    tags = [consultation.tag(CAROL), consultation.tag(ALICE)]
    to_tag, from_tag = reversed(tags) if swapped else tags
    replaces = f"consult%3Bto-tag%3D{to_tag}%3Bfrom-tag%3D{from_tag}"
    talk.request(first, "REFER", ALICE, f"Refer-To: <sip:carol@example.net?Replaces={replaces}>")
    talk.answer(first, 202, "REFER")
    transfer = only(talk)
    assert transfer.kind is TransferKind.ATTENDED
    assert ("consultation", "consult", "Replaces") in roles(transfer)
    assert transfer.outcome is Outcome.PENDING


def test_tag_zero_of_an_rfc_2543_peer_fits(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = talk.call(Dialog("consult", ALICE, CAROL))
    replaces = f"consult%3Bto-tag%3D0%3Bfrom-tag%3D{consultation.tag(ALICE)}"
    talk.request(first, "REFER", ALICE, f"Refer-To: <sip:carol@example.net?Replaces={replaces}>")
    assert ("consultation", "consult", "Replaces") in roles(only(talk))


def test_replaces_with_a_strange_tag_names_no_call(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.call(Dialog("consult", ALICE, CAROL))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:c@x?Replaces=consult%3Bto-tag%3Dx%3Bfrom-tag%3Dy>")
    assert [role for role, _, _ in roles(only(talk))] == ["first"]


def test_the_tag_of_any_fork_fits(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = talk.call(Dialog("consult", ALICE, CAROL), answered=False)
    talk.answer(consultation, 183, "INVITE", tag="other-fork")
    replaces = f"consult%3Bto-tag%3Dother-fork%3Bfrom-tag%3D{consultation.tag(ALICE)}"
    talk.request(first, "REFER", ALICE, f"Refer-To: <sip:carol@example.net?Replaces={replaces}>")
    assert ("consultation", "consult", "Replaces") in roles(only(talk))


def test_a_ringing_consultation_call_makes_it_semi_attended(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = talk.call(Dialog("consult", ALICE, CAROL), answered=False)
    replaces = f"consult%3Bto-tag%3D{consultation.tag(CAROL)}%3Bfrom-tag%3D{consultation.tag(ALICE)}"
    talk.request(first, "REFER", ALICE, f"Refer-To: <sip:carol@example.net?Replaces={replaces}>")
    assert only(talk).kind is TransferKind.SEMI_ATTENDED


def test_the_replacing_invite_belongs_to_the_refer_that_named_the_same_dialog(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = talk.call(Dialog("consult", ALICE, CAROL))
    tags = f"to-tag={consultation.tag(CAROL)};from-tag={consultation.tag(ALICE)}"
    escaped = tags.replace(";", "%3B").replace("=", "%3D")
    talk.request(first, "REFER", ALICE, f"Refer-To: <sip:c@10.0.0.3?Replaces=consult%3B{escaped}>")
    talk.answer(first, 202, "REFER")
    talk.call(Dialog("second", BOB, CAROL), f"Replaces: consult;{tags}", uri="sip:other@10.0.0.3")
    talk.notify(first, BOB, 200)
    assert ("target", "second", "Replaces") in roles(only(talk))


def test_refused_at_once(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 603, "REFER")
    transfer = only(talk)
    assert (transfer.outcome, transfer.status) == (Outcome.REFUSED, 603)
    assert transfer.cause is not None
    assert transfer.cause.value == 21


def test_a_challenged_refer_sent_again_with_credentials_is_one_transfer(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 401, "REFER")
    cseq = talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>", "Authorization: Digest x=y")
    talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 200, f"refer;id={cseq}")
    transfer = only(talk)
    assert transfer.outcome is Outcome.SUCCEEDED
    assert talk.engine.tally.once["sip"]["REFER"] == 2


def test_target_busy_is_a_failure_with_the_target_s_status(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 486)
    transfer = only(talk)
    assert (transfer.outcome, transfer.status) == (Outcome.FAILED, 486)
    assert transfer.cause is not None
    assert transfer.cause.value == 17


def test_two_refers_in_one_dialog_are_told_apart_by_the_event_id(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    one = talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 202, "REFER")
    two = talk.request(first, "REFER", ALICE, "Refer-To: <sip:dave@example.net>")
    talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 200, f"refer;id={two}")
    talk.notify(first, BOB, 404, f"refer;id={one}")
    assert [each.status for each in talk.transfers()] == [404, 200]


def test_a_notify_without_id_speaks_of_the_oldest_open_refer(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    for target in ("carol", "dave"):
        talk.request(first, "REFER", ALICE, f"Refer-To: <sip:{target}@example.net>")
        talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 486)
    talk.notify(first, BOB, 200)
    assert [each.status for each in talk.transfers()] == [486, 200]


def test_notify_may_come_before_the_202(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    refer = talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.notify(first, BOB, 100)
    talk.answer(first, 202, "REFER", cseq=refer)
    transfer = only(talk)
    assert transfer.as_document()["latency"]["accepted"] == 3.0


def test_retransmissions_count_once_and_belong_to_the_transfer(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    refer = talk.put(
        "REFER sip:bob@example.net SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bKr\nFrom: <sip:alice@example.net>;"
        f"tag={first.tag(ALICE)}\nTo: <sip:bob@example.net>;tag={first.tag(BOB)}\nCall-ID: first\nCSeq: 9 REFER\n"
        "Refer-To: <sip:carol@example.net>\nContent-Length: 0\n\n",
        ALICE,
        BOB,
    )
    talk.again(refer)
    transfer = only(talk)
    assert talk.engine.tally.once["sip"]["REFER"] == 1
    assert talk.engine.tally.on_wire["sip"]["REFER"] == 2
    assert transfer.frames[-2:] == [refer.frame, refer.frame + 1]


def test_only_100_trying_and_no_call_leaves_it_pending(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 202, "REFER")
    talk.notify(first, BOB, 100)
    assert only(talk).outcome is Outcome.PENDING


def test_without_a_final_notify_the_triggered_call_tells_the_outcome(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>", "Refer-Sub: false")
    talk.answer(first, 202, "REFER", "Refer-Sub: false")
    talk.call(Dialog("second", BOB, CAROL))
    assert only(talk).outcome is Outcome.SUCCEEDED


def test_a_refer_with_cid_is_no_transfer(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: cid:1234@10.0.0.1", "Content-Type: application/x-cisco-remotecc")
    talk.answer(first, 202, "REFER")
    assert talk.transfers() == []
    assert talk.engine.tally.once["sip"]["REFER"] == 1


def test_302_is_a_redirect_that_the_next_call_carries_out(talk: Conversation) -> None:
    first = Dialog("first", ALICE, BOB)
    talk.request(first, "INVITE", early=True)
    talk.answer(first, 302, "INVITE", "Contact: <sip:carol@example.net>")
    talk.call(Dialog("second", ALICE, CAROL))
    transfer = only(talk)
    assert (transfer.kind, transfer.outcome) == (TransferKind.REDIRECT, Outcome.SUCCEEDED)
    assert (transfer.transferor, transfer.transferee) == ("sip:bob@example.net", "sip:alice@example.net")
    assert ("target", "second", "redirection target") in roles(transfer)


def test_bye_with_also_is_recognised(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "BYE", ALICE, "Also: <sip:carol@example.net>")
    talk.answer(first, 200, "BYE")
    transfer = only(talk)
    assert (transfer.kind, transfer.target) == (TransferKind.BYE_ALSO, "sip:carol@example.net")


def test_target_dialog_names_the_call_of_an_out_of_dialog_refer(talk: Conversation) -> None:
    talk.call(Dialog("first", ALICE, BOB))
    outside = Dialog("outside", ALICE, BOB)
    headers = ("Refer-To: <sip:carol@example.net>", "Target-Dialog: first;local-tag=x;remote-tag=y")
    talk.request(outside, "REFER", ALICE, *headers, early=True)
    talk.answer(outside, 202, "REFER")
    assert ("first", "first", "Target-Dialog") in roles(only(talk))


def test_a_call_with_referred_by_alone_is_a_transfer_seen_at_the_target(talk: Conversation) -> None:
    talk.call(Dialog("second", BOB, CAROL), "Referred-By: <sip:alice@example.net>")
    transfer = only(talk)
    assert (transfer.kind, transfer.outcome) == (TransferKind.BLIND, Outcome.SUCCEEDED)
    assert transfer.transferor == "sip:alice@example.net"
    assert transfer.transferee == "sip:bob@example.net"


def test_a_refer_passed_on_by_a_box_in_the_middle_is_the_same_transfer(talk: Conversation) -> None:
    inner = talk.call(Dialog("inner", ALICE, BOB))
    outer = talk.call(Dialog("outer", BOB, CAROL))
    talk.request(inner, "REFER", ALICE, "Refer-To: <sip:dave@example.net>")
    talk.request(outer, "REFER", BOB, "Refer-To: <sip:dave@10.0.0.3>")
    talk.answer(outer, 603, "REFER")
    talk.answer(inner, 480, "REFER")
    transfer = only(talk)
    assert transfer.status == 480
    assert ("relayed", "outer", "Refer-To passed on") in roles(transfer)


def test_q850_reason_of_the_failure_wins_over_the_table(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.answer(first, 480, "REFER", 'Reason: Q.850;cause=20;text="Subscriber absent"')
    transfer = only(talk)
    assert transfer.cause is not None
    assert transfer.cause.value == 20


def test_what_is_no_sip_is_a_problem_not_an_error(talk: Conversation) -> None:
    talk.put("INVITE sip:bob@example.net SIP/2.0\nFrom: x\n\n", ALICE, BOB)
    assert talk.transfers() == []
    assert talk.problems == ["1: no Call-ID header"]


@pytest.mark.parametrize("uri", ["tel:+15550103", "sip:+1-555-0103@10.0.0.3", "sip:15550103;isub=9999@10.0.0.3"])
def test_the_triggered_call_is_found_by_number_however_its_uri_is_written(talk: Conversation, uri: str) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:+15550103@example.net>")
    talk.answer(first, 202, "REFER")
    second = Dialog("second", BOB, CAROL)
    start = f"INVITE {uri} SIP/2.0\nFrom: <sip:1234@x>;tag={second.tag(BOB)}\nTo: <{uri}>\nCall-ID: second\n"
    talk.put(f"{start}CSeq: 1 INVITE\nContent-Length: 4\n\n9999", BOB, CAROL)
    assert ("target", "second") in [(role, key) for role, key, _ in roles(only(talk))]
