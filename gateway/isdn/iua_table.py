"""What we do as an application server process, and on each data link that is at a signalling gateway (RFC 4233 §4).

Timers: T(ack) is how long an answer to ASP Up and ASP Active may take before they are sent again (§4.3.4).
"""

from enum import StrEnum
from typing import NamedTuple


class AspState(StrEnum):
    """§4.3.1. DOWN and INACTIVE say what is asked for: ASP Up, ASP Active. STANDBY: another has the traffic."""

    UNREACHABLE = "unreachable"
    DOWN = "down"
    INACTIVE = "inactive"
    ACTIVE = "active"
    STANDBY = "standby"


class AspInput(StrEnum):
    """What happens to the association, and the messages on it. `SILENCE`: no answer to a heartbeat."""

    ASSOCIATED = "association is up"
    LOST = "association is lost"
    UP_ACK = "ASP Up Ack"
    DOWN_ACK = "ASP Down Ack"
    ACTIVE_ACK = "ASP Active Ack"
    INACTIVE_ACK = "ASP Inactive Ack"
    REPLACED = "NTFY: alternate ASP active"
    NEEDED = "NTFY: AS inactive or pending, or too few ASPs"
    T_ACK = "T(ack)"
    SILENCE = "no heartbeat ack"


class AspAction(StrEnum):
    """What is done. `CLOSE`, alone or with another: the data links are gone for call control."""

    IGNORE = "ignore"
    SEND_UP = "send ASP Up"
    SEND_ACTIVE = "send ASP Active"
    OPEN = "traffic may flow"
    CLOSE = "traffic has stopped"
    CLOSE_AND_SEND_UP = "traffic has stopped; send ASP Up"
    CLOSE_AND_SEND_ACTIVE = "traffic has stopped; send ASP Active"


class AspStep(NamedTuple):
    """One cell. `t_ack`: the timer runs in the state after it."""

    action: AspAction
    state: AspState

    @property
    def t_ack(self) -> bool:
        """Whether an answer is awaited."""
        return self.state in (AspState.DOWN, AspState.INACTIVE)


_S, _I, _A = AspState, AspInput, AspAction

_ASP_ROWS: dict[AspState, dict[AspInput, AspStep]] = {
    _S.UNREACHABLE: {
        _I.ASSOCIATED: AspStep(_A.SEND_UP, _S.DOWN),
    },
    _S.DOWN: {
        _I.ASSOCIATED: AspStep(_A.SEND_UP, _S.DOWN),
        _I.LOST: AspStep(_A.IGNORE, _S.UNREACHABLE),
        _I.UP_ACK: AspStep(_A.SEND_ACTIVE, _S.INACTIVE),
        _I.T_ACK: AspStep(_A.SEND_UP, _S.DOWN),
    },
    _S.INACTIVE: {
        _I.ASSOCIATED: AspStep(_A.SEND_UP, _S.DOWN),
        _I.LOST: AspStep(_A.IGNORE, _S.UNREACHABLE),
        _I.DOWN_ACK: AspStep(_A.SEND_UP, _S.DOWN),
        _I.ACTIVE_ACK: AspStep(_A.OPEN, _S.ACTIVE),
        _I.REPLACED: AspStep(_A.IGNORE, _S.STANDBY),
        _I.T_ACK: AspStep(_A.SEND_ACTIVE, _S.INACTIVE),
        _I.SILENCE: AspStep(_A.SEND_UP, _S.DOWN),
    },
    _S.ACTIVE: {
        _I.ASSOCIATED: AspStep(_A.CLOSE_AND_SEND_UP, _S.DOWN),
        _I.LOST: AspStep(_A.CLOSE, _S.UNREACHABLE),
        # The gateway takes us for inactive then (§4.3.4.1).
        _I.UP_ACK: AspStep(_A.CLOSE_AND_SEND_ACTIVE, _S.INACTIVE),
        _I.DOWN_ACK: AspStep(_A.CLOSE_AND_SEND_UP, _S.DOWN),
        _I.INACTIVE_ACK: AspStep(_A.CLOSE_AND_SEND_ACTIVE, _S.INACTIVE),
        _I.REPLACED: AspStep(_A.CLOSE, _S.STANDBY),
        _I.SILENCE: AspStep(_A.CLOSE_AND_SEND_UP, _S.DOWN),
    },
    _S.STANDBY: {
        _I.ASSOCIATED: AspStep(_A.SEND_UP, _S.DOWN),
        _I.LOST: AspStep(_A.IGNORE, _S.UNREACHABLE),
        _I.UP_ACK: AspStep(_A.SEND_ACTIVE, _S.INACTIVE),
        _I.DOWN_ACK: AspStep(_A.SEND_UP, _S.DOWN),
        _I.ACTIVE_ACK: AspStep(_A.OPEN, _S.ACTIVE),
        _I.NEEDED: AspStep(_A.SEND_ACTIVE, _S.INACTIVE),
        _I.SILENCE: AspStep(_A.SEND_UP, _S.DOWN),
    },
}

