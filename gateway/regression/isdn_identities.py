"""Which call reference, invoke id and identity of the played side stands for which of the gateway's."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.isdn import facility, q931, tlv
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.errors import DecodeError
from gateway.model.remote_operations import Component, Invoke, ReturnResult

Call = tuple[str, int]
"""A line of the recording, and the number of a call there."""


class IsdnIdentities:
    """Calls of the recording and ours, with what the gateway has given in them."""

    def __init__(self) -> None:
        self.references: dict[Call, Message] = {}
        self._calls: dict[Call, int] = {}
        self._recorded: dict[Call, int] = {}
        self._channels: dict[Call, tuple[bytes, bytes]] = {}
        self._invokes: dict[tuple[str, int], int] = {}
        self._given: dict[tuple[str, bytes], bytes] = {}

    def same_call(self, line: str, recorded: int, ours: int) -> None:
        """Our call stands for the recorded one."""
        if recorded and ours:
            self._calls.setdefault((line, recorded), ours)
            self._recorded.setdefault((line, ours), recorded)

    def recorded_call(self, line: str, ours: int) -> int | None:
        """The call that ours stands for; 0 for what belongs to none."""
        return self._recorded.get((line, ours)) if ours else 0

    def learn(self, line: str, call: int, recorded: Message, ours: Message) -> None:
        """Our message stands for the recorded one: whatever both give names to is the same thing."""
        if not ours.flag and call:
            self.references[line, call] = ours
        channels = [each.contents(Identifier.CHANNEL_IDENTIFICATION) for each in (recorded, ours)]
        if channels[0] is not None and channels[1] is not None and call:
            self._channels[line, call] = channels[0], channels[1]
        for one, other in zip(components(recorded), components(ours), strict=False):
            if isinstance(one, Invoke) and isinstance(other, Invoke):
                self._invokes[line, one.invoke_id] = other.invoke_id
            elif isinstance(one, ReturnResult) and isinstance(other, ReturnResult):
                for was, now in zip(leaves(one.result or b""), leaves(other.result or b""), strict=False):
                    if was != now:
                        self._given[line, was] = now

    def knows(self, line: str, call: int, message: Message) -> bool:
        """Whether everything of the played side's that a message of its peer names has its like by now."""
        if message.flag and call and (line, call) not in self.references:
            return False
        answered = (each for each in components(message) if not isinstance(each, Invoke))
        return all(each.invoke_id is None or (line, each.invoke_id) in self._invokes for each in answered)

    def rewritten(self, line: str, call: int, octets: bytes, message: Message) -> bytes:
        """A message of the peer as it would have been said to the gateway."""
        changed = message
        own = self.references.get((line, call)) if message.flag else None
        if own is not None:
            changed = replace(
                changed, call_reference=own.call_reference, call_reference_octets=own.call_reference_octets
            )
        elements = tuple(self._element(line, call, each) for each in message.elements)
        changed = replace(changed, elements=elements)
        return octets if changed == message else q931.encode(changed)

    def _element(self, line: str, call: int, element: InformationElement) -> InformationElement:
        if element.codeset:
            return element
        if element.identifier == Identifier.CHANNEL_IDENTIFICATION:
            was, now = self._channels.get((line, call), (b"", b""))
            return replace(element, contents=now) if _same_channel(was, element.contents) else element
        if element.identifier == Identifier.FACILITY:
            return self._facility(line, element)
        return element

    def _facility(self, line: str, element: InformationElement) -> InformationElement:
        try:
            carried: Facility = facility.decode(element.contents)
        except DecodeError:
            return element
        changed = tuple(self._component(line, each) for each in carried.components)
        if changed == carried.components:
            return element
        return replace(element, contents=facility.encode(replace(carried, components=changed)))

    def _component(self, line: str, component: Component) -> Component:
        if isinstance(component, Invoke):
            linked = component.linked_id
            known = linked if linked is None else self._invokes.get((line, linked), linked)
            argument = self._with_given(line, component.argument) if component.argument else component.argument
            return replace(component, linked_id=known, argument=argument)
        if component.invoke_id is None:
            return component
        return replace(component, invoke_id=self._invokes.get((line, component.invoke_id), component.invoke_id))

    def _with_given(self, line: str, octets: bytes) -> bytes:
        """Identities that the played side gave and that come back (linkId, callIdentity) are ours."""
        if not any(where == line for where, _ in self._given):
            return octets
        try:
            return b"".join(self._value(line, *part) for part in tlv.split(octets))
        except DecodeError:
            return octets

    def _value(self, line: str, tag: int, contents: bytes, whole: bytes) -> bytes:
        if tag & 0x1F == 0x1F:
            return whole
        if tag & tlv.CONSTRUCTED:
            return tlv.encode(tag, self._with_given(line, contents))
        return tlv.encode(tag, self._given.get((line, contents), contents))


def _same_channel(one: bytes, other: bytes) -> bool:
    """Whether both name the same channel; whether it is exclusive does not count."""
    return bool(one) and one[1:] == other[1:] and one[0] & ~0x08 == other[0] & ~0x08


def components(message: Message) -> tuple[Component, ...]:
    """All ROSE components of a message; none where a Facility element cannot be read."""
    try:
        return tuple(component for each in message.facilities() for component in each.components)
    except DecodeError:
        return ()


def leaves(octets: bytes) -> Iterator[bytes]:
    """The contents of each primitive value, in order. Raises DecodeError for what is no BER."""
    for tag, contents, _ in tlv.split(octets):
        if tag & tlv.CONSTRUCTED:
            yield from leaves(contents)
        else:
            yield contents
