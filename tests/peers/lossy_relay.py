"""A bad network: a UDP relay between a server and its peers that loses, doubles and delays datagrams both ways.

Each end is shown a port of the relay in place of the other's, in the addresses inside the messages too, so that
requests within a dialog come through it as well. (A digest over a Request-URI that is an address does not survive.)
"""

import random
import re
import selectors
import socket
import threading
import time
from collections import Counter
from heapq import heappop, heappush
from itertools import count
from types import TracebackType
from typing import Self

_ADDRESS = "127.0.0.1"
_PORTS = re.compile(rb"(127\.0\.0\.1(?::|%3[Aa])|rport=)(\d{5})(?!\d)")


class LossyRelay:
    """Between the server at `server` and peers at `peers`, all ports of 127.0.0.1; use as a context manager.

    `server` is then reached at `front`, and the peer at port p is reached by the server at `stand_ins[p]`. `loss`,
    `doubling` and `delaying` are probabilities per datagram and direction, drawn from `seed`; what is delayed comes
    10 to 60 ms later and so behind what was sent after it. `told` counts "passed", "lost", "doubled", "delayed".
    """

    def __init__(
        self,
        server: int,
        *peers: int,
        seed: int = 1,
        loss: float = 0.05,
        doubling: float = 0.05,
        delaying: float = 0.05,
    ) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._loss, self._doubling, self._delaying = loss, doubling, delaying
        self._front = _socket()
        self._sockets = {peer: _socket() for peer in peers}
        self._waiting: list[tuple[float, int, socket.socket, bytes, int]] = []
        self._order = count()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._wake, self._woken = socket.socketpair()
        self.told: Counter[str] = Counter()
        self.front: int = self._front.getsockname()[1]
        self.stand_ins: dict[int, int] = {peer: bound.getsockname()[1] for peer, bound in self._sockets.items()}
        self._inwards = _exchange({self.front: server} | self.stand_ins)
        self._outwards = _exchange({server: self.front} | {shown: peer for peer, shown in self.stand_ins.items()})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake.send(b"!")
        self._thread.join()
        for bound in (self._front, *self._sockets.values(), self._wake, self._woken):
            bound.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for bound in (self._front, *self._sockets.values(), self._woken):
                selector.register(bound, selectors.EVENT_READ)
            while True:
                wait = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
                for key, _ in selector.select(wait):
                    if key.fileobj is self._woken:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    self._relay(key.fileobj)
                self._send_due()

    def _relay(self, bound: socket.socket) -> None:
        try:
            octets, (_, port) = bound.recvfrom(65_535)
        except OSError:  # ICMP: nobody listens where something was sent to.
            return
        if bound is self._front:
            if port in self._sockets:
                self._pass(self._sockets[port], _with_ports(octets, self._inwards), self._server)
            return
        peer = next(peer for peer, own in self._sockets.items() if own is bound)
        self._pass(self._front, _with_ports(octets, self._outwards), peer)

    def _pass(self, by: socket.socket, octets: bytes, port: int) -> None:
        # Always three numbers for a datagram: what becomes of one says nothing about the next.
        is_lost, is_doubled, is_delayed = (
            self._chance.random() < share for share in (self._loss, self._doubling, self._delaying)
        )
        if is_lost:
            self.told["lost"] += 1
            return
        self.told["passed"] += 1
        self.told["doubled"] += is_doubled
        self.told["delayed"] += is_delayed
        for _ in range(1 + is_doubled):
            due = time.monotonic() + (self._chance.uniform(0.01, 0.06) if is_delayed else 0.0)
            heappush(self._waiting, (due, next(self._order), by, octets, port))

    def _send_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, _, by, octets, port = heappop(self._waiting)
            try:
                by.sendto(octets, (_ADDRESS, port))
            except OSError:  # ICMP again; whoever it concerns retransmits.
                continue


def _socket() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    bound.bind((_ADDRESS, 0))
    return bound


def _exchange(ports: dict[int, int]) -> dict[bytes, bytes]:
    assert all(port >= 10_000 for pair in ports.items() for port in pair), "Content-Length has to stay right"
    return {str(shown).encode(): str(meant).encode() for shown, meant in ports.items()}


def _with_ports(octets: bytes, ports: dict[bytes, bytes]) -> bytes:
    return _PORTS.sub(lambda found: found[1] + ports.get(found[2], found[2]), octets)
