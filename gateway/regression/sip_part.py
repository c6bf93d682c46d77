"""The SIP side of a replay: each message of a peer is fed in when it can be, and what comes out finds its like."""

from gateway.model.errors import DecodeError
from gateway.regression import sip_rewriting
from gateway.regression.endpoints import Endpoint
from gateway.regression.message import Message as Told
from gateway.regression.readiness import Readiness
from gateway.regression.sip_fields import called
from gateway.regression.sip_identities import Identities, OwnLeg
from gateway.regression.sip_matching import SipMatching
from gateway.regression.sip_tape import Entry, Leg, Tape, Transaction, copy_key, transaction
from gateway.regression.stage import Stage
from gateway.sip.flow import Flow
from gateway.sip.message import parse
from gateway.sip.uri import Uri


class SipPart:
    """`feed` and `readiness` take what peers said, in order. `sent` and `received` are what went out and in."""

    def __init__(self, tape: Tape, stage: Stage, problems: list[str]) -> None:
        self.sent: list[Told] = []
        self.received: list[Told] = []
        self._tape = tape
        self._stage = stage
        self._problems = problems
        self._identities = Identities()
        self.matching = SipMatching(tape, self._identities, problems)
        self._connections: dict[tuple[str, Endpoint], int] = {}
        self._copies: set[tuple[object, ...]] = set()
        self._finals: dict[Transaction, int] = {}
        self._fed: dict[Transaction, Entry] = {}
        self._fed_keys: dict[Transaction, Transaction] = {}
        self._unknown: set[str] = set()
        self._hosts = frozenset(listener[1] for listener in stage.listeners)
        self._own_routes = _own_routes(tape)
        self._open = _open_questions(tape)

    # --- in ---

    def readiness(self, entry: Entry) -> Readiness:
        """Whether the gateway has said by now what this message speaks of."""
        if not entry.message.is_request:
            return _ready(entry.transaction in self._identities.requests)
        if entry.transaction in self._tape.challenged or self._acknowledges_challenge(entry):
            return Readiness.NEVER
        if not all(map(self._knows_one, sip_rewriting.dialogs_named(entry.message))):
            return Readiness.WAIT
        return _ready(self._is_ready_within(entry)) if entry.message.to_tag else Readiness.READY

    def _knows_one(self, legs: tuple[Leg, ...]) -> bool:
        """Whether a dialog that is named is one of ours by now, or never was one of the played host's."""
        return any(self._identities.ours(leg) for leg in legs) or not any(leg in self._tape.legs for leg in legs)

    def _is_ready_within(self, entry: Entry) -> bool:
        """Within a dialog: it has to be ours by now, and what the host had answered in it before, answered by us."""
        own = self._identities.ours(entry.leg)
        if own is None:
            return entry.leg not in self._tape.legs
        asked = (self._fed_keys.get(each) for each in self._open.get(entry.frame, ()))
        if any(key is not None and key not in self._finals for key in asked):
            return False
        return entry.message.method != "PRACK" or self._is_reliable(entry, own)

    def leave_out(self, entry: Entry) -> None:
        """It is not fed in: said why."""
        message = entry.message
        if entry.transaction in self._tape.challenged or self._acknowledges_challenge(entry):
            return
        if entry.is_copy or (not message.is_request and message.cseq_method == "OPTIONS"):
            return
        what = "answers" if not message.is_request else "belongs to"
        why = "a request that the gateway did not send" if not message.is_request else "what the gateway did not do"
        self._problems.append(f"frame {entry.frame}: {entry.told.name} is not played, it {what} {why}")

    def feed(self, entry: Entry) -> None:
        """The gateway gets the message."""
        octets = self._rewritten(entry)
        if entry.message.is_request:
            try:
                key = transaction(parse(octets))
            except DecodeError:
                key = entry.transaction
            self._fed.setdefault(key, entry)
            self._fed_keys[entry.transaction] = key
        told = entry.told
        heard = Told(told.frame, self._stage.now, "sip", told.source, told.destination, told.name, octets)
        self.received.append(heard)
        self._stage.said.append(heard)
        self._stage.gateway.receive(octets, self._flow(entry), self._stage.now)
        self._stage.settle()

    def _rewritten(self, entry: Entry) -> bytes:
        message = entry.message
        if not message.is_request:
            request = self._identities.requests[entry.transaction]
            return sip_rewriting.response(message, request, self._identities, self._is_own_uri)
        own = self._identities.ours(entry.leg) if message.to_tag else None
        if own is None:
            if message.to_tag and message.call_id not in self._unknown:
                self._unknown.add(message.call_id)
                self._problems.append(
                    f"frame {entry.frame}: the call of this {message.method} is not in the recording"
                )
            return sip_rewriting.outside(message, self._identities)
        return sip_rewriting.within_dialog(message, own, self._identities, self._is_own_uri)

    def _is_own_uri(self, uri: str) -> bool:
        return uri in self._own_routes or _host(uri) in self._hosts

    def _flow(self, entry: Entry) -> Flow:
        listener = self._stage.listener_of(entry.transport, *entry.own)
        connection = 0
        if entry.transport.is_reliable:
            known = self._connections
            connection = known.setdefault((entry.transport, entry.peer), len(known) + 1)
        return Flow(entry.transport, entry.peer.host, entry.peer.port, connection, listener)

    def _acknowledges_challenge(self, entry: Entry) -> bool:
        """By number: not everybody repeats the branch of the INVITE, as RFC 3261 §17.1.1.3 wants it."""
        call = entry.message.call_id, entry.message.cseq
        return entry.message.method == "ACK" and call in {(each.call_id, each.cseq) for each in self._tape.challenged}

    def _is_reliable(self, entry: Entry, own: OwnLeg) -> bool:
        words = (entry.message.headers.get("rack") or "").split()
        numbers = [int(word) for word in words[:2] if word.isdecimal()]
        return len(numbers) == 2 and (numbers[1], numbers[0]) in own.rseq

    # --- out ---

    def take(self, flow: Flow, octets: bytes) -> None:
        """The gateway sends something."""
        listener = self._stage.listeners[min(flow.listener, len(self._stage.listeners) - 1)]
        source, destination = Endpoint(*listener[1:]), Endpoint(flow.host, flow.port)
        message = parse(octets)
        told = Told(None, self._stage.now, "sip", str(source), str(destination), called(message), octets)
        self.sent.append(told)
        self._stage.said.append(told)
        key = (destination.host, *copy_key(message))
        if key in self._copies:
            return
        self._copies.add(key)
        if message.is_request:
            self.matching.request(told, message, destination)
            return
        asked = self._fed.get(transaction(message))
        self.matching.response(told, message, asked)
        if asked is not None and message.status >= 200:
            self._finals[transaction(message)] = message.status


