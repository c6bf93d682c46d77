"""The release cause of Q.850, the common currency of clearing on every side."""

from dataclasses import dataclass
from enum import IntEnum


class Location(IntEnum):
    """Q.850 location: who generated the cause. RFC 8606 has names for these eight, `LOC-n` for the rest."""

    USER = 0
    LOCAL_PRIVATE_NETWORK = 1
    LOCAL_NETWORK = 2
    TRANSIT_NETWORK = 3
    REMOTE_LOCAL_NETWORK = 4
    REMOTE_PRIVATE_NETWORK = 5
    LOCATION_6 = 6
    INTERNATIONAL_NETWORK = 7
    LOCATION_8 = 8
    LOCATION_9 = 9
    BEYOND_INTERWORKING = 10
    LOCATION_11 = 11
    LOCATION_12 = 12
    LOCATION_13 = 13
    LOCATION_14 = 14
    LOCATION_15 = 15


@dataclass(frozen=True, slots=True)
class Cause:
    """A Q.850 cause value (1..127) with location, diagnostics (octets after the value) and free text."""

    value: int
    location: Location | None = None
    diagnostics: bytes = b""
    text: str = ""
