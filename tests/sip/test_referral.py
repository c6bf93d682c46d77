"""A REFER that we received (RFC 3515, RFC 4488, RFC 6665, RFC 7647). Bob is the one who is asked."""

from typing import Any

import pytest

from gateway.sip.flow import Transport
from gateway.sip.message import parse
from gateway.sip.refer_tables import ReferralState
from tests.sip.refer_scene import CAROL, Transfer
from tests.sip.wire import dropping, losing


def test_accepted_refer_is_followed_by_a_notify_at_once() -> None:
    transfer = Transfer()
    accepted = transfer.wire.messages("202 REFER")[0]
    assert accepted.headers.get("Contact") == f"<{transfer.bob.uri}>"
    notify = transfer.notifies[0]
    assert notify.headers.get("Event") == "refer"
    assert notify.headers.get("Subscription-State") == "active;expires=300"
    assert notify.headers.get("Content-Type") == "message/sipfrag;version=2.0"
    assert notify.headers.get("Contact") == f"<{transfer.bob.uri}>"
    assert notify.body == b"SIP/2.0 100 Trying\r\n"
    assert (notify.call_id, notify.from_tag, notify.to_tag) == (
        accepted.call_id,
        accepted.to_tag,
        accepted.from_tag,
    )


def test_what_the_refer_says() -> None:
    by = '"A" <sip:alice@192.0.2.1>;cid="1@h"'
    transfer = Transfer("<sip:carol@h?Replaces=a%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>", ("Referred-By", by))
    assert transfer.referral.referred_by == by
    assert transfer.referral.refer_to.replaces is not None
    assert transfer.referral.session is transfer.theirs
    assert transfer.referral.event_id == str(transfer.referral.request.cseq)
    assert transfer.referral.id.startswith("bob")


@pytest.mark.parametrize(("asked", "seen"), [(200, "200 REFER"), (202, "202 REFER")])
def test_status_of_acceptance_is_a_matter_of_the_trunk(asked: int, seen: str) -> None:
    transfer = Transfer(accept=False)
    transfer.referral.accept(transfer.wire.now, asked)
    transfer.wire.run(0.5)
    assert seen in transfer.wire.lines()


def test_final_notify_ends_the_subscription() -> None:
    transfer = Transfer()
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.states == ["active;expires=300", "terminated;reason=noresource"]
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert transfer.bob.count("referral_delivered") == 1
    assert transfer.referral.state is ReferralState.OVER
    assert transfer.theirs.dialog is not None
    assert transfer.theirs.dialog.referrals == ()


def test_only_the_first_final_word_counts() -> None:
    transfer = Transfer()
    transfer.notify(486)
    transfer.notify(200)
    transfer.notify(180)
    transfer.wire.run(5)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 486 Busy Here"]


def test_header_fields_of_the_fragment() -> None:
    transfer = Transfer()
    transfer.referral.notify(486, "Besetzt", (("Reason", "Q.850;cause=17"),), transfer.wire.now)
    assert transfer.notifies[-1].body == b"SIP/2.0 486 Besetzt\r\nReason: Q.850;cause=17\r\n"


def test_progress_goes_out_once_a_second_and_the_newest_wins() -> None:
    transfer = Transfer()
    start = transfer.wire.now - 0.5
    transfer.notify(180)
    transfer.notify(181)
    transfer.notify(183)
    transfer.wire.run(3)
    transfer.notify(183)
    transfer.wire.run(3)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 183 Session Progress"]
    times = [one.time for one in transfer.wire.sent if one.first_line.startswith("NOTIFY")]
    assert times[1] - start == pytest.approx(1.0, abs=0.1)


def test_final_word_does_not_wait_and_overtakes_progress() -> None:
    transfer = Transfer()
    transfer.notify(180)
    transfer.notify(200)
    transfer.wire.run(3)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]


def first_sent(transfer: Transfer) -> list[float]:
    """When each NOTIFY went out first, counted from the first."""
    times: dict[int, float] = {}
    for one in transfer.wire.sent:
        if one.first_line.startswith("NOTIFY"):
            times.setdefault(one.message.cseq, one.time)
    return [time - min(times.values()) for time in times.values()]


def test_final_word_waits_for_the_answer_to_the_notify_before() -> None:
    transfer = Transfer(accept=False)
    transfer.wire.fate = dropping("NOTIFY", "NOTIFY")
    transfer.referral.accept(transfer.wire.now)
    transfer.notify(200)
    transfer.wire.run(3)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    assert first_sent(transfer)[1] == pytest.approx(1.52, abs=0.01)
    assert transfer.bob.count("referral_delivered") == 1


