"""Messages in byte streams: SIP by Content-Length, TPKT, PRI backhaul, IUA, WebSocket; each after damage too."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.capture.backhaul import Backhaul
from gateway.capture.framing import MOST_HELD, Found, Framed, Framing
from gateway.capture.iua import IuaStream, iua_message
from gateway.capture.sip_stream import SipStream, starts_sip
from gateway.capture.stream_protocols import recognised
from gateway.capture.tpkt import Tpkt
from gateway.capture.websocket import WebSocket
from gateway.model.errors import DecodeError
from tests.capture.recording import OPTIONS, RINGING

CALL_PROCEEDING = bytes.fromhex("0802808f021803a98381")
"""As recorded in PRI backhaul."""
INVITE = b"INVITE sip:b@c SIP/2.0\r\nl: 5\r\n\r\nv=0\r\n"


def fed(framing: Framing, *pieces: bytes) -> tuple[list[bytes], list[str]]:
    framed, said, found = Framed(framing), list[str](), list[Found]()
    for piece in pieces:
        found += framed.feed(piece, said.append)
    return [message.octets for message in found], said


def each_octet(octets: bytes) -> list[bytes]:
    return [octets[at : at + 1] for at in range(len(octets))]


def tpkt(message: bytes) -> bytes:
    return pack(">BxH", 3, len(message) + 4) + message


def backhaul(message: bytes) -> bytes:
    return bytes.fromhex("000400000010900000 01") + pack(">H", len(message)) + message


def iua(message: bytes, message_type: int = 2, interface: bytes = b"\x00\x01\x00\x08\x00\x00\x00\x07") -> bytes:
    data = pack(">HH", 14, len(message) + 4) + message + bytes(-len(message) % 4)
    body = interface + b"\x00\x05\x00\x08\x00\x81\x00\x00" + data
    return pack(">BBBBI", 1, 0, 5, message_type, len(body) + 8) + body


def websocket(octets: bytes, first: int = 0x82, key: bytes = b"") -> bytes:
    length = bytes([len(octets)]) if len(octets) < 126 else b"\x7e" + pack(">H", len(octets))
    head = bytes([first, length[0] | (0x80 if key else 0)]) + length[1:] + key
    return head + bytes(octet ^ key[at % 4] for at, octet in enumerate(octets)) if key else head + octets


@pytest.mark.parametrize(
    ("framing", "message", "octets"),
    [
        (SipStream, INVITE, INVITE),
        (Tpkt, CALL_PROCEEDING, tpkt(CALL_PROCEEDING)),
        (Backhaul, CALL_PROCEEDING, backhaul(CALL_PROCEEDING)),
        (IuaStream, CALL_PROCEEDING, iua(CALL_PROCEEDING)),
        (WebSocket, OPTIONS, websocket(OPTIONS)),
    ],
)
def test_messages_arriving_octet_by_octet(framing: type[Framing], message: bytes, octets: bytes) -> None:
    assert fed(framing(), *each_octet(octets * 3)) == ([message] * 3, [])


# SIP, RFC 3261 18.3


def test_empty_lines_between_messages_are_keep_alives() -> None:
    assert fed(SipStream(), b"\r\n\r\n" + OPTIONS + b"\r\n\r\n" + RINGING)[0] == [OPTIONS, RINGING]


def test_body_of_the_length_given_in_either_form() -> None:
    long_form = INVITE.replace(b"l: 5", b"CONTENT-LENGTH  :  5")
    assert fed(SipStream(), INVITE + long_form + OPTIONS)[0] == [INVITE, long_form, OPTIONS]


def test_content_length_in_the_body_does_not_count() -> None:
    message = b"MESSAGE sip:b@c SIP/2.0\r\nContent-Length: 21\r\n\r\nx\r\nContent-Length: 99"
    assert fed(SipStream(), message + OPTIONS)[0] == [message, OPTIONS]


def test_without_content_length_the_next_message_ends_the_body() -> None:
    message = b"MESSAGE sip:b@c SIP/2.0\r\nCall-ID: 1\r\n\r\nhello\r\n"
    assert fed(SipStream(), message + OPTIONS)[0] == [message, OPTIONS]


def test_wrong_content_length_costs_one_message() -> None:
    short = INVITE.replace(b"l: 5", b"l: 2")
    found, said = fed(SipStream(), short + OPTIONS)
    assert found == [short[:-3], OPTIONS]
    assert said == ["no SIP start line where a message should begin"]


def test_absurd_content_length_is_named() -> None:
    found, said = fed(SipStream(), INVITE.replace(b"l: 5", b"l: 999999999") + OPTIONS)
    assert (found, said) == ([OPTIONS], ["SIP body of 999999999 octets"])


def test_message_without_end_is_not_held_for_ever() -> None:
    found, said = fed(SipStream(), OPTIONS[:-2], *[b"a" * 1000] * 300, b"\r\n\r\n" + OPTIONS)
    assert found == [OPTIONS]
    assert said[0] == "SIP header of more than 65536 octets"


@pytest.mark.parametrize(
    "octets",
    [b"SIP/2.0 200 OK\r\n", b"SIP/2.0 100 \r\n", b"REFER sip:a@b SIP/2.0\r\n", b"INVITE sip:a b@c SIP/2.0\n"],
)
def test_start_lines(octets: bytes) -> None:
    assert starts_sip(octets)


@pytest.mark.parametrize(
    "octets",
    [b"SIP/2.0 700 No\r\n", b"SIP/3.0 200 OK\r\n", b"GET / HTTP/1.1\r\n", b"invite sip:a@b SIP/2.0\r\n", b""],
)
def test_no_start_lines(octets: bytes) -> None:
    assert not starts_sip(octets)


# TPKT, RFC 1006 6


def test_tpkt_without_content_is_a_keep_alive() -> None:
    assert fed(Tpkt(), b"\x03\x00\x00\x04" + tpkt(CALL_PROCEEDING)) == ([CALL_PROCEEDING], [])


def test_tpkt_is_found_again_after_damage() -> None:
    found, said = fed(Tpkt(), b"\x00garbage" + tpkt(CALL_PROCEEDING))
    assert (found, said) == ([CALL_PROCEEDING], ["no TPKT header where a message should begin"])
    assert fed(Tpkt(), b"\x03\x00\x00\x02" + tpkt(CALL_PROCEEDING))[0] == [CALL_PROCEEDING]


def test_tpkt_with_something_else_is_named() -> None:
    assert fed(Tpkt(), tpkt(b"\x02\xf0\x80")) == ([], ["TPKT without a call signalling message"])


def test_tpkt_is_recognised_on_any_port_by_the_message_in_it() -> None:
    assert isinstance(recognised(tpkt(CALL_PROCEEDING), (33_000, 44_000)), Tpkt)
    assert recognised(tpkt(b"\x02\xf0\x80abc"), (33_000, 3389)) is None  # T.125 of remote desktops


# Cisco PRI backhaul


def test_backhaul_is_recognised_on_any_port() -> None:
    assert isinstance(recognised(backhaul(CALL_PROCEEDING), (49152, 40001)), Backhaul)


def test_backhaul_names_the_channel() -> None:
    (found,) = Framed(Backhaul()).feed(backhaul(CALL_PROCEEDING), print)
    assert found == Found("q931", CALL_PROCEEDING, "tcp", "backhaul:1")


def test_backhaul_message_without_q931_is_passed_over() -> None:
    assert fed(Backhaul(), backhaul(b"") + backhaul(CALL_PROCEEDING)) == ([CALL_PROCEEDING], [])


def test_backhaul_is_found_again_after_damage() -> None:
    assert fed(Backhaul(), b"xx" + backhaul(CALL_PROCEEDING))[0] == [CALL_PROCEEDING]


# IUA, RFC 4233


@pytest.mark.parametrize("message_type", [1, 2, 3, 4])
def test_iua_data_and_unit_data_in_both_directions(message_type: int) -> None:
    assert iua_message(iua(CALL_PROCEEDING, message_type), "sctp") == Found(
        "q931", CALL_PROCEEDING, "sctp", "iua:7/sapi0/tei64"
    )


@pytest.mark.parametrize("message_type", [5, 6, 8, 10])
def test_iua_link_management_carries_no_message(message_type: int) -> None:
    assert iua_message(iua(b"", message_type), "sctp") is None


def test_iua_text_interface_identifier() -> None:
    found = iua_message(iua(CALL_PROCEEDING, interface=b"\x00\x03\x00\x08span"), "sctp")
    assert found is not None
    assert found.link == "iua:span/sapi0/tei64"


def test_iua_parameter_longer_than_the_message() -> None:
    octets = bytearray(iua(CALL_PROCEEDING))
    octets[10:12] = b"\xff\xff"
    with pytest.raises(DecodeError, match="IUA parameter 1 of 65535 octets"):
        iua_message(bytes(octets), "sctp")


# WebSocket, RFC 6455 5


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: sip\r\n\r\n"
)
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize("opening", [UPGRADE, SWITCHING])
def test_websocket_is_recognised_by_its_opening(opening: bytes) -> None:
    framing = recognised(opening, (44_000, 80))
    assert isinstance(framing, WebSocket)
    assert fed(framing, opening + websocket(OPTIONS))[0] == [OPTIONS]


@pytest.mark.parametrize("key", [b"", b"\x37\xfa\x21\x3d"])
def test_websocket_joined_late_is_recognised_by_a_frame_with_sip(key: bytes) -> None:
    octets = websocket(OPTIONS, 0x81, key)
    framing = recognised(octets, (44_000, 80))
    assert isinstance(framing, WebSocket)
    assert fed(framing, octets * 2)[0] == [OPTIONS] * 2


def test_websocket_fragments_with_a_ping_between() -> None:
    key = b"abcd"
    pieces = websocket(OPTIONS[:30], 0x01, key) + websocket(b"hello", 0x89) + websocket(OPTIONS[30:50], 0x00, key)
    assert fed(WebSocket(), pieces + websocket(OPTIONS[50:], 0x80, key)) == ([OPTIONS], [])


def test_websocket_long_frame() -> None:
    long = OPTIONS + b"x" * 500
    assert fed(WebSocket(), b"\x82\x7f" + pack(">Q", len(long)) + long)[0] == [long]


def test_websocket_keep_alive_is_no_message() -> None:
    assert fed(WebSocket(), websocket(b"\r\n\r\n")) == ([], [])


def test_compressed_websocket_is_named() -> None:
    assert fed(WebSocket(), websocket(b"zzz", 0xC1))[1] == ["not a WebSocket frame, or a compressed one"]


@given(st.sampled_from([SipStream, Tpkt, Backhaul, IuaStream, WebSocket]), st.lists(st.binary(max_size=200)))
def test_random_octets_are_named_or_held_and_nothing_else(framing: type[Framing], pieces: list[bytes]) -> None:
    found, _ = fed(framing(), *pieces)
    assert sum(map(len, found)) <= sum(map(len, pieces)) <= MOST_HELD
