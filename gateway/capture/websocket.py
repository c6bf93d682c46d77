"""SIP in WebSocket (RFC 6455 framing, RFC 7118 use): the HTTP upgrade, then frames."""

import re
from typing import NamedTuple

from gateway.capture.framing import Cut, Found
from gateway.capture.sip_stream import starts_sip
from gateway.model.errors import DecodeError

LONGEST_FRAME = 1 << 17

_HANDSHAKE = re.compile(rb"(?:GET |HTTP/1\.1 101).*\r\nUpgrade:[ \t]*websocket\r\n", re.IGNORECASE | re.DOTALL)
_FINAL, _RESERVED, _OPCODE, _MASKED = 0x80, 0x70, 0x0F, 0x80
_CONTINUATION, _TEXT, _BINARY, _FIRST_CONTROL = 0, 1, 2, 8


def starts_websocket(octets: bytes) -> bool:
    """Whether the HTTP request or response that opens a WebSocket is here, or a whole frame with SIP in it."""
    if _HANDSHAKE.match(octets):
        return True
    try:
        frame = _frame(octets) if octets[:1] in (b"\x81", b"\x82") else None
    except DecodeError:
        return False
    return frame is not None and starts_sip(frame.payload.lstrip())


class _Frame(NamedTuple):
    """A frame of RFC 6455 5.2, unmasked, and how many octets it took."""

    final: bool
    opcode: int
    payload: bytes
    length: int


class WebSocket:
    """One direction of a WebSocket: messages may be spread over frames, with control frames in between."""

    def __init__(self) -> None:
        self._fragments = b""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        if held[:4] in (b"GET ", b"HTTP"):
            end = held.find(b"\r\n\r\n")
            return Cut(end + 4) if end >= 0 else None
        frame = _frame(held)
        if frame is None:
            return None
        return Cut(frame.length, self._message(frame))

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start: frames have no mark to find them by, so it is the next segment."""
        self._fragments = b""
        return len(held)

    def _message(self, frame: _Frame) -> Found | None:
        if frame.opcode >= _FIRST_CONTROL:
            return None
        payload = frame.payload if frame.opcode else self._fragments + frame.payload
        self._fragments = b"" if frame.final else payload[:LONGEST_FRAME]
        sip = payload.lstrip(b"\r\n")
        return Found("sip", sip, "ws") if frame.final and starts_sip(sip) else None


def _frame(octets: bytes) -> _Frame | None:
    """The frame at the start of `octets`; None when it has not all come."""
    if len(octets) < 2:
        return None
    first, length = octets[0], octets[1] & 0x7F
    if first & _RESERVED or first & _OPCODE not in (_CONTINUATION, _TEXT, _BINARY, 8, 9, 10):
        raise DecodeError("not a WebSocket frame, or a compressed one")
    position = 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, position = int.from_bytes(octets[2 : 2 + size], "big"), 2 + size
    if length > LONGEST_FRAME:
        raise DecodeError(f"WebSocket frame of {length} octets")
    start = position + 4 if octets[1] & _MASKED else position
    if start + length > len(octets):
        return None
    payload = octets[start : start + length]
    if octets[1] & _MASKED:
        payload = _unmasked(payload, octets[position:start])
    return _Frame(bool(first & _FINAL), first & _OPCODE, payload, start + length)


def _unmasked(payload: bytes, key: bytes) -> bytes:
    """RFC 6455 5.3, all octets in one exclusive or."""
    stream = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")
