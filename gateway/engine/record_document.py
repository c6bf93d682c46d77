"""The record of a transfer as JSON values."""

from dataclasses import asdict
from datetime import UTC, datetime

from gateway.model.call import TransferRecord


def document(record: TransferRecord) -> dict[str, object]:
    """The record as JSON values; `time` is ISO 8601 in UTC."""
    time = datetime.fromtimestamp(record.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**asdict(record), "time": time}