def test_final_word_waits_no_longer_than_t2() -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    answers = transfer.alice.place.receive
    transfer.alice.place.receive = lambda octets, flow, now: None
    transfer.notify(180)
    transfer.notify(200)
    before = first_sent(transfer)[-1]
    transfer.wire.run(4.1)
    assert first_sent(transfer)[-1] == pytest.approx(before + 4)
    transfer.alice.place.receive = answers
    transfer.wire.run(1)
    assert transfer.bodies[-1] == "SIP/2.0 200 OK"
    assert transfer.bob.count("referral_delivered") == 1
    assert transfer.bob.count("referral_unheard") == 0


def test_final_word_is_not_said_after_a_notify_that_was_refused() -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    refusing(transfer, 481)
    transfer.notify(180)
    transfer.notify(200)
    transfer.wire.run(5)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"]
    assert transfer.bob.count("referral_delivered") == 1


def test_refreshed_while_a_notify_is_unanswered() -> None:
    transfer = Transfer(accept=False)
    transfer.wire.fate = dropping("NOTIFY", "NOTIFY")
    transfer.referral.accept(transfer.wire.now)
    subscribe(transfer, "60")
    transfer.wire.run(3)
    assert transfer.states == ["active;expires=300", "active;expires=60"]
    assert first_sent(transfer)[1] == pytest.approx(1.52, abs=0.01)


def test_expires_counts_down() -> None:
    transfer = Transfer()
    transfer.wire.run(60)
    transfer.notify(180)
    assert transfer.states[-1] in ("active;expires=239", "active;expires=240")


def test_second_refer_of_a_dialog_carries_its_id() -> None:
    transfer = Transfer()
    first = transfer.referral
    second = transfer.refer("<sip:dave@192.0.2.4>")
    number = transfer.referral.request.cseq
    assert transfer.notifies[-1].headers.get("Event") == f"refer;id={number}"
    transfer.notify(200)
    first.notify(404, "", (), transfer.wire.now)
    transfer.wire.run(1)
    told = [transfer.alice.last["refer_notified"][:2]]
    assert told == [(transfer.subscription, 404)]
    assert second.event_id == str(number)
    assert transfer.alice.count("refer_notified") == 4


def test_second_refer_after_the_first_has_failed() -> None:
    transfer = Transfer()
    transfer.notify(486)
    transfer.wire.run(1)
    transfer.refer("<sip:dave@192.0.2.4>")
    transfer.notify(200)
    transfer.wire.run(1)
    assert [message.headers.get("Event") for message in transfer.notifies] == [
        "refer",
        "refer",
        *[f"refer;id={transfer.referral.request.cseq}"] * 2,
    ]


def test_refused_refer_makes_no_subscription() -> None:
    transfer = Transfer(accept=False)
    transfer.referral.refuse(603, (("Reason", "Q.850;cause=21"),), transfer.wire.now)
    transfer.notify(200)
    transfer.wire.run(1)
    assert "603 REFER" in transfer.wire.lines()
    assert transfer.notifies == []
    assert transfer.referral.state is ReferralState.OVER


def test_refer_that_nobody_answers_is_refused_in_time() -> None:
    transfer = Transfer(accept=False)
    transfer.wire.run(31)
    assert "480 REFER" in transfer.wire.lines()
    assert transfer.bob.count("referral_unheard") == 1


# Requests that say something wrong


@pytest.mark.parametrize(
    ("refer_to", "headers", "status"),
    [
        ("<sip:c@h>, <sip:d@h>", (), 400),
        ("<sip:c@h>", (("Refer-To", "<sip:d@h>"),), 400),
        ("<http://example.com>", (), 416),
        ("<sip:c@h?Replaces=x>", (), 400),
        ("<sip:>", (), 400),
        ("<sip:c@h>", (("Referred-By", "<sip:a@h>"), ("b", "<sip:b@h>")), 400),
        ("<sip:c@h>", (("Require", "multiple-refer"),), 420),
    ],
)
def test_wrong_refer(refer_to: str, headers: tuple[tuple[str, str], ...], status: int) -> None:
    transfer = Transfer(refer_to, *headers)
    assert f"{status} REFER" in transfer.wire.lines()
    assert transfer.alice.last["refer_answered"][1] == status
    assert transfer.bob.count("refer_received") == 0
    assert transfer.notifies == []


