"""Aligned PER of H.225.0, RAS and H.245: what was recorded, what X.691 says, and what an attacker writes."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import per
from gateway.h323.per_bits import MOST_ELEMENTS, Reader, Writer
from gateway.h323.per_kinds import (
    BitString,
    BmpString,
    CharacterString,
    Choice,
    Enumerated,
    Integer,
    Kind,
    ListOf,
    Null,
    ObjectIdentifier,
    OctetString,
    Size,
)
from gateway.h323.per_sequence import Sequence
from gateway.model.errors import DecodeError, LocalProtocolError
from tests.h323.pdus import READERS, Pdu, pdus
from tests.shared import captures, or_skipped

RECORDED = captures("pcaps/h323")
OTHERS = [file for file in captures("pcaps/public") if "h323" in file.name or "h245" in file.name]
"""Calls of Cisco gateways: older versions of H.225.0, with a bit for every addition that they know."""

DIGITS = "#*,0123456789"


def octets(kind: Kind, value: Any, before: int = 0) -> str:
    """`value` as hex, after that many bits of zero."""
    writer = Writer()
    writer.bits(0, before)
    kind.write(writer, value)
    return writer.done().hex()


def again(kind: Kind, value: Any, before: int = 0) -> Any:
    reader = Reader(bytes.fromhex(octets(kind, value, before)))
    reader.bits(before)
    return kind.read(reader)


@pytest.mark.parametrize("capture", or_skipped(RECORDED + OTHERS), ids=lambda file: file.stem)
def test_every_recorded_message_is_written_with_the_octets_it_was_read_from(capture: Path) -> None:
    for kind, recorded, place in pdus(capture):
        read, write = READERS[kind]
        assert write(read(recorded)) == recorded, place


@pytest.mark.parametrize("capture", or_skipped(RECORDED + OTHERS), ids=lambda file: file.stem)
def test_pycrate_reads_the_same(capture: Path) -> None:
    """A decoder that is not ours, over the same types."""
    from pycrate_asn1dir import H225

    control = H225.MULTIMEDIA_SYSTEM_CONTROL
    kinds = {
        "user information": H225.H323_MESSAGES.H323_UserInformation,
        "ras": H225.H323_MESSAGES.RasMessage,
        "control": control.MultimediaSystemControlMessage,
        "channel": control.OpenLogicalChannel,
    }
    for kind, recorded, place in pdus(capture):
        kinds[kind].from_aper(recorded)
        assert READERS[kind][0](recorded) == kinds[kind].get_val(), place


def test_the_recordings_have_messages_of_every_kind() -> None:
    if not RECORDED:
        pytest.skip("recordings not here: ../shared/pcaps/h323")
    counted = Counter(pdu.kind for capture in RECORDED for pdu in pdus(capture))
    assert counted.keys() == READERS.keys()
    assert counted["ras"] == 260


CASES: list[tuple[Kind, Any, int, str]] = [
    (Integer(0, 255), 200, 0, "c8"),  # 11.5.7.1: a bit field below 256 values
    (Integer(0, 256), 200, 1, "00c8"),  # 11.5.7.2: one octet, aligned
    (Integer(0, 257), 200, 1, "0000c8"),  # 11.5.7.3: two octets
    (Integer(1, 65_535), 1720, 0, "06b7"),
    (Integer(0, 1 << 32), 120, 0, "0078"),  # 11.5.7.4: how many octets, then these
    (Integer(0, 1 << 32), 100_000, 0, "800186a0"),
    (Integer(1), 1, 0, "0100"),  # 13.2.5: semi-constrained
    (Integer(), -1, 0, "01ff"),  # 13.2.4
    (Integer(), 128, 0, "020080"),
    (Integer(0, 16_384, extensible=True), 70_000, 0, "8003011170"),
    (Null(), 0, 0, "00"),  # 11.1.3: never without an octet
    (Enumerated(("a", "b", "c", "d"), extensible=True), "c", 0, "40"),
    (Enumerated(("a", "b"), extensible=True), "_ext_1", 0, "81"),
    (BitString(Size(16, 1)), (0x1234, 16), 1, "091a00"),  # 16.9: up to 16 bits are not aligned
    (BitString(Size(32, 1)), (0x12345678, 32), 1, "0012345678"),
    (OctetString(Size(2, 1)), b"\x12\x34", 1, "091a00"),  # 17.6
    (OctetString(Size(4, 1)), b"\1\2\3\4", 1, "0001020304"),
    (OctetString(Size(1, 20)), b"\1", 0, "0001"),
    (OctetString(Size()), b"\1" * 128, 0, "8080" + "01" * 128),
    (ObjectIdentifier(), (0, 0, 8, 2250, 0, 6), 0, "060008914a0006"),
    (ObjectIdentifier(), (2, 999, 3), 0, "03883703"),
    (CharacterString(DIGITS, Size(1, 128)), "1002", 0, "064335"),  # 30.4: by place in the alphabet
    (CharacterString("0123", Size(1, 3)), "13", 0, "5c"),  # fewer than 16 bits: not aligned
    (CharacterString(" 0123456789", Size(0, 5)), "", 1, "00"),  # a length of zero has no padding
    (CharacterString("".join(map(chr, range(128))), Size()), "ab", 0, "026162"),
    (CharacterString("!#*0123456789ABCD", Size(1, 1)), "5", 1, "1a80"),
    (BmpString(Size(1, 256)), "bé", 0, "01006200e9"),
    (ListOf(lambda: Integer(0, 256), Size()), [7, 8], 0, "020708"),
]


@pytest.mark.parametrize(("kind", "value", "before", "expected"), CASES)
def test_a_value_is_encoded_as_x691_has_it(kind: Kind, value: Any, before: int, expected: str) -> None:
    assert octets(kind, value, before) == expected
    assert again(kind, value, before) == value


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 16_385, 65_536, 65_537, 150_000])
def test_long_octet_strings_go_in_fragments(length: int) -> None:
    """X.691 11.9.3.8: pieces of up to 64 K, and a last one which may be empty."""
    assert again(OctetString(Size()), b"\x5a" * length) == b"\x5a" * length
    fragments = {16_384: "c1", 65_536: "c4", 150_000: "c4"}
    assert octets(OctetString(Size()), b"\x5a" * length).startswith(fragments.get(length, ""))


def later(*additions: str) -> Sequence:
    """A SEQUENCE of one version or another."""
    types = {"number": Integer(0, 256)}
    return Sequence(("number",), frozenset(), additions, lambda name: types.get(name, OctetString(Size())))


def test_an_addition_of_a_later_version_is_kept() -> None:
    newer = later("a", "b", "c")
    written = octets(newer, {"number": 1, "a": b"x", "c": b"z"})
    value = later("a").read(Reader(bytes.fromhex(written)))
    assert value == {"number": 1, "a": b"x", "_ext_2": b"\x01z"}
    assert octets(later("a"), value) == written


def test_absent_additions_at_the_end_have_no_bit() -> None:
    """As PTLib does it, and as a version that does not know them must."""
    assert octets(later("a", "b", "c"), {"number": 1, "a": b"x"}) == octets(later("a"), {"number": 1, "a": b"x"})


def test_a_longer_bitmap_is_written_as_long_as_it_was() -> None:
    """Cisco has a bit for all that it knows: here there are eight, of which the first is set."""
    octets_of_a_longer_one = bytes.fromhex("80010f00" + "020178")
    value = later("a", "b").read(Reader(octets_of_a_longer_one))
    assert value == {"number": 1, "a": b"x"}
    assert bytes.fromhex(octets(later("a", "b"), value)) == octets_of_a_longer_one


def test_an_alternative_of_a_later_version_is_kept() -> None:
    newer = Choice(("a",), ("b", "c"), lambda name: Integer(0, 256))
    older = Choice(("a",), ("b",), lambda name: Integer(0, 256))
    written = octets(newer, ("c", 5))
    assert older.read(Reader(bytes.fromhex(written))) == ("_ext_1", b"\5")
    assert octets(older, ("_ext_1", b"\5")) == written


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Integer(0, 100), 100),
        (Integer(1), 0),
        (Enumerated(("a",), extensible=False), "b"),
        (BitString(Size(4, 1)), (16, 4)),
        (OctetString(Size(4, 1)), b"abc"),
        (CharacterString(DIGITS, Size(1, 128)), "a"),
        (CharacterString(DIGITS, Size(1, 128)), ""),
        (Null(), "x"),
        (Choice(("a",), None, lambda name: Null()), ("b", None)),
        (later("a"), {}),
        (later("a"), {"number": 1, "b": b""}),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        octets(kind, value)


@pytest.mark.parametrize(
    ("kind", "written", "why"),
    [
        (Integer(0, 100), "ff", "out of bounds"),
        (CharacterString(DIGITS, Size(1, 128)), "00f0", "alphabet"),
        (CharacterString("!#*0123456789ABCD", Size(1, 1)), "5a", "alphabet"),
        (ObjectIdentifier(), "00", "without numbers"),
        (ObjectIdentifier(), "14" + "ff" * 20, "too long"),
        (Integer(), "11" + "00" * 17, "17 octets"),
        (OctetString(Size()), "c5", "fragment"),
        (ListOf(Null, Size()), "c1", "16384 units"),
        (later("a"), "8001ff02ffff", "additions"),
        (BitString(Size(4, 1)), "", "early"),
    ],
)
def test_what_makes_no_sense_is_named(kind: Kind, written: str, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        kind.read(Reader(bytes.fromhex(written)))


@pytest.mark.parametrize("number", [0, 63, 64, 300])
def test_a_normally_small_number_may_be_large(number: int) -> None:
    """X.691 11.6: an alternative that was added after the sixty-fourth."""
    kind = Enumerated(("a",), extensible=True)
    assert again(kind, f"_ext_{number}") == f"_ext_{number}"


@pytest.mark.parametrize("value", [None, 5, {"h323-uu-pdu": 5}, {"h323-uu-pdu": {"h323-message-body": ("setup",)}}])
def test_a_value_of_a_wrong_shape_is_refused(value: Any) -> None:
    with pytest.raises(LocalProtocolError, match="H323-UserInformation"):
        per.encode(value)


def many_elements() -> bytes:
    """RequestMode with 256 descriptions of 256 modes of a few bits each."""
    mode = {"type": ("audioMode", ("g711Alaw64k", None))}
    return per.encode_control(
        ("request", ("requestMode", {"sequenceNumber": 1, "requestedModes": [[mode] * 256] * 64}))
    )


def nested() -> bytes:
    """GenericData within GenericData within …"""
    parameter: dict[str, Any] = {"id": ("standard", 1)}
    for _ in range(150):
        parameter = {"id": ("standard", 1), "content": ("compound", [parameter])}
    data = [{"id": ("standard", 1), "parameters": [parameter]}]
    return per.encode({"h323-uu-pdu": {"h323-message-body": ("empty", None), "genericData": data}})


BOMBS = [
    ("control", many_elements),
    ("user information", lambda: b"\x28" + b"\xff" * 32_000),
    ("control", lambda: b"\x02\x70\x01\x06\x00\x08\x81\x75\x00\x0c" + b"\x80\xff" * 16_000),
    ("ras", lambda: b"\x0e\x80" + bytes(32_000)),
    ("channel", lambda: b"\xff" * 32_000),
]


@pytest.mark.parametrize(("kind", "bomb"), BOMBS)
def test_a_message_made_to_exhaust_us_is_given_up_soon(kind: str, bomb: Any) -> None:
    message = bomb()
    start = time.process_time()
    with pytest.raises(DecodeError):
        READERS[kind][0](message)
    assert time.process_time() - start < 2


def test_no_more_elements_are_made_than_a_message_may_have() -> None:
    kind = ListOf(lambda: ListOf(Null, Size(0, 65_536)), Size())
    with pytest.raises(DecodeError, match=f"more than {MOST_ELEMENTS} elements"):
        kind.read(Reader(b"\x02\xff\xff\xff\xff"))


def test_values_within_values_are_read_to_any_depth_that_python_has() -> None:
    octets_of_it = nested()
    try:
        assert per.encode(per.decode(octets_of_it)) == octets_of_it
    except DecodeError as error:
        assert "recursion" in error.what


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=200))
def test_random_octets_raise_decode_error_and_nothing_else(kind: str, message: bytes) -> None:
    read, write = READERS[kind]
    try:
        value = read(message)
    except DecodeError as error:
        assert error.what
    else:
        assert read(write(value)) == value


def recorded_pdus() -> list[Pdu]:
    return sorted({pdu._replace(place="") for capture in RECORDED + OTHERS for pdu in pdus(capture)})


@given(st.data())
def test_damaged_messages_raise_decode_error_and_nothing_else(data: st.DataObject) -> None:
    if not RECORDED:
        pytest.skip("recordings not here: ../shared/pcaps/h323")
    pdu = data.draw(st.sampled_from(recorded_pdus()))
    message = bytearray(pdu.octets)
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    read, write = READERS[pdu.kind]
    try:
        value = read(bytes(message))
    except DecodeError as error:
        assert error.what
    else:
        assert read(write(value)) == value
