"""The SIP messages of a recording as the played host saw them: what others said to it, and what it said itself."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.engine.signal import Signal
from gateway.model.errors import DecodeError
from gateway.regression.endpoints import Endpoint, Hosts
from gateway.regression.message import Message as Told
from gateway.regression.message import of_signal
from gateway.regression.sip_fields import called
from gateway.sip.flow import Transport
from gateway.sip.message import Message, parse

_CHALLENGES = (401, 407)


class Transaction(NamedTuple):
    """What names a transaction on the wire (RFC 3261 §17.1.3): an ACK and a CANCEL are ones of their own here."""

    call_id: str
    branch: str
    cseq: int
    method: str


class Leg(NamedTuple):
    """One side's half of a dialog: the Call-ID, and the tag of the played host."""

    call_id: str
    tag: str


class Entry:
    """One message. `is_ours`: the played host sent it. `is_copy`: it was sent before, octet for octet or nearly so.

    `peer` is the other end, `own` the address of the played host.
    """

    __slots__ = ("frame", "is_copy", "is_ours", "message", "own", "peer", "time", "told", "transaction", "transport")

    def __init__(self, told: Told, message: Message, transport: Transport, *, is_ours: bool) -> None:
        self.told = told
        self.frame = told.frame or 0
        self.time = told.time
        self.message = message
        self.transport = transport
        self.is_ours = is_ours
        ends = Endpoint.parse(told.source), Endpoint.parse(told.destination)
        self.own, self.peer = ends if is_ours else (ends[1], ends[0])
        self.is_copy = False
        self.transaction = transaction(message)

    @property
    def leg(self) -> Leg:
        """The leg by the tag of the played host; that tag is "" in a request that comes to it outside of a dialog."""
        message = self.message
        from_us = self.is_ours is message.is_request
        return Leg(message.call_id, message.from_tag if from_us else message.to_tag)

    @property
    def order(self) -> object:
        """What is equal in messages that keep their order: requests of one side of a call. None for a response."""
        return (self.peer, self.message.call_id) if self.message.is_request else None

    @property
    def is_initial(self) -> bool:
        """Whether it is a request outside of a dialog."""
        return self.message.is_request and not self.message.to_tag and self.message.method not in ("ACK", "CANCEL")


def transaction(message: Message) -> Transaction:
    """The transaction of a message."""
    method = message.method if message.is_request else message.cseq_method
    return Transaction(message.call_id, message.top_via_branch, message.cseq, method)


def copy_key(message: Message) -> tuple[object, ...]:
    """Equal in messages of which the later is a copy of the earlier (RFC 3261 §17, RFC 3262 §3)."""
    return (
        transaction(message),
        message.status,
        message.to_tag,
        message.headers.get("rseq") or "",
    )


class Tape:
    """The messages in order. `by_transaction` has the responses and requests of each transaction, `legs` every leg
    that the played host had.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self.legs: set[Leg] = set()
        self.responses: dict[Transaction, list[Entry]] = {}
        self.requests: dict[Transaction, Entry] = {}
        seen: set[tuple[object, ...]] = set()
        for entry in self.entries:
            key = (entry.is_ours, entry.peer.host, *copy_key(entry.message))
            entry.is_copy = key in seen
            seen.add(key)
            self._sort_in(entry)
        self.challenged = frozenset(self._challenged())

    def _sort_in(self, entry: Entry) -> None:
        if entry.is_ours and entry.leg.tag:
            self.legs.add(entry.leg)
        if entry.is_copy:
            return
        if entry.message.is_request:
            self.requests.setdefault(entry.transaction, entry)
        else:
            self.responses.setdefault(entry.transaction, []).append(entry)

    def _challenged(self) -> Iterable[Transaction]:
        """Requests that the played host challenged and that came again with credentials."""
        proven = {
            (entry.message.call_id, entry.message.method)
            for entry in self.entries
            if not entry.is_ours and entry.message.is_request and _has_credentials(entry.message)
        }
        for transaction, responses in self.responses.items():
            if (transaction.call_id, transaction.method) in proven and any(
                each.is_ours and each.message.status in _CHALLENGES for each in responses
            ):
                yield transaction


def _has_credentials(message: Message) -> bool:
    return "authorization" in message.headers or "proxy-authorization" in message.headers


def entry_of(signal: Signal, start: float, hosts: Hosts) -> Entry | None:
    """The entry of a SIP signal; None when the played hosts have no part in it, or only talk among themselves.

    Raises DecodeError when it cannot be read.
    """
    sends, receives = (hosts.has(Endpoint.parse(each)) for each in (signal.source, signal.destination))
    if sends is receives:
        return None
    message = parse(signal.octets)
    if not message.call_id:
        raise DecodeError("no Call-ID")
    return Entry(of_signal(signal, start, called(message)), message, _transport(signal.transport), is_ours=sends)


def _transport(name: str) -> Transport:
    try:
        return Transport(name)
    except ValueError:
        return Transport.TCP
