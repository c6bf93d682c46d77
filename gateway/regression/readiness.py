"""Whether a recorded message can be fed in."""

from enum import Enum, auto


class Readiness(Enum):
    """WAIT: the gateway has not said yet what it speaks of. NEVER: it is not part of the replay."""

    READY = auto()
    WAIT = auto()
    NEVER = auto()
