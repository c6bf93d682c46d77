"""One transfer: who takes part, what has happened, and what the table says about it.

It guards the calls that it is about, owns the legs that are between two calls, and waits for the target. What it does
is in `gateway.hub.transfer_actions`, when it does so in `gateway.hub.transfer_table`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.hub import outcomes
from gateway.hub import transfer_network as network
from gateway.hub import transfer_told as told
from gateway.hub.leg import Leg
from gateway.hub.lone_legs import LoneLegs
from gateway.hub.ringback import ring
from gateway.hub.transfer_actions import ACTIONS
from gateway.hub.transfer_record import TransferNotes
from gateway.hub.transfer_snapshot import written
from gateway.hub.transfer_table import TABLE, WAITS, Input, State, Wait
from gateway.model.call import Answer, CallRequest, Clearing, Progress
from gateway.model.legs import SignallingProtocol
from gateway.model.timers import Timer
from gateway.model.transfer import Outcome, TransferOutcome, TransferProgress, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.call import Call
    from gateway.hub.dial import Dial
    from gateway.hub.hub import Hub
    from gateway.hub.transfers import Transfers

ANSWER_TO_REFER = 16.0
"""Seconds that the transferee may take to answer a REFER passed on to it; the transferor's transaction has 32."""
DELIVERY = 40.0
"""Seconds after which a final report counts as heard: longer than its NOTIFY can take (64 * T1)."""
TEAMS_BYE = 32.0
"""Seconds that Teams has for its BYE: one of ours that is earlier than its own drops the call."""

_UNABLE = (405, 501)
_SECONDS = {Wait.ANSWER_TO_REFER: ANSWER_TO_REFER, Wait.DELIVERY: DELIVERY}


@dataclass(frozen=True, slots=True)
class Answered:
    """A target that has answered: `late` when it was called without session, and its own is an offer."""

    leg: Leg
    session: bytes
    late: bool


