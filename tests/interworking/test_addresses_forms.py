"""What the command `number` answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interworking.addresses import FORMS, convert
from gateway.model.errors import GatewayError

TEAMS_USER = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:7c6f;x-t=1b2c"


@pytest.mark.parametrize(
    ("to", "value"),
    [
        ("e164", "+15550100"),
        ("isdn", "15550100 (international, e164)"),
        ("sip", "sip:+15550100@gateway.invalid;user=phone"),
        ("tel", "tel:+15550100"),
        ("teams", "sip:+15550100@sip.pstnhub.microsoft.com:5061;user=phone"),
        ("h323", "15550100"),
    ],
)
def test_a_global_number_has_every_form(to: str, value: str) -> None:
    for given_as in ("+15550100", "+1 555-0100", "tel:+1-555-0100", "sip:+15550100@example.com", "h323:+15550100@gk"):
        if (given_as[:4], to) not in (("tel:", "tel"), ("sip:", "sip")):
            assert convert(given_as, to).value == value


def test_the_document_of_the_isdn_form() -> None:
    assert convert("+15550100", "isdn").document() == {
        "form": "isdn",
        "value": "15550100 (international, e164)",
        "number": {"type": "Number", "digits": "15550100", "type_of_number": "international", "plan": "e164"},
    }


@pytest.mark.parametrize(
    ("value", "country", "e164"),
    [
        ("030 12345678", "DE", "+493012345678"),
        ("030 12345678", "de", "+493012345678"),
        ("00 1 212 555 0100", "DE", "+12125550100"),
        ("011 49 30 12345678", "US", "+493012345678"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("06 698 12345", "IT", "+390669812345"),
        ("+49 (0)30 12345678", None, "+493012345678"),
        ("+39 (0)6 698 12345", None, "+390669812345"),
        ("tel:+12015550123;npdi;rn=+12025550000", None, "+12015550123"),
    ],
)
def test_e164(value: str, country: str | None, e164: str) -> None:
    assert convert(value, "e164", country).value == e164


def test_a_number_plan_says_what_an_extension_is() -> None:
    document = convert("4711", "isdn", plan="germany").document()
    assert document["number"] == {"type": "Number", "digits": "4711", "type_of_number": "unknown", "plan": "private"}


@pytest.mark.parametrize("to", ["teams", "sip"])
def test_a_teams_uri_goes_back_as_it_came(to: str) -> None:
    assert convert(TEAMS_USER, to).value == TEAMS_USER


def test_an_extension_gets_a_plus_sign_toward_teams_only() -> None:
    assert convert("1001", "teams").value == "sip:+1001@sip.pstnhub.microsoft.com:5061;user=phone"
    assert convert("sip:+1001@sip.pstnhub.microsoft.com", "isdn").value == "1001 (unknown, unknown)"


def test_a_name_has_the_forms_of_a_name() -> None:
    assert convert("bob@example.com", "sip").value == "sip:bob@example.com"
    assert convert("h323:bob@example.com", "sip").value == "sip:bob@example.com"
    aliases = convert("sip:bob@example.com", "h323").document()["aliases"]
    assert [(alias["kind"], alias["value"]) for alias in aliases] == [
        ("url-ID", "sip:bob@example.com"),
        ("h323-ID", "bob"),
    ]


@pytest.mark.parametrize(
    ("value", "to", "what"),
    [
        ("sip:alice@example.com", "isdn", "no number in 'sip:alice@example.com': it has no isdn form"),
        (TEAMS_USER, "e164", f"no number in {TEAMS_USER!r}: it has no e164 form"),
        ("sip:anonymous@anonymous.invalid", "isdn", "the identity is withheld: it has no isdn form"),
        ("1001", "e164", "1001 is not global: give a country or a number plan that knows it"),
        ("*21#", "teams", "*21# has no Teams form: no rule in mappings/teams.yaml fits"),
        ("+1234567890123456", "tel", "1234567890123456 has 16 digits, more than 15"),
        ("+12ab", "isdn", "no number, URI or alias: '+12ab'"),
        ("", "isdn", "no number, URI or alias: ''"),
        ("1001", "fax", "no form 'fax'; known: e164, isdn, sip, tel, teams, h323"),
    ],
)
def test_what_has_no_such_form_says_so_in_one_line(value: str, to: str, what: str) -> None:
    with pytest.raises(GatewayError) as raised:
        convert(value, to)
    assert raised.value.what == what


def test_there_has_to_be_such_a_country_and_plan() -> None:
    with pytest.raises(GatewayError, match="no country 'XX'"):
        convert("1001", "e164", "xx")
    with pytest.raises(GatewayError, match="no number plan 'mars'"):
        convert("1001", "e164", plan="mars")


@given(st.text(max_size=40), st.sampled_from(sorted(FORMS)), st.sampled_from([None, "DE", "US"]))
def test_any_text_has_a_form_or_a_gateway_error(text: str, to: str, country: str | None) -> None:
    for value in (text, f"+{text}", f"sip:{text}", f"tel:{text}"):
        try:
            assert convert(value, to, country).value
        except GatewayError as error:
            assert error.what
