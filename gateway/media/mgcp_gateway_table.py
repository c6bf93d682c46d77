"""What is known of a media gateway: whether it is there, and whether it still knows its connections."""

from enum import StrEnum


class State(StrEnum):
    """UNKNOWN: nothing was heard yet. LEAVING: it has said that it takes no more connections (RFC 3435 §2.3.12)."""

    UNKNOWN = "unknown"
    UP = "up"
    LEAVING = "leaving"
    LOST = "lost"


class Input(StrEnum):
    """What happens. SILENT: a command was given up, and nothing else was heard since it was sent. RESTARTED, FORCED,
    GRACEFUL, DISCONNECTED, CANCELLED: the methods of RestartInProgress. DUE: it is time for an audit. GONE: it does
    not know a connection any more that was there.
    """

    HEARD = "heard"
    SILENT = "silent"
    RESTARTED = "restart"
    DISCONNECTED = "disconnected"
    FORCED = "forced"
    GRACEFUL = "graceful"
    CANCELLED = "cancel-graceful"
    DUE = "audit due"
    GONE = "connection gone"


class Action(StrEnum):
    """What is done. CHECK: every connection is looked after, and set up anew where it is gone."""

    NONE = "nothing"
    AUDIT = "audit"
    CHECK = "check connections"
    SAY_LOST = "say that it is lost"


_S, _I, _A = State, Input, Action

TABLE: dict[tuple[State, Input], tuple[Action, State]] = {
    (_S.UNKNOWN, _I.HEARD): (_A.CHECK, _S.UP),
    (_S.UNKNOWN, _I.SILENT): (_A.SAY_LOST, _S.LOST),
    (_S.UNKNOWN, _I.RESTARTED): (_A.CHECK, _S.UP),
    (_S.UNKNOWN, _I.DISCONNECTED): (_A.CHECK, _S.UP),
    (_S.UNKNOWN, _I.FORCED): (_A.CHECK, _S.LEAVING),
    (_S.UNKNOWN, _I.GRACEFUL): (_A.NONE, _S.LEAVING),
    (_S.UNKNOWN, _I.CANCELLED): (_A.NONE, _S.UP),
    (_S.UNKNOWN, _I.DUE): (_A.AUDIT, _S.UNKNOWN),
    (_S.UNKNOWN, _I.GONE): (_A.CHECK, _S.UNKNOWN),
    (_S.UP, _I.HEARD): (_A.NONE, _S.UP),
    (_S.UP, _I.SILENT): (_A.SAY_LOST, _S.LOST),
    (_S.UP, _I.RESTARTED): (_A.CHECK, _S.UP),
    (_S.UP, _I.DISCONNECTED): (_A.CHECK, _S.UP),
    (_S.UP, _I.FORCED): (_A.CHECK, _S.LEAVING),
    (_S.UP, _I.GRACEFUL): (_A.NONE, _S.LEAVING),
    (_S.UP, _I.CANCELLED): (_A.NONE, _S.UP),
    (_S.UP, _I.DUE): (_A.AUDIT, _S.UP),
    (_S.UP, _I.GONE): (_A.CHECK, _S.UP),
    (_S.LEAVING, _I.HEARD): (_A.NONE, _S.LEAVING),
    (_S.LEAVING, _I.SILENT): (_A.SAY_LOST, _S.LOST),
    (_S.LEAVING, _I.RESTARTED): (_A.CHECK, _S.UP),
    (_S.LEAVING, _I.DISCONNECTED): (_A.CHECK, _S.UP),
    (_S.LEAVING, _I.FORCED): (_A.CHECK, _S.LEAVING),
    (_S.LEAVING, _I.GRACEFUL): (_A.NONE, _S.LEAVING),
    (_S.LEAVING, _I.CANCELLED): (_A.NONE, _S.UP),
    (_S.LEAVING, _I.DUE): (_A.AUDIT, _S.LEAVING),
    (_S.LEAVING, _I.GONE): (_A.CHECK, _S.LEAVING),
    (_S.LOST, _I.HEARD): (_A.CHECK, _S.UP),
    (_S.LOST, _I.SILENT): (_A.NONE, _S.LOST),
    (_S.LOST, _I.RESTARTED): (_A.CHECK, _S.UP),
    (_S.LOST, _I.DISCONNECTED): (_A.CHECK, _S.UP),
    (_S.LOST, _I.FORCED): (_A.CHECK, _S.LEAVING),
    (_S.LOST, _I.GRACEFUL): (_A.NONE, _S.LEAVING),
    (_S.LOST, _I.CANCELLED): (_A.CHECK, _S.UP),
    (_S.LOST, _I.DUE): (_A.AUDIT, _S.LOST),
    (_S.LOST, _I.GONE): (_A.AUDIT, _S.LOST),
}
