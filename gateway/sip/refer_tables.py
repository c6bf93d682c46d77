"""Both ends of a refer subscription as tables (RFC 3515 §2.4, RFC 6665 §4)."""

from enum import StrEnum
from typing import NamedTuple


class ReferralState(StrEnum):
    """How far a REFER that we received has come.

    ASKED: unanswered. ACTIVE: accepted, the transferor listens. QUIET: accepted, nobody listens (any more). ENDING:
    the final word is out.
    """

    ASKED = "asked"
    ACTIVE = "active"
    QUIET = "quiet"
    ENDING = "ending"
    OVER = "over"


class ReferralInput(StrEnum):
    """ACCEPT_QUIETLY: no subscription is wanted. LATE: nobody has answered the REFER. PAUSE_OVER: a second has passed
    since the last NOTIFY. TAKEN, DROPPED: a NOTIFY of progress was answered, or refused so that the subscription is
    over (RFC 6665 §4.2.2). FINAL_DONE: the final NOTIFY was answered, refused, or has timed out.
    """

    ACCEPT = "accept"
    ACCEPT_QUIETLY = "accept quietly"
    REFUSE = "refuse"
    LATE = "late"
    PROGRESS = "progress"
    FINAL = "final"
    PAUSE_OVER = "pause over"
    TAKEN = "taken"
    DROPPED = "dropped"
    FINAL_DONE = "final done"
    REFRESH = "refresh"
    UNSUBSCRIBE = "unsubscribe"
    EXPIRED = "expired"


class ReferralAction(StrEnum):
    """IGNORE is deliberate. REJECT: the SUBSCRIBE finds nothing. STOP: a last NOTIFY, then nobody listens."""

    IGNORE = "ignore"
    ACCEPT = "accept"
    ACCEPT_QUIETLY = "accept quietly"
    REFUSE = "refuse"
    GIVE_UP = "give up"
    NOTE = "note"
    SEND_NEWEST = "send newest"
    SEND_FINAL = "send final"
    END_QUIETLY = "end quietly"
    UNHEARD = "unheard"
    DELIVERED = "delivered"
    REFRESH = "refresh"
    STOP = "stop"
    UNSUBSCRIBE = "unsubscribe"
    REJECT = "reject"


class ReferralRow(NamedTuple):
    """What is done, and the state thereafter."""

    action: ReferralAction
    state: ReferralState


_S, _I, _A = ReferralState, ReferralInput, ReferralAction
_REJECTED = {_I.REFRESH: _A.REJECT, _I.UNSUBSCRIBE: _A.REJECT}


def _referral(
    state: ReferralState, rows: dict[ReferralInput, tuple[ReferralAction, ReferralState]]
) -> dict[tuple[ReferralState, ReferralInput], ReferralRow]:
    """The row of each input; a SUBSCRIBE that is not named is rejected, anything else ignored."""
    return {
        (state, input_): ReferralRow(*rows.get(input_, (_REJECTED.get(input_, _A.IGNORE), state)))
        for input_ in ReferralInput
    }


REFERRAL: dict[tuple[ReferralState, ReferralInput], ReferralRow] = {
    **_referral(
        _S.ASKED,
        {
            _I.ACCEPT: (_A.ACCEPT, _S.ACTIVE),
            _I.ACCEPT_QUIETLY: (_A.ACCEPT_QUIETLY, _S.QUIET),
            _I.REFUSE: (_A.REFUSE, _S.OVER),
            _I.LATE: (_A.GIVE_UP, _S.OVER),
        },
    ),
    **_referral(
        _S.ACTIVE,
        {
            _I.PROGRESS: (_A.NOTE, _S.ACTIVE),
            _I.PAUSE_OVER: (_A.SEND_NEWEST, _S.ACTIVE),
            _I.TAKEN: (_A.SEND_NEWEST, _S.ACTIVE),
            _I.DROPPED: (_A.UNHEARD, _S.QUIET),
            _I.FINAL: (_A.SEND_FINAL, _S.ENDING),
            _I.REFRESH: (_A.REFRESH, _S.ACTIVE),
            _I.UNSUBSCRIBE: (_A.UNSUBSCRIBE, _S.QUIET),
            _I.EXPIRED: (_A.STOP, _S.QUIET),
        },
    ),
    **_referral(_S.QUIET, {_I.FINAL: (_A.END_QUIETLY, _S.ENDING)}),
    **_referral(_S.ENDING, {_I.FINAL_DONE: (_A.DELIVERED, _S.OVER)}),
    **_referral(_S.OVER, {}),
}
"""The notifier: what becomes of a REFER that we received."""


class SubscriptionPhase(StrEnum):
    """How far a REFER of ours has come.

    ASKED: unanswered. NOTIFIED: unanswered, but a NOTIFY says that it was accepted (RFC 3515 §2.4.4). ACTIVE:
    accepted. LINGERING: nothing more is expected, but what comes is still answered.
    """

    NEW = "new"
    ASKED = "asked"
    NOTIFIED = "notified"
    ACTIVE = "active"
    LINGERING = "lingering"
    OVER = "over"


