"""One message into another dialect: read, complete in the middle, write."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from gateway.interworking.address_map import address_map
from gateway.interworking.cause_profiles import own_table
from gateway.model.document import as_document
from gateway.model.errors import UntranslatableError
from gateway.model.transfer import TransferEvent, TransferOutcome, TransferRequest
from gateway.translators import dialect_named
from gateway.translators.dialect import Context, Lost, Message, Written
from gateway.translators.losses import differences

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
        own_table(profile)  # whether there is such a profile is known now; its tables can wait
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
        events = dialect_named(source).read(octets, context)
        if not events:
            raise UntranslatableError(f"no transfer in this message that {source} can read")
        written = [self.write(event, source, target, context) for event in events]
        messages = tuple(message for each in written for message in each.messages)
        return Translation(messages, events, tuple(lost for each in written for lost in each.lost))

    def write(self, event: TransferEvent, source: str, target: str, context: Context) -> Written:
        """The messages of dialect `target` for an event that dialect `source` has read.

        Lost is what the source said, by the dialect or before it in the middle; not what the middle had added.
        """
        is_outcome = isinstance(event, TransferOutcome)
        completed = self._causes.complete(event, target, source) if is_outcome else event
        completed = self._addresses.complete_event(completed, target)
        if context.asked is not None:
            asked = self._addresses.complete_event(context.asked, target)
            context = replace(context, asked=asked if isinstance(asked, TransferRequest) else None)
        written = dialect_named(target).write(completed, context)
        of_source = (lost for lost in written.lost if _at(event, lost.what) not in _UNSAID)
        return Written(written.messages, (*_replaced(event, completed, target), *of_source))


_UNSAID = (None, "", (), b"")


def _at(event: TransferEvent, path: str) -> Any:
    """What `event` has at the path of a loss; True for one that is no path in it, such as what it keeps."""
    found: Any = event
    for name in path.split("."):
        found = getattr(found, name, found if found is None else True)
    return found


def _replaced(event: TransferEvent, completed: TransferEvent, target: str) -> Iterator[Lost]:
    """What the middle took away, or put something else for."""
    if completed is event:
        return
    for path in differences(event, completed):
        before, after = _at(event, path), _at(completed, path)
        if after in _UNSAID:
            yield Lost(path, "an identity is not passed on from or to a side that is not trusted")
        elif path == "error" and not _is_spelling(before, after, target):
            yield Lost(path, f"{target} has no error {before}: {after} stands for it")


def _is_spelling(error: str, other: str, target: str) -> bool:
    """Whether `target` calls the error (or problem) `error` by the name `other`."""
    from gateway.interworking import rose_errors  # its tables are loaded by then

    return other in (rose_errors.spelling(error, target), rose_errors.problem_spelling(error, target))


@cache
def translator(profile: str = "rfc3398", plan: str = "default") -> Translator:
    """The translator of a cause profile and a number plan.

    Raises GatewayError when there is no such profile or plan, MappingError when a table is wrong.
    """
    return Translator(profile, plan)
