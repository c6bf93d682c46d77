"""The sending half of a data link's sequence: V(S), V(A) and the I frames between and behind them (Q.921 3.5.2)."""

from collections import deque

MODULUS = 128


class SendWindow:
    """Information fields in the order they were given. `acknowledged` is V(A); `next_number` is V(S)."""

    __slots__ = ("_sent", "_waiting", "acknowledged", "next_number", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.acknowledged = 0
        self.next_number = 0
        self._sent: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()

    def put(self, octets: bytes) -> None:
        """One more to be sent."""
        self._waiting.append(octets)

    def take(self) -> tuple[int, bytes] | None:
        """The number and the information of the I frame to be sent now; None when there is none, or k are out."""
        if not self._sent and not self._waiting:
            return None
        number = self.next_number
        ahead = (number - self.acknowledged) % MODULUS
        if ahead < len(self._sent):
            octets = self._sent[ahead]
        elif self._waiting and ahead < self.size:
            octets = self._waiting.popleft()
            self._sent.append(octets)
        else:
            return None
        self.next_number = (number + 1) % MODULUS
        return number, octets

    def accepts(self, receive_number: int) -> bool:
        """Whether V(A) <= N(R) <= V(S). What was sent before V(S) was set back counts too: it may have arrived."""
        return (receive_number - self.acknowledged) % MODULUS <= len(self._sent)

    def is_past(self, receive_number: int) -> bool:
        """Whether N(R) is more likely one that was valid before than one that never was."""
        return (receive_number - self.acknowledged) % MODULUS > 4 * self.size

    def acknowledge(self, receive_number: int) -> bool:
        """Forgets what the peer has; True when that was anything. N(R) has to be a valid one."""
        count = (receive_number - self.acknowledged) % MODULUS
        ahead = (self.next_number - self.acknowledged) % MODULUS
        for _ in range(count):
            self._sent.popleft()
        self.acknowledged = receive_number
        if ahead < count:
            self.next_number = receive_number
        return count > 0

    def go_back(self) -> None:
        """All that is not acknowledged is to be sent again."""
        self.next_number = self.acknowledged

    def restart(self) -> None:
        """Numbers begin at 0; what was never sent stays."""
        self.acknowledged = self.next_number = 0
        self._sent.clear()

    def clear(self) -> None:
        """Nothing is to be sent any more."""
        self._sent.clear()
        self._waiting.clear()

    @property
    def is_acknowledged(self) -> bool:
        """Whether V(A) = V(S)."""
        return not self._sent

    def __len__(self) -> int:
        return len(self._sent) + len(self._waiting)
