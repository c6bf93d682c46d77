from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import numbers
from gateway.isdn.numbers import Redirecting
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, Subaddress, TypeOfNumber
from tests.isdn.strategies import element_numbers, subaddresses

LONDON = Number("441632960123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


def test_called_party_number() -> None:
    octets = b"\x91441632960123"
    assert numbers.decode_called(octets) == LONDON
    assert numbers.encode_called(LONDON) == octets


def test_a_private_number_keeps_its_level() -> None:
    octets = b"\xc95551"
    local = Number("5551", TypeOfNumber.SUBSCRIBER, NumberingPlan.PRIVATE)
    assert numbers.decode_called(octets) == local
    assert numbers.encode_called(local) == octets


@pytest.mark.parametrize(
    ("octets", "party"),
    [
        (b"\x11\x83441632960123", Party(LONDON, Presentation.ALLOWED, Screening.NETWORK_PROVIDED)),
        (b"\x11\xa1441632960123", Party(LONDON, Presentation.RESTRICTED, Screening.USER_VERIFIED_PASSED)),
        (b"\x91441632960123", Party(LONDON)),
        (b"\x00\xa3", Party(None, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED)),
        (b"\x00\xc3", Party(None, Presentation.NOT_AVAILABLE, Screening.NETWORK_PROVIDED)),
    ],
)
def test_calling_connected_and_redirection_number(octets: bytes, party: Party) -> None:
    assert numbers.decode_party(octets) == party
    assert numbers.encode_party(party) == octets


def test_reserved_codes_count_as_unknown_and_restricted() -> None:
    party = numbers.decode_party(b"\x5f\xe05551")
    assert party.number == Number("5551")
    assert party.presentation is Presentation.RESTRICTED


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "unknown"),
        (1, "user-busy"),
        (2, "no-answer"),
        (3, "deflection"),
        (4, "deflection"),
        (9, "unavailable"),
        (10, "deflection"),
        (15, "unconditional"),
        (7, "unknown"),
    ],
)
def test_redirecting_reason(code: int, reason: str) -> None:
    octets = b"\x11\x01" + bytes((0x80 | code,)) + b"441632960123"
    party = Party(LONDON, Presentation.ALLOWED, Screening.USER_VERIFIED_PASSED)
    assert numbers.decode_redirecting(octets) == Redirecting(party, reason)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("unconditional", 15), ("user-busy", 1), ("no-answer", 2), ("unavailable", 9), ("deflection", 4), ("away", 0)],
)
def test_reason_is_written_in_the_codes_of_q931(reason: str, code: int) -> None:
    assert numbers.encode_redirecting(Redirecting(Party(LONDON), reason))[2] == 0x80 | code


def test_a_trunk_may_want_ten_for_deflection() -> None:
    assert numbers.encode_redirecting(Redirecting(Party(LONDON), "deflection"), deflection=10)[2] == 0x8A


def test_redirecting_number_without_reason() -> None:
    redirecting = Redirecting(Party(LONDON, Presentation.ALLOWED, Screening.USER_NOT_SCREENED))
    assert numbers.encode_redirecting(redirecting) == b"\x11\x80441632960123"
    assert numbers.decode_redirecting(b"\x11\x80441632960123") == redirecting


@pytest.mark.parametrize(
    ("octets", "subaddress"),
    [
        ("80 50 3132", Subaddress(b"P12", nsap=True)),
        ("a0 1234", Subaddress(b"\x12\x34", odd=False)),
        ("a8 1230", Subaddress(b"\x12\x30", odd=True)),
    ],
)
def test_subaddress(octets: str, subaddress: Subaddress) -> None:
    assert numbers.decode_subaddress(bytes.fromhex(octets)) == subaddress
    assert numbers.encode_subaddress(subaddress) == bytes.fromhex(octets)


@pytest.mark.parametrize("digits", ["+441632", "55x1", "5 5"])
def test_what_is_no_digit_is_not_written(digits: str) -> None:
    with pytest.raises(LocalProtocolError):
        numbers.encode_called(Number(digits))


DECODERS: list[Callable[[bytes], Any]] = [
    numbers.decode_called,
    numbers.decode_party,
    numbers.decode_redirecting,
    numbers.decode_subaddress,
]


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(octets=st.binary(max_size=12))
def test_random_octets_raise_nothing_but_decode_errors(decode: Callable[[bytes], Any], octets: bytes) -> None:
    try:
        decode(octets)
    except DecodeError as error:
        assert error.cause == 100


@given(element_numbers)
def test_every_called_number_comes_back(number: Number) -> None:
    assert numbers.decode_called(numbers.encode_called(number)) == number


@given(st.builds(Party, element_numbers, st.sampled_from(Presentation), st.sampled_from(Screening)))
def test_every_party_comes_back(party: Party) -> None:
    assert numbers.decode_party(numbers.encode_party(party)) == party


@given(subaddresses)
def test_every_subaddress_comes_back(subaddress: Subaddress) -> None:
    assert numbers.decode_subaddress(numbers.encode_subaddress(subaddress)) == subaddress
