"""IP addresses in SIP messages: whose they can be."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.uri import Uri

IpAddress = IPv4Address | IPv6Address

_PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7"))
)


@lru_cache(maxsize=4096)
def ip_of(text: str) -> IpAddress | None:
    """The address that `text` is (brackets allowed), None for a name; localhost is 127.0.0.1."""
    try:
        return ip_address("127.0.0.1" if text.lower() == "localhost" else text.strip("[]"))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def is_private(address: IpAddress) -> bool:
    """RFC 1918, RFC 6598, RFC 4193 and link-local; not what merely is set aside for documents or tests."""
    return any(address in network for network in _PRIVATE if network.version == address.version)


@lru_cache(maxsize=4096)
def is_public(address: IpAddress) -> bool:
    """Neither private, nor loopback, nor no address at all."""
    return not (is_private(address) or address.is_loopback or address.is_unspecified)


@lru_cache(maxsize=4096)
def host_in(value: str) -> str:
    """The host of the URI in a Contact, From, To or Route value, without brackets; "" when it cannot be read."""
    try:
        return Uri.parse(Address.parse(value).uri).host.strip("[]")
    except DecodeError:
        return ""


@lru_cache(maxsize=4096)
def host_of_uri(uri: str) -> str:
    """The host of a URI, without brackets; "" when it cannot be read."""
    try:
        return Uri.parse(uri).host.strip("[]")
    except DecodeError:
        return ""
