"""By which of our addresses a message leaves, what stands in Contact and Via, and which URIs are ours."""

import pytest

from gateway.ends.own_addresses import OwnAddresses
from gateway.sip.flow import Flow, Transport

UDP4 = (Transport.UDP, "192.0.2.1", 5060)
UDP6 = (Transport.UDP, "2001:db8::1", 5060)
TLS4 = (Transport.TLS, "192.0.2.1", 5061)
ANY = (Transport.UDP, "0.0.0.0", 5070)


def flow(transport: Transport, host: str) -> Flow:
    return Flow(transport, host, 5060)


def test_a_message_leaves_by_the_listener_of_its_transport_and_family() -> None:
    own = OwnAddresses((UDP4, TLS4, UDP6), ())
    assert own.placed(flow(Transport.UDP, "2001:db8::9")).listener == 2
    assert own.placed(flow(Transport.TLS, "198.51.100.1")).listener == 1
    assert own.placed(flow(Transport.TCP, "198.51.100.1")).listener == 0


def test_contact_and_via_have_the_address_of_the_listener() -> None:
    own = OwnAddresses((UDP4, TLS4, UDP6), ())
    tls, six = own.placed(flow(Transport.TLS, "a")), own.placed(flow(Transport.UDP, "2001:db8::9"))
    assert own.contact(tls) == "sip:192.0.2.1:5061;transport=tls"
    assert own.contact(six) == "sip:[2001:db8::1]:5060"
    assert own.sent_by(six) == "[2001:db8::1]:5060"
    assert own.contact(tls, "sbc.example.net") == "sip:sbc.example.net:5061;transport=tls"


def test_a_listener_on_every_address_says_the_one_of_the_route() -> None:
    own = OwnAddresses((ANY,), (), lambda way: "192.0.2.77")
    assert own.contact(flow(Transport.UDP, "198.51.100.1")) == "sip:192.0.2.77:5070"
    assert own.is_ours("sip:x@192.0.2.77:5070")
    assert OwnAddresses((ANY, UDP4), ()).host(flow(Transport.UDP, "198.51.100.1")) == "192.0.2.1"
    assert OwnAddresses((ANY,), ()).host(flow(Transport.UDP, "127.0.0.9")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("uri", "ours"),
    [
        ("sip:2001@192.0.2.1:5060", True),
        ("sip:2001@192.0.2.1", True),
        ("sip:2001@192.0.2.1:5061;transport=tls?Replaces=a%3Bto-tag%3Db", True),
        ("sip:192.0.2.1:5099", False),
        ("sip:2001@[2001:db8::1]", True),
        ("sip:2001@SBC.example.net", True),
        ("sip:2001@sbc.example.net:5061", True),
        ("sip:2001@198.51.100.1", False),
        ("tel:+4930123", False),
        ("http://192.0.2.1/", False),
        ("", False),
    ],
)
def test_uris_that_lead_to_us(uri: str, ours: bool) -> None:
    assert OwnAddresses((UDP4, TLS4, UDP6), ("sbc.example.net",)).is_ours(uri) is ours
