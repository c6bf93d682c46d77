"""A REFER that we received outside of its call (RFC 4538), and one that a restart has interrupted."""

import json

import pytest

from gateway.sip.referral import Referral
from gateway.sip.session import Session
from tests.sip.phones import Phone
from tests.sip.refer_scene import CAROL, Transfer


def refer_outside(transfer: Transfer, contact: str, *headers: str) -> None:
    lines = (
        f"REFER {transfer.bob.uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKoutside;rport",
        "Max-Forwards: 70",
        f"From: <{transfer.alice.uri}>;tag=outside",
        f"To: <{transfer.bob.uri}>",
        "Call-ID: outside@192.0.2.1",
        "CSeq: 1 REFER",
        f"Refer-To: {CAROL}",
        *((f"Contact: {contact}",) if contact else ()),
        *headers,
        "Content-Length: 0",
    )
    octets = ("\r\n".join(lines) + "\r\n\r\n").encode()
    transfer.bob.ua.receive(octets, transfer.alice.place.flow(), transfer.wire.now)


def target_dialog(session: Session) -> str:
    return f"Target-Dialog: {session.call_id};local-tag={session.local_tag};remote-tag={session.remote_tag}"


def test_target_dialog_names_the_call() -> None:
    transfer = Transfer()
    refer_outside(transfer, "<sip:alice@192.0.2.1>", target_dialog(transfer.theirs))
    assert transfer.referral.session is transfer.theirs
    assert transfer.referral.dialog is not transfer.theirs.dialog
    notify = transfer.notifies[-1]
    accepted = transfer.wire.messages("202 REFER")[-1]
    assert (notify.call_id, notify.to_tag, notify.from_tag) == ("outside@192.0.2.1", "outside", accepted.to_tag)
    assert notify.headers.get("Event") == "refer"


@pytest.mark.parametrize("header", ["Target-Dialog: nobody@h;local-tag=1;remote-tag=2", "Target-Dialog: x", "X: y"])
def test_target_dialog_that_names_no_call_is_ignored(header: str) -> None:
    transfer = Transfer()
    refer_outside(transfer, "<sip:alice@192.0.2.1>", header)
    assert transfer.referral.session is None


def test_refer_outside_of_a_dialog_needs_a_contact() -> None:
    transfer = Transfer()
    refer_outside(transfer, "")
    assert transfer.wire.messages("400 REFER")[-1].reason == "Missing Contact"
    assert len(transfer.bob.ua.dialogs) == 1


# Before and after a restart


def again(transfer: Transfer) -> tuple[Phone, Referral]:
    """Bob after a restart, and what he remembers of the referral."""
    session = json.loads(json.dumps(transfer.theirs.snapshot()))
    referral = json.loads(json.dumps(transfer.referral.snapshot()))
    reborn = Phone(transfer.wire, "bob", "192.0.2.2")
    restored = reborn.ua.restore_session(session, reborn.profile, transfer.wire.now)
    assert restored.dialog is not None
    return reborn, Referral.restored(reborn.ua, restored.dialog, referral, transfer.wire.now)


def test_running_referral_survives_a_restart() -> None:
    transfer = Transfer(CAROL, ("Referred-By", "<sip:alice@192.0.2.1>"))
    transfer.notify(180)
    bob, referral = again(transfer)
    assert (referral.id, referral.event_id) == (transfer.referral.id, transfer.referral.event_id)
    assert (str(referral.refer_to.address), referral.referred_by) == (CAROL, "<sip:alice@192.0.2.1>")
    referral.notify(200, "", (), transfer.wire.now)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_notified"][1] == 200
    assert bob.count("referral_delivered") == 1


def test_final_word_that_was_under_way_is_said_again() -> None:
    transfer = Transfer()
    transfer.wire.fate = lambda octets: ()
    transfer.notify(486)
    bob, _ = again(transfer)
    transfer.wire.fate = lambda octets: (0.0,)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_notified"][1] == 486
    assert bob.count("referral_delivered") == 1


def test_referral_outside_of_the_call_has_its_own_dialog_after_a_restart() -> None:
    transfer = Transfer()
    refer_outside(transfer, "<sip:alice@192.0.2.1>", target_dialog(transfer.theirs))
    _, referral = again(transfer)
    referral.notify(200, "", (), transfer.wire.now)
    assert transfer.notifies[-1].call_id == "outside@192.0.2.1"
    assert referral.session is not None


@pytest.mark.parametrize("broken", [{}, {"state": "nonsense"}, {"last": 1}, {"refer_to": ""}])
def test_what_is_no_snapshot(broken: dict[str, object]) -> None:
    from gateway.model.errors import DecodeError

    transfer = Transfer()
    assert transfer.theirs.dialog is not None
    stored = {**transfer.referral.snapshot(), **broken} if broken else {}
    with pytest.raises(DecodeError):
        Referral.restored(transfer.bob.ua, transfer.theirs.dialog, stored, transfer.wire.now)
