"""TPKT (RFC 1006 clause 6): what marks the messages on a call signalling or H.245 connection.

Sans-IO: octets are fed as they come, whole payloads come out.
"""

from collections.abc import Iterator

from gateway.model.errors import DecodeError, LocalProtocolError

HEADER_OCTETS = 4
VERSION = 3
MAXIMUM_PAYLOAD = 0xFFFF - HEADER_OCTETS


def frame(payload: bytes) -> bytes:
    """`payload` behind its TPKT header. Raises LocalProtocolError when it is longer than 65531 octets."""
    if len(payload) > MAXIMUM_PAYLOAD:
        raise LocalProtocolError(f"{len(payload)} octets do not fit into one TPKT")
    return bytes((VERSION, 0)) + (len(payload) + HEADER_OCTETS).to_bytes(2, "big") + payload


class Unframer:
    """One direction of a connection: `feed` octets, get the payloads that they complete.

    A header that is no TPKT header breaks the connection for good: there is no way back into step.
    """

    def __init__(self, most: int = MAXIMUM_PAYLOAD) -> None:
        """A payload of more than `most` octets is as bad as a wrong header."""
        self._pending = bytearray()
        self._consumed = 0
        self._most = most

    @property
    def pending(self) -> int:
        """Octets that are waiting for the rest of their payload."""
        return len(self._pending)

    def feed(self, octets: bytes) -> list[bytes]:
        """The payloads completed by `octets`, in order; see `payloads`."""
        return list(self.payloads(octets))

    def payloads(self, octets: bytes) -> Iterator[bytes]:
        """The payloads completed by `octets`, one by one; empty ones (the keep-alives of some peers) left out.

        Raises DecodeError (`where` is the octet's place in the stream) when a header is not TPKT's, after the
        payloads before it.
        """
        self._pending += octets
        while (length := self._next_length()) is not None and len(self._pending) >= length:
            payload = bytes(self._pending[HEADER_OCTETS:length])
            del self._pending[:length]
            self._consumed += length
            if payload:
                yield payload

    def _next_length(self) -> int | None:
        if len(self._pending) < HEADER_OCTETS:
            return None
        version, reserved, length = self._pending[0], self._pending[1], int.from_bytes(self._pending[2:4], "big")
        if version != VERSION or reserved != 0 or length < HEADER_OCTETS:
            header = self._pending[:HEADER_OCTETS].hex()
            raise DecodeError(f"no TPKT header: {header}", where=f"octet {self._consumed}")
        if length - HEADER_OCTETS > self._most:
            what = f"a message of {length - HEADER_OCTETS} octets, more than {self._most}"
            raise DecodeError(what, where=f"octet {self._consumed}")
        return length
