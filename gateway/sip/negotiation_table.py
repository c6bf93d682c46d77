"""New media within a call as a table: our offers, the peer's, and the two at once (RFC 3261 §14, RFC 3311)."""

from dataclasses import dataclass
from enum import StrEnum


class NegotiationState(StrEnum):
    """OFFERING: our re-INVITE or UPDATE has no final response. CONFIRMING: it was a re-INVITE without an offer, the
    2xx brought one and our ACK with the answer is due. OFFERED: the peer's waits for our answer. ANSWERED: our 2xx
    to a re-INVITE waits for its ACK; ASKED: so does the offer in it, and the ACK will bring the answer.
    """

    IDLE = "idle"
    OFFERING = "offering"
    CONFIRMING = "confirming"
    OFFERED = "offered"
    ANSWERED = "answered"
    ASKED = "asked"


class NegotiationInput(StrEnum):
    """OFFER to ACKNOWLEDGE are our owner's, the rest is the peer's. ACCEPT_UPDATE: no ACK follows our 2xx. ASK: our
    2xx brings the offer. BROUGHT_OFFER: the peer's does. GLARE: 491. LATE: the time of LIMITS has passed.
    """

    OFFER = "offer"
    ACCEPT = "accept"
    ACCEPT_UPDATE = "accept update"
    ASK = "ask"
    REFUSE = "refuse"
    ACKNOWLEDGE = "acknowledge"
    SUCCEEDED = "succeeded"
    BROUGHT_OFFER = "brought offer"
    GLARE = "glare"
    REFUSED = "refused"
    INVITE_CAME = "INVITE came"
    UPDATE_CAME = "UPDATE came"
    CANCEL_CAME = "CANCEL came"
    ACK_CAME = "ACK came"
    UNACKNOWLEDGED = "unacknowledged"
    LATE = "late"


class NegotiationAction(StrEnum):
    """What is done. QUEUE: ours waits until the present one is over. PRESENT: the peer's goes to our owner.

    REPEAT_LATER: 500 with Retry-After (§14.2); PENDING: 491; PRESENT_NEXT: the ACK to our last 2xx was lost, the peer
    has gone on. BACK_OFF: ours is tried again later (§14.1).
    """

    IGNORE = "ignore"
    SEND = "send"
    QUEUE = "queue"
    CONCLUDE = "conclude"
    AWAIT_ANSWER = "await answer"
    BACK_OFF = "back off"
    GIVE_UP = "give up"
    ACKNOWLEDGE = "acknowledge"
    PRESENT = "present"
    PRESENT_NEXT = "present next"
    PENDING = "pending"
    REPEAT_LATER = "repeat later"
    ACCEPT = "accept"
    REFUSE = "refuse"
    TERMINATE = "terminate"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class NegotiationStep:
    """What is done, and the state after it."""

    action: NegotiationAction
    state: NegotiationState


_S, _I, _A, _Step = NegotiationState, NegotiationInput, NegotiationAction, NegotiationStep

_ROWS: dict[NegotiationState, dict[NegotiationInput, NegotiationStep]] = {
    _S.IDLE: {
        _I.OFFER: _Step(_A.SEND, _S.OFFERING),
        _I.INVITE_CAME: _Step(_A.PRESENT, _S.OFFERED),
        _I.UPDATE_CAME: _Step(_A.PRESENT, _S.OFFERED),
    },
    _S.OFFERING: {
        _I.SUCCEEDED: _Step(_A.CONCLUDE, _S.IDLE),
        _I.BROUGHT_OFFER: _Step(_A.AWAIT_ANSWER, _S.CONFIRMING),
        _I.GLARE: _Step(_A.BACK_OFF, _S.IDLE),
        _I.REFUSED: _Step(_A.GIVE_UP, _S.IDLE),
        _I.LATE: _Step(_A.CANCEL, _S.OFFERING),
        _I.INVITE_CAME: _Step(_A.PENDING, _S.OFFERING),
        _I.UPDATE_CAME: _Step(_A.PENDING, _S.OFFERING),
        _I.OFFER: _Step(_A.QUEUE, _S.OFFERING),
    },
    _S.CONFIRMING: {
        _I.ACKNOWLEDGE: _Step(_A.ACKNOWLEDGE, _S.IDLE),
        # The peer's offer is open: nothing new before its answer (RFC 3311 §5.2).
        _I.INVITE_CAME: _Step(_A.PENDING, _S.CONFIRMING),
        _I.UPDATE_CAME: _Step(_A.PENDING, _S.CONFIRMING),
        _I.OFFER: _Step(_A.QUEUE, _S.CONFIRMING),
    },
    _S.OFFERED: {
        _I.ACCEPT: _Step(_A.ACCEPT, _S.ANSWERED),
        _I.ACCEPT_UPDATE: _Step(_A.ACCEPT, _S.IDLE),
        _I.ASK: _Step(_A.ACCEPT, _S.ASKED),
        _I.REFUSE: _Step(_A.REFUSE, _S.IDLE),
        _I.CANCEL_CAME: _Step(_A.TERMINATE, _S.IDLE),
        _I.LATE: _Step(_A.REFUSE, _S.IDLE),
        _I.INVITE_CAME: _Step(_A.REPEAT_LATER, _S.OFFERED),
        _I.UPDATE_CAME: _Step(_A.REPEAT_LATER, _S.OFFERED),
        _I.OFFER: _Step(_A.QUEUE, _S.OFFERED),
    },
    _S.ANSWERED: {
        _I.ACK_CAME: _Step(_A.CONFIRM, _S.IDLE),
        _I.UNACKNOWLEDGED: _Step(_A.LOSE, _S.IDLE),
        _I.INVITE_CAME: _Step(_A.PRESENT_NEXT, _S.OFFERED),
        _I.UPDATE_CAME: _Step(_A.PRESENT_NEXT, _S.OFFERED),
        _I.OFFER: _Step(_A.QUEUE, _S.ANSWERED),
    },
    _S.ASKED: {
        _I.ACK_CAME: _Step(_A.CONFIRM, _S.IDLE),
        _I.UNACKNOWLEDGED: _Step(_A.LOSE, _S.IDLE),
        _I.INVITE_CAME: _Step(_A.PENDING, _S.ASKED),
        _I.UPDATE_CAME: _Step(_A.PENDING, _S.ASKED),
        _I.OFFER: _Step(_A.QUEUE, _S.ASKED),
    },
}

NEGOTIATION_TABLE: dict[NegotiationState, dict[NegotiationInput, NegotiationStep]] = {
    state: {one: _ROWS[state].get(one, NegotiationStep(_A.IGNORE, state)) for one in NegotiationInput}
    for state in NegotiationState
}
"""Every state with every input."""

BACK_OFF = {True: (2.1, 4.0), False: (0.0, 2.0)}
"""Seconds until our offer is tried again after 491: first band for who chose the Call-ID (RFC 3261 §14.1)."""

ATTEMPTS = 6
"""How often an offer is tried that meets 491 again and again."""

LIMITS = {NegotiationState.OFFERING: 60.0, NegotiationState.OFFERED: 28.0}
"""Seconds that a peer may take over our re-INVITE once it has said 100, and our owner over the peer's offer: an
UPDATE has to be answered within 64*T1 (RFC 3261 §17.1.2.2).
"""