class SubscriptionInput(StrEnum):
    """ACCEPTED_SILENTLY: 2xx that promises no NOTIFY. PROGRESS, FINAL: a NOTIFY by its status. FINAL_OPEN: a final
    one that leaves the subscription active. TERMINATED: one that ends it without a final status.
    """

    SEND = "send"
    ACCEPTED = "accepted"
    ACCEPTED_SILENTLY = "accepted silently"
    REFUSED = "refused"
    PROGRESS = "progress"
    FINAL = "final"
    FINAL_OPEN = "final open"
    TERMINATED = "terminated"
    EXPIRED = "expired"
    CLOSE = "close"


class SubscriptionAction(StrEnum):
    """ACCEPT_…: the owner first learns that the REFER was accepted. ANSWER: the NOTIFY gets 200, nobody is told."""

    IGNORE = "ignore"
    SEND = "send"
    ANSWERED = "answered"
    ANSWERED_END = "answered, end"
    REFUSED = "refused"
    ACCEPT_PROGRESS = "accept, progress"
    ACCEPT_FINAL = "accept, final"
    ACCEPT_END = "accept, end"
    PROGRESS = "progress"
    FINAL = "final"
    END = "end"
    ANSWER = "answer"
    LEAVE = "leave"
    UNSUBSCRIBE = "unsubscribe"


class SubscriptionRow(NamedTuple):
    """What is done, and the state thereafter."""

    action: SubscriptionAction
    phase: SubscriptionPhase


_P, _J, _B = SubscriptionPhase, SubscriptionInput, SubscriptionAction
_NOTIFIES = (_J.PROGRESS, _J.FINAL, _J.FINAL_OPEN, _J.TERMINATED)


def _subscription(
    phase: SubscriptionPhase, rows: dict[SubscriptionInput, tuple[SubscriptionAction, SubscriptionPhase]]
) -> dict[tuple[SubscriptionPhase, SubscriptionInput], SubscriptionRow]:
    """The row of each input; a NOTIFY that is not named is answered, anything else ignored."""
    return {
        (phase, input_): SubscriptionRow(*rows.get(input_, (_B.ANSWER if input_ in _NOTIFIES else _B.IGNORE, phase)))
        for input_ in SubscriptionInput
    }


SUBSCRIPTION: dict[tuple[SubscriptionPhase, SubscriptionInput], SubscriptionRow] = {
    **_subscription(_P.NEW, {_J.SEND: (_B.SEND, _P.ASKED), _J.CLOSE: (_B.LEAVE, _P.OVER)}),
    **_subscription(
        _P.ASKED,
        {
            _J.ACCEPTED: (_B.ANSWERED, _P.ACTIVE),
            _J.ACCEPTED_SILENTLY: (_B.ANSWERED_END, _P.LINGERING),
            _J.REFUSED: (_B.REFUSED, _P.OVER),
            _J.PROGRESS: (_B.ACCEPT_PROGRESS, _P.NOTIFIED),
            _J.FINAL: (_B.ACCEPT_FINAL, _P.LINGERING),
            _J.FINAL_OPEN: (_B.ACCEPT_FINAL, _P.LINGERING),
            _J.TERMINATED: (_B.ACCEPT_END, _P.LINGERING),
            _J.EXPIRED: (_B.END, _P.LINGERING),
            _J.CLOSE: (_B.LEAVE, _P.LINGERING),
        },
    ),
    **_subscription(
        _P.NOTIFIED,
        {
            _J.ACCEPTED: (_B.IGNORE, _P.ACTIVE),
            _J.ACCEPTED_SILENTLY: (_B.IGNORE, _P.ACTIVE),
            _J.REFUSED: (_B.END, _P.OVER),
            _J.PROGRESS: (_B.PROGRESS, _P.NOTIFIED),
            _J.FINAL: (_B.FINAL, _P.LINGERING),
            _J.FINAL_OPEN: (_B.FINAL, _P.LINGERING),
            _J.TERMINATED: (_B.END, _P.LINGERING),
            _J.EXPIRED: (_B.END, _P.LINGERING),
            _J.CLOSE: (_B.UNSUBSCRIBE, _P.LINGERING),
        },
    ),
    **_subscription(
        _P.ACTIVE,
        {
            _J.PROGRESS: (_B.PROGRESS, _P.ACTIVE),
            _J.FINAL: (_B.FINAL, _P.OVER),
            _J.FINAL_OPEN: (_B.FINAL, _P.LINGERING),
            _J.TERMINATED: (_B.END, _P.OVER),
            _J.EXPIRED: (_B.END, _P.LINGERING),
            _J.CLOSE: (_B.UNSUBSCRIBE, _P.LINGERING),
        },
    ),
    **_subscription(_P.LINGERING, {_J.EXPIRED: (_B.LEAVE, _P.OVER)}),
    **_subscription(_P.OVER, {}),
}
"""The subscriber: what becomes of a REFER that we sent."""