class Transfer(LoneLegs):
    """A transfer from the request to the last BYE. Roles that are gone are None; the transferor is kept for reports.

    `owed` is the leg besides the transferor's own that is released when the final report was heard: that of its
    consultation call, or the transferee that was passed on. `caller` is the transferee as caller
    of the target. `played`: the transferee was offered the target's early media. `service` is what the network was
    asked for last, `tried` what it was asked for with the target ringing or answered; `answer` is that of a target
    whom we have called; `tells_ringing`: the transferee knows of one that rings.
    """

    __slots__ = (
        "accepted",
        "answer",
        "call",
        "caller",
        "dial",
        "dialled",
        "heard",
        "id",
        "joined",
        "lost",
        "notes",
        "owed",
        "played",
        "referrals",
        "replaced",
        "request",
        "service",
        "state",
        "target",
        "tells_ringing",
        "timer",
        "told",
        "transferee",
        "transferor",
        "transferor_here",
        "transfers",
        "tried",
    )

    def __init__(
        self,
        transfers: "Transfers",
        id: str,
        call: "Call | None",
        transferor: Leg,
        request: TransferRequest,
        notes: TransferNotes,
    ) -> None:
        self.transfers = transfers
        self.id = id
        self.call = call
        self.transferor = transferor
        self.transferor_here = True
        self.transferee = call.other(transferor) if call else None
        self.request = request
        self.notes = notes
        self.replaced: Leg | None = None
        self.owed: Leg | None = None
        self.target: Leg | None = None
        self.dial: Dial | None = None
        self.dialled = False
        self.played = False
        self.joined: Call | None = None
        self.answer: Answered | None = None
        self.service = ""
        self.tried: set[tuple[str, bool]] = set()
        self.caller: CallRequest | None = None
        self.referrals = call.referrals + 1 if call else 1
        self.lost: Clearing | None = None
        self.accepted = self.told = self.tells_ringing = False
        self.heard = True
        self.state = State.BEGUN
        self.timer: Timer | None = None

    @property
    def hub(self) -> "Hub":
        """Where its calls are."""
        return self.transfers.hub

    @property
    def is_teams(self) -> bool:
        """Whether Teams is the transferor."""
        trunk = self.hub.settings.get(self.transferor.trunk)
        return trunk is not None and trunk.profile == "teams"

    def step(self, input: Input, now: float, news: Any = None) -> None:
        """Goes on as the table says; `news` is what came with the input."""
        row = TABLE[self.state].get(input)
        if row is None:
            return
        action, state = row
        before, call = self.state, self.call
        self.transfers.log(self, input, state)
        self._enter(state, now)
        ACTIONS[action](self, news, now)
        self.transfers.changed(self, call, urgent=self.state is not before)

    def _enter(self, state: State, now: float) -> None:
        before, after = WAITS[self.state], WAITS[state]
        self.state = state
        if before is not after or (self.timer is None and after is not Wait.NOTHING):
            timers = self.hub.timers
            if self.timer is not None:
                timers.stop(self.timer)
            seconds = self._seconds(after)
            self.timer = timers.start(now + seconds, self._timed_out) if seconds else None

    def _seconds(self, wait: Wait) -> float:
        timing = self.hub.configuration.timing
        if wait is Wait.BYE:
            return max(timing.bye_guard, TEAMS_BYE) if self.is_teams else timing.bye_guard
        if wait in (Wait.TRANSFER, Wait.RECALL):
            return timing.transfer
        return _SECONDS.get(wait, 0.0)

    def _timed_out(self, now: float) -> None:
        self.timer = None
        self.step(Input.TIMED_OUT, now, outcomes.TOO_LONG)

    @property
    def is_lasting(self) -> bool:
        """Whether a restart has to know of it."""
        return self.state not in (State.BEGUN, State.OVER)

    def snapshot(self) -> dict[str, object]:
        """What `Transfers.restore` needs to go on after a restart; plain JSON values."""
        return written(self)

    # --- the calls that it guards (CallKeeper) and the legs that it owns (LegEvents) ---

    def left(self, call: "Call", leg: Leg, clearing: Clearing, now: float) -> bool:
        """A leg of a guarded call was cleared: the other one stays."""
        if call is self.call or call is self.joined:
            self.cleared(leg, clearing, now)
            return True
        return False

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """One of those who take part has gone."""
        if leg is self.transferor and self.transferor_here:
            self.transferor_here = False
            self.step(Input.TRANSFEROR_LEFT, now, clearing)
        elif leg is self.transferee:
            self.transferee = None
            self.step(Input.TRANSFEREE_LEFT, now, clearing)
        elif leg is self.target:
            self.target = None
            self.step(Input.TARGET_LEFT, now, clearing)
        elif leg is self.owed:
            self.owed = None
            self.step(Input.OWED_LEFT, now, clearing)

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """One after the other."""
        self.transfers.untimely(leg, transfer, request, now)

    def report_delivered(self, leg: Leg, transfer: str, now: float) -> None:
        """The transferor's final report was heard."""
        self.transfers.delivered(leg, transfer, now)

    def transfer_cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        """The transferor does not listen any more."""
        self.transfers.cancelled(leg, transfer, now)

    def transfer_progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        """The transferee is at work on the REFER that was passed on."""
        self.transfers.progress(leg, report, now)

    def transfer_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """How the REFER that was passed on ended."""
        self.transfers.outcome(leg, outcome, now)

    def unheard(self, now: float) -> None:
        """Nobody listens to reports any more; the transfer itself goes on (RFC 3515 §2.4.4)."""
        self.heard = False
        self.step(Input.UNHEARD, now)

    def referred(self, outcome: TransferOutcome, now: float) -> None:
        """The final word of the transferee on the REFER that was passed on."""
        if outcome.outcome is Outcome.SUCCEEDED:
            self.step(Input.REFER_SUCCEEDED, now, outcomes.SUCCESS)
        elif self._may_go_on(outcome):
            self.step(Input.REFER_UNABLE, now, outcomes.clearing_of(outcome))
        else:
            self.step(Input.REFER_FAILED, now, outcomes.clearing_of(outcome))

    def join_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """What the network has made of a join."""
        self.transfers.joined(leg, outcome, now)

    def _may_go_on(self, outcome: TransferOutcome) -> bool:
        """Whether the next rung is tried. Who is no SIP user has no use for the answer to a REFER of ours."""
        refused = outcome.outcome is Outcome.REFUSED
        if self.transferor.protocol is SignallingProtocol.SIP:
            return refused and outcome.status in _UNABLE
        return refused or self.replaced is not None

    # --- the target (DialWatcher, ConnectWatcher) ---

    def dial_progressed(self, dial: "Dial", progress: Progress, now: float) -> None:
        """The target is at work."""
        self.step(Input.PROGRESSED, now, progress)
        if not network.rings(self, dial, progress.status, now):
            told.rings(self, dial, progress.status, now)
            ring(self, progress, now)

    def dial_answered(self, dial: "Dial", leg: Leg, answer: Answer, now: float) -> None:
        """The target, or the transferor that was called back, has answered."""
        leg.owner = self
        self.dial = None
        network.answers(self, Answered(leg, answer.session, late=not dial.request.session), now)

    def dial_failed(self, dial: "Dial", clearing: Clearing, now: float) -> None:
        """Nobody was reached."""
        self.dial = None
        self.step(Input.FAILED, now, clearing)

    def connected(self, call: "Call", now: float) -> None:
        """Transferee and target talk."""
        self.step(Input.CONNECTED, now)

    def not_connected(self, call: "Call", clearing: Clearing, now: float) -> None:
        """They found no media in common."""
        self.step(Input.NOT_CONNECTED, now, clearing)
