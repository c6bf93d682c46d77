"""SEQUENCE in aligned PER (X.691 clause 19), with the additions of later versions."""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.h323.per_bits import Reader, Writer
from gateway.h323.per_kinds import Kind, read_open, write_open
from gateway.model.errors import DecodeError, LocalProtocolError

_MOST_ADDITIONS = 256
"""None of these types has more than thirty."""


class Found(dict[str, Any]):
    """A SEQUENCE value whose bitmap of additions was longer than it had to be: written again, it is as long.

    X.691 19.8 asks for a bit for every addition that the writer knows; PTLib, and every older version, has fewer.
    """

    __slots__ = ("bitmap",)

    def __init__(self, value: dict[str, Any], bitmap: int) -> None:
        super().__init__(value)
        self.bitmap = bitmap


class Sequence:
    """SEQUENCE: components of the root, those of them that are optional, and the additions (None: not extensible).

    H.225.0 and H.245 have neither DEFAULT nor groups of additions.
    """

    __slots__ = ("_additions", "_make", "_names", "_optional", "_root", "_types")

    def __init__(
        self,
        root: tuple[str, ...],
        optional: frozenset[str],
        additions: tuple[str, ...] | None,
        make: Callable[[str], Kind],
    ) -> None:
        optionals = [name for name in root if name in optional]
        self._root = tuple((name, _bit(name, optionals)) for name in root)
        self._optional = len(optionals)
        self._additions = additions
        self._names = frozenset((*root, *(additions or ())))
        self._make = make
        self._types: dict[str, Kind] = {}

    def read(self, reader: Reader) -> dict[str, Any]:
        """See Kind.read."""
        extended = self._additions is not None and reader.bit()
        present = reader.bits(self._optional) if self._optional else 0
        types = self._types
        value = {}
        for name, bit in self._root:
            if bit and not present & bit:
                continue
            kind = types.get(name) or self._type(name)
            value[name] = kind.read(reader)
        return self._read_additions(value, reader) if extended else value

    def _read_additions(self, value: dict[str, Any], reader: Reader) -> dict[str, Any]:
        known = self._additions or ()
        length = reader.small() + 1
        if length > _MOST_ADDITIONS:
            raise DecodeError(f"a SEQUENCE with {length} additions")
        bitmap = reader.bits(length)
        for place in range(length):
            if not bitmap >> (length - place - 1) & 1:
                continue
            if place < len(known):
                value[known[place]] = read_open(self._type(known[place]), reader)
            else:
                value[f"_ext_{place}"] = reader.run()
        return value if bitmap & 1 else Found(value, length)

    def write(self, writer: Writer, value: dict[str, Any]) -> None:
        """See Kind.write."""
        additions = self._present_additions(value) if self._additions is not None else {}
        length = max((place + 1 for place in additions.values()), default=0)
        if isinstance(value, Found):
            length = max(length, value.bitmap)
        if self._additions is not None:
            writer.bits(length > 0, 1)
        self._write_root(writer, value, len(value) - len(additions))
        if length:
            self._write_additions(writer, value, additions, length)

    def _write_root(self, writer: Writer, value: dict[str, Any], expected: int) -> None:
        present = 0
        for name, bit in self._root:
            if bit and name in value:
                present |= bit
        writer.bits(present, self._optional)
        written = 0
        for name, bit in self._root:
            if bit and not present & bit:
                continue
            if name not in value:
                raise LocalProtocolError(f"{name} is missing")
            self._type(name).write(writer, value[name])
            written += 1
        if written != expected:
            raise LocalProtocolError(f"no component is called {', '.join(self._strangers(value))}")

    def _present_additions(self, value: dict[str, Any]) -> dict[str, int]:
        """The additions that `value` has, in order, with their places."""
        known = self._additions or ()
        places = {name: place for place, name in enumerate(known) if name in value}
        if any(name.startswith("_ext_") for name in value):
            later = sorted(int(name[5:]) for name in value if name.startswith("_ext_"))
            places |= {f"_ext_{place}": place for place in later}
        return places

    def _write_additions(self, writer: Writer, value: dict[str, Any], additions: dict[str, int], length: int) -> None:
        writer.small(length - 1)
        writer.bits(sum(1 << length - place - 1 for place in additions.values()), length)
        for name in additions:
            write_open(None if name.startswith("_ext_") else self._type(name), writer, value[name])

    def _strangers(self, value: dict[str, Any]) -> Iterable[str]:
        return (name for name in value if name not in self._names and not name.startswith("_ext_"))

    def _type(self, name: str) -> Kind:
        kind = self._types.get(name)
        if kind is None:
            kind = self._types[name] = self._make(name)
        return kind


def _bit(name: str, optionals: list[str]) -> int:
    """The bit of an optional component in the preamble, 0 for one that is always there."""
    return 1 << len(optionals) - optionals.index(name) - 1 if name in optionals else 0
