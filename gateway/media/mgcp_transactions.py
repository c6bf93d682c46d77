"""Commands to a media gateway, sent until they are answered, and its own, answered once (RFC 3435 §3.5)."""

from collections.abc import Callable
from typing import Protocol

from gateway.media.mgcp_message import HIGHEST_TRANSACTION, Command, Parameters, Response, messages
from gateway.media.mgcp_settings import TransactionTimes
from gateway.media.mgcp_transaction_table import TABLE, Action, Event, State, Timing
from gateway.media.round_trips import RoundTrips
from gateway.model.timers import Timer, TimerQueue

Heard = Callable[[Response | None, float], None]
"""Hears the final response to a command, or None when none came; and when."""


class TransactionsUser(Protocol):
    """Who hears of a media gateway what no command asked for."""

    def command_received(self, command: Command, now: float) -> Response:
        """A command of its own, for the first time; what is answered is said again when it comes again."""

    def extra_response(self, command: Command, response: Response, now: float) -> None:
        """Another final response to a command, or one that comes after it was given up."""

    def gateway_heard(self, now: float) -> None:
        """A message has come; what it says is dealt with afterwards."""

    def gateway_silent(self, since: float, now: float) -> None:
        """A command that was sent first at `since` is given up; whoever sent it hears of it afterwards."""


class Transaction:
    """One command of ours. `answer` is the response that was handed over."""

    __slots__ = ("again", "answer", "command", "heard", "interval", "last", "octets", "repeated", "sent_at", "state")

    def __init__(self, command: Command, heard: Heard, now: float, interval: float) -> None:
        self.command = command
        self.octets = command.encoded()
        self.heard = heard
        self.state = State.TRYING
        self.answer: Response | None = None
        self.sent_at = now
        self.repeated = False
        self.interval = interval
        self.again: Timer | None = None
        self.last: Timer | None = None


class Transactions:
    """All that is under way with one media gateway. `first` is the first transaction identifier: it must not be one
    that was in use within the last three minutes (RFC 3435 §3.2.1.2), before a restart neither.
    """

    def __init__(
        self,
        user: TransactionsUser,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        times: TransactionTimes,
        first: int,
    ) -> None:
        self._user = user
        self._timers = timers
        self._send = send
        self._times = times
        self._next = first
        self._round_trips = RoundTrips(times.first, times.longest)
        self._own: dict[int, Transaction] = {}
        self._theirs: dict[int, bytes] = {}

    @property
    def pending(self) -> int:
        """How many commands have no final response yet."""
        return sum(each.state in (State.TRYING, State.PROCEEDING) for each in self._own.values())

    def command(
        self, verb: str, endpoint: str, parameters: Parameters, session: bytes, heard: Heard, now: float
    ) -> None:
        """Sends a command; `heard` is called once, later. Raises LocalProtocolError when it cannot be written."""
        command = Command(verb, self._number(), endpoint, parameters, session)
        transaction = Transaction(command, heard, now, self._round_trips.interval)
        self._own[command.transaction] = transaction
        transaction.last = self._timer(transaction, Event.LAST, now + self._times.patience)
        transaction.again = self._timer(transaction, Event.AGAIN, now + transaction.interval)
        self._send(transaction.octets)

    def receive(self, datagram: bytes, now: float) -> None:
        """One datagram from the media gateway. Raises DecodeError when it is no MGCP."""
        found = messages(datagram)
        self._user.gateway_heard(now)
        for message in found:
            if isinstance(message, Response):
                self._response(message, now)
            else:
                self._command(message, now)

    # Ours

    def _response(self, response: Response, now: float) -> None:
        transaction = self._own.get(response.transaction)
        if transaction is None or response.code < 100:
            return
        if response.has("K"):
            # A final response after a provisional one is repeated until it is acknowledged (RFC 3435 §3.5.6).
            self._send(Response(0, response.transaction).encoded())
        event = Event.PROVISIONAL if response.is_provisional else Event.FINAL
        self._enter(transaction, event, response, now)

    def _enter(self, transaction: Transaction, event: Event, response: Response | None, now: float) -> None:
        action, transaction.state, timing = TABLE[transaction.state, event]
        self._time(transaction, timing, now)
        if action is Action.SEND:
            transaction.repeated = True
            self._send(transaction.octets)
        elif action is Action.ANSWER:
            self._answer(transaction, response, now)
        elif action is Action.GIVE_UP:
            self._user.gateway_silent(transaction.sent_at, now)
            transaction.heard(None, now)
        elif action is Action.EXTRA and response is not None and response != transaction.answer:
            transaction.answer = response
            self._user.extra_response(transaction.command, response, now)
        elif action is Action.FORGET:
            del self._own[transaction.command.transaction]

    def _answer(self, transaction: Transaction, response: Response | None, now: float) -> None:
        if not transaction.repeated:
            # Of a command that was sent twice nobody knows which one was answered.
            self._round_trips.measured(now - transaction.sent_at)
        transaction.answer = response
        transaction.heard(response, now)

    def _time(self, transaction: Transaction, timing: Timing, now: float) -> None:
        if timing is Timing.KEEP:
            return
        self._timers.stop(transaction.again)
        if timing is Timing.RETRY:
            transaction.interval = min(2 * transaction.interval, self._times.longest)
            transaction.again = self._timer(transaction, Event.AGAIN, now + transaction.interval)
            return
        self._timers.stop(transaction.last)
        if timing is Timing.SLOWLY:
            after = now + self._times.after_provisional
            transaction.again = self._timer(transaction, Event.AGAIN, after)
            transaction.last = self._timer(transaction, Event.LAST, after + self._times.patience)
        elif timing is Timing.MEMORY:
            due = now + self._times.memory
            self._timers.start_lax(due, lambda then: self._enter(transaction, Event.OLD, None, then))

    def _timer(self, transaction: Transaction, event: Event, due: float) -> Timer:
        return self._timers.start(due, lambda now: self._enter(transaction, event, None, now))

    def _number(self) -> int:
        number = self._next
        self._next = number % HIGHEST_TRANSACTION + 1
        return number

    # The gateway's

    def _command(self, command: Command, now: float) -> None:
        octets = self._theirs.get(command.transaction)
        if octets is None:
            octets = self._user.command_received(command, now).encoded()
            self._theirs[command.transaction] = octets
            self._timers.start_lax(now + self._times.memory, lambda _: self._forget(command.transaction))
        self._send(octets)

    def _forget(self, transaction: int) -> None:
        self._theirs.pop(transaction, None)
