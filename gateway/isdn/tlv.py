"""BER tag, length and value (X.690 8.1), as far as ROSE envelopes need it: read whole, written in definite form.

Indefinite lengths and long forms are legal input; what is written has the shortest definite form, so that a
value can be handed to decoders that know no other.
"""

from collections.abc import Iterator

from gateway.model.errors import DecodeError

MAX_DEPTH = 32
"""Nesting beyond which a value is refused: no service argument comes near, and recursion stays bounded."""

CONSTRUCTED = 0x20

Part = tuple[int, bytes, bytes]
"""First tag octet, contents, and the whole TLV."""


def header(octets: bytes, start: int, end: int) -> tuple[int, int, int]:
    """(offset of the length, offset of the contents, length or -1 for indefinite) of the TLV at `start`.

    Raises DecodeError when the TLV does not fit before `end`.
    """
    try:
        at = start + 1
        if octets[start] & 0x1F == 0x1F:
            while octets[at] & 0x80:
                at += 1
            at += 1
        length = octets[at]
        if length < 0x80:
            contents = at + 1
        else:
            contents = at + 1 + (length & 0x7F)
            length = int.from_bytes(octets[at + 1 : contents]) if length != 0x80 else -1
    except IndexError:
        raise DecodeError("BER tag or length is cut off", where=f"octet {start}") from None
    if contents + max(length, 0) > end:
        raise DecodeError(f"BER length {length} passes the end", where=f"octet {start}")
    return at, contents, length


def split(octets: bytes) -> Iterator[Part]:
    """Each TLV in `octets`, in definite form.

    Raises DecodeError when the octets are no sequence of TLVs.
    """
    start, end = 0, len(octets)
    while start < end:
        if octets[start] & 0x1F != 0x1F and start + 1 < end and octets[start + 1] < 0x80:
            contents, stop = start + 2, start + 2 + octets[start + 1]
            if stop > end:
                raise DecodeError(f"BER length {octets[start + 1]} passes the end", where=f"octet {start}")
            yield octets[start], octets[contents:stop], octets[start:stop]
        else:
            value, stop = _definite(octets, start, end, 0)
            at = header(value, 0, len(value))[1]
            yield octets[start], value[at:], value
        start = stop


def one(octets: bytes) -> tuple[int, bytes]:
    """(first tag octet, contents) of the only TLV in `octets`. Raises DecodeError when it is not exactly one."""
    parts = list(split(octets))
    if len(parts) != 1:
        raise DecodeError(f"one BER value expected, not {len(parts)}")
    return parts[0][:2]


def normalised(octets: bytes) -> bytes:
    """The TLVs in `octets`, down to the innermost, with the shortest definite lengths.

    Raises DecodeError when the octets are no sequence of TLVs.
    """
    return _series(octets, 0, len(octets), 0)[0]


def encode(tag: int, contents: bytes) -> bytes:
    """The TLV with a one-octet `tag` and the shortest definite length."""
    return bytes((tag,)) + length_octets(len(contents)) + contents


def length_octets(length: int) -> bytes:
    """The shortest definite form of `length` (X.690 8.1.3)."""
    if length < 0x80:
        return bytes((length,))
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((0x80 | len(octets),)) + octets


def integer(value: int) -> bytes:
    """Contents octets of an INTEGER (X.690 8.3)."""
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, signed=True)


def _definite(octets: bytes, start: int, end: int, depth: int) -> tuple[bytes, int]:
    """The TLV at `start` in definite form, and the offset after it."""
    if depth > MAX_DEPTH:
        raise DecodeError(f"BER values nested deeper than {MAX_DEPTH}", where=f"octet {start}")
    at, contents, length = header(octets, start, end)
    constructed = octets[start] & CONSTRUCTED
    if length < 0 and not constructed:
        raise DecodeError("indefinite length of a primitive value", where=f"octet {start}")
    if length < 0:
        value, stop = _series(octets, contents, end, depth + 1, until_end_of_contents=True)
    else:
        stop = contents + length
        value = _series(octets, contents, stop, depth + 1)[0] if constructed else octets[contents:stop]
    return octets[start:at] + length_octets(len(value)) + value, stop


def _series(
    octets: bytes, start: int, end: int, depth: int, *, until_end_of_contents: bool = False
) -> tuple[bytes, int]:
    """The TLVs from `start` to `end` or to the end-of-contents octets, and the offset after these."""
    parts: list[bytes] = []
    while start < end:
        if until_end_of_contents and octets[start : start + 2] == b"\0\0":
            return b"".join(parts), start + 2
        part, start = _definite(octets, start, end, depth)
        parts.append(part)
    if until_end_of_contents:
        raise DecodeError("no end-of-contents octets", where=f"octet {end}")
    return b"".join(parts), start
