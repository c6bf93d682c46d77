"""Routes of gateway.yaml: which trunk a call goes to and whom it asks for there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.configuration import Route
from gateway.hub.routing import Routed, Routing, dialled_user, rewritten
from gateway.model.errors import GatewayError
from gateway.model.parties import Number, NumberingPlan, Party, TypeOfNumber


def routing(*routes: dict[str, str]) -> Routing:
    return Routing([Route.model_validate(each) for each in routes])


def to(uri: str, *routes: dict[str, str], source: str = "a") -> Routed:
    return routing(*routes).route(source, Party(uri=uri))[0]


PBX = {"match": "2xxx", "to": "pbx"}
REST = {"match": "*", "to": "carrier"}


@pytest.mark.parametrize(
    ("uri", "trunk"),
    [
        ("sip:2001@gw.invalid", "pbx"),
        ("sip:200@gw.invalid", "carrier"),
        ("sip:20011@gw.invalid", "carrier"),
        ("sip:2-00.1@gw.invalid;user=phone", "pbx"),
        ("sip:%32001@gw.invalid", "pbx"),
        ("sip:2001;phone-context=x@gw.invalid;user=phone", "pbx"),
        ("sip:2001:secret@gw.invalid", "pbx"),
        ("tel:2001;phone-context=gw.invalid", "pbx"),
        ("TEL:(20)01", "pbx"),
        ("sip:+2001@gw.invalid", "carrier"),
        ("sip:2abc@gw.invalid", "carrier"),
        ("sip:gw.invalid:5061;transport=tls", "carrier"),
        ("sip:sip.pstnhub.invalid;x-m=8:orgid:1", "carrier"),
    ],
)
def test_digits_and_x_are_for_numbers_and_a_star_for_anybody(uri: str, trunk: str) -> None:
    assert to(uri, PBX, REST).trunk == trunk


def test_the_first_route_that_fits_is_taken() -> None:
    assert to("sip:2001@gw.invalid", REST, PBX).trunk == "carrier"


def test_a_route_is_for_the_trunk_that_it_names() -> None:
    routes = ({"from": "b", "match": "*", "to": "c"}, REST)
    assert to("sip:1@gw.invalid", *routes, source="b").trunk == "c"
    assert to("sip:1@gw.invalid", *routes).trunk == "carrier"


def test_names_are_met_by_a_lone_star_only() -> None:
    with pytest.raises(GatewayError) as refused:
        to("sip:2alice@gw.invalid", {"match": "2*", "to": "pbx"})
    assert (refused.value.sip_status, refused.value.cause) == (404, 3)


@pytest.mark.parametrize(
    ("match", "rewrite", "uri", "becomes"),
    [
        ("0*", "+49*", "sip:0301234@gw.invalid;user=phone", "sip:+49301234@gw.invalid;user=phone"),
        ("*", "-3*", "sip:0001234@gw.invalid", "sip:1234@gw.invalid"),
        ("2xxx", "+4930*", "sip:2001@gw.invalid", "sip:+49302001@gw.invalid"),
        ("*", "-1+49*", "sip:0-30@gw.invalid", "sip:+4930@gw.invalid"),
        ("*", "1000", "sip:alice@gw.invalid", "sip:1000@gw.invalid"),
        ("*", "1000", "sip:gw.invalid;transport=tls", "sip:1000@gw.invalid;transport=tls"),
        ("0*", "+49*", "tel:030-1;phone-context=x", "tel:+49301;phone-context=x"),
        ("*", "", "sip:2-0%30@gw.invalid;x=y?h=v", "sip:2-0%30@gw.invalid;x=y?h=v"),
    ],
)
def test_the_user_part_is_rewritten_and_all_else_stays(match: str, rewrite: str, uri: str, becomes: str) -> None:
    assert to(uri, {"match": match, "to": "t", "rewrite": rewrite}).called.uri == becomes


def test_without_a_uri_the_number_is_matched_and_rewritten() -> None:
    called = Party(number=Number("4930", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164))
    routed = routing({"match": "+49*", "to": "t", "rewrite": "0*"}).route("a", called)[0]
    assert routed.called.number == Number("030", TypeOfNumber.UNKNOWN, NumberingPlan.E164)


def test_a_plus_sign_counts() -> None:
    assert to("sip:+49301@gw.invalid", {"match": "49*", "to": "x"}, {"match": "+49*", "to": "t"}).trunk == "t"


def test_a_rewrite_without_star_is_what_the_user_becomes() -> None:
    assert rewritten("100", "2001") == "100"


@given(st.text(max_size=60))
def test_no_uri_whatever_makes_it_fail_otherwise_than_by_404(uri: str) -> None:
    assert to(uri, REST).trunk == "carrier"
    assert isinstance(dialled_user(Party(uri=uri)), str)
    try:
        to(uri, {"match": "2xxx", "to": "t", "rewrite": "-1*"})
    except GatewayError as refused:
        assert refused.sip_status == 404


def test_a_route_for_a_name_is_for_that_name_alone() -> None:
    alice = {"user": "alice", "to": "pbx"}
    assert to("sip:alice@gw.invalid", alice, REST).trunk == "pbx"
    assert to("sip:al%69ce@gw.invalid", alice, REST).trunk == "pbx"
    assert to("sip:Alice@gw.invalid", alice, REST).trunk == "carrier"
    assert to("sip:2001@gw.invalid", alice, REST).trunk == "carrier"


def test_a_route_has_a_name_or_a_pattern() -> None:
    with pytest.raises(ValueError, match="either match or user"):
        Route.model_validate({"match": "2xxx", "user": "alice", "to": "pbx"})
