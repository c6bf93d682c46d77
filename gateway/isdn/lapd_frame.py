"""LAPD frames, modulo 128, from the address octet to the last octet of information, without FCS (Q.921 2 and 3)."""

from enum import StrEnum
from typing import NamedTuple

from gateway.model.errors import DecodeError

BROADCAST_TEI = 127
"""The group TEI of the broadcast data link (3.3.4.1)."""
CALL_CONTROL_SAPI = 0
MANAGEMENT_SAPI = 63
"""SAPI of TEI management (3.3.3)."""
POLL_FINAL = 0x10
"""P/F in the control field of an unnumbered frame."""


class Kind(StrEnum):
    """The frames of Q.921 table 5; UNDEFINED has a control field that is none of them."""

    I = "I"  # noqa: E741
    RR = "RR"
    RNR = "RNR"
    REJ = "REJ"
    SABME = "SABME"
    DM = "DM"
    UI = "UI"
    DISC = "DISC"
    UA = "UA"
    FRMR = "FRMR"
    XID = "XID"
    UNDEFINED = "undefined"


_SUPERVISORY = {0x01: Kind.RR, 0x05: Kind.RNR, 0x09: Kind.REJ}
_UNNUMBERED = {
    0x6F: Kind.SABME,
    0x0F: Kind.DM,
    0x03: Kind.UI,
    0x43: Kind.DISC,
    0x63: Kind.UA,
    0x87: Kind.FRMR,
    0xAF: Kind.XID,
}
_CONTROL = {kind: octet for octet, kind in (_SUPERVISORY | _UNNUMBERED).items()}


class Frame(NamedTuple):
    """One frame. `c_r` and `poll_final` are bits; the numbers are 0 where the frame has none. `control` is the
    control field as it came. `information` of a frame that may have none is what stood there too much.
    """

    kind: Kind
    sapi: int
    tei: int
    c_r: bool
    poll_final: bool
    control: bytes
    information: bytes = b""
    send_number: int = 0
    receive_number: int = 0


def decode(octets: bytes) -> Frame:
    """Reads a frame. Raises DecodeError for an invalid frame, which is to be dropped (Q.921 2.9)."""
    if len(octets) < 3 or octets[0] & 1 or not octets[1] & 1:
        raise DecodeError("LAPD frame without a two octet address field")
    first, second, control = octets[:3]
    c_r = first & 2 == 2
    if control & 3 == 3:
        kind = _UNNUMBERED.get(control & ~POLL_FINAL, Kind.UNDEFINED)
        return Frame(kind, first >> 2, second >> 1, c_r, bool(control & POLL_FINAL), octets[2:3], octets[3:])
    if len(octets) < 4:
        raise DecodeError("LAPD frame ends inside its control field")
    numbers = octets[3]
    kind, sent = (_SUPERVISORY.get(control & 0x0F, Kind.UNDEFINED), 0) if control & 1 else (Kind.I, control >> 1)
    poll_final, field, rest = numbers & 1 == 1, octets[2:4], octets[4:]
    return Frame(kind, first >> 2, second >> 1, c_r, poll_final, field, rest, sent, numbers >> 1)


def address(sapi: int, tei: int, *, c_r: bool) -> bytes:
    """The address field (3.2)."""
    return bytes((sapi << 2 | c_r << 1, tei << 1 | 1))


def information(of: bytes, send_number: int, receive_number: int, octets: bytes, *, poll: bool = False) -> bytes:
    """An I frame; `of` is the address field (3.6.2)."""
    return of + bytes((send_number << 1, receive_number << 1 | poll)) + octets


def supervisory(of: bytes, kind: Kind, receive_number: int, *, poll_final: bool) -> bytes:
    """An RR, RNR or REJ frame (3.6.6 to 3.6.8)."""
    return of + bytes((_CONTROL[kind], receive_number << 1 | poll_final))


def unnumbered(of: bytes, kind: Kind, octets: bytes = b"", *, poll_final: bool = False) -> bytes:
    """A U frame; `octets` is the information of UI and FRMR."""
    return of + bytes((_CONTROL[kind] | (POLL_FINAL if poll_final else 0),)) + octets


class FrameReject(NamedTuple):
    """The information of FRMR: which control field was refused, our variables then, and why (3.6.11, figure 6)."""

    control: bytes
    send_state: int
    receive_state: int
    was_response: bool
    undefined: bool = False
    not_permitted: bool = False
    too_long: bool = False
    wrong_number: bool = False

    def octets(self) -> bytes:
        """Five octets; W, X, Y, Z are bits 1 to 4 of the last."""
        reasons = (self.undefined or self.not_permitted) | self.not_permitted << 1
        reasons |= self.too_long << 2 | self.wrong_number << 3
        states = bytes((self.send_state << 1, self.receive_state << 1 | self.was_response, reasons))
        return self.control.ljust(2, b"\0") + states


def frame_reject(octets: bytes) -> FrameReject:
    """Reads the information of FRMR. Raises DecodeError when it is not five octets long."""
    if len(octets) != 5:
        raise DecodeError(f"information of FRMR of {len(octets)} octets")
    is_unnumbered = octets[0] & 3 == 3
    reasons = octets[4]
    return FrameReject(
        octets[:1] if is_unnumbered else octets[:2],
        octets[2] >> 1,
        octets[3] >> 1,
        bool(octets[3] & 1),
        *(bool(reasons >> bit & 1) for bit in range(4)),
    )
