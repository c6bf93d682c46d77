"""What is answered to requests and commands that a voice endpoint has nothing to do with (H.245 clause 8.1)."""

from typing import Any

Answer = tuple[str, str, Any]
"""Kind, alternative and value of a message."""


def refusal(kind: str, name: str, value: Any, octets: bytes) -> Answer | None:
    """The answer to a message that nobody deals with; None for one that needs none (responses, indications, commands
    that only advise).
    """
    if kind == "request" and name in _REFUSED:
        return _REFUSED[name](value)
    if kind not in ("request", "command") or name in _ADVICE:
        return None
    if name.startswith("_ext_"):
        # A later version's: its octets are all that there is of it.
        unknown = {"cause": ("unknownFunction", 0), "returnedFunction": octets}
        return "indication", "functionNotSupported", unknown
    return "indication", "functionNotUnderstood", (kind, (name, value))


_ADVICE = frozenset(("flowControlCommand", "miscellaneousCommand", "maintenanceLoopOffCommand", "encryptionCommand"))


def _no_loop(value: dict[str, Any]) -> Answer:
    refused = {"type": value["type"], "cause": ("canNotPerformLoop", 0)}
    return "response", "maintenanceLoopReject", refused


def _no_multiplex(value: dict[str, Any]) -> Answer:
    """Multiplex tables are H.223's; there are none on IP."""
    numbers = [entry["multiplexTableEntryNumber"] for entry in value["multiplexEntryDescriptors"]]
    causes = [{"multiplexTableEntryNumber": number, "cause": ("unspecifiedCause", 0)} for number in numbers]
    refused = {"sequenceNumber": value["sequenceNumber"], "rejectionDescriptions": causes}
    return "response", "multiplexEntrySendReject", refused


def _no_entries(value: dict[str, Any]) -> Answer:
    numbers = value["entryNumbers"]
    causes = [{"multiplexTableEntryNumber": number, "cause": ("unspecified", 0)} for number in numbers]
    return "response", "requestMultiplexEntryReject", {"entryNumbers": numbers, "rejectionDescriptions": causes}


_REFUSED = {
    "maintenanceLoopRequest": _no_loop,
    "multiplexEntrySend": _no_multiplex,
    "requestMultiplexEntry": _no_entries,
}
