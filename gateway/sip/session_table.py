"""The INVITE usage of a dialog as a table: what can happen to a call, and what is done about it (RFC 3261 §13–§15).

CALLING to ACKNOWLEDGING are states of the caller, INCOMING to LEAVING of the called side; the rest belongs to both.
"""

from dataclasses import dataclass
from enum import StrEnum


class SessionState(StrEnum):
    """How far a call has come.

    ACKNOWLEDGING: the 2xx brought the offer and our ACK with the answer is due. ANSWERING: our 2xx waits for a PRACK
    (RFC 3262 §3). ANSWERED: our 2xx waits for its ACK; LEAVING: so does our BYE (RFC 3261 §15).
    """

    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCELLING = "cancelling"
    ACKNOWLEDGING = "acknowledging"
    INCOMING = "incoming"
    ANSWERING = "answering"
    ANSWERED = "answered"
    LEAVING = "leaving"
    CONFIRMED = "confirmed"
    ENDING = "ending"
    ENDED = "ended"


class SessionInput(StrEnum):
    """What the owner wants, what the peer has sent, and what time has brought.

    ANSWER_UNPRACKED: an answer while a session description of ours waits for its PRACK. ANSWER_CAME: 2xx to our
    INVITE. OFFER_CAME: one whose session description our ACK has to answer. FAILED: any other final response, or
    none. UNACKNOWLEDGED, UNPRACKED: 64*T1 without ACK or PRACK. LOST: the dialog is gone (408, 481) or the session
    timer has run out. DONE: our BYE was answered or given up.
    """

    PROGRESS = "progress"
    ANSWER = "answer"
    ANSWER_UNPRACKED = "answer unPRACKed"
    REFUSE = "refuse"
    CANCEL = "cancel"
    ACKNOWLEDGE = "acknowledge"
    BYE = "bye"
    PROGRESS_CAME = "progress came"
    ANSWER_CAME = "answer came"
    OFFER_CAME = "offer came"
    FAILED = "failed"
    CANCEL_CAME = "CANCEL came"
    ACK_CAME = "ACK came"
    BYE_CAME = "BYE came"
    PRACKED = "PRACKed"
    UNACKNOWLEDGED = "unacknowledged"
    UNPRACKED = "unPRACKed"
    LOST = "lost"
    DONE = "done"


class SessionAction(StrEnum):
    """What is done. IGNORE is deliberate: the input came too late, or does not concern this side.

    HANG_UP: a 2xx that crossed our CANCEL is acknowledged and released. TERMINATE: 487 to the INVITE. RELEASE: BYE.
    RELEASE_LOST: BYE, and the owner is told. FORGET: nothing more is sent or told.
    """

    IGNORE = "ignore"
    RING = "ring"
    HOLD_ANSWER = "hold answer"
    ANSWER = "answer"
    REFUSE = "refuse"
    REFUSE_UNPRACKED = "refuse unPRACKed"
    CANCEL = "cancel"
    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_AND_RELEASE = "acknowledge and release"
    REPORT_PROGRESS = "report progress"
    CONNECT = "connect"
    FAIL = "fail"
    HANG_UP = "hang up"
    TERMINATE = "terminate"
    CONFIRM = "confirm"
    RELEASE = "release"
    RELEASE_LOST = "release lost"
    AWAIT_ACK = "await ACK"
    END = "end"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class SessionStep:
    """What is done, and the state after it."""

    action: SessionAction
    state: SessionState


_S, _I, _A = SessionState, SessionInput, SessionAction

