"""Calls between SIP and H.323 through the whole gateway (RFC 4123), and between H.323 endpoints."""

from pathlib import Path

import pytest

from gateway.h323 import call_parties
from gateway.h323.addressing import transport_value
from gateway.h323.call_contents import Contents, Ending
from gateway.model.causes import Cause
from gateway.sip.sdp import Direction, direction, parse
from tests.engine.h323_world import A_LAW, ENDPOINTS, MU_LAW, H323World, Talk
from tests.engine.world import Line, sdp


@pytest.fixture
def world(tmp_path: Path) -> H323World:
    return H323World(tmp_path)


def audio(session: bytes) -> str:
    """Where a description wants its audio, and the formats."""
    stream = parse(session).media[0]
    return f"{stream.connection}:{stream.port} {' '.join(stream.formats)}"


def test_a_call_with_fast_connect(world: H323World) -> None:
    """SETUP offers the caller's media, CONNECT accepts it; no message of H.245 is needed (H.323 §8.1.7)."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered()
    theirs.ring()
    ours.expect("180")
    theirs.answer()
    answer = ours.established()
    assert audio(answer.body) == f"{theirs.own.media} 8"
    assert theirs.sending is not None
    assert theirs.sending.receiver.media == "192.0.2.99:4000"
    assert theirs.session is None
    ours.hang_up()
    ending = theirs.gone()
    assert ending.cause is not None
    assert ending.cause.value == 16


def test_a_call_from_h323_with_fast_connect(world: H323World) -> None:
    talk = world.alice.call("2001")
    theirs = world.pbx.ring("2001")
    assert theirs.invitation is not None
    assert audio(theirs.invitation.body) == f"{talk.own.media} 8 0"
    talk.expect("ALERTING")
    theirs.answer(sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    talk.sends_to("192.0.2.20:5000")
    assert talk.session is None
    theirs.hang_up()
    talk.gone()


@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnelled", "own connection"])
def test_a_call_without_fast_connect(world: H323World, tunnel: bool) -> None:
    """The answer waits until H.245 has told where the endpoint wants its media."""
    if not tunnel:
        world.alice.without_tunnel()
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().ring().answer(fast=False)
    answer = ours.established()
    assert audio(answer.body).startswith(f"{theirs.own.media} 8")
    theirs.sends_to("192.0.2.99:4000")
    ours.hang_up()
    theirs.gone()


@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnelled", "own connection"])
def test_a_call_from_h323_without_fast_connect(world: H323World, tunnel: bool) -> None:
    """The INVITE goes without a session, and the ACK brings the endpoint's answer (RFC 4123 §6.1.2)."""
    if not tunnel:
        world.alice.without_tunnel()
    talk = world.alice.call("2001", fast=False)
    theirs = world.pbx.ring("2001")
    assert theirs.invitation is not None
    assert theirs.invitation.body == b""
    theirs.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    acknowledged = theirs.expect("ACK")
    assert audio(acknowledged.body).startswith(f"{talk.own.media} 8")
    talk.sends_to("192.0.2.20:5000")
    talk.release()
    theirs.hung_up()


def test_h245_may_come_from_another_address(world: H323World) -> None:
    """The endpoint's H.245 connection leaves by another of its addresses."""
    world.alice.without_tunnel()
    talk = world.alice.call("2001", fast=False)
    theirs = world.pbx.ring("2001")
    world.alice.network.host = "192.0.2.199"
    theirs.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    theirs.expect("ACK")
    talk.sends_to("192.0.2.20:5000")


def test_h245_in_a_tunnel_that_the_peer_refuses(tmp_path: Path) -> None:
    """We offer to tunnel, the endpoint listens for H.245 instead."""
    world = H323World(tmp_path, "fast_start: false")
    world.alice.without_tunnel()
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered()
    assert theirs.call.offered_channels == ()
    theirs.answer()
    assert audio(ours.established().body).startswith(theirs.own.media)


