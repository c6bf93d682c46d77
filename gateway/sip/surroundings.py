"""What the transactions of one layer share: settings, timers, the way out, and the user that they work for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.model.timers import TimerQueue
from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.transaction_table import Machine, Plan, State, TransactionTimes, plans

if TYPE_CHECKING:
    from gateway.sip.client_transaction import ClientTransaction, Failure, Remnant
    from gateway.sip.server_transaction import ServerTransaction

_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class TransactionSettings:
    """Timers in seconds (RFC 3261 §17.1.1.1), limits, and `mtu`: requests of more octets go by TCP (§18.1.1).

    `most` server transactions are kept before new requests are answered 503 with `retry_after` seconds.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    most: int = 50_000
    retry_after: int = 10
    message_octets: int = 65_535
    header_fields: int = 200
    mtu: int = 1_300


class TransactionUser(Protocol):
    """Who hears of the transactions (RFC 3261 §5: TU)."""

    def request_received(self, transaction: "ServerTransaction", now: float) -> None:
        """Every new request but ACK and CANCEL."""

    def cancel_received(self, transaction: "ServerTransaction", cancel: Message, now: float) -> None:
        """The INVITE is taken back; CANCEL has been answered, a response to the INVITE is due."""

    def ack_received(self, ack: Message, flow: Flow, now: float) -> None:
        """ACK to a 2xx, or a stray one."""

    def response_received(self, transaction: "ClientTransaction", response: Message, now: float) -> None:
        """Any response; of final ones only 2xx to INVITE come more than once: from other forks, or sent again because
        the ACK was lost.
        """

    def request_failed(self, transaction: "ClientTransaction", failure: "Failure", now: float) -> None:
        """No final response came from any place that was tried."""

    def stray_response(self, response: Message, flow: Flow, now: float) -> None:
        """It matches no transaction: a late 2xx to INVITE, typically."""


class Surroundings:
    """Shared by the transactions of one layer. `clients` are found by branch and method, `servers` by branch, sent-by
    and method, `places` holds the unanswered clients by transport, host and port.
    """

    __slots__ = (
        *("clients", "lost", "merged", "places", "plans", "send", "sent_by", "servers"),
        *("settings", "timers", "token", "user"),
    )

    def __init__(
        self,
        user: TransactionUser,
        timers: TimerQueue,
        send: Callable[[Flow, bytes], None],
        sent_by: Callable[[Flow], str],
        token: Callable[[], str],
        settings: TransactionSettings,
    ) -> None:
        self.user = user
        self.timers = timers
        self.send = send
        self.sent_by = sent_by
        self.token = token
        self.settings = settings
        self.plans: dict[tuple[Machine, bool], dict[State, Plan]] = plans(
            TransactionTimes(settings.t1, settings.t2, settings.t4)
        )
        self.clients: dict[tuple[str, str], ClientTransaction | Remnant] = {}
        self.servers: dict[tuple[str, ...], ServerTransaction] = {}
        self.merged: dict[tuple[str, ...], ServerTransaction] = {}
        self.places: dict[tuple[str, str, int], dict[ClientTransaction, None]] = {}
        self.lost: dict[int, None] = {}

    def connection_lost(self, connection: int) -> None:
        """Remembers that the connection is no more; the oldest of many are forgotten."""
        self.lost[connection] = None
        if len(self.lost) > _REMEMBERED:
            del self.lost[next(iter(self.lost))]
