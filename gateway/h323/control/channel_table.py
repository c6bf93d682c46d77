"""Logical channels: the states of one that we send on and of one that we receive on (H.245 C.4)."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """As in H.245 C.4.2.3, both sides' states in one enumeration."""

    RELEASED = "released"
    AWAITING_ESTABLISHMENT = "awaiting establishment"
    ESTABLISHED = "established"
    AWAITING_RELEASE = "awaiting release"


class Outgoing(StrEnum):
    """What happens to a channel that we send on. OPEN and CLOSE are ours; CLOSE_ASKED is requestChannelClose."""

    OPEN = "open"
    CLOSE = "close"
    ACCEPTED = "openLogicalChannelAck"
    REFUSED = "openLogicalChannelReject"
    CLOSED = "closeLogicalChannelAck"
    CLOSE_ASKED = "requestChannelClose"
    EXPIRED = "T103"


class Incoming(StrEnum):
    """What happens to a channel that we receive on. ACCEPT and REFUSE are ours."""

    ASKED = "openLogicalChannel"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CLOSED = "closeLogicalChannel"


class Action(StrEnum):
    """What is done, on the wire and towards the owner."""

    IGNORE = "ignore"
    SEND_OPEN = "send openLogicalChannel"
    SEND_CLOSE = "send closeLogicalChannel"
    TELL_OPENED = "tell that it is open"
    TELL_REFUSED = "tell that it was refused"
    CLOSE_AND_TELL_REFUSED = "send closeLogicalChannel, tell that it was refused"
    CLOSE_AND_TELL_CLOSED = "send closeLogicalChannel, tell that it is closed"
    FORGET = "forget it"
    TELL_CLOSED = "tell that it is closed"
    TELL_ASKED = "tell that it is asked for"
    TELL_CLOSED_AND_ASKED = "tell that the old one is closed and a new one asked for"
    SEND_ACK = "send openLogicalChannelAck"
    SEND_REJECT = "send openLogicalChannelReject"
    CLOSE_ACK = "send closeLogicalChannelAck"
    CLOSE_ACK_AND_TELL = "send closeLogicalChannelAck, tell that it is closed"


class Row(NamedTuple):
    """What is done and the state thereafter. T103 runs in the two states that await something, for outgoing ones."""

    action: Action
    state: State


_S, _O, _I, _A = State, Outgoing, Incoming, Action

OUTGOING: dict[tuple[State, Outgoing], Row] = {
    (_S.RELEASED, _O.OPEN): Row(_A.SEND_OPEN, _S.AWAITING_ESTABLISHMENT),
    **{
        (_S.RELEASED, what): Row(_A.IGNORE, _S.RELEASED)
        for what in (_O.CLOSE, _O.ACCEPTED, _O.REFUSED, _O.CLOSED, _O.CLOSE_ASKED, _O.EXPIRED)
    },
    (_S.AWAITING_ESTABLISHMENT, _O.OPEN): Row(_A.IGNORE, _S.AWAITING_ESTABLISHMENT),
    (_S.AWAITING_ESTABLISHMENT, _O.CLOSE): Row(_A.SEND_CLOSE, _S.AWAITING_RELEASE),
    (_S.AWAITING_ESTABLISHMENT, _O.ACCEPTED): Row(_A.TELL_OPENED, _S.ESTABLISHED),
    (_S.AWAITING_ESTABLISHMENT, _O.REFUSED): Row(_A.TELL_REFUSED, _S.RELEASED),
    (_S.AWAITING_ESTABLISHMENT, _O.CLOSED): Row(_A.TELL_REFUSED, _S.RELEASED),
    (_S.AWAITING_ESTABLISHMENT, _O.CLOSE_ASKED): Row(_A.CLOSE_AND_TELL_REFUSED, _S.AWAITING_RELEASE),
    (_S.AWAITING_ESTABLISHMENT, _O.EXPIRED): Row(_A.CLOSE_AND_TELL_REFUSED, _S.AWAITING_RELEASE),
    (_S.ESTABLISHED, _O.OPEN): Row(_A.IGNORE, _S.ESTABLISHED),
    (_S.ESTABLISHED, _O.CLOSE): Row(_A.SEND_CLOSE, _S.AWAITING_RELEASE),
    (_S.ESTABLISHED, _O.ACCEPTED): Row(_A.IGNORE, _S.ESTABLISHED),
    (_S.ESTABLISHED, _O.REFUSED): Row(_A.TELL_CLOSED, _S.RELEASED),
    (_S.ESTABLISHED, _O.CLOSED): Row(_A.TELL_CLOSED, _S.RELEASED),
    (_S.ESTABLISHED, _O.CLOSE_ASKED): Row(_A.CLOSE_AND_TELL_CLOSED, _S.AWAITING_RELEASE),
    (_S.ESTABLISHED, _O.EXPIRED): Row(_A.IGNORE, _S.ESTABLISHED),
    (_S.AWAITING_RELEASE, _O.OPEN): Row(_A.IGNORE, _S.AWAITING_RELEASE),
    (_S.AWAITING_RELEASE, _O.CLOSE): Row(_A.IGNORE, _S.AWAITING_RELEASE),
    (_S.AWAITING_RELEASE, _O.ACCEPTED): Row(_A.IGNORE, _S.AWAITING_RELEASE),
    (_S.AWAITING_RELEASE, _O.REFUSED): Row(_A.FORGET, _S.RELEASED),
    (_S.AWAITING_RELEASE, _O.CLOSED): Row(_A.FORGET, _S.RELEASED),
    (_S.AWAITING_RELEASE, _O.CLOSE_ASKED): Row(_A.IGNORE, _S.AWAITING_RELEASE),
    (_S.AWAITING_RELEASE, _O.EXPIRED): Row(_A.FORGET, _S.RELEASED),
}

INCOMING: dict[tuple[State, Incoming], Row] = {
    (_S.RELEASED, _I.ASKED): Row(_A.TELL_ASKED, _S.AWAITING_ESTABLISHMENT),
    (_S.RELEASED, _I.ACCEPT): Row(_A.IGNORE, _S.RELEASED),
    (_S.RELEASED, _I.REFUSE): Row(_A.IGNORE, _S.RELEASED),
    (_S.RELEASED, _I.CLOSED): Row(_A.CLOSE_ACK, _S.RELEASED),
    (_S.AWAITING_ESTABLISHMENT, _I.ASKED): Row(_A.TELL_CLOSED_AND_ASKED, _S.AWAITING_ESTABLISHMENT),
    (_S.AWAITING_ESTABLISHMENT, _I.ACCEPT): Row(_A.SEND_ACK, _S.ESTABLISHED),
    (_S.AWAITING_ESTABLISHMENT, _I.REFUSE): Row(_A.SEND_REJECT, _S.RELEASED),
    (_S.AWAITING_ESTABLISHMENT, _I.CLOSED): Row(_A.CLOSE_ACK_AND_TELL, _S.RELEASED),
    (_S.ESTABLISHED, _I.ASKED): Row(_A.TELL_CLOSED_AND_ASKED, _S.AWAITING_ESTABLISHMENT),
    (_S.ESTABLISHED, _I.ACCEPT): Row(_A.IGNORE, _S.ESTABLISHED),
    (_S.ESTABLISHED, _I.REFUSE): Row(_A.IGNORE, _S.ESTABLISHED),
    (_S.ESTABLISHED, _I.CLOSED): Row(_A.CLOSE_ACK_AND_TELL, _S.RELEASED),
}
"""A channel that we receive on is never AWAITING_RELEASE: only its sender closes it."""
