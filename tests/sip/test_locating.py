"""Where a URI leads: RFC 3263 §4, RFC 2782, RFC 7118."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import (
    MOST_FLOWS,
    Kind,
    Means,
    Naptr,
    Question,
    Record,
    Srv,
    Target,
    in_order,
    locate,
    target,
)

UDP, TCP, TLS, WS, WSS = Transport
Zone = Mapping[tuple[str, str], tuple[Record, ...]]

EXAMPLE: Zone = {
    # The example of RFC 3263 §4.1, with addresses.
    ("NAPTR", "example.com"): (
        Naptr(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
        Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
        Naptr(100, 50, "s", "SIP+D2U", "_sip._udp.example.com"),
    ),
    ("SRV", "_sips._tcp.example.com"): (Srv(0, 1, 5061, "server1.example.com"),),
    ("SRV", "_sip._tcp.example.com"): (
        Srv(0, 1, 5060, "server1.example.com"),
        Srv(1, 2, 5070, "server2.example.com"),
    ),
    ("SRV", "_sip._udp.example.com"): (Srv(0, 1, 5060, "server2.example.com"),),
    ("A", "server1.example.com"): ("192.0.2.1",),
    ("A", "server2.example.com"): ("192.0.2.2", "192.0.2.22"),
    ("AAAA", "server2.example.com"): ("2001:db8::2",),
}


def _found(uri: str | Target, zone: Zone, means: Means | None = None) -> tuple[Flow, ...]:
    flows, _ = _searched(uri, zone, means)
    return flows


def _searched(
    uri: str | Target, zone: Zone, means: Means | None = None
) -> tuple[tuple[Flow, ...], list[tuple[Question, ...]]]:
    search = locate(target(uri) if isinstance(uri, str) else uri, means or Means())
    asked: list[tuple[Question, ...]] = []
    try:
        questions = next(search)
        while True:
            asked.append(questions)
            questions = search.send([zone.get((question.kind, question.name), ()) for question in questions])
    except StopIteration as found:
        return found.value, asked


def _ways(uri: str | Target, zone: Zone, means: Means | None = None) -> list[str]:
    return [str(flow) for flow in _found(uri, zone, means)]


@pytest.mark.parametrize(
    ("uri", "way"),
    [
        ("sip:192.0.2.9", "udp:192.0.2.9:5060"),
        ("sip:bob@192.0.2.9:5070", "udp:192.0.2.9:5070"),
        ("sip:192.0.2.9;transport=tcp", "tcp:192.0.2.9:5060"),
        ("sip:192.0.2.9;transport=TLS", "tls:192.0.2.9:5061"),
        ("sips:192.0.2.9", "tls:192.0.2.9:5061"),
        ("sips:192.0.2.9:5090;transport=tcp", "tls:192.0.2.9:5090"),
        ("sips:192.0.2.9;transport=ws", "wss:192.0.2.9:443"),
        ("sip:192.0.2.9;transport=ws", "ws:192.0.2.9:80"),
        ("sip:[2001:db8::9]:5062", "udp:[2001:db8::9]:5062"),
        ("sip:proxy.example;maddr=192.0.2.9", "udp:192.0.2.9:5060"),
        ("sip:proxy.example:5080;maddr=[2001:db8::9]", "udp:[2001:db8::9]:5080"),
    ],
)
def test_an_address_is_asked_nobody_about(uri: str, way: str) -> None:
    flows, asked = _searched(uri, {})
    assert [str(flow) for flow in flows] == [way]
    assert asked == []


def test_naptr_says_which_transport_and_where_by_order_and_preference() -> None:
    assert _ways("sip:bob@example.com", EXAMPLE) == [
        "tls:192.0.2.1:5061",
        "tcp:192.0.2.1:5060",
        "tcp:192.0.2.2:5070",
        "tcp:192.0.2.22:5070",
        "tcp:[2001:db8::2]:5070",
        "udp:192.0.2.2:5060",
        "udp:192.0.2.22:5060",
        "udp:[2001:db8::2]:5060",
    ]


def test_naptr_of_transports_that_we_do_not_have_is_left_out() -> None:
    means = Means((UDP,), (Kind.A,))
    assert _ways("sip:bob@example.com", EXAMPLE, means) == ["udp:192.0.2.2:5060", "udp:192.0.2.22:5060"]


def test_sips_goes_by_tls_only_and_the_domain_is_what_the_certificate_is_for() -> None:
    (flow,) = _found("sips:bob@example.com", EXAMPLE)
    assert flow == Flow(TLS, "192.0.2.1", 5061, server_name="example.com")
    zone = {key: value for key, value in EXAMPLE.items() if key[0] != "NAPTR"}
    assert _found("sips:bob@example.com", zone) == (flow,)


def test_the_server_name_of_a_maddr_is_the_host_of_the_uri() -> None:
    (flow,) = _found("sips:bob@example.com;maddr=192.0.2.9", EXAMPLE)
    assert flow.server_name == "example.com"


def test_without_naptr_srv_is_asked_for_each_of_our_transports_in_our_order() -> None:
    zone = {key: value for key, value in EXAMPLE.items() if key[0] != "NAPTR"}
    flows, asked = _searched("sip:bob@example.com", zone, Means((TCP, UDP), (Kind.A,)))
    assert asked[1] == (Question(Kind.SRV, "_sip._tcp.example.com"), Question(Kind.SRV, "_sip._udp.example.com"))
    assert [str(flow) for flow in flows] == [
        "tcp:192.0.2.1:5060",
        "tcp:192.0.2.2:5070",
        "tcp:192.0.2.22:5070",
        "udp:192.0.2.2:5060",
        "udp:192.0.2.22:5060",
    ]


def test_a_transport_that_is_said_needs_no_naptr() -> None:
    flows, asked = _searched("sip:bob@example.com;transport=udp", EXAMPLE, Means(families=(Kind.A,)))
    assert asked[0] == (Question(Kind.SRV, "_sip._udp.example.com"),)
    assert [str(flow) for flow in flows] == ["udp:192.0.2.2:5060", "udp:192.0.2.22:5060"]


def test_a_port_that_is_said_is_asked_no_services_about() -> None:
    flows, asked = _searched("sip:bob@server2.example.com:5088", EXAMPLE)
    assert asked == [(Question(Kind.A, "server2.example.com"), Question(Kind.AAAA, "server2.example.com"))]
    assert [str(flow) for flow in flows] == [
        "udp:192.0.2.2:5088",
        "udp:192.0.2.22:5088",
        "udp:[2001:db8::2]:5088",
    ]


def test_a_name_without_services_is_a_host() -> None:
    assert _ways("sip:server1.example.com", EXAMPLE) == ["udp:192.0.2.1:5060"]
    assert _ways("sip:server1.example.com;transport=tcp", EXAMPLE) == ["tcp:192.0.2.1:5060"]
    assert _ways("sips:server1.example.com", EXAMPLE) == ["tls:192.0.2.1:5061"]


def test_without_udp_of_ours_another_transport_stands_for_none() -> None:
    assert _ways("sip:server1.example.com", EXAMPLE, Means((TCP,))) == ["tcp:192.0.2.1:5060"]
    assert _ways("sip:192.0.2.9", EXAMPLE, Means((TLS, TCP))) == ["tls:192.0.2.9:5061"]
    assert _ways("sips:192.0.2.9", EXAMPLE, Means((UDP, TCP))) == ["tls:192.0.2.9:5061"]


def test_a_service_that_is_not_offered_is_not_tried() -> None:
    zone: Zone = {("SRV", "_sip._udp.a.example"): (Srv(0, 0, 0, ""),), ("A", "a.example"): ("192.0.2.1",)}
    assert _ways("sip:a.example", zone, Means((UDP,))) == []


def test_websockets_are_found_by_naptr_and_by_what_is_said() -> None:
    zone: Zone = {
        ("NAPTR", "a.example"): (Naptr(1, 1, "S", "sips+d2w", "_sips._ws.a.example"),),
        ("SRV", "_sips._ws.a.example"): (Srv(0, 0, 8443, "192.0.2.1"),),
        ("SRV", "_sip._ws.a.example"): (Srv(0, 0, 8080, "192.0.2.1"),),
    }
    assert _ways("sip:a.example", zone, Means((UDP, WS, WSS))) == ["wss:192.0.2.1:8443"]
    assert _ways("sip:a.example;transport=ws", zone, Means((UDP, WS, WSS))) == ["ws:192.0.2.1:8080"]


def test_a_peer_of_the_configuration_is_found_as_a_uri_is() -> None:
    assert _ways(Target("example.com", transport=TLS), EXAMPLE) == ["tls:192.0.2.1:5061"]
    assert _ways(Target("server1.example.com", 5099, TLS), EXAMPLE) == ["tls:192.0.2.1:5099"]


def test_nobody_knows_the_name() -> None:
    assert _found("sip:nowhere.example", {}) == ()


def test_a_zone_that_lists_thousands_is_not_followed_to_its_end() -> None:
    servers = tuple(Srv(0, 0, 5060 + number, f"s{number}.example") for number in range(1000))
    addresses = {("A", f"s{number}.example"): tuple(f"192.0.2.{n}" for n in range(200)) for number in range(1000)}
    flows, asked = _searched("sip:a.example;transport=udp", {("SRV", "_sip._udp.a.example"): servers, **addresses})
    assert len(flows) == MOST_FLOWS
    assert len(asked[-1]) <= 32


@pytest.mark.parametrize(
    ("uri", "status"), [("tel:+4912345", 416), ("mailto:a@b.example", 416), ("sip:a.example;transport=sctp", 400)]
)
def test_what_leads_nowhere(uri: str, status: int) -> None:
    with pytest.raises(DecodeError) as refused:
        target(uri)
    assert refused.value.sip_status == status


def test_srv_goes_by_priority_and_weight_shares_the_load() -> None:
    records = [Srv(2, 9, 1, "later"), Srv(1, 1, 1, "small"), Srv(1, 3, 1, "large"), Srv(1, 0, 1, "none")]
    first: Counter[str] = Counter()
    for mark in range(5):
        ordered = in_order(records, lambda most, mark=mark: min(mark, most))  # type: ignore[misc]
        assert ordered[-1].target == "later"
        first[ordered[0].target] += 1
    # Of the five numbers that may be drawn, 0 to 4, weight 0 has one, weight 1 one and weight 3 three.
    assert first == {"none": 1, "small": 1, "large": 3}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=8), st.randoms(use_true_random=False))
def test_every_server_comes_once(rows: list[tuple[int, int]], random: object) -> None:
    records = [Srv(priority, weight, port, "a") for port, (priority, weight) in enumerate(rows)]
    ordered = in_order(records, lambda most: random.randint(0, most))  # type: ignore[attr-defined]
    assert sorted(ordered) == sorted(records)
    assert [record.priority for record in ordered] == sorted(record.priority for record in records)
