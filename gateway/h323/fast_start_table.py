"""What a call agrees on before H.245: fast connect and tunnelling, as tables (H.323 8.1.7, 8.2.1)."""

from enum import StrEnum
from typing import NamedTuple


class FastStart(StrEnum):
    """Fast connect of a call, the same on both sides."""

    NONE = "none"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class FastStartInput(StrEnum):
    """What happens to it. CONTROL: H.245 has begun otherwise than beside it, which ends it (8.1.7.2). CONNECT: a
    CONNECT without fastStart.
    """

    OFFER = "offer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CONNECT = "connect"
    CONTROL = "control"


class Told(StrEnum):
    """What the owner of a calling side is told of it. CHANGED: only if the channels are others than before."""

    NOTHING = "nothing"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    REFUSED = "refused"


class FastStartStep(NamedTuple):
    """What is told, and the state after it."""

    told: Told
    state: FastStart


_F, _I, _T = FastStart, FastStartInput, Told


def _rows() -> dict[FastStart, dict[FastStartInput, FastStartStep]]:
    refused = FastStartStep(_T.REFUSED, _F.REFUSED)
    steps = {
        _F.NONE: {_I.OFFER: FastStartStep(_T.NOTHING, _F.OFFERED)},
        _F.OFFERED: {
            _I.ACCEPT: FastStartStep(_T.ACCEPTED, _F.ACCEPTED),
            _I.REFUSE: refused,
            _I.CONNECT: refused,
            _I.CONTROL: refused,
        },
        _F.ACCEPTED: {_I.ACCEPT: FastStartStep(_T.CHANGED, _F.ACCEPTED)},
        _F.REFUSED: {},
    }
    return {
        state: {one: row.get(one, FastStartStep(_T.NOTHING, state)) for one in FastStartInput}
        for state, row in steps.items()
    }


FAST_START: dict[FastStart, dict[FastStartInput, FastStartStep]] = _rows()
"""Every state with every input; what has been accepted or refused stays so."""


class Tunnel(StrEnum):
    """Whether H.245 goes through the call signalling channel. NONE: we do not offer it. OFFERED: the called side has
    not said yet. OPEN: both do it. CLOSED: one does not, for the rest of the call.
    """

    NONE = "none"
    OFFERED = "offered"
    OPEN = "open"
    CLOSED = "closed"


class Flag(StrEnum):
    """What the peer's message says: h245Tunnelling, or that it does not say it for the called side
    (provisionalRespToH245Tunnelling, of a gatekeeper that has not heard it yet). A message without the flag says no.
    """

    YES = "yes"
    NO = "no"
    PROVISIONAL = "provisional"


_U, _G = Tunnel, Flag

TUNNEL: dict[Tunnel, dict[Flag, Tunnel]] = {
    _U.NONE: {_G.YES: _U.CLOSED, _G.NO: _U.CLOSED, _G.PROVISIONAL: _U.NONE},
    _U.OFFERED: {_G.YES: _U.OPEN, _G.NO: _U.CLOSED, _G.PROVISIONAL: _U.OFFERED},
    _U.OPEN: {_G.YES: _U.OPEN, _G.NO: _U.CLOSED, _G.PROVISIONAL: _U.OPEN},
    _U.CLOSED: {_G.YES: _U.CLOSED, _G.NO: _U.CLOSED, _G.PROVISIONAL: _U.CLOSED},
}
"""Every state with every flag of the peer's."""
