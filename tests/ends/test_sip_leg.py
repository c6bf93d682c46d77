"""Calls over a SIP leg, message by message."""

from gateway.ends.sip_leg import SipLeg
from gateway.model.call import NORMAL, Answer, Capability, Clearing, Information, Progress
from gateway.model.causes import Cause
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import DialogReference, Kept, Outcome, PartyUpdate, TransferOutcome
from gateway.model.transfer import Stage as Update
from gateway.sip.message import Message, parse
from tests.ends.stage import ANSWER, HELD, Stage, reply, request
from tests.ends.trunks import SDP, carrier, invite

UUID = "ab30317f1a784dc48ff824d0d3715d86"
OTHER_UUID = "47755a9de7794ba387653f2099600ef2"


def origin(message: Message) -> list[str]:
    """Id, version and address of the o= line."""
    line = next(line for line in message.body.decode().splitlines() if line.startswith("o="))
    return [part for number, part in enumerate(line.split()) if number in (1, 2, 5)]


def others(sdp: bytes) -> list[str]:
    """All lines but o=."""
    return [line for line in sdp.decode().splitlines() if not line.startswith("o=")]


class TestIncoming:
    def test_a_call_is_answered_with_the_description_of_the_other_side_under_our_origin(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        leg = stage.hub.leg
        leg.progress(Progress(180), 0.0)
        (ringing,) = stage.sent()
        leg.answer(Answer(ANSWER), 0.0)
        (ok,) = stage.sent()
        assert (ringing.status, ok.status) == (180, 200)
        assert others(ok.body) == others(ANSWER)
        assert origin(ok)[1:] == ["0", "192.0.2.1"]
        assert leg.incoming and leg.answered
        assert leg.remote_session == SDP
        assert leg.address == "sip:1000@198.51.100.1"

    def test_early_media_and_the_same_answer_later_have_one_version(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        stage.hub.leg.progress(Progress(183, session=ANSWER), 0.0)
        (early,) = stage.sent()
        stage.hub.leg.answer(Answer(ANSWER), 0.0)
        (ok,) = stage.sent()
        assert early.status == 183
        assert ok.body in (early.body, b"")

    def test_a_refusal_has_status_phrase_and_cause(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        stage.hub.leg.clear(Clearing(486, Cause(17), "In a meeting"), 0.0)
        (busy,) = stage.sent()
        assert (busy.status, busy.reason) == (486, "In a meeting")
        assert busy.headers.all("Reason") == ("Q.850;cause=17",)

    def test_a_caller_that_gives_up_is_heard_once(self) -> None:
        stage = Stage(carrier())
        message = invite()
        stage.receive(message)
        cancel = message.octets.replace(b"INVITE sip", b"CANCEL sip").replace(b"1 INVITE", b"1 CANCEL")
        cancel = cancel.partition(b"Content-Type")[0] + b"Reason: SIP;cause=200\r\nContent-Length: 0\r\n\r\n"
        answers = stage.receive(cancel)
        assert sorted(each.status for each in answers) == [200, 487]
        name, clearing = stage.hub.last
        assert name == "cleared"
        assert [item.value for item in clearing.kept] == ["SIP;cause=200"]
        stage.hub.leg.clear(NORMAL, 0.0)
        assert stage.sent() == []

    def test_the_callers_late_offer_is_answered_in_its_ack(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite(body=b""))
        stage.hub.leg.answer(Answer(SDP), 0.0)
        (ok,) = stage.sent()
        stage.receive(request("ACK", ok, "1 ACK", body=ANSWER))
        assert stage.hub.last == ("confirmed", ANSWER)
        assert stage.hub.leg.remote_session == ANSWER

    def test_who_answered_is_told_to_trusted_trunks_only(self) -> None:
        who = Party(uri="sip:2001@10.9.9.9", name="Bob")
        for trusted, told in ((True, ('"Bob" <sip:2001@192.0.2.1>',)), (False, ())):
            stage = Stage(carrier(trusted=trusted))
            stage.receive(invite())
            stage.hub.leg.answer(Answer(ANSWER, who), 0.0)
            (ok,) = stage.sent()
            assert ok.headers.all("P-Asserted-Identity") == told

    def test_a_bye_clears_with_its_cause(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        stage.hub.leg.answer(Answer(ANSWER), 0.0)
        (ok,) = stage.sent()
        stage.receive(request("ACK", ok, "1 ACK"))
        (answer,) = stage.receive(request("BYE", ok, "2 BYE", 'Reason: Q.850;cause=16;text="bye"'))
        assert answer.status == 200
        assert stage.hub.last[1].cause == Cause(16, text="bye")
        assert stage.end.statistics()["legs"] == 0

    def test_a_bye_with_also_is_logged_and_told(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        stage.hub.leg.answer(Answer(ANSWER), 0.0)
        (ok,) = stage.sent()
        stage.receive(request("ACK", ok, "1 ACK"))
        stage.receive(request("BYE", ok, "2 BYE", "Also: <sip:c@d>"))
        assert "transfer.bye_also" in stage.notes.events
        assert Kept("sip", "Also", "<sip:c@d>") in stage.hub.last[1].kept


class TestOutgoing:
    def test_the_invite_is_ours_in_everything_but_the_media(self) -> None:
        stage = Stage(carrier())
        leg = stage.place("carrier", hops=50)
        (sent,) = stage.sent()
        assert sent.request_uri == "sip:2001@198.51.100.1:5060"
        assert sent.headers.get("Contact") == "<sip:192.0.2.1:5060>"
        assert sent.headers.get("Max-Forwards") == "49"
        assert (sent.headers.get("From") or "").startswith("<sip:1000@192.0.2.1>;tag=w0")
        assert b"10.0.0.7" not in sent.octets
        assert others(sent.body) == others(SDP)
        assert not leg.incoming
        assert leg.address == "sip:2001@198.51.100.1:5060"

    def test_no_event_comes_before_place_is_over(self) -> None:
        stage = Stage(carrier())
        stage.place("carrier")
        assert stage.hub.heard == []

    def test_progress_and_answer(self) -> None:
        stage = Stage(carrier(trusted=True))
        leg = stage.place("carrier")
        (sent,) = stage.sent()
        stage.receive(reply(sent, 183, body=ANSWER))
        stage.receive(reply(sent, 200, "P-Asserted-Identity: <sip:9@c>", "X-A: 1", body=ANSWER))
        (_, progress), (_, answer) = stage.hub.heard
        assert (progress.status, progress.session) == (183, ANSWER)
        assert answer.session == ANSWER
        assert answer.party is not None and answer.party.uri == "sip:9@c"
        assert answer.kept == (Kept("sip", "X-A", "1"),)
        assert leg.answered

    def test_early_media_can_be_turned_off(self) -> None:
        stage = Stage(carrier(early_media=False))
        stage.place("carrier")
        (sent,) = stage.sent()
        stage.receive(reply(sent, 183, body=ANSWER))
        assert stage.hub.last[1] == Progress(183, "X")

    def test_a_refusal_is_told_with_cause_and_contacts(self) -> None:
        stage = Stage(carrier())
        stage.place("carrier")
        (sent,) = stage.sent()
        stage.receive(reply(sent, 486))
        name, clearing = stage.hub.last
        assert (name, clearing.status, clearing.cause.value) == ("cleared", 486, 17)

    def test_no_answer_at_all_is_408(self) -> None:
        stage = Stage(carrier())
        stage.place("carrier")
        stage.wait(33.0)
        assert stage.hub.last[1].status == 408

    def test_clearing_before_the_answer_cancels_with_the_reason(self) -> None:
        stage = Stage(carrier())
        leg = stage.place("carrier")
        (sent,) = stage.sent()
        stage.receive(reply(sent, 180))
        leg.clear(Clearing(cause=Cause(102)), 0.0)
        (cancel,) = stage.sent()
        assert cancel.method == "CANCEL"
        assert cancel.headers.all("Reason") == ("Q.850;cause=102",)

    def test_clearing_after_it_releases_and_nothing_more_is_heard(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        leg.clear(Clearing(0, Cause(16)), 0.0)
        (bye,) = stage.sent()
        assert bye.method == "BYE"
        assert bye.headers.all("Reason") == ("Q.850;cause=16",)
        heard = len(stage.hub.heard)
        stage.receive(reply(bye, 200))
        leg.clear(NORMAL, 0.0)
        assert len(stage.hub.heard) == heard
        assert stage.sent() == []

    def test_a_late_offer_ends_with_our_answer_in_the_ack(self) -> None:
        stage = Stage(carrier())
        leg = stage.place("carrier", session=b"")
        (sent,) = stage.sent()
        assert sent.body == b""
        stage.receive(reply(sent, 200, body=SDP))
        assert stage.hub.last[1].session == SDP
        leg.confirm(ANSWER, 0.0)
        (ack,) = stage.sent()
        assert ack.method == "ACK"
        assert others(ack.body) == others(ANSWER)


class TestMedia:
    def test_a_hold_goes_to_the_hub_and_its_answer_back(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        about = stage_invite(stage, leg)
        stage.receive(request("INVITE", about, "2 INVITE", body=HELD))
        assert stage.hub.last == ("media_offered", HELD)
        leg.accept(ANSWER + b"a=recvonly\r\n", 0.0)
        (ok,) = [each for each in stage.sent() if each.status == 200]
        assert b"a=recvonly" in ok.body

    def test_what_changes_nothing_is_answered_here(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        about = stage_invite(stage, leg)
        before = len(stage.hub.heard)
        again = ANSWER.replace(b"o=bob 1 1", b"o=bob 1 2")
        (ok,) = [m for m in stage.receive(request("INVITE", about, "2 INVITE", body=again)) if m.status == 200]
        assert ok.body == leg.local_session
        assert len(stage.hub.heard) == before

    def test_an_offer_is_refused_with_488_and_the_media_stays(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        about = stage_invite(stage, leg)
        stage.receive(request("INVITE", about, "2 INVITE", body=HELD))
        leg.decline(NORMAL, 0.0)
        assert [each.status for each in stage.sent() if each.status >= 200] == [488]
        assert leg.remote_session == ANSWER

    def test_each_change_of_ours_has_the_next_version(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        leg.offer(HELD, 0.0)
        assert leg.offering
        (first,) = stage.sent()
        stage.receive(reply(first, 200, body=ANSWER))
        assert stage.hub.last == ("media_accepted", ANSWER)
        assert not leg.offering
        leg.offer(SDP, 0.0)
        second = stage.sent()[-1]
        assert [origin(first)[1], origin(second)[1]] == ["1", "2"]
        assert origin(first)[0] == origin(second)[0]

    def test_a_refused_offer_was_never_said(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        before = leg.local_session
        leg.offer(HELD, 0.0)
        (sent,) = stage.sent()
        stage.receive(reply(sent, 488))
        assert stage.hub.last[0] == "media_declined"
        assert leg.local_session == before
        assert not leg.offering

    def test_the_peer_is_asked_for_an_offer(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        leg.offer(b"", 0.0)
        (sent,) = stage.sent()
        assert (sent.method, sent.body) == ("INVITE", b"")
        stage.receive(reply(sent, 200, body=ANSWER))
        assert stage.hub.last == ("media_accepted", ANSWER)
        leg.confirm(SDP, 0.0)
        (ack,) = stage.sent()
        assert others(ack.body) == others(SDP)


class TestBesideTheCall:
    def test_info_goes_to_the_other_side_and_is_answered_at_once(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        about = stage_invite(stage, leg)
        octets = request(
            "INFO", about, "2 INFO", "Info-Package: dtmf", body=b"Signal=1", kind="application/dtmf-relay"
        )
        (ok,) = stage.receive(octets)
        assert ok.status == 200
        information = stage.hub.last[1]
        assert (information.method, information.body) == ("INFO", b"Signal=1")
        assert information.content_type == "application/dtmf-relay"
        leg.inform(information, 0.0)
        (sent,) = stage.sent()
        assert (sent.method, sent.body) == ("INFO", b"Signal=1")
        assert sent.headers.get("Info-Package") == "dtmf"

    def test_the_new_party_is_told_by_update_where_it_can_be(self) -> None:
        stage = Stage(carrier(trusted=True))
        leg = stage.answered("carrier", "Allow: INVITE, UPDATE")
        who = Party(uri="sip:3003@10.0.0.9", presentation=Presentation.RESTRICTED)
        leg.update(PartyUpdate(Update.COMPLETE, who, kept=(Kept("sip", "Session-ID", UUID),)), 0.0)
        (update,) = stage.sent()
        assert update.method == "UPDATE"
        assert update.headers.all("P-Asserted-Identity") == ("<sip:3003@192.0.2.1>",)
        assert update.headers.get("Privacy") == "id"

    def test_and_not_where_it_cannot(self) -> None:
        stage = Stage(carrier(trusted=True))
        leg = stage.answered("carrier", "Allow: INVITE")
        leg.update(PartyUpdate(Update.COMPLETE, Party(uri="sip:3003@10.0.0.9")), 0.0)
        assert stage.sent() == []

    def test_a_peer_that_is_another_party_now_is_told(self) -> None:
        stage = Stage(carrier(trusted=True))
        leg = stage.answered("carrier")
        about = stage_invite(stage, leg)
        (ok,) = stage.receive(request("UPDATE", about, "2 UPDATE", "P-Asserted-Identity: <sip:4@c>"))
        assert ok.status == 200
        assert stage.hub.last[0] == "updated"
        assert stage.hub.last[1].party.uri == "sip:4@c"

    def test_what_the_peer_can_do(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", "Allow: INVITE, REFER", "Supported: replaces")
        assert leg.capabilities == {Capability.REFER, Capability.REPLACES, Capability.LATE_OFFER}

    def test_the_reference_is_as_the_peer_sees_it(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        assert leg.session is not None
        assert leg.reference == DialogReference(leg.session.call_id, "p1", leg.session.local_tag)

    def test_nothing_is_said_on_a_leg_that_is_gone(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        leg.clear(NORMAL, 0.0)
        stage.sent()
        leg.offer(SDP, 0.0)
        leg.accept(SDP, 0.0)
        leg.confirm(SDP, 0.0)
        leg.decline(NORMAL, 0.0)
        leg.answer(Answer(SDP), 0.0)
        leg.progress(Progress(180), 0.0)
        leg.inform(Information("INFO", "", b""), 0.0)
        leg.update(PartyUpdate(Update.COMPLETE, Party()), 0.0)
        leg.accept_transfer("x", 0.0)
        assert stage.sent() == []


class TestSessionId:
    def test_the_called_side_is_shown_the_callers_uuid_and_the_caller_the_called_sides(self) -> None:
        stage = Stage(carrier())
        leg = stage.place("carrier", session_id=UUID)
        (sent,) = stage.sent()
        assert sent.headers.get("Session-ID") == f"{UUID};remote={'0' * 32}"
        stage.receive(reply(sent, 180, f"Session-ID: {OTHER_UUID};remote={UUID}"))
        assert leg.session_id == OTHER_UUID
        assert stage.hub.last[1].kept == (Kept("sip", "Session-ID", OTHER_UUID),)

    def test_it_is_answered_where_it_is_spoken(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite(f"Session-ID: {UUID};remote={'0' * 32}"))
        stage.hub.leg.answer(Answer(ANSWER, kept=(Kept("sip", "Session-ID", OTHER_UUID),)), 0.0)
        (ok,) = stage.sent()
        assert ok.headers.get("Session-ID") == f"{OTHER_UUID};remote={UUID}"

    def test_and_not_where_it_is_not(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite())
        stage.hub.leg.answer(Answer(ANSWER, kept=(Kept("sip", "Session-ID", OTHER_UUID),)), 0.0)
        (ok,) = stage.sent()
        assert "Session-ID" not in ok.headers

    def test_every_message_of_the_session_says_it(self) -> None:
        stage = Stage(carrier())
        leg = stage.place("carrier", session_id=UUID)
        (sent,) = stage.sent()
        says = f"Session-ID: {OTHER_UUID};remote={UUID}"
        messages = stage.receive(reply(sent, 200, says, "Allow: UPDATE, INFO", body=ANSWER))
        about = stage_invite(stage, leg)
        leg.inform(Information("INFO", "", b""), 0.0)
        leg.offer(HELD, 0.0)
        leg.clear(NORMAL, 0.0)
        messages += stage.sent()
        messages += stage.receive(request("BYE", about, "2 BYE"))
        methods = [message.method if message.is_request else str(message.status) for message in messages]
        assert sorted(set(methods)) == ["200", "ACK", "BYE", "INFO", "INVITE"]
        assert {tuple(message.headers.all("session-id")) for message in messages} == {
            (f"{UUID};remote={OTHER_UUID}",)
        }

    def test_so_do_the_messages_of_a_transfer_and_after_the_call_too(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", f"Session-ID: {OTHER_UUID};remote={UUID}", session_id=UUID)
        about = stage_invite(stage, leg)
        stage.receive(request("REFER", about, "2 REFER", "Refer-To: <sip:3000@192.0.2.1>"))
        transfer = stage.hub.last[1]
        leg.accept_transfer(transfer, 0.0)
        messages = stage.sent()
        messages += stage.receive(request("BYE", about, "3 BYE"))
        messages += stage.receive(reply(messages[-2], 200))
        leg.report(transfer, TransferOutcome(Outcome.SUCCEEDED, 200), 0.0)
        messages += stage.sent()
        assert [message.status or message.method for message in messages] == [202, "NOTIFY", 200, "NOTIFY"]
        assert {message.headers.get("Session-ID") for message in messages} == {f"{UUID};remote={OTHER_UUID}"}

    def test_a_peer_may_say_another_uuid_at_any_time(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", f"Session-ID: {OTHER_UUID};remote={UUID}", session_id=UUID)
        third = "f" * 32
        bye = request("BYE", stage_invite(stage, leg), "2 BYE", f"Session-ID: {third};remote={UUID}")
        (ok,) = stage.receive(bye)
        assert ok.headers.get("Session-ID") == f"{UUID};remote={third}"

    def test_a_refusal_says_it_too(self) -> None:
        stage = Stage(carrier())
        stage.receive(invite(f"Session-ID: {UUID};remote={'0' * 32}"))
        stage.hub.leg.clear(Clearing(486), 0.0)
        (refused,) = stage.sent()
        value = refused.headers.get("Session-ID") or ""
        assert value.endswith(f";remote={UUID}")
        assert not value.startswith("0" * 32)

    def test_after_a_transfer_each_side_learns_the_others(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", "Allow: UPDATE", f"Session-ID: {OTHER_UUID};remote={UUID}", session_id=UUID)
        third = "f" * 32
        leg.update(PartyUpdate(Update.COMPLETE, Party(), kept=(Kept("sip", "Session-ID", third),)), 0.0)
        (update,) = stage.sent()
        assert update.headers.get("Session-ID") == f"{third};remote={OTHER_UUID}"


def stage_invite(stage: Stage, leg: SipLeg) -> Message:
    """The beginning of the dialog of an outgoing leg, for requests of its peer."""
    session = leg.session
    assert session is not None
    assert session.dialog is not None
    dialog = session.dialog
    lines = (
        f"INVITE {dialog.remote_target} SIP/2.0",
        f"From: {dialog.local_address};tag={dialog.local_tag}",
        f"To: {dialog.remote_address};tag={dialog.remote_tag}",
        f"Call-ID: {dialog.call_id}",
    )
    return parse("\r\n".join(lines).encode() + b"\r\n\r\n")
