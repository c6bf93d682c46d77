"""Who may talk to us, where calls go, and what an operator changes or looks at."""

import pytest

from gateway.ends.sip_leg import SipLeg
from gateway.model.call import Answer, Progress
from gateway.model.errors import GatewayError
from gateway.sip.digest import NonceCounts, authorization
from gateway.sip.flow import Flow, Transport
from gateway.sip.peer_profile import Credential
from tests.ends.stage import ANSWER, Stage, crlf, reply, request
from tests.ends.trunks import SDP, UDP_FLOW, carrier, configuration, invite, teams

STRANGER = Flow(Transport.UDP, "203.0.113.66", 5060)
PBX = {"name": "pbx", "peers": ["udp:198.51.100.1:5080", "udp:198.51.100.2:5080"]}


def options(branch: str = "o1", uri: str = "sip:192.0.2.1", port: int = 5060) -> bytes:
    return crlf(f"""OPTIONS {uri} SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.1:{port};branch=z9hG4bK{branch}
        From: <sip:198.51.100.1>;tag=o
        To: <sip:192.0.2.1>
        Call-ID: {branch}@198.51.100.1
        CSeq: 1 OPTIONS
        Max-Forwards: 70
        Content-Length: 0""")


def called_by(stage: Stage, flow: Flow, port: int = 5060) -> str:
    """The trunk that a call from there belongs to; "" for a stranger."""
    octets = invite().octets.replace(b"198.51.100.1:5060;branch", f"198.51.100.1:{port};branch".encode())
    answers = stage.receive(octets, flow)
    if any(each.status == 403 for each in answers):
        return ""
    return stage.hub.leg.trunk


