"""Link layers: from the first octet of a packet to the EtherType and the start of what it carries.

Numbers are the DLT values of the tcpdump.org registry. ISDN links are in `lapd`.
"""

import struct
from collections.abc import Callable
from struct import unpack_from

from gateway.model.errors import DecodeError

IPV4, IPV6 = 0x0800, 0x86DD
OTHER = 0
"""The EtherType of what carries nothing of interest."""

ETHERNET, RAW, LINUX_SLL, LINUX_SLL2, LINUX_LAPD, LAPD = 1, 101, 113, 276, 177, 203

_VLAN_TAGS = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}
_PPP_PROTOCOLS = {0x0021: IPV4, 0x0057: IPV6}
_ADDRESS_FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}
_SNAP = b"\xaa\xaa\x03"

Carried = tuple[int, int]
"""(EtherType, offset of the network packet)."""


def ethernet(octets: bytes) -> Carried:
    """Ethernet II with any number of VLAN tags, MPLS left aside; IEEE 802.3 with LLC/SNAP."""
    return _after_type(octets, 12)


def _after_type(octets: bytes, position: int) -> Carried:
    (kind,) = unpack_from(">H", octets, position)
    while kind in _VLAN_TAGS:
        position += 4
        (kind,) = unpack_from(">H", octets, position)
    if kind < 0x0600:  # IEEE 802.3: a length stands here, and LLC follows
        return _snap(octets, position + 2)
    return kind, position + 2


def _snap(octets: bytes, position: int) -> Carried:
    if octets[position : position + 3] != _SNAP:
        return OTHER, position
    return unpack_from(">H", octets, position + 6)[0], position + 8


def _linux_sll(octets: bytes) -> Carried:
    return _after_type(octets, 14)


def _linux_sll2(octets: bytes) -> Carried:
    (kind,) = unpack_from(">H", octets)
    return (kind, 20) if kind not in _VLAN_TAGS else _after_type(octets, 22)


def _raw(octets: bytes) -> Carried:
    return {4: IPV4, 6: IPV6}.get(octets[0] >> 4, OTHER), 0


def _null(octets: bytes) -> Carried:
    """BSD loopback: the address family in the byte order of whoever recorded it."""
    (family,) = unpack_from("<I", octets)
    return _ADDRESS_FAMILIES.get(family if family < 0x10000 else unpack_from(">I", octets)[0], OTHER), 4


def ppp(octets: bytes) -> Carried:
    """PPP with or without address and control, and with a protocol field of one or two octets (RFC 1661, 1662)."""
    start = 2 if octets[:2] == b"\xff\x03" else 0
    if octets[start] & 1:
        return _PPP_PROTOCOLS.get(octets[start], OTHER), start + 1
    return _PPP_PROTOCOLS.get(unpack_from(">H", octets, start)[0], OTHER), start + 2


def _cisco_hdlc(octets: bytes) -> Carried:
    return unpack_from(">H", octets, 2)[0], 4


_LINKS: dict[int, Callable[[bytes], Carried]] = {
    0: _null,
    ETHERNET: ethernet,
    9: ppp,
    12: _raw,
    14: _raw,
    50: ppp,
    RAW: _raw,
    104: _cisco_hdlc,
    108: _null,
    LINUX_SLL: _linux_sll,
    228: _raw,
    229: _raw,
    LINUX_SLL2: _linux_sll2,
}


def known(link: int) -> bool:
    """Whether packets of this DLT can be read here."""
    return link in _LINKS


def carried(link: int, octets: bytes) -> Carried:
    """EtherType and offset of the network packet inside a packet of DLT `link`.

    Raises DecodeError when the packet ends inside its link header.
    """
    try:
        return _LINKS[link](octets)
    except (struct.error, IndexError):
        raise DecodeError("packet ends inside its link header") from None
