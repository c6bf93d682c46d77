import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ

from gateway.isdn import rose, tlv
from gateway.model.errors import DecodeError


def test_short_and_long_form_of_a_length_mean_the_same() -> None:
    assert list(tlv.split(bytes.fromhex("020107"))) == [(0x02, b"\x07", bytes.fromhex("020107"))]
    assert list(tlv.split(bytes.fromhex("02810107"))) == [(0x02, b"\x07", bytes.fromhex("020107"))]
    assert list(tlv.split(bytes.fromhex("0283000001 07"))) == [(0x02, b"\x07", bytes.fromhex("020107"))]


def test_indefinite_length_ends_with_two_zero_octets() -> None:
    assert tlv.normalised(bytes.fromhex("3080 020107 0000")) == bytes.fromhex("3003 020107")


def test_indefinite_lengths_nest() -> None:
    assert tlv.normalised(bytes.fromhex("3080 a080 800131 0000 0500 0000")) == bytes.fromhex("3007 a003 800131 0500")


def test_a_tag_of_several_octets_is_kept() -> None:
    assert tlv.normalised(bytes.fromhex("bf8722 80 020101 0000")) == bytes.fromhex("bf8722 03 020101")


def test_two_hundred_octets_take_the_long_form() -> None:
    assert tlv.encode(0x04, bytes(200))[:3] == bytes.fromhex("0481c8")
    assert tlv.encode(0x04, bytes(300))[:4] == bytes.fromhex("0482012c")


@pytest.mark.parametrize(
    "octets", ["02", "0202 01", "1f", "0281", "028201", "0280 0000", "3080 020101", "3003 0202 01"]
)
def test_a_value_that_is_cut_off_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        tlv.normalised(bytes.fromhex(octets))


def test_bottomless_nesting_is_refused() -> None:
    with pytest.raises(DecodeError, match="nested"):
        tlv.normalised(b"\x30\x80" * 5000)


@given(st.integers(-(2**63), 2**63 - 1))
def test_pyasn1_reads_our_integers(value: int) -> None:
    octets = tlv.encode(0x02, tlv.integer(value))
    assert decoder.decode(octets) == (univ.Integer(value), b"")
    assert len(octets) <= len(encoder.encode(univ.Integer(value)))  # pyasn1 gives -128 an octet too many


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=6))
def test_object_identifiers_are_those_of_pyasn1(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    contents = rose.object_identifier(dotted)
    assert tlv.encode(0x06, contents) == encoder.encode(univ.ObjectIdentifier(dotted))
    assert rose.dotted(contents) == dotted


@given(st.binary(max_size=60))
def test_random_octets_raise_nothing_but_decode_errors(octets: bytes) -> None:
    try:
        definite = tlv.normalised(octets)
    except DecodeError:
        return
    assert tlv.normalised(definite) == definite
