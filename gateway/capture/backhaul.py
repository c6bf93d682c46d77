"""Cisco PRI backhaul in TCP: see gateway.isdn.backhaul_message."""

from gateway.capture.framing import Cut, Found
from gateway.isdn import backhaul_message
from gateway.isdn.backhaul_message import starts

PORT = 2428
_HEADERS = tuple(
    backhaul_message.BackhaulMessage(kind, 0, b"").encoded()[:8]
    for kind in (backhaul_message.DATA_REQUEST, backhaul_message.DATA_INDICATION)
)


def starts_backhaul(octets: bytes) -> bool:
    """Whether a backhaul header stands here."""
    return starts(octets)


def is_backhaul(octets: bytes) -> bool:
    """Whether so much of a header for data stands here that the port does not matter."""
    return octets[:8] in _HEADERS


class Backhaul:
    """The messages of one backhaul connection."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        end = backhaul_message.length(held)
        if end is None or end > len(held):
            return None
        message = backhaul_message.decode(held[:end])
        is_call_control = message.octets[:1] == b"\x08"
        return Cut(
            end, Found("q931", message.octets, link=f"backhaul:{message.channel}") if is_call_control else None
        )

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start."""
        position = held.find(backhaul_message.PROTOCOL, 1)
        return position if position > 0 else len(held)