def test_we_do_not_tunnel_either(tmp_path: Path) -> None:
    world = H323World(tmp_path, "fast_start: false, tunnelling: false")
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    assert audio(ours.established().body).startswith(theirs.own.media)
    talk = world.alice.call("2001", fast=False)
    callee = world.pbx.ring("2001")
    callee.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    callee.expect("ACK")
    talk.sends_to("192.0.2.20:5000")


@pytest.mark.parametrize("fast", [True, False])
def test_between_two_endpoints(world: H323World, fast: bool) -> None:
    """The media goes between the two directly."""
    talk = world.alice.call("1002", fast=fast)
    there = world.bob.offered().ring().answer(fast=fast)
    talk.expect("CONNECT")
    talk.sends_to(there.own.media)
    there.sends_to(talk.own.media)
    there.release()
    talk.gone()


@pytest.mark.parametrize("fast", [True, False])
def test_the_sip_side_offers_nothing(world: H323World, fast: bool) -> None:
    """An INVITE without session: the answer has the endpoint's offer, the ACK tells it where to send."""
    ours = world.pbx.invite("1001", body=b"")
    theirs = world.alice.offered().answer(fast=fast)
    answer = ours.expect("200 INVITE")
    assert audio(answer.body).startswith(theirs.own.media)
    ours.remote_tag = answer.to_tag
    ours.request("ACK", cseq=answer.cseq, body=sdp(4100, codecs="8"))
    theirs.sends_to("192.0.2.99:4100")


