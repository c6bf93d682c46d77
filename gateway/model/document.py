"""Model values as plain documents (dict, list, str, int, bool) for JSON and for display."""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


def as_document(value: Any) -> Any:
    """`value` with dataclasses as dicts (`type` first, unset fields left out), enums by name, octets as hex."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
        known = {name: as_document(item) for name, item in pairs if item is not None and item not in ("", (), b"")}
        return {"type": type(value).__name__} | known
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [as_document(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_document(item) for key, item in value.items()}
    return value
