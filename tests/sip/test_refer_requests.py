"""REFER and what follows it, between two user agents (RFC 3515, RFC 4538, RFC 5057)."""

from typing import Any

import pytest

from gateway.model.errors import GatewayError
from gateway.sip.flow import Transport
from gateway.sip.message import Message
from gateway.sip.peer_profile import Credential
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.refusal import Refusal
from gateway.sip.session import Session
from tests.sip.phones import Phone, Stranger, call_up, sdp, two_phones
from tests.sip.test_media_changes import stranger_call
from tests.sip.wire import Wire

_TARGET = "<sip:carol@192.0.2.3>"


@pytest.fixture
def wire() -> Wire:
    return Wire()


def refer(phone: Phone, session: Session) -> ReferSubscription:
    assert session.dialog is not None
    subscription = ReferSubscription(phone.ua, session.dialog, None)
    subscription.send(_TARGET, (), phone.wire.now)
    return subscription


def accepting(bob: Phone, *statuses: int) -> None:
    """Bob accepts every REFER and reports these statuses."""

    def accept(referral: Any, now: float) -> None:
        referral.accept(now)
        for status in statuses:
            referral.notify(status, "", (), now)

    bob.does["refer_received"] = accept


def test_referral_and_its_reports(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, theirs = call_up(alice, bob)
    wire.sent.clear()
    accepting(bob, 200)
    refer(alice, ours)
    wire.run(2.0)
    assert bob.last["refer_received"][0].session is theirs
    assert alice.last["refer_answered"][1] == 202
    assert alice.last["refer_notified"][1] == 200
    assert alice.last["refer_notified"][4] is True
    assert bob.count("referral_delivered") == 1
    assert sorted(wire.lines()) == ["200 NOTIFY", "200 NOTIFY", "202 REFER", "NOTIFY", "NOTIFY", "REFER"]
    assert wire.messages("REFER")[0].headers.get("contact") == f"<{alice.uri}>"


def test_reports_go_on_after_the_bye(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, _ = call_up(alice, bob)
    accepting(bob)
    refer(alice, ours)
    wire.run(2.0)
    ours.bye((), wire.now)
    wire.run(2.0)
    assert bob.last["call_ended"][0].is_over
    referral = bob.last["refer_received"][0]
    referral.notify(200, "", (), wire.now)
    wire.run(2.0)
    assert alice.last["refer_notified"][1] == 200
    assert bob.count("referral_delivered") == 1
    wire.run(300.0)
    assert not alice.ua.dialogs
    assert not bob.ua.dialogs


def test_two_referrals_in_one_dialog_are_told_apart(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, _ = call_up(alice, bob)
    bob.does["refer_received"] = lambda referral, now: referral.accept(now)
    first = refer(alice, ours)
    wire.run(2.0)
    one = bob.last["refer_received"][0]
    second = refer(alice, ours)
    wire.run(2.0)
    two = bob.last["refer_received"][0]
    two.notify(486, "", (), wire.now)
    wire.run(2.0)
    assert alice.last["refer_notified"][:2] == (second, 486)
    one.notify(200, "", (), wire.now)
    wire.run(2.0)
    assert alice.last["refer_notified"][:2] == (first, 200)


def test_challenged_refer_counts_by_the_number_that_was_accepted(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2", symmetric=True, credentials=(Credential("bob", "secret"),))
    stranger = Stranger(wire, "192.0.2.7")
    tag = stranger_call(stranger, bob)
    subscription = refer(bob, bob.session)
    wire.run(0.1)
    stranger.respond(stranger.last("REFER"), bob, 401, "", 'WWW-Authenticate: Digest realm="r", nonce="n"')
    accepted = stranger.last("REFER")
    assert accepted.cseq == 2
    assert "authorization" in accepted.headers
    # The report comes before the answer.
    lines = f"Event: refer;id={accepted.cseq}\nSubscription-State: active;expires=60\nContent-Type: message/sipfrag"
    stranger.request("NOTIFY", bob, f"{stranger.dialog(bob, tag)}\n{lines}", b"SIP/2.0 100 Trying\r\n", cseq=2)
    assert stranger.count("NOTIFY", 200) == 1
    assert bob.last["refer_notified"][:2] == (subscription, 100)


def test_unsubscribing(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2", symmetric=True)
    stranger = Stranger(wire, "192.0.2.7")
    tag = stranger_call(stranger, bob)
    accepting(bob)
    stranger.request("REFER", bob, f"{stranger.dialog(bob, tag)}\nRefer-To: {_TARGET}", cseq=2)
    stranger.respond(stranger.last("NOTIFY"), bob, 200)
    stranger.request("SUBSCRIBE", bob, f"{stranger.dialog(bob, tag)}\nEvent: refer\nExpires: 0", cseq=3)
    assert stranger.count("SUBSCRIBE", 200) == 1
    assert bob.count("referral_unheard") == 1


class TestOutOfDialog:
    def ask(self, wire: Wire, bob: Phone, lines: str = "", method: str = "REFER") -> Stranger:
        stranger = Stranger(wire, "192.0.2.9")
        stranger.request(method, bob, f"{stranger.dialog(bob, call_id='refer')}\nRefer-To: {_TARGET}\n{lines}")
        return stranger

    def test_it_makes_a_dialog_of_its_own(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        accepting(bob, 200)
        stranger = self.ask(wire, bob, "Record-Route: <sip:192.0.2.9;lr>")
        answer, notify = stranger.last("REFER", 202), stranger.last("NOTIFY")
        assert answer.to_tag == notify.from_tag
        assert answer.headers.get("record-route") == "<sip:192.0.2.9;lr>"
        assert notify.request_uri == "sip:stranger@192.0.2.9:5060"
        assert bob.last["refer_received"][0].session is None
        stranger.respond(notify, bob, 200)
        final = stranger.last("NOTIFY")
        assert final.cseq == notify.cseq + 1
        stranger.respond(final, bob, 200)
        wire.run(5.0)
        assert not bob.ua.dialogs

    def test_target_dialog_names_the_call(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        accepting(bob)
        tags = f"local-tag={theirs.local_tag};remote-tag={theirs.remote_tag}"
        self.ask(wire, bob, f"Target-Dialog: {theirs.call_id};{tags}")
        assert bob.last["refer_received"][0].session is theirs

    def test_refused_one_leaves_nothing(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        bob.does["refer_received"] = lambda referral, now: referral.refuse(603, (), now)
        assert self.ask(wire, bob).count("REFER", 603) == 1
        assert not bob.ua.dialogs

    def test_one_that_makes_no_sense_leaves_nothing(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        assert self.ask(wire, bob, "Refer-To: <sip:again@h>").count("REFER", 400) == 1
        assert not bob.ua.dialogs

    def test_a_target_that_is_to_replace_two_dialogs(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.9")
        one = "Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2"
        target = f"<sip:carol@192.0.2.3?{one}&{one.lower().replace('=a', '=b')}>"
        stranger.request("REFER", bob, f"{stranger.dialog(bob, call_id='refer')}\nRefer-To: {target}")
        assert stranger.count("REFER", 400) == 1
        assert not bob.ua.dialogs

    def test_option_of_refer_that_is_unknown(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = self.ask(wire, bob, "Require: multiple-refer")
        assert stranger.last("REFER", 420).headers.get("unsupported") == "multiple-refer"

    def test_subscribing_without_a_referral(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        assert self.ask(wire, bob, "Event: refer", "SUBSCRIBE").count("SUBSCRIBE", 403) == 1
        assert self.ask(wire, bob, "Event: presence", "SUBSCRIBE").count("SUBSCRIBE", 489) == 1


def test_connection_lost_between_refer_and_notify(wire: Wire) -> None:
    alice, bob = two_phones(wire, Transport.TCP)
    ours, _ = call_up(alice, bob)
    accepting(bob)
    refer(alice, ours)
    wire.run(2.0)
    wire.cut(alice.place, bob.place)
    bob.last["refer_received"][0].notify(200, "", (), wire.now)
    wire.run(2.0)
    assert alice.last["refer_notified"][1] == 200


@pytest.mark.parametrize(
    ("error", "status"), [(Refusal(404), 404), (GatewayError("no", sip_status=480), 480), (KeyError("x"), 500)]
)
def test_an_owner_that_fails_leaves_no_call_without_answer(wire: Wire, error: Exception, status: int) -> None:
    alice, bob = two_phones(wire)

    def fail(session: Session, request: Message, now: float) -> None:
        raise error

    bob.does["call_offered"] = fail
    alice.call(bob, sdp("alice"))
    try:
        wire.run(1.0)
    except KeyError:
        wire.run(1.0)
    assert alice.last["call_failed"][1] == status
    assert not bob.ua.dialogs
