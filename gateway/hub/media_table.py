"""The states of an exchange of media within a call: an offer that one leg makes, carried to the other."""

from enum import StrEnum


class MediaState(StrEnum):
    """RELAYED: the other leg has the offer. CONFIRMING: the offerer was given the other's offer, and its answer is
    awaited. STANDING_IN: it was given the last description of the other, who cannot make an offer.
    """

    IDLE = "idle"
    RELAYED = "relayed"
    CONFIRMING = "confirming"
    STANDING_IN = "standing in"


class MediaInput(StrEnum):
    """What happens. OFFERED: media, or a request for an offer that the other leg can answer. ASKED_IN_VAIN: a request
    for an offer that it cannot. BUSY: an offer while the other leg still owes an answer. ACCEPTED_LATE: the other leg
    has made an offer. CONFIRMED_AS_WAS: with what the other leg knows already. STRAY: an answer nobody waits for.
    CALL_ANSWERED: the call itself was answered with an offer, since it had none.
    """

    OFFERED = "offered"
    ASKED_IN_VAIN = "asked in vain"
    BUSY = "busy"
    ACCEPTED = "accepted"
    ACCEPTED_LATE = "accepted with an offer"
    DECLINED = "declined"
    CONFIRMED = "confirmed"
    CONFIRMED_AS_WAS = "confirmed as it was"
    STRAY = "stray answer"
    SILENCE = "silence"
    ABANDONED = "abandoned"
    CALL_ANSWERED = "call answered with an offer"


class MediaAction(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    CARRY = "carry the offer over"
    STAND_IN = "give the last description of the other"
    NOT_NOW = "decline with 491"
    ACCEPT = "accept"
    DECLINE = "decline"
    TIME_OUT = "decline with 408"
    CONFIRM = "pass the answer on"
    CONFIRM_AS_WAS = "confirm with what was said before"
    OFFER_ANSWER = "offer the answer to the other"


_S, _I, _A = MediaState, MediaInput, MediaAction

_ANYTIME: dict[MediaInput, MediaAction] = {
    _I.BUSY: _A.NOT_NOW,
    _I.STRAY: _A.CONFIRM_AS_WAS,
}
_BUSY_STATES = (_S.RELAYED, _S.CONFIRMING, _S.STANDING_IN)

TABLE: dict[tuple[MediaState, MediaInput], tuple[MediaAction, MediaState]] = {
    **{(state, each): (_A.IGNORE, state) for state in MediaState for each in MediaInput},
    **{(state, each): (action, state) for state in MediaState for each, action in _ANYTIME.items()},
    **{(state, each): (_A.NOT_NOW, state) for state in _BUSY_STATES for each in (_I.OFFERED, _I.ASKED_IN_VAIN)},
    **{(state, _I.CALL_ANSWERED): (_A.IGNORE, _S.CONFIRMING) for state in MediaState},
    (_S.IDLE, _I.OFFERED): (_A.CARRY, _S.RELAYED),
    (_S.IDLE, _I.ASKED_IN_VAIN): (_A.STAND_IN, _S.STANDING_IN),
    (_S.RELAYED, _I.ACCEPTED): (_A.ACCEPT, _S.IDLE),
    (_S.RELAYED, _I.ACCEPTED_LATE): (_A.ACCEPT, _S.CONFIRMING),
    (_S.RELAYED, _I.DECLINED): (_A.DECLINE, _S.IDLE),
    (_S.RELAYED, _I.SILENCE): (_A.TIME_OUT, _S.IDLE),
    (_S.RELAYED, _I.ABANDONED): (_A.NOT_NOW, _S.IDLE),
    (_S.CONFIRMING, _I.CONFIRMED): (_A.CONFIRM, _S.IDLE),
    (_S.CONFIRMING, _I.CONFIRMED_AS_WAS): (_A.CONFIRM, _S.IDLE),
    (_S.CONFIRMING, _I.SILENCE): (_A.CONFIRM_AS_WAS, _S.IDLE),
    (_S.CONFIRMING, _I.ABANDONED): (_A.CONFIRM_AS_WAS, _S.IDLE),
    (_S.STANDING_IN, _I.CONFIRMED): (_A.OFFER_ANSWER, _S.IDLE),
    (_S.STANDING_IN, _I.CONFIRMED_AS_WAS): (_A.IGNORE, _S.IDLE),
    (_S.STANDING_IN, _I.SILENCE): (_A.IGNORE, _S.IDLE),
    (_S.STANDING_IN, _I.ABANDONED): (_A.IGNORE, _S.IDLE),
}

PATIENCE = 64.0
"""How long each of the states but IDLE lasts at most, in T1 (32 s); then comes SILENCE."""
