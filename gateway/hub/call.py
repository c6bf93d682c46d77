"""A call: a caller, and whom it talks to or waits for. It owns its legs and carries between them what they say."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.hub.bystander import PENDING, Bystander
from gateway.hub.call_table import TABLE, CallAction, CallInput, CallState
from gateway.hub.dial import Dial
from gateway.hub.introduction import introduced
from gateway.hub.joining import Joining
from gateway.hub.leg import Leg
from gateway.hub.media import MediaExchange
from gateway.hub.watchers import CallKeeper, ConnectWatcher, DialWatcher
from gateway.model.call import Answer, CallRequest, Clearing, Information, Progress
from gateway.model.parties import Party
from gateway.model.transfer import PartyUpdate, TransferOutcome, TransferProgress, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

_ALSO = "also"
_LASTING = frozenset((CallState.TALKING, CallState.JOINING, CallState.PARTED))


class Call(Bystander):
    """Two legs. `callee` is None until it has answered; `dial` is the attempt to reach it before that.

    A leg that has left stays named here until the call ends, but is none of the call's any more (`has`). `transfer`
    guards the call while one is running. `calling`, `asserted` and `privacy` are what the caller said of itself;
    `referrals` is how many transfers have led to this call.
    """

    __slots__ = (
        "_dial",
        "_exchange",
        "_gone",
        "_is_late",
        "_joining",
        "asserted",
        "callee",
        "caller",
        "calling",
        "hub",
        "id",
        "privacy",
        "referrals",
        "state",
        "transfer",
    )

    def __init__(
        self,
        hub: "Hub",
        id: str,
        caller: Leg,
        request: CallRequest | None = None,
        *,
        callee: Leg | None = None,
        state: CallState = CallState.DIALLING,
    ) -> None:
        self.hub = hub
        self.id = id
        self.caller = caller
        self.callee = callee
        self.state = state
        self.transfer: CallKeeper | None = None
        self.referrals = 0
        self.calling: Party | None = request.calling if request else None
        self.asserted: tuple[Party, ...] = request.asserted if request else ()
        self.privacy: tuple[str, ...] = request.privacy if request else ()
        self._is_late = request is not None and not request.session
        self._dial: Dial | None = None
        self._exchange: MediaExchange | None = None
        self._joining: Joining | None = None
        self._gone: tuple[Leg, ...] = ()

    # Who is in it.

    @property
    def dial(self) -> Dial | None:
        """The attempt to reach the callee, while it goes on."""
        return self._dial

    @dial.setter
    def dial(self, dial: Dial) -> None:
        self._dial = dial
        dial.early = self

    @property
    def is_lasting(self) -> bool:
        """Whether it should survive a restart: answered, and not ended."""
        return self.state in _LASTING

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left of it."""
        return self.state is CallState.ENDED

    def has(self, leg: Leg | None) -> bool:
        """Whether the leg is one of the call's."""
        return leg is not None and (leg is self.caller or leg is self.callee) and leg not in self._gone

    def other(self, leg: Leg) -> Leg | None:
        """The answered leg, or the caller, at the other side; None when there is none (any more)."""
        other = self.callee if leg is self.caller else self.caller
        return other if self.has(other) else None

    def legs(self) -> Iterator[Leg]:
        """The legs that it has, the caller first."""
        if self.caller not in self._gone:
            yield self.caller
        if self.callee is not None and self.callee not in self._gone:
            yield self.callee

    def take(self, leg: Leg, now: float = 0.0) -> None:
        """The leg is somebody else's from now on, who sets its owner. An attempt that it was waiting for is given up,
        unless it was taken before. The call has ended when that was its last leg.
        """
        if not self.has(leg):
            return
        if self._dial is not None and leg is self.caller:
            self._dial.cancel(Clearing(487), now)
            self._dial = None
        self._settle(now)
        self._gone = (*self._gone, leg)
        left = any(True for _ in self.legs())
        if self._enter(CallInput.TAKEN if left else CallInput.EMPTIED) is CallAction.CLOSE:
            self._close(now)
        self.hub.changed(self)

    def take_dial(self, watcher: DialWatcher, now: float = 0.0) -> Dial | None:
        """The attempt goes on for somebody else, and the caller stays behind; None when there is none."""
        dial = self._dial
        if dial is None:
            return None
        self._settle(now)
        dial.watcher, dial.early, self._dial = watcher, None, None
        self._enter(CallInput.TAKEN)
        return dial

    def end(self, clearing: Clearing, now: float) -> None:
        """Clears what is left of it. Nobody is told."""
        if self._enter(CallInput.END) is CallAction.CLEAR:
            self._clear_rest(clearing, now)

    # The attempt to reach the callee.

    def dial_progressed(self, dial: Dial, progress: Progress, now: float) -> None:
        """The caller hears that the callee is at work."""
        if self._enter(CallInput.PROGRESSED) is CallAction.TELL_CALLER:
            if progress.session and not self._early_media(dial):
                progress = replace(progress, session=b"")
            self.caller.progress(progress, now)

    def dial_answered(self, dial: Dial, leg: Leg, answer: Answer, now: float) -> None:
        """The caller gets the answer; when its offer was late that is an offer, whose answer comes by `confirmed`."""
        if self._enter(CallInput.ANSWERED) is not CallAction.ANSWER_CALLER:
            leg.clear(Clearing(487), now)
            return
        self.callee, self._dial = leg, None
        leg.owner = self
        if self._is_late:
            self._media().call_answered(self.caller, leg, now)
        self.caller.answer(answer, now)
        self.hub.call_answered(self)

    def dial_failed(self, dial: Dial, clearing: Clearing, now: float) -> None:
        """The caller hears why, in the very words."""
        self._dial = None
        if self._enter(CallInput.DIAL_FAILED) is CallAction.CLEAR:
            self.hub.call_failed(self, clearing)
            self._clear_rest(clearing, now)

    # The end of a leg.

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """The other leg is cleared in the same words, unless a transfer takes care of it."""
        if not self.has(leg):
            self._settle_with(leg, now)
            return
        if any(each.what.lower() == _ALSO for each in clearing.kept):
            self.hub.transfers.also(self, leg, clearing, now)
        if self.transfer is not None and self.transfer.left(self, leg, clearing, now):
            self.take(leg, now)
        elif self.has(leg):
            self._gone = (*self._gone, leg)
            if self._enter(CallInput.CLEARED) is CallAction.CLEAR:
                joining = self._joining
                self._clear_rest(clearing, now)
                if joining is not None and joining.watcher is not None:
                    joining.watcher.not_connected(self, clearing, now)

    # Media.

    def join(self, joining: Joining) -> None:
        """The two legs are to agree on their media; the joining is started by the hub."""
        self._joining = joining

    def watch(self, watcher: ConnectWatcher) -> None:
        """Another one waits for the two legs to agree (after a restart)."""
        if self._joining is not None:
            self._joining.watcher = watcher

    def joined(self, clearing: Clearing | None, now: float) -> None:
        """The two legs have agreed (None), or have not."""
        joining, self._joining = self._joining, None
        if self._enter(CallInput.JOINED) is not CallAction.GO_ON:
            return
        self.hub.changed(self)
        if joining is None or joining.watcher is None:
            return
        if clearing is None:
            joining.watcher.connected(self, now)
        else:
            joining.watcher.not_connected(self, clearing, now)

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        """The other leg is offered it; while there is no other, or the two are being joined, not now."""
        other = self._partner(leg)
        if other is None or self._joining is not None:
            leg.decline(PENDING, now)
        else:
            self._media().offered(leg, other, session, now)

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """Our offer was answered."""
        (self._joining or self._media()).accepted(leg, session, now)
        self.hub.changed(self)

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """Our offer was refused."""
        (self._joining or self._media()).declined(leg, clearing, now)

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """Our answer was acknowledged; `session` answers our offer, reliable provisional ones included."""
        if self._joining is not None:
            self._joining.confirmed(now)
        elif self._exchange is not None:
            self._exchange.confirmed(leg, session, now)
        elif session and self._dial is not None and leg is self.caller and self._dial.leg is not None:
            self._dial.leg.confirm(session, now)

    # What else they say to each other.

    def informed(self, leg: Leg, information: Information, now: float) -> None:
        """Carried to the other side."""
        other = self._partner(leg)
        if other is not None:
            other.inform(information, now)

    def updated(self, leg: Leg, update: PartyUpdate, now: float) -> None:
        """Carried to the other side."""
        other = self._partner(leg)
        if other is not None and not introduced(self, leg, other, update, now):
            other.update(update, now)

    # Transfers.

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """A transfer of this call."""
        self.hub.transfers.asked(self, leg, transfer, request, replaced, now)

    def report_delivered(self, leg: Leg, transfer: str, now: float) -> None:
        """The transferor has heard the outcome."""
        self.hub.changed(self)
        self.hub.transfers.delivered(leg, transfer, now)

    def transfer_cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        """The transferor does not listen any more."""
        self.hub.changed(self)
        self.hub.transfers.cancelled(leg, transfer, now)

    def transfer_progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        """The peer that we referred is at work."""
        self.hub.transfers.progress(leg, report, now)

    def transfer_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """The peer that we referred is done."""
        self.hub.transfers.outcome(leg, outcome, now)

    def join_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """What the network has made of a join."""
        self.hub.transfers.joined(leg, outcome, now)

    # After a restart.

    def snapshot(self) -> dict[str, object]:
        """What `Hub.restore` makes the call from; plain JSON values."""
        caller, callee = self.caller, self.callee
        return {
            "kind": "call",
            "id": self.id,
            "caller": caller.snapshot() if self.has(caller) else None,
            "callee": callee.snapshot() if callee is not None and self.has(callee) else None,
            "is_joining": self.state is CallState.JOINING,
            "referrals": self.referrals,
        }

    # Inside.

    def _enter(self, input: CallInput) -> CallAction:
        action, self.state = TABLE[self.state, input]
        return action

    def _partner(self, leg: Leg) -> Leg | None:
        """The other side, one that is still ringing included."""
        if self._dial is not None:
            return self._dial.leg if leg is self.caller else self.caller
        return self.other(leg)

    def _media(self) -> MediaExchange:
        if self._exchange is None:
            self._exchange = MediaExchange(self.hub.timers, self.hub.configuration.timing.t1)
        return self._exchange

    def _early_media(self, dial: Dial) -> bool:
        """Whether both trunks want early media."""
        settings = self.hub.settings
        trunks = (settings.get(self.caller.trunk), settings.get(dial.leg.trunk) if dial.leg else None)
        return all(trunk is None or trunk.early_media for trunk in trunks)

    def _settle(self, now: float) -> None:
        """Nothing that is under way between the legs goes on once one of them has left."""
        if self._exchange is not None:
            self._exchange.abandon(now)
        if self._joining is not None:
            joining, self._joining = self._joining, None
            joining.stop(now)

    def _settle_with(self, leg: Leg, now: float) -> None:
        """A target that rang is gone, and another one is tried."""
        if self._dial is not None and self._exchange is not None and leg not in self._gone:
            self._exchange.abandon(now)

    def _clear_rest(self, clearing: Clearing, now: float) -> None:
        dial, self._dial = self._dial, None
        if dial is not None:
            dial.cancel(clearing, now)
        left = tuple(self.legs())
        self._settle(now)
        self._gone = (*self._gone, *left)
        for leg in left:
            leg.clear(clearing, now)
        self._close(now)

    def _close(self, now: float) -> None:
        self.hub.forget(self)
