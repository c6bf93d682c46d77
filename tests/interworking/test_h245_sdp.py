"""Session descriptions as H.245 capabilities and addresses, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.interworking.h245_sdp import (
    USER_INPUT,
    AudioDescription,
    audio_description,
    capabilities,
    common_formats,
    session_description,
)
from gateway.model.errors import LocalProtocolError
from gateway.sip.sdp import Direction, Origin, parse
from gateway.sip.sdp_codecs import answerable

OWN = Origin(1, 1, "192.0.2.1")
HERE = MediaAddress("192.0.2.7:4000", "192.0.2.7:4001")


def sdp(*lines: str, connection: str = "IN IP4 192.0.2.7") -> bytes:
    head = ("v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", f"c={connection}", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


def described(*lines: str, **other: str) -> AudioDescription:
    found = audio_description(sdp(*lines, **other))
    assert found is not None
    return found


def test_codecs_come_in_the_order_of_the_offer_with_their_packets() -> None:
    found = described("m=audio 4000 RTP/AVP 8 0 9 101", "a=rtpmap:101 telephone-event/8000", "a=ptime:30")
    assert found.formats == tuple(AudioFormat(codec, 30) for codec in (Codec.G711_ALAW, Codec.G711_ULAW, Codec.G722))
    assert found.telephone_event == 101
    assert found.address == HERE


@pytest.mark.parametrize(
    ("parameters", "first"),
    [(["a=fmtp:18 annexb=no"], Codec.G729_A), ([], Codec.G729_AB), (["a=fmtp:18 annexb=yes"], Codec.G729_AB)],
)
def test_g729_is_offered_in_every_annex_that_is_understood(parameters: list[str], first: Codec) -> None:
    found = described("m=audio 4000 RTP/AVP 18", *parameters)
    assert found.formats[0].codec is first
    assert {Codec.G729, Codec.G729_A} <= {format.codec for format in found.formats}


def test_opus_keeps_its_payload_type() -> None:
    found = described("m=audio 4000 RTP/AVP 111", "a=rtpmap:111 opus/48000/2")
    assert found.formats == (AudioFormat(Codec.OPUS, 20, 111),)


def test_an_address_of_version_6_and_a_control_port_of_its_own() -> None:
    found = described("m=audio 4000 RTP/AVP 0", "a=rtcp:5005", connection="IN IP6 2001:db8::7")
    assert found.address == MediaAddress("[2001:db8::7]:4000", "[2001:db8::7]:5005")


def test_a_hold_is_told_as_the_empty_set() -> None:
    for hold in (described("m=audio 4000 RTP/AVP 0", "a=sendonly"), described("m=audio 4000 RTP/AVP 0", "a=inactive"),
                 described("m=audio 4000 RTP/AVP 0", connection="IN IP4 0.0.0.0")):  # fmt: skip
        assert capabilities(hold) is PAUSE
    assert capabilities(described("m=audio 4000 RTP/AVP 0", "a=recvonly")).audio == (AudioFormat(Codec.G711_ULAW),)


def test_digits_are_always_taken_beside_the_media() -> None:
    assert capabilities(described("m=audio 4000 RTP/AVP 0")).user_input == USER_INPUT


@pytest.mark.parametrize(
    "line",
    [
        "m=audio 0 RTP/AVP 0",
        "m=audio 4000 RTP/SAVP 0",
        "m=audio 4000 RTP/AVP 3",
        "m=video 4000 RTP/AVP 34",
    ],
)
def test_a_description_without_audio_that_h323_could_have(line: str) -> None:
    assert audio_description(sdp(line)) is None


def test_a_host_name_cannot_be_carried() -> None:
    assert audio_description(sdp("m=audio 4000 RTP/AVP 0", connection="IN IP4 phone.example.org")) is None


def test_fax_beside_the_audio_is_noted() -> None:
    assert described("m=audio 4000 RTP/AVP 0", "m=image 4002 udptl t38").fax


def test_codecs_that_are_not_wanted_are_left_out() -> None:
    found = audio_description(sdp("m=audio 4000 RTP/AVP 8 0"), (Codec.G711_ULAW,))
    assert found is not None
    assert found.formats == (AudioFormat(Codec.G711_ULAW),)


def test_common_formats_are_those_that_the_peer_understands_in_packets_it_takes() -> None:
    remote = CapabilitySet((AudioFormat(Codec.G729_AB, 30), AudioFormat(Codec.G711_ULAW, 10)))
    wanted = (AudioFormat(Codec.G711_ALAW), AudioFormat(Codec.G711_ULAW), AudioFormat(Codec.G729_A, 40))
    assert common_formats(wanted, remote) == (AudioFormat(Codec.G711_ULAW, 10), AudioFormat(Codec.G729_A, 30))


def test_annex_b_is_not_sent_to_who_does_not_understand_it() -> None:
    assert common_formats((AudioFormat(Codec.G729_AB),), CapabilitySet((AudioFormat(Codec.G729_A),))) == ()


def test_what_is_written_is_read_back() -> None:
    formats = (AudioFormat(Codec.G711_ALAW), AudioFormat(Codec.OPUS, 20, 111))
    given = AudioDescription(formats, HERE, Direction.SENDONLY, 100)
    assert audio_description(session_description(given, OWN)) == given


def test_an_answer_has_its_audio_where_the_offer_has_it() -> None:
    offer = sdp("m=video 4002 RTP/AVP 34", "m=audio 4000 RTP/AVPF 8 0", "m=image 4004 udptl t38")
    place = described("m=video 4002 RTP/AVP 34", "m=audio 4000 RTP/AVPF 8 0").place
    answer = session_description(AudioDescription((AudioFormat(Codec.G711_ULAW),), HERE, place=place), OWN, offer)
    assert answerable(offer, answer)
    assert [stream.is_live for stream in parse(answer).media] == [False, True, False]


def test_g729_says_whether_annex_b_is_understood() -> None:
    for codec, said in ((Codec.G729_A, b"annexb=no"), (Codec.G729_AB, b"annexb=yes")):
        written = session_description(AudioDescription((AudioFormat(codec),), HERE), OWN)
        assert b"a=fmtp:18 " + said in written
        assert written.count(b" 18\r\n") == 1


def test_nothing_can_be_told_without_an_address() -> None:
    with pytest.raises(LocalProtocolError):
        session_description(AudioDescription((AudioFormat(Codec.G711_ULAW),), MediaAddress()), OWN)


@given(st.lists(st.sampled_from(Codec), min_size=1, unique=True), st.sampled_from(Direction))
def test_any_formats_are_read_back_as_codecs_that_play_them(names: list[Codec], direction: Direction) -> None:
    formats = tuple(AudioFormat(codec, payload=96 if codec is Codec.OPUS else None) for codec in names)
    read = audio_description(session_description(AudioDescription(formats, HERE, direction, 101), OWN))
    assert read is not None
    assert (read.direction, read.telephone_event, read.address) == (direction, 101, HERE)
    assert all(any(found.codec.can_play(codec) for found in read.formats) for codec in names)


@given(st.binary(max_size=200))
def test_anything_is_read_without_failing(octets: bytes) -> None:
    audio_description(sdp("m=audio 4000 RTP/AVP 0") + octets)
