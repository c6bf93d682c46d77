"""One request that we answer (RFC 3261 §17.2, RFC 6026)."""

from gateway.model.timers import Timer
from gateway.sip.composing import Fields, compose_response, echo, to_field
from gateway.sip.flow import Flow
from gateway.sip.message import Headers, Message
from gateway.sip.surroundings import Surroundings
from gateway.sip.transaction_table import TABLE, Action, Input, Machine, State
from gateway.sip.via import Hop, reopened, reply_flow, stamped

_GONE = Message(True, "", "", 0, "", Headers(), b"", b"")


class ServerTransaction:
    """A request and its response. `flow` is where the request came from, `final_status` 0 until it is answered.
    `to_tag` is ours, as it stands in the responses. `context` is the user's. `request` is emptied some time after
    the final response.
    """

    __slots__ = (
        *("context", "final_status", "flow", "is_invite", "request", "state", "to_tag"),
        *("_echo", "_ground", "_hop", "_interval", "_key", "_limit", "_merged", "_octets", "_plans", "_repeat"),
        *("_rows",),
    )

    def __init__(self, ground: Surroundings, request: Message, hop: Hop, key: tuple[str, ...], flow: Flow) -> None:
        self.request = request
        self.flow = flow
        self.is_invite = request.method == "INVITE"
        self.state = State.TRYING
        self.context: object = None
        self.final_status = 0
        self.to_tag = ""
        machine = Machine.INVITE_SERVER if self.is_invite else Machine.SERVER
        self._rows = TABLE[machine]
        self._plans = ground.plans[machine, flow.transport.is_reliable]
        self._ground = ground
        self._hop = hop
        self._key = key
        self._merged: tuple[str, ...] | None = None
        self._echo: Fields = ()
        self._octets = b""
        self._interval = 0.0
        self._repeat: Timer | None = None
        self._limit: Timer | None = None
        ground.servers[key] = self

    @property
    def reply_flow(self) -> Flow:
        """Where its responses go; a 2xx that is sent again goes there too."""
        flow = self.flow
        if flow.connection and flow.connection in self._ground.lost:
            return reopened(self._hop, flow)
        return reply_flow(self._hop, flow)

    @property
    def hop(self) -> Hop:
        """The topmost Via of the request."""
        return self._hop

    def dismiss(self) -> None:
        """The request was answered without a transaction: nothing is kept of it."""
        self._end()

    def merge_by(self, key: tuple[str, ...]) -> None:
        """The same request by another path is a merged one from now on (RFC 3261 §8.2.2.2)."""
        self._merged = key
        self._ground.merged[key] = self

    def await_response(self, now: float) -> None:
        """The user has seen the request and not answered it at once."""
        if self.state is State.TRYING:
            limit = self._plans[State.TRYING].limit or 0.0
            self._limit = self._ground.timers.start(now + limit, self._limit_due)

    def respond(
        self, status: int, headers: Fields, body: bytes, now: float, *, to_tag: str = "", reason: str = ""
    ) -> bytes:
        """Sends a response and returns its octets; b"" when it is too late for it."""
        kind = Input.PROVISIONAL if status < 200 else Input.SUCCESS if status < 300 else Input.FAILURE
        action, state = self._rows[self.state, kind]
        if action is Action.IGNORE:
            return b""
        octets = self._compose(status, headers, body, to_tag, reason)
        self._ground.send(self.reply_flow, octets)
        if status >= 200:
            self.final_status = status
            self._finish(status)
        self._octets = b"" if state is State.ACCEPTED else octets
        if state is not self.state:
            self._enter(state, now)
        return octets

    def request_again(self) -> None:
        """The request has come once more."""
        if self._rows[self.state, Input.REQUEST].action is Action.REPEAT:
            self._send_again()

    def ack(self, message: Message, flow: Flow, now: float) -> None:
        """ACK with the branch of this INVITE."""
        action, state = self._rows[self.state, Input.ACK]
        if action is Action.PASS:
            self._ground.user.ack_received(message, flow, now)
        elif action is Action.CONFIRM:
            self._octets = b""
            self._enter(state, now)

    def forget_request(self) -> None:
        """Frees the request, which nobody needs after the final response."""
        self.request = _GONE

    def _compose(self, status: int, headers: Fields, body: bytes, to_tag: str, reason: str) -> bytes:
        if not self._echo:
            self._echo = echo(self.request, stamped(self._hop, self.flow))
        if status == 100:
            timestamp = self.request.headers.get("timestamp")
            headers = (("Timestamp", timestamp), *headers) if timestamp else headers
        elif not self.to_tag:
            self.to_tag = self.request.to_tag or to_tag or self._ground.token()
        tag = "" if status == 100 else self.to_tag
        return compose_response(status, [*self._echo, to_field(self.request, tag)], headers, body, reason)

    def _finish(self, status: int) -> None:
        self._echo = ()
        if status >= 300:
            self._unmerge()

    def _unmerge(self) -> None:
        if self._merged is not None:
            self._ground.merged.pop(self._merged, None)
            self._merged = None

    def _send_again(self) -> None:
        if self._octets:
            self._ground.send(self.reply_flow, self._octets)

    def _enter(self, state: State, now: float) -> None:
        """The timers of a state are started with it."""
        self.state = state
        timers, (repeat, _, limit) = self._ground.timers, self._plans[state]
        if self._repeat is not None:
            timers.stop(self._repeat)
            self._repeat = None
        if limit is not None and limit < 0:
            return
        if self._limit is not None:
            timers.stop(self._limit)
            self._limit = None
        if limit == 0:
            self._end()
        elif limit is not None:
            self._limit = timers.start_lax(now + limit, self._limit_due)
        if repeat:
            self._interval = repeat
            self._repeat = timers.start(now + repeat, self._repeat_due)

    def _repeat_due(self, now: float) -> None:
        self._send_again()
        self._interval = min(self._interval * 2, self._plans[self.state].most)
        self._repeat = self._ground.timers.start(now + self._interval, self._repeat_due)

    def _limit_due(self, now: float) -> None:
        self._limit = None
        if self._rows[self.state, Input.LIMIT].action is Action.SAY_TRYING:
            self.respond(100, (), b"", now)
        else:
            self._end()

    def _end(self) -> None:
        self.state = State.TERMINATED
        if self._repeat is not None:
            self._ground.timers.stop(self._repeat)
        self._ground.servers.pop(self._key, None)
        self._unmerge()
        self._octets = b""
        self._repeat = None
