import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interworking.number_class import classify
from gateway.model.errors import GatewayError


@pytest.mark.parametrize(
    ("number", "region", "kind", "costly"),
    [
        ("+449098790879", "GB", "premium", True),
        ("+19002345678", "DE", "premium", True),
        ("+979123456789", "US", "premium", True),
        ("+18002345678", "US", "toll-free", False),
        ("+12025550123", "US", "fixed or mobile", False),
        ("+493012345678", "DE", "fixed", False),
        ("030 12345678", "DE", "fixed", False),
        ("+491371000000", "DE", "shared cost", True),
        ("+881612345678", "US", "satellite", True),
        ("+8835100", "US", "international network", True),
        ("116117", "DE", "toll-free", False),
        ("4711", "DE", "unknown", True),
    ],
)
def test_kind_and_cost(number: str, region: str, kind: str, costly: bool) -> None:
    found = classify(number, region)
    assert (found.kind, found.costly, found.emergency) == (kind, costly, False)


@pytest.mark.parametrize(
    ("number", "region"), [("112", "DE"), ("110", "DE"), ("112", "GB"), ("999", "GB"), ("911", "US"), ("000", "AU")]
)
def test_emergency_numbers_of_the_region(number: str, region: str) -> None:
    assert classify(number, region).emergency


def test_what_merely_begins_with_an_emergency_number_reaches_it_too() -> None:
    found = classify("9116666666", "US")
    assert (found.kind, found.emergency, found.valid) == ("emergency", True, False)


def test_an_emergency_number_of_another_region_is_none() -> None:
    assert not classify("999", "US").emergency


def test_a_global_number_is_no_emergency_number() -> None:
    assert not classify("+19116666666", "US").emergency


@pytest.mark.parametrize(("number", "region"), [("alice", "DE"), ("112", "XX"), ("", "DE")])
def test_what_cannot_be_classified_is_a_gateway_error(number: str, region: str) -> None:
    with pytest.raises(GatewayError):
        classify(number, region)


@given(st.text(max_size=20), st.sampled_from(["DE", "US", "IT"]))
def test_any_text_has_a_class_or_a_gateway_error(text: str, region: str) -> None:
    try:
        assert classify(text, region).kind
    except GatewayError as error:
        assert error.what
