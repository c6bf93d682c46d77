"""A REFER whose sender subscribes by itself (RFC 7614). Bob is the one who is asked, the stranger follows."""

import json

import pytest

from gateway.sip.address import Address
from gateway.sip.message import Message
from gateway.sip.referral import Referral
from tests.sip.phones import Phone, Stranger
from tests.sip.test_media_changes import stranger_call
from tests.sip.wire import Wire

REQUIRED = "Require: explicitsub"


class Followed:
    """A call in which Bob was asked for a transfer that is to be followed at a URI of its own."""

    def __init__(self, *fields: str, accept: bool = True) -> None:
        self.wire = Wire()
        self.bob = Phone(self.wire, "bob", "192.0.2.2", symmetric=True)
        self.stranger = Stranger(self.wire, "192.0.2.7")
        self.tag = stranger_call(self.stranger, self.bob)
        if accept:
            self.bob.does["refer_received"] = lambda referral, now: referral.accept(now)
        said = "\n".join((self.stranger.dialog(self.bob, self.tag), "Refer-To: <sip:c@192.0.2.3>", *fields))
        self.stranger.request("REFER", self.bob, said, cseq=2)
        self.subscriptions = 0

    @property
    def referral(self) -> Referral:
        found: Referral = self.bob.last["refer_received"][0]
        return found

    @property
    def uri(self) -> str:
        return Address.parse(self.stranger.last("REFER", 200).headers.get("Refer-Events-At") or "").uri

    def subscribe(self, *fields: str, uri: str = "", event: str = "refer") -> None:
        """In a dialog of its own."""
        self.subscriptions += 1
        names = self.stranger.dialog(self.bob, call_id=f"follow{self.subscriptions}")
        said = "\n".join((names, f"Event: {event}", *fields))
        self.stranger.request("SUBSCRIBE", self.bob, said, uri=uri or self.uri)

    def answered(self) -> Message:
        """The last NOTIFY, which is answered."""
        notify = self.stranger.last("NOTIFY")
        self.stranger.respond(notify, self.bob, 200)
        return notify

    def report(self, status: int) -> None:
        self.referral.notify(status, "", (), self.wire.now)
        self.wire.run(0.1)


def state(notify: Message) -> tuple[str, str]:
    return notify.headers.get("Subscription-State") or "", notify.body.decode().strip()


def test_it_is_answered_200_with_a_uri_and_there_is_no_subscription() -> None:
    followed = Followed(REQUIRED)
    value = followed.stranger.last("REFER", 200).headers.get("Refer-Events-At") or ""
    assert value == f"<sip:refer-{followed.referral.id}@192.0.2.2:5060>"
    followed.report(180)
    followed.report(200)
    assert followed.stranger.count("NOTIFY") == 0
    assert followed.bob.count("referral_delivered") == 1


@pytest.mark.parametrize("fields", ["Supported: explicitsub, nosub", "Supported: nosub"])
def test_who_only_could_do_without_gets_a_subscription(fields: str) -> None:
    followed = Followed(fields)
    assert "Refer-Events-At" not in followed.stranger.last("REFER", 202).headers
    assert followed.stranger.count("NOTIFY") == 1


def test_a_subscription_in_a_dialog_of_its_own_is_told_the_state_at_once_and_to_the_end() -> None:
    followed = Followed(REQUIRED)
    followed.report(180)
    followed.subscribe("Expires: 60")
    accepted = followed.stranger.last("SUBSCRIBE", 200)
    assert accepted.headers.get("Expires") == "60"
    notify = followed.answered()
    assert (notify.call_id, notify.from_tag, notify.to_tag) == (accepted.call_id, accepted.to_tag, "s")
    assert accepted.to_tag != followed.tag
    assert notify.headers.get("Event") == "refer"
    assert state(notify) == ("active;expires=60", "SIP/2.0 180 Ringing")
    followed.wire.run(1.5)
    followed.report(183)
    assert state(followed.answered())[1] == "SIP/2.0 183 Session Progress"
    followed.report(200)
    assert state(followed.answered()) == ("terminated;reason=noresource", "SIP/2.0 200 OK")
    followed.wire.run(60)
    assert followed.stranger.count("NOTIFY") == 3
    assert len(followed.bob.ua.dialogs) == 1


def test_the_transfer_does_not_wait_for_those_who_follow_it() -> None:
    followed = Followed(REQUIRED)
    followed.subscribe()
    followed.report(486)
    assert followed.bob.count("referral_delivered") == 1
    followed.wire.run(40)
    assert followed.bob.count("referral_delivered") == 1
    assert followed.bob.count("referral_unheard") == 0


