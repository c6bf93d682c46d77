"""An attempt to call somebody: one target after the other, until one answers."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gateway.hub.bystander import Bystander
from gateway.hub.dial_table import MOST_REDIRECTIONS, TABLE, TIMER, DialAction, DialInput, DialState
from gateway.hub.leg import Leg, LegEvents
from gateway.hub.routing import Routed
from gateway.hub.watchers import DialWatcher
from gateway.model.call import Answer, CallRequest, Clearing, Information, Progress
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.timers import Timer
from gateway.model.transfer import Kept, PartyUpdate, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

_LOOP = Clearing(482, Cause(25))
_SILENT = Clearing(408, Cause(102))
_NO_ANSWER = Clearing(408, Cause(19))
_FOLLOWED = "follow"
_NOBODY = Clearing(480, Cause(20))

_HISTORY = frozenset(("diversion", "history-info"))


class Target(NamedTuple):
    """Where to try, and what the request says besides; `verbatim` until it was redirected."""

    routed: Routed
    kept: tuple[Kept, ...]
    verbatim: bool


def refusal(error: GatewayError) -> Clearing:
    """What a call is told that an error of ours stands in the way of."""
    return Clearing(error.sip_status, Cause(error.cause))


class Dial(Bystander):
    """Calls `request.called`, at each of `targets` until one answers. A 3xx is followed where the trunk says so.

    `leg` is the attempt that is under way, `early` hears the media events of a leg that is still ringing. `watcher`
    may be replaced at any time before the end.
    """

    __slots__ = (
        "_clearing",
        "_hub",
        "_left",
        "_redirections",
        "_timer",
        "_tried",
        "early",
        "id",
        "last_progress",
        "leg",
        "request",
        "source",
        "state",
        "watcher",
    )

    def __init__(self, hub: "Hub", request: CallRequest, source: str, watcher: DialWatcher) -> None:
        self.id = hub.token()
        self.request = request
        self.source = source
        self.watcher = watcher
        self.early: LegEvents | None = None
        self.leg: Leg | None = None
        self.last_progress: Progress | None = None
        self.state = DialState.TRYING
        self._hub = hub
        self._left: list[Target] = []
        self._clearing = _NOBODY
        self._tried: set[str] | None = None
        self._redirections = 0
        self._timer: Timer | None = None

    def start(self, trunk: str, now: float) -> None:
        """Calls the first target: over `trunk`, or as the routes say ("")."""
        try:
            routed = (Routed(trunk, self.request.called),) if trunk else self._route()
        except GatewayError as error:
            routed, self._clearing = (), refusal(error)
        self._left = [Target(each, self.request.kept, self.request.verbatim) for each in routed]
        if not self._place_next(now):
            self._hub.timers.start(now, self._no_target)

    def cancel(self, clearing: Clearing, now: float) -> None:
        """Gives up; the watcher hears nothing more."""
        if self._enter(DialInput.CANCEL) is DialAction.CANCEL:
            self._drop_leg(clearing, now)

    @property
    def is_over(self) -> bool:
        """Whether it was answered, has failed or was cancelled."""
        return self.state is DialState.OVER

    # What the leg says.

    def progressed(self, leg: Leg, progress: Progress, now: float) -> None:
        """The called side is at work."""
        if leg is self.leg and self._enter(DialInput.PROGRESS) is DialAction.REPORT:
            self.last_progress = progress
            self.watcher.dial_progressed(self, progress, now)

    def answered(self, leg: Leg, answer: Answer, now: float) -> None:
        """The leg goes to the watcher. What a reliable provisional answer has settled is said again."""
        if leg is not self.leg or self._enter(DialInput.ANSWER) is not DialAction.HAND_OVER:
            leg.clear(Clearing(487), now)
            return
        self._hub.timers.stop(self._timer)
        if not answer.session and leg.remote_session:
            answer = replace(answer, session=leg.remote_session)
        self.watcher.dial_answered(self, leg, answer, now)

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """The target has refused, redirected, or cannot be reached."""
        if leg is not self.leg:
            return
        self._hub.timers.stop(self._timer)
        self.leg = None
        if 300 <= clearing.status < 400 and clearing.contacts:
            clearing = self._redirected(leg, clearing, now)
        self._failed(leg, clearing, now)

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        """A new offer before the answer (RFC 3311)."""
        (self.early.media_offered if self.early else super().media_offered)(leg, session, now)

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """An offer before the answer was accepted."""
        (self.early.media_accepted if self.early else super().media_accepted)(leg, session, now)

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """An offer before the answer was refused."""
        (self.early.media_declined if self.early else super().media_declined)(leg, clearing, now)

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """An answer to the ringing side was confirmed."""
        (self.early.confirmed if self.early else super().confirmed)(leg, session, now)

    def informed(self, leg: Leg, information: Information, now: float) -> None:
        """Something is said before the answer."""
        (self.early.informed if self.early else super().informed)(leg, information, now)

    def updated(self, leg: Leg, update: PartyUpdate, now: float) -> None:
        """Another party rings."""
        (self.early.updated if self.early else super().updated)(leg, update, now)

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """The called side wants a transfer before it has answered."""
        heard = self.early.transfer_asked if self.early else super().transfer_asked
        heard(leg, transfer, request, replaced, now)

    # One target after the other.

    def _enter(self, input: DialInput) -> DialAction:
        action, self.state = TABLE[self.state, input]
        return action

    def _route(self) -> tuple[Routed, ...]:
        return self._hub.routing.route(self.source, self.request.called)

    def _place_next(self, now: float) -> bool:
        """Calls the next target that can be called at all; False when none is left."""
        while self._left:
            target = self._left.pop(0)
            self.request = self._request_for(target)
            try:
                self.leg = self._hub.trunks.place(target.routed.trunk, self.request, self, now)
            except GatewayError as error:
                self._clearing = refusal(error)
                continue
            due = getattr(self._hub.configuration.timing, TIMER[0])
            self._timer = self._hub.timers.start(now + due, self._silence)
            return True
        return False

    def _request_for(self, target: Target) -> CallRequest:
        request, called = self.request, target.routed.called
        if called is request.called and target.kept is request.kept:
            return request
        return replace(request, called=called, kept=target.kept, verbatim=target.verbatim)

    def _failed(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """A 6xx speaks for every target (RFC 3261 §21.6); any other failure for its own."""
        self._clearing = clearing
        if clearing.status >= 600:
            self._left.clear()
        action = self._enter(DialInput.FAILED_MORE if self._left else DialInput.FAILED_LAST)
        if action is DialAction.FAIL:
            self.watcher.dial_failed(self, self._clearing, now)
        elif action is DialAction.TRY_NEXT:
            if self.early is not None:
                self.early.cleared(leg, clearing, now)
            if not self._place_next(now):
                self._no_target(now)

    def _no_target(self, now: float) -> None:
        if self._enter(DialInput.FAILED_LAST) is DialAction.FAIL:
            self.watcher.dial_failed(self, self._clearing, now)

    def _silence(self, now: float) -> None:
        """RFC 3261 §16.8 (timer C): who rings for too long is given up."""
        clearing = _SILENT if self.state is DialState.TRYING else _NO_ANSWER
        leg = self.leg
        if self._enter(TIMER[1]) is DialAction.GIVE_UP and leg is not None:
            self._drop_leg(clearing, now)
            self._failed(leg, clearing, now)

    def _drop_leg(self, clearing: Clearing, now: float) -> None:
        self._hub.timers.stop(self._timer)
        leg, self.leg = self.leg, None
        if leg is not None:
            leg.clear(clearing, now)

    # 3xx.

    def _redirected(self, leg: Leg, clearing: Clearing, now: float) -> Clearing:
        """Puts the contacts of a 3xx before the other targets, if they are to be followed here."""
        trunk = self._hub.settings.get(leg.trunk)
        followed = trunk is not None and trunk.redirect == _FOLLOWED
        self._hub.transfers.redirected(leg, self.source, self.request, clearing, followed, now)
        return self._follow(clearing) if followed else clearing

    def _follow(self, clearing: Clearing) -> Clearing:
        """The contacts that were not tried yet, each routed like a call; what it means if there are none."""
        asked = self.request
        tried = self._tried = self._tried or set()
        tried.add(asked.called.uri)
        kept = (*asked.kept, *_history(asked.called.uri, clearing))
        outcome, found = _LOOP, []
        for contact in clearing.contacts:
            if contact.uri in tried or self._redirections >= MOST_REDIRECTIONS:
                continue
            tried.add(contact.uri)
            self._redirections += 1
            try:
                found += [Target(each, kept, False) for each in self._hub.routing.route(self.source, contact)]
            except GatewayError as error:
                outcome = refusal(error)
        self._left[:0] = found
        return outcome


def _history(uri: str, clearing: Clearing) -> tuple[Kept, ...]:
    """What the next request has to know of the redirection, for Diversion and History-Info."""
    said = (each for each in clearing.kept if each.what.lower() in _HISTORY)
    return (
        *said,
        Kept("call", "redirected-from", uri),
        Kept("call", "redirection-status", str(clearing.status)),
    )
