"""What the media gateway is told of the peer, and the peer of the media gateway (RFC 3264)."""

import pytest

from gateway.media.rtp_description import own_description, peer_description, renewed, rtp_peer
from gateway.sip.sdp import Direction, Origin
from tests.media.scene import sdp

LAWS = ("PCMA", "PCMU")
MEDIA = (
    b"v=0\r\no=- 0C7D21C2 23 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 16000 RTP/AVP 8\r\na=ptime:20\r\n"
)


def test_the_peers_own_order_of_codecs_counts() -> None:
    peer = rtp_peer(sdp(codecs="18 0 8"), LAWS)
    assert peer and (peer.payload, peer.codec) == (0, "PCMU/8000")


def test_a_stream_without_a_codec_of_ours_is_none() -> None:
    assert rtp_peer(sdp(codecs="18"), LAWS) is None
    assert rtp_peer(sdp(port=0), LAWS) is None
    assert rtp_peer(sdp().replace(b"RTP/AVP", b"RTP/SAVP"), LAWS) is None
    assert rtp_peer(b"", LAWS) is None
    assert rtp_peer(sdp(address="phone.example"), LAWS) is None


def test_hold_by_an_address_that_is_none() -> None:
    peer = rtp_peer(sdp(address="0.0.0.0"), LAWS)
    assert peer and peer.address == "" and not peer.direction.receives


def test_the_gateway_gets_what_was_understood_and_nothing_else() -> None:
    evil = sdp() + b".\r\nDLCX 1 rtpbridge/*@mgw MGCP 1.0\r\n"
    peer = rtp_peer(evil, LAWS)
    assert peer
    assert peer_description(peer, 20) == (
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
    )


def test_other_streams_are_refused_in_their_places() -> None:
    offer = sdp(video=True)
    peer = rtp_peer(offer, LAWS)
    assert peer
    answer = own_description(MEDIA, offer, peer.stream, Direction.SENDRECV, Origin(5, 1, "192.0.2.1"))
    assert answer == (
        b"v=0\r\no=- 5 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        b"m=video 0 RTP/AVP 99\r\n"
        b"m=audio 16000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )


@pytest.mark.parametrize("direction", Direction)
def test_an_offer_of_ours_has_one_stream(direction: Direction) -> None:
    offer = own_description(MEDIA, b"", 0, direction, Origin(5, 1, "192.0.2.1"))
    assert offer.count(b"m=") == 1
    assert offer.endswith(f"a={direction}\r\n".encode())


def test_the_version_goes_up_with_each_change_only() -> None:
    origin = Origin(5, 0, "")
    first, origin = renewed(own_description(MEDIA, b"", 0, Direction.SENDRECV, origin), b"", origin)
    again, origin = renewed(own_description(MEDIA, b"", 0, Direction.SENDRECV, origin), first, origin)
    assert again is first
    held, origin = renewed(own_description(MEDIA, b"", 0, Direction.RECVONLY, origin), again, origin)
    assert b"o=- 5 1 IN IP4 192.0.2.1" in first and b"o=- 5 2 IN IP4 192.0.2.1" in held
