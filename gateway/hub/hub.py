"""The hub: takes calls, routes and dials them, puts legs together, and knows every call there is."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Protocol

from gateway.configuration import AnyTrunk, Configuration
from gateway.hub.bystander import Bystander
from gateway.hub.call import Call
from gateway.hub.call_table import CallState
from gateway.hub.dial import Dial
from gateway.hub.joining import Joining
from gateway.hub.leg import Leg, Observer, Trunks, marks_in
from gateway.hub.overload import Overload
from gateway.hub.routing import Routing
from gateway.hub.transfers import Transfers
from gateway.hub.watchers import ConnectWatcher, DialWatcher
from gateway.interworking.transfer_ladder import ladder
from gateway.model.call import CallRequest, Clearing, TransferRecord
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue
from gateway.model.transfer import Kept

_CONGESTION = Cause(42)
_CLAIMED_WITHIN = 1.0
_LOST = Clearing(503, Cause(41))


class Lasting(Protocol):
    """Something that a restart should not end: a call, a transfer."""

    id: str

    @property
    def is_lasting(self) -> bool:
        """Whether it is still worth keeping."""

    def snapshot(self) -> dict[str, object]:
        """What it is made from again; plain JSON values, "kind" among them."""


class Hub(Bystander):
    """All calls of one process. `configuration` may be replaced at any time; calls that are up do not mind.

    `keeps_changes` says whether anybody asks for `changes`, and `has_urgent_changes` that they should be asked for
    before anything is sent. `wall` gives seconds since 1970.
    """

    def __init__(
        self,
        configuration: Configuration,
        trunks: Trunks,
        timers: TimerQueue,
        observer: Observer,
        token: Callable[[], str],
        record: Callable[[TransferRecord], None],
        wall: Callable[[], float],
    ) -> None:
        self.trunks = trunks
        self.timers = timers
        self.observer = observer
        self.token = token
        self.record = record
        self.wall = wall
        self.calls: dict[str, Call] = {}
        self.keeps_changes = True
        self.has_urgent_changes = False
        self.is_draining = False
        self.configuration = configuration
        self.transfers = Transfers(self)
        self.overload = Overload(observer)
        self._changed: OrderedDict[str, Lasting] = OrderedDict()
        self._kept: set[str] = set()
        self._counts = {"calls": 0, "answered": 0, "failed": 0}

    @property
    def configuration(self) -> Configuration:
        """The whole of gateway.yaml as it stands now."""
        return self._configuration

    @configuration.setter
    def configuration(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.routing = Routing(configuration.routes)
        self.ladder = ladder(configuration.ladder)
        self.settings: dict[str, AnyTrunk] = {trunk.name: trunk for trunk in configuration.trunks}

    # Calls.

    def call_asked(self, leg: Leg, request: CallRequest, replaced: Leg | None, now: float) -> None:
        """A peer calls: it is put through as the routes say, or takes the place of the `replaced` leg."""
        if replaced is not None:
            self.transfers.replace(leg, request, replaced, now)
            return
        if self.is_draining or len(self.calls) >= self.configuration.limits.calls:
            self._refuse(leg, now)
            return
        call = Call(self, self.token(), leg, request)
        leg.owner = call
        self.calls[call.id] = call
        self._counts["calls"] += 1
        call.dial = self.dial(request, leg.trunk, call, now)

    def dial(self, request: CallRequest, source: str, watcher: DialWatcher, now: float, *, trunk: str = "") -> Dial:
        """Calls `request.called` over `trunk`, or as a call from the trunk `source` is routed. Nothing is heard of it
        before this has returned.
        """
        dial = Dial(self, request, source, watcher)
        dial.start(trunk, now)
        return dial

    def connect(
        self,
        survivor: Leg,
        target: Leg,
        watcher: ConnectWatcher | None,
        now: float,
        *,
        session: bytes = b"",
        late: bool = False,
        as_is: bool = False,
        knows: bool = False,
    ) -> Call:
        """A call of two answered legs, which are made to agree on their media; they are taken out of their calls.

        `session` is what the target has answered to the survivor's description, if it did; with `late` it is an offer
        that the target waits to have answered. A hold of the target stays only with `as_is`; with `knows` the
        survivor may have been offered its description before. Nothing is heard of it before this has returned.
        """
        call = self._call_of(survivor, target, None, CallState.JOINING)
        self._join(call, watcher, now, session, late=late, as_is=as_is, knows=knows)
        return call

    def joined(self, caller: Leg, callee: Leg, now: float, *, request: CallRequest | None = None) -> Call:
        """A call of two answered legs whose media fits already."""
        return self._call_of(caller, callee, request, CallState.TALKING)

    def drain(self, now: float) -> None:
        """No new calls; those that are up go on."""
        self.is_draining = True

    @property
    def idle(self) -> bool:
        """Whether no call is left."""
        return not self.calls

    def statistics(self) -> dict[str, int]:
        """Calls that are up, and counts since the start."""
        return {"calls_up": len(self.calls), **self._counts, "refused": self.overload.refused}

    # What calls tell.

    def call_answered(self, call: Call) -> None:
        """A call was answered."""
        self._counts["answered"] += 1
        self._log("call.answered", call, callee=call.callee.id if call.callee else "")
        self.changed(call)

    def call_failed(self, call: Call, clearing: Clearing) -> None:
        """Nobody has answered it."""
        self._counts["failed"] += 1
        cause = clearing.cause.value if clearing.cause else None
        self._log("call.failed", call, status=clearing.status, cause=cause)

    def forget(self, call: Call) -> None:
        """A call has ended."""
        self.calls.pop(call.id, None)
        self.changed(call)

    # What a restart should not end.

    def changed(self, thing: Lasting, *, urgent: bool = False) -> None:
        """What is written of it is out of date; `urgent` when the peers are about to be told what has changed."""
        if self.keeps_changes:
            self._changed[thing.id] = thing
            self.has_urgent_changes = self.has_urgent_changes or urgent

    def changes(self) -> Iterator[tuple[str, dict[str, object] | None]]:
        """What has changed, oldest first, as snapshots; None for what is no more. Each is forgotten as it is taken,
        and what has come and gone in between is not told.
        """
        while self._changed:
            id, thing = self._changed.popitem(last=False)
            if thing.is_lasting:
                self._kept.add(id)
                yield id, thing.snapshot()
            elif id in self._kept:
                self._kept.discard(id)
                yield id, None
        self.has_urgent_changes = False

    def restore(self, snapshot: dict[str, object], now: float) -> None:
        """Takes back a call, or a transfer (once all calls of this turn are back). Raises GatewayError."""
        id = str(snapshot.get("id", ""))
        if snapshot.get("kind") == "transfer":
            self._kept.add(id)
            self.timers.start(now, lambda then: self.transfers.restore(snapshot, then))
            return
        legs = self._restored_legs(snapshot, now)
        if not legs:
            raise GatewayError(f"call {id} has no leg that could be taken back", sip_status=503)
        call = self._of_restored(id, snapshot, legs)
        if call.state is CallState.JOINING:
            self._join(call, None, now)
        elif call.state is CallState.PARTED:
            self.timers.start(now + _CLAIMED_WITHIN, lambda then: self._left_alone(call, then))

    # Inside.

    def _log(self, event: str, call: Call, **fields: object) -> None:
        """What happens to every call is for those only who look for an error. The dialog is the caller's."""
        self.observer.log(event, level="debug", call=call.id, **call.caller.marks, **fields)

    def _refuse(self, leg: Leg, now: float) -> None:
        if self.is_draining:
            self.overload.drained()
        else:
            self.overload.refuse("calls", now)
        after = str(self.configuration.limits.retry_after)
        leg.clear(Clearing(503, _CONGESTION, kept=(Kept("sip", "Retry-After", after),)), now)

    def _call_of(self, caller: Leg, callee: Leg, request: CallRequest | None, state: CallState) -> Call:
        for leg in (caller, callee):
            if isinstance(leg.owner, Call):
                leg.owner.take(leg)
        call = Call(self, self.token(), caller, request, callee=callee, state=state)
        caller.owner = callee.owner = call
        self.calls[call.id] = call
        self.changed(call)
        return call

    def _join(
        self,
        call: Call,
        watcher: ConnectWatcher | None,
        now: float,
        session: bytes = b"",
        *,
        late: bool = False,
        as_is: bool = False,
        knows: bool = False,
    ) -> None:
        joining = Joining(call, watcher, session, late=late, as_is=as_is, knows=knows)
        call.join(joining)
        self.timers.start(now, joining.start)

    def _restored_legs(self, snapshot: dict[str, object], now: float) -> dict[str, Leg]:
        """The legs that can be had back. Their owner is the hub for the moment."""
        legs = {}
        for side in ("caller", "callee"):
            one = snapshot.get(side)
            if not isinstance(one, dict):
                continue
            try:
                legs[side] = self.trunks.restore(one, self, now)
            except GatewayError as error:
                marks = marks_in(one)
                self.observer.log("call.leg_lost", level="warning", call=snapshot.get("id"), why=str(error), **marks)
        return legs

    def _of_restored(self, id: str, snapshot: dict[str, object], legs: dict[str, Leg]) -> Call:
        """The call of these legs as it was; a callee that is alone stands as the caller."""
        whole = len(legs) == 2
        up = CallState.JOINING if snapshot.get("is_joining") else CallState.TALKING
        state = up if whole else CallState.PARTED
        call = Call(self, id, next(iter(legs.values())), callee=legs["callee"] if whole else None, state=state)
        referrals = snapshot.get("referrals")
        call.referrals = referrals if isinstance(referrals, int) else 0
        for leg in legs.values():
            leg.owner = call
        self.calls[id] = call
        self._kept.add(id)
        return call

    def _left_alone(self, call: Call, now: float) -> None:
        """A single leg that no transfer has claimed after a restart is cleared."""
        if call.transfer is None and call.state is CallState.PARTED:
            call.end(_LOST, now)
