"""callTransferSetup: the calls that replace others, made by us for the transferred party, or come to us for one.

We make one when an H.323 endpoint has asked for a transfer. One that comes names by a callIdentity of ours the call
whose place it takes, or none: then it is a call like any other, that wants an answer besides (H.450.2 clauses 8, 9).
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.ends.h323_transfers import IDENTITY
from gateway.h323 import h450
from gateway.h323.h225 import CallSignal
from gateway.model.call import CallRequest, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.timers import Timer
from gateway.model.transfer import (
    CallIdentity,
    Outcome,
    TransferOutcome,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.h450_2_reading import SETUP, meaning

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_services import H323Services

_UNKNOWN_IDENTITY = "unrecognizedCallIdentity"
_SILENT = Clearing(408, Cause(102))
_UNKNOWN_CALL = Clearing(481, Cause(81))


class State(StrEnum):
    """The states of H.450.2 at the transferred endpoint's new call."""

    AWAITING = "CT-Await-Setup-Response"
    OVER = "CT-Idle"


class Input(StrEnum):
    """What can happen. TAKEN: ALERTING or CONNECT without a word of it, from an endpoint without H.450."""

    DONE = "callTransferSetup result"
    TAKEN = "taken as an ordinary call"
    FAILED = "error or reject"
    SILENCE = "CT-T4"
    CLEARED = "call cleared"


