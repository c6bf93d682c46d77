"""A media gateway that is controlled by MGCP, as the media resource of B channels (RFC 3435)."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b

from gateway.ends.media_resource import MediaDone, MediaMoved
from gateway.hub.leg import Observer
from gateway.media.mgcp_endpoint import MgcpEndpoint, Place
from gateway.media.mgcp_gateway_table import TABLE, Action, Input, State
from gateway.media.mgcp_message import HIGHEST_TRANSACTION, Command, Response
from gateway.media.mgcp_orders import Order, Orders, is_wildcard
from gateway.media.mgcp_settings import MgcpSettings
from gateway.media.mgcp_transactions import Heard, Transactions
from gateway.model.errors import DecodeError, GatewayError, LocalProtocolError
from gateway.model.timers import TimerQueue

_AT_ONCE = 20
"""Connections that are looked after at the same time: a gateway that just came back has enough to do."""
_METHODS = {
    "restart": Input.RESTARTED,
    "disconnected": Input.DISCONNECTED,
    "forced": Input.FORCED,
    "graceful": Input.GRACEFUL,
    "cancel-graceful": Input.CANCELLED,
}
_OF_ALL = frozenset((Input.FORCED, Input.GRACEFUL, Input.CANCELLED))
"""Those that say nothing of the whole gateway when they name only some endpoints."""


class MgcpMedia:
    """The media resource. `send` takes one datagram to the gateway, `token` gives texts that were never given before;
    `start` before anything else.
    """

    def __init__(
        self,
        settings: MgcpSettings,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        token: Callable[[], str],
        observer: Observer,
    ) -> None:
        self.settings = settings
        self.orders = Orders(settings)
        self.state = State.UNKNOWN
        self._timers = timers
        self._token = token
        self._observer = observer
        first = self._number() % HIGHEST_TRANSACTION + 1
        self._transactions = Transactions(self, timers, send, settings.times, first)
        self._endpoints: dict[str, MgcpEndpoint] = {}
        self._places: dict[Place, MgcpEndpoint] = {}
        self._holders: dict[str, MgcpEndpoint] = {}
        self._waiting: dict[str, MgcpEndpoint] = {}
        self._to_check: dict[str, None] = {}
        self._checking: set[str] = set()
        self._left_over: dict[tuple[str, str], None] = {}
        self._is_auditing = self._is_check_due = False
        self._checked_all_at = self._heard_at = float("-inf")

    def start(self, now: float) -> None:
        """Asks whether the gateway is there, and goes on asking."""
        self._enter(Input.DUE, now)
        self._timers.start(now + self.settings.audit, self._look)

    def receive(self, datagram: bytes, now: float) -> None:
        """One datagram from the gateway; what is no MGCP is dropped."""
        try:
            self._transactions.receive(datagram, now)
        except DecodeError as error:
            self._log("media.unreadable", level="warning", reason=str(error))

    def statistics(self) -> dict[str, object]:
        """Its state, and how many B channels it holds."""
        return {"state": self.state.value, "endpoints": len(self._endpoints), "left_over": len(self._left_over)}

    # The media resource

    @property
    def is_up(self) -> bool:
        """See `MediaResource`."""
        return self.state in (State.UP, State.UNKNOWN)

    def reserve(
        self,
        trunk: str,
        channel: int,
        wanted: bytes,
        done: MediaDone,
        now: float,
        moved: MediaMoved | None = None,
    ) -> MgcpEndpoint:
        """See `MediaResource`."""
        endpoint = self._endpoint(trunk, channel, f"{self._number():016x}", self._number(), moved)
        failure = self._not_now(endpoint)
        if failure is not None:
            endpoint.failure = failure
            done(None, now)
        else:
            self._claim(endpoint)
            endpoint.set_up(wanted, done, now)
        return endpoint

    def restore(self, snapshot: dict[str, object], now: float, moved: MediaMoved | None = None) -> MgcpEndpoint:
        """See `MediaResource`. Raises GatewayError when the snapshot is not understood."""
        try:
            channel, session = int(str(snapshot["channel"])), int(str(snapshot["session"]))
            endpoint = self._endpoint(str(snapshot["trunk"]), channel, str(snapshot["call"]), session, moved)
            endpoint.restore(snapshot)
        except (KeyError, ValueError) as error:
            raise GatewayError(f"no snapshot of a B channel at a media gateway: {error}") from error
        self._holders[self.settings.endpoint_of(channel)] = endpoint
        self._check(endpoint, now)
        return endpoint

    def _endpoint(self, trunk: str, channel: int, call: str, session: int, moved: MediaMoved | None) -> MgcpEndpoint:
        endpoint = MgcpEndpoint(self, trunk, channel, call, session % 2**62, moved)
        self._endpoints[call] = endpoint
        return endpoint

    def _not_now(self, endpoint: MgcpEndpoint) -> GatewayError | None:
        if not self.is_up:
            what = f"media gateway {self.settings.name} is {self.state.value}"
            return GatewayError(what, where=endpoint.name, sip_status=503, cause=47)
        first = self._waiting.get(endpoint.name) or self._holders.get(endpoint.name)
        if first is not None and not first.is_released:
            what = "media gateway: the channel has a call"
            return GatewayError(what, where=endpoint.name, sip_status=503, cause=44)
        return None

    def _claim(self, endpoint: MgcpEndpoint) -> None:
        """One call at a time for an endpoint that has a name of its own; the next one waits until that is gone."""
        name = self.settings.endpoint_of(endpoint.channel)
        if is_wildcard(name):
            return
        if name in self._holders:
            endpoint.is_held = True
            self._waiting[name] = endpoint
        else:
            self._holders[name] = endpoint

    def _yield_claim(self, endpoint: MgcpEndpoint, now: float) -> None:
        name = self.settings.endpoint_of(endpoint.channel)
        if self._holders.get(name) is not endpoint:
            return
        del self._holders[name]
        waiting = self._waiting.pop(name, None)
        if waiting is not None and not waiting.is_released:
            self._holders[name] = waiting
            waiting.go_on(now)

    # What the endpoints say

    def order(self, order: Order, heard: Heard, now: float) -> None:
        """See `Surroundings`."""
        if self.state is State.LOST:
            heard(None, now)
        else:
            self._command(order, heard, now)

    def _command(self, order: Order, heard: Heard, now: float) -> None:
        verb, endpoint, parameters, session = order
        try:
            self._transactions.command(verb, endpoint, parameters, session, heard, now)
        except LocalProtocolError as error:
            self._log("media.unwritable", level="warning", reason=str(error))
            heard(None, now)

    def ended(self, endpoint: MgcpEndpoint, is_clean: bool, now: float) -> None:
        """See `Surroundings`."""
        self._endpoints.pop(endpoint.call, None)
        if endpoint.place is not None and self._places.get(endpoint.place) is endpoint:
            del self._places[endpoint.place]
        if not is_clean:
            self._left_over[endpoint.name, endpoint.call] = None
        self._yield_claim(endpoint, now)
        self.checked(endpoint, now)

    def checked(self, endpoint: MgcpEndpoint, now: float) -> None:
        """See `Surroundings`."""
        self._to_check.pop(endpoint.call, None)
        self._checking.discard(endpoint.call)
        self._check_more(now)

    def gone(self, endpoint: MgcpEndpoint, now: float) -> None:
        """See `Surroundings`."""
        if now - self._checked_all_at < self.settings.audit / 2:
            self._is_check_due = True
            return
        self._log("media.gone", level="warning", endpoint=endpoint.name)
        self._enter(Input.GONE, now)

    def settled(self, endpoint: MgcpEndpoint, now: float) -> None:
        """See `Surroundings`."""
        if self.settings.board is None or not self.settings.cross_connect or endpoint.place is None:
            return
        self._places[endpoint.place] = endpoint
        other = self._places.get(endpoint.aim) if endpoint.aim is not None else None
        if other is None or other is endpoint or other.aim != endpoint.place:
            return
        if endpoint.may_meet and other.may_meet:
            self._log("media.meet", level="debug", endpoint=endpoint.name, guest=other.name)
            endpoint.meet(other, now)

    def other(self, call: str) -> MgcpEndpoint | None:
        """See `Surroundings`."""
        return self._endpoints.get(call)

    # What the gateway says

    def gateway_heard(self, now: float) -> None:
        """See `TransactionsUser`."""
        self._heard_at = now
        if self.state is State.LOST or self.state is State.UNKNOWN:
            self._enter(Input.HEARD, now)

    def gateway_silent(self, since: float, now: float) -> None:
        """See `TransactionsUser`."""
        if self._heard_at < since:
            self._enter(Input.SILENT, now)

    def command_received(self, command: Command, now: float) -> Response:
        """Takes note of RSIP, and answers it (RFC 3435 §2.3.12); NTFY and DLCX of the gateway are acknowledged."""
        if command.verb == "RSIP":
            input = _METHODS.get(command.value("RM").lower(), Input.RESTARTED)
            is_whole = command.endpoint.startswith("*")
            self._log("media.restart", level="warning", method=input.value, endpoint=command.endpoint)
            if is_whole or input not in _OF_ALL:
                # The response goes first: what is done about it are commands of ours, which would overtake it.
                self._timers.start(now, lambda then: self._enter(input, then))
            return Response(200, command.transaction, "OK")
        if command.verb in ("NTFY", "DLCX"):
            return Response(200, command.transaction, "OK")
        return Response(504, command.transaction, "Unknown command")

    def extra_response(self, command: Command, response: Response, now: float) -> None:
        """A CRCX that was carried out twice, or for nobody: what it has made is deleted."""
        endpoint = response.value("Z") or command.endpoint
        if command.verb != "CRCX" or not response.is_success or is_wildcard(endpoint):
            return
        parameters = [("C", command.value("C"))]
        if response.value("I"):
            parameters.append(("I", response.value("I")))
        self._log("media.extra", endpoint=endpoint)
        self.order(Order("DLCX", endpoint, tuple(parameters)), lambda _response, _now: None, now)

    # Whether it is there

    def _enter(self, input: Input, now: float) -> None:
        before = self.state
        action, self.state = TABLE[self.state, input]
        if before is State.LOST and self.state is not State.LOST:
            self._log("media.found")
        if action is Action.AUDIT:
            self._audit(now)
        elif action is Action.SAY_LOST:
            self._to_check.clear()
            self._is_check_due = False
            self._log("media.lost", level="warning")
        elif action is Action.CHECK:
            self._check_all(now)

    def _audit(self, now: float) -> None:
        found = next((each for each in self._endpoints.values() if each.local and not each.is_released), None)
        if found is not None and self.state is not State.LOST:
            # That tells too whether the gateway has restarted without a word. The next time it is another's turn.
            self._endpoints[found.call] = self._endpoints.pop(found.call)
            self._check(found, now)
        elif not self._is_auditing:
            self._is_auditing = True
            self._command(Order("AUEP", self.settings.endpoint_of(1), ()), self._audited, now)

    def _audited(self, _response: Response | None, _now: float) -> None:
        """Whatever it answers, it is there."""
        self._is_auditing = False

    def _look(self, now: float) -> None:
        self._enter(Input.GONE if self._is_check_due else Input.DUE, now)
        if self.state is not State.LOST:
            self._delete_left_over(now)
        self._timers.start(now + self.settings.audit, self._look)

    # Whether what it had is still there

    def _check_all(self, now: float) -> None:
        self._checked_all_at, self._is_check_due = now, False
        for endpoint in tuple(self._endpoints.values()):
            if endpoint.local and not endpoint.is_released:
                self._to_check[endpoint.call] = None
        self._delete_left_over(now)
        self._check_more(now)

    def _check(self, endpoint: MgcpEndpoint, now: float) -> None:
        """While nobody knows whether the gateway is there, everything is checked as soon as that is known."""
        if self.state is not State.LOST:
            self._to_check[endpoint.call] = None
            self._check_more(now)

    def _check_more(self, now: float) -> None:
        while self._to_check and len(self._checking) < _AT_ONCE:
            call = next(iter(self._to_check))
            del self._to_check[call]
            if call in self._endpoints and call not in self._checking:
                self._checking.add(call)
                self._endpoints[call].check(now)

    def _delete_left_over(self, now: float) -> None:
        left_over, self._left_over = self._left_over, {}
        for name, call in left_over:
            self.order(Order("DLCX", name, (("C", call),)), partial(self._removed, name, call), now)

    def _removed(self, name: str, call: str, response: Response | None, _now: float) -> None:
        if response is None:
            self._left_over[name, call] = None

    # Small things

    def _number(self) -> int:
        return int.from_bytes(blake2b(self._token().encode(), digest_size=8).digest())

    def _log(self, event: str, **fields: object) -> None:
        self._observer.log(event, media=self.settings.name, **fields)
