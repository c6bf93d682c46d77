"""One message into another dialect: read, complete in the middle, write."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from gateway.interworking.address_map import address_map
from gateway.model.document import as_document
from gateway.model.errors import UntranslatableError
from gateway.model.transfer import TransferEvent, TransferOutcome
from gateway.translators import dialect
from gateway.translators.dialect import Context, Lost, Message, Written

if TYPE_CHECKING:
    from gateway.interworking.cause_map import CauseMap


@dataclass(frozen=True, slots=True)
class Translation:
    """The messages of the other side, the model between, and what had to be left out."""

    messages: tuple[Message, ...]
    model: tuple[TransferEvent, ...]
    lost: tuple[Lost, ...]

    def as_document(self) -> dict[str, Any]:
        """The JSON form of the command `translate`."""
        events = [as_document(event) for event in self.model]
        return {
            "messages": [message_document(message) for message in self.messages],
            "model": events[0] if len(events) == 1 else {"type": "events", "events": events},
            "lost": [{"what": lost.what, "why": lost.why} for lost in self.lost],
        }


def message_document(message: Message) -> dict[str, Any]:
    """A message in JSON: SIP as text, the others as hex."""
    is_sip = message.protocol == "sip"
    return {
        "protocol": str(message.protocol),
        "message": message.name,
        "leg": message.leg,
        "hex": None if is_sip else message.octets.hex(),
        "text": message.octets.decode("utf-8", "replace") if is_sip else None,
    }


class Translator:
    """The middle of every translation: the cause map `profile` and the address map of `plan`, and the way through."""

    def __init__(self, profile: str, plan: str) -> None:
        self._profile = profile
        self._addresses = address_map(plan)

    @cached_property
    def _causes(self) -> "CauseMap":
        # Its tables take as long to load as all the rest; a request has no outcome yet and needs none of them.
        from gateway.interworking.cause_map import cause_map

        return cause_map(self._profile)

    def translate(self, octets: bytes, source: str, target: str, context: Context) -> Translation:
        """`octets` (a message of dialect `source`) in dialect `target`.

        Raises DecodeError when it cannot be read, UntranslatableError when it is no transfer message or
        `target` has no form for it.
        """
        events = dialect(source).read(octets, context)
        if not events:
            raise UntranslatableError(f"no transfer in this message that {source} can read")
        written = [self.write(event, source, target, context) for event in events]
        messages = tuple(message for each in written for message in each.messages)
        return Translation(messages, events, tuple(lost for each in written for lost in each.lost))

    def write(self, event: TransferEvent, source: str, target: str, context: Context) -> Written:
        """The messages of dialect `target` for an event that dialect `source` has read."""
        if isinstance(event, TransferOutcome):
            event = self._causes.complete(event, target, source)
        return dialect(target).write(self._addresses.complete_event(event, target), context)


@cache
def translator(profile: str = "rfc3398", plan: str = "default") -> Translator:
    """The translator of a cause profile and a number plan. Raises MappingError when a table is wrong."""
    return Translator(profile, plan)
