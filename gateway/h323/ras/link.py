"""What goes between an endpoint and its gatekeeper: messages in datagrams, signed and checked, answered or not."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from gateway.h323 import per
from gateway.h323.ras.security import Baseline
from gateway.h323.ras.transactions import Heard, Transactions
from gateway.h323.ras.values import Address, GatekeeperEvents, GatekeeperSettings
from gateway.model.errors import DecodeError
from gateway.model.timers import TimerQueue

_UNSIGNED = frozenset(
    ("gatekeeperConfirm", "gatekeeperReject", "registrationReject", "requestInProgress", "unknownMessageResponse")
)
"""What a gatekeeper says before it knows whose password to sign with; none of it makes a registration."""


class Link:
    """One endpoint's way to its gatekeeper, whichever that is at the time.

    `gatekeeper` is its address, `gatekeeper_identifier` and `endpoint_identifier` are "" before they are known.
    """

    __slots__ = (
        "_events",
        "_send",
        "endpoint_identifier",
        "gatekeeper",
        "gatekeeper_identifier",
        "hosts",
        "settings",
        "signature",
        "timers",
        "transactions",
        "wall",
    )

    def __init__(
        self,
        settings: GatekeeperSettings,
        send: Callable[[bytes, Address], None],
        events: GatekeeperEvents,
        timers: TimerQueue,
        first: int,
        wall: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._send = send
        self._events = events
        self.timers = timers
        self.wall = wall
        self.transactions = Transactions(timers, self.say, settings.request_timer, settings.attempts, first)
        self.signature = _signature(settings, wall)
        self.hosts = {_host(settings.gatekeeper)}
        self.gatekeeper = settings.gatekeeper
        self.gatekeeper_identifier = settings.identifier
        self.endpoint_identifier = ""

    def turn_to(self, gatekeeper: Address, identifier: str) -> None:
        """From now on this is the gatekeeper; it does not know us."""
        self.gatekeeper = gatekeeper
        self.hosts.add(_host(gatekeeper))
        self.gatekeeper_identifier = identifier
        self.endpoint_identifier = ""
        if self.signature is not None:
            self.signature.begin(identifier)

    def registered_as(self, identifier: str) -> None:
        """The gatekeeper has given us an endpointIdentifier."""
        self.endpoint_identifier = identifier
        if self.signature is not None:
            self.signature.sender = identifier

    def identified(self, value: dict[str, Any]) -> dict[str, Any]:
        """`value` with who we are and whom we mean."""
        names = {
            "endpointIdentifier": self.endpoint_identifier,
            "gatekeeperIdentifier": self.gatekeeper_identifier,
        }
        return value | {field: text for field, text in names.items() if text}

    def request(self, name: str, value: dict[str, Any], heard: Heard, now: float) -> None:
        """Sends a request to the gatekeeper until it is answered. Raises LocalProtocolError."""
        self.transactions.request(name, value, self.gatekeeper, heard, now)

    def say(self, name: str, value: dict[str, Any], to: Address) -> None:
        """Sends a message once. Raises LocalProtocolError."""
        octets = per.encode_ras((name, value)) if self.signature is None else self.signature.sign(name, value)
        self._send(octets, to)

    def read(self, datagram: bytes, source: Address, now: float) -> tuple[str, dict[str, Any]] | None:
        """The message in `datagram`; None, and a line of the log, when it is none, or not from a gatekeeper."""
        try:
            return self._read(datagram, source)
        except DecodeError as error:
            self._events.ras_log("ras-dropped", now, reason=str(error), source=source)
            return None

    def _read(self, datagram: bytes, source: Address) -> tuple[str, dict[str, Any]]:
        if _host(source) not in self.hosts:
            raise DecodeError("not from the gatekeeper")
        name, value = per.decode_ras(datagram)
        if not isinstance(value, dict) or "requestSeqNum" not in value:
            raise DecodeError(f"{name} is of a later version")
        problem = self._signature_problem(name, datagram, value)
        if problem:
            raise DecodeError(f"{name}: {problem}")
        return name, value

    def _signature_problem(self, name: str, datagram: bytes, value: dict[str, Any]) -> str:
        if self.signature is None:
            return ""
        problem = self.signature.problem(datagram, value)
        if problem != "unsigned":
            return problem
        return problem if self.settings.signed_only and name not in _UNSIGNED else ""


def _host(address: Address) -> str:
    """In one spelling: an IPv6 address has several."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def _signature(settings: GatekeeperSettings, wall: Callable[[], float]) -> Baseline | None:
    if not settings.password:
        return None
    first = settings.aliases[0].value if settings.aliases else ""
    return Baseline(settings.password, settings.sender or first, wall, settings.clock_skew)
