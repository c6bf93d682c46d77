from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import addressing, operations
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, Subaddress, TypeOfNumber
from tests.isdn.strategies import numbers, presented, subaddresses, withheld

LONDON = Number("441632960123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)
PUBLIC = ("publicPartyNumber", {"publicTypeOfNumber": "internationalNumber", "publicNumberDigits": "441632960123"})
NETWORK = {"partyNumber": PUBLIC, "screeningIndicator": "networkProvided"}


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        (LONDON, "a111 0a0101 120c 343431363332393630313233"),
        (Number("5551"), "8004 35353531"),
        (Number("5551", TypeOfNumber.SUBSCRIBER, NumberingPlan.PRIVATE), "a509 0a0104 1204 35353531"),
        (Number("5551", plan=NumberingPlan.DATA), "8304 35353531"),
        (Number("5551", plan=NumberingPlan.TELEX), "8404 35353531"),
        (Number("5551", plan=NumberingPlan.NATIONAL), "8804 35353531"),
    ],
)
def test_party_number(number: Number, octets: str) -> None:
    value = addressing.party_number(number)
    assert operations.encode_type("qsig", "PartyNumber", value) == bytes.fromhex(octets)
    assert addressing.number_of(value) == number


def test_a_type_without_plan_counts_as_public() -> None:
    assert addressing.party_number(Number("441632960123", TypeOfNumber.INTERNATIONAL)) == PUBLIC


@pytest.mark.parametrize("value", [("nsapEncodedNumber", bytes(20)), ("unknownPartyNumber", "abc")])
def test_a_party_number_without_digits_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError):
        addressing.number_of(value)


@pytest.mark.parametrize(
    ("party", "value"),
    [
        (
            Party(LONDON, Presentation.ALLOWED, Screening.NETWORK_PROVIDED),
            ("presentationAllowedNumber", NETWORK),
        ),
        (Party(presentation=Presentation.RESTRICTED), ("presentationRestricted", None)),
        (Party(presentation=Presentation.NOT_AVAILABLE), ("numberNotAvailableDueToInterworking", None)),
        (
            Party(LONDON, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED),
            ("presentationRestrictedNumber", NETWORK),
        ),
    ],
)
def test_the_four_alternatives_of_presented_number_screened(party: Party, value: Any) -> None:
    assert addressing.presented_number_screened(party) == value
    assert addressing.party_of_presented(value) == party


@pytest.mark.parametrize(
    ("party", "value"),
    [
        (Party(LONDON, Presentation.ALLOWED), ("presentationAllowedNumber", PUBLIC)),
        (Party(LONDON, Presentation.RESTRICTED), ("presentationRestrictedNumber", PUBLIC)),
    ],
)
def test_presented_number_unscreened_has_no_screening(party: Party, value: Any) -> None:
    assert addressing.presented_number_unscreened(party) == value
    assert addressing.party_of_presented(value) == party


def test_presented_address_carries_the_subaddress() -> None:
    party = Party(
        LONDON, Presentation.ALLOWED, Screening.USER_VERIFIED_PASSED, subaddress=Subaddress(b"\x12", odd=False)
    )
    value = addressing.presented_address_screened(party)
    assert value[0] == "presentationAllowedAddress"
    assert value[1]["partySubaddress"] == (
        "userSpecifiedSubaddress",
        {"subaddressInformation": b"\x12", "oddCountIndicator": False},
    )
    assert addressing.party_of_presented(value) == party


def test_a_party_that_says_nothing_is_not_available() -> None:
    assert addressing.presented_number_screened(Party()) == ("numberNotAvailableDueToInterworking", None)


def test_address_needs_a_number() -> None:
    assert addressing.party_of_address(addressing.address(Party(LONDON))) == Party(LONDON)
    with pytest.raises(LocalProtocolError):
        addressing.address(Party())


