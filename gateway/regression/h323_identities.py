"""Which call, identifier, invoke id and H.245 number of the played host stands for which of the gateway's."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.h323 import h225, h450, per
from gateway.h323.arguments import encode_argument
from gateway.h323.control import fast_start
from gateway.h323.h225 import CallSignal
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Component, Invoke, ReturnResult
from gateway.regression.h323_fields import argument, components, control_name
from gateway.regression.h323_fields import result as read_result
from gateway.regression.h323_tape import Piece
from gateway.regression.message import Message as Told

_CALL_IDENTITY = "callIdentity"
_NUMBERS = frozenset(("sequenceNumber", "forwardLogicalChannelNumber", "logicalChannelNumber"))
"""Keys of H.245 by which an answer names what it answers."""
_OPEN = "openLogicalChannel"
_ANSWERED = {
    "terminalCapabilitySet": ("terminalCapabilitySetAck", "terminalCapabilitySetReject"),
    "openLogicalChannel": ("openLogicalChannelAck", "openLogicalChannelReject", "requestChannelClose"),
    "closeLogicalChannel": ("closeLogicalChannelAck",),
    "requestMode": ("requestModeAck", "requestModeReject"),
    "roundTripDelayRequest": ("roundTripDelayResponse",),
    "requestChannelClose": ("requestChannelCloseAck", "requestChannelCloseReject"),
}
_QUESTION_OF = {answer: question for question, answers in _ANSWERED.items() for answer in answers}
_BELOW, _ABOVE = 0, 255
"""Terminal types below and above every other, so that the recorded side becomes the master (H.245 C.2.2)."""


class H323Identities:
    """Calls of the recording and ours, with what was given in them."""

    def __init__(self, masters: Mapping[int | None, bool]) -> None:
        self._masters = masters
        self._ours: dict[int, int] = {}
        self._recorded: dict[int, int] = {}
        self._references: dict[int, tuple[int, int]] = {}
        self._octets: dict[int, dict[bytes, bytes]] = {}
        self._invokes: dict[tuple[int, int], int] = {}
        self._given: dict[str, str] = {}
        self._awaited: set[str] = set()
        self._numbers: dict[tuple[int, str, int], int] = {}

    def await_given(self, identities: set[str]) -> None:
        """What callIdentities the played host gives in the recording: nobody can use them before the gateway has."""
        self._awaited = identities

    def same_call(self, recorded: int, ours: int) -> None:
        """Our call stands for the recorded one."""
        if recorded and ours:
            self._ours.setdefault(recorded, ours)
            self._recorded.setdefault(ours, recorded)

    def recorded_call(self, ours: int) -> int | None:
        """The call that ours stands for."""
        return self._recorded.get(ours)

    def ours(self, recorded: int) -> int:
        """The call of ours that stands for it; 0 for none."""
        return self._ours.get(recorded, 0)

    def learn(self, recorded: Piece, ours: Piece) -> None:
        """Our message stands for the recorded one: whatever both give names to is the same thing."""
        call = recorded.call
        if isinstance(recorded.value, CallSignal):
            if recorded.value.name == "SETUP":
                self._began(call, recorded.value, ours.value)
            self._learn_components(call, recorded.value, ours.value)
        else:
            self._learn_numbers(call, recorded, ours)

    def _began(self, call: int, recorded: CallSignal, ours: CallSignal) -> None:
        self._references[call] = recorded.call_reference, ours.call_reference
        given = ((each.call_identifier, each.conference_id) for each in (recorded, ours))
        self._octets[call] = {was: now for was, now in zip(*given, strict=True) if was and now}
        was, now = ({_way(each): each.number for each in _proposals(said)} for said in (recorded, ours))
        for key in was.keys() & now.keys():
            self._numbers[call, _OPEN, was[key]] = now[key]

    def _learn_components(self, call: int, recorded: CallSignal, ours: CallSignal) -> None:
        for one, other in zip(components(recorded), components(ours), strict=False):
            if isinstance(one, Invoke) and isinstance(other, Invoke):
                self._invokes[call, one.invoke_id] = other.invoke_id
            elif isinstance(one, ReturnResult) and isinstance(other, ReturnResult):
                was, now = _identity_given(one), _identity_given(other)
                if was and now:
                    self._given[was] = now

    def _learn_numbers(self, call: int, recorded: Piece, ours: Piece) -> None:
        was, now = (dict(_numbers(each.value)) for each in (recorded, ours))
        for key in was.keys() & now.keys():
            self._numbers[call, recorded.name, was[key]] = now[key]

    def knows(self, call: int, piece: Piece) -> bool:
        """Whether everything of the played host's that a message of its peer names has its like by now."""
        if not isinstance(piece.value, CallSignal):
            question = _QUESTION_OF.get(piece.name)
            return question is None or all(
                (call, question, number) in self._numbers for _, number in _numbers(piece.value)
            )
        for each in components(piece.value):
            if not isinstance(each, Invoke) and not self._knows_invoke(call, each.invoke_id):
                return False
            identity = str(argument(each).get(_CALL_IDENTITY, ""))
            if identity in self._awaited and identity not in self._given:
                return False
        return True

    def _knows_invoke(self, call: int, invoke_id: int | None) -> bool:
        return invoke_id is None or (call, invoke_id) in self._invokes

    # --- a message of the peer as it would have been said to the gateway ---

    def rewritten(self, call: int, told: Told, message: CallSignal) -> bytes:
        """An H.225.0 message; octet for octet the same but for what names something of the played host."""
        changed, octets = self._changed(call, told.frame, message), told.octets
        if changed != message:
            octets = h225.encode(changed)
        if message.from_destination and call in self._references:
            reference = self._references[call][1] | 0x8000
            octets = octets[:2] + reference.to_bytes(2, "big") + octets[4:]
        for was, now in self._octets.get(call, {}).items():
            octets = octets.replace(was, now)
        for element in message.uuie.get("fastStart", ()):
            octets = octets.replace(element, self._channel(call, element))
        return octets

    def _channel(self, call: int, element: bytes) -> bytes:
        """A channel from the caller has the number that the caller gave (H.323 §8.1.7.1). It stands behind an octet
        of presence bits, less one, as it is never 0 (H.245 LogicalChannelNumber).
        """
        found = next(iter(fast_start.proposals((element,))), None)
        if found is None or not found.from_caller:
            return element
        number = self._numbers.get((call, _OPEN, found.number), found.number)
        return element[:1] + (number - 1).to_bytes(2, "big") + element[3:]

    def _changed(self, call: int, frame: int | None, message: CallSignal) -> CallSignal:
        apdus = tuple(self._apdu(call, each) for each in message.supplementary_services)
        control = tuple(self.rewritten_control(call, frame, each) for each in message.h245_control)
        return replace(message, supplementary_services=apdus, h245_control=control)

    def _apdu(self, call: int, octets: bytes) -> bytes:
        try:
            apdu = h450.decode(octets)
            changed = tuple(self._component(call, each) for each in apdu.components)
            return octets if changed == apdu.components else h450.encode(replace(apdu, components=changed))
        except (DecodeError, LocalProtocolError):
            return octets

    def _component(self, call: int, component: Component) -> Component:
        if isinstance(component, Invoke):
            said = argument(component)
            now = self._given.get(str(said.get(_CALL_IDENTITY, "")))
            if now is None or not isinstance(component.operation, int):
                return component
            return replace(component, argument=encode_argument(component.operation, said | {_CALL_IDENTITY: now}))
        if component.invoke_id is None:
            return component
        return replace(component, invoke_id=self._invokes.get((call, component.invoke_id), component.invoke_id))

    def rewritten_control(self, call: int, frame: int | None, octets: bytes) -> bytes:
        """An H.245 message."""
        try:
            value = per.decode_control(octets)
            changed = self._control(call, frame, value)
            return octets if changed == value else per.encode_control(changed)
        except (DecodeError, LocalProtocolError):
            return octets

    def _control(self, call: int, frame: int | None, value: tuple[str, Any]) -> tuple[str, Any]:
        kind, said = value
        name = control_name(value)
        if not isinstance(said, tuple) or not isinstance(said[1], dict):
            return value
        content = dict(said[1])
        if name == "masterSlaveDetermination" and frame in self._masters:
            content["terminalType"] = _BELOW if self._masters[frame] else _ABOVE
        question = _QUESTION_OF.get(name, "openLogicalChannel" if kind in ("command", "indication") else "")
        for key in _NUMBERS & content.keys():
            content[key] = self._numbers.get((call, question, content[key]), content[key])
        return kind, (name, content)


def _proposals(setup: CallSignal) -> Iterator[fast_start.Proposal]:
    return (each for each in fast_start.proposals(tuple(setup.uuie.get("fastStart", ()))) if each.from_caller)


def _way(proposal: fast_start.Proposal) -> tuple[int, str]:
    return proposal.session, proposal.format.codec


def _numbers(value: tuple[str, Any]) -> Iterator[tuple[str, int]]:
    said = value[1]
    content = said[1] if isinstance(said, tuple) else None
    if isinstance(content, dict):
        yield from ((key, content[key]) for key in _NUMBERS & content.keys())


def identities_given(message: CallSignal) -> Iterator[str]:
    """The callIdentities in the results of a message."""
    for each in components(message):
        found = _identity_given(each) if isinstance(each, ReturnResult) else ""
        if found:
            yield found


def _identity_given(result: ReturnResult) -> str:
    return str(read_result(result).get(_CALL_IDENTITY, ""))