class TestAdmission:
    def test_a_stranger_gets_403_and_one_line(self) -> None:
        stage = Stage(carrier())
        for number in range(50):
            (answer,) = stage.receive(options(f"s{number}"), STRANGER)
            assert answer.status == 403
        assert stage.notes.events.count("stranger") == 10
        assert stage.end.statistics()["strangers"] == 50
        assert stage.hub.heard == []

    def test_options_of_a_peer_are_answered_with_what_we_can_do(self) -> None:
        stage = Stage(carrier())
        (answer,) = stage.receive(options())
        assert answer.status == 200
        assert "REFER" in answer.headers.all("Allow")

    @pytest.mark.parametrize(("product", "named"), [("sbc/1", ("sbc/1",)), ("", ())])
    def test_what_answers_says_its_name_unless_it_has_none(self, product: str, named: tuple[str, ...]) -> None:
        stage = Stage(carrier(), user_agent=product)
        (answer,) = stage.receive(options())
        assert answer.headers.all("Server") == named
        stage.receive(invite())
        stage.hub.leg.progress(Progress(180), 0.0)
        stage.hub.leg.answer(Answer(ANSWER), 0.0)
        ringing, ok = stage.sent()
        assert ringing.headers.all("Server") == ok.headers.all("Server") == named
        stage.receive(request("ACK", ok, "1 ACK"))
        (answer,) = stage.receive(request("INFO", ok, "2 INFO"))
        assert answer.headers.all("Server") == ()

    def test_trunks_on_one_host_are_told_apart_by_port_and_by_via(self) -> None:
        stage = Stage(carrier(), PBX)
        assert called_by(stage, UDP_FLOW) == "carrier"
        stage = Stage(carrier(), PBX)
        assert called_by(stage, Flow(Transport.UDP, "198.51.100.1", 5080)) == "pbx"
        stage = Stage(carrier(), PBX)
        assert called_by(stage, Flow(Transport.TCP, "198.51.100.1", 40001, 7), port=5080) == "pbx"
        stage = Stage(carrier(), PBX)
        assert called_by(stage, Flow(Transport.UDP, "198.51.100.2", 40001)) == "pbx"

    def test_a_name_is_known_by_its_addresses(self) -> None:
        stage = Stage(carrier(peers=["udp:proxy.example:5060"]))
        stage.names["sip:proxy.example"] = (Flow(Transport.UDP, "203.0.113.66", 5060),)
        assert called_by(stage, STRANGER) == ""
        stage.end.start(0.0)
        stage = Stage(carrier(peers=["udp:proxy.example:5060"]))
        stage.names["sip:proxy.example"] = (Flow(Transport.UDP, "203.0.113.66", 5060),)
        stage.end.start(0.0)
        assert called_by(stage, STRANGER) == "carrier"
        assert stage.end.trunk_at(STRANGER) == "carrier"

    def test_a_certificate_names_the_trunk(self) -> None:
        way = Flow(Transport.TLS, "203.0.113.66", 40001, 9, 2)
        for names, trunk in ((("proxy.example",), "carrier"), (("*.example",), "carrier"), (("evil.invalid",), "")):
            stage = Stage(carrier(peers=["tls:proxy.example:5061"]))
            stage.end.peer_names = lambda flow, names=names: names  # type: ignore[misc]
            assert called_by(stage, way) == trunk

    def test_teams_calls_from_any_of_its_hosts(self) -> None:
        way = Flow(Transport.TLS, "203.0.113.66", 40001, 9, 2)
        message = invite().octets.replace(
            b"Contact: <sip:1000@198.51.100.1>", b"Contact: <sip:api-du-a.pstnhub.microsoft.com:443;x-i=1>"
        )
        for names, status in ((("sip.pstnhub.microsoft.com",), 0), ((), 403), (("pstnhub.evil.invalid",), 403)):
            stage = Stage(teams())
            stage.end.peer_names = lambda flow, names=names: names  # type: ignore[misc]
            assert [each.status for each in stage.receive(message, way)] == ([status] if status else [])

    def test_a_call_while_draining_or_full_is_for_another_time(self) -> None:
        stage = Stage(carrier())
        stage.end.drain()
        for octets in (invite().octets, options()):
            (answer,) = stage.receive(octets)
            assert (answer.status, answer.headers.get("Retry-After")) == (503, "10")
        stage = Stage(carrier(), limits={"calls": 1})
        for _ in range(2):
            stage.place("carrier")
        stage.sent()
        (answer,) = stage.receive(invite())
        assert answer.status == 503

    def test_users_show_their_password(self) -> None:
        stage = Stage(carrier(users=[{"user": "pbx", "password": "secret"}], algorithms=["SHA-256", "MD5"]))
        (challenged,) = stage.receive(invite())
        challenges = challenged.headers.all("WWW-Authenticate")
        assert challenged.status == 401
        assert ["SHA-256" in each for each in challenges] == [True, False]
        assert stage.hub.heard == []
        known = (Credential("pbx", "secret"),)
        value = authorization(challenges, "INVITE", "sip:2001@192.0.2.1", SDP, known, "c0ffee", NonceCounts())
        assert value is not None
        again = invite(f"Authorization: {value}").octets.replace(b"z9hG4bKabc", b"z9hG4bKabd")
        assert stage.receive(again.replace(b"1 INVITE", b"2 INVITE")) == []
        assert stage.hub.names == ["call_asked"]

    def test_options_are_not_challenged(self) -> None:
        stage = Stage(carrier(users=[{"user": "pbx", "password": "secret"}]))
        (answer,) = stage.receive(options())
        assert answer.status == 200

    def test_a_trunk_without_peers_is_for_users_from_anywhere(self) -> None:
        stage = Stage(carrier(peers=[], users=[{"user": "pbx", "password": "secret"}]))
        (challenged,) = stage.receive(invite(), STRANGER)
        assert challenged.status == 401