def _ready(known: bool) -> Readiness:
    return Readiness.READY if known else Readiness.WAIT


def _open_questions(tape: Tape) -> dict[int, tuple[Transaction, ...]]:
    """For each request within a dialog, by its frame: the peer's earlier requests there that had been answered."""
    answered: dict[str, list[Transaction]] = {}
    found: dict[int, tuple[Transaction, ...]] = {}
    for entry in tape.entries:
        message = entry.message
        call = message.call_id
        if entry.is_ours and message.status >= 200:
            answered.setdefault(call, []).append(entry.transaction)
        elif not entry.is_ours and message.is_request and message.to_tag:
            found[entry.frame] = tuple(dict.fromkeys(answered.get(call, ())))
    return found


def _own_routes(tape: Tape) -> frozenset[str]:
    """The Record-Route URIs that the played host put into requests that it passed on as a proxy."""
    ours: set[str] = set()
    theirs: set[str] = set()
    for entry in tape.entries:
        if entry.is_initial:
            uris = map(sip_rewriting.uri_of, entry.message.headers.all("record-route"))
            (ours if entry.is_ours else theirs).update(uris)
    return frozenset(ours - theirs)


def _host(uri: str) -> str:
    try:
        return Uri.parse(uri).host.strip("[]")
    except DecodeError:
        return ""