_CALLER_BEFORE_ANSWER = {
    _I.PROGRESS_CAME: SessionStep(_A.REPORT_PROGRESS, _S.PROCEEDING),
    _I.ANSWER_CAME: SessionStep(_A.CONNECT, _S.CONFIRMED),
    _I.OFFER_CAME: SessionStep(_A.CONNECT, _S.ACKNOWLEDGING),
    _I.FAILED: SessionStep(_A.FAIL, _S.ENDED),
    _I.CANCEL: SessionStep(_A.CANCEL, _S.CANCELLING),
    _I.BYE: SessionStep(_A.CANCEL, _S.CANCELLING),
}
_CALLED_BEFORE_ANSWER = {
    _I.REFUSE: SessionStep(_A.REFUSE, _S.ENDED),
    _I.CANCEL_CAME: SessionStep(_A.TERMINATE, _S.ENDED),
    _I.BYE_CAME: SessionStep(_A.TERMINATE, _S.ENDED),
    _I.UNPRACKED: SessionStep(_A.REFUSE_UNPRACKED, _S.ENDED),
    _I.BYE: SessionStep(_A.REFUSE, _S.ENDED),
}
_ROWS: dict[SessionState, dict[SessionInput, SessionStep]] = {
    _S.CALLING: _CALLER_BEFORE_ANSWER,
    _S.PROCEEDING: {**_CALLER_BEFORE_ANSWER, _I.ACKNOWLEDGE: SessionStep(_A.ACKNOWLEDGE, _S.PROCEEDING)},
    _S.CANCELLING: {
        _I.ANSWER_CAME: SessionStep(_A.HANG_UP, _S.ENDED),
        _I.OFFER_CAME: SessionStep(_A.HANG_UP, _S.ENDED),
        _I.FAILED: SessionStep(_A.FORGET, _S.ENDED),
    },
    _S.ACKNOWLEDGING: {
        _I.ACKNOWLEDGE: SessionStep(_A.ACKNOWLEDGE, _S.CONFIRMED),
        _I.BYE: SessionStep(_A.ACKNOWLEDGE_AND_RELEASE, _S.ENDING),
        _I.CANCEL: SessionStep(_A.ACKNOWLEDGE_AND_RELEASE, _S.ENDING),
        _I.BYE_CAME: SessionStep(_A.END, _S.ENDED),
        _I.LOST: SessionStep(_A.RELEASE_LOST, _S.ENDING),
    },
    _S.INCOMING: {
        **_CALLED_BEFORE_ANSWER,
        _I.PROGRESS: SessionStep(_A.RING, _S.INCOMING),
        _I.ANSWER: SessionStep(_A.ANSWER, _S.ANSWERED),
        _I.ANSWER_UNPRACKED: SessionStep(_A.HOLD_ANSWER, _S.ANSWERING),
    },
    _S.ANSWERING: {**_CALLED_BEFORE_ANSWER, _I.PRACKED: SessionStep(_A.ANSWER, _S.ANSWERED)},
    _S.ANSWERED: {
        _I.ACK_CAME: SessionStep(_A.CONFIRM, _S.CONFIRMED),
        _I.BYE: SessionStep(_A.AWAIT_ACK, _S.LEAVING),
        _I.BYE_CAME: SessionStep(_A.END, _S.ENDED),
        _I.UNACKNOWLEDGED: SessionStep(_A.RELEASE_LOST, _S.ENDING),
        _I.LOST: SessionStep(_A.RELEASE_LOST, _S.ENDING),
    },
    _S.LEAVING: {
        _I.ACK_CAME: SessionStep(_A.RELEASE, _S.ENDING),
        _I.UNACKNOWLEDGED: SessionStep(_A.RELEASE, _S.ENDING),
        _I.BYE_CAME: SessionStep(_A.FORGET, _S.ENDED),
        _I.LOST: SessionStep(_A.RELEASE, _S.ENDING),
    },
    _S.CONFIRMED: {
        _I.ACKNOWLEDGE: SessionStep(_A.ACKNOWLEDGE, _S.CONFIRMED),
        _I.BYE: SessionStep(_A.RELEASE, _S.ENDING),
        _I.CANCEL: SessionStep(_A.RELEASE, _S.ENDING),
        _I.BYE_CAME: SessionStep(_A.END, _S.ENDED),
        _I.LOST: SessionStep(_A.RELEASE_LOST, _S.ENDING),
        # No ACK to our 2xx of a re-INVITE.
        _I.UNACKNOWLEDGED: SessionStep(_A.RELEASE_LOST, _S.ENDING),
    },
    _S.ENDING: {
        _I.DONE: SessionStep(_A.FORGET, _S.ENDED),
        # Our BYE still waits for its answer; the dialog is kept until then.
        _I.BYE_CAME: SessionStep(_A.IGNORE, _S.ENDING),
    },
    _S.ENDED: {},
}

TABLE: dict[SessionState, dict[SessionInput, SessionStep]] = {
    state: {one: _ROWS[state].get(one, SessionStep(_A.IGNORE, state)) for one in SessionInput}
    for state in SessionState
}
"""Every state with every input."""

ROUND_TRIPS = 64
"""How many T1 an answer is repeated, and a peer's ACK or PRACK waited for (RFC 3261 §13.3.1.4, RFC 3262 §3)."""

TIMERS: dict[SessionState, SessionInput] = {
    SessionState.ANSWERED: SessionInput.UNACKNOWLEDGED,
    SessionState.LEAVING: SessionInput.UNACKNOWLEDGED,
    SessionState.INCOMING: SessionInput.UNPRACKED,
    SessionState.ANSWERING: SessionInput.UNPRACKED,
    SessionState.CONFIRMED: SessionInput.UNACKNOWLEDGED,
}
"""What becomes of what is repeated in a state when nobody reacts within ROUND_TRIPS * T1."""

EARLY = frozenset(
    (
        SessionState.CALLING,
        SessionState.PROCEEDING,
        SessionState.CANCELLING,
        SessionState.INCOMING,
        SessionState.ANSWERING,
    )
)
"""Before the 2xx."""
OVER = frozenset((SessionState.ENDING, SessionState.ENDED))
"""Nothing is to be done with the call any more."""
