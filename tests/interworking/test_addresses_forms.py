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


@pytest.mark.parametrize(
    ("value", "country"),
    [
        ("5551234", "DE"),
        ("(555) 010-0", "DE"),
        ("4930123456", "DE"),
        ("(555) 010-0", "US"),
        ("2079460000", "GB"),
        ("8001234567", "RU"),
        ("112", "DE"),
    ],
)
def test_a_subscriber_number_belongs_to_an_area_that_is_not_said(value: str, country: str) -> None:
    with pytest.raises(GatewayError, match="is not global"):
        convert(value, "e164", country)
    assert str(convert(value, "isdn", country).value).endswith(" (unknown, unknown)")


@pytest.mark.parametrize(
    ("value", "country", "e164"),
    [
        ("0555 1234", "DE", "+495551234"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("8 800 123 45 67", "RU", "+78001234567"),
        ("06 20 123 4567", "HU", "+36201234567"),
        ("011 15 2345 6789", "AR", "+5491123456789"),
        ("912 345 678", "ES", "+34912345678"),
        ("212 555 0100", "US", "+12125550100"),
        ("1 212 555 0100", "US", "+12125550100"),
    ],
)
def test_a_national_number_has_its_prefix_or_its_country_has_none(value: str, country: str, e164: str) -> None:
    assert convert(value, "e164", country).value == e164


@pytest.mark.parametrize(
    ("value", "to", "same"),
    [
        (
            "tel:4711;phone-context=pbx.example",
            "sip",
            "sip:4711;phone-context=pbx.example@gateway.invalid;user=phone",
        ),
        ("tel:47-11;phone-context=+1-914", "sip", "sip:4711;phone-context=+1914@gateway.invalid;user=phone"),
        ("sip:1234;phone-context=+49@h", "tel", "tel:1234;phone-context=+49"),
        ("tel:+1-555-0100;ext=22", "sip", "sip:+15550100;ext=22@gateway.invalid;user=phone"),
        (
            "tel:+15550100;POSTD=p2;isUB=1411",
            "sip",
            "sip:+15550100;isub=1411;postd=p2@gateway.invalid;user=phone",
        ),
        ("tel:+15550100;isub=a:%3A", "sip", "sip:+15550100;isub=a%3A%3A@gateway.invalid;user=phone"),
        ("sip:+15550100;ext=22@h;user=phone;transport=tcp", "tel", "tel:+15550100;ext=22"),
        ("tel:1;a=b;phone-context=h;ext=2", "sip", "sip:1;ext=2;phone-context=h;a=b@gateway.invalid;user=phone"),
    ],
)
def test_a_telephone_subscriber_keeps_its_context_and_parameters(value: str, to: str, same: str) -> None:
    """RFC 3261 19.1.6, RFC 3966 5.1.5."""
    assert convert(value, to).value == same


def test_a_local_number_of_another_country_is_not_dialled_as_one_of_this() -> None:
    with pytest.raises(GatewayError, match="no number in"):
        convert("tel:030123456;phone-context=+1", "e164", "DE")


@pytest.mark.parametrize(
    "value", ["<sip:+15550100@gw>", '"Bob, Front" <sip:+15550100@gw>;tag=1', "<tel:+1-555-0100>"]
)
def test_a_name_addr_is_read_as_its_uri(value: str) -> None:
    assert convert(value, "e164").value == "+15550100"


@pytest.mark.parametrize(
    "value", ["mailto:a@b", "urn:service:sos", "<bob>", "<sip:a@b", "a<b>c<d>", "+0", "+0301234"]
)
def test_what_is_no_address_of_a_telephone_is_refused(value: str) -> None:
    with pytest.raises(GatewayError, match=r"^no (address|number)"):
        convert(value, "sip")


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("h323:alice", "sip:alice@gateway.invalid"),
        ("h323:alice@gk.example.com", "sip:alice@gk.example.com"),
        ("h323:@gk.example.com", "sip:gk.example.com"),
    ],
)
def test_an_h323_uri_without_host_names_a_user(value: str, uri: str) -> None:
    """RFC 3508."""
    assert convert(value, "sip").value == uri
