"""The D channel: LAPD frames (Q.921) as recorded, with what Q.931 message they carry.

DLT 203 is a LAPD frame; DLT 177 has the pseudo header of a Linux cooked capture in front, which tells the direction.
"""

from collections import deque
from typing import NamedTuple

from gateway.model.errors import DecodeError

CALL_CONTROL = 0
"""SAPI of Q.931 call control procedures (Q.921 table 2)."""
WINDOW = 127
PSEUDO_HEADER = 16

_UI, _SABME = 0x03, 0x6F
_OTHER_HOST, _OUTGOING = 3, 4


class LapdFrame(NamedTuple):
    """A frame of Q.921 2.2. `send_number` is N(S) of an I frame, else None; `information` is empty in S frames.
    `control` is the first control octet with P/F as 0. `from_user` is the direction.
    """

    sapi: int
    tei: int
    control: int
    send_number: int | None
    information: bytes
    from_user: bool


def lapd_frame(octets: bytes) -> LapdFrame:
    """Read a frame without its FCS. C/R tells the direction, as a frame with information is always a command.

    Raises DecodeError when the frame is shorter than its address and control fields.
    """
    if len(octets) < 3 or octets[0] & 1 or not octets[1] & 1:
        raise DecodeError("LAPD frame without a two octet address field")
    sapi, command, tei, control = octets[0] >> 2, octets[0] >> 1 & 1, octets[1] >> 1, octets[2]
    if control & 3 == 3:
        return LapdFrame(sapi, tei, control & 0xEF, None, octets[3:], not command)
    if len(octets) < 4:
        raise DecodeError("LAPD frame ends inside its control field")
    if control & 1:
        return LapdFrame(sapi, tei, control, None, b"", not command)
    return LapdFrame(sapi, tei, 0, control >> 1, octets[4:], not command)


def linux_lapd_frame(octets: bytes) -> LapdFrame:
    """Read a frame behind its Linux pseudo header: packet type at 0, "we are the network" at 6."""
    if len(octets) < PSEUDO_HEADER:
        raise DecodeError("packet ends inside its link header")
    frame = lapd_frame(octets[PSEUDO_HEADER:])
    packet_type, we_are_network = int.from_bytes(octets[:2], "big"), bool(octets[6])
    if packet_type == _OTHER_HOST:  # a terminal that hears another one on the bus
        return frame._replace(from_user=True)
    return frame._replace(from_user=(packet_type == _OUTGOING) != we_are_network)


class DataLinks:
    """All data links of the capture. Passes on the information of each I and UI frame of SAPI 0 once:
    a repeated I frame has the same N(S) as one of the last window, and the same octets.
    """

    def __init__(self) -> None:
        self._recent: dict[tuple[int, int, int, bool], deque[tuple[int, bytes]]] = {}

    def information(self, interface: int, frame: LapdFrame) -> bytes:
        """The layer 3 message in the frame; empty when there is none, or when it has been seen."""
        if frame.sapi != CALL_CONTROL:
            return b""
        if frame.control == _SABME:  # both directions count from zero again
            for from_user in (False, True):
                self._recent.pop((interface, frame.sapi, frame.tei, from_user), None)
        if frame.send_number is None:
            return frame.information if frame.control == _UI else b""
        sent = (frame.send_number, frame.information)
        recent = self._recent.setdefault((interface, frame.sapi, frame.tei, frame.from_user), deque(maxlen=WINDOW))
        if sent in recent:
            return b""
        recent.append(sent)
        return frame.information
