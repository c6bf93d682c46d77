"""The life of one transfer as a table: state and input give an action and the next state; every state has its timer.

"Alone" means that the transferor has gone and that the transfer looks after the transferee (RFC 5589 §6: a BYE right
after the REFER does not stop the transfer).
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a transfer is."""

    BEGUN = "begun"
    ASKING = "asking"
    REFERRED = "referred"
    REFERRED_ALONE = "referred-alone"
    REFERRED_AWAY = "referred-away"
    DIALLING = "dialling"
    DIALLING_ALONE = "dialling-alone"
    HANDING = "handing"
    HANDING_ALONE = "handing-alone"
    HEARING = "hearing"
    JOINING = "joining"
    JOINING_ALONE = "joining-alone"
    REPORTED = "reported"
    RELEASING = "releasing"
    WITHDRAWING = "withdrawing"
    RECALLING = "recalling"
    OVER = "over"


class Input(StrEnum):
    """What can happen to a transfer."""

    CONSUME = "consume"
    JOIN = "join"
    PASS = "pass"  # noqa: S105
    INITIATE = "initiate"
    HAND = "hand"
    HANDED = "handed"
    HAND_FAILED = "hand-failed"
    PROGRESSED = "progressed"
    EARLY_MEDIA = "early-media"
    ANSWERED = "answered"
    FAILED = "failed"
    CONNECTED = "connected"
    NOT_CONNECTED = "not-connected"
    REFER_PROGRESSED = "refer-progressed"
    REFER_SUCCEEDED = "refer-succeeded"
    REFER_FAILED = "refer-failed"
    REFER_UNABLE = "refer-unable"
    TRANSFEROR_LEFT = "transferor-left"
    TRANSFEREE_LEFT = "transferee-left"
    TARGET_LEFT = "target-left"
    OWED_LEFT = "owed-left"
    ALL_LEFT = "all-left"
    DELIVERED = "delivered"
    UNHEARD = "unheard"
    TIMED_OUT = "timed-out"
    RESTARTED = "restarted"


class Action(StrEnum):
    """What is done about it; `gateway.hub.transfer` knows how."""

    NOTHING = "nothing"
    NOTE = "note"
    DIAL = "dial"
    JOIN_CALLS = "join-calls"
    ASK_TRANSFEREE = "ask-transferee"
    ACCEPT = "accept"
    ACCEPT_AND_KEEP = "accept-and-keep"
    REFUSE = "refuse"
    REFUSE_DESERTED = "refuse-deserted"
    RELAY_PROGRESS = "relay-progress"
    PASSED_ON = "passed-on"
    INITIATE = "initiate"
    HAND_OVER = "hand-over"
    NOTE_ANSWER = "note-answer"
    RESUME = "resume"
    HANDED_OVER = "handed-over"
    DESERTED_HANDING = "deserted-handing"
    KEEP_TRANSFEREE = "keep-transferee"
    KEEP_TRANSFEROR = "keep-transferor"
    CONNECT = "connect"
    CONNECT_AGAIN = "connect-again"
    CLEAR_ANSWERED = "clear-answered"
    PLAY = "play"
    GIVE_BACK = "give-back"
    GIVE_UP = "give-up"
    UNDO = "undo"
    DESERTED = "deserted"
    DESERTED_JOINING = "deserted-joining"
    ABANDON = "abandon"
    SUCCEED = "succeed"
    FAIL_APART = "fail-apart"
    RECALL = "recall"
    RECALLED = "recalled"
    DROP = "drop"
    WITHDRAW = "withdraw"
    RELEASE_OWED = "release-owed"
    RELEASE = "release"


class Wait(StrEnum):
    """What a state's timer bounds."""

    NOTHING = "nothing"
    ANSWER_TO_REFER = "answer-to-refer"
    TRANSFER = "transfer"
    DELIVERY = "delivery"
    BYE = "bye"
    RECALL = "recall"


Row = tuple[Action, State]

_A, _I, _S = Action, Input, State

_TELLING: Mapping[Input, Row] = {
    _I.TRANSFEROR_LEFT: (_A.NOTE, _S.REPORTED),
    _I.OWED_LEFT: (_A.NOTE, _S.REPORTED),
    _I.ALL_LEFT: (_A.NOTHING, _S.OVER),
    _I.DELIVERED: (_A.RELEASE_OWED, _S.RELEASING),
    _I.UNHEARD: (_A.RELEASE_OWED, _S.RELEASING),
    _I.TIMED_OUT: (_A.RELEASE_OWED, _S.RELEASING),
    _I.RESTARTED: (_A.RELEASE_OWED, _S.RELEASING),
    _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.REPORTED),
}