def test_refer_without_refer_to() -> None:
    transfer = Transfer()
    octets = transfer.wire.messages("REFER")[0].octets
    again = (
        octets.replace(b"Refer-To:", b"X-To:")
        .replace(b"CSeq: 2 ", b"CSeq: 9 ")
        .replace(b"branch=", b"branch=z9hG4bKx")
    )
    transfer.bob.ua.receive(again, transfer.alice.place.flow(), transfer.wire.now)
    assert "400 REFER" in transfer.wire.lines()


@pytest.mark.parametrize("contact", [b"X-Contact: none", b"Contact: *", b"Contact: <<>>"])
def test_contact_that_is_missing_or_useless_leaves_the_target_as_it_was(contact: bytes) -> None:
    transfer = Transfer()
    octets = transfer.wire.messages("REFER")[0].octets
    wrong = octets.replace(f"Contact: <{transfer.alice.uri}>".encode(), contact)
    wrong = wrong.replace(b"CSeq: 2 ", b"CSeq: 9 ").replace(b"branch=", b"branch=z9hG4bKx")
    transfer.bob.ua.receive(wrong, transfer.alice.place.flow(), transfer.wire.now)
    assert transfer.notifies[-1].request_uri == transfer.alice.uri
    assert transfer.notifies[-1].headers.get("Event") == "refer;id=9"


# No subscription wanted


def test_refer_sub_false_is_granted() -> None:
    transfer = Transfer(CAROL, ("Refer-Sub", "false"))
    assert transfer.wire.messages("202 REFER")[0].headers.get("Refer-Sub") == "false"
    transfer.notify(180)
    transfer.notify(200)
    assert transfer.bob.count("referral_delivered") == 0
    transfer.wire.run(0)
    assert transfer.bob.count("referral_delivered") == 1
    assert transfer.notifies == []
    assert transfer.alice.heard[-2:] == ["refer_answered", "refer_ended"]


def test_refer_sub_true_is_as_if_nothing_was_said() -> None:
    transfer = Transfer(CAROL, ("Refer-Sub", "true"))
    assert "Refer-Sub" not in transfer.wire.messages("202 REFER")[0].headers
    assert transfer.bodies == ["SIP/2.0 100 Trying"]


def test_nosub_is_answered_200_and_nothing_else() -> None:
    transfer = Transfer(CAROL, ("Require", "nosub"))
    assert "200 REFER" in transfer.wire.lines()
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.notifies == []
    assert transfer.bob.count("referral_delivered") == 1


# A subscription that ends before the transfer does


def test_unsubscribing_does_not_end_the_transfer() -> None:
    transfer = Transfer()
    transfer.subscription.close(transfer.wire.now)
    transfer.wire.run(1)
    assert transfer.wire.messages("SUBSCRIBE")[0].headers.get("Expires") == "0"
    assert transfer.wire.messages("200 SUBSCRIBE")[0].headers.get("Expires") == "0"
    assert transfer.states[-1] == "terminated;reason=timeout"
    assert transfer.bodies[-1] == "SIP/2.0 100 Trying"
    assert transfer.bob.count("referral_unheard") == 1
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.bob.count("referral_delivered") == 1
    assert len(transfer.notifies) == 2


def subscribe(transfer: Transfer, expires: str, event: str = "refer") -> None:
    assert transfer.ours.dialog is not None
    headers = (("Event", event), ("Expires", expires))
    transfer.alice.ua.request_in(transfer.ours.dialog, "SUBSCRIBE", headers, b"", None, transfer.wire.now)
    transfer.wire.run(0.5)


def test_refreshed_subscription_is_told_the_state() -> None:
    transfer = Transfer()
    transfer.wire.run(100)
    subscribe(transfer, "120")
    assert transfer.wire.messages("200 SUBSCRIBE")[0].headers.get("Expires") == "120"
    assert transfer.states[-1] == "active;expires=120"
    transfer.wire.run(121)
    assert transfer.states[-1] == "terminated;reason=timeout"
    assert transfer.bob.count("referral_unheard") == 1


def test_longer_than_ours_is_not_granted() -> None:
    transfer = Transfer()
    subscribe(transfer, "99999")
    assert transfer.wire.messages("200 SUBSCRIBE")[0].headers.get("Expires") == "300"


def test_other_event_packages_are_not_known() -> None:
    transfer = Transfer()
    subscribe(transfer, "60", "presence")
    assert "489 SUBSCRIBE" in transfer.wire.lines()


def test_subscribing_to_a_refer_that_is_over() -> None:
    transfer = Transfer()
    transfer.notify(200)
    transfer.wire.run(1)
    subscribe(transfer, "60")
    assert "403 SUBSCRIBE" in transfer.wire.lines()


