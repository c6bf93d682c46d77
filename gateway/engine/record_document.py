"""The record of a transfer as JSON values."""

from dataclasses import fields
from datetime import UTC, datetime

from gateway.model.call import TransferRecord

_NAMES = tuple(field.name for field in fields(TransferRecord))


def document(record: TransferRecord) -> dict[str, object]:
    """The record as JSON values; `time` is ISO 8601 in UTC."""
    time = datetime.fromtimestamp(record.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**{name: getattr(record, name) for name in _NAMES}, "trunks": dict(record.trunks), "time": time}
