"""Q.931 as an onlooker sees it: calls on D channels, and Facility elements that are about a transfer."""

from collections.abc import Callable, Iterator

from gateway.engine.invocations import Invocations, is_answer
from gateway.engine.isdn_dialects import DIALECT_OF_VARIANT, named, variant_of
from gateway.engine.signal import Signal, seen
from gateway.engine.tally import Tally
from gateway.interworking.correlator import Correlator
from gateway.interworking.legs import Leg, LegState, Parties
from gateway.isdn import elements, numbers, q931
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.legs import IsdnCall, SignallingProtocol
from gateway.model.remote_operations import Invoke
from gateway.translators import dialect_named
from gateway.translators.dialect import Context

_BEFORE_ANSWER = frozenset(
    (
        MessageType.SETUP,
        MessageType.SETUP_ACKNOWLEDGE,
        MessageType.CALL_PROCEEDING,
        MessageType.PROGRESS,
        MessageType.ALERTING,
    )
)
_CLEARING = frozenset((MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RELEASE_COMPLETE))


class IsdnWatch:
    """Feeds the correlator from Q.931 messages."""

    def __init__(self, correlator: Correlator, tally: Tally) -> None:
        self._correlator = correlator
        self._legs = correlator.legs
        self._tally = tally
        self._invocations = Invocations()
        self._steps: dict[int, Callable[[Leg, Signal], None]] = {
            MessageType.ALERTING: self._alerting,
            MessageType.CONNECT: self._answered,
            MessageType.HOLD_ACKNOWLEDGE: self._held,
            MessageType.RETRIEVE_ACKNOWLEDGE: self._retrieved,
        }

    def take(self, signal: Signal) -> None:
        """One Q.931 message. Raises DecodeError when it is none."""
        message = q931.decode(signal.octets)
        kind = message.message_type
        self._tally.count("q931", message.name)
        leg = self._leg(signal, message)
        step = self._steps.get(int(kind))
        if step is not None:
            step(leg, signal)
        self._facilities(signal, message, leg)
        if kind in _CLEARING:
            self._correlator.leg_released(leg, signal.time, signal.frame, _cause(message))
        else:
            self._note(leg, signal.frame)

    def finish(self) -> list[tuple[int, str]]:
        """No more messages will come; no problem was found late."""
        return []

    def _note(self, leg: Leg, frame: int) -> None:
        if leg.key in self._correlator.calls_in_transfer:
            self._correlator.calls_in_transfer[leg.key].note(frame)

    def _leg(self, signal: Signal, message: Message) -> Leg:
        """The leg of the call reference; who allocated it is told by the flag (Q.931 4.3)."""
        originator = signal.destination if message.flag else signal.source
        key = f"{signal.link}/{originator}/{message.call_reference}"
        leg = self._legs.find(key)
        is_setup = message.message_type is MessageType.SETUP
        if leg is None or (leg.released is not None and is_setup):
            leg = self._legs.add(
                Leg(SignallingProtocol.ISDN, key, signal.time, _parties(message, signal, originator))
            )
            leg.link, leg.originator = signal.link, originator
            if message.message_type not in _BEFORE_ANSWER:
                # In the middle of a call: it was set up, and must have been answered, before the recording.
                leg.state = LegState.ANSWERED
            if is_setup and self._correlator.waiting:
                self._correlator.leg_started(leg, leg.called, signal.frame)
        leg.last_seen = signal.time
        return leg

    def _alerting(self, leg: Leg, _signal: Signal) -> None:
        self._legs.alerting(leg)

    def _answered(self, leg: Leg, signal: Signal) -> None:
        self._correlator.leg_answered(leg, signal.time, signal.frame)

    def _held(self, leg: Leg, _signal: Signal) -> None:
        leg.held = True

    def _retrieved(self, leg: Leg, _signal: Signal) -> None:
        leg.held = False

    def _facilities(self, signal: Signal, message: Message, leg: Leg) -> None:
        """Reads each Facility element, and NOTIFY, by the dialect that it is written in."""
        read = set()
        for name in self._dialects(signal, message, leg):
            if name in read:
                continue
            read.add(name)
            self._read(name, signal, message, leg)

    def _dialects(self, signal: Signal, message: Message, leg: Leg) -> Iterator[str]:
        if message.message_type is MessageType.NOTIFY:
            yield "etsi-ect"
        for facility in message.facilities():
            variant = variant_of(facility.profile, facility.service_discriminator)
            for component in facility.components:
                if isinstance(component, Invoke):
                    name, spoken = named(variant, component)
                    self._invocations.invoked(leg.key, signal.source, component.invoke_id, name, spoken)
                    yield spoken
                else:
                    known = self._invocations.dialect(leg.key, signal.destination, component.invoke_id)
                    yield known or DIALECT_OF_VARIANT[variant]

    def _read(self, name: str, signal: Signal, message: Message, leg: Leg) -> None:
        context = Context(
            isdn=IsdnCall(message.call_reference, octets=message.call_reference_octets),
            pending=self._invocations.pending(leg.key, signal.destination),
        )
        for event in dialect_named(name).read(signal.octets, context):
            answer = event.invoke_id is not None and is_answer(event)
            invoker = signal.destination if answer else signal.source
            transaction = "" if event.invoke_id is None else str(event.invoke_id)
            told = {"invoker": invoker, "transaction": transaction, "dialect": name, "message": message.name}
            sight = seen(signal, leg, signal.source, **told)
            self._correlator.observe(event, sight)


def _parties(message: Message, signal: Signal, originator: str) -> Parties:
    keys = {"link": signal.link, "call_reference": str(message.call_reference), "allocated_by": originator}
    calling = _digits(message, Identifier.CALLING_PARTY_NUMBER)
    return Parties(calling, _digits(message, Identifier.CALLED_PARTY_NUMBER), keys)


def _digits(message: Message, identifier: int) -> str:
    """The digits of a number element, "" when there is none or it cannot be read."""
    contents = message.contents(identifier)
    try:
        party = None if contents is None else numbers.decode_party(contents)
    except DecodeError:
        return ""
    return party.number.digits if party and party.number else ""


def _cause(message: Message) -> Cause | None:
    contents = message.contents(Identifier.CAUSE)
    try:
        return None if contents is None else elements.decode_cause(contents)
    except DecodeError:
        return None
