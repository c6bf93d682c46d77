"""H.225.0 call signalling as tables: what can happen to a call in each state, and the timers of each state."""

from enum import IntEnum, StrEnum


class CallState(IntEnum):
    """The states of Q.931 that H.225.0 keeps (7.4), with their numbers; CONNECT is not acknowledged in H.323.

    In RELEASE_REQUEST our RELEASE COMPLETE is out and the peer's, with what it may carry, is awaited.
    """

    NULL = 0
    CALL_INITIATED = 1
    OVERLAP_SENDING = 2
    OUTGOING_PROCEEDING = 3
    CALL_DELIVERED = 4
    CALL_PRESENT = 6
    CALL_RECEIVED = 7
    INCOMING_PROCEEDING = 9
    ACTIVE = 10
    RELEASE_REQUEST = 19
    OVERLAP_RECEIVING = 25


class TimerName(StrEnum):
    """Timers of Q.931 clause 9 that H.225.0 uses. T300 is none of them: an offered call of which its owner makes
    nothing ends. T308 is the wait for the peer's RELEASE COMPLETE.
    """

    T300 = "T300"
    T301 = "T301"
    T302 = "T302"
    T303 = "T303"
    T304 = "T304"
    T308 = "T308"
    T310 = "T310"
    T322 = "T322"
