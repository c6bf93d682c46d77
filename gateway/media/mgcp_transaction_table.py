"""The states of a command that was sent to a media gateway (RFC 3435 §3.5)."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """TRYING: nothing came yet. PROCEEDING: a provisional response came. ANSWERED, GIVEN_UP: remembered for T-HIST,
    since more may come.
    """

    TRYING = "trying"
    PROCEEDING = "proceeding"
    ANSWERED = "answered"
    GIVEN_UP = "given up"
    FORGOTTEN = "forgotten"


class Event(StrEnum):
    """What can happen to it; the last three are its timers."""

    PROVISIONAL = "provisional response"
    FINAL = "final response"
    AGAIN = "time to send again"
    LAST = "time to give up"
    OLD = "time to forget"


class Action(StrEnum):
    """What is done. EXTRA: the response may tell of a connection that nobody waits for."""

    IGNORE = "ignore"
    SEND = "send again"
    ANSWER = "hand the response over"
    GIVE_UP = "say that none came"
    EXTRA = "look at the late response"
    FORGET = "forget"


class Timing(StrEnum):
    """What runs from then on. RETRY: the next repetition, twice as late, giving up stays where it was. SLOWLY:
    LONGTRAN-TIMER for both. MEMORY: T-HIST only.
    """

    KEEP = "keep"
    RETRY = "retry"
    SLOWLY = "slowly"
    MEMORY = "memory"
    NONE = "none"


class Row(NamedTuple):
    """What is done, the state thereafter, and its timers."""

    action: Action
    state: State
    timing: Timing = Timing.KEEP


_S, _E, _A, _T = State, Event, Action, Timing

TABLE: dict[tuple[State, Event], Row] = {
    (_S.TRYING, _E.PROVISIONAL): Row(_A.IGNORE, _S.PROCEEDING, _T.SLOWLY),
    (_S.TRYING, _E.FINAL): Row(_A.ANSWER, _S.ANSWERED, _T.MEMORY),
    (_S.TRYING, _E.AGAIN): Row(_A.SEND, _S.TRYING, _T.RETRY),
    (_S.TRYING, _E.LAST): Row(_A.GIVE_UP, _S.GIVEN_UP, _T.MEMORY),
    (_S.TRYING, _E.OLD): Row(_A.IGNORE, _S.TRYING),
    (_S.PROCEEDING, _E.PROVISIONAL): Row(_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _E.FINAL): Row(_A.ANSWER, _S.ANSWERED, _T.MEMORY),
    (_S.PROCEEDING, _E.AGAIN): Row(_A.SEND, _S.PROCEEDING, _T.RETRY),
    (_S.PROCEEDING, _E.LAST): Row(_A.GIVE_UP, _S.GIVEN_UP, _T.MEMORY),
    (_S.PROCEEDING, _E.OLD): Row(_A.IGNORE, _S.PROCEEDING),
    (_S.ANSWERED, _E.PROVISIONAL): Row(_A.IGNORE, _S.ANSWERED),
    (_S.ANSWERED, _E.FINAL): Row(_A.EXTRA, _S.ANSWERED),
    (_S.ANSWERED, _E.AGAIN): Row(_A.IGNORE, _S.ANSWERED),
    (_S.ANSWERED, _E.LAST): Row(_A.IGNORE, _S.ANSWERED),
    (_S.ANSWERED, _E.OLD): Row(_A.FORGET, _S.FORGOTTEN, _T.NONE),
    (_S.GIVEN_UP, _E.PROVISIONAL): Row(_A.IGNORE, _S.GIVEN_UP),
    (_S.GIVEN_UP, _E.FINAL): Row(_A.EXTRA, _S.ANSWERED),
    (_S.GIVEN_UP, _E.AGAIN): Row(_A.IGNORE, _S.GIVEN_UP),
    (_S.GIVEN_UP, _E.LAST): Row(_A.IGNORE, _S.GIVEN_UP),
    (_S.GIVEN_UP, _E.OLD): Row(_A.FORGET, _S.FORGOTTEN, _T.NONE),
    **{(_S.FORGOTTEN, event): Row(_A.IGNORE, _S.FORGOTTEN) for event in Event},
}
