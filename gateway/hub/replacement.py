"""INVITE with Replaces: a newcomer takes the place of a leg (RFC 3891 §3).

The partner of the replaced leg agrees to the newcomer's media first, so that the call stays as it was when it does
not. Whether the dialog exists, and whether it is early, the user agent has seen to.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.hub.admission import FORBIDDEN, NO_DIALOG
from gateway.hub.bystander import PENDING
from gateway.hub.call import Call
from gateway.hub.dial import Dial
from gateway.hub.leg import Leg
from gateway.hub.lone_legs import LoneLegs
from gateway.hub.outcomes import SUCCESS, TOO_LONG, cause_of, status_of
from gateway.hub.transfer_consumed import caller_of
from gateway.hub.transfer_record import TransferNotes
from gateway.model.call import NORMAL, Answer, CallRequest, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.timers import Timer
from gateway.model.transfer import PartyUpdate, Stage, TransferKind, TransferRequest
from gateway.sip import sdp
from gateway.sip.address import Address
from gateway.sip.uri import Uri

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

_TERMINATED = Clearing(603, Cause(21))
_NO_MEDIA = Clearing(488, Cause(79))
_GIVEN_UP = Clearing(487, Cause(16))
_PATIENCE = 40.0
"""Seconds that the media may take to agree: longer than one re-INVITE can (64 * T1)."""


class State(StrEnum):
    """OFFERING: the partner has the newcomer's offer. CONFIRMING: the newcomer has the partner's. UNDOING: the
    newcomer has gone while the partner still thinks about its offer.
    """

    OFFERING = "offering"
    CONFIRMING = "confirming"
    UNDOING = "undoing"
    OVER = "over"


class Input(StrEnum):
    """What can happen meanwhile."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONFIRMED = "confirmed"
    NEWCOMER_LEFT = "newcomer-left"
    REPLACED_LEFT = "replaced-left"
    PARTNER_LEFT = "partner-left"
    TIMED_OUT = "timed-out"


class Action(StrEnum):
    """What is done about it."""

    NOTHING = "nothing"
    ANSWER = "answer"
    CONNECT = "connect"
    REFUSE = "refuse"
    GIVE_UP = "give-up"
    RESUME = "resume"
    RESTORE = "restore"
    LOSE = "lose"


_A, _I, _S = Action, Input, State

TABLE: Mapping[State, Mapping[Input, tuple[Action, State]]] = {
    _S.OFFERING: {
        _I.ACCEPTED: (_A.ANSWER, _S.OVER),
        _I.DECLINED: (_A.REFUSE, _S.OVER),
        _I.CONFIRMED: (_A.NOTHING, _S.OFFERING),
        _I.NEWCOMER_LEFT: (_A.NOTHING, _S.UNDOING),
        _I.REPLACED_LEFT: (_A.NOTHING, _S.OFFERING),
        _I.PARTNER_LEFT: (_A.LOSE, _S.OVER),
        _I.TIMED_OUT: (_A.REFUSE, _S.OVER),
    },
    _S.CONFIRMING: {
        _I.ACCEPTED: (_A.NOTHING, _S.CONFIRMING),
        _I.DECLINED: (_A.NOTHING, _S.CONFIRMING),
        _I.CONFIRMED: (_A.CONNECT, _S.OVER),
        _I.NEWCOMER_LEFT: (_A.RESTORE, _S.OVER),
        _I.REPLACED_LEFT: (_A.NOTHING, _S.CONFIRMING),
        _I.PARTNER_LEFT: (_A.LOSE, _S.OVER),
        _I.TIMED_OUT: (_A.GIVE_UP, _S.OVER),
    },
    _S.UNDOING: {
        _I.ACCEPTED: (_A.RESUME, _S.OVER),
        _I.DECLINED: (_A.RESTORE, _S.OVER),
        _I.CONFIRMED: (_A.NOTHING, _S.UNDOING),
        _I.NEWCOMER_LEFT: (_A.NOTHING, _S.UNDOING),
        _I.REPLACED_LEFT: (_A.NOTHING, _S.UNDOING),
        _I.PARTNER_LEFT: (_A.LOSE, _S.OVER),
        _I.TIMED_OUT: (_A.RESUME, _S.OVER),
    },
    _S.OVER: dict.fromkeys(_I, (_A.NOTHING, _S.OVER)),
}


def replace_leg(hub: "Hub", newcomer: Leg, request: CallRequest, replaced: Leg, now: float) -> None:
    """Puts the newcomer in the place of `replaced`, or refuses it and leaves everything as it was."""
    owner = replaced.owner
    notes = _notes(hub, newcomer, replaced, now)
    if not _is_trusted(hub, newcomer, request, replaced):
        _refuse(hub, notes, newcomer, FORBIDDEN, now)
    elif isinstance(owner, Dial) and not replaced.answered:
        _pick_up(hub, notes, newcomer, request, owner, now)
    elif not isinstance(owner, Call):
        _refuse(hub, notes, newcomer, _TERMINATED, now)
    else:
        _begin(hub, notes, newcomer, request, owner, replaced, now)


