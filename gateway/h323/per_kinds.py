"""Types of ASN.1 in aligned PER (X.691): each reads and writes its values.

Values: SEQUENCE a dict, CHOICE a pair (alternative, value), SEQUENCE OF and SET OF a list, INTEGER an int, ENUMERATED
a str, BIT STRING (value, bits), OBJECT IDENTIFIER a tuple (dotted text too when written), NULL 0
(None too). An extension addition or alternative that the type does not know is "_ext_n" (n from 0) with its octets.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from gateway.h323.per_bits import Reader, Writer, unsigned
from gateway.model.errors import DecodeError, LocalProtocolError

_LONGEST_ARC = 128
"""Bits of a number in an OBJECT IDENTIFIER: those of a UUID (X.667)."""

Make = Callable[[], "Kind"]
"""Gives a type when it is wanted first: types refer to one another, and most are never seen on a wire."""


class Kind(Protocol):
    """A type."""

    def read(self, reader: Reader) -> Any:
        """The value that comes next. Raises DecodeError."""

    def write(self, writer: Writer, value: Any) -> None:
        """`value`. Raises LocalProtocolError, or what Python raises for a value of another type."""


class Null:
    """NULL: nothing at all (clause 24)."""

    __slots__ = ()

    def read(self, reader: Reader) -> int:
        """See Kind.read."""
        return 0

    def write(self, writer: Writer, value: Any) -> None:
        """See Kind.write."""
        if value:
            raise LocalProtocolError(f"NULL has no value {value!r}")


class Boolean:
    """BOOLEAN (clause 12)."""

    __slots__ = ()

    def read(self, reader: Reader) -> bool:
        """See Kind.read."""
        return reader.bit() == 1

    def write(self, writer: Writer, value: bool) -> None:
        """See Kind.write."""
        writer.bits(1 if value else 0, 1)


class Integer:
    """INTEGER (clause 13) from `lower` on, `span` values (None: no upper bound, or no bounds at all)."""

    __slots__ = ("_extensible", "_lower", "_span")

    def __init__(self, lower: int | None = None, span: int | None = None, *, extensible: bool = False) -> None:
        self._lower = lower
        self._span = span
        self._extensible = extensible

    def read(self, reader: Reader) -> int:
        """See Kind.read."""
        if self._lower is None or (self._extensible and reader.bit()):
            return int.from_bytes(reader.number(), "big", signed=True)
        if self._span is None:
            return self._lower + int.from_bytes(reader.number(), "big")
        return reader.whole(self._lower, self._span)

    def write(self, writer: Writer, value: int) -> None:
        """See Kind.write."""
        lower, span = self._lower, self._span
        inside = lower is not None and lower <= value and (span is None or value < lower + span)
        if self._extensible:
            writer.bits(not inside, 1)
        if lower is None or (self._extensible and not inside):
            octets = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        elif span is not None:
            writer.whole(value, lower, span)
            return
        elif inside:
            octets = unsigned(value - lower)
        else:
            raise LocalProtocolError(f"{value} is less than {lower}")
        writer.length(len(octets))
        writer.octets(octets)


class Enumerated:
    """ENUMERATED (clause 14) with the names of its root; those of a later version are "_ext_n"."""

    __slots__ = ("_extensible", "_names")

    def __init__(self, names: tuple[str, ...], *, extensible: bool) -> None:
        self._names = names
        self._extensible = extensible

    def read(self, reader: Reader) -> str:
        """See Kind.read."""
        if self._extensible and reader.bit():
            return f"_ext_{reader.small()}"
        return self._names[reader.whole(0, len(self._names))]

    def write(self, writer: Writer, value: str) -> None:
        """See Kind.write."""
        is_later = self._extensible and value.startswith("_ext_")
        if self._extensible:
            writer.bits(is_later, 1)
        if is_later:
            return writer.small(int(value[5:]))
        if value not in self._names:
            raise LocalProtocolError(f"none of {', '.join(self._names)}: {value!r}")
        return writer.whole(self._names.index(value), 0, len(self._names))


class Size:
    """How many units a string or list has: `least`, and `span` numbers from there on, None without an upper bound."""

    __slots__ = ("least", "span")

    def __init__(self, least: int = 0, span: int | None = None) -> None:
        self.least = least
        self.span = span

    @property
    def is_fixed(self) -> bool:
        """Whether there is but one size."""
        return self.span == 1

    @property
    def most(self) -> int:
        """The largest size; only where there is an upper bound."""
        return self.least + (self.span or 0) - 1

    def read(self, reader: Reader) -> int:
        """See Kind.read."""
        return reader.length() if self.span is None else reader.whole(self.least, self.span)

    def write(self, writer: Writer, count: int) -> None:
        """See Kind.write."""
        if self.span is None:
            writer.length(count)
        else:
            writer.whole(count, self.least, self.span)


class BitString:
    """BIT STRING (clause 16): its bits as a number, and how many they are."""

    __slots__ = ("_is_short", "_size")

    def __init__(self, size: Size) -> None:
        self._size = size
        self._is_short = size.is_fixed and size.least <= 16

    def read(self, reader: Reader) -> tuple[int, int]:
        """See Kind.read."""
        count = self._size.read(reader)
        if count and not self._is_short:
            reader.align()
        return reader.bits(count), count

    def write(self, writer: Writer, value: tuple[int, int]) -> None:
        """See Kind.write."""
        bits, count = value
        if bits < 0 or bits >> count:
            raise LocalProtocolError(f"{bits} has more than {count} bits")
        self._size.write(writer, count)
        if count and not self._is_short:
            writer.align()
        writer.bits(bits, count)


class OctetString:
    """OCTET STRING (clause 17), and what is encoded like one: fixed sizes up to two octets are not aligned."""

    __slots__ = ("_short", "_size")

    def __init__(self, size: Size) -> None:
        self._size = size
        self._short = size.least if size.is_fixed and size.least <= 2 else 0

    def read(self, reader: Reader) -> bytes:
        """See Kind.read."""
        if self._size.span is None:
            return reader.run()
        if self._short:
            return reader.bits(self._short * 8).to_bytes(self._short, "big")
        return reader.octets(self._size.read(reader))

    def write(self, writer: Writer, value: bytes) -> None:
        """See Kind.write."""
        if self._size.span is None:
            return writer.run(value)
        self._size.write(writer, len(value))
        if self._short:
            return writer.bits(int.from_bytes(value, "big"), self._short * 8)
        return writer.octets(value)


class GeneralString:
    """A character string without a fixed width (30.5): octets, of which H.245 uses those of ASCII."""

    __slots__ = ()

    def read(self, reader: Reader) -> str:
        """See Kind.read."""
        return reader.run().decode("latin-1")

    def write(self, writer: Writer, value: str) -> None:
        """See Kind.write."""
        writer.run(value.encode("latin-1"))


class ObjectIdentifier:
    """OBJECT IDENTIFIER (clause 24): the contents octets of BER (X.690 8.19)."""

    __slots__ = ()

    def read(self, reader: Reader) -> tuple[int, ...]:
        """See Kind.read."""
        numbers = list(_subidentifiers(reader.run()))
        if not numbers:
            raise DecodeError("an OBJECT IDENTIFIER without numbers")
        first = min(numbers[0] // 40, 2)
        return (first, numbers[0] - first * 40, *numbers[1:])

    def write(self, writer: Writer, value: tuple[int, ...] | str) -> None:
        """See Kind.write."""
        first, second, *others = map(int, value.split(".")) if isinstance(value, str) else value
        writer.run(b"".join(_subidentifier(number) for number in (first * 40 + second, *others)))


class CharacterString:
    """A character string of characters of one width (30.1 to 30.4) out of `alphabet`, in the order of their codes.

    Characters are eight bits wide and stand for themselves, or fewer: then they are places in the alphabet (30.5.4).
    """

    __slots__ = ("_alphabet", "_is_short", "_size", "_values", "_width")

    def __init__(self, alphabet: str, size: Size) -> None:
        width = 1 << ((len(alphabet) - 1).bit_length() - 1).bit_length() if len(alphabet) > 1 else 0
        self._alphabet = alphabet
        self._values = {each: ord(each) if width == 8 else place for place, each in enumerate(alphabet)}
        self._width = width
        self._size = size
        bits = size.most * width if size.span is not None else 1 << 16
        self._is_short = bits <= 16 if size.is_fixed else bits < 16

    def read(self, reader: Reader) -> str:
        """See Kind.read."""
        count = self._size.read(reader)
        if count and not self._is_short:
            reader.align()
        width, alphabet = self._width, self._alphabet
        field = reader.bits(count * width)
        if width == 8:
            text = field.to_bytes(count, "big").decode("latin-1")
            if not self._values.keys() >= set(text):
                raise DecodeError("a character that is not in the alphabet")
            return text
        mask = (1 << width) - 1
        values = [field >> at & mask for at in range((count - 1) * width, -1, -width)]
        if values and max(values) >= len(alphabet):
            raise DecodeError("a character that is not in the alphabet")
        return "".join([alphabet[value] for value in values])

    def write(self, writer: Writer, value: str) -> None:
        """See Kind.write."""
        self._size.write(writer, len(value))
        if value and not self._is_short:
            writer.align()
        values, width = self._values, self._width
        for character in value:
            if character not in values:
                raise LocalProtocolError(f"{character!r} is not in the alphabet")
            writer.bits(values[character], width)


class BmpString:
    """BMPString: sixteen bits for each character (30.5.4)."""

    __slots__ = ("_size",)

    def __init__(self, size: Size) -> None:
        self._size = size

    def read(self, reader: Reader) -> str:
        """See Kind.read."""
        octets = reader.octets(self._size.read(reader) * 2)
        return octets.decode("utf-16-be", "surrogatepass")

    def write(self, writer: Writer, value: str) -> None:
        """See Kind.write."""
        octets = value.encode("utf-16-be", "surrogatepass")
        self._size.write(writer, len(octets) // 2)
        writer.octets(octets)


class ListOf:
    """SEQUENCE OF and SET OF (clauses 20 and 22)."""

    __slots__ = ("_element", "_make", "_size")

    def __init__(self, make: Make, size: Size) -> None:
        self._make = make
        self._element: Kind | None = None
        self._size = size

    def read(self, reader: Reader) -> list[Any]:
        """See Kind.read."""
        element = self._element = self._element or self._make()
        return [element.read(reader) for _ in reader.elements(self._size.read(reader))]

    def write(self, writer: Writer, value: list[Any]) -> None:
        """See Kind.write."""
        element = self._element = self._element or self._make()
        self._size.write(writer, len(value))
        for item in value:
            element.write(writer, item)


class Choice:
    """CHOICE (clause 23): alternatives of the root, and those added later (None when it is not extensible)."""

    __slots__ = ("_later", "_make", "_places", "_root", "_types")

    def __init__(self, root: tuple[str, ...], later: tuple[str, ...] | None, make: Callable[[str], Kind]) -> None:
        self._root = root
        self._later = later
        self._places = {name: place for names in (root, later or ()) for place, name in enumerate(names)}
        self._make = make
        self._types: dict[str, Kind] = {}

    def read(self, reader: Reader) -> tuple[str, Any]:
        """See Kind.read."""
        if self._later is not None and reader.bit():
            return self._read_later(self._later, reader)
        name = self._root[reader.whole(0, len(self._root))]
        return name, self._type(name).read(reader)

    def _read_later(self, later: tuple[str, ...], reader: Reader) -> tuple[str, Any]:
        place = reader.small()
        if place >= len(later):
            return f"_ext_{place}", reader.run()
        name = later[place]
        return name, read_open(self._type(name), reader)

    def write(self, writer: Writer, value: tuple[str, Any]) -> None:
        """See Kind.write."""
        name, content = value
        is_root = name in self._root
        if self._later is not None:
            writer.bits(not is_root, 1)
        if is_root:
            writer.whole(self._places[name], 0, len(self._root))
            self._type(name).write(writer, content)
        elif self._later is None or (name not in self._places and not name.startswith("_ext_")):
            raise LocalProtocolError(f"no alternative is called {name!r}")
        else:
            is_known = name in self._places
            writer.small(self._places[name] if is_known else int(name[5:]))
            write_open(self._type(name) if is_known else None, writer, content)

    def _type(self, name: str) -> Kind:
        kind = self._types.get(name)
        if kind is None:
            kind = self._types[name] = self._make(name)
        return kind


def read_open(kind: Kind, reader: Reader) -> Any:
    """The value in an open type (11.2)."""
    inner = reader.inside(reader.run())
    value = kind.read(inner)
    reader.outside(inner)
    return value


def write_open(kind: Kind | None, writer: Writer, value: Any) -> None:
    """`value` in an open type; without a type it is octets."""
    if kind is None:
        return writer.run(value)
    inner = Writer()
    kind.write(inner, value)
    return writer.run(inner.done())


def _subidentifiers(octets: bytes) -> Iterator[int]:
    number = 0
    for octet in octets:
        number = number << 7 | octet & 0x7F
        if number >> _LONGEST_ARC:
            raise DecodeError("an OBJECT IDENTIFIER with a number that is too long")
        if octet < 0x80:
            yield number
            number = 0


def _subidentifier(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))
