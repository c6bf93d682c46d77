"""UDP datagrams in IP packets, made by hand: a running gateway may write one for each message that it handles."""

from ipaddress import ip_address
from struct import pack

_UDP = 17
_LIFE = 64
"""Time to live, or hop limit."""


def datagram(source: tuple[str, int], destination: tuple[str, int], octets: bytes) -> bytes:
    """The packet from address and port to address and port. Raises ValueError when an address is none, or one is
    IPv4 and the other IPv6.
    """
    sender, receiver = ip_address(source[0]), ip_address(destination[0])
    if sender.version != receiver.version:
        raise ValueError(f"{sender} and {receiver} are not of one family")
    addresses, length = sender.packed + receiver.packed, len(octets) + 8
    ports = pack(">HHH", source[1], destination[1], length)
    # RFC 768, RFC 8200 8.1: over a pseudo header; 0 would mean that there is no checksum.
    checked = _checksum(addresses + pack(">HH", _UDP, length) + ports + b"\0\0" + octets) or 0xFFFF
    return _header(sender.version, addresses, length) + ports + pack(">H", checked) + octets


def _header(version: int, addresses: bytes, length: int) -> bytes:
    if version == 6:
        return pack(">IHBB", 6 << 28, length, _UDP, _LIFE) + addresses
    start = pack(">BBHHHBB", 0x45, 0, length + 20, 1, 0, _LIFE, _UDP)
    return start + pack(">H", _checksum(start + b"\0\0" + addresses)) + addresses


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071): a sum of 16-bit words is a remainder of the whole as one number."""
    if len(octets) % 2:
        octets += b"\0"
    number = int.from_bytes(octets, "big")
    return 0xFFFF - (number % 0xFFFF or 0xFFFF * (number > 0))