def _notes(hub: "Hub", newcomer: Leg, replaced: Leg, now: float) -> TransferNotes:
    kind = TransferKind.ATTENDED if replaced.answered else TransferKind.SEMI_ATTENDED
    owner = replaced.owner
    partner = owner.other(replaced) if isinstance(owner, Call) else None
    target = partner.address if partner else ""
    notes = TransferNotes(hub.token(), kind.value, replaced.address, newcomer.address, target, hub.wall(), now)
    notes.method, notes.normalised = "replaces", target
    notes.trunks = {"transferor": replaced.trunk, "transferee": newcomer.trunk}
    if partner:
        notes.trunks["target"] = partner.trunk
    hub.observer.log("transfer.replaces", transfer=notes.id, replaced=replaced.id, **newcomer.marks)
    return notes


def _is_trusted(hub: "Hub", newcomer: Leg, request: CallRequest, replaced: Leg) -> bool:
    """RFC 3891 §3: the same side that the replaced party is on, or somebody whom that party has sent."""
    trunk = hub.settings.get(newcomer.trunk)
    if trunk is None or not trunk.replaces:
        return False
    return newcomer.trunk == replaced.trunk or _is_referred_by(request.referred_by, replaced.address)


def _is_referred_by(referred_by: str, address: str) -> bool:
    try:
        one, other = Uri.parse(Address.parse(referred_by).uri), Uri.parse(address)
    except GatewayError:
        return False
    return (one.user, one.host.lower()) == (other.user, other.host.lower())


def _refuse(hub: "Hub", notes: TransferNotes, newcomer: Leg, clearing: Clearing, now: float) -> None:
    newcomer.clear(clearing, now)
    notes.decision = "refused"
    hub.observer.log("transfer.refused", transfer=notes.id, status=clearing.status, **newcomer.marks)
    notes.write(hub, "refused", clearing)


def fitted(offer: bytes, known: bytes) -> bytes | None:
    """An answer to `offer` that describes the media of `known`; None when they have too little in common."""
    answer = sdp.with_common_codecs(known, offer) if offer and known else None
    return answer if answer is not None and sdp.answerable(offer, answer) else None


def _pick_up(
    hub: "Hub", notes: TransferNotes, newcomer: Leg, request: CallRequest, attempt: Dial, now: float
) -> None:
    """An early dialog of ours: the newcomer answers in place of the one that rings, who is cancelled."""
    for_newcomer = fitted(request.session, attempt.request.session)
    for_caller = fitted(attempt.request.session, request.session)
    if for_newcomer is None or for_caller is None or attempt.is_over:
        _refuse(hub, notes, newcomer, _NO_MEDIA, now)
        return
    attempt.cancel(NORMAL, now)
    newcomer.answer(Answer(for_newcomer, attempt.request.calling), now)
    attempt.watcher.dial_answered(attempt, newcomer, Answer(for_caller, request.calling), now)
    notes.final = now
    notes.write(hub, "succeeded", SUCCESS)


def _begin(
    hub: "Hub", notes: TransferNotes, newcomer: Leg, request: CallRequest, call: Call, replaced: Leg, now: float
) -> None:
    partner = call.other(replaced)
    if partner is None or not (partner.answered and replaced.answered):
        _refuse(hub, notes, newcomer, NO_DIALOG, now)
    elif call.transfer is not None or partner.offering or replaced.offering:
        _refuse(hub, notes, newcomer, PENDING, now)
    else:
        Replacement(hub, notes, newcomer, request, call, replaced, partner, now).begin(now)


