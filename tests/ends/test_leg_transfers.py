"""REFER in and out of a SIP leg, and who may send one (RFC 3515, RFC 3892, RFC 4538, RFC 5589)."""

from typing import Any

import pytest

from gateway.ends.leg_transfers import refer_to_value, report_fields, report_status
from gateway.model.call import NORMAL, Answer, Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import (
    DialogReference,
    Kept,
    Outcome,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.refer_to import ReferTo
from tests.ends.stage import ANSWER, Stage, crlf, reply, request
from tests.ends.trunks import UDP_FLOW, carrier, invite

OTHER: dict[str, Any] = {"name": "other", "peers": ["udp:198.51.100.77:5060"]}
TARGET = Party(uri="sip:3003@192.0.2.1")


class Call:
    """A call that came in and was answered; its peer refers."""

    def __init__(self, *trunks: dict[str, Any]) -> None:
        self.stage = Stage(*(trunks or (carrier(),)))
        self.stage.receive(invite())
        self.leg = self.stage.hub.leg
        self.leg.answer(Answer(ANSWER), 0.0)
        (self.ok,) = self.stage.sent()
        self.stage.receive(request("ACK", self.ok, "1 ACK"))

    def refer(
        self, *fields: str, to: str = "<sip:3003@192.0.2.1>", cseq: int = 2, flow: Flow = UDP_FLOW
    ) -> list[Message]:
        return self.stage.receive(request("REFER", self.ok, f"{cseq} REFER", f"Refer-To: {to}", *fields), flow)

    @property
    def transfer(self) -> str:
        return str(next(each[1] for each in reversed(self.stage.hub.heard) if each[0] == "transfer_asked"))


class TestAskedOfUs:
    def test_a_blind_transfer(self) -> None:
        call = Call()
        call.refer('Referred-By: "A" <sip:1000@h;x-tt=aHR0c%3D>;cid="1@h"')
        name, _, asked, replaced = call.stage.hub.last
        assert name == "transfer_asked"
        assert (asked.kind, asked.target) == (TransferKind.BLIND, Party(uri="sip:3003@192.0.2.1"))
        assert replaced is None
        assert Kept("sip", "Referred-By", '"A" <sip:1000@h;x-tt=aHR0c%3D>;cid="1@h"') in asked.kept

    def test_referred_by_without_parameters_is_kept_as_it_came_too(self) -> None:
        call = Call()
        call.refer("Referred-By: <sip:1000@h>")
        assert call.stage.hub.last[2].kept[0] == Kept("sip", "Referred-By", "<sip:1000@h>")

    @pytest.mark.parametrize("code", [200, 202])
    def test_accepted_reported_and_delivered(self, code: int) -> None:
        call = Call(carrier(refer_accept_code=code))
        call.refer()
        call.leg.accept_transfer(call.transfer, 0.0)
        accepted, trying = call.stage.sent()
        assert accepted.status == code
        assert trying.body == b"SIP/2.0 100 Trying\r\n"
        call.stage.receive(reply(trying, 200))
        call.stage.wait(1.1)
        call.leg.report(call.transfer, TransferProgress(180), call.stage.now)
        (ringing,) = call.stage.sent()
        assert ringing.body == b"SIP/2.0 180 Ringing\r\n"
        call.stage.receive(reply(ringing, 200))
        call.leg.report(call.transfer, TransferOutcome(Outcome.SUCCEEDED, 200), call.stage.now)
        (final,) = call.stage.sent()
        assert "terminated" in (final.headers.get("Subscription-State") or "")
        assert "report_delivered" not in call.stage.hub.names
        call.stage.receive(reply(final, 200))
        assert call.stage.hub.last == ("report_delivered", call.transfer)
        assert call.stage.end.statistics()["transfers_heard"] == 0

    def test_the_report_outlives_the_call(self) -> None:
        call = Call()
        call.refer()
        call.leg.accept_transfer(call.transfer, 0.0)
        call.stage.receive(reply(call.stage.sent()[1], 200))
        call.stage.receive(request("BYE", call.ok, "3 BYE"))
        assert call.stage.hub.last[0] == "cleared"
        call.leg.report(call.transfer, TransferOutcome(Outcome.FAILED, 486, cause=Cause(17)), 0.0)
        (final,) = call.stage.sent()
        assert final.body == b"SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17\r\n"
        call.stage.receive(reply(final, 481))
        assert call.stage.hub.last[0] == "report_delivered"

    def test_refused_at_once(self) -> None:
        call = Call()
        call.refer()
        call.leg.refuse_transfer(call.transfer, Clearing(603), 0.0)
        (answer,) = call.stage.sent()
        assert answer.status == 603
        assert call.stage.end.statistics()["transfers_heard"] == 0

    def test_an_attended_one_names_our_other_leg(self) -> None:
        call = Call()
        stage = call.stage
        second = invite().octets.replace(b"one@", b"two@").replace(b"tag=a1", b"tag=a2").replace(b"bKabc", b"bKabe")
        stage.receive(second)
        consultation = stage.hub.leg
        consultation.answer(Answer(ANSWER), 0.0)
        (ok,) = stage.sent()
        stage.receive(request("ACK", ok, "1 ACK", branch="ack2"))
        call.refer(to=f"<sip:3@192.0.2.1?Replaces=two%40198.51.100.1%3Bto-tag%3D{ok.to_tag}%3Bfrom-tag%3Da2>")
        _, _, asked, replaced = stage.hub.last
        assert replaced is consultation
        assert asked.kind is TransferKind.ATTENDED
        assert asked.consultation == DialogReference("two@198.51.100.1", ok.to_tag, "a2")

    def test_swapped_tags_are_not_taken_but_logged(self) -> None:
        call = Call()
        mine, yours = call.ok.to_tag, "a1"
        call.refer(to=f"<sip:3@192.0.2.1?Replaces=one%40198.51.100.1%3Bto-tag%3D{yours}%3Bfrom-tag%3D{mine}>")
        assert call.stage.hub.last[3] is None
        assert "transfer.replaces_swapped" in call.stage.notes.events

    def test_a_leg_of_another_trunk_cannot_be_replaced(self) -> None:
        call = Call(carrier(), OTHER)
        leg = call.stage.answered("other")
        assert leg.session is not None
        named = f"{leg.session.call_id}%3Bto-tag%3D{leg.session.local_tag}%3Bfrom-tag%3Dp1".replace("@", "%40")
        call.refer(to=f"<sip:3@192.0.2.1?Replaces={named}>")
        assert call.stage.hub.last[3] is None
        assert "transfer.replaces_foreign" in call.stage.notes.events

    @pytest.mark.parametrize(
        ("to", "status"),
        [
            ("<sip:3@192.0.2.1;method=BYE>", 403),
            ("<http://192.0.2.1/>", 416),
            ("<sip:3@192.0.2.1?Join=a%3Bto-tag%3D1%3Bfrom-tag%3D2>", 488),
        ],
    )
    def test_what_is_no_transfer_is_refused_clearly(self, to: str, status: int) -> None:
        call = Call()
        (answer,) = call.refer(to=to)
        assert answer.status == status
        assert "transfer_asked" not in call.stage.hub.names

    def test_a_refer_from_a_port_or_connection_of_its_own_is_taken(self) -> None:
        call = Call()
        call.refer(flow=Flow(Transport.TCP, "198.51.100.1", 40123, 5, 1))
        assert call.stage.hub.last[0] == "transfer_asked"

    def test_a_refer_from_elsewhere_is_403(self) -> None:
        call = Call(carrier(), OTHER)
        for host in ("203.0.113.66", "198.51.100.77"):
            answers = call.refer(flow=Flow(Transport.UDP, host, 5060), cseq=2 if host[0] == "2" else 3)
            assert [each.status for each in answers] == [403]
        assert call.stage.notes.events.count("stranger") == 2
        assert "transfer_asked" not in call.stage.hub.names

    def test_a_refer_outside_of_calls_needs_the_dialog_it_is_about(self) -> None:
        call = Call()
        octets = crlf(f"""REFER sip:192.0.2.1 SIP/2.0
            Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKout1
            From: <sip:1000@198.51.100.1>;tag=out
            To: <sip:192.0.2.1>
            Call-ID: out@198.51.100.1
            CSeq: 1 REFER
            Contact: <sip:1000@198.51.100.1>
            Max-Forwards: 70
            Refer-To: <sip:3003@192.0.2.1>
            Target-Dialog: one@198.51.100.1;local-tag={call.ok.to_tag};remote-tag=a1
            Content-Length: 0""")
        (refused,) = call.stage.receive(octets.replace(b"remote-tag=a1", b"remote-tag=a9"))
        assert refused.status == 403
        call.stage.receive(octets.replace(b"out1", b"out2").replace(b"out@", b"out2@"))
        assert call.stage.hub.last[0] == "transfer_asked"
        assert call.stage.hub.leg is call.leg

    def test_nobody_listens_any_more(self) -> None:
        call = Call()
        call.refer()
        call.leg.accept_transfer(call.transfer, 0.0)
        call.stage.receive(reply(call.stage.sent()[1], 481))
        assert call.stage.hub.last == ("transfer_cancelled", call.transfer)


class TestAskedByUs:
    def blind(self, *fields: str) -> tuple[Stage, Message]:
        stage = Stage(carrier())
        leg = stage.answered("carrier", "Allow: INVITE, REFER")
        leg.refer(
            TransferRequest(TransferKind.BLIND, TARGET, kept=(Kept("sip", "Referred-By", "<sip:a@b;x=1>"),)), 0.0
        )
        (refer,) = stage.sent()
        return stage, refer

    def test_refer_with_its_target_and_who_refers(self) -> None:
        _, refer = self.blind()
        assert refer.method == "REFER"
        assert refer.headers.get("Refer-To") == "<sip:3003@192.0.2.1>"
        assert refer.headers.get("Referred-By") == "<sip:a@b;x=1>"

    def test_progress_and_outcome(self) -> None:
        stage, refer = self.blind()
        stage.receive(reply(refer, 202))
        assert stage.hub.last == ("transfer_progress", TransferProgress(202, "X"))
        state = "Subscription-State: active;expires=60"
        notify = {"Event: refer", state}
        stage.receive(
            request("NOTIFY", refer, "2 NOTIFY", *notify, body=b"SIP/2.0 180 Ringing\r\n", kind="message/sipfrag")
        )
        assert stage.hub.last == ("transfer_progress", TransferProgress(180, "Ringing"))
        body = b"SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17\r\n"
        fields = ("Event: refer", "Subscription-State: terminated;reason=noresource")
        stage.receive(request("NOTIFY", refer, "3 NOTIFY", *fields, body=body, kind="message/sipfrag"))
        outcome: object = stage.hub.heard[-1][1]
        assert outcome == TransferOutcome(Outcome.FAILED, 486, "Busy Here", Cause(17))

    def test_a_refusal_is_the_outcome(self) -> None:
        stage, refer = self.blind()
        stage.receive(reply(refer, 603, reason="Decline"))
        name, outcome = stage.hub.last
        assert (name, outcome.outcome, outcome.status) == ("transfer_outcome", Outcome.REFUSED, 603)

    def test_a_subscription_that_ends_without_a_word_leaves_it_open(self) -> None:
        stage, refer = self.blind()
        stage.receive(reply(refer, 202))
        fields = ("Event: refer", "Subscription-State: terminated;reason=timeout")
        stage.receive(request("NOTIFY", refer, "2 NOTIFY", *fields))
        assert stage.hub.last[1].outcome is Outcome.PENDING
        assert stage.hub.names.count("transfer_outcome") == 1

    def test_a_peer_without_refer_refuses_by_itself_and_not_within_the_call(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", "Allow: INVITE, BYE")
        leg.refer(TransferRequest(TransferKind.BLIND, TARGET), 0.0)
        assert stage.hub.names[-1] == "answered"
        stage.wait(0.0)
        assert (stage.hub.last[1].outcome, stage.hub.last[1].status) == (Outcome.REFUSED, 405)
        assert stage.sent() == []

    def test_no_outcome_after_the_leg_was_cleared_but_once_for_each_refer(self) -> None:
        stage, refer = self.blind()
        stage.hub.leg.clear(NORMAL, 0.0)
        stage.receive(reply(refer, 202))
        assert stage.hub.last == ("transfer_progress", TransferProgress(202, "X"))

    @pytest.mark.parametrize("call_id", ["a@b", "x+y;z?p=1%2@h", '(q"u)o<1>@h', "ä@h"])
    def test_any_call_id_survives_refer_to(self, call_id: str) -> None:
        named = DialogReference(call_id, "t+a?g=1@", "f%r&o*m")
        asked = TransferRequest(TransferKind.ATTENDED, TARGET, named)
        found = ReferTo.parse(refer_to_value(asked, "192.0.2.1")).replaces
        assert found is not None
        assert (found.call_id, found.to_tag, found.from_tag) == (call_id, "t+a?g=1@", "f%r&o*m")

    def test_tags_survive_it(self) -> None:
        named = DialogReference("x+y@h", "t+a.g~1", "f%r*o'm")
        value = refer_to_value(TransferRequest(TransferKind.ATTENDED, TARGET, named), "192.0.2.1")
        found = ReferTo.parse(value).replaces
        assert found is not None
        assert (found.to_tag, found.from_tag) == ("t+a.g~1", "f%r*o'm")
        assert "@" not in value.partition("?")[2]


class TestReports:
    @pytest.mark.parametrize(
        ("report", "status"),
        [
            (TransferProgress(180), 180),
            (TransferProgress(202), 100),
            (TransferOutcome(Outcome.SUCCEEDED), 200),
            (TransferOutcome(Outcome.SUCCEEDED, 486), 200),
            (TransferOutcome(Outcome.FAILED, 404), 404),
            (TransferOutcome(Outcome.FAILED), 503),
            (TransferOutcome(Outcome.FAILED, 180), 503),
            (TransferOutcome(Outcome.REFUSED), 603),
            (TransferOutcome(Outcome.PENDING), 503),
        ],
    )
    def test_status(self, report: TransferProgress | TransferOutcome, status: int) -> None:
        assert report_status(report) == status

    def test_nothing_of_the_other_leg_but_why(self) -> None:
        kept = (Kept("sip", "Contact", "<sip:secret@10.0.0.1>"), Kept("sip", "Reason", "SIP;cause=486"))
        report = TransferOutcome(Outcome.FAILED, 486, cause=Cause(17), kept=kept)
        assert report_fields(report) == (("Reason", "SIP;cause=486"), ("Reason", "Q.850;cause=17"))


def test_a_running_transfer_is_reported_after_a_restart() -> None:
    call = Call()
    call.refer()
    call.leg.accept_transfer(call.transfer, 0.0)
    call.stage.receive(reply(call.stage.sent()[1], 200))
    other = Stage(carrier())
    leg = other.end.restore(call.leg.snapshot(), other.hub, 0.0)
    leg.report(call.transfer, TransferOutcome(Outcome.FAILED, 503), 0.0)
    (final,) = other.sent()
    assert final.body.startswith(b"SIP/2.0 503 ")
    other.receive(reply(final, 200))
    assert other.hub.last == ("report_delivered", call.transfer)
