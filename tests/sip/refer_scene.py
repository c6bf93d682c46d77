"""A call between Alice and Bob on a wire, in which Alice refers Bob to Carol."""

from gateway.sip.flow import Transport
from gateway.sip.message import Message
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.referral import Referral
from tests.sip.phones import call_up, two_phones
from tests.sip.wire import Wire

CAROL = "<sip:carol@192.0.2.3>"


class Transfer:
    """A call between Alice and Bob, in which Alice has sent a REFER."""

    def __init__(
        self,
        refer_to: str = CAROL,
        *headers: tuple[str, str],
        accept: bool = True,
        transport: Transport = Transport.UDP,
    ) -> None:
        self.wire = Wire()
        self.alice, self.bob = two_phones(self.wire, transport)
        self.ours, self.theirs = call_up(self.alice, self.bob)
        if accept:
            self.bob.does["refer_received"] = lambda referral, now: referral.accept(now)
        self.subscription = self.refer(refer_to, *headers)

    def refer(self, refer_to: str = CAROL, *headers: tuple[str, str]) -> ReferSubscription:
        assert self.ours.dialog is not None
        subscription = ReferSubscription(self.alice.ua, self.ours.dialog, None)
        subscription.send(refer_to, headers, self.wire.now)
        self.wire.run(0.5)
        return subscription

    @property
    def referral(self) -> Referral:
        found: Referral = self.bob.last["refer_received"][0]
        return found

    def notify(self, status: int, reason: str = "") -> None:
        self.referral.notify(status, reason, (), self.wire.now)

    @property
    def notifies(self) -> list[Message]:
        """Each NOTIFY of Bob's once."""
        return list(
            {message.cseq: message for message in self.wire.messages("NOTIFY", source="192.0.2.2:5060")}.values()
        )

    @property
    def bodies(self) -> list[str]:
        return [message.body.decode().partition("\r\n")[0] for message in self.notifies]

    @property
    def states(self) -> list[str]:
        return [message.headers.get("Subscription-State") or "" for message in self.notifies]
