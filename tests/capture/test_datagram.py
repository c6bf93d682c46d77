"""UDP datagrams as scapy makes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6

from gateway.capture.datagram import datagram

ports = st.integers(0, 65_535)
inet = st.ip_addresses(v=4).map(str)
inet6 = st.ip_addresses(v=6).map(str)


@given(inet, ports, inet, ports, st.binary(max_size=200))
def test_in_ipv4(source: str, port: int, destination: str, other: int, octets: bytes) -> None:
    expected = bytes(IP(src=source, dst=destination) / UDP(sport=port, dport=other) / octets)
    assert datagram((source, port), (destination, other), octets) == expected


@given(inet6, ports, inet6, ports, st.binary(max_size=200))
def test_in_ipv6(source: str, port: int, destination: str, other: int, octets: bytes) -> None:
    expected = bytes(IPv6(src=source, dst=destination) / UDP(sport=port, dport=other) / octets)
    assert datagram((source, port), (destination, other), octets) == expected


@pytest.mark.parametrize(("source", "destination"), [("192.0.2.1", "2001:db8::1"), ("here", "192.0.2.1")])
def test_addresses_that_do_not_fit(source: str, destination: str) -> None:
    with pytest.raises(ValueError, match=source):
        datagram((source, 1), (destination, 1), b"")
