"""The endpoint in RAS: discovery, registration, admission of calls (H.225.0 clause 7.8ff, H.323 7.2), sans-IO."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gateway.model.parties import Alias
from gateway.model.timers import TimerQueue

Address = str
""""host:port", IPv6 in brackets."""


@dataclass(frozen=True, slots=True)
class GatekeeperSettings:
    """`gatekeeper` is its RAS address; `identifier` "" takes any. `ras_address` and `signal_address` are our own.

    Times in seconds. `time_to_live` is what we ask for; `prefixes` are those that a gateway serves (kind "gateway").
    With a `password` every message is signed by H.235.1 procedure I, as `sender` (the first alias when "").
    """

    gatekeeper: Address
    ras_address: Address
    signal_address: Address
    aliases: tuple[Alias, ...] = ()
    identifier: str = ""
    prefixes: tuple[str, ...] = ()
    kind: str = "gateway"
    password: str = ""
    sender: str = ""
    time_to_live: int = 300
    request_timer: float = 3.0
    attempts: int = 3
    retry: float = 30.0
    bandwidth: int = 1280


class CallModel(StrEnum):
    """How the call signalling goes (AdmissionConfirm callModel)."""

    DIRECT = "direct"
    GATEKEEPER_ROUTED = "gatekeeperRouted"


@dataclass(frozen=True, slots=True)
class RasCall:
    """A call as RAS names it: its three identifiers, and whether we are the called side (`answering`)."""

    call_identifier: bytes
    conference_id: bytes
    reference: int
    answering: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """The gatekeeper admits a call: where its SETUP goes, and the aliases to put into it when it changed them."""

    model: CallModel
    address: Address
    aliases: tuple[Alias, ...] = ()
    bandwidth: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The gatekeeper refuses, by the reason's name in H.225.0 ("calledPartyNotRegistered"); "timeout": it is silent;
    "notRegistered": we are not registered.
    """

    reason: str
    aliases: tuple[Alias, ...] = field(default=())


class GatekeeperEvents(Protocol):
    """What the owner of a client hears."""

    def registered(self, now: float) -> None:
        """Calls can be made and taken; also when the gatekeeper is found again."""

    def registration_lost(self, reason: str, now: float) -> None:
        """They cannot, until `registered` comes: gatekeeper silent, it unregistered us or refuses us. It is tried
        again by itself.
        """

    def disengage_asked(self, call: RasCall, reason: str, now: float) -> None:
        """The gatekeeper wants the call cleared (DRQ, already confirmed)."""

    def bandwidth_changed(self, call: RasCall, bandwidth: int, now: float) -> None:
        """The gatekeeper changed what the call may use, in units of 100 bit/s (BRQ, already confirmed)."""

    def ras_log(self, event: str, now: float, **fields: object) -> None:
        """Something to be written down: a message that was dropped and why, a change of gatekeeper."""


class GatekeeperClient:
    """One registration with a gatekeeper. `send` takes a datagram and the address that it goes to; `wall` gives the
    seconds since 1970 for H.235 and usage information.
    """

    def __init__(
        self,
        settings: GatekeeperSettings,
        send: Callable[[bytes, Address], None],
        events: GatekeeperEvents,
        timers: TimerQueue,
        token: Callable[[], str],
        wall: Callable[[], float],
    ) -> None:
        raise NotImplementedError

    is_registered: bool

    def start(self, now: float) -> None:
        """Looks for the gatekeeper and registers; until `stop`, whatever happens."""

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        """One datagram. Never raises; what cannot be understood goes to ras_log."""

    def admit(
        self,
        call: RasCall,
        called: tuple[Alias, ...],
        calling: tuple[Alias, ...],
        heard: Callable[[Admission | Refusal, float], None],
        now: float,
        *,
        address: Address = "",
    ) -> None:
        """ARQ, for a call to be made, or one that came (`call.answering`; `address` is then its caller's, else a
        signalling address that is known for the called side). `heard` is called once.
        """

    def disengage(self, call: RasCall, now: float, *, cause: int | None = None, reason: str = "normalDrop") -> None:
        """DRQ: the call is over. `cause` is its Q.850 cause."""

    def answered(self, call: RasCall, now: float) -> None:
        """The call was answered: for the usage information of DRQ and IRR."""

    def change_bandwidth(
        self, call: RasCall, bandwidth: int, heard: Callable[[Admission | Refusal, float], None], now: float
    ) -> None:
        """BRQ, in units of 100 bit/s."""

    def locate(
        self, called: tuple[Alias, ...], heard: Callable[[Admission | Refusal, float], None], now: float
    ) -> None:
        """LRQ: where is this alias?"""

    def stop(self, now: float) -> None:
        """Unregisters (URQ) and says nothing more."""