class TestPlacing:
    def test_an_unknown_trunk(self) -> None:
        with pytest.raises(GatewayError) as error:
            Stage(carrier()).place("nowhere")
        assert error.value.sip_status == 503

    def test_reliable_responses_are_required_of_a_call_with_an_offer_only(self) -> None:
        stage = Stage(carrier(reliable="required"))
        stage.place("carrier")
        stage.place("carrier", session=b"")
        early, late = stage.sent()
        assert "100rel" in early.headers.all("Require")
        assert "100rel" not in (*late.headers.all("Require"), *late.headers.all("Supported"))

    def test_the_next_peer_is_tried_when_one_is_out_of_service(self) -> None:
        stage = Stage(PBX)
        stage.place("pbx")
        stage.end.ua.receive(reply(stage.sent()[0], 503), Flow(Transport.UDP, "198.51.100.1", 5080), 0.0)
        flow = next(flow for flow, octets in stage.outbox if octets.startswith(b"INVITE"))
        assert flow.host == "198.51.100.2"

    def test_a_target_that_names_a_peer_goes_there_first(self) -> None:
        stage = Stage(PBX)
        stage.place("pbx", "sip:2001@198.51.100.2:5080")
        ((flow, octets),) = stage.outbox
        assert flow.host == "198.51.100.2"
        assert octets.startswith(b"INVITE sip:2001@198.51.100.2:5080 ")

    def test_a_peer_by_name_is_looked_up_and_the_leg_is_there_at_once(self) -> None:
        stage = Stage(carrier(peers=["tls:proxy.example:5061"]))
        stage.names["sip:proxy.example"] = (Flow(Transport.TLS, "203.0.113.5", 5061, server_name="proxy.example"),)
        stage.late = True
        leg = stage.place("carrier")
        assert stage.sent() == []
        stage.answer_searches()
        ((flow, octets),) = stage.outbox
        assert (flow.host, flow.listener, flow.server_name) == ("203.0.113.5", 2, "proxy.example")
        assert octets.startswith(b"INVITE sip:2001@proxy.example:5061;transport=tls ")
        assert leg.session is not None

    def test_a_call_given_up_while_it_is_looked_up_never_goes_out(self) -> None:
        stage = Stage(carrier(peers=["tls:proxy.example:5061"]))
        stage.late = True
        leg = stage.place("carrier")
        from gateway.model.call import NORMAL

        leg.clear(NORMAL, 0.0)
        stage.answer_searches()
        stage.wait(1.0)
        assert stage.sent() == []
        assert stage.hub.heard == []

    def test_a_name_that_leads_nowhere_clears_the_leg(self) -> None:
        stage = Stage(carrier(peers=["tls:proxy.example:5061"]))
        stage.place("carrier")
        assert stage.hub.heard == []
        stage.wait(0.0)
        assert stage.hub.last[1].status == 503
        assert stage.end.statistics()["legs"] == 0

    def test_without_peers_the_called_host_is_asked(self) -> None:
        stage = Stage(carrier(peers=[]))
        stage.place("carrier", "sip:2001@203.0.113.9:5070")
        ((flow, octets),) = stage.outbox
        assert (flow.host, flow.port) == ("203.0.113.9", 5070)
        assert octets.startswith(b"INVITE sip:2001@203.0.113.9:5070 ")


class TestWatching:
    def test_a_peer_that_does_not_answer_gets_no_calls(self) -> None:
        stage = Stage({**PBX, "options": True})
        stage.end.start(0.0)
        first, second = stage.wait(0.1)
        assert first.method == second.method == "OPTIONS"
        assert "@" not in first.request_uri
        stage.receive(reply(second, 200))
        stage.wait(26.0)
        assert stage.end.statistics()["peers_down"] == 1
        stage.place("pbx")
        assert stage.outbox[-1][0].host == "198.51.100.2"

    def test_no_peer_no_call_and_an_answer_brings_it_back(self) -> None:
        stage = Stage(carrier(options=True))
        stage.end.start(0.0)
        for _ in range(2):
            stage.receive(reply(stage.wait(31.0)[0], 503))
        with pytest.raises(GatewayError) as error:
            stage.place("carrier")
        assert error.value.sip_status == 503
        asked = stage.wait(31.0)
        stage.receive(reply(asked[-1], 200))
        stage.place("carrier")
        assert "trunk.peer" in stage.notes.events

    def test_other_trunks_are_not_asked(self) -> None:
        stage = Stage(carrier())
        stage.end.start(0.0)
        assert stage.wait(100.0) == []


