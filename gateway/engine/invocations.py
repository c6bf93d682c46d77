"""Outstanding invokes, so that a result can be read: it names the invoke, not the operation (X.229)."""

from collections import defaultdict
from collections.abc import Mapping

from gateway.model.transfer import IdentityGranted, TransferEvent, TransferOutcome, TransferProgress


class Invocations:
    """Per call and side: invokeId -> what was invoked. A side's ids are its own; an answer comes from the other."""

    def __init__(self) -> None:
        self._operations: defaultdict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        self._dialects: dict[tuple[str, str, int], str] = {}

    def invoked(self, call: str, side: str, invoke_id: int, operation: str, dialect: str) -> None:
        """`side` has invoked `operation` on `call`."""
        self._operations[call, side][invoke_id] = operation
        self._dialects[call, side, invoke_id] = dialect

    def pending(self, call: str, side: str) -> Mapping[int, str]:
        """What `side` has invoked on `call`."""
        return self._operations.get((call, side), {})

    def dialect(self, call: str, side: str, invoke_id: int | None) -> str | None:
        """The dialect of that invoke, or None when it was not seen."""
        return None if invoke_id is None else self._dialects.get((call, side, invoke_id))


def is_answer(event: TransferEvent) -> bool:
    """Whether the event answers an invoke, or a request, of the other side."""
    return isinstance(event, TransferOutcome | TransferProgress | IdentityGranted)