class Replacement(LoneLegs):
    """One newcomer, and the two legs of the call that it breaks into, while the media is agreed on."""

    __slots__ = (
        "_caller_first",
        "_hub",
        "_newcomer",
        "_notes",
        "_partner",
        "_referrals",
        "_replaced",
        "_request",
        "_shape",
        "_timer",
        "state",
    )

    def __init__(
        self,
        hub: "Hub",
        notes: TransferNotes,
        newcomer: Leg,
        request: CallRequest,
        call: Call,
        replaced: Leg,
        partner: Leg,
        now: float,
    ) -> None:
        self._hub = hub
        self._notes = notes
        self._newcomer = newcomer
        self._request = request
        self._replaced: Leg | None = replaced
        self._partner = partner
        self._caller_first = call.caller is partner
        self._shape = caller_of(call, partner if self._caller_first else replaced)
        self._referrals = call.referrals
        self._timer: Timer | None = None
        self.state = State.OFFERING
        for leg in (replaced, partner):
            call.take(leg, now)
            leg.owner = self
        newcomer.owner = self

    def begin(self, now: float) -> None:
        """Offers the newcomer's media to the partner, or the partner's to a newcomer that asks for an offer."""
        self._timer = self._hub.timers.start(now + _PATIENCE, self._timed_out)
        if self._request.session:
            self._partner.offer(self._request.session, now)
        else:
            self.state = State.CONFIRMING
            self._newcomer.answer(self._answer(sdp.resumed(self._partner.remote_session)), now)

    def _answer(self, session: bytes) -> Answer:
        return Answer(session, Party(uri=self._partner.address))

    # What the legs say.

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """The partner takes the newcomer's media."""
        if leg is self._partner:
            self._step(Input.ACCEPTED, now, session=session)

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """The partner does not."""
        if leg is self._partner:
            self._step(Input.DECLINED, now, clearing)

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """The newcomer takes the partner's media."""
        if leg is self._newcomer:
            self._step(Input.CONFIRMED, now, session=session)

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """First it has to be settled who talks to whom."""
        self._hub.transfers.untimely(leg, transfer, request, now)

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """One of the three hangs up."""
        if leg is self._newcomer:
            self._step(Input.NEWCOMER_LEFT, now, clearing)
        elif leg is self._replaced:
            self._replaced = None
            self._step(Input.REPLACED_LEFT, now, clearing)
        elif leg is self._partner:
            self._step(Input.PARTNER_LEFT, now, clearing)

    def _timed_out(self, now: float) -> None:
        self._timer = None
        self._step(Input.TIMED_OUT, now, TOO_LONG)

    def _step(self, input: Input, now: float, clearing: Clearing = NORMAL, *, session: bytes = b"") -> None:
        action, self.state = TABLE[self.state][input]
        if self.state is State.OVER:
            self._hub.timers.stop(self._timer)
        self._do(action, clearing, session, now)

    def _do(self, action: Action, clearing: Clearing, session: bytes, now: float) -> None:
        if action is Action.ANSWER:
            self._newcomer.answer(self._answer(session), now)
            self._together(self._hub.joined(self._partner, self._newcomer, now), now)
        elif action is Action.CONNECT:
            self._together(self._hub.connect(self._partner, self._newcomer, None, now), now)
        elif action in (Action.REFUSE, Action.GIVE_UP):
            self._newcomer.clear(_as_refusal(clearing), now)
            self._back(clearing, now, agree=False)
        elif action in (Action.RESUME, Action.RESTORE):
            self._back(_GIVEN_UP, now, agree=action is Action.RESUME)
        elif action is Action.LOSE:
            self._lose(clearing, now)

    def _together(self, call: Call, now: float) -> None:
        """The newcomer is in; the one that it replaces is released (the BYE of RFC 3891 §3)."""
        call.referrals = self._referrals + 1
        self._partner.update(PartyUpdate(Stage.COMPLETE, Party(uri=self._newcomer.address)), now)
        if self._replaced is not None:
            self._replaced.clear(NORMAL, now)
        self._write("succeeded", SUCCESS, now)

    def _back(self, clearing: Clearing, now: float, *, agree: bool) -> None:
        """The call as it was; `agree` when its media has been changed meanwhile."""
        replaced, partner = self._replaced, self._partner
        if replaced is None:
            partner.clear(NORMAL, now)
        elif agree:
            self._hub.connect(partner, replaced, None, now).referrals = self._referrals
        else:
            pair = (partner, replaced) if self._caller_first else (replaced, partner)
            self._hub.joined(*pair, now, request=self._shape).referrals = self._referrals
        self._write("failed", clearing, now)

    def _lose(self, clearing: Clearing, now: float) -> None:
        """Whom the newcomer wanted to talk to has hung up."""
        self._newcomer.clear(Clearing(480, cause_of(clearing)), now)
        if self._replaced is not None:
            self._replaced.clear(clearing, now)
        self._write("failed", Clearing(480, cause_of(clearing)), now)

    def _write(self, outcome: str, clearing: Clearing, now: float) -> None:
        self._notes.final = now
        ended = SUCCESS if clearing is SUCCESS else _as_refusal(clearing)
        said = {"outcome": outcome, "status": ended.status}
        self._hub.observer.log("transfer.replaced", transfer=self._notes.id, **said, **self._newcomer.marks)
        self._notes.write(self._hub, outcome, ended)


def _as_refusal(clearing: Clearing) -> Clearing:
    return Clearing(status_of(clearing), cause_of(clearing))