class TestOperator:
    def test_a_reload_changes_trunks_and_keeps_their_calls(self) -> None:
        stage = Stage(carrier(), PBX)
        leg = stage.answered("carrier")
        stage.end.reload(configuration(carrier(peers=["udp:198.51.100.9:5060"], trusted=True)), 1.0)
        assert leg.line.settings.trusted
        assert called_by(stage, Flow(Transport.UDP, "198.51.100.2", 5080)) == ""
        leg.offer(SDP, 1.0)
        assert stage.sent()[-1].method == "INVITE"
        with pytest.raises(GatewayError):
            stage.place("pbx")

    def test_a_reload_that_is_no_good_changes_nothing(self) -> None:
        stage = Stage(carrier())
        with pytest.raises(GatewayError):
            stage.end.reload(configuration(PBX, carrier(causes="no such profile")), 1.0)
        assert set(stage.end.trunks) == {"carrier"}
        stage.place("carrier")

    def test_legs_are_counted_by_trunk(self) -> None:
        stage = Stage(carrier(), PBX)
        stage.place("carrier")
        stage.place("pbx")
        numbers = stage.end.statistics()
        assert (numbers["legs"], numbers["legs.carrier"], numbers["legs.pbx"]) == (2, 1, 1)


class TestRestart:
    def again(self, stage: Stage, leg: SipLeg, *trunks: dict[str, object]) -> tuple[Stage, SipLeg]:
        import json

        snapshot = json.loads(json.dumps(leg.snapshot()))
        other = Stage(*(trunks or (carrier(),)))
        other.now = 1000.0
        found = other.end.restore(snapshot, other.hub, 1000.0)
        assert isinstance(found, SipLeg)
        return other, found

    def test_a_call_goes_on(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier", "Allow: INVITE, UPDATE, REFER")
        other, found = self.again(stage, leg)
        assert (found.id, found.trunk, found.answered) == (leg.id, "carrier", True)
        assert found.reference == leg.reference
        assert found.capabilities == leg.capabilities
        assert (found.local_session, found.remote_session) == (leg.local_session, leg.remote_session)
        found.offer(ANSWER, 1000.0)
        (sent,) = other.sent()
        assert (sent.method, sent.call_id) == ("INVITE", leg.session.call_id if leg.session else "")
        assert b"o=- " in sent.body and b" 1 IN IP4" in sent.body

    def test_an_incoming_one_too(self) -> None:
        stage = Stage(carrier())
        leg = stage.called(invite())
        _, found = self.again(stage, leg)
        assert found.incoming and found.address == leg.address

    def test_not_when_its_trunk_is_gone(self) -> None:
        stage = Stage(carrier())
        leg = stage.answered("carrier")
        with pytest.raises(GatewayError):
            Stage(PBX).end.restore(leg.snapshot(), stage.hub, 0.0)

    @pytest.mark.parametrize("lacking", ["id", "flow", "session", "version", "referrals"])
    def test_nor_from_what_is_no_snapshot(self, lacking: str) -> None:
        stage = Stage(carrier())
        snapshot = stage.answered("carrier").snapshot()
        del snapshot[lacking]
        with pytest.raises(GatewayError):
            Stage(carrier()).end.restore(snapshot, stage.hub, 0.0)


def test_uris_that_lead_to_the_gateway() -> None:
    stage = Stage(carrier(), teams())
    assert stage.end.is_ours("sip:2001@192.0.2.1:5060")
    assert stage.end.is_ours("sip:sbc.example.net:5061;transport=tls")
    assert not stage.end.is_ours("sip:2001@198.51.100.1")


def test_a_message_outside_of_calls_is_not_taken() -> None:
    stage = Stage(carrier())
    octets = options().replace(b"OPTIONS", b"MESSAGE")
    (answer,) = stage.receive(octets)
    assert answer.status == 405
    assert answer.headers.get("Allow")
