"""A REFER that we sent (RFC 3515, RFC 6665). Alice has asked Bob, who can do it right and wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.model.errors import DecodeError
from gateway.sip.peer_profile import Credential
from gateway.sip.refer_subscription import BOUND, ReferSubscription
from gateway.sip.refer_tables import SubscriptionPhase
from gateway.sip.refusal import Refusal
from tests.sip.phones import Phone
from tests.sip.refer_scene import CAROL, Transfer
from tests.sip.wire import dropping

SIPFRAG = "message/sipfrag;version=2.0"


def told(transfer: Transfer) -> list[str]:
    """What Alice has heard of her REFER."""
    return [event for event in transfer.alice.heard if event.startswith("refer_")]


def tell(transfer: Transfer, state: str, body: bytes = b"", event: str = "refer") -> None:
    """A NOTIFY of Bob's own making."""
    assert transfer.theirs.dialog is not None
    headers = [("Event", event), *([("Subscription-State", state)] if state else [])]
    if body:
        headers.append(("Content-Type", SIPFRAG))
    transfer.bob.ua.request_in(transfer.theirs.dialog, "NOTIFY", tuple(headers), body, None, transfer.wire.now)
    transfer.wire.run(0.5)


def last_answer(transfer: Transfer) -> str:
    return [line for line in transfer.wire.lines(source="192.0.2.1:5060") if line.endswith(" NOTIFY")][-1]


def test_refer_as_it_goes_out() -> None:
    transfer = Transfer(CAROL, ("Referred-By", "<sip:alice@192.0.2.1>"))
    refer = transfer.wire.messages("REFER")[0]
    assert refer.headers.get("Refer-To") == CAROL
    assert refer.headers.get("Referred-By") == "<sip:alice@192.0.2.1>"
    assert refer.headers.get("Contact") == f"<{transfer.alice.uri}>"
    assert refer.to_tag == transfer.theirs.local_tag


def test_from_the_refer_to_the_final_word() -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    transfer.notify(180)
    transfer.wire.run(1)
    transfer.notify(200)
    transfer.wire.run(1)
    assert told(transfer) == ["refer_answered", "refer_notified", "refer_notified", "refer_notified"]
    subscription, status, reason, body, is_final, _ = transfer.alice.last["refer_notified"]
    assert (subscription, status, reason, is_final) == (transfer.subscription, 200, "OK", True)
    assert body.status == 200
    assert transfer.subscription.phase is SubscriptionPhase.OVER
    assert transfer.ours.dialog is not None
    assert transfer.ours.dialog.subscriptions == ()


def test_refusal() -> None:
    transfer = Transfer(accept=False)
    transfer.referral.refuse(603, (), transfer.wire.now)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_answered"][:2] == (transfer.subscription, 603)
    transfer.wire.run(300)
    assert told(transfer) == ["refer_answered"]


def test_nobody_answers() -> None:
    transfer = Transfer(accept=False)
    transfer.bob.place.receive = lambda octets, flow, now: None
    second = transfer.refer()
    transfer.wire.run(33)
    assert transfer.alice.last["refer_answered"][:3] == (second, 408, None)


def test_notify_before_the_202() -> None:
    transfer = Transfer(accept=False)
    transfer.wire.fate = dropping("202 REFER", "202 REFER", "202 REFER")
    transfer.referral.accept(transfer.wire.now)
    transfer.wire.run(0.1)
    assert told(transfer) == ["refer_answered", "refer_notified"]
    assert transfer.alice.last["refer_answered"][1:3] == (202, None)
    transfer.wire.run(10)
    transfer.notify(200)
    transfer.wire.run(1)
    assert told(transfer) == ["refer_answered", "refer_notified", "refer_notified"]


def test_final_word_before_the_202() -> None:
    transfer = Transfer(accept=False)
    transfer.wire.fate = dropping(*["202 REFER"] * 4, *["NOTIFY"] * 4)
    transfer.referral.accept(transfer.wire.now)
    transfer.notify(200)
    transfer.wire.run(4.1)
    assert told(transfer) == ["refer_answered", "refer_notified"]
    assert transfer.alice.last["refer_notified"][1] == 200
    transfer.wire.run(40)
    assert told(transfer) == ["refer_answered", "refer_notified"]
    assert transfer.subscription.phase is SubscriptionPhase.OVER


def test_only_100_and_then_nothing_is_bounded() -> None:
    transfer = Transfer()
    transfer.wire.run(BOUND - 1)
    assert "refer_ended" not in told(transfer)
    transfer.wire.run(2)
    assert told(transfer) == ["refer_answered", "refer_notified", "refer_ended"]
    tell(transfer, "terminated;reason=noresource", b"SIP/2.0 200 OK\r\n")
    assert last_answer(transfer) == "200 NOTIFY"
    assert told(transfer)[-1] == "refer_ended"


@pytest.mark.parametrize(
    ("state", "body"),
    [
        ("terminated;reason=noresource", b""),
        ("terminated", b"SIP/2.0 100 Trying\r\n"),
        ("terminated;reason=timeout", b"nonsense"),
    ],
)
def test_terminated_without_a_final_word(state: str, body: bytes) -> None:
    transfer = Transfer()
    tell(transfer, state, body)
    assert last_answer(transfer) == "200 NOTIFY"
    assert told(transfer)[-1] == "refer_ended"


