"""RAS requests of ours, sent until they are answered; found again by their requestSeqNum."""

from collections.abc import Callable
from typing import Any

from gateway.h323.ras.transaction_table import TABLE, Action, Input, State
from gateway.h323.ras.values import Address
from gateway.model.timers import Timer, TimerQueue

Heard = Callable[[str, dict[str, Any], float], None]
"""Hears the answer: its name ("admissionConfirm") and value, or "" and {} when none came; and when."""

Sent = Callable[[str, dict[str, Any], Address], None]
"""Sends a message (name and value) to an address."""

ANSWERS = {
    "gatekeeperRequest": ("gatekeeperConfirm", "gatekeeperReject"),
    "registrationRequest": ("registrationConfirm", "registrationReject"),
    "unregistrationRequest": ("unregistrationConfirm", "unregistrationReject"),
    "admissionRequest": ("admissionConfirm", "admissionReject"),
    "bandwidthRequest": ("bandwidthConfirm", "bandwidthReject"),
    "disengageRequest": ("disengageConfirm", "disengageReject"),
    "locationRequest": ("locationConfirm", "locationReject"),
}
"""Which messages answer which request."""

HIGHEST_SEQUENCE_NUMBER = 65535
LONGEST_DELAY = 65.535
"""Seconds that a RequestInProgress can ask for."""


class Transaction:
    """One request under way."""

    __slots__ = ("attempts", "destination", "heard", "name", "state", "timer", "value")

    def __init__(self, name: str, value: dict[str, Any], destination: Address, heard: Heard, attempts: int) -> None:
        self.name = name
        self.value = value
        self.destination = destination
        self.heard = heard
        self.attempts = attempts
        self.state = State.TRYING
        self.timer: Timer | None = None


class Transactions:
    """All that is under way. Each time that a request is sent it is encoded anew, since a signature has the time in
    it (H.235.1); its requestSeqNum stays.
    """

    __slots__ = ("_attempts", "_next", "_pending", "_send", "_timers", "_wait")

    def __init__(self, timers: TimerQueue, send: Sent, wait: float, attempts: int, first: int) -> None:
        self._timers = timers
        self._send = send
        self._wait = wait
        self._attempts = attempts
        self._next = first % HIGHEST_SEQUENCE_NUMBER + 1
        self._pending: dict[int, Transaction] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def number(self) -> int:
        """A requestSeqNum that no request under way has (1 to 65535)."""
        while self._next in self._pending:
            self._next = self._next % HIGHEST_SEQUENCE_NUMBER + 1
        number = self._next
        self._next = number % HIGHEST_SEQUENCE_NUMBER + 1
        return number

    def request(self, name: str, value: dict[str, Any], to: Address, heard: Heard, now: float) -> None:
        """Sends `name` with `value` and a number; `heard` is called once. Raises LocalProtocolError for a value that
        cannot be written.
        """
        number = self.number()
        transaction = Transaction(name, {"requestSeqNum": number} | value, to, heard, self._attempts - 1)
        self._send(name, transaction.value, to)
        self._pending[number] = transaction
        transaction.timer = self._timers.start(now + self._wait, lambda then: self._expired(number, then))

    def answered(self, name: str, value: dict[str, Any], now: float) -> bool:
        """A confirm or reject came; whether it answers anything."""
        number = value["requestSeqNum"]
        transaction = self._pending.get(number)
        if transaction is None or name not in ANSWERS[transaction.name]:
            return False
        self._enter(number, Input.ANSWERED, now, name, value)
        return True

    def in_progress(self, value: dict[str, Any], now: float) -> None:
        """A requestInProgress came; its delay is in milliseconds."""
        self._enter(value["requestSeqNum"], Input.IN_PROGRESS, now, delay=value["delay"] / 1000)

    def not_understood(self, value: dict[str, Any], now: float) -> bool:
        """An unknownMessageResponse came: as good as no answer, without the waiting."""
        transaction = self._pending.get(value["requestSeqNum"])
        if transaction is None:
            return False
        self._enter(value["requestSeqNum"], Input.EXHAUSTED, now)
        return True

    def give_up(self, now: float) -> None:
        """All end without an answer."""
        for number in tuple(self._pending):
            self._enter(number, Input.EXHAUSTED, now)

    def _expired(self, number: int, now: float) -> None:
        transaction = self._pending[number]
        self._enter(number, Input.EXPIRED if transaction.attempts > 0 else Input.EXHAUSTED, now)

    def _enter(
        self,
        number: int,
        what: Input,
        now: float,
        name: str = "",
        value: dict[str, Any] | None = None,
        delay: float = 0.0,
    ) -> None:
        transaction = self._pending.get(number)
        if transaction is None:
            return
        action, transaction.state = TABLE[transaction.state, what]
        self._timers.stop(transaction.timer)
        if action in (Action.HAND_OVER, Action.GIVE_UP):
            del self._pending[number]
            transaction.heard(name, value or {}, now)
            return
        if action is Action.SEND:
            transaction.attempts -= 1
            self._send(transaction.name, transaction.value, transaction.destination)
        due = now + (max(delay, self._wait) if action is Action.WAIT else self._wait)
        transaction.timer = self._timers.start(due, lambda then: self._expired(number, then))
