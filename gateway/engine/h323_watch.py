"""H.225.0 call signalling as an onlooker sees it: calls, and the H.450 APDUs that ride in their messages."""

from gateway.engine.invocations import Invocations, is_answer
from gateway.engine.signal import Signal, seen
from gateway.engine.tally import Tally
from gateway.h323 import addressing, h225, h450, operations
from gateway.h323.h225 import CallSignal
from gateway.interworking.correlator import Correlator
from gateway.interworking.legs import Leg, LegState, Parties
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import AliasKind
from gateway.model.remote_operations import Invoke
from gateway.translators import dialect_named
from gateway.translators.dialect import Context

_DIALECT = "h4502"
_BEFORE_ANSWER = frozenset(("SETUP", "SETUP ACKNOWLEDGE", "CALL PROCEEDING", "PROGRESS", "ALERTING"))
_NORMAL = Cause(16)


class H323Watch:
    """Feeds the correlator from H.225.0 messages."""

    def __init__(self, correlator: Correlator, tally: Tally) -> None:
        self._correlator = correlator
        self._legs = correlator.legs
        self._tally = tally
        self._invocations = Invocations()
        self._on_connection: dict[tuple[frozenset[str], int], str] = {}

    def take(self, signal: Signal) -> None:
        """One H.225.0 message. Raises DecodeError when it is none."""
        message = h225.decode(signal.octets)
        self._tally.count("h225", message.name)
        leg = self._leg(signal, message)
        side = "callee" if message.from_destination else "caller"
        if message.name == "SETUP" and self._correlator.waiting and self._correlator.transfer_of(leg) is None:
            self._correlator.leg_started(leg, leg.called, signal.frame)
        if message.name == "ALERTING":
            self._legs.alerting(leg)
        elif message.name == "CONNECT":
            self._correlator.leg_answered(leg, signal.time, signal.frame)
        if message.supplementary_services:
            self._count_apdus(message, leg, side)
            self._read(signal, message.name, leg, side)
        if message.name == "RELEASE COMPLETE":
            cause = Cause(message.cause) if message.cause else _NORMAL
            self._correlator.leg_released(leg, signal.time, signal.frame, cause)

    def finish(self) -> list[tuple[int, str]]:
        """No more messages will come; no problem was found late."""
        return []

    def _leg(self, signal: Signal, message: CallSignal) -> Leg:
        """By callIdentifier; a message without one (body `empty`) by its connection and call reference."""
        connection = (frozenset((signal.source, signal.destination)), message.call_reference)
        key = message.call_identifier.hex() or self._on_connection.get(connection)
        if key is None:
            key = f"{min(connection[0])}/{message.call_reference}"
        self._on_connection[connection] = key
        leg = self._legs.find(key)
        if leg is None:
            leg = self._legs.add(Leg(SignallingProtocol.H323, key, signal.time, _parties(message, signal, key)))
            if message.name not in _BEFORE_ANSWER:
                # In the middle of a call: it was set up, and must have been answered, before the recording.
                leg.state = LegState.ANSWERED
        leg.last_seen = signal.time
        return leg

    def _count_apdus(self, message: CallSignal, leg: Leg, side: str) -> None:
        for octets in message.supplementary_services:
            for component in h450.decode(octets).components:
                if isinstance(component, Invoke):
                    name = operations.operation_name(component.operation)
                    self._invocations.invoked(leg.key, side, component.invoke_id, name, _DIALECT)
                    self._tally.count("h450", name)
                else:
                    kind = type(component).__name__
                    self._tally.count("h450", kind[0].lower() + kind[1:])

    def _read(self, signal: Signal, name: str, leg: Leg, side: str) -> None:
        other = "caller" if side == "callee" else "callee"
        context = Context(pending=self._invocations.pending(leg.key, other))
        for event in dialect_named(_DIALECT).read(signal.octets, context):
            invoker = other if is_answer(event) else side
            transaction = "" if event.invoke_id is None else str(event.invoke_id)
            sight = seen(signal, leg, side, invoker=invoker, transaction=transaction, dialect=_DIALECT, message=name)
            self._correlator.observe(event, sight)


def _parties(message: CallSignal, signal: Signal, key: str) -> Parties:
    keys = {"call_identifier": key, "call_reference": str(message.call_reference)}
    calling = best_alias(message.source_aliases) or signal.source
    return Parties(calling, best_alias(message.destination_aliases) or signal.destination, keys)


def best_alias(values: tuple[tuple[str, object], ...]) -> str:
    """What to call a party by: its number before its name, never its transport address."""
    try:
        aliases = [addressing.alias(value) for value in values]
    except DecodeError:
        return ""
    order = (
        AliasKind.DIALLED_DIGITS,
        AliasKind.PARTY_NUMBER,
        AliasKind.URL_ID,
        AliasKind.H323_ID,
        AliasKind.EMAIL_ID,
    )
    ranked = sorted((each for each in aliases if each.kind in order), key=lambda each: order.index(each.kind))
    return ranked[0].value if ranked else ""
