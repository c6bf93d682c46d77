"""The H.323 side of a replay: what peers said is fed in when it can be, and what comes out finds its like."""

from itertools import count

from gateway.configuration import Configuration
from gateway.configuration.h323_trunk import host_and_port, written
from gateway.h323 import h225, per, tpkt
from gateway.h323.h225 import CallSignal
from gateway.regression.comparison import Compared
from gateway.regression.endpoints import Endpoint
from gateway.regression.h323_fields import FIELDS, control_name, name_of
from gateway.regression.h323_identities import H323Identities, identities_given
from gateway.regression.h323_matching import H323Matching
from gateway.regression.h323_ras import H323Ras
from gateway.regression.h323_tape import RELEASE, Connection, H323Calls, H323Entry, H323Tape, pieces
from gateway.regression.message import Message as Told
from gateway.regression.readiness import Readiness
from gateway.regression.stage import Stage

_IN_STEP = 1.0
"""Seconds for which a message waits until the gateway has said what its sender had heard before."""


class H323Part:
    """`readiness` and `feed` take what peers said, in order. `sent` and `received` are what went out and in."""

    def __init__(self, tape: H323Tape, stage: Stage, configuration: Configuration, problems: list[str]) -> None:
        self.said = 0
        self.sent: list[Told] = []
        self.received: list[Told] = []
        self._tape = tape
        self._stage = stage
        self._network = stage.network
        self._trunks = configuration.h323_trunks
        self._problems = problems
        self._identities = H323Identities(tape.masters)
        self._identities.await_given(_given(tape))
        self._matching = H323Matching(tape, self._identities)
        self._ras = H323Ras(tape, stage, configuration, self._said_more)
        self._numbers = count(1)
        self._calls: dict[int, H323Calls] = {}
        self._over: set[int] = set()
        self._connections: dict[Connection, int] = {}
        self._of_call: dict[int, int] = {}
        self._controls: dict[int, int] = {}
        self._control_calls: dict[int, int] = {}
        self._told_us: dict[str, int] = {}
        self._told_them: dict[int, str] = {}
        self._unframers: dict[int, tpkt.Unframer] = {}
        self._network.sent, self._network.opened = self._take, self._opened

    # --- in ---

    def readiness(self, entry: H323Entry) -> Readiness:
        """Whether the gateway has said by now what this message speaks of."""
        if entry.protocol == "ras":
            return self._ras.readiness(entry)
        if not entry.call and entry.protocol == "h245":
            return Readiness.NEVER
        if self._is_too_late(entry):
            return Readiness.NEVER
        if not self._is_there(entry):
            return Readiness.WAIT
        parts = list(pieces(entry.told, entry.value, entry.call))
        if not all(self._identities.knows(entry.call, each) for each in parts):
            return Readiness.WAIT
        before = self._matching.last_before(entry)
        is_late = self._stage.now - entry.time >= _IN_STEP
        return Readiness.READY if before is None or is_late or self._matching.is_found(before) else Readiness.WAIT

    def _is_there(self, entry: H323Entry) -> bool:
        """Whether there is a connection for it."""
        if entry.protocol == "h245":
            return entry.call in self._controls or entry.call in self._told_them
        return entry.is_setup or not entry.call or entry.call in self._of_call

    def _is_too_late(self, entry: H323Entry) -> bool:
        """Whether the gateway has released the call, which the recorded host had not yet: nothing more is heard."""
        if entry.call not in self._over or entry.told.name.startswith(RELEASE):
            return False
        return not self._tape.is_released(entry)

    def leave_out(self, entry: H323Entry) -> None:
        """It is not fed in: said why."""
        why = "it belongs to what was not said" if entry.protocol != "ras" else "nobody has asked for it"
        self._problems.append(f"frame {entry.frame}: {entry.told.name} is not played, {why}")

    def feed(self, entry: H323Entry) -> None:
        """The gateway hears the message."""
        if entry.protocol == "ras":
            self._ras.feed(entry)
        elif entry.protocol == "h245":
            octets = self._identities.rewritten_control(entry.call, entry.frame, entry.told.octets)
            self._hear(self._control(entry), octets)
        else:
            self._signalling(entry)
        self._stage.settle()

    def _signalling(self, entry: H323Entry) -> None:
        octets = self._identities.rewritten(entry.call, entry.told, entry.value)
        told = entry.told
        heard = Told(told.frame, self._stage.now, "h225", told.source, told.destination, told.name, octets)
        self.received.append(heard)
        self._stage.said.append(heard)
        connection = self._of_call.get(entry.call) or self._connection(entry)
        if not connection:
            return
        message = h225.decode(octets)
        ours = self._number(connection, message, is_ours=False)
        self._identities.same_call(entry.call, ours)
        self._of_call[entry.call] = connection
        address = FIELDS["h245address"](message)
        if address:
            self._told_us[address] = entry.call
        self._hear(connection, octets)

    def _hear(self, connection: int, octets: bytes) -> None:
        if connection:
            self._stage.gateway.h323_received(connection, tpkt.frame(octets), self._stage.now)

    def _connection(self, entry: H323Entry) -> int:
        """The connection that a peer opens for its call, or has open."""
        known = self._connections.get(entry.connection, 0)
        if known in self._network.ends:
            return known
        found = self._network.accept(entry.own, entry.peer)
        self._connections[entry.connection] = found
        return found if self._accept(found, self._listener(entry.own)) else 0

    def _listener(self, own: Endpoint) -> str:
        listeners = [each.listen for each in self._trunks if each.listen]
        exact = (each for each in listeners if each == str(own))
        same_host = (each for each in listeners if host_and_port(each, 0)[0] == own.host)
        return next(exact, next(same_host, next(iter(listeners), "")))

    def _accept(self, connection: int, listener: str) -> bool:
        gateway, now = self._stage.gateway, self._stage.now
        _, peer = self._network.ends[connection]
        if not gateway.h323_accepted(connection, listener, peer.host, peer.port, now):
            self._network.disconnect(connection)
            return False
        gateway.h323_opened(connection, now)
        return True

    def _control(self, entry: H323Entry) -> int:
        """The H.245 connection of a call: the one that is there, or one to where the gateway listens."""
        if entry.call not in self._controls:
            found = self._network.accept(entry.own, entry.peer)
            self._controls[entry.call] = found
            self._control_calls[found] = entry.call
            self._accept(found, self._told_them[entry.call])
        return self._controls[entry.call]

    # --- out ---

    def _said_more(self) -> None:
        self.said += 1

    def _opened(self, connection: int) -> None:
        """The gateway opens a connection: H.245 where a peer has said that it listens, else call signalling."""
        _, peer = self._network.ends[connection]
        call = self._told_us.get(written(*peer))
        if call is not None:
            self._controls[call] = connection
            self._control_calls[connection] = call
        gateway = self._stage.gateway
        self._stage.later(lambda now: gateway.h323_opened(connection, now))

    def _take(self, connection: int, octets: bytes) -> None:
        self.said += 1
        unframer = self._unframers.setdefault(connection, tpkt.Unframer())
        for message in unframer.feed(octets):
            if connection in self._control_calls:
                self._control_sent(connection, message)
            else:
                self._signalling_sent(connection, message)

    def _control_sent(self, connection: int, octets: bytes) -> None:
        """`call` of a piece is the number of our call: that which the recorded one is known by."""
        value = per.decode_control(octets)
        source, destination = map(str, self._network.ends[connection])
        told = Told(None, self._stage.now, "h245", source, destination, control_name(value), octets)
        ours = self._identities.ours(self._control_calls[connection])
        for piece in pieces(told, value, ours):
            self._matching.take(self._network.ends[connection][1], piece)

    def _signalling_sent(self, connection: int, octets: bytes) -> None:
        source, peer = self._network.ends[connection]
        message = h225.decode(octets)
        told = Told(None, self._stage.now, "h225", str(source), str(peer), name_of(message), octets)
        self.sent.append(told)
        self._stage.said.append(told)
        ours = self._number(connection, message, is_ours=True)
        for piece in pieces(told, message, ours):
            self._matching.take(peer, piece)
        recorded = self._identities.recorded_call(ours)
        if recorded is not None:
            if message.name == RELEASE:
                self._over.add(recorded)
            self._of_call.setdefault(recorded, connection)
            address = FIELDS["h245address"](message)
            if address and recorded not in self._told_them:
                self._told_them[recorded] = address
                self._await_control(recorded)

    def _await_control(self, call: int) -> None:
        """A peer that connected for H.245 in the recording does so again, when the first was said there."""
        first = next((each for each in self._tape.entries if each.protocol == "h245" and each.call == call), None)
        if first is not None and call not in self._controls:
            due = max(first.time, self._stage.now)
            self._stage.timers.start(due, lambda now: self._stage.later(lambda then: self._connect(first)))

    def _connect(self, entry: H323Entry) -> None:
        self._control(entry)

    def _number(self, connection: int, message: CallSignal, *, is_ours: bool) -> int:
        calls = self._calls.setdefault(connection, H323Calls(self._numbers))
        return calls.number(message, is_ours=is_ours)

    def compared(self) -> list[Compared]:
        """Everything that either side said."""
        return self._matching.compared() + self._ras.compared()


def _given(tape: H323Tape) -> set[str]:
    ours = (entry.value for entry in tape.entries if entry.is_ours and isinstance(entry.value, CallSignal))
    return {identity for message in ours for identity in identities_given(message)}
