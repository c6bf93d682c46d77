"""Where the ends of a call take RTP, by their own words: in SDP, in fastStart, in H.245."""

from typing import NamedTuple

from gateway.diagnosis.media import Socket
from gateway.sip.sdp_description import Direction


class Said(NamedTuple):
    """The message that says it: its frame and time, and the address of its sender without port."""

    frame: int
    time: float
    source_host: str


class Announced(NamedTuple):
    """A socket at which an end said that it takes RTP. `codecs` by payload type."""

    socket: Socket
    said: Said
    codecs: dict[int, str]
    encrypted: bool
    direction: Direction
