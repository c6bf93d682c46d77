"""Outstanding invokes, so that a result can be read: it names the invoke, not the operation (X.229)."""

from collections import OrderedDict
from collections.abc import Mapping

from gateway.model.transfer import IdentityGranted, TransferEvent, TransferOutcome, TransferProgress

CALLS_KEPT = 20_000
"""Calls whose invokes are remembered; those that invoked nothing for the longest time go first."""


class Invocations:
    """Per call and side: invokeId -> what was invoked. A side's ids are its own; an answer comes from the other."""

    def __init__(self) -> None:
        self._invoked: OrderedDict[tuple[str, str], dict[int, tuple[str, str]]] = OrderedDict()

    def invoked(self, call: str, side: str, invoke_id: int, operation: str, dialect: str) -> None:
        """`side` has invoked `operation` on `call`."""
        self._invoked.setdefault((call, side), {})[invoke_id] = operation, dialect
        self._invoked.move_to_end((call, side))
        if len(self._invoked) > CALLS_KEPT:
            self._invoked.popitem(last=False)

    def pending(self, call: str, side: str) -> Mapping[int, str]:
        """What `side` has invoked on `call`."""
        invoked = self._invoked.get((call, side), {})
        return {invoke_id: operation for invoke_id, (operation, _) in invoked.items()}

    def dialect(self, call: str, side: str, invoke_id: int | None) -> str | None:
        """The dialect of that invoke, or None when it was not seen."""
        known = None if invoke_id is None else self._invoked.get((call, side), {}).get(invoke_id)
        return known[1] if known else None


def is_answer(event: TransferEvent) -> bool:
    """Whether the event answers an invoke, or a request, of the other side."""
    return isinstance(event, TransferOutcome | TransferProgress | IdentityGranted)
