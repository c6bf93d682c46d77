"""A B channel at a media gateway: set up, changed, joined with another, given back (RFC 3435 §2.3)."""

from gateway.media.mgcp_settings import MgcpSettings
from gateway.sip.sdp import Direction
from tests.media.scene import Scene, sdp

BRIDGE = MgcpSettings(board=("192.0.2.50", 30_000))
LINES = MgcpSettings(endpoint="ds/e1-0/s-{channel}/su64-0@mgw")


def test_an_offer_is_answered_with_where_the_gateway_receives() -> None:
    scene = Scene()
    endpoint, heard = scene.reserve(sdp())
    assert heard == [endpoint.local]
    assert b"c=IN IP4 192.0.2.1\r\n" in endpoint.local and b"m=audio 16000 RTP/AVP 8\r\n" in endpoint.local
    assert scene.model.mode() == "sendrecv"
    assert "c=IN IP4 192.0.2.9" in scene.model.remote() and "m=audio 4000 " in scene.model.remote()


def test_the_command_in_octets() -> None:
    scene = Scene()
    scene.reserve(sdp())
    line, call, options, mode, *_ = scene.sent[-1].split(b"\r\n")
    assert line.startswith(b"CRCX ") and line.endswith(b" rtpbridge/*@mgw MGCP 1.0")
    assert call.startswith(b"C: ") and len(call) == 19
    assert (options, mode) == (b"L: p:20, a:PCMA", b"M: sendrecv")


def test_without_an_offer_it_only_receives_until_the_answer_comes() -> None:
    scene = Scene()
    endpoint, (offer,) = scene.reserve()
    assert offer and b"a=sendrecv" in offer
    assert scene.model.mode() == "recvonly"
    scene.modify(endpoint, sdp(port=5_000))
    assert scene.model.mode() == "sendrecv"
    assert "m=audio 5000 " in scene.model.remote()


def test_a_gateway_that_bridges_gets_a_connection_to_the_board() -> None:
    scene = Scene(BRIDGE)
    _, (session,) = scene.reserve(sdp(), channel=4)
    assert session
    assert scene.model.total == 2
    assert "c=IN IP4 192.0.2.50" in scene.model.remote(place=1)
    assert "m=audio 30008 " in scene.model.remote(place=1)


def test_lines_of_the_gateway_have_one_connection_each() -> None:
    scene = Scene(LINES)
    endpoint, _ = scene.reserve(sdp(), channel=17)
    assert endpoint.name == "ds/e1-0/s-17/su64-0@mgw"
    assert scene.model.total == 1


def test_hold_and_resume() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    for theirs, ours in (("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")):
        session = scene.modify(endpoint, sdp(direction=theirs))
        assert session and f"a={ours}".encode() in session
        assert scene.model.mode() == ours


def test_hold_by_an_address_that_is_none() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    session = scene.modify(endpoint, sdp(address="0.0.0.0"))
    assert session and b"a=recvonly" in session
    assert scene.model.mode() == "recvonly"


def test_a_gateway_that_knows_no_inactive_only_receives() -> None:
    scene = Scene()
    scene.model.modes = ("sendrecv", "sendonly", "recvonly")
    endpoint, _ = scene.reserve(sdp())
    for _ in range(2):
        session = scene.modify(endpoint, sdp(direction="inactive"))
        assert session and b"a=inactive" in session
        assert scene.model.mode() == "recvonly"
    assert scene.model.verbs().count("MDCX") == 3  # It is asked once.


def test_a_direction_of_our_own() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    heard: list[bytes | None] = []
    endpoint.modify(b"", Direction.SENDONLY, lambda session, _: heard.append(session), scene.now)
    scene.run(0.1)
    assert heard == [endpoint.local] and b"a=sendonly" in endpoint.local
    assert scene.model.mode() == "sendonly"


def test_an_offer_without_a_codec_of_the_channel_changes_nothing() -> None:
    scene = Scene()
    endpoint, (before,) = scene.reserve(sdp())
    assert scene.modify(endpoint, sdp(codecs="18")) is None
    assert endpoint.failure and (endpoint.failure.sip_status, endpoint.failure.cause) == (488, 88)
    assert endpoint.local == before
    assert scene.model.mode() == "sendrecv"


def test_a_failure_is_over_with_the_next_success() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    scene.modify(endpoint, sdp(codecs="18"))
    scene.modify(endpoint, sdp())
    assert endpoint.failure is None


def test_the_board_follows_the_codec() -> None:
    scene = Scene(MgcpSettings(codecs=("PCMA", "PCMU"), board=("192.0.2.50", 30_000)))
    endpoint, _ = scene.reserve(sdp(codecs="8"))
    scene.to_us = lambda octets: (
        octets + (b"\r\nv=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 16000 RTP/AVP 0\r\n" if b"OK" not in octets else b"")
    )
    scene.modify(endpoint, sdp(codecs="0"))
    assert "RTP/AVP 0" in scene.model.remote(place=0)
    assert "RTP/AVP 0" in scene.model.remote(place=1)


