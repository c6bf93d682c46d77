"""Routes out of what went where."""

from typing import Any

from gateway.configuration import Route
from gateway.hub.routing import Routing
from gateway.model.parties import Party
from gateway.regression.routes_deduction import Step, routes


def asked(time: float, trunk: str, user: str) -> Step:
    return Step(time, trunk, user, is_placed=False)


def placed(time: float, trunk: str, user: str) -> Step:
    return Step(time, trunk, user, is_placed=True)


def referred(time: float, trunk: str, user: str) -> Step:
    return Step(time, trunk, user, is_placed=False, is_transfer=True)


def to(found: list[dict[str, Any]], source: str, user: str) -> tuple[str, str]:
    routed = Routing([Route.model_validate(each) for each in found]).route(source, Party(uri=f"sip:{user}@h"))[0]
    return routed.trunk, routed.called.uri.removeprefix("sip:").removesuffix("@h")


def test_a_call_that_is_passed_on() -> None:
    found = routes([asked(0, "a", "2001"), placed(0.1, "b", "2001")])
    assert to(found, "a", "2001") == ("b", "2001")
    assert to(found, "a", "anybody") == ("b", "anybody")


def test_a_trunk_with_calls_for_the_host_itself_has_no_route_for_all() -> None:
    """The first call gets an announcement; the second one goes on."""
    found = routes([asked(0, "a", "0"), asked(5, "a", "204"), placed(5.1, "b", "204")])
    assert found == [{"from": "a", "match": "204", "to": "b"}]


def test_a_number_that_is_rewritten() -> None:
    found = routes([asked(0, "a", "+4930123"), placed(0.1, "b", "123")])
    assert to(found, "a", "+4930123") == ("b", "123")


def test_names_are_routed_one_by_one() -> None:
    found = routes([asked(0, "a", "bob"), placed(1, "b", "bob"), asked(2, "a", "carol"), placed(3, "c", "carol")])
    assert to(found, "a", "bob")[0] == "b" and to(found, "a", "carol")[0] == "c"


def test_the_target_of_a_transfer_is_for_any_trunk() -> None:
    """It is the transferee that calls it (RFC 3515), whichever side asked."""
    found = routes([asked(0, "a", "1"), placed(1, "b", "1"), referred(2, "a", "3"), placed(3, "c", "3")])
    assert to(found, "b", "3")[0] == "c" and to(found, "a", "1")[0] == "b"


def test_each_call_is_the_consequence_of_one() -> None:
    found = routes([asked(0, "a", "1"), asked(1, "b", "2"), placed(2, "c", "2"), placed(3, "d", "1")])
    assert to(found, "b", "2")[0] == "c" and to(found, "a", "1")[0] == "d"


def test_a_call_out_of_nothing_has_no_route() -> None:
    assert routes([placed(0, "b", "1"), asked(1, "a", "1")]) == []
    assert routes([asked(0, "a", "1"), placed(1000, "b", "1")]) == []
