"""Small things that every Q.931 message of ours is made with."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.isdn.elements import CallState, encode_call_state, encode_cause
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.model.causes import Cause, Location


def in_order(elements: Iterable[InformationElement]) -> tuple[InformationElement, ...]:
    """By codeset, those of a single octet first, the others by identifier (4.5.1); equal ones stay as they were."""
    return tuple(sorted(elements, key=_place))


def _place(element: InformationElement) -> int:
    identifier = element.identifier
    return element.codeset << 8 | (0 if identifier & 0x80 else identifier + 1)


def cause_element(cause: Cause, location: Location | None = None) -> InformationElement:
    """Cause; `location` is ours, for a cause that has none."""
    if cause.location is None and location is not None:
        cause = replace(cause, location=location)
    return InformationElement(Identifier.CAUSE, encode_cause(cause))


def state_element(state: CallState) -> InformationElement:
    """Call state."""
    return InformationElement(Identifier.CALL_STATE, encode_call_state(state))


def names_channel(elements: Iterable[InformationElement]) -> bool:
    """Whether a channel identification is among them."""
    return any(one.identifier == Identifier.CHANNEL_IDENTIFICATION and not one.codeset for one in elements)
