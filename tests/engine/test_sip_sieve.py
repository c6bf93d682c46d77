"""Calls that nobody asks for are kept unread for a while, and are there when a transfer asks for them after all."""

import pytest

from gateway.engine import sip_sieve
from tests.engine.conversation import ALICE, BOB, CAROL, Conversation, Dialog


@pytest.fixture
def talk() -> Conversation:
    return Conversation()


def refer_with_replaces(talk: Conversation, first: Dialog, consultation: Dialog) -> list[tuple[str, str]]:
    tags = f"to-tag%3D{consultation.tag(CAROL)}%3Bfrom-tag%3D{consultation.tag(ALICE)}"
    refer_to = f"Refer-To: <sip:carol@example.net?Replaces={consultation.call_id}%3B{tags}>"
    talk.request(first, "REFER", ALICE, refer_to)
    (transfer,) = talk.transfers()
    return [(linked.role, linked.leg.key) for linked in transfer.legs]


def test_a_call_without_a_transfer_is_no_leg(talk: Conversation) -> None:
    talk.call(Dialog("plain", ALICE, BOB))
    assert len(talk.engine.correlator.legs) == 0
    assert talk.engine.correlator.legs.find("plain") is not None


def test_a_call_that_was_challenged_is_still_known_much_later(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    consultation = Dialog("consult", ALICE, CAROL)
    talk.request(consultation, "INVITE", early=True)
    talk.answer(consultation, 407, "INVITE")
    talk.call(consultation)
    for number in range(20):
        talk.call(Dialog(f"other-{number}", ALICE, BOB))
    assert ("consultation", "consult") in refer_with_replaces(talk, first, consultation)


def test_a_long_call_is_kept_and_a_finished_one_is_not(talk: Conversation) -> None:
    long, short = talk.call(Dialog("long", ALICE, BOB)), talk.call(Dialog("short", ALICE, CAROL))
    talk.request(short, "BYE")
    talk.answer(short, 200, "BYE")
    for number in range(20):
        talk.call(Dialog(f"other-{number}", ALICE, BOB))
    legs = talk.engine.correlator.legs
    assert legs.find(short.call_id) is None
    assert legs.find(long.call_id) is not None


def test_a_recalled_call_has_the_times_at_which_it_was_seen(talk: Conversation) -> None:
    started = talk.time + 1
    talk.call(Dialog("plain", ALICE, BOB))
    leg = talk.engine.correlator.legs.find("plain")
    assert leg is not None
    assert (leg.started, leg.answered) == (started, started + 2)


def test_memory_is_bounded_by_what_is_kept(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_sieve, "KEPT_OCTETS", 5_000)
    for number in range(50):
        talk.call(Dialog(f"call-{number}", ALICE, BOB))
    legs = talk.engine.correlator.legs
    assert legs.find("call-0") is None
    assert legs.find("call-49") is not None


def test_every_message_is_counted_whether_its_call_matters_or_not(talk: Conversation) -> None:
    first = talk.call(Dialog("first", ALICE, BOB))
    talk.call(Dialog("plain", ALICE, CAROL))
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    talk.transfers()
    assert talk.engine.tally.once["sip"] == {"INVITE": 2, "180": 2, "200": 2, "ACK": 2, "REFER": 1}


@pytest.mark.parametrize("name", ["To", "From", "CSeq"])
def test_a_damaged_message_of_a_call_that_turns_out_to_matter_is_no_end(talk: Conversation, name: str) -> None:
    first = talk.call(Dialog("first", ALICE, BOB), answered=False)
    ringing = talk.frame
    progress = "SIP/2.0 183 Progress\nFrom: <sip:a@x>;tag=1\nTo: <sip:b@x>;tag=2\nCall-ID: first\nCSeq: 1 INVITE\n\n"
    talk.put(progress.replace(f"{name}:", "X-Was:"), BOB, ALICE)
    talk.answer(first, 200, "INVITE", cseq=1)
    talk.request(first, "REFER", ALICE, "Refer-To: <sip:carol@example.net>")
    late = talk.engine.finish()
    (transfer,) = talk.engine.transfers
    assert transfer.as_document()["transferor"] == "sip:alice@example.net"
    assert [frame for frame, _ in late] in ([], [ringing + 1])
