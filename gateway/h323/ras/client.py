"""The endpoint in RAS: discovery, registration, admission of calls (H.225.0 clause 7.8ff, H.323 7.2), sans-IO."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from gateway.h323.ras import messages
from gateway.h323.ras.asked import Asked
from gateway.h323.ras.calls import Answered, Calls
from gateway.h323.ras.link import Link
from gateway.h323.ras.registration import Registration
from gateway.h323.ras.values import (
    Address,
    Admission,
    CallModel,
    GatekeeperEvents,
    GatekeeperSettings,
    RasCall,
    Refusal,
)
from gateway.model.errors import LocalProtocolError
from gateway.model.parties import Alias
from gateway.model.timers import TimerQueue

__all__ = [
    "Address",
    "Admission",
    "CallModel",
    "GatekeeperClient",
    "GatekeeperEvents",
    "GatekeeperSettings",
    "RasCall",
    "Refusal",
]


class GatekeeperClient:
    """One registration with a gatekeeper. `send` takes a datagram and the address that it goes to; `wall` gives the
    seconds since 1970 for H.235 and usage information.
    """

    __slots__ = ("_asked", "_calls", "_events", "_link", "_registration")

    def __init__(
        self,
        settings: GatekeeperSettings,
        send: Callable[[bytes, Address], None],
        events: GatekeeperEvents,
        timers: TimerQueue,
        token: Callable[[], str],
        wall: Callable[[], float],
    ) -> None:
        first = int.from_bytes(blake2b(token().encode(), digest_size=2).digest())
        self._events = events
        self._link = Link(settings, send, events, timers, first, wall)
        self._registration = Registration(self._link, events)
        self._calls = Calls(self._link, self._registration)
        self._asked = Asked(self._link, self._registration, self._calls, events)

    @property
    def is_registered(self) -> bool:
        """Whether calls can be admitted."""
        return self._registration.is_registered

    @property
    def gatekeeper(self) -> Address:
        """The RAS address of the gatekeeper that we are with, or that is being tried."""
        return self._link.gatekeeper

    @property
    def gatekeeper_identifier(self) -> str:
        """Its name, "" before it is known."""
        return self._link.gatekeeper_identifier

    @property
    def endpoint_identifier(self) -> str:
        """What the gatekeeper calls us, "" before we are registered; it goes into SETUP."""
        return self._link.endpoint_identifier

    @property
    def gatekeeper_hosts(self) -> frozenset[str]:
        """The hosts (without brackets) of all gatekeepers that were ours: calls that they route come from there."""
        return frozenset(self._link.hosts)

    @property
    def admitted_calls(self) -> int:
        """How many calls are admitted and not disengaged."""
        return len(self._calls)

    def start(self, now: float) -> None:
        """Looks for the gatekeeper and registers; until `stop`, whatever happens."""
        self._registration.start(now)

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        """One datagram. Never raises; what cannot be understood goes to ras_log."""
        message = self._link.read(datagram, source, now)
        if message is None:
            return
        try:
            self._message(*message, datagram, source, now)
        except LocalProtocolError as error:
            self._events.ras_log("ras-unanswered", now, reason=str(error), source=source)

    def _message(self, name: str, value: dict[str, Any], datagram: bytes, source: Address, now: float) -> None:
        transactions = self._link.transactions
        if name == "requestInProgress":
            transactions.in_progress(value, now)
        elif name == "unknownMessageResponse":
            transactions.not_understood(value, now)
        elif not transactions.answered(name, value, now):
            self._asked.answer(name, value, datagram, source, now)

    def admit(
        self,
        call: RasCall,
        called: tuple[Alias, ...],
        calling: tuple[Alias, ...],
        heard: Answered,
        now: float,
        *,
        address: Address = "",
    ) -> None:
        """ARQ, for a call to be made, or one that came (`call.answering`; `address` is then its caller's, else a
        signalling address that is known for the called side).

        `heard` is called once, which may be at once. Raises LocalProtocolError for what H.225.0 cannot carry.
        """
        self._calls.admit(call, called, calling, address, heard, now)

    def answered(self, call: RasCall, now: float) -> None:
        """The call was answered: for the usage information of DRQ and IRR."""
        self._calls.answered(call)

    def disengage(self, call: RasCall, now: float, *, cause: int | None = None, reason: str = "normalDrop") -> None:
        """DRQ: the call is over. `cause` is its Q.850 cause. Nothing is sent for a call that was not admitted by the
        gatekeeper itself, or that it has disengaged.
        """
        self._calls.disengage(call, reason, cause, now)

    def change_bandwidth(self, call: RasCall, bandwidth: int, heard: Answered, now: float) -> None:
        """BRQ, in units of 100 bit/s."""
        self._calls.change_bandwidth(call, bandwidth, heard, now)

    def locate(self, called: tuple[Alias, ...], heard: Answered, now: float) -> None:
        """LRQ: where is this alias? The Admission that is heard has no bandwidth: no call was admitted."""

        def located(name: str, value: dict[str, Any], then: float) -> None:
            if name != "locationConfirm":
                heard(Refusal(value["rejectReason"][0] if name else "timeout"), then)
                return
            address = messages.address_in(value["callSignalAddress"])
            heard(Admission(CallModel.DIRECT, address, messages.aliases_in(value, "destinationInfo")), then)

        value = messages.location_request(self._link.settings, called)
        self._link.request("locationRequest", self._link.identified(value), located, now)

    def stop(self, now: float) -> None:
        """Unregisters (URQ) and says nothing more; requests under way end as refused."""
        self._registration.stop(now)
        self._link.transactions.give_up(now)
        self._calls.stop()
