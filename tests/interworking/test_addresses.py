"""Numbers, URIs and aliases: RFC 3398 12, RFC 4497 9, RFC 3966, RFC 3261 19.1.6, RFC 4694, RFC 3508."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interworking.address_map import AddressMap, address_map
from gateway.interworking.number_plan import PLANS, TYPES, NumberPlan, PhoneContext, SendRule, number_plan
from gateway.interworking.telephone_uri import Dialled, dialled, withheld
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)

SIP, ISDN, H323 = SignallingProtocol.SIP, SignallingProtocol.ISDN, SignallingProtocol.H323
TEAMS_USER = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:7c6f;x-t=1b2c"


def international(digits: str) -> Number:
    return Number(digits, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)


def national(digits: str) -> Number:
    return Number(digits, TypeOfNumber.NATIONAL, NumberingPlan.E164)


def subscriber(digits: str) -> Number:
    return Number(digits, TypeOfNumber.SUBSCRIBER, NumberingPlan.E164)


def private(digits: str, level: TypeOfNumber = TypeOfNumber.UNKNOWN) -> Number:
    return Number(digits, level, NumberingPlan.PRIVATE)


PLAIN = address_map()
BERLIN = AddressMap(number_plan("germany"), "gw.example.com")
NEW_YORK = AddressMap(number_plan("north_america"), "gw.example.com")


# -- the number in a URI -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+15550100@h;user=phone", Dialled("15550100", True)),
        ("sips:+15550100@h", Dialled("15550100", True)),
        ("tel:+1-555-0100", Dialled("15550100", True)),
        ("tel:+1(555)01.00", Dialled("15550100", True)),
        ("TEL:+15550100", Dialled("15550100", True)),
        ("tel:7042;phone-context=example.com", Dialled("7042", False, "example.com")),
        ("tel:863-1234;phone-context=+1-914-555", Dialled("8631234", False, "+1914555")),
        ("sip:7042;phone-context=example.com@h;user=phone", Dialled("7042", False, "example.com")),
        ("sip:1001@pbx", Dialled("1001")),
        ("sip:1001:secret@pbx", Dialled("1001")),
        ("sip:%2A69@pbx", Dialled("*69")),
        ("sip:*21%23@pbx", Dialled("*21#")),
        ("sip:555-0100@h;user=phone", Dialled("5550100")),
        ("tel:+15550100;ext=22", Dialled("15550100", True)),
        ("tel:+15550100;isub=1411", Dialled("15550100", True)),
        ("tel:+12015550123;npdi;rn=+12025550000", Dialled("12015550123", True, "", "+12025550000")),
        ("tel:+12015550123;rn=+12025550000", Dialled("12015550123", True)),
        ("sip:+12015550123;npdi;rn=+1-202-555-0000;cic=+16789@h", Dialled("12015550123", True, "", "+12025550000")),
        ("h323:4711@gk.example.com", Dialled("4711")),
        ("h323:4711", Dialled("4711")),
    ],
)
def test_a_uri_that_dials_a_number(uri: str, number: Dialled) -> None:
    assert dialled(uri) == number


@pytest.mark.parametrize(
    "uri",
    [
        "sip:alice@example.com",
        "sip:555-0100@example.com",
        "sip:2001.1@example.com",
        "sip:+15550100abc@example.com",
        "sip:+*21@example.com",
        "sip:+0@example.com",
        "tel:+0301234567",
        "sip:example.com",
        "tel:911A;phone-context=example.com",
        "h323:alice@example.com",
        "mailto:1001@example.com",
        "1001",
        "",
        "sip:anonymous@anonymous.invalid",
        TEAMS_USER,
    ],
)
def test_a_uri_that_dials_none(uri: str) -> None:
    assert dialled(uri) is None


@pytest.mark.parametrize(
    ("uri", "presentation"),
    [
        ("sip:anonymous@anonymous.invalid", Presentation.RESTRICTED),
        ("sip:c8oqz84zk7z@anonymous.invalid", Presentation.RESTRICTED),
        ("sip:Anonymous@example.com", Presentation.RESTRICTED),
        ("sip:restricted@example.com", Presentation.RESTRICTED),
        ("sip:unavailable@example.com", Presentation.NOT_AVAILABLE),
        ("sip:alice@example.com", None),
        (TEAMS_USER, None),
        ("nonsense", None),
    ],
)
def test_anonymous_forms(uri: str, presentation: Presentation | None) -> None:
    assert withheld(uri) is presentation


@given(st.text(max_size=60))
def test_any_text_dials_a_number_or_none(text: str) -> None:
    for uri in (text, f"sip:{text}", f"tel:{text}", f"h323:{text}"):
        found = dialled(uri)
        assert found is None or set(found.digits) <= set("0123456789*#")


# -- URI to ISDN number (RFC 3398 12.2, RFC 4497 9.2) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "uri", "number"),
    [
        (PLAIN, "sip:+4930123456@h", international("4930123456")),
        (PLAIN, "sip:030123456@h", Number("030123456")),
        (BERLIN, "sip:+4930123456@h", national("30123456")),
        (BERLIN, "tel:+15550100", international("15550100")),
        (BERLIN, "sip:0015550100@h", international("15550100")),
        (BERLIN, "sip:030123456@h", national("30123456")),
        (BERLIN, "sip:123456@h", national("30123456")),
        (BERLIN, "sip:112@h", Number("112", TypeOfNumber.UNKNOWN, NumberingPlan.E164)),
        (BERLIN, "sip:4711@h", private("4711")),
        (BERLIN, "tel:112;phone-context=+49", Number("112", TypeOfNumber.UNKNOWN, NumberingPlan.E164)),
        (BERLIN, "tel:4711;phone-context=pnp.gw.example.com", private("4711")),
        (BERLIN, "sip:*21%23@h", Number("*21#")),
        (NEW_YORK, "sip:+12125550100@h", national("2125550100")),
        (NEW_YORK, "sip:12125550100@h", national("2125550100")),
        (NEW_YORK, "sip:2125550100@h", national("2125550100")),
        (NEW_YORK, "sip:0114930123456@h", international("4930123456")),
    ],
)
def test_a_uri_becomes_a_number(addresses: AddressMap, uri: str, number: Number) -> None:
    assert addresses.complete(Party(uri=uri), ISDN).number == number


def test_a_local_number_of_a_foreign_context_is_not_ours_to_dial() -> None:
    assert BERLIN.number_of("tel:911;phone-context=+1") is None
    assert BERLIN.number_of("tel:7042;phone-context=example.org") is None
    assert PLAIN.number_of("tel:7042;phone-context=example.org") == Number("7042")


def test_a_ported_number_by_its_routing_number_where_the_plan_says_so() -> None:
    uri = "tel:+12015550123;npdi;rn=+12025550000"
    routed = AddressMap(NumberPlan(routing_number=True))
    assert PLAIN.number_of(uri) == international("12015550123")
    assert routed.number_of(uri) == international("12025550000")


def test_an_extension_of_teams_has_a_plus_sign_and_is_none_the_less_local() -> None:
    assert PLAIN.number_of("sip:+1001@sip.pstnhub.microsoft.com") == Number("1001")
    assert PLAIN.number_of("sip:+15550100@sip.pstnhub.microsoft.com") == international("15550100")
    assert PLAIN.number_of(TEAMS_USER) is None


def test_a_send_rule_has_the_last_word() -> None:
    rule = SendRule(type="international", plan="e164", prefix="49", strip=2, add="0", as_type="unknown")
    plan = NumberPlan(send_rules=(rule,))
    party = AddressMap(plan).complete(Party(uri="sip:+4930123456@h"), ISDN)
    assert party.number == Number("030123456", TypeOfNumber.UNKNOWN, NumberingPlan.E164)


# -- ISDN number to URI (RFC 3398 12.1) ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "number", "uri", "tel"),
    [
        (PLAIN, international("4930123456"), "sip:+4930123456@gateway.invalid;user=phone", "tel:+4930123456"),
        (BERLIN, national("30123456"), "sip:+4930123456@gw.example.com;user=phone", "tel:+4930123456"),
        (BERLIN, subscriber("123456"), "sip:+4930123456@gw.example.com;user=phone", "tel:+4930123456"),
        (BERLIN, Number("0015550100"), "sip:+15550100@gw.example.com;user=phone", "tel:+15550100"),
        (
            BERLIN,
            private("4711"),
            "sip:4711;phone-context=pnp.gw.example.com@gw.example.com;user=phone",
            "tel:4711;phone-context=pnp.gw.example.com",
        ),
        (
            BERLIN,
            Number("112"),
            "sip:112;phone-context=+49@gw.example.com;user=phone",
            "tel:112;phone-context=+49",
        ),
        (
            PLAIN,
            Number("*21#"),
            "sip:*21%23;phone-context=gateway.invalid@gateway.invalid;user=phone",
            "tel:*21#;phone-context=gateway.invalid",
        ),
        (
            BERLIN,
            private("4711", TypeOfNumber.NATIONAL),
            "sip:4711@gw.example.com;user=phone",
            "tel:4711;phone-context=gw.example.com",
        ),
    ],
)
def test_a_number_becomes_a_uri(addresses: AddressMap, number: Number, uri: str, tel: str) -> None:
    assert addresses.uri_of(number) == uri
    assert addresses.tel_of(number) == tel


CONTEXTS = [Number("4711", TYPES[row.type], PLANS[row.plan]) for row in PLAIN.plan.phone_contexts]


@pytest.mark.parametrize("number", CONTEXTS)
def test_type_and_plan_survive_the_way_through_sip(number: Number) -> None:
    assert PLAIN.number_of(PLAIN.uri_of(number)) == number
    assert PLAIN.number_of(PLAIN.tel_of(number)) == number


@given(st.from_regex("[1-9][0-9]{6,14}", fullmatch=True))
def test_a_global_number_survives_the_way_through_sip(digits: str) -> None:
    number = international(digits)
    for addresses in (PLAIN, BERLIN, NEW_YORK):
        assert addresses.number_of(addresses.uri_of(number)) == number
        assert addresses.number_of(addresses.tel_of(number)) == number


@given(
    st.text("0123456789*#", min_size=1, max_size=20), st.sampled_from(TypeOfNumber), st.sampled_from(NumberingPlan)
)
def test_every_number_has_a_uri_that_dials(digits: str, kind: TypeOfNumber, plan: NumberingPlan) -> None:
    found = dialled(PLAIN.uri_of(Number(digits, kind, plan)))
    assert found is not None
    assert found.digits == digits


# -- H.323 aliases -----------------------------------------------------------------------------------------------


def test_a_typed_number_is_dialled_digits_and_party_number() -> None:
    number = international("15550100")
    assert PLAIN.aliases_of(number, "") == (
        Alias(AliasKind.DIALLED_DIGITS, "15550100"),
        Alias(AliasKind.PARTY_NUMBER, "15550100", number),
    )


def test_a_name_is_url_and_name() -> None:
    assert PLAIN.complete(Party(uri="sip:alice@example.com?Replaces=x"), H323).aliases == (
        Alias(AliasKind.URL_ID, "sip:alice@example.com"),
        Alias(AliasKind.H323_ID, "alice"),
    )


def test_a_teams_user_is_its_url_and_nothing_else() -> None:
    assert PLAIN.complete(Party(uri=TEAMS_USER), H323).aliases == (Alias(AliasKind.URL_ID, TEAMS_USER),)


@pytest.mark.parametrize(
    ("aliases", "number", "uri"),
    [
        ([Alias(AliasKind.DIALLED_DIGITS, "4711")], Number("4711"), ""),
        ([Alias(AliasKind.PARTY_NUMBER, "15550100", international("15550100"))], international("15550100"), ""),
        ([Alias(AliasKind.URL_ID, "sip:bob@example.com")], None, "sip:bob@example.com"),
        ([Alias(AliasKind.URL_ID, "sip:+15550100@h")], international("15550100"), "sip:+15550100@h"),
        ([Alias(AliasKind.URL_ID, "h323:bob@example.com")], None, "sip:bob@example.com"),
        ([Alias(AliasKind.URL_ID, "h323:bob")], None, "sip:bob@gateway.invalid"),
        ([Alias(AliasKind.EMAIL_ID, "bob@example.com")], None, "sip:bob@example.com"),
        ([Alias(AliasKind.H323_ID, "bob@example.com")], None, "sip:bob@example.com"),
        ([Alias(AliasKind.H323_ID, "4711")], Number("4711"), ""),
        ([Alias(AliasKind.H323_ID, "Front Desk")], None, "sip:Front%20Desk@gateway.invalid"),
        ([Alias(AliasKind.TRANSPORT_ID, "192.0.2.1:1720")], None, ""),
        (
            [
                Alias(AliasKind.DIALLED_DIGITS, "1"),
                Alias(AliasKind.PARTY_NUMBER, "15550100", international("15550100")),
            ],
            international("15550100"),
            "",
        ),
        (
            [Alias(AliasKind.H323_ID, "Bob"), Alias(AliasKind.URL_ID, "sip:bob@example.com")],
            None,
            "sip:bob@example.com",
        ),
    ],
)
def test_what_aliases_say_in_order_of_priority(aliases: list[Alias], number: Number | None, uri: str) -> None:
    assert PLAIN.of_aliases(tuple(aliases)) == (number, uri)


# -- completion --------------------------------------------------------------------------------------------------


def test_each_protocol_gets_what_it_knows_parties_by() -> None:
    party = Party(uri="sip:+15550100@h")
    number = international("15550100")
    assert PLAIN.complete(party, ISDN) == replace(party, number=number)
    assert PLAIN.complete(party, SIP) is party
    assert PLAIN.complete(party, H323) == replace(party, number=number, aliases=PLAIN.aliases_of(number, ""))


def test_a_number_gets_a_uri() -> None:
    party = PLAIN.complete(Party(number=international("15550100"), name="Bob"), SIP)
    assert party == Party(
        number=international("15550100"), name="Bob", uri="sip:+15550100@gateway.invalid;user=phone"
    )


def test_a_uri_that_is_there_stays_octet_for_octet() -> None:
    uri = "sip:%2B1555@H;X=y?Replaces=a%40b"
    assert PLAIN.complete(Party(uri=uri, number=international("15550100"))).uri == uri


def test_without_a_protocol_everything_is_filled() -> None:
    party = PLAIN.complete(Party(aliases=(Alias(AliasKind.DIALLED_DIGITS, "4711"),)))
    assert party.number == Number("4711")
    assert party.uri == "sip:4711;phone-context=gateway.invalid@gateway.invalid;user=phone"


@pytest.mark.parametrize("uri", ["sip:alice@example.com", TEAMS_USER])
def test_a_name_gives_no_number(uri: str) -> None:
    assert PLAIN.complete(Party(uri=uri), ISDN) == Party(uri=uri)


def test_a_withheld_identity_stays_withheld() -> None:
    party = PLAIN.complete(Party(uri="sip:anonymous@anonymous.invalid"))
    assert (party.number, party.presentation, party.aliases) == (None, Presentation.RESTRICTED, ())


def test_a_party_known_by_nothing_stays_so() -> None:
    for protocol in (None, SIP, ISDN, H323):
        party = Party(presentation=Presentation.RESTRICTED)
        assert PLAIN.complete(party, protocol) is party


def test_aliases_that_are_there_are_not_added_to() -> None:
    party = Party(uri="sip:+15550100@h", aliases=(Alias(AliasKind.H323_ID, "Bob"),))
    assert PLAIN.complete(party, H323) is party


numbers = st.builds(
    Number,
    st.text("0123456789", min_size=1, max_size=20),
    st.sampled_from(TypeOfNumber),
    st.sampled_from(NumberingPlan),
)
aliases = st.builds(
    Alias, st.sampled_from([AliasKind.DIALLED_DIGITS, AliasKind.H323_ID]), st.text("0123456789", min_size=1)
)
parties = st.builds(
    Party,
    number=st.none() | numbers,
    presentation=st.none() | st.sampled_from(Presentation),
    screening=st.none() | st.sampled_from(Screening),
    uri=st.sampled_from(["", "sip:alice@h", "sip:+15550100@h", "tel:4711", TEAMS_USER, "sip:a@anonymous.invalid"]),
    aliases=st.lists(aliases, max_size=2).map(tuple),
)


@given(parties, st.sampled_from([None, SIP, ISDN, H323]))
def test_completion_adds_and_changes_nothing_else(party: Party, protocol: SignallingProtocol | None) -> None:
    completed = PLAIN.complete(party, protocol)
    for field in ("number", "presentation", "screening", "name", "uri", "aliases"):
        before = getattr(party, field)
        assert before in (None, "", ()) or getattr(completed, field) == before
    assert PLAIN.complete(completed, protocol) == completed


def test_contexts_are_unique_in_the_plans_that_come_with_the_gateway() -> None:
    for addresses in (PLAIN, BERLIN, NEW_YORK):
        rows: tuple[PhoneContext, ...] = addresses.plan.phone_contexts
        assert len({row.context for row in rows}) == len(rows)