@pytest.mark.parametrize(
    ("name", "presentation", "octets"),
    [
        ("Carol", Presentation.ALLOWED, "8005 4361726f6c"),
        ("Jörg", Presentation.ALLOWED, "8004 4af67267"),
        ("Carol", Presentation.RESTRICTED, "8205 4361726f6c"),
        ("", Presentation.RESTRICTED, "8700"),
        ("", Presentation.NOT_AVAILABLE, "8400"),
        ("Žofie", Presentation.ALLOWED, "a10b 0406 c5bd6f666965 020109"),
        ("Žofie", Presentation.RESTRICTED, "a30b 0406 c5bd6f666965 020109"),
    ],
)
def test_name(name: str, presentation: Presentation, octets: str) -> None:
    party = Party(name=name, name_presentation=presentation)
    value = addressing.name(party)
    assert operations.encode_type("qsig", "Name", value) == bytes.fromhex(octets)
    assert addressing.with_name(Party(), operations.decode_type("qsig", "Name", bytes.fromhex(octets))) == party


def test_nothing_known_of_a_name() -> None:
    assert addressing.name(Party()) is None
    assert addressing.with_name(Party(LONDON), None) == Party(LONDON)


def test_a_name_in_another_character_set() -> None:
    cyrillic = {"nameData": "Анна".encode("iso8859-5"), "characterSet": 6}
    value = ("namePresentationAllowed", ("namePresentationAllowedExtended", cyrillic))
    assert addressing.with_name(Party(), value).name == "Анна"


def test_a_name_longer_than_fifty_octets_is_cut_between_characters() -> None:
    value = addressing.name(Party(name="Ž" * 26, name_presentation=Presentation.ALLOWED))
    assert addressing.with_name(Party(), value).name == "Ž" * 25


@given(numbers)
def test_every_number_comes_back_over_the_wire(number: Number) -> None:
    octets = operations.encode_type("qsig", "PartyNumber", addressing.party_number(number))
    assert addressing.number_of(operations.decode_type("qsig", "PartyNumber", octets)) == number


@given(presented | withheld)
def test_every_presented_number_comes_back_over_the_wire(party: Party) -> None:
    octets = operations.encode_type("qsig", "PresentedNumberScreened", addressing.presented_number_screened(party))
    value = operations.decode_type("qsig", "PresentedNumberScreened", octets)
    assert addressing.party_of_presented(value) == party


@given(subaddresses)
def test_every_subaddress_comes_back_over_the_wire(subaddress: Subaddress) -> None:
    octets = operations.encode_type("qsig", "PartySubaddress", addressing.party_subaddress(subaddress))
    assert addressing.subaddress_of(operations.decode_type("qsig", "PartySubaddress", octets)) == subaddress


def test_octets_that_are_no_utf_8_are_iso_8859_1() -> None:
    assert addressing.name(Party(name="caf\udce9")) == addressing.name(Party(name="café"))
    assert addressing.name(Party(name="Ž\udce9")) == addressing.name(Party(name="Žé"))


@pytest.mark.parametrize("name", ["\0Bo\x1bb", "Bo\x7f\x9fb", "B\r\nob", "Bo\ud800b", "Bo\udc85b"])
def test_what_is_no_character_is_left_out_of_a_name(name: str) -> None:
    assert addressing.name(Party(name=name)) == addressing.name(Party(name="Bob"))


def test_a_name_of_control_characters_is_none() -> None:
    assert addressing.name(Party(name="\0")) is None


def test_a_party_number_has_no_star_and_no_hash() -> None:
    with pytest.raises(LocalProtocolError, match=r"digits only, and this number is \*21#$"):
        addressing.party_number(Number("*21#"))


characters = st.characters(exclude_categories=("Cc", "Cs"))


@given(st.text(characters, min_size=1, max_size=12), st.sampled_from((Presentation.ALLOWED, Presentation.RESTRICTED)))
def test_every_short_name_comes_back(name: str, presentation: Presentation) -> None:
    party = Party(name=name, name_presentation=presentation)
    assert addressing.with_name(Party(), addressing.name(party)) == party