def test_requests_are_carried_out_in_order() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    order: list[bytes | None] = []
    for direction in ("sendonly", "inactive", "sendrecv"):
        endpoint.modify(sdp(direction=direction), None, lambda session, _: order.append(session), scene.now)
    scene.run(0.1)
    directions = (b"a=recvonly", b"a=inactive", b"a=sendrecv")
    assert [each is not None and said in each for said, each in zip(directions, order, strict=True)] == [True] * 3
    assert scene.model.mode() == "sendrecv"


def test_release_deletes_by_call_and_name() -> None:
    scene = Scene(BRIDGE)
    endpoint, _ = scene.reserve(sdp())
    endpoint.release(scene.now)
    endpoint.release(scene.now)
    scene.run(0.1)
    assert scene.model.total == 0
    assert scene.model.verbs().count("DLCX") == 1
    assert scene.media.statistics()["endpoints"] == 0


def test_release_while_it_is_set_up_leaves_nothing_behind() -> None:
    scene = Scene(BRIDGE)
    heard: list[bytes | None] = []
    endpoint = scene.media.reserve("pri", 1, sdp(), lambda session, _: heard.append(session), scene.now)
    endpoint.release(scene.now)
    scene.run(1)
    assert heard == []
    assert scene.model.total == 0


def test_nothing_happens_after_release() -> None:
    scene = Scene()
    endpoint, _ = scene.reserve(sdp())
    endpoint.release(scene.now)
    endpoint.modify(sdp(), None, lambda *_: None, scene.now)
    scene.run(1)
    assert scene.model.total == 0


def test_a_board_that_is_refused_fails_the_whole() -> None:
    scene = Scene(BRIDGE)
    scene.to_us = lambda octets: (
        octets if b"Z:" not in octets or scene.model.total < 2 else b"502 " + octets[4:13] + b"\r\n"
    )
    endpoint, (session,) = scene.reserve(sdp())
    assert session is None and endpoint.failure and endpoint.failure.cause == 47
    assert scene.model.total == 0


def test_a_connection_without_identifier_is_none() -> None:
    scene = Scene()
    scene.to_us = lambda octets: octets.replace(b"I: ", b"X-I: ")
    endpoint, (session,) = scene.reserve(sdp())
    assert session is None and endpoint.failure and endpoint.failure.cause == 111
    scene.run(1)
    assert scene.model.total == 0


def test_two_channels_are_joined() -> None:
    scene = Scene()
    one, _ = scene.reserve(channel=1)
    two, _ = scene.reserve(channel=2)
    heard: list[bytes | None] = []
    one.cross_connect(two, lambda session, _: heard.append(session), scene.now)
    scene.run(0.1)
    assert heard == [one.local]
    assert "m=audio 16002 " in scene.model.remote("rtpbridge/1@mgw")
    assert "m=audio 16000 " in scene.model.remote("rtpbridge/2@mgw")
    assert scene.model.mode("rtpbridge/1@mgw") == scene.model.mode("rtpbridge/2@mgw") == "sendrecv"


def test_channels_without_a_law_in_common_are_not_joined() -> None:
    scene, other = Scene(), Scene(MgcpSettings(codecs=("PCMU",)), seed=1)
    one, _ = scene.reserve()
    two, _ = other.reserve()
    heard: list[bytes | None] = []
    one.cross_connect(two, lambda session, _: heard.append(session), scene.now)
    scene.run(0.1)
    assert heard == [None]
    assert one.failure and one.failure.sip_status == 488


def test_the_next_call_on_a_line_waits_until_the_last_one_is_gone() -> None:
    scene = Scene(LINES)
    first, _ = scene.reserve(sdp())
    first.release(scene.now)
    second, (session,) = scene.reserve(sdp(port=5_000))
    assert session == second.local and session
    assert scene.model.verbs()[-2:] == ["DLCX", "CRCX"]
    assert "m=audio 5000 " in scene.model.remote()


def test_a_line_that_has_a_call_gets_no_other() -> None:
    scene = Scene(LINES)
    scene.reserve(sdp())
    endpoint, heard = scene.reserve(sdp())
    assert heard == [None]
    assert endpoint.failure and endpoint.failure.cause == 44
    endpoint.release(scene.now)
    scene.run(1)
    assert scene.model.total == 1


def test_only_one_call_waits_for_a_line() -> None:
    scene = Scene(LINES)
    first, _ = scene.reserve(sdp())
    first.release(scene.now)
    heard: list[bytes | None] = []
    for _ in range(2):
        scene.media.reserve("pri", 1, sdp(), lambda session, _: heard.append(session), scene.now)
    assert heard == [None]
    scene.run(0.1)
    assert len(heard) == 2 and heard[1]


def test_who_gives_up_waiting_for_a_line_is_passed_over() -> None:
    scene = Scene(LINES)
    first, _ = scene.reserve(sdp())
    first.release(scene.now)
    second = scene.media.reserve("pri", 1, sdp(), lambda *_: None, scene.now)
    second.release(scene.now)
    _, (session,) = scene.reserve(sdp(port=6_000))
    assert session
    assert "m=audio 6000 " in scene.model.remote()
    assert scene.media.statistics()["endpoints"] == 1