TABLE: Mapping[State, Mapping[Input, Row]] = {
    _S.BEGUN: {
        _I.CONSUME: (_A.DIAL, _S.DIALLING),
        _I.PASS: (_A.ASK_TRANSFEREE, _S.ASKING),
        _I.INITIATE: (_A.INITIATE, _S.REFERRED),
    },
    # The REFER has gone on to the transferee; its answer answers the transferor.
    _S.ASKING: {
        _I.REFER_PROGRESSED: (_A.ACCEPT, _S.REFERRED),
        _I.REFER_SUCCEEDED: (_A.PASSED_ON, _S.REPORTED),
        _I.REFER_FAILED: (_A.REFUSE, _S.OVER),
        _I.REFER_UNABLE: (_A.DIAL, _S.DIALLING),
        _I.TRANSFEROR_LEFT: (_A.ACCEPT_AND_KEEP, _S.REFERRED_ALONE),
        _I.TRANSFEREE_LEFT: (_A.REFUSE_DESERTED, _S.OVER),
        _I.TIMED_OUT: (_A.ACCEPT, _S.REFERRED),
        _I.UNHEARD: (_A.NOTE, _S.ASKING),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.ASKING),
        _I.RESTARTED: (_A.NOTHING, _S.OVER),
    },
    _S.REFERRED: {
        _I.REFER_PROGRESSED: (_A.RELAY_PROGRESS, _S.REFERRED),
        _I.REFER_SUCCEEDED: (_A.PASSED_ON, _S.REPORTED),
        _I.REFER_FAILED: (_A.GIVE_UP, _S.OVER),
        _I.REFER_UNABLE: (_A.DIAL, _S.DIALLING),
        _I.TRANSFEROR_LEFT: (_A.KEEP_TRANSFEREE, _S.REFERRED_ALONE),
        _I.TRANSFEREE_LEFT: (_A.KEEP_TRANSFEROR, _S.REFERRED_AWAY),
        _I.TIMED_OUT: (_A.GIVE_UP, _S.OVER),
        _I.UNHEARD: (_A.NOTE, _S.REFERRED),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.REFERRED),
        _I.RESTARTED: (_A.NOTHING, _S.REFERRED),
    },
    _S.REFERRED_ALONE: {
        _I.REFER_SUCCEEDED: (_A.PASSED_ON, _S.REPORTED),
        _I.REFER_FAILED: (_A.RECALL, _S.RECALLING),
        _I.REFER_UNABLE: (_A.DIAL, _S.DIALLING_ALONE),
        _I.TRANSFEREE_LEFT: (_A.ABANDON, _S.OVER),
        _I.TIMED_OUT: (_A.RECALL, _S.RECALLING),
        _I.UNHEARD: (_A.NOTE, _S.REFERRED_ALONE),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.REFERRED_ALONE),
        _I.RESTARTED: (_A.RECALL, _S.RECALLING),
    },
    # The transferee has hung up after it accepted: as a rule because it talks to the target already.
    _S.REFERRED_AWAY: {
        _I.REFER_PROGRESSED: (_A.RELAY_PROGRESS, _S.REFERRED_AWAY),
        _I.REFER_SUCCEEDED: (_A.PASSED_ON, _S.REPORTED),
        _I.REFER_FAILED: (_A.WITHDRAW, _S.WITHDRAWING),
        _I.REFER_UNABLE: (_A.WITHDRAW, _S.WITHDRAWING),
        _I.TRANSFEROR_LEFT: (_A.ABANDON, _S.OVER),
        _I.TIMED_OUT: (_A.WITHDRAW, _S.WITHDRAWING),
        _I.UNHEARD: (_A.NOTE, _S.REFERRED_AWAY),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.REFERRED_AWAY),
        _I.RESTARTED: (_A.WITHDRAW, _S.WITHDRAWING),
    },
    _S.DIALLING: {
        _I.JOIN: (_A.JOIN_CALLS, _S.JOINING),
        _I.HAND: (_A.HAND_OVER, _S.HANDING),
        _I.PROGRESSED: (_A.RELAY_PROGRESS, _S.DIALLING),
        _I.EARLY_MEDIA: (_A.PLAY, _S.HEARING),
        _I.ANSWERED: (_A.CONNECT, _S.JOINING),
        _I.FAILED: (_A.GIVE_UP, _S.OVER),
        _I.TRANSFEROR_LEFT: (_A.KEEP_TRANSFEREE, _S.DIALLING_ALONE),
        _I.TRANSFEREE_LEFT: (_A.DESERTED, _S.WITHDRAWING),
        _I.OWED_LEFT: (_A.NOTE, _S.DIALLING),
        _I.TIMED_OUT: (_A.GIVE_UP, _S.OVER),
        _I.UNHEARD: (_A.NOTE, _S.DIALLING),
        _I.RESTARTED: (_A.GIVE_UP, _S.OVER),
    },
    _S.DIALLING_ALONE: {
        _I.JOIN: (_A.JOIN_CALLS, _S.JOINING_ALONE),
        _I.HAND: (_A.HAND_OVER, _S.HANDING_ALONE),
        _I.PROGRESSED: (_A.RELAY_PROGRESS, _S.DIALLING_ALONE),
        _I.EARLY_MEDIA: (_A.PLAY, _S.DIALLING_ALONE),
        _I.ANSWERED: (_A.CONNECT, _S.JOINING_ALONE),
        _I.FAILED: (_A.RECALL, _S.RECALLING),
        _I.TRANSFEREE_LEFT: (_A.DESERTED, _S.WITHDRAWING),
        _I.OWED_LEFT: (_A.NOTE, _S.DIALLING_ALONE),
        _I.TIMED_OUT: (_A.RECALL, _S.RECALLING),
        _I.UNHEARD: (_A.NOTE, _S.DIALLING_ALONE),
        _I.RESTARTED: (_A.RECALL, _S.RECALLING),
    },
    # The network has been asked to join the transferee's call with that of the target, which rings or has answered.
    _S.HANDING: {
        _I.HANDED: (_A.HANDED_OVER, _S.REPORTED),
        _I.HAND_FAILED: (_A.RESUME, _S.DIALLING),
        _I.PROGRESSED: (_A.RELAY_PROGRESS, _S.HANDING),
        _I.ANSWERED: (_A.NOTE_ANSWER, _S.HANDING),
        _I.FAILED: (_A.GIVE_UP, _S.OVER),
        _I.TRANSFEROR_LEFT: (_A.KEEP_TRANSFEREE, _S.HANDING_ALONE),
        _I.TRANSFEREE_LEFT: (_A.DESERTED_HANDING, _S.WITHDRAWING),
        _I.TARGET_LEFT: (_A.GIVE_UP, _S.OVER),
        _I.OWED_LEFT: (_A.NOTE, _S.HANDING),
        _I.TIMED_OUT: (_A.RESUME, _S.DIALLING),
        _I.UNHEARD: (_A.NOTE, _S.HANDING),
        _I.RESTARTED: (_A.RESUME, _S.DIALLING),
    },
    _S.HANDING_ALONE: {
        _I.HANDED: (_A.HANDED_OVER, _S.REPORTED),
        _I.HAND_FAILED: (_A.RESUME, _S.DIALLING_ALONE),
        _I.PROGRESSED: (_A.RELAY_PROGRESS, _S.HANDING_ALONE),
        _I.ANSWERED: (_A.NOTE_ANSWER, _S.HANDING_ALONE),
        _I.FAILED: (_A.RECALL, _S.RECALLING),
        _I.TRANSFEREE_LEFT: (_A.DESERTED_HANDING, _S.WITHDRAWING),
        _I.TARGET_LEFT: (_A.RECALL, _S.RECALLING),
        _I.OWED_LEFT: (_A.NOTE, _S.HANDING_ALONE),
        _I.TIMED_OUT: (_A.RESUME, _S.DIALLING_ALONE),
        _I.UNHEARD: (_A.NOTE, _S.HANDING_ALONE),
        _I.RESTARTED: (_A.RESUME, _S.DIALLING_ALONE),
    },
    # As dialling, and the transferee hears the target ring: the first call has to be put together again.
    _S.HEARING: {
        _I.PROGRESSED: (_A.RELAY_PROGRESS, _S.HEARING),
        _I.EARLY_MEDIA: (_A.PLAY, _S.HEARING),
        _I.ANSWERED: (_A.CONNECT, _S.JOINING),
        _I.FAILED: (_A.GIVE_BACK, _S.OVER),
        _I.TRANSFEROR_LEFT: (_A.NOTE, _S.DIALLING_ALONE),
        _I.TRANSFEREE_LEFT: (_A.DESERTED, _S.WITHDRAWING),
        _I.OWED_LEFT: (_A.NOTE, _S.HEARING),
        _I.TIMED_OUT: (_A.GIVE_BACK, _S.OVER),
        _I.UNHEARD: (_A.NOTE, _S.HEARING),
        _I.RESTARTED: (_A.GIVE_BACK, _S.OVER),
    },
    # Transferee and target have a call of their own, which agrees on the media.
    _S.JOINING: {
        _I.CONNECTED: (_A.SUCCEED, _S.REPORTED),
        _I.NOT_CONNECTED: (_A.UNDO, _S.OVER),
        _I.TRANSFEROR_LEFT: (_A.NOTE, _S.JOINING_ALONE),
        _I.TRANSFEREE_LEFT: (_A.DESERTED_JOINING, _S.WITHDRAWING),
        _I.TARGET_LEFT: (_A.UNDO, _S.OVER),
        _I.OWED_LEFT: (_A.NOTE, _S.JOINING),
        _I.TIMED_OUT: (_A.UNDO, _S.OVER),
        _I.UNHEARD: (_A.NOTE, _S.JOINING),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.JOINING),
        _I.RESTARTED: (_A.CONNECT_AGAIN, _S.JOINING),
    },
    _S.JOINING_ALONE: {
        _I.CONNECTED: (_A.SUCCEED, _S.REPORTED),
        _I.NOT_CONNECTED: (_A.FAIL_APART, _S.WITHDRAWING),
        _I.TRANSFEREE_LEFT: (_A.DESERTED_JOINING, _S.WITHDRAWING),
        _I.TARGET_LEFT: (_A.RECALL, _S.RECALLING),
        _I.OWED_LEFT: (_A.NOTE, _S.JOINING_ALONE),
        _I.TIMED_OUT: (_A.FAIL_APART, _S.WITHDRAWING),
        _I.UNHEARD: (_A.NOTE, _S.JOINING_ALONE),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.JOINING_ALONE),
        _I.RESTARTED: (_A.CONNECT_AGAIN, _S.JOINING_ALONE),
    },
    # Success was told. The BYE that we owe waits until that was heard, the transferor's own BYE is awaited after it.
    _S.REPORTED: _TELLING,
    _S.RELEASING: {
        _I.TRANSFEROR_LEFT: (_A.NOTE, _S.RELEASING),
        _I.OWED_LEFT: (_A.NOTE, _S.RELEASING),
        _I.ALL_LEFT: (_A.NOTHING, _S.OVER),
        _I.TIMED_OUT: (_A.RELEASE, _S.OVER),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.RELEASING),
        _I.RESTARTED: (_A.NOTHING, _S.RELEASING),
    },
    # Failure was told to a transferor that has nobody left to talk to.
    _S.WITHDRAWING: {
        _I.TRANSFEROR_LEFT: (_A.NOTE, _S.WITHDRAWING),
        _I.OWED_LEFT: (_A.NOTE, _S.WITHDRAWING),
        _I.ALL_LEFT: (_A.NOTHING, _S.OVER),
        _I.DELIVERED: (_A.RELEASE, _S.OVER),
        _I.UNHEARD: (_A.RELEASE, _S.OVER),
        _I.TIMED_OUT: (_A.RELEASE, _S.OVER),
        _I.ANSWERED: (_A.CLEAR_ANSWERED, _S.WITHDRAWING),
        _I.RESTARTED: (_A.RELEASE, _S.OVER),
    },
    _S.RECALLING: {
        _I.ANSWERED: (_A.RECALLED, _S.OVER),
        _I.FAILED: (_A.DROP, _S.OVER),
        _I.TRANSFEREE_LEFT: (_A.ABANDON, _S.OVER),
        _I.TIMED_OUT: (_A.DROP, _S.OVER),
        _I.RESTARTED: (_A.DROP, _S.OVER),
    },
    _S.OVER: {_I.ANSWERED: (_A.CLEAR_ANSWERED, _S.OVER)},
}
"""Every transition. What is not here is in IGNORED: a test walks all of both."""