def test_final_word_that_leaves_the_subscription_open() -> None:
    transfer = Transfer()
    tell(transfer, "active;expires=60", b"SIP/2.0 200 OK\r\n")
    assert transfer.alice.last["refer_notified"][4] is True
    tell(transfer, "terminated;reason=noresource", b"SIP/2.0 200 OK\r\n")
    assert last_answer(transfer) == "200 NOTIFY"
    assert told(transfer).count("refer_notified") == 2
    transfer.wire.run(33)
    assert transfer.subscription.phase is SubscriptionPhase.OVER


@pytest.mark.parametrize(
    "body", [b"SIP/2.0 180 Ringing", b"SIP/2.0 180 Ringing\n", b"\r\nSIP/2.0 180 Ringing\r\n\r\n"]
)
def test_fragments_as_the_field_writes_them(body: bytes) -> None:
    transfer = Transfer()
    tell(transfer, "active;expires=60", body)
    assert transfer.alice.last["refer_notified"][1:3] == (180, "Ringing")


@pytest.mark.parametrize("state", ["", "active", "pending", "nonsense;x"])
def test_state_that_is_missing_or_odd(state: str) -> None:
    transfer = Transfer()
    tell(transfer, state, b"SIP/2.0 180 Ringing\r\n")
    assert last_answer(transfer) == "200 NOTIFY"
    assert transfer.alice.last["refer_notified"][1] == 180


def test_event_with_and_without_id() -> None:
    transfer = Transfer()
    number = transfer.subscription.event_id
    assert number == str(transfer.wire.messages("REFER")[0].cseq)
    tell(transfer, "active", b"SIP/2.0 180 Ringing\r\n", f"refer;id={number}")
    assert transfer.alice.last["refer_notified"][1] == 180
    tell(transfer, "active", b"SIP/2.0 183 Progress\r\n", "refer;id=99")
    assert last_answer(transfer) == "481 NOTIFY"
    tell(transfer, "active", b"SIP/2.0 183 Progress\r\n", "presence")
    assert last_answer(transfer) == "489 NOTIFY"
    assert transfer.alice.last["refer_notified"][1] == 180


def challenging(times: int) -> Callable[..., None]:
    """Bob challenges the first REFERs."""
    left = [times]

    def receive(referral: Any, now: float) -> None:
        if left[0]:
            left[0] -= 1
            nonce = f'Digest realm="bob", nonce="n{left[0]}", algorithm=SHA-256, qop="auth"'
            referral.refuse(407, (("Proxy-Authenticate", nonce),), now)
        else:
            referral.accept(now)

    return receive


def test_challenged_refer_has_the_cseq_of_the_accepted_one() -> None:
    transfer = Transfer()
    transfer.alice.profile = transfer.alice.profile.__class__(
        "alice", transfer.alice.uri, session_expires=0, credentials=(Credential("alice", "secret"),)
    )
    assert transfer.ours.dialog is not None
    transfer.ours.dialog.profile = transfer.alice.profile
    transfer.bob.does["refer_received"] = challenging(1)
    subscription = transfer.refer()
    challenged, accepted = transfer.wire.messages("REFER")[-2:]
    assert "Proxy-Authorization" in accepted.headers
    assert subscription.event_id == str(accepted.cseq) == str(challenged.cseq + 1)
    assert transfer.notifies[-1].headers.get("Event") == f"refer;id={accepted.cseq}"
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_notified"][:2] == (subscription, 200)


def test_close_before_anything_was_sent() -> None:
    transfer = Transfer()
    assert transfer.ours.dialog is not None
    before = transfer.ours.dialog.uses
    ReferSubscription(transfer.alice.ua, transfer.ours.dialog, None).close(transfer.wire.now)
    assert transfer.ours.dialog.uses == before


def test_closed_subscription_is_silent_and_still_answers() -> None:
    transfer = Transfer()
    transfer.subscription.close(transfer.wire.now)
    heard = told(transfer)
    tell(transfer, "active", b"SIP/2.0 180 Ringing\r\n")
    assert last_answer(transfer) == "200 NOTIFY"
    assert told(transfer) == heard


def test_refer_that_its_receiver_refuses_at_first_sight() -> None:
    transfer = Transfer(accept=False)

    def refuse(*_: object) -> None:
        raise Refusal(403)

    transfer.bob.does["refer_received"] = refuse
    transfer.refer()
    assert transfer.alice.last["refer_answered"][1] == 403


def test_subscription_survives_a_restart() -> None:
    transfer = Transfer()
    session = json.loads(json.dumps(transfer.ours.snapshot()))
    stored = json.loads(json.dumps(transfer.subscription.snapshot()))
    alice = Phone(transfer.wire, "alice", "192.0.2.1")
    restored = alice.ua.restore_session(session, alice.profile, transfer.wire.now)
    assert restored.dialog is not None
    subscription = ReferSubscription.restored(alice.ua, restored.dialog, stored, "context", transfer.wire.now)
    assert subscription.owner_context == "context"
    transfer.notify(200)
    transfer.wire.run(1)
    assert alice.last["refer_notified"][:2] == (subscription, 200)


@pytest.mark.parametrize("stored", [{}, {"event_id": "1"}, {"event_id": "1", "phase": "x"}])
def test_what_is_no_snapshot(stored: dict[str, object]) -> None:
    transfer = Transfer()
    assert transfer.ours.dialog is not None
    with pytest.raises(DecodeError):
        ReferSubscription.restored(transfer.alice.ua, transfer.ours.dialog, stored, None, transfer.wire.now)
