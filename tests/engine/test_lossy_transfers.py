"""Every kind of transfer between user agents while the network loses one datagram in twenty and doubles another."""

from pathlib import Path
from random import Random

import pytest

from gateway.configuration import configuration
from gateway.engine.gateway import Gateway
from gateway.model.call import TransferRecord
from gateway.sip.dialog_id import DialogId
from gateway.sip.flow import Flow, Transport
from gateway.sip.invitation import Invitation
from gateway.sip.message import Message
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.refer_to import with_replaces
from gateway.sip.session import Session
from gateway.sip.uri import Uri
from tests.sip.phones import Phone
from tests.sip.wire import Place, Tokens, Wire, losing

HOST = "192.0.2.100"
USERS = {"1001": "192.0.2.1", "1002": "192.0.2.2", "1003": "192.0.2.3"}
LOSS = 0.05
DOUBLING = 0.05
KINDS = ("blind", "attended", "semi-attended", "released at once")


def description(user: str) -> bytes:
    """The session description of a phone; its address tells whose it is."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {USERS[user]}\r\ns=-\r\nc=IN IP4 {USERS[user]}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    ).encode()


class Network:
    """The gateway between three phones that answer at once; `records` are those of the gateway."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.wire = Wire(fate=losing(LOSS, seed, twice=DOUBLING))
        self.records: list[TransferRecord] = []
        self.place = Place(self.wire, HOST)
        self.place.receive = self._receive
        self.place.flow_failed = lambda flow, now: None
        self._alarm = float("inf")
        self.gateway = self._gateway(folder)
        self.phones = {user: Phone(self.wire, user, host) for user, host in USERS.items()}
        for user, phone in self.phones.items():
            self._obliging(phone, user)

    def call(self, caller: str, callee: str) -> Session:
        """A call through the gateway."""
        phone = self.phones[caller]
        invitation = Invitation(
            *(self.uri(callee), (self.place.flow(),), f"<{phone.uri}>", f"<{self.uri(callee)}>", phone.profile),
            session=description(caller),
        )
        return phone.ua.invite(invitation, None, self.wire.now)

    def called(self, callee: str) -> Session:
        """The call that reached that phone, once it is up."""
        assert self.wire.until(lambda: "call_acknowledged" in self.phones[callee].heard, 60)
        return self.phones[callee].session

    def uri(self, user: str) -> str:
        """That user at the gateway."""
        return f"sip:{user}@{HOST}"

    def log(self, event: str, **fields: object) -> None:
        """A fault of the gateway fails the test."""
        assert event != "fault", fields

    def _gateway(self, folder: Path) -> Gateway:
        path = folder / "gateway.yaml"
        trunks = "".join(f'  - {{name: t{user}, peers: ["udp:{host}:5060"]}}\n' for user, host in USERS.items())
        routes = "".join(f'  - {{match: "{user}", to: t{user}}}\n' for user in USERS)
        path.write_text(f'listen: ["udp:{HOST}:5060"]\ntrunks:\n{trunks}routes:\n{routes}')
        return Gateway(
            configuration(path),
            token=Tokens("w00"),
            wall=lambda: 1.7e9,
            send=self._send,
            locate=lambda uri, done: done((Flow(Transport.UDP, Uri.parse(uri).host, 5060),), self.wire.now),
            listeners=((Transport.UDP, HOST, 5060),),
            observer=self,
            record=self.records.append,
        )

    def _send(self, flow: Flow, octets: bytes) -> None:
        self.place.send(flow, octets)

    def _receive(self, octets: bytes, flow: Flow, now: float) -> None:
        self.gateway.receive(octets, flow, now)
        self._arm()

    def _advance(self, now: float) -> None:
        self._alarm = float("inf")
        self.gateway.advance(now)
        self._arm()

    def _arm(self) -> None:
        due = self.gateway.next_due()
        if due is not None and due < self._alarm:
            self._alarm = due
            self.wire.timers.start(max(due, self.wire.now), self._advance)

    def _obliging(self, phone: Phone, user: str) -> None:
        def answer(session: Session, request: Message, now: float) -> None:
            session.progress(180, (), b"", now)
            self.wire.timers.start(now + 2, lambda later: session.answer((), description(user), later))

        phone.does["call_offered"] = answer
        phone.does["media_offered"] = lambda session, request, now: session.accept_offer(description(user), (), now)


def transferred(network: Network, kind: str) -> tuple[Session, Session]:
    """Carries out a transfer of 1002, called by 1001, to 1003; the sessions of 1002 and 1003 afterwards."""
    wire, transferor = network.wire, network.phones["1001"]
    first = network.call("1001", "1002")
    transferee = network.called("1002")
    assert wire.until(lambda: first.dialog is not None and "call_answered" in transferor.heard)
    refer_to = network.uri("1003")
    if kind in ("attended", "semi-attended"):
        consulting = network.call("1001", "1003")
        wanted = 2 if kind == "attended" else 0
        assert wire.until(
            lambda: (
                transferor.count("call_answered") >= wanted
                and consulting.dialog is not None
                and "call_offered" in network.phones["1003"].heard
            )
        )
        named = f"{consulting.call_id};to-tag={consulting.remote_tag};from-tag={consulting.local_tag}"
        refer_to = with_replaces(refer_to, DialogId.replaced(named))
    assert first.dialog is not None
    ReferSubscription(transferor.ua, first.dialog, None).send(f"<{refer_to}>", (), wire.now)
    assert wire.until(lambda: "refer_answered" in transferor.heard, 60)
    if kind == "released at once":
        first.bye((), wire.now)
    assert wire.until(lambda: bool(network.records), 120)
    return transferee, network.phones["1003"].session


@pytest.mark.parametrize("kind", KINDS)
def test_every_transfer_completes(tmp_path: Path, kind: str) -> None:
    for seed in Random(kind).sample(range(100_000), 25):
        network = Network(tmp_path, seed)
        transferee, target = transferred(network, kind)
        network.wire.run(70)
        record = network.records[0]
        assert (record.outcome, record.sip_status) == ("succeeded", 200), (seed, record)
        assert USERS["1003"].encode() in transferee.remote_session, seed
        assert USERS["1002"].encode() in target.remote_session, seed
        assert not (transferee.is_over or target.is_over), seed
        assert len(network.gateway.hub.calls) == 1, seed
        transferee.bye((), network.wire.now)
        network.wire.run(70)
        assert target.is_over, seed
        assert network.gateway.idle, seed