_BEGINS = frozenset((_I.CONSUME, _I.PASS, _I.INITIATE))
_HAND = frozenset((_I.HAND, _I.HANDED, _I.HAND_FAILED))
_STARTS = _BEGINS | {_I.JOIN} | _HAND
_LATE_HAND = frozenset((_I.HANDED, _I.HAND_FAILED))
_REFER = frozenset((_I.REFER_PROGRESSED, _I.REFER_SUCCEEDED, _I.REFER_FAILED, _I.REFER_UNABLE))
_DIAL = frozenset((_I.PROGRESSED, _I.EARLY_MEDIA, _I.FAILED))
_JOIN = frozenset((_I.CONNECTED, _I.NOT_CONNECTED))
_LATE = frozenset((_I.TARGET_LEFT, _I.OWED_LEFT, _I.ALL_LEFT, _I.DELIVERED))

IGNORED: Mapping[State, frozenset[Input]] = {
    _S.BEGUN: frozenset(_I) - _BEGINS,
    _S.ASKING: _STARTS | _DIAL | _JOIN | _LATE,
    _S.REFERRED: _STARTS | _DIAL | _JOIN | _LATE,
    _S.REFERRED_ALONE: _STARTS | _DIAL | _JOIN | _LATE | {_I.REFER_PROGRESSED, _I.TRANSFEROR_LEFT},
    _S.REFERRED_AWAY: _STARTS | _DIAL | _JOIN | _LATE | {_I.TRANSFEREE_LEFT},
    _S.DIALLING: _BEGINS | _LATE_HAND | _REFER | _JOIN | {_I.TARGET_LEFT, _I.ALL_LEFT, _I.DELIVERED},
    _S.DIALLING_ALONE: (
        _BEGINS | _LATE_HAND | _REFER | _JOIN | {_I.TARGET_LEFT, _I.ALL_LEFT, _I.DELIVERED, _I.TRANSFEROR_LEFT}
    ),
    _S.HANDING: _BEGINS | {_I.JOIN, _I.HAND, _I.EARLY_MEDIA} | _REFER | _JOIN | {_I.ALL_LEFT, _I.DELIVERED},
    _S.HANDING_ALONE: (
        _BEGINS
        | {_I.JOIN, _I.HAND, _I.EARLY_MEDIA, _I.TRANSFEROR_LEFT}
        | _REFER
        | _JOIN
        | {_I.ALL_LEFT, _I.DELIVERED}
    ),
    _S.HEARING: _STARTS | _REFER | _JOIN | {_I.TARGET_LEFT, _I.ALL_LEFT, _I.DELIVERED},
    _S.JOINING: _STARTS | _REFER | _DIAL | {_I.ALL_LEFT, _I.DELIVERED},
    _S.JOINING_ALONE: _STARTS | _REFER | _DIAL | {_I.ALL_LEFT, _I.DELIVERED, _I.TRANSFEROR_LEFT},
    _S.REPORTED: _STARTS | _REFER | _DIAL | _JOIN | {_I.TRANSFEREE_LEFT, _I.TARGET_LEFT},
    _S.RELEASING: _STARTS | _REFER | _DIAL | _JOIN | {_I.TRANSFEREE_LEFT, _I.TARGET_LEFT, _I.DELIVERED, _I.UNHEARD},
    _S.WITHDRAWING: _STARTS | _REFER | _DIAL | _JOIN | {_I.TRANSFEREE_LEFT, _I.TARGET_LEFT},
    _S.RECALLING: (_STARTS | _REFER | _JOIN | _LATE | _DIAL | {_I.TRANSFEROR_LEFT, _I.UNHEARD}) - {_I.FAILED},
    _S.OVER: frozenset(_I) - {_I.ANSWERED},
}
"""What means nothing in a state: the news crossed something that we did, or tells what we know."""

WAITS: Mapping[State, Wait] = {
    _S.BEGUN: Wait.NOTHING,
    _S.ASKING: Wait.ANSWER_TO_REFER,
    _S.REFERRED: Wait.TRANSFER,
    _S.REFERRED_ALONE: Wait.TRANSFER,
    _S.REFERRED_AWAY: Wait.TRANSFER,
    _S.DIALLING: Wait.TRANSFER,
    _S.DIALLING_ALONE: Wait.TRANSFER,
    _S.HANDING: Wait.TRANSFER,
    _S.HANDING_ALONE: Wait.TRANSFER,
    _S.HEARING: Wait.TRANSFER,
    _S.JOINING: Wait.TRANSFER,
    _S.JOINING_ALONE: Wait.TRANSFER,
    _S.REPORTED: Wait.DELIVERY,
    _S.RELEASING: Wait.BYE,
    _S.WITHDRAWING: Wait.DELIVERY,
    _S.RECALLING: Wait.RECALL,
    _S.OVER: Wait.NOTHING,
}
"""The timer that runs in each state; it goes on over a change to a state that has the same."""