class Action(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    GO_ON = "an ordinary call from here on"
    CLEAR = "clear the call"


_ROWS: dict[State, dict[Input, tuple[Action, State]]] = {
    State.AWAITING: {
        Input.DONE: (Action.GO_ON, State.OVER),
        Input.TAKEN: (Action.GO_ON, State.OVER),
        Input.FAILED: (Action.CLEAR, State.OVER),
        Input.SILENCE: (Action.CLEAR, State.OVER),
        Input.CLEARED: (Action.GO_ON, State.OVER),
    },
    State.OVER: {},
}

TABLE: dict[tuple[State, Input], tuple[Action, State]] = {
    **{(state, each): (Action.IGNORE, state) for state in State for each in Input},
    **{(state, each): cell for state, row in _ROWS.items() for each, cell in row.items()},
}


class Setup:
    """One callTransferSetup of ours. `why` is the error that answered it."""

    __slots__ = ("identity", "state", "timer", "why")

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.state = State.AWAITING
        self.timer: Timer | None = None
        self.why: TransferOutcome | None = None


class H323Secondary:
    """The calls of one trunk that replace others. `owed` are calls of peers whose callTransferSetup has no answer."""

    def __init__(self, services: "H323Services") -> None:
        self._services = services
        self._line = services.line
        self._running: dict[H323Leg, Setup] = {}
        self._owed: dict[H323Leg, int] = {}
        self._by: dict[H323Leg, str] = {}

    # --- ours ---

    def of_setup(self, leg: "H323Leg", request: CallRequest, now: float) -> tuple[bytes, ...]:
        """The APDUs of a SETUP of ours: callTransferSetup when it is for a transfer by H.450.2."""
        identity = identity_in(request)
        if identity is None:
            return ()
        setup = Setup(identity)
        self._running[leg] = setup
        setup.timer = self._line.timers.start(
            now + self._line.settings.ct_t4, lambda then: self._step(leg, setup, Input.SILENCE, then)
        )
        event = TransferSetup(consultation=CallIdentity(identity) if identity else None)
        made = self._line.as_profiled(self._services.draft(event))

        def heard(answer: object, then: float) -> None:
            if isinstance(answer, TransferOutcome):
                self._answered(leg, setup, answer, then)

        return (self._services.invoked(leg, made, heard),)

    def taken(self, leg: "H323Leg", now: float) -> None:
        """ALERTING or CONNECT: who does not know H.450 has taken the call for an ordinary one."""
        setup = self._running.get(leg)
        if setup is not None:
            self._step(leg, setup, Input.TAKEN, now)

    def may_repeat(self, leg: "H323Leg") -> bool:
        """Whether the peer has refused the call because it does not know callTransferSetup, and none is to be
        replaced: then it is made once more as an ordinary one.
        """
        setup = self._running.get(leg)
        return setup is not None and not setup.identity and setup.why is not None and setup.why.rejected

    def why(self, leg: "H323Leg") -> Clearing | None:
        """What the peer's answer comes to, when the RELEASE COMPLETE around it says less."""
        setup = self._running.get(leg)
        if setup is None or setup.why is None or setup.why.rejected:
            return None
        completed = self._line.causes.complete(setup.why, "sip", "h4502")
        if not isinstance(completed, TransferOutcome):
            return None
        return Clearing(completed.status or 480, completed.cause)

    def _answered(self, leg: "H323Leg", setup: Setup, answer: TransferOutcome, now: float) -> None:
        """An error that comes in RELEASE COMPLETE is told with it; one in FACILITY ends the call."""
        if answer.outcome is Outcome.SUCCEEDED:
            self._step(leg, setup, Input.DONE, now)
            return
        setup.why = answer
        self._line.timers.start(now, lambda then: self._step(leg, setup, Input.FAILED, then))

    def _step(self, leg: "H323Leg", setup: Setup, input: Input, now: float) -> None:
        action, setup.state = TABLE[setup.state, input]
        if action is Action.IGNORE:
            return
        self._line.timers.stop(setup.timer)
        if action is Action.CLEAR and not leg.gone:
            clearing = self.why(leg) or _SILENT
            owner = leg.owner
            leg.clear(clearing, now)
            owner.cleared(leg, clearing, now)

    # --- the peer's ---

    def arrived(self, leg: "H323Leg", message: CallSignal) -> tuple["H323Leg | None", tuple[bytes, ...]]:
        """Of a SETUP: the call whose place it takes, if any, and the APDUs that refuse it when it names none that
        there is.
        """
        setup = self._setup_in(message)
        if setup is None:
            return None, ()
        digits = setup.consultation.digits.strip() if isinstance(setup.consultation, CallIdentity) else ""
        replaced = self._services.transfers.named(digits) if digits else None
        if digits and replaced is None:
            failed = TransferOutcome(
                Outcome.FAILED, error=_UNKNOWN_IDENTITY, operation=SETUP, invoke_id=setup.invoke_id
            )
            return None, self._services.written(failed)
        if setup.invoke_id is not None:
            self._owed[leg] = setup.invoke_id
        self._by[leg] = replaced.address if replaced else self._transferor(setup)
        return replaced, ()

    def _transferor(self, setup: TransferSetup) -> str:
        return self._line.parties.party(setup.transferor).uri if setup.transferor is not None else ""

    def referred_by(self, leg: "H323Leg") -> str:
        """Referred-By of a call that comes for a transfer: whose call it replaces, or who transferred it."""
        uri = self._by.pop(leg, "")
        return f"<{uri}>" if uri else ""

    def answer(self, leg: "H323Leg", clearing: Clearing | None = None) -> tuple[bytes, ...]:
        """The APDU that answers the peer's callTransferSetup, once: a result, or the error that `clearing` means."""
        invoke_id = self._owed.pop(leg, None)
        if invoke_id is None:
            return ()
        if clearing is None:
            told = TransferOutcome(Outcome.SUCCEEDED, operation=SETUP, invoke_id=invoke_id)
        else:
            told = TransferOutcome(
                Outcome.FAILED, clearing.status or 480, cause=clearing.cause, operation=SETUP, invoke_id=invoke_id
            )
        return self._services.written(told)

    def _setup_in(self, message: CallSignal) -> TransferSetup | None:
        for octets in message.supplementary_services:
            try:
                components = h450.decode(octets).components
                found = [meaning(each, message, Context().pending) for each in components]
            except GatewayError:
                continue
            for event in found:
                if isinstance(event, TransferSetup):
                    return event
        return None

    def forget(self, leg: "H323Leg", now: float) -> None:
        """The leg is over."""
        self._owed.pop(leg, None)
        self._by.pop(leg, None)
        setup = self._running.pop(leg, None)
        if setup is not None:
            setup.state = State.OVER
            self._line.timers.stop(setup.timer)


REFUSED_IDENTITY = _UNKNOWN_CALL
"""How a call is refused that names none of ours."""


def identity_in(request: CallRequest) -> str | None:
    """The callIdentity that a call to a transfer target goes with; "" for a transfer without consultation, None when
    the transfer was not asked for by H.450.2.
    """
    return next((item.value for item in request.kept if (item.dialect, item.what) == ("h4502", IDENTITY)), None)
