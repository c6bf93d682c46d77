"""How an endpoint finds its gatekeeper and stays registered with it (H.323 7.2.1 to 7.2.2, 7.2.6)."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gateway.h323.ras import messages
from gateway.h323.ras.link import Link
from gateway.h323.ras.registration_table import TABLE, Action, Input, State
from gateway.h323.ras.transactions import Heard
from gateway.h323.ras.values import Address, GatekeeperEvents
from gateway.model.timers import Timer

_FULL_REGISTRATION = "fullRegistrationRequired"
_DISCOVERY = "discoveryRequired"
MOST_ALTERNATES = 16


Settled = Callable[[bool, float], None]
"""Hears whether we are registered after all, and when."""


class Candidate(NamedTuple):
    """A gatekeeper that may be asked; its identifier is "" when any will do."""

    address: Address
    identifier: str


class Registration:
    """One registration, with the configured gatekeeper or with one of the alternates that gatekeepers have named.

    `pre_granted` is what the gatekeeper allows without being asked for each call (RCF preGrantedARQ), and
    `signal_address` where calls go then.
    """

    __slots__ = (
        "_afterwards",
        "_alternates",
        "_at",
        "_candidate",
        "_events",
        "_link",
        "_question",
        "_reason",
        "_timer",
        "_tried",
        "pre_granted",
        "signal_address",
        "state",
        "time_to_live",
    )

    def __init__(self, link: Link, events: GatekeeperEvents) -> None:
        self._link = link
        self._events = events
        self._afterwards: list[Settled] = []
        self._alternates: list[Candidate] = []
        self._at = 0
        self._tried = 1
        self._candidate = self._candidates()[0]
        self._question = 0
        self._reason = ""
        self._timer: Timer | None = None
        self.state = State.STOPPED
        self.pre_granted: dict[str, Any] = {}
        self.signal_address: Address = ""
        self.time_to_live = 0

    @property
    def is_registered(self) -> bool:
        """Whether calls can be admitted."""
        return self.state in (State.REGISTERED, State.REFRESHING)

    def start(self, now: float) -> None:
        """Begins."""
        self._enter(Input.START, now)

    def stop(self, now: float) -> None:
        """Ends."""
        self._question += 1
        self._enter(Input.STOP, now)

    def dismissed(self, value: dict[str, Any], now: float) -> None:
        """The gatekeeper unregistered us (URQ, already confirmed)."""
        self._reason = value.get("reason", ("unregistered", 0))[0]
        self._learn(value.get("alternateGatekeeper", ()))
        self._enter(Input.DISMISSED, now)

    def refused(self, reason: str, value: dict[str, Any], now: float) -> None:
        """The gatekeeper answered another request as if it did not know us; `reason` is what it said."""
        if self.is_registered:
            self._reason = reason
            self._learn(value.get("altGKInfo", {}).get("alternateGatekeeper", ()))
            self._enter(Input.FORGOTTEN, now)

    def sent_away(self, value: dict[str, Any], settled: Settled, now: float) -> bool:
        """The gatekeeper refused another request and named others to ask (altGKInfo); False when it named none.

        `settled` hears when we are registered with one of them, or with none.
        """
        alternates = value.get("altGKInfo", {}).get("alternateGatekeeper", ())
        if not alternates or self.state in (State.STOPPED, State.WAITING):
            return False
        self._afterwards.append(settled)
        if self.is_registered:
            self._learn(alternates)
            self._fail("sent to another gatekeeper", now)
        return True

    def silent(self, now: float) -> None:
        """The gatekeeper did not answer another request."""
        if self.is_registered:
            self._fail("timeout", now)

    def _enter(self, what: Input, now: float) -> None:
        action, self.state = TABLE[self.state, what]
        if action is Action.IGNORE:
            return
        self._link.timers.stop(self._timer)
        match action:
            case Action.LOSE_AND_DISCOVER_NEXT | Action.LOSE_AND_DISCOVER | Action.LOSE_AND_REGISTER:
                self._lose(now)
        match action:
            case Action.DISCOVER | Action.LOSE_AND_DISCOVER:
                self._discover(now)
            case Action.DISCOVER_NEXT | Action.LOSE_AND_DISCOVER_NEXT:
                self._turn()
                self._discover(now)
            case Action.REGISTER | Action.LOSE_AND_REGISTER:
                self._register(now)
            case Action.ENJOY:
                self._tried = 1
                self._schedule(now)
                self._events.registered(now)
                self._tell_afterwards(now)
            case Action.KEEP:
                self._schedule(now)
            case Action.REFRESH:
                self._refresh(now)
            case Action.WAIT:
                self._wait(now)
                self._tell_afterwards(now)
            case Action.UNREGISTER:
                self._unregister()
                self._tell_afterwards(now)
            case Action.REST:
                self._tell_afterwards(now)

    # The gatekeepers there are

    def _candidates(self) -> list[Candidate]:
        own = Candidate(self._link.settings.gatekeeper, self._link.settings.identifier)
        others = (candidate for candidate in self._alternates if candidate.address != own.address)
        return [own, *others]

    def _learn(self, alternates: Iterable[dict[str, Any]]) -> None:
        """Alternate gatekeepers by priority, the lowest number first. None at all leaves those that were known."""
        ordered = sorted(alternates, key=lambda item: int(item["priority"]))
        found = [
            Candidate(address, item.get("gatekeeperIdentifier", ""))
            for item in ordered[:MOST_ALTERNATES]
            if (address := messages.address_in(item["rasAddress"]))
        ]
        if found:
            self._alternates = found

    def _turn(self) -> None:
        candidates = self._candidates()
        self._at = (self._at + 1) % len(candidates)
        self._candidate = candidates[self._at]
        self._tried += 1

    def _wait(self, now: float) -> None:
        """After the wait the configured gatekeeper comes first again."""
        self._at, self._tried = 0, 1
        self._candidate = self._candidates()[0]
        self._events.ras_log("ras-waiting", now, reason=self._reason, seconds=self._link.settings.retry)
        self._start_timer(self._link.settings.retry, now)

    def _fail(self, reason: str, now: float) -> None:
        self._reason = reason
        self._enter(Input.FAILED if self._tried < len(self._candidates()) else Input.FAILED_LAST, now)

    # What is asked of them

    def _discover(self, now: float) -> None:
        self._link.turn_to(*self._candidate)
        value = messages.gatekeeper_request(self._link.settings, self._candidate.identifier)
        self._ask("gatekeeperRequest", value, self._discovered, now)

    def _ask(self, name: str, value: dict[str, Any], heard: Heard, now: float) -> None:
        """Only the answer to what was asked last is listened to."""
        self._question += 1
        question = self._question

        def answered(answer: str, content: dict[str, Any], then: float) -> None:
            if question == self._question:
                heard(answer, content, then)

        self._link.request(name, value, answered, now)

    def _discovered(self, name: str, value: dict[str, Any], now: float) -> None:
        if name != "gatekeeperConfirm":
            self._learn(value.get("altGKInfo", {}).get("alternateGatekeeper", ()))
            self._fail(value["rejectReason"][0] if name else "timeout", now)
            return
        address = messages.address_in(value["rasAddress"]) or self._candidate.address
        self._link.turn_to(address, value.get("gatekeeperIdentifier", self._candidate.identifier))
        self._learn(value.get("alternateGatekeeper", ()))
        self._enter(Input.FOUND, now)

    def _register(self, now: float) -> None:
        self._link.turn_to(self._link.gatekeeper, self._link.gatekeeper_identifier)
        value = messages.registration_request(self._link.settings, self._link.gatekeeper_identifier)
        self._ask("registrationRequest", value, self._answered, now)

    def _refresh(self, now: float) -> None:
        link = self._link
        value = messages.keep_alive(link.settings, link.gatekeeper_identifier, link.endpoint_identifier)
        self._ask("registrationRequest", value, self._answered, now)

    def _answered(self, name: str, value: dict[str, Any], now: float) -> None:
        if name == "registrationConfirm":
            self._confirmed(value, now)
        elif not name:
            self._fail("timeout", now)
        else:
            self._rejected(value, now)

    def _confirmed(self, value: dict[str, Any], now: float) -> None:
        link = self._link
        link.gatekeeper_identifier = value.get("gatekeeperIdentifier", link.gatekeeper_identifier)
        link.registered_as(value["endpointIdentifier"])
        self._learn(value.get("alternateGatekeeper", ()))
        self.time_to_live = value.get("timeToLive", 0)
        if self.state is State.REGISTERING:
            self.pre_granted = value.get("preGrantedARQ", {})
            self.signal_address = messages.first_address(value.get("callSignalAddress", ()))
        self._enter(Input.CONFIRMED, now)

    def _rejected(self, value: dict[str, Any], now: float) -> None:
        reason = self._reason = value["rejectReason"][0]
        self._learn(value.get("altGKInfo", {}).get("alternateGatekeeper", ()))
        if reason == _FULL_REGISTRATION:
            self._enter(Input.FORGOTTEN, now)
        elif reason == _DISCOVERY and self.state is State.REFRESHING:
            self._enter(Input.DISMISSED, now)
        else:
            self._fail(reason, now)

    def _tell_afterwards(self, now: float) -> None:
        waiting, self._afterwards = self._afterwards, []
        for settled in waiting:
            settled(self.is_registered, now)

    def _unregister(self) -> None:
        link = self._link
        value = messages.unregistration_request(link.settings, link.gatekeeper_identifier, link.endpoint_identifier)
        link.say("unregistrationRequest", {"requestSeqNum": link.transactions.number()} | value, link.gatekeeper)

    def _lose(self, now: float) -> None:
        self.pre_granted = {}
        self._events.registration_lost(self._reason, now)

    # Its timer

    def _schedule(self, now: float) -> None:
        """The keep-alive is due well before the registration ends: time for all attempts is left, or half of it."""
        if self.time_to_live:
            margin = self._link.settings.request_timer * self._link.settings.attempts
            self._start_timer(max(self.time_to_live - margin * 2, self.time_to_live / 2), now)

    def _start_timer(self, seconds: float, now: float) -> None:
        self._timer = self._link.timers.start(now + seconds, lambda then: self._enter(Input.DUE, then))
