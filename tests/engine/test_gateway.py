"""The gateway without transports: what goes in and out, what survives a restart, what a fault does."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from gateway.configuration import Configuration
from gateway.engine.between_workers import (
    WorkerHub,
    is_told_elsewhere,
    trunk_to,
    way_to,
    with_workers,
    workers_by_host,
)
from gateway.engine.gateway import Found, Gateway
from gateway.hub.leg import Leg
from gateway.model.call import CallRequest, Clearing, TransferRecord
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.transfer import Kept
from gateway.runtime.entropy import Tokens
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message, parse
from tests.runtime.lines import Lines

CALLER, CALLEE = Flow(Transport.UDP, "192.0.2.1", 5060), Flow(Transport.UDP, "192.0.2.2", 5060)
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
CONFIGURATION = Configuration.model_validate(
    {
        "listen": ["udp:192.0.2.9:5060"],
        "trunks": [
            {"name": "one", "peers": ["udp:192.0.2.1:5060"]},
            {"name": "other", "peers": ["udp:192.0.2.2:5060"]},
        ],
        "routes": [{"from": "one", "to": "other"}],
    }
)


def nowhere(uri: str, found: Found) -> None:
    found((), 0.0)


class Bench:
    """A gateway, what it has sent and what it has logged."""

    def __init__(self, worker: int = 0, workers: int = 1) -> None:
        self.sent: list[tuple[Flow, Message]] = []
        self.lines = Lines()
        self.now = 100.0
        self.gateway = Gateway(
            CONFIGURATION,
            token=Tokens(worker),
            wall=lambda: 1_700_000_000.0,
            send=lambda flow, octets: self.sent.append((flow, parse(octets))),
            locate=nowhere,
            listeners=[(Transport.UDP, "192.0.2.9", 5060)],
            observer=self.lines,
            record=lambda record: None,
            worker=worker,
            workers=workers,
        )
        self.gateway.start(self.now)

    def receive(self, flow: Flow, *lines: str, body: str = "") -> list[tuple[Flow, Message]]:
        """What it sends when that message comes."""
        self.sent.clear()
        head = (*lines, *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}")
        self.gateway.receive(("\r\n".join(head) + "\r\n\r\n" + body).encode(), flow, self.now)
        self.advance(0.0)
        return list(self.sent)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.gateway.advance(self.now)

    def request(
        self, method: str, *, to: str = "<sip:200@192.0.2.9>", cseq: int = 1, body: str = ""
    ) -> list[Message]:
        found = self.receive(
            CALLER,
            f"{method} sip:200@192.0.2.9 SIP/2.0",
            f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{method}{cseq}",
            "Max-Forwards: 70",
            "From: <sip:100@192.0.2.1>;tag=a1",
            f"To: {to}",
            "Call-ID: c1",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:100@192.0.2.1>",
            body=body,
        )
        return [message for _, message in found]

    def call(self) -> str:
        """A call that is up; the value of To in it."""
        (invite,) = [message for message in self.request("INVITE", body=SDP) if message.method == "INVITE"]
        answer = self.receive(CALLEE, *answered(invite), body=SDP)
        (ok,) = [message for flow, message in answer if flow == CALLER and message.status == 200]
        to = str(ok.headers.get("to"))
        self.request("ACK", to=to)
        return to


def answered(invite: Message) -> Iterable[str]:
    headers = invite.headers
    yield "SIP/2.0 200 OK"
    yield f"Via: {headers.get('via')}"
    yield f"From: {headers.get('from')}"
    yield f"To: {headers.get('to')};tag=b1"
    yield f"Call-ID: {headers.get('call-id')}"
    yield f"CSeq: {headers.get('cseq')}"
    yield "Contact: <sip:200@192.0.2.2>"


def methods(messages: list[Message]) -> list[str]:
    return [message.method for message in messages if not message.status]


def test_a_call_is_put_through_and_cleared() -> None:
    bench = Bench()
    to = bench.call()
    assert not bench.gateway.idle
    assert "BYE" in methods(bench.request("BYE", to=to, cseq=2))
    assert bench.gateway.idle


def test_a_gateway_that_drains_takes_no_new_call() -> None:
    bench = Bench()
    bench.gateway.drain(bench.now)
    assert [message.status for message in bench.request("INVITE", body=SDP)] == [503]


def test_a_call_is_taken_back_from_its_snapshot() -> None:
    before = Bench()
    to = before.call()
    changes = list(before.gateway.changes())
    assert list(before.gateway.changes()) == []
    rows = [(key, json.loads(json.dumps(value))) for key, value in changes if value is not None]
    after = Bench()
    assert after.gateway.restore(rows, after.now) == ()
    assert "BYE" in methods(after.request("BYE", to=to, cseq=2))


def test_the_end_of_a_call_that_was_told_is_told() -> None:
    bench = Bench()
    to = bench.call()
    ((key, _),) = list(bench.gateway.changes())
    bench.request("BYE", to=to, cseq=2)
    assert list(bench.gateway.changes()) == [(key, None)]


@pytest.mark.parametrize(
    "snapshot", [{}, {"kind": "call", "id": 7, "caller": 3}, {"id": "x", "caller": {"trunk": 1}}]
)
def test_a_row_that_makes_no_sense_is_lost_and_logged(snapshot: dict[str, Any]) -> None:
    bench = Bench()
    assert bench.gateway.restore([("row", snapshot)], bench.now) == ("row",)
    assert "restore.refused" in bench.lines.events()


def test_a_fault_costs_the_message_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    def fail(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    with monkeypatch.context() as broken:
        broken.setattr(bench.gateway.hub, "call_asked", fail)
        bench.request("INVITE", body=SDP)
    (fields,) = [fields for event, fields in bench.lines.entries if event == "fault"]
    assert "ZeroDivisionError" in str(fields["traceback"])
    assert str(fields["message"]).startswith("INVITE ")
    assert bench.gateway.statistics()["faults"] == 1
    assert [message.status for message in bench.request("OPTIONS", cseq=5)] == [200]


def test_a_fault_in_a_timer_does_not_stop_the_others() -> None:
    bench = Bench()
    rung: list[float] = []

    def fail(_: float) -> None:
        raise ZeroDivisionError

    timers = bench.gateway.hub.timers
    timers.start(bench.now + 1, fail)
    timers.start(bench.now + 1, rung.append)
    bench.advance(2)
    assert rung == [bench.now]
    assert bench.lines.events().count("fault") == 1


def test_a_reload_that_is_no_good_leaves_all_as_it_was() -> None:
    bench = Bench()
    trunk = CONFIGURATION.trunks[0].model_copy(update={"causes": "martian"})
    with pytest.raises(GatewayError):
        bench.gateway.reload(CONFIGURATION.model_copy(update={"trunks": (trunk,)}), bench.now)
    bench.call()


def test_the_address_of_a_worker_is_none_of_any_network() -> None:
    assert workers_by_host(3)[way_to(2).host] == 2
    assert way_to(63).host == "0.0.0.64"
    names = [trunk.name for trunk in with_workers(CONFIGURATION, 1, 3).trunks]
    assert names == ["one", "other", "worker 0", "worker 2"]


class Newcomer:
    """A leg that remembers how it was cleared."""

    def __init__(self, trunk: str) -> None:
        self.trunk, self.address, self.cleared = trunk, "sip:x@192.0.2.1", 0

    def clear(self, clearing: Clearing, now: float) -> None:
        self.cleared = clearing.status


def asked_by_worker(trunk_of_replaced: str | None, *kept: Kept) -> Newcomer:
    hub = Bench(0, 2).gateway.hub
    assert isinstance(hub, WorkerHub)
    newcomer: Any = Newcomer(trunk_to(1).name)
    replaced: Any = Newcomer(trunk_of_replaced) if trunk_of_replaced else None
    taken: list[Leg] = []
    hub.transfers.replace = lambda leg, *_: taken.append(leg)  # type: ignore[method-assign]
    hub.call_asked(newcomer, CallRequest(Party(), Party(), kept=kept), replaced, 1.0)
    assert bool(taken) is (newcomer.cleared == 0)
    return newcomer  # type: ignore[no-any-return]


def test_another_worker_may_replace_a_leg_of_the_trunk_that_it_names_only() -> None:
    vouched = Kept("sip", "X-Refergate-Transferor-Trunk", "one")
    assert asked_by_worker("one", vouched).cleared == 0
    assert asked_by_worker("other", vouched).cleared == 403
    assert asked_by_worker("one").cleared == 403
    assert asked_by_worker(None, vouched).cleared == 403


def test_what_a_transferor_says_about_its_trunk_does_not_count() -> None:
    bench = Bench(0, 2)
    theirs = Kept("sip", "x-refergate-transferor-trunk", "other")
    replaces = f"c7;to-tag={Tokens(1)()};from-tag=a7"
    request = CallRequest(Party(uri="sip:192.0.2.9"), Party(uri="sip:b@192.0.2.2"), replaces=replaces, kept=(theirs,))
    watcher: Any = Lines()
    bench.gateway.hub.dial(request, "one", watcher, bench.now)
    bench.advance(0.0)
    ((flow, invite),) = bench.sent
    assert flow.host == way_to(1).host
    assert invite.headers.all("X-Refergate-Transferor-Trunk") == ("one",)
    assert invite.headers.get("replaces") == replaces


def test_the_record_is_written_by_the_worker_that_heard_the_refer() -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("id", "kind", "transferor", "transferee", "target", "target_normalised", "decision", "outcome"), ""
    )
    one = TransferRecord(
        0.0, method="replaces", sip_status=200, cause=None, trunks={"transferee": "worker 1"}, **fields
    )
    other = TransferRecord(0.0, method="replaces", sip_status=200, cause=None, trunks={"transferee": "one"}, **fields)
    assert (is_told_elsewhere(one), is_told_elsewhere(other)) == (True, False)
