"""Parties as AliasAddress and EndpointAddress values."""

import pytest
from hypothesis import given

from gateway.h323.addressing import (
    alias,
    alias_value,
    aliases_of,
    endpoint_address,
    endpoint_party,
    subaddress,
    subaddress_value,
    transport_value,
)
from gateway.h323.h450 import decode_type, encode_type
from gateway.model.errors import LocalProtocolError
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Subaddress,
    TypeOfNumber,
)
from tests.h323.strategies import aliases, parties, subaddresses

INTERNATIONAL = Number("15550100", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("01804336", Alias(AliasKind.DIALLED_DIGITS, "1003")),
        ("4004006300610072006f006c", Alias(AliasKind.H323_ID, "carol")),
        ("8107007f00170306b8", Alias(AliasKind.TRANSPORT_ID, "127.0.23.3:1720")),
        ("80060003683a4069", Alias(AliasKind.URL_ID, "h:@i")),
    ],
)
def test_an_alias_in_octets(octets: str, expected: Alias) -> None:
    assert alias(decode_type("AliasAddress", bytes.fromhex(octets))) == expected
    assert encode_type("AliasAddress", alias_value(expected)).hex() == octets


@given(aliases)
def test_every_alias_is_read_as_it_was_written(item: Alias) -> None:
    assert alias(decode_type("AliasAddress", encode_type("AliasAddress", alias_value(item)))) == item


def test_an_alias_that_the_model_has_no_kind_for_is_kept_in_octets() -> None:
    value = ("mobileUIM", ("gsm-uim", {"imsi": "26201123"}))
    item = alias(value)
    assert item.kind is AliasKind.OTHER
    assert alias_value(item) == value


def test_an_nsap_transport_address_is_kept_in_octets() -> None:
    value = ("transportID", ("nsap", b"\x49\x00\x01"))
    assert alias(value) == Alias(AliasKind.OTHER, encode_type("AliasAddress", value).hex())


def test_an_ipv6_transport_address_is_in_brackets() -> None:
    item = Alias(AliasKind.TRANSPORT_ID, "[2001:db8::1]:1720")
    assert alias(alias_value(item)) == item


@pytest.mark.parametrize("text", ["gw.example.com:1720", "127.0.0.1", "127.0.0.1:x", ""])
def test_a_transport_address_is_an_ip_address_and_a_port(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        transport_value(text)


def test_an_other_alias_that_is_no_encoding_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        alias_value(Alias(AliasKind.OTHER, "zz"))


def test_the_private_plan_has_levels() -> None:
    number = Number("5551", TypeOfNumber.SUBSCRIBER, NumberingPlan.PRIVATE)
    assert alias_value(Alias(AliasKind.PARTY_NUMBER, "5551", number)) == (
        "partyNumber",
        ("privateNumber", {"privateTypeOfNumber": ("localNumber", None), "privateNumberDigits": "5551"}),
    )


def test_a_number_without_type_becomes_dialled_digits() -> None:
    assert aliases_of(Party(number=Number("5551"))) == (Alias(AliasKind.DIALLED_DIGITS, "5551"),)


def test_a_number_with_type_becomes_dialled_digits_and_a_party_number() -> None:
    assert aliases_of(Party(number=INTERNATIONAL)) == (
        Alias(AliasKind.DIALLED_DIGITS, "15550100"),
        Alias(AliasKind.PARTY_NUMBER, "15550100", INTERNATIONAL),
    )


def test_a_uri_becomes_a_url_id_and_its_user_an_h323_id() -> None:
    assert aliases_of(Party(uri="sip:carol@example.com?Replaces=a")) == (
        Alias(AliasKind.URL_ID, "sip:carol@example.com"),
        Alias(AliasKind.H323_ID, "carol"),
    )


def test_aliases_that_say_the_number_are_left_alone() -> None:
    given_aliases = (Alias(AliasKind.TRANSPORT_ID, "127.0.23.3:1720"), Alias(AliasKind.DIALLED_DIGITS, "1003"))
    assert aliases_of(Party(number=Number("1003"), aliases=given_aliases)) == given_aliases


def test_the_number_of_a_party_is_its_party_number_before_its_digits() -> None:
    value = endpoint_address(Party(number=INTERNATIONAL))
    assert endpoint_party(value).number == INTERNATIONAL


def test_a_party_without_any_alias_is_not_available() -> None:
    value = endpoint_address(Party(name="Carol"))
    assert value["destinationAddress"] == []
    assert endpoint_party(value).presentation is Presentation.NOT_AVAILABLE


@given(parties())
def test_an_endpoint_address_round_trip(who: Party) -> None:
    octets = encode_type("EndpointAddress", endpoint_address(who))
    assert endpoint_party(decode_type("EndpointAddress", octets)) == who


@given(subaddresses)
def test_a_subaddress_round_trip(item: Subaddress) -> None:
    octets = encode_type("PartySubaddress", subaddress_value(item))
    assert subaddress(decode_type("PartySubaddress", octets)) == item


def test_half_a_character_is_replaced() -> None:
    """BMPString lets a lone surrogate through; a URI and a log could not say it."""
    assert alias(("h323-ID", "a\ud86cb")).value == "a\ufffdb"
    assert alias(("h323-ID", "a\U0002b000b")).value == "a\U0002b000b"