def test_the_final_word_can_be_had_for_64_seconds() -> None:
    followed = Followed(REQUIRED)
    followed.report(486)
    followed.wire.run(63)
    followed.subscribe()
    assert state(followed.answered()) == ("terminated;reason=noresource", "SIP/2.0 486 Busy Here")
    followed.wire.run(2)
    followed.subscribe()
    assert followed.stranger.count("SUBSCRIBE", 404) == 1


def test_who_only_asks_gets_one_notify() -> None:
    followed = Followed(REQUIRED)
    followed.subscribe("Expires: 0")
    assert followed.stranger.last("SUBSCRIBE", 200).headers.get("Expires") == "0"
    assert state(followed.answered()) == ("terminated;reason=timeout", "SIP/2.0 100 Trying")
    followed.report(200)
    assert followed.stranger.count("NOTIFY") == 1
    assert len(followed.bob.ua.dialogs) == 1


def test_it_is_refreshed_and_ended_in_its_dialog() -> None:
    followed = Followed(REQUIRED)
    followed.subscribe("Expires: 60")
    notify = followed.answered()
    names = followed.stranger.dialog(followed.bob, notify.from_tag, call_id="follow1")
    followed.wire.run(50)
    followed.stranger.request("SUBSCRIBE", followed.bob, f"{names}\nEvent: refer\nExpires: 120", cseq=2)
    assert state(followed.answered())[0] == "active;expires=120"
    followed.stranger.request("SUBSCRIBE", followed.bob, f"{names}\nEvent: refer\nExpires: 0", cseq=3)
    assert state(followed.answered())[0] == "terminated;reason=timeout"
    assert len(followed.bob.ua.dialogs) == 1
    assert followed.bob.count("referral_unheard") == 0


def test_it_ends_by_itself() -> None:
    followed = Followed(REQUIRED)
    followed.subscribe("Expires: 60")
    followed.answered()
    followed.wire.run(61)
    assert state(followed.answered())[0] == "terminated;reason=timeout"


def test_several_may_follow_but_not_any_number() -> None:
    followed = Followed(REQUIRED)
    for _ in range(9):
        followed.subscribe(event="refer;id=7")
    assert followed.stranger.count("SUBSCRIBE", 200) == 8
    assert "Retry-After" in followed.stranger.last("SUBSCRIBE", 503).headers
    followed.report(200)
    followed.wire.run(4.1)
    ends = [m for m in followed.stranger.received if "terminated" in (m.headers.get("Subscription-State") or "")]
    assert len({m.call_id for m in ends}) == 8


@pytest.mark.parametrize(
    ("uri", "event", "status"),
    [
        ("sip:refer-nobody@192.0.2.2", "refer", 404),
        ("sip:bob@192.0.2.2", "refer", 403),
        ("", "presence", 489),
    ],
)
def test_what_cannot_be_followed(uri: str, event: str, status: int) -> None:
    followed = Followed(REQUIRED)
    followed.subscribe(uri=uri, event=event)
    assert followed.stranger.count("SUBSCRIBE", status) == 1
    assert len(followed.bob.ua.dialogs) == 1


def test_one_that_is_refused_has_no_uri() -> None:
    followed = Followed(REQUIRED, accept=False)
    followed.referral.refuse(603, (), followed.wire.now)
    followed.wire.run(0.1)
    assert "Refer-Events-At" not in followed.stranger.last("REFER", 603).headers
    followed.subscribe(uri=f"sip:refer-{followed.referral.id}@192.0.2.2")
    assert followed.stranger.count("SUBSCRIBE", 404) == 1


def test_without_news_it_is_forgotten_after_an_hour() -> None:
    followed = Followed(REQUIRED)
    uri = followed.uri
    followed.wire.run(3601)
    followed.subscribe(uri=uri)
    assert followed.stranger.count("SUBSCRIBE", 404) == 1


def test_it_can_be_followed_after_a_restart() -> None:
    followed = Followed(REQUIRED)
    uri = followed.uri
    followed.report(183)
    referral = followed.referral
    session = referral.session
    assert session is not None
    snapshots = json.loads(json.dumps([session.snapshot(), referral.snapshot()]))
    followed.bob = Phone(followed.wire, "bob", "192.0.2.2", symmetric=True)
    restored = followed.bob.ua.restore_session(snapshots[0], followed.bob.profile, followed.wire.now)
    assert restored.dialog is not None
    again = Referral.restored(followed.bob.ua, restored.dialog, snapshots[1], followed.wire.now)
    followed.subscribe(uri=uri)
    assert state(followed.answered())[1] == "SIP/2.0 183 Session Progress"
    again.notify(200, "", (), followed.wire.now)
    followed.wire.run(0.1)
    assert state(followed.answered())[1] == "SIP/2.0 200 OK"
