"""States of a logical channel (H.245 C.4)."""

from enum import StrEnum


class State(StrEnum):
    """As in H.245 C.4.2.3, both sides' states in one enumeration."""

    RELEASED = "released"
    AWAITING_ESTABLISHMENT = "awaiting establishment"
    ESTABLISHED = "established"
    AWAITING_RELEASE = "awaiting release"
