"""The tables of a dialect: its services (one invoke each), the grant that names a call, and the procedures that
carry out an event in several steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.isdn.facility import Interpretation
from gateway.isdn.q931 import InformationElement, MessageType
from gateway.model.transfer import IdentityGranted, TransferEvent
from gateway.translators.dialect import Context
from gateway.translators.facility_message import PRIMARY, Draft


def always(_: Any) -> bool:
    """The condition of a service that says every event of its type."""
    return True


@dataclass(frozen=True, slots=True)
class Service:
    """One invoke: the event it says, how its argument is read and written (values as asn1tools has them).

    `when` narrows the events down, `write` raises UntranslatableError when one lacks what the argument needs.
    `message_type`, `leg` and `interpretation` are what the standard prescribes for the message around it.
    """

    operation: str
    event: type[TransferEvent]
    read: Callable[[Any], TransferEvent]
    write: Callable[[Any], Any]
    when: Callable[[Any], bool] = always
    message_type: MessageType = MessageType.FACILITY
    leg: str = PRIMARY
    interpretation: Interpretation | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A result that names the secondary call: how it is read and written."""

    operation: str
    read: Callable[[Any], IdentityGranted]
    write: Callable[[IdentityGranted], Any]


@dataclass(frozen=True, slots=True)
class Say:
    """A step of a procedure: one of the dialect's own events, on a leg (None: where its service belongs).

    `elements` stand in place of those that the event itself puts beside the Facility.
    """

    event: TransferEvent
    leg: str | None = None
    elements: tuple[InformationElement, ...] | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """What carries an event out, in order. `said` is the event as far as the steps together say it; None when one
    step says it alone. `why` has reasons for losses that are other ones than the dialect's.
    """

    steps: tuple[Say | Draft, ...]
    said: TransferEvent | None = None
    why: Mapping[str, str] = field(default_factory=dict)


def directly(event: TransferEvent, _: Context) -> Procedure:
    """The procedure of an event that one message says."""
    return Procedure((Say(event),))
