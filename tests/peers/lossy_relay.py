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

_ADDRESSES = re.compile(rb"(127\.0\.0\.\d+)(:|%3[Aa])(\d{5})(?!\d)")
_RPORT = re.compile(rb"(;rport=)(\d{5})(?!\d)")

Address = tuple[str, int]


class LossyRelay:
    """Between the server at `server` and its `peers`, all on loopback with ports of five digits; a context manager.

    The server is then reached at `front`, and a peer by the server at `stand_ins[peer]`: the same hosts with other
    ports. `loss`, `doubling` and `delaying` are probabilities per datagram and direction, drawn from `seed`; what is
    delayed comes 10 to 60 ms later and so behind what was sent after it. `told` counts "passed", "lost", "doubled",
    "delayed".
    """

    def __init__(
        self,
        server: Address,
        *peers: Address,
        seed: int = 1,
        loss: float = 0.05,
        doubling: float = 0.05,
        delaying: float = 0.05,
    ) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._loss, self._doubling, self._delaying = loss, doubling, delaying
        self._front = _socket(server[0])
        self._sockets = {peer: _socket(peer[0]) for peer in peers}
        self._waiting: list[tuple[float, int, socket.socket, bytes, Address]] = []
        self._order = count()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._wake, self._woken = socket.socketpair()
        self.told: Counter[str] = Counter()
        self.front: Address = self._front.getsockname()
        self.stand_ins: dict[Address, Address] = {peer: bound.getsockname() for peer, bound in self._sockets.items()}
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
            octets, source = bound.recvfrom(65_535)
        except OSError:  # ICMP: nobody listens where something was sent to.
            return
        if bound is self._front:
            if source in self._sockets:
                told = _with_ports(octets, self._inwards, self.front, self._server)
                self._pass(self._sockets[source], told, self._server)
            return
        peer = next(peer for peer, own in self._sockets.items() if own is bound)
        self._pass(self._front, _with_ports(octets, self._outwards, self.stand_ins[peer], peer), peer)

    def _pass(self, by: socket.socket, octets: bytes, to: Address) -> None:
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
            heappush(self._waiting, (due, next(self._order), by, octets, to))

    def _send_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, _, by, octets, to = heappop(self._waiting)
            try:
                by.sendto(octets, to)
            except OSError:  # ICMP again; whoever it concerns retransmits.
                continue


def _socket(host: str) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    bound.bind((host, 0))
    return bound


def _exchange(addresses: dict[Address, Address]) -> dict[tuple[bytes, bytes], bytes]:
    ports = [address[1] for pair in addresses.items() for address in pair]
    assert min(ports) >= 10_000, "a Content-Length has to stay right"
    return {(host.encode(), b"%d" % port): b"%d" % meant[1] for (host, port), meant in addresses.items()}


def _with_ports(octets: bytes, ports: dict[tuple[bytes, bytes], bytes], shown: Address, meant: Address) -> bytes:
    """Addresses exchanged, and the port by which one end has seen the other (RFC 3581)."""
    told = _ADDRESSES.sub(lambda found: found[1] + found[2] + ports.get((found[1], found[3]), found[3]), octets)
    return _RPORT.sub(lambda found: found[1] + (b"%d" % meant[1] if int(found[2]) == shown[1] else found[2]), told)
