"""Addresses and ports as they stand in a recording: "192.0.2.1:5060", "[2001:db8::1]:5060"."""

from functools import lru_cache
from typing import NamedTuple


class Endpoint(NamedTuple):
    """An address without brackets, and a port; 0 when none was said."""

    host: str
    port: int = 0

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> "Endpoint":
        """Of an address with or without port; what has neither, as "network", is a host."""
        if text.startswith("["):
            host, _, port = text[1:].partition("]")
            return cls(host, _number(port.removeprefix(":")))
        if text.count(":") == 1:
            host, _, port = text.partition(":")
            return cls(host, _number(port)) if port.isdecimal() else cls(text)
        return cls(text)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


class Hosts:
    """Those that the gateway plays."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._ends = frozenset(Endpoint.parse(text.strip()) for text in texts)
        self._hosts = frozenset(end.host for end in self._ends if not end.port)

    def has(self, end: Endpoint) -> bool:
        """Whether it is one of them."""
        return end in self._ends or end.host in self._hosts

    def __str__(self) -> str:
        return ", ".join(sorted(map(str, self._ends)))


def _number(port: str) -> int:
    return int(port) if port.isdecimal() else 0
