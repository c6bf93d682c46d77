"""Cisco PRI backhaul in TCP: see gateway.isdn.backhaul_message."""

from gateway.capture.framing import Cut, Found
from gateway.isdn import backhaul_message
from gateway.isdn.backhaul_message import starts

PORT = 2428


def starts_backhaul(octets: bytes) -> bool:
    """Whether a backhaul header stands here."""
    return starts(octets)


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
