"""Which side of the user-network interface we are."""

from enum import StrEnum


class Side(StrEnum):
    """The user or the network of Q.921 and Q.931; in QSIG the slave or the master plays that part on layer 2."""

    USER = "user"
    NETWORK = "network"

    @property
    def other(self) -> "Side":
        """The side of the peer."""
        return Side.NETWORK if self is Side.USER else Side.USER
