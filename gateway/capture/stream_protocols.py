"""Which signalling protocol a TCP stream carries: by its first octets, by its port where they are not enough."""

from collections.abc import Callable

from gateway.capture import backhaul, iua, tpkt
from gateway.capture.framing import Framing
from gateway.capture.sip_stream import SipStream, may_start_sip, starts_sip
from gateway.capture.websocket import WebSocket, starts_websocket

_BY_OCTETS: tuple[tuple[Callable[[bytes], bool], type[Framing]], ...] = (
    (starts_sip, SipStream),
    (starts_websocket, WebSocket),
    (backhaul.is_backhaul, backhaul.Backhaul),
)
_BY_PORT: dict[int, tuple[Callable[[bytes], bool], type[Framing]]] = {
    tpkt.CALL_SIGNALLING_PORT: (lambda octets: octets[:2] == b"\x03\x00", tpkt.Tpkt),
    backhaul.PORT: (backhaul.starts_backhaul, backhaul.Backhaul),
    iua.PORT: (iua.starts_iua, iua.IuaStream),
}
_TPKT_ENOUGH = 6
"""Octets that show whether a TPKT holds call signalling: its header and two of the message."""


def recognised(octets: bytes, ports: tuple[int, int]) -> Framing | None:
    """The framing of the stream that begins with `octets`, between `ports`; None when it is none of ours."""
    octets = octets.lstrip(b"\r\n") or octets
    for port in ports:
        starts, framing = _BY_PORT.get(port, (None, None))
        if starts and framing and starts(octets):
            return framing()
    if len(octets) >= _TPKT_ENOUGH and tpkt.starts_tpkt(octets):
        return tpkt.Tpkt()
    return next((framing() for starts, framing in _BY_OCTETS if starts(octets)), None)


def undecided(octets: bytes) -> bool:
    """Whether more octets could make it one of ours: part of a TPKT header, of a start line, of an upgrade."""
    return (
        (len(octets) < _TPKT_ENOUGH and octets[:2] == b"\x03\x00"[: len(octets)])
        or may_start_sip(octets)
        or (octets.startswith((b"GET /", b"HTTP/1.1 ")) and b"\r\n\r\n" not in octets and len(octets) < 8192)
        or not octets.strip(b"\r\n")
    )
