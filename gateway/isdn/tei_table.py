"""The procedures of TEI management as tables: at the user, and at the network for each TEI (Q.921 5.3)."""

from enum import StrEnum
from typing import NamedTuple


class UserState(StrEnum):
    """What the user side has under way."""

    IDLE = "idle"
    REQUESTING = "requesting"
    VERIFYING = "verifying"


class UserEvent(StrEnum):
    """What happens to it. ASSIGNED, DENIED: with the Ri of our request. TAKEN: our TEI is assigned to another.
    DOUBT: the data link has an error that a TEI used twice would explain. T202_LAST: after N202 attempts.
    """

    WANTED = "TEI wanted"
    DOUBT = "doubt"
    ASSIGNED = "identity assigned"
    DENIED = "identity denied"
    TAKEN = "own TEI assigned to another"
    CHECK = "identity check request"
    REMOVE = "identity remove"
    T202 = "T202"
    T202_LAST = "T202 after N202 attempts"


class UserAction(StrEnum):
    """What it does about it."""

    IGNORE = "ignore"
    REQUEST = "send identity request"
    VERIFY = "send identity verify"
    RESPOND = "send identity check response"
    ASSIGN = "assign"
    REFUSE = "refuse"
    REMOVE = "remove"


class UserRow(NamedTuple):
    """What is done, the state thereafter, and whether T202 runs in it from now on."""

    action: UserAction
    state: UserState
    starts_t202: bool = False


_US, _UE, _UA = UserState, UserEvent, UserAction


def _user(state: UserState, rows: dict[UserEvent, UserRow]) -> dict[tuple[UserState, UserEvent], UserRow]:
    return {(state, event): rows.get(event, UserRow(_UA.IGNORE, state)) for event in UserEvent}


USER: dict[tuple[UserState, UserEvent], UserRow] = {
    **_user(
        _US.IDLE,
        {
            _UE.WANTED: UserRow(_UA.REQUEST, _US.REQUESTING, True),
            _UE.DOUBT: UserRow(_UA.VERIFY, _US.VERIFYING, True),
            _UE.TAKEN: UserRow(_UA.VERIFY, _US.VERIFYING, True),
            _UE.CHECK: UserRow(_UA.RESPOND, _US.IDLE),
            _UE.REMOVE: UserRow(_UA.REMOVE, _US.IDLE),
        },
    ),
    # A refusal is followed by another attempt when T202 is over (5.3.2.1).
    **_user(
        _US.REQUESTING,
        {
            _UE.ASSIGNED: UserRow(_UA.ASSIGN, _US.IDLE),
            _UE.T202: UserRow(_UA.REQUEST, _US.REQUESTING, True),
            _UE.T202_LAST: UserRow(_UA.REFUSE, _US.IDLE),
        },
    ),
    **_user(
        _US.VERIFYING,
        {
            _UE.CHECK: UserRow(_UA.RESPOND, _US.IDLE),
            _UE.REMOVE: UserRow(_UA.REMOVE, _US.IDLE),
            _UE.T202: UserRow(_UA.VERIFY, _US.VERIFYING, True),
            _UE.T202_LAST: UserRow(_UA.REMOVE, _US.IDLE),
        },
    ),
}
"""The user side (5.3.2, 5.3.4, 5.3.5)."""


class TeiState(StrEnum):
    """One TEI at the network. ANSWERED: somebody has it; whether a second one has it too is still to be seen."""

    UNASSIGNED = "unassigned"
    ASSIGNED = "assigned"
    CHECKING = "checking"
    CHECKING_AGAIN = "checking again"
    ANSWERED = "answered"


class TeiEvent(StrEnum):
    """What happens to it. CHECK: there is a doubt, or the user asks."""

    ASSIGN = "assign"
    CHECK = "check"
    RESPONSE = "identity check response"
    T201 = "T201"


class TeiAction(StrEnum):
    """What the network does. REMOVE: the user is told; FREE: nobody has it any more."""

    IGNORE = "ignore"
    ASSIGN = "assign"
    SEND_CHECK = "send identity check request"
    REMOVE = "send identity remove"
    FREE = "free"


class TeiRow(NamedTuple):
    """What is done, the state thereafter, and whether T201 starts."""

    action: TeiAction
    state: TeiState
    starts_t201: bool = False


_TS, _TE, _TA = TeiState, TeiEvent, TeiAction


def _tei(state: TeiState, rows: dict[TeiEvent, TeiRow]) -> dict[tuple[TeiState, TeiEvent], TeiRow]:
    return {(state, event): rows.get(event, TeiRow(_TA.IGNORE, state)) for event in TeiEvent}


NETWORK: dict[tuple[TeiState, TeiEvent], TeiRow] = {
    **_tei(
        _TS.UNASSIGNED,
        {
            _TE.ASSIGN: TeiRow(_TA.ASSIGN, _TS.ASSIGNED),
            _TE.CHECK: TeiRow(_TA.REMOVE, _TS.UNASSIGNED),
            _TE.RESPONSE: TeiRow(_TA.REMOVE, _TS.UNASSIGNED),
        },
    ),
    **_tei(_TS.ASSIGNED, {_TE.CHECK: TeiRow(_TA.SEND_CHECK, _TS.CHECKING, True)}),
    **_tei(
        _TS.CHECKING,
        {
            _TE.RESPONSE: TeiRow(_TA.IGNORE, _TS.ANSWERED),
            _TE.T201: TeiRow(_TA.SEND_CHECK, _TS.CHECKING_AGAIN, True),
        },
    ),
    **_tei(
        _TS.CHECKING_AGAIN,
        {
            _TE.RESPONSE: TeiRow(_TA.IGNORE, _TS.ANSWERED),
            _TE.T201: TeiRow(_TA.FREE, _TS.UNASSIGNED),
        },
    ),
    **_tei(
        _TS.ANSWERED,
        {
            _TE.RESPONSE: TeiRow(_TA.REMOVE, _TS.UNASSIGNED),
            _TE.T201: TeiRow(_TA.IGNORE, _TS.ASSIGNED),
        },
    ),
}
"""The assignment source point at the network, for one TEI (5.3.2 to 5.3.5)."""
