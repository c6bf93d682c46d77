"""Session descriptions as they pass a gateway: RFC 8866, RFC 3264, and the ways in which the field says "hold"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip import sdp
from gateway.sip.sdp import Direction, Origin

TALK = (
    b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    b"m=audio 49170 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
)
VIDEO = b"m=video 51372 RTP/AVP 99 31\r\na=rtpmap:99 H264/90000\r\n"
OURS = Origin(session_id=7, version=3, address="198.51.100.1")


def said(text: bytes, *, session: bytes = b"", address: bytes = b"192.0.2.10") -> bytes:
    """TALK with attributes at the level of the stream or of the session."""
    changed = TALK.replace(b"c=IN IP4 192.0.2.10", b"c=IN IP4 " + address).replace(
        b"t=0 0\r\n", b"t=0 0\r\n" + session
    )
    return changed + text


def test_our_origin_takes_the_place_of_theirs_and_nothing_else_changes() -> None:
    theirs, ours = b"o=alice 2890844526 2890844526 IN IP4 192.0.2.10", b"o=- 7 3 IN IP4 198.51.100.1"
    assert sdp.with_origin(TALK, OURS) == TALK.replace(theirs, ours)


def test_origin_with_an_ipv6_address_says_so() -> None:
    assert b"o=gw 1 2 IN IP6 2001:db8::1\r\n" in sdp.with_origin(TALK, Origin(1, 2, "2001:db8::1", "gw"))


def test_line_feeds_of_the_sender_stay() -> None:
    octets = TALK.replace(b"\r\n", b"\n")
    assert sdp.with_origin(octets, OURS).startswith(b"v=0\no=- 7 3 IN IP4 198.51.100.1\ns=-\n")


def test_a_missing_origin_is_added_behind_the_version() -> None:
    assert sdp.with_origin(b"v=0\r\ns=-\r\n", OURS) == b"v=0\r\no=- 7 3 IN IP4 198.51.100.1\r\ns=-\r\n"


@pytest.mark.parametrize("body", [b"", b"\x00\x01", b"--boundary\r\n"])
def test_what_is_no_description_gets_no_origin(body: bytes) -> None:
    assert sdp.with_origin(body, OURS) == body


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (TALK, Direction.SENDRECV),
        (said(b"a=sendrecv\r\n"), Direction.SENDRECV),
        (said(b"a=sendonly\r\n"), Direction.SENDONLY),
        (said(b"a=recvonly\r\n"), Direction.RECVONLY),
        (said(b"a=inactive\r\n"), Direction.INACTIVE),
        (said(b"", session=b"a=sendonly\r\n"), Direction.SENDONLY),
        (said(b"a=sendrecv\r\n", session=b"a=inactive\r\n"), Direction.SENDRECV),
        (said(b"", address=b"0.0.0.0"), Direction.SENDONLY),
        (said(b"a=recvonly\r\n", address=b"0.0.0.0"), Direction.INACTIVE),
        (said(b"c=IN IP4 0.0.0.0\r\n"), Direction.SENDONLY),
        (
            said(b"", address=b"0.0.0.0").replace(b"c=IN IP4", b"c=IN IP6").replace(b"0.0.0.0", b"::"),
            Direction.SENDONLY,
        ),
        (said(b"c=IN IP6 gone.invalid\r\n"), Direction.SENDONLY),
        (TALK.replace(b"audio 49170", b"audio 0"), Direction.INACTIVE),
        (said(b"a=sendonly\r\n").replace(b"\r\n", b"\n"), Direction.SENDONLY),
    ],
)
def test_every_spelling_of_hold(description: bytes, expected: Direction) -> None:
    assert sdp.direction(description) is expected
    assert sdp.is_held(description) is (expected is not Direction.SENDRECV)


def test_audio_decides_when_there_is_video_too() -> None:
    assert sdp.direction(TALK + VIDEO + b"a=inactive\r\n") is Direction.SENDRECV
    assert sdp.direction(said(b"a=inactive\r\n") + VIDEO) is Direction.INACTIVE


def test_a_fax_in_place_of_refused_audio_is_no_hold() -> None:
    fax = TALK.replace(b"audio 49170", b"audio 0") + b"m=image 4000 udptl t38\r\n"
    assert sdp.direction(fax) is Direction.SENDRECV


def test_trickle_ice_without_an_address_is_no_hold() -> None:
    octets = said(b"a=ice-ufrag:abcd\r\n", address=b"0.0.0.0").replace(b"audio 49170", b"audio 9")
    assert sdp.direction(octets) is Direction.SENDRECV


@pytest.mark.parametrize("held", [said(b"a=sendonly\r\n"), said(b"", session=b"a=inactive\r\n"), TALK])
def test_one_spelling_for_all_streams(held: bytes) -> None:
    octets = sdp.with_direction(held + VIDEO, Direction.INACTIVE)
    assert octets.count(b"a=inactive\r\n") == 2
    assert [stream.direction for stream in sdp.parse(octets).media] == [Direction.INACTIVE] * 2
    assert b"a=sendonly" not in octets


def test_an_address_that_is_none_stays_while_held() -> None:
    held = said(b"", address=b"0.0.0.0")
    assert b"c=IN IP4 0.0.0.0\r\n" in sdp.with_direction(held, Direction.SENDONLY)


@pytest.mark.parametrize(
    "held", [said(b"a=inactive\r\n"), said(b"", address=b"0.0.0.0"), said(b"c=IN IP4 0.0.0.0\r\na=sendonly\r\n")]
)
def test_resumed_is_both_ways_and_can_be_reached(held: bytes) -> None:
    octets = sdp.resumed(held)
    assert sdp.direction(octets) is Direction.SENDRECV
    assert sdp.parse(octets).media[0].connection == "192.0.2.10"
    assert octets.count(b"a=sendrecv") == 1


def test_a_refused_stream_stays_refused_when_resumed() -> None:
    octets = sdp.resumed(TALK + VIDEO.replace(b"51372", b"0"))
    assert [stream.port for stream in sdp.parse(octets).media] == [49170, 0]


@pytest.mark.parametrize(
    "held",
    [
        said(b"a=sendonly\r\n"),
        said(b"a=recvonly\r\n"),
        said(b"", session=b"a=sendonly\r\n"),
        said(b"", address=b"0.0.0.0"),
    ],
)
def test_teams_is_told_inactive_only(held: bytes) -> None:
    octets = sdp.only_inactive(held)
    assert octets.count(b"a=inactive\r\n") == 1
    assert not any(word in octets for word in (b"sendonly", b"recvonly", b"0.0.0.0"))


def test_teams_is_told_nothing_new_about_a_call_that_is_not_held() -> None:
    assert sdp.only_inactive(TALK) == TALK


def test_same_media_looks_past_origin_name_and_time() -> None:
    other = TALK.replace(b"2890844526 IN", b"2890844527 IN").replace(b"s=-", b"s=call").replace(b"t=0 0", b"t=1 2")
    assert sdp.same_media(TALK, other)
    assert sdp.same_media(TALK, TALK.replace(b"\r\n", b"\n"))
    assert not sdp.same_media(TALK, said(b"a=sendonly\r\n"))
    assert not sdp.same_media(TALK, TALK.replace(b"49170", b"49172"))


def test_codecs_that_only_one_side_has_are_left_out_with_their_attributes() -> None:
    offer = (
        TALK.replace(b"AVP 8 0 101", b"AVP 96 8 101") + b"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    )
    reduced = sdp.with_common_codecs(offer, TALK)
    assert reduced is not None
    assert sdp.parse(reduced).media[0].formats == ("8", "101")
    assert b"opus" not in reduced
    assert b":96" not in reduced


def test_the_same_codec_under_another_number_is_common() -> None:
    offer = TALK.replace(b"101", b"96")
    reduced = sdp.with_common_codecs(offer, TALK)
    assert reduced is not None
    assert sdp.parse(reduced).media[0].formats == ("8", "0", "96")


def test_a_static_number_and_its_rtpmap_are_the_same_codec() -> None:
    known = TALK.replace(b"AVP 8 0 101", b"AVP 97").replace(b"a=ptime", b"a=rtpmap:97 pcma/8000/1\r\na=ptime")
    reduced = sdp.with_common_codecs(TALK, known)
    assert reduced is not None
    assert sdp.parse(reduced).media[0].formats == ("8",)


def test_a_stream_without_a_common_codec_keeps_its_place_with_port_0() -> None:
    reduced = sdp.with_common_codecs(TALK + VIDEO, TALK)
    assert reduced is not None
    assert [(stream.kind, stream.port) for stream in sdp.parse(reduced).media] == [("audio", 49170), ("video", 0)]


def test_tones_alone_are_no_conversation() -> None:
    known = TALK.replace(b"AVP 8 0 101", b"AVP 9 101")
    assert sdp.with_common_codecs(TALK, known) is None


def test_answer_with_a_subset_of_the_codecs() -> None:
    answer = TALK.replace(b"AVP 8 0 101", b"AVP 8 101")
    assert sdp.answerable(TALK, answer)
    assert not sdp.answerable(answer, TALK)


def test_answer_may_refuse_one_stream_but_not_all() -> None:
    assert sdp.answerable(TALK + VIDEO, TALK + VIDEO.replace(b"51372", b"0"))
    assert not sdp.answerable(TALK, TALK.replace(b"49170", b"0"))


@pytest.mark.parametrize(
    "answer",
    [
        TALK + VIDEO,
        b"",
        TALK.replace(b"m=audio", b"m=video"),
        TALK.replace(b"RTP/AVP", b"RTP/SAVP"),
    ],
)
def test_no_answer_to_it(answer: bytes) -> None:
    assert not sdp.answerable(TALK, answer)


def test_a_stream_that_was_not_offered_cannot_be_accepted() -> None:
    assert not sdp.answerable(TALK + VIDEO.replace(b"51372", b"0"), TALK + VIDEO)


def test_the_parts_of_a_description() -> None:
    parsed = sdp.parse(TALK + b"c=IN IP4 233.252.0.1/127\r\na=sendonly\r\n")
    (stream,) = parsed.media
    assert (parsed.origin, parsed.connection) == ("alice 2890844526 2890844526 IN IP4 192.0.2.10", "192.0.2.10")
    assert (stream.kind, stream.port, stream.protocol, stream.formats) == (
        "audio",
        49170,
        "RTP/AVP",
        ("8", "0", "101"),
    )
    assert (stream.direction, stream.connection) == (Direction.SENDONLY, "233.252.0.1")
    assert stream.attributes[1:3] == (("fmtp", "101 0-15"), ("ptime", "20"))


LINES = st.lists(
    st.sampled_from(
        b"v=0|o=|o=- 1 1 IN IP4 h|c=|c=IN IP4 0.0.0.0|m=|m=audio|m=audio x|a=sendonly|m=audio 9/2 RTP/AVP 0|m=audio 0"
        b"|a=rtpmap:0|a=fmtp|a=inactive||\xff|m=audio 5|m=image 4 udptl t38|a=rtpmap:0 pcmu/8000".split(b"|")
    )
).map(b"\r\n".join)


@given(LINES | st.binary(max_size=200), LINES | st.binary(max_size=200))
def test_nothing_that_a_peer_sends_is_an_error(one: bytes, other: bytes) -> None:
    sdp.with_origin(one, OURS)
    sdp.direction(one)
    sdp.parse(sdp.with_direction(one, Direction.SENDONLY))
    sdp.resumed(one)
    sdp.only_inactive(one)
    sdp.same_media(one, other)
    sdp.with_common_codecs(one, other)
    sdp.answerable(one, other)


@given(LINES)
def test_resumed_streams_run_both_ways(one: bytes) -> None:
    live = [stream for stream in sdp.parse(sdp.resumed(one)).media if stream.is_live]
    assert all(stream.direction.sends for stream in live)
