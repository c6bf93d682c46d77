"""SIP messages out of a stream: RFC 3261 §18.3, keep-alives of RFC 5626 §4.4.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError
from gateway.runtime.framing import StreamWire
from tests.runtime.station import options


def _fed(*pieces: bytes, most: int = 65_535) -> list[bytes]:
    wire = StreamWire(most)
    return [message for piece in pieces for message in wire.feed(piece)]


@given(st.lists(st.binary(max_size=60), max_size=4), st.data())
def test_messages_are_the_same_wherever_the_stream_is_cut(bodies: list[bytes], data: st.DataObject) -> None:
    messages = [options(number, body) for number, body in enumerate(bodies)]
    stream = b"\r\n".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert _fed(*pieces) == messages


def test_compact_and_oddly_written_content_lengths_count() -> None:
    for line in (b"l: 2", b"L:2", b"content-length :\t2", b"CONTENT-LENGTH: 2 ", b"Content-Length:\r\n 2"):
        message = b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n" + line + b"\r\n\r\nab"
        assert _fed(message + options()) == [message, options()]


def test_a_header_with_bare_line_feeds_ends_at_its_empty_line() -> None:
    message = b"OPTIONS sip:a SIP/2.0\nContent-Length: 4\n\n\r\n\r\n"
    assert _fed(message + options()) == [message, options()]


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"GET / HTTP/1.1\r\n", "not SIP"),
        (b"\x16\x03\x01\x02\x00", "not SIP"),
        (b"A" * 20_000, "not SIP"),
        (b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n", "no Content-Length"),
        (b"OPTIONS sip:a SIP/2.0\r\nContent-Length: many\r\n\r\n", "no Content-Length"),
        (b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n", "no Content-Length"),
        (b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n", "two different"),
        (b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 9999999\r\n\r\n", "octets"),
        (b"OPTIONS sip:a SIP/2.0\r\nX: " + b"x" * 70_000, "no end of the header"),
    ],
)
def test_what_cannot_be_cut_into_messages_ends_the_connection(stream: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        _fed(stream)


def test_messages_before_the_fault_are_handed_over() -> None:
    wire = StreamWire(65_535)
    messages = wire.feed(options() + b"GET / HTTP/1.1\r\n")
    assert next(messages) == options()
    with pytest.raises(DecodeError):
        next(messages)


def test_a_version_of_sip_that_we_do_not_speak_is_left_to_be_answered() -> None:
    message = b"OPTIONS sip:a SIP/7.0\r\nContent-Length: 0\r\n\r\n"
    assert _fed(message) == [message]


def test_a_ping_gets_a_pong_and_a_pong_gets_nothing() -> None:
    wire = StreamWire(65_535)
    assert list(wire.feed(b"\r\n\r\n")) == []
    assert wire.replies == b"\r\n"
    wire.replies = b""
    assert list(wire.feed(b"\r\n" + options() + b"\r\n")) == [options()]
    assert wire.replies == b""
    assert not wire.is_unfinished


@given(st.lists(st.binary(max_size=40)))
def test_random_octets_give_messages_or_one_error(pieces: list[bytes]) -> None:
    wire = StreamWire(200)
    try:
        for piece in pieces:
            assert all(len(message) <= 200 for message in wire.feed(piece))
    except DecodeError:
        pass
