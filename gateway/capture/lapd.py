"""The D channel: LAPD frames (Q.921) as recorded, with what Q.931 message they carry.

DLT 203 is a LAPD frame; DLT 177 has the pseudo header of a Linux cooked capture in front, which tells the direction.
"""

from collections import deque
from typing import NamedTuple

from gateway.isdn import lapd_frame
from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI, Frame, Kind
from gateway.model.errors import DecodeError

WINDOW = 127
PSEUDO_HEADER = 16

_OTHER_HOST, _OUTGOING = 3, 4


class SeenFrame(NamedTuple):
    """A frame, and which way it went."""

    frame: Frame
    from_user: bool


def lapd(octets: bytes) -> SeenFrame:
    """Read a frame without its FCS. C/R tells the direction, as a frame with information is always a command.

    Raises DecodeError when the frame is shorter than its address and control fields.
    """
    frame = lapd_frame.decode(octets)
    return SeenFrame(frame, not frame.c_r)


def linux_lapd(octets: bytes) -> SeenFrame:
    """Read a frame behind its Linux pseudo header: packet type at 0, "we are the network" at 6."""
    if len(octets) < PSEUDO_HEADER:
        raise DecodeError("packet ends inside its link header")
    frame = lapd_frame.decode(octets[PSEUDO_HEADER:])
    packet_type, we_are_network = int.from_bytes(octets[:2], "big"), bool(octets[6])
    if packet_type == _OTHER_HOST:  # a terminal that hears another one on the bus
        return SeenFrame(frame, True)
    return SeenFrame(frame, (packet_type == _OUTGOING) != we_are_network)


class DataLinks:
    """All data links of the capture. Passes on the information of each I and UI frame of SAPI 0 once:
    a repeated I frame has the same N(S) as one of the last window, and the same octets.
    """

    def __init__(self) -> None:
        self._recent: dict[tuple[int, int, int, bool], deque[tuple[int, bytes]]] = {}

    def information(self, interface: int, seen: SeenFrame) -> bytes:
        """The layer 3 message in the frame; empty when there is none, or when it has been seen."""
        frame, from_user = seen
        link = (interface, frame.sapi, frame.tei)
        if frame.sapi != CALL_CONTROL_SAPI:
            return b""
        if frame.kind is Kind.SABME:  # both directions count from zero again
            for direction in (False, True):
                self._recent.pop((*link, direction), None)
        if frame.kind is not Kind.I:
            return frame.information if frame.kind is Kind.UI else b""
        sent = (frame.send_number, frame.information)
        recent = self._recent.setdefault((*link, from_user), deque(maxlen=WINDOW))
        if sent in recent:
            return b""
        recent.append(sent)
        return frame.information
