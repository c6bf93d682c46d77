"""A peer in a process of its own: the one that the demonstration uses."""

from gateway.demonstration.json_peer import PATIENCE, Event, JsonPeer, PeerError

__all__ = ["PATIENCE", "Event", "JsonPeer", "PeerError"]
