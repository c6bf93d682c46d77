"""Tunnels that a capture may have been taken inside of, or that a monitoring port wraps packets into.

GRE (RFC 2784, 2890), ERSPAN types I to III, IP in IP (RFC 2003), IPv6 in IP (RFC 4213), VXLAN (RFC 7348), GTP-U.
"""

import struct
from collections.abc import Callable
from struct import unpack_from

from gateway.capture import links
from gateway.model.errors import DecodeError

IP_IN_IP, UDP, IPV6_IN_IP, GRE = 4, 17, 41, 47

_GTP_U, _VXLAN = 2152, 4789
_GTP_U_USER_DATA = 0xFF
_ERSPAN, _ERSPAN_III, _BRIDGED, _PPP = 0x88BE, 0x22EB, 0x6558, 0x880B

Inner = tuple[int, bytes]
"""(EtherType, octets) of the packet inside."""


def opened(protocol: int, payload: bytes) -> Inner | None:
    """The packet inside a tunnel, or None when the payload is no tunnel. Raises DecodeError when it is cut short."""
    reader = _TUNNELS.get(protocol)
    if reader is None:
        return None
    try:
        return reader(payload)
    except (struct.error, IndexError):
        raise DecodeError("packet ends inside its tunnel header") from None


def _bridged(octets: bytes) -> Inner:
    ethertype, offset = links.ethernet(octets)
    return ethertype, octets[offset:]


def _gre(octets: bytes) -> Inner | None:
    flags, kind = unpack_from(">HH", octets)
    if flags & 7:  # version 1 is PPTP
        return None
    checksum, key, sequence = flags & 0xC000, flags & 0x2000, flags & 0x1000
    inside = octets[4 + 4 * (bool(checksum) + bool(key) + bool(sequence)) :]
    if kind == _ERSPAN:
        return _bridged(inside[8:] if sequence else inside)  # type I has neither sequence number nor header
    if kind == _ERSPAN_III:
        return _bridged(inside[20 if inside[11] & 1 else 12 :])
    if kind == _BRIDGED:
        return _bridged(inside)
    if kind == _PPP:
        ethertype, offset = links.ppp(inside)
        return ethertype, inside[offset:]
    return kind, inside


def _udp(octets: bytes) -> Inner | None:
    reader = _UDP_TUNNELS.get(unpack_from(">xxH", octets)[0]) if len(octets) > 8 else None
    return reader(octets[8:]) if reader else None


def _gtp_u(octets: bytes) -> Inner | None:
    """GTPv1-U (3GPP TS 29.281, 5.1): a header of 8 octets, 4 more when any of E, S, PN is set, then extensions."""
    if octets[0] >> 4 != 3 or octets[1] != _GTP_U_USER_DATA:
        return None
    position = 12 if octets[0] & 7 else 8
    following = octets[11] if octets[0] & 4 else 0
    while following:
        length = octets[position] * 4
        if not length:
            raise DecodeError("GTP-U extension header without a length")
        position += length
        following = octets[position - 1]
    return {4: links.IPV4, 6: links.IPV6}.get(octets[position] >> 4, links.OTHER), octets[position:]


def _vxlan(octets: bytes) -> Inner | None:
    return _bridged(octets[8:]) if octets[0] & 0x08 else None


_UDP_TUNNELS: dict[int, Callable[[bytes], Inner | None]] = {_GTP_U: _gtp_u, _VXLAN: _vxlan}

_TUNNELS: dict[int, Callable[[bytes], Inner | None]] = {
    IP_IN_IP: lambda octets: (links.IPV4, octets),
    IPV6_IN_IP: lambda octets: (links.IPV6, octets),
    GRE: _gre,
    UDP: _udp,
}