def test_subscription_ends_by_itself() -> None:
    transfer = Transfer()
    transfer.wire.run(301)
    assert transfer.states[-1] == "terminated;reason=timeout"
    assert transfer.bob.count("referral_unheard") == 1


# A NOTIFY that fails


def refusing(transfer: Transfer, status: int) -> None:
    """Alice answers every NOTIFY with `status`."""
    receive = transfer.alice.ua.receive

    def instead(octets: bytes, flow: Any, now: float) -> None:
        message = parse(octets)
        if message.method != "NOTIFY" or not message.is_request:
            receive(octets, flow, now)
            return
        head = "".join(
            f"{name}: {message.headers.get(name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq")
        )
        transfer.alice.place.send(flow, f"SIP/2.0 {status} X\r\n{head}Content-Length: 0\r\n\r\n".encode())

    transfer.alice.place.receive = instead


@pytest.mark.parametrize("status", [404, 405, 410, 416, 480, 481, 485, 489, 501, 604])
def test_notify_that_is_refused_so_ends_the_subscription(status: int) -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    refusing(transfer, status)
    transfer.notify(180)
    transfer.wire.run(1)
    assert transfer.bob.count("referral_unheard") == 1
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.bodies == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"]
    assert transfer.bob.count("referral_delivered") == 1


@pytest.mark.parametrize("status", [500, 503, 491])
def test_notify_that_is_refused_otherwise_changes_nothing(status: int) -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    refusing(transfer, status)
    transfer.notify(180)
    transfer.wire.run(1)
    assert transfer.bob.count("referral_unheard") == 0
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.bodies[-1] == "SIP/2.0 200 OK"
    assert transfer.bob.count("referral_delivered") == 1


def test_notify_that_nobody_answers() -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    transfer.alice.place.receive = lambda octets, flow, now: None
    transfer.notify(180)
    transfer.wire.run(33)
    assert transfer.bob.count("referral_unheard") == 1


def test_final_notify_that_nobody_answers_counts_as_delivered() -> None:
    transfer = Transfer()
    transfer.wire.run(1)
    transfer.alice.place.receive = lambda octets, flow, now: None
    transfer.notify(200)
    transfer.wire.run(31)
    assert transfer.bob.count("referral_delivered") == 0
    transfer.wire.run(2)
    assert transfer.bob.count("referral_delivered") == 1


def test_first_notify_lost_and_sent_again() -> None:
    wire_losing = dropping("NOTIFY", "200 NOTIFY", "202 REFER", "REFER")
    transfer = Transfer(accept=True)
    transfer.wire.fate = wire_losing
    transfer.refer("<sip:dave@192.0.2.4>")
    transfer.wire.run(5)
    transfer.notify(200)
    transfer.wire.run(5)
    assert transfer.alice.last["refer_notified"][1] == 200
    assert transfer.alice.last["refer_notified"][4] is True


@pytest.mark.parametrize("seed", range(20))
def test_final_word_arrives_over_a_lossy_wire(seed: int) -> None:
    transfer = Transfer()
    transfer.wire.fate = losing(0.2, seed, twice=0.2)
    transfer.refer("<sip:dave@192.0.2.4>")
    transfer.wire.run(20)
    transfer.notify(180)
    transfer.notify(200)
    transfer.wire.run(33)
    finals = [transfer.alice.last["refer_notified"][1]]
    assert finals == [200]
    assert transfer.bob.count("referral_delivered") == 1


# The call may end first


def test_notify_after_the_bye() -> None:
    transfer = Transfer()
    transfer.ours.bye((), transfer.wire.now)
    transfer.wire.run(1)
    assert transfer.bob.count("call_ended") == 1
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_notified"][1] == 200
    assert transfer.bob.count("referral_delivered") == 1
    transfer.wire.run(64)
    assert transfer.bob.ua.dialogs == {}
    assert transfer.alice.ua.dialogs == {}


def test_connection_lost_between_refer_and_notify() -> None:
    transfer = Transfer(transport=Transport.TCP)
    transfer.wire.cut(transfer.alice.place, transfer.bob.place)
    transfer.notify(200)
    transfer.wire.run(1)
    assert transfer.alice.last["refer_notified"][1] == 200
    assert transfer.bob.count("referral_delivered") == 1


def test_connection_lost_while_a_notify_is_under_way() -> None:
    transfer = Transfer(transport=Transport.TCP)
    transfer.wire.fate = dropping("NOTIFY")
    transfer.notify(200)
    transfer.wire.cut(transfer.alice.place, transfer.bob.place)
    transfer.wire.run(1)
    assert transfer.bob.count("referral_delivered") == 1


# Outside of the call