ASP_TABLE: dict[tuple[AspState, AspInput], AspStep] = {
    **{(state, each): AspStep(AspAction.IGNORE, state) for state in AspState for each in AspInput},
    **{(state, each): step for state, row in _ASP_ROWS.items() for each, step in row.items()},
}


class LinkState(StrEnum):
    """A data link at the signalling gateway. `WAITING`: it is wanted, and nobody can be asked."""

    RELEASED = "released"
    WAITING = "waiting"
    ESTABLISHING = "establishing"
    ESTABLISHED = "established"


class LinkInput(StrEnum):
    """DL-ESTABLISH and DL-RELEASE in both directions; whether the gateway can be asked; and the timer."""

    WANTED = "DL-ESTABLISH request"
    UP = "Establish confirm or indication"
    DOWN = "Release confirm or indication"
    OPENED = "traffic may flow"
    CLOSED = "traffic has stopped"
    DUE = "it is time to ask again"


class LinkAction(StrEnum):
    """What is done."""

    IGNORE = "ignore"
    REQUEST = "send Establish Request"
    TELL_UP = "DL-ESTABLISH indication or confirm"
    TELL_DOWN = "DL-RELEASE indication"


class LinkStep(NamedTuple):
    """One cell."""

    action: LinkAction
    state: LinkState


_L, _E, _D = LinkState, LinkInput, LinkAction

_LINK_ROWS: dict[LinkState, dict[LinkInput, LinkStep]] = {
    _L.RELEASED: {
        _E.WANTED: LinkStep(_D.REQUEST, _L.ESTABLISHING),
        _E.DUE: LinkStep(_D.REQUEST, _L.ESTABLISHING),
        _E.UP: LinkStep(_D.TELL_UP, _L.ESTABLISHED),
        _E.CLOSED: LinkStep(_D.IGNORE, _L.WAITING),
    },
    _L.WAITING: {
        _E.OPENED: LinkStep(_D.REQUEST, _L.ESTABLISHING),
    },
    _L.ESTABLISHING: {
        _E.UP: LinkStep(_D.TELL_UP, _L.ESTABLISHED),
        _E.DOWN: LinkStep(_D.TELL_DOWN, _L.RELEASED),
        _E.CLOSED: LinkStep(_D.TELL_DOWN, _L.WAITING),
        _E.DUE: LinkStep(_D.REQUEST, _L.ESTABLISHING),
    },
    _L.ESTABLISHED: {
        # It was reset: what was under way may be lost (Q.921 5.7).
        _E.UP: LinkStep(_D.TELL_UP, _L.ESTABLISHED),
        _E.DOWN: LinkStep(_D.TELL_DOWN, _L.RELEASED),
        _E.CLOSED: LinkStep(_D.TELL_DOWN, _L.WAITING),
    },
}

LINK_TABLE: dict[tuple[LinkState, LinkInput], LinkStep] = {
    **{(state, each): LinkStep(LinkAction.IGNORE, state) for state in LinkState for each in LinkInput},
    **{(state, each): step for state, row in _LINK_ROWS.items() for each, step in row.items()},
}