def test_one_codec_for_both_ways(world: H323World) -> None:
    """The answer of the SIP side decides among those of the fastStart."""
    world.alice.codecs = (MU_LAW, A_LAW)
    talk = world.alice.call("2001")
    world.pbx.ring("2001").answer(sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    assert talk.sending is not None
    assert talk.sending.format == A_LAW


def test_no_codec_in_common(world: H323World) -> None:
    ours = world.pbx.invite("1001", body=sdp(codecs="3"))
    assert ours.expect("488").status == 488
    assert not world.alice.talks


@pytest.mark.parametrize(
    ("cause", "status"), [(17, 486), (1, 404), (3, 404), (19, 480), (21, 403), (34, 503), (28, 484), (88, 503)]
)
def test_a_cause_becomes_a_status(world: H323World, cause: int, status: int) -> None:
    """RFC 3398 §8.2.6.1."""
    ours = world.pbx.invite("1001")
    world.alice.offered().release(Ending(Cause(cause)))
    assert ours.expect(str(status)).status == status


@pytest.mark.parametrize(
    ("reason", "status"), [("destinationRejection", 603), ("unreachableDestination", 404), ("inConf", 486)]
)
def test_a_release_reason_becomes_a_status(world: H323World, reason: str, status: int) -> None:
    ours = world.pbx.invite("1001")
    world.alice.offered().release(Ending(reason=reason))
    assert ours.expect(str(status)).status == status


@pytest.mark.parametrize(("status", "cause"), [(486, 17), (404, 1), (603, 21), (480, 18), (503, 41)])
def test_a_status_becomes_a_cause(world: H323World, status: int, cause: int) -> None:
    """RFC 3398 §7.2.4.1."""
    talk = world.alice.call("2001")
    world.pbx.reply(world.pbx.expect("INVITE"), status)
    ending = talk.gone()
    assert ending.cause is not None
    assert ending.cause.value == cause


def test_a_caller_gives_up(world: H323World) -> None:
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().ring()
    ours.expect("180")
    ours.request("CANCEL", cseq=1)
    ours.expect("487")
    theirs.gone()
    talk = world.alice.call("2001")
    callee = world.pbx.ring("2001")
    talk.expect("ALERTING")
    talk.release()
    callee.reply(200, request=callee.expect("CANCEL"))


def test_early_media(world: H323World) -> None:
    """A tone that can be heard: the session goes with 180 and 183 (RFC 4123 §6.1.3)."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered()
    elements = theirs._accepted()
    theirs.proceed()
    theirs.call.alerting(world.now, Contents(fast_start=elements, progress=(8,)))
    assert audio(ours.expect("180").body).startswith(theirs.own.media)
    theirs.call.connect(world.now)
    assert audio(ours.established().body).startswith(theirs.own.media)


def test_ringing_without_tone_has_no_session(world: H323World) -> None:
    ours = world.pbx.invite("1001")
    world.alice.offered().ring()
    assert ours.expect("180").body == b""


def test_early_media_of_the_sip_side(world: H323World) -> None:
    talk = world.alice.call("2001")
    theirs = world.pbx.ring("2001")
    theirs.reply(183, body=sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("ALERTING")
    progress = talk.expect("PROGRESS")
    assert progress.uuie.get("fastStart")
    talk.sends_to("192.0.2.20:5000")
    theirs.answer(sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")


def hold(line: Line, there: str = "sendonly") -> Direction:
    return direction(line.reinvite(sdp(4000, there, codecs="8")).body)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnelled", "own connection"])
def test_the_sip_side_holds_and_resumes(world: H323World, fast: bool, tunnel: bool) -> None:
    """An empty capability set has the endpoint stop; another one has it send again (H.323 §8.4.6)."""
    if not tunnel:
        world.alice.without_tunnel()
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer(fast=fast)
    ours.established()
    assert hold(ours) is Direction.RECVONLY
    theirs.is_silent()
    assert theirs.session is not None
    assert theirs.session.remote is not None
    assert theirs.session.remote.is_empty
    assert hold(ours, "sendrecv") is Direction.SENDRECV
    theirs.sends_to("192.0.2.99:4000")


def test_the_endpoint_holds_and_resumes(world: H323World) -> None:
    talk = world.alice.call("2001", fast=False)
    theirs = world.pbx.ring("2001")
    theirs.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8"))
    theirs.expect("ACK")
    talk.expect("CONNECT")
    talk.sends_to("192.0.2.20:5000")
    talk.pause()
    assert (
        direction(theirs.reinvited(sdp(5000, "recvonly", host="192.0.2.20", codecs="8")).body) is Direction.SENDONLY
    )
    talk.resume()
    assert direction(theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8")).body) is Direction.SENDRECV


def test_the_sip_side_moves_its_media(world: H323World) -> None:
    """The endpoint's channel is closed and opened again, to the other address."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    ours.established()
    answer = ours.reinvite(sdp(4444, codecs="8"))
    assert audio(answer.body).startswith(theirs.own.media)
    theirs.sends_to("192.0.2.99:4444")


def test_another_codec_within_the_call(world: H323World) -> None:
    ours = world.pbx.invite("1001", body=sdp(codecs="8"))
    theirs = world.alice.offered().answer()
    ours.established()
    answer = ours.reinvite(sdp(4000, codecs="0"))
    assert audio(answer.body) == f"{theirs.own.media} 0"
    theirs.sends_to("192.0.2.99:4000")
    assert theirs.sending is not None
    assert theirs.sending.format == MU_LAW


def test_a_codec_that_the_endpoint_does_not_have(world: H323World) -> None:
    """All stays as it was."""
    ours = world.pbx.invite("1001", body=sdp(codecs="8"))
    theirs = world.alice.offered().answer()
    ours.established()
    assert ours.reinvite(sdp(4000, codecs="9")).status == 488
    theirs.sends_to("192.0.2.99:4000")


def test_an_endpoint_that_does_not_do_h245_after_fast_connect(world: H323World) -> None:
    """A hold is agreed to nevertheless: it goes on sending, and nobody listens."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    ours.established()
    theirs.link.close(world.now)
    assert hold(ours).receives


def test_digits_of_the_endpoint_become_info(world: H323World) -> None:
    talk = world.alice.call("2001", fast=False)
    theirs = world.pbx.ring("2001")
    theirs.reply(200, body=sdp(5000, host="192.0.2.20", codecs="8"))
    theirs.expect("ACK")
    talk.sends_to("192.0.2.20:5000")
    talk.dial("5#")
    for digit in (b"5", b"#"):
        info = theirs.expect("INFO")
        theirs.reply(200, request=info)
        assert b"Signal=" + digit in info.body


def test_digits_of_the_sip_side_become_user_input(world: H323World) -> None:
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer(fast=False)
    ours.established()
    ours.request("INFO", "Content-Type: application/dtmf-relay", body=b"Signal=7\r\nDuration=160\r\n")
    ours.expect("200 INFO")
    assert world.wait(5, lambda: theirs.digits == "7")


def test_digits_without_h245_go_as_keypad(world: H323World) -> None:
    """H.225.0 §7.3.6: INFORMATION with Keypad facility."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    ours.established()
    ours.request("INFO", "Content-Type: application/dtmf-relay", body=b"Signal=7\r\nDuration=160\r\n")
    ours.expect("200 INFO")
    theirs.expect("INFORMATION")


def test_who_calls_and_who_is_called(world: H323World) -> None:
    ours = world.pbx.invite("1001", 'P-Asserted-Identity: "Pbx" <sip:+49301234@192.0.2.20>')
    theirs = world.alice.offered()
    calling = call_parties.calling(theirs.setup)
    assert calling.number is not None
    assert (calling.number.digits, calling.name) == ("49301234", "Pbx")
    assert call_parties.called(theirs.setup).aliases[0].value == "1001"
    ours.request("CANCEL", cseq=1)
    talk = world.alice.call("2001")
    invite = world.pbx.expect("INVITE")
    assert "sip:1001@" in (invite.headers.get("from") or "")
    assert talk.call is not None


def test_who_calls_can_be_withheld(world: H323World) -> None:
    world.pbx.invite("1001", "P-Asserted-Identity: <sip:+49301234@192.0.2.20>", "Privacy: id")
    calling = call_parties.calling(world.alice.offered().setup)
    assert calling.number is None
    assert calling.presentation == 1


def test_an_endpoint_that_cannot_be_reached(world: H323World) -> None:
    world.alice.network.listeners.clear()
    assert world.pbx.invite("1001").expect("502").status == 502


def routed(talk: Talk, to: str) -> None:
    """FACILITY routeCallToGatekeeper."""
    fields = {"alternativeAddress": transport_value(to)}
    talk.call.facility(talk.world.now, Contents(fields=fields), "routeCallToGatekeeper")


def test_a_callee_behind_its_gatekeeper(world: H323World) -> None:
    """H.323 §8.1.8 has the call made at the gatekeeper; here bob is where that is. Once: bob cannot send it on."""
    ours = world.pbx.invite("1001")
    alice = world.alice.offered()
    alice.proceed()
    routed(alice, f"{ENDPOINTS['bob']}:1720")
    bob = world.bob.offered()
    assert dict(bob.setup.destination_aliases)["dialledDigits"] == "1001"
    assert alice.gone().reason == "facilityCallDeflection"
    routed(bob, f"{ENDPOINTS['carol']}:1720")
    bob.answer()
    ours.established()
    assert not world.carol.talks
    ours.hang_up()
    bob.gone()


def test_a_connection_that_breaks(world: H323World) -> None:
    """Its calls are over (H.225.0 §8.5)."""
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    ours.established()
    theirs.call.channel.close(world.now)
    ours.hung_up()


def test_strangers_are_not_let_in(world: H323World) -> None:
    world.network.stations["192.0.2.250"] = world.network.side("192.0.2.250", world.alice)
    side = world.network.stations["192.0.2.250"]
    number = side.connect("192.0.2.1", 1720, "")
    world.wait(1)
    assert number not in side.ends
    assert any(event == "h323.stranger" for event, _ in world.told)


def test_nothing_is_left_of_calls_that_are_over(world: H323World) -> None:
    for _ in range(3):
        ours = world.pbx.invite("1001")
        theirs = world.alice.offered().answer(fast=False)
        ours.established()
        ours.hang_up()
        theirs.gone()
    world.wait(100)
    end = world.gateway.h323
    assert not any(line.legs or line.signalling.calls or line.admissions for line in end.lines.values())
    assert len(end.connections) == 0
    assert not world.gateway.hub.calls
