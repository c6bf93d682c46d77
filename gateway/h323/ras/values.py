"""What an endpoint and its gatekeeper talk about, without any octets: settings, calls, admissions, events."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.model.parties import Alias

Address = str
""""host:port", IPv6 in brackets."""

DEFAULT_BANDWIDTH = 1280
"""Units of 100 bit/s: G.711 both ways."""


@dataclass(frozen=True, slots=True)
class GatekeeperSettings:
    """`gatekeeper` is its RAS address; `identifier` "" takes any. `ras_address` and `signal_address` are our own.

    `kind` is "gateway" (which serves `prefixes`) or "terminal". With a `password` every message is signed by H.235.1
    procedure I, as `sender` (the first alias when ""); `signed_only` drops what the gatekeeper does not sign.

    Times in seconds: `time_to_live` is what we ask for, `request_timer` how long an answer is waited for, `attempts`
    times; after `retry` a gatekeeper that refused us or was silent is tried again. `clock_skew` is by how much the
    gatekeeper's clock may differ from ours. `bandwidth` is asked for in units of 100 bit/s.
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
    signed_only: bool = False
    clock_skew: float = 600.0
    time_to_live: int = 300
    request_timer: float = 3.0
    attempts: int = 3
    retry: float = 30.0
    bandwidth: int = DEFAULT_BANDWIDTH


class CallModel(StrEnum):
    """How the call signalling goes (AdmissionConfirm callModel)."""

    DIRECT = "direct"
    GATEKEEPER_ROUTED = "gatekeeperRouted"


@dataclass(frozen=True, slots=True)
class RasCall:
    """A call as RAS names it: its identifiers (16, 16 octets, CRV), and whether we are the called side."""

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
    """The gatekeeper refuses, by the reason's name in H.225.0 ("calledPartyNotRegistered"), and may name an `address`
    to call instead. "timeout": it is silent; "notRegistered": we are not registered.
    """

    reason: str
    address: Address = ""


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
