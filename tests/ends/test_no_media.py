"""Descriptions of B-channels that something else ends: offers and answers of G.711 (RFC 3264)."""

import pytest

from gateway.ends.no_media import NoMedia, can_answer
from gateway.sip.sdp import Direction, answerable, direction, parse

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"


def offer(*media: str) -> bytes:
    return (HEAD + "".join(f"{line}\r\n" for line in media)).encode()


def answered(wanted: bytes, law: str = "A") -> bytes | None:
    found: list[bytes | None] = []
    NoMedia("192.0.2.1", 40_000, law).reserve("isdn", 3, wanted, lambda session, now: found.append(session), 0.0)
    (answer,) = found
    return answer


def test_an_offer_has_both_laws_the_trunk_s_first() -> None:
    for law, formats in (("A", ("8", "0", "101")), ("mu", ("0", "8", "101"))):
        (stream,) = parse(answered(b"", law) or b"").media
        assert (stream.port, stream.connection, stream.formats) == (40_006, "192.0.2.1", formats)


def test_an_answer_has_only_what_was_offered() -> None:
    wanted = offer("m=audio 5000 RTP/AVP 96 0 18 97", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 telephone-event/8000")
    answer = answered(wanted) or b""
    assert answerable(wanted, answer)
    assert parse(answer).media[0].formats == ("0", "97")


def test_other_streams_are_refused_in_their_places() -> None:
    wanted = offer("m=video 5002 RTP/AVP 31", "m=audio 5000 RTP/AVP 8", "m=audio 5004 RTP/AVP 8")
    assert [(each.kind, each.port) for each in parse(answered(wanted) or b"").media] == [
        ("video", 0),
        ("audio", 40_006),
        ("audio", 0),
    ]


@pytest.mark.parametrize(
    ("said", "answer"),
    [("sendonly", Direction.RECVONLY), ("inactive", Direction.INACTIVE), ("recvonly", Direction.SENDONLY)],
)
def test_a_hold_is_answered(said: str, answer: Direction) -> None:
    assert direction(answered(offer("m=audio 5000 RTP/AVP 8", f"a={said}")) or b"") is answer


@pytest.mark.parametrize("line", ["m=audio 5000 RTP/AVP 18", "m=audio 5000 RTP/SAVP 8", "m=audio 0 RTP/AVP 8"])
def test_what_no_b_channel_carries_is_refused(line: str) -> None:
    assert not can_answer(offer(line))
    assert answered(offer(line)) is None


def test_an_endpoint_comes_back_as_it_was() -> None:
    media = NoMedia("192.0.2.1", 40_000, "A")
    endpoint = media.reserve("isdn", 3, b"", lambda session, now: None, 0.0)
    assert media.restore(endpoint.snapshot(), 1.0).local == endpoint.local
