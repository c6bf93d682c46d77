"""One request that we send (RFC 3261 §17.1, RFC 6026), tried at one place after the other (RFC 3263 §4.3)."""

from collections.abc import Sequence
from enum import StrEnum

from gateway.model.timers import Timer
from gateway.sip.composing import Fields, compose_request
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.surroundings import Surroundings
from gateway.sip.transaction_table import TABLE, Action, Input, Machine, State
from gateway.sip.via import COOKIE

_NOWHERE = Flow(Transport.UDP, "", 0)
_UNANSWERED = (State.TRYING, State.PROCEEDING)
_CARRIED = frozenset(("route", "from", "to", "call-id", "session-id"))


class Failure(StrEnum):
    """Why no final response came."""

    TIMEOUT = "timeout"
    TRANSPORT = "transport"


class ClientTransaction:
    """A request and what comes back. `provisional` tells whether anything came yet; `context` is the user's.

    The branch is another one at each place that is tried. A transaction that is `quiet` tells its user nothing.
    """

    __slots__ = (
        *("body", "branch", "cancelled", "context", "flow", "headers", "method", "provisional", "quiet", "state"),
        *("_cancel", "_flows", "_ground", "_interval", "_is_large", "_limit", "_machine", "_octets", "_place"),
        *("_plans", "_repeat", "_rows", "_sent_by", "uri"),
    )

    def __init__(
        self,
        ground: Surroundings,
        method: str,
        uri: str,
        headers: Fields,
        body: bytes,
        flows: Sequence[Flow],
        *,
        context: object = None,
        sent_by: str = "",
        quiet: bool = False,
    ) -> None:
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
        self.context = context
        self.quiet = quiet
        self.flow = _NOWHERE
        self.branch = ""
        self.state = State.TERMINATED
        self.provisional = False
        self.cancelled = False
        self._ground = ground
        self._machine = Machine.INVITE_CLIENT if method == "INVITE" else Machine.CLIENT
        self._rows = TABLE[self._machine]
        self._plans = ground.plans[self._machine, False]
        self._sent_by = sent_by
        self._flows = list(flows)
        self._cancel: Fields | None = None
        self._octets = b""
        self._interval = 0.0
        self._is_large = False
        self._repeat: Timer | None = None
        self._limit: Timer | None = None
        self._place: tuple[str, str, int] | None = None

    def start(self, now: float) -> None:
        """Sends the request to the first place; without any, the failure is told as soon as timers run."""
        if self._flows:
            self._attempt(now)
        else:
            self._ground.timers.start(now, self._nowhere)

    def cancel(self, headers: Fields, now: float) -> None:
        """Takes the INVITE back, once a provisional response has come (RFC 3261 §9.1)."""
        action = self._rows[self.state, Input.CANCEL].action
        if action is Action.IGNORE or self.cancelled:
            return
        self.cancelled = True
        self._cancel = headers
        if action is Action.CANCEL:
            self._send_cancel(now)

    def receive(self, response: Message, flow: Flow, now: float) -> None:
        """A response with the branch and the method of this request."""
        kind = self._kind(response.status)
        action, state = self._rows[self.state, kind]
        if action is Action.IGNORE:
            return
        if action is Action.REPEAT:
            self._send_again()
            return
        if flow.connection and not self.flow.connection and flow[:3] == self.flow[:3]:
            self.flow = flow
        if action is Action.FAIL_OVER:
            self._fail_over(response, now)
            return
        self.provisional = True
        self._answered(action, state, response, now)

    def unreachable(self, now: float) -> None:
        """Its flow is broken."""
        action = self._rows[self.state, Input.UNREACHABLE].action
        if action is Action.FAIL:
            self._failed(Failure.TRANSPORT, now)
        elif action is Action.WAIT:
            self.flow = self.flow._replace(connection=0)
            self._wait(now)

    def _kind(self, status: int) -> Input:
        if status < 200:
            return Input.PROVISIONAL
        if status < 300:
            return Input.SUCCESS
        return Input.UNAVAILABLE if status == 503 and self._flows and not self.cancelled else Input.FAILURE

    def _answered(self, action: Action, state: State, response: Message, now: float) -> None:
        if state is not self.state:
            if action is Action.CONFIRM:
                self._octets = acknowledgement(self, response)
                self._ground.send(self.flow, self._octets)
            elif state is not State.PROCEEDING:
                self._octets = b""
            self._enter(state, now)
        if self._cancel is not None and state is State.PROCEEDING:
            self._send_cancel(now)
        if not self.quiet:
            self._ground.user.response_received(self, response, now)

    def _attempt(self, now: float) -> None:
        """The request, with a new branch, to the next place."""
        self.flow = flow = self._flows.pop(0)
        self.branch = self.branch if self.quiet else COOKIE + self._ground.token()
        self._plans = self._ground.plans[self._machine, flow.transport.is_reliable]
        self._octets = compose_request(self.method, self.uri, self.via, self.headers, self.body)
        if self._is_too_large(flow):
            self._flows = [step for each in (flow, *self._flows) for step in _by_tcp_first(each)]
            self._attempt(now)
            return
        self._ground.clients[self.branch, self.method] = self
        self._place = flow[:3]
        self._ground.places.setdefault(self._place, {})[self] = None
        self._enter(State.TRYING, now)
        self._ground.send(flow, self._octets)

    def _is_too_large(self, flow: Flow) -> bool:
        """What is too large for a datagram is tried by TCP first, and by UDP if that fails (RFC 3261 §18.1.1)."""
        if flow.transport is not Transport.UDP or self._is_large or self.quiet:
            return False
        self._is_large = len(self._octets) > self._ground.settings.mtu
        return self._is_large

    @property
    def via(self) -> str:
        """The Via of this attempt."""
        flow = self.flow
        rport = "" if flow.transport.is_reliable else ";rport"
        sent_by = self._sent_by or self._ground.sent_by(flow)
        return f"SIP/2.0/{flow.transport.upper()} {sent_by};branch={self.branch}{rport}"

    def _fail_over(self, response: Message, now: float) -> None:
        self._leave()
        if self.method == "INVITE":
            octets = acknowledgement(self, response)
            self._ground.send(self.flow, octets)
            Remnant(self._ground, (self.branch, self.method), self.flow, octets, now)
        self._attempt(now)

    def _failed(self, failure: Failure, now: float) -> None:
        self._leave()
        if self._flows and not self.cancelled:
            self._attempt(now)
        elif not self.quiet:
            self._ground.user.request_failed(self, failure, now)

    def _nowhere(self, now: float) -> None:
        self._ground.user.request_failed(self, Failure.TRANSPORT, now)

    def _send_again(self) -> None:
        self._ground.send(self.flow, self._octets)

    def _send_cancel(self, now: float) -> None:
        headers, self._cancel = self._cancel or (), None
        cancel = ClientTransaction(
            *(self._ground, "CANCEL", self.uri, (*_carried(self, "CANCEL"), *headers), b"", (self.flow,)),
            sent_by=self._sent_by,
            quiet=True,
        )
        cancel.branch = self.branch
        cancel.start(now)
        self._wait(now)

    def _wait(self, now: float) -> None:
        """An INVITE that was taken back, or whose connection is gone, is not waited for without end (§9.1)."""
        timers = self._ground.timers
        timers.stop(self._limit)
        self._limit = timers.start(now + 64 * self._ground.settings.t1, self._limit_due)

    def _enter(self, state: State, now: float) -> None:
        """The timers of a state are started with it."""
        self.state = state
        timers, (repeat, _, limit) = self._ground.timers, self._plans[state]
        if self._repeat is not None:
            timers.stop(self._repeat)
            self._repeat = None
        if repeat:
            self._interval = repeat
            self._repeat = timers.start(now + repeat, self._repeat_due)
        if limit is None or limit >= 0:
            if self._limit is not None:
                timers.stop(self._limit)
            self._limit = timers.start_lax(now + limit, self._limit_due) if limit else None
        if state not in _UNANSWERED:
            self._leave_place()
        if limit == 0:
            self._leave()

    def _repeat_due(self, now: float) -> None:
        self._send_again()
        self._interval = min(self._interval * 2, self._plans[self.state].most)
        self._repeat = self._ground.timers.start(now + self._interval, self._repeat_due)

    def _limit_due(self, now: float) -> None:
        self._limit = None
        if self._rows[self.state, Input.LIMIT].action is Action.TIME_OUT:
            self._failed(Failure.TIMEOUT, now)
        else:
            self._leave()

    def _leave(self) -> None:
        """Nothing is expected of this attempt any more."""
        self.state = State.TERMINATED
        if self._repeat is not None or self._limit is not None:
            timers = self._ground.timers
            timers.stop(self._repeat)
            timers.stop(self._limit)
            self._repeat = self._limit = None
        self._ground.clients.pop((self.branch, self.method), None)
        self._leave_place()

    def _leave_place(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            there = self._ground.places[place]
            del there[self]
            if not there:
                del self._ground.places[place]


class Remnant:
    """What is left of an INVITE that was refused with 503 at one place and goes on at another: its ACK."""

    __slots__ = ("_flow", "_ground", "_key", "_octets")

    def __init__(self, ground: Surroundings, key: tuple[str, str], flow: Flow, octets: bytes, now: float) -> None:
        limit = ground.plans[Machine.INVITE_CLIENT, flow.transport.is_reliable][State.COMPLETED].limit
        self._ground = ground
        self._key = key
        self._flow = flow
        self._octets = octets
        if limit:
            ground.clients[key] = self
            ground.timers.start(now + limit, self._end)

    def receive(self, response: Message, flow: Flow, now: float) -> None:
        """The refusal once more: the ACK was lost."""
        if response.status >= 300:
            self._ground.send(self._flow, self._octets)

    def _end(self, now: float) -> None:
        self._ground.clients.pop(self._key, None)


def acknowledgement(transaction: ClientTransaction, response: Message) -> bytes:
    """The ACK to a final response other than 2xx (RFC 3261 §17.1.1.3)."""
    to = response.headers.get("to") or ""
    fields = [item if item[0] != "To" else ("To", to) for item in _carried(transaction, "ACK")]
    return compose_request("ACK", transaction.uri, transaction.via, fields)


def _carried(transaction: ClientTransaction, method: str) -> list[tuple[str, str]]:
    """What ACK and CANCEL take from their INVITE (§9.1, §17.1.1.3; RFC 7989 §6)."""
    fields = [("Max-Forwards", "70")]
    for name, value in transaction.headers:
        lower = name.lower()
        if lower in _CARRIED:
            fields.append(("To" if lower == "to" else name, value))
        elif lower == "cseq":
            fields.append(("CSeq", f"{value.partition(' ')[0]} {method}"))
    return fields


def _by_tcp_first(flow: Flow) -> tuple[Flow, ...]:
    return (flow._replace(transport=Transport.TCP), flow) if flow.transport is Transport.UDP else (flow,)
