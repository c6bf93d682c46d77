"""Which leg an ISDN or H.323 message belongs to: the same keys by which the engine's watches know their legs."""

from collections import defaultdict

from gateway.engine.signal import Signal


class CallKeys:
    """Keeps the messages of all ISDN and H.323 calls by the key of their leg."""

    def __init__(self) -> None:
        self.calls: defaultdict[str, list[Signal]] = defaultdict(list)
        self._on_connection: dict[tuple[frozenset[str], int], str] = {}

    def hear(self, signal: Signal) -> None:
        """One message that the engine has read before. Raises DecodeError when it cannot be read."""
        key = self._h225(signal) if signal.protocol == "h225" else _q931(signal)
        self.calls[key].append(signal)

    def _h225(self, signal: Signal) -> str:
        from gateway.h323 import h225  # brings tables that take long to load

        message = h225.decode(signal.octets)
        connection = (frozenset((signal.source, signal.destination)), message.call_reference)
        key = message.call_identifier.hex() or self._on_connection.get(connection)
        if key is None:
            key = f"{min(connection[0])}/{message.call_reference}"
        self._on_connection[connection] = key
        return key


def _q931(signal: Signal) -> str:
    from gateway.isdn import q931

    message = q931.decode(signal.octets)
    originator = signal.destination if message.flag else signal.source
    return f"{signal.link}/{originator}/{message.call_reference}"
