"""The hosts file: names that are known without DNS."""

from pathlib import Path

from gateway.sip.locating import is_address

HOSTS = Path("/etc/hosts")

_LOOPBACK = ("127.0.0.1", "::1")


class Hosts:
    """Names and their addresses, read again when the file has changed. RFC 6761 §6.3: "localhost" is always known."""

    def __init__(self, path: Path = HOSTS) -> None:
        self._path = path
        self._changed = -1
        self._known: dict[str, tuple[str, ...]] = {}

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of `name`, of both families; none when the file does not have it."""
        name = name.lower().rstrip(".")
        self._read()
        return self._known.get(name) or (_LOOPBACK if name == "localhost" else ())

    def _read(self) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._known = _parsed(self._path.read_text(errors="replace"))
                self._changed = changed
        except OSError:
            self._known = {}


def _parsed(text: str) -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or ("",)
        if is_address(address):
            for name in names:
                known[name.lower()] = (*known.get(name.lower(), ()), address)
    return known
