"""H.225.0 call signalling in TPKT (RFC 1006, 6; H.225.0 Annex on TPKT): 03, 00, length of all in two octets."""

from gateway.capture.framing import Cut, Found
from gateway.model.errors import DecodeError

CALL_SIGNALLING_PORT = 1720
HEADER = 4
SHORTEST_MESSAGE = 5
"""Protocol discriminator, call reference and message type."""

_CALL_REFERENCE_OF_TWO = b"\x08\x02"


def is_h225(octets: bytes) -> bool:
    """Whether these are the first octets of a Q.931 message as H.225.0 writes it (call reference of two octets)."""
    return octets[:2] == _CALL_REFERENCE_OF_TWO and (len(octets) < 5 or octets[4] < 0x80)


def starts_tpkt(octets: bytes) -> bool:
    """Whether a TPKT with a call signalling message begins here, as far as can be seen."""
    return octets[:2] == b"\x03\x00" and (len(octets) < HEADER + 2 or is_h225(octets[HEADER : HEADER + 5]))


class Payloads:
    """TPKT on a connection of its own beside call signalling: H.245 (H.323 §8.2.1)."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        if held[:2] != b"\x03\x00"[: len(held)]:
            raise DecodeError("no TPKT header where a message should begin")
        length = int.from_bytes(held[2:HEADER], "big")
        if len(held) < HEADER or length > len(held):
            return None
        if length < HEADER:
            raise DecodeError(f"TPKT of {length} octets, shorter than its header")
        return Cut(length, Found("h245", held[HEADER:length]) if length > HEADER else None)

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start: the next TPKT header."""
        position = held.find(b"\x03\x00", 1)
        return position if position > 0 else len(held)


class Tpkt:
    """TPKT on a call signalling channel. A TPKT without content is a keep-alive."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        if held[:2] != b"\x03\x00"[: len(held)]:
            raise DecodeError("no TPKT header where a message should begin")
        if len(held) < HEADER:
            return None
        length = int.from_bytes(held[2:4], "big")
        if length < HEADER:
            raise DecodeError(f"TPKT of {length} octets, shorter than its header")
        if length > len(held):
            return None
        message = held[HEADER:length]
        if message and not (is_h225(message) and len(message) >= SHORTEST_MESSAGE):
            raise DecodeError("TPKT without a call signalling message")
        return Cut(length, Found("h225", message) if message else None)

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start: the next TPKT header with a call signalling message behind it."""
        position = held.find(b"\x03\x00", 1)
        while position > 0:
            if is_h225(held[position + HEADER : position + HEADER + 5]):
                return position
            position = held.find(b"\x03\x00", position + 1)
        return len(held)
