"""One message into another dialect: read, complete in the middle, write."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.interworking.addresses import AddressMap, address_map
from gateway.interworking.causes import CauseMap, cause_map
from gateway.model.document import as_document
from gateway.model.errors import UntranslatableError
from gateway.model.transfer import TransferEvent
from gateway.translators import dialect
from gateway.translators.dialect import Context, Lost, Message, Written


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
    """The middle of every translation: the cause map and the address map, and the way through them."""

    def __init__(self, causes: CauseMap, addresses: AddressMap) -> None:
        self._causes = causes
        self._addresses = addresses

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
        completed = self._causes.complete(event, target, source)
        return dialect(target).write(self._addresses.complete_event(completed, target), context)


@cache
def translator(profile: str = "rfc3398", plan: str = "default") -> Translator:
    """The translator of a cause profile and a number plan. Raises MappingError when a table is wrong."""
    return Translator(cause_map(profile), address_map(plan))
