"""The Facility information element of Q.932 8.2: protocol profile, networking extensions, ROSE components.

Profile 0x91 carries components alone (DSS1, NI-2); 0x9F puts the network facility extension (NFE), the network
protocol profile and the interpretation APDU before them (QSIG, ISO/IEC 11582 11.3); 0x11 with a service
discriminator is the DMS-100's.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from gateway.isdn import rose, tlv
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Component

ROSE_PROFILE = 0x91
GAT_PROFILE = 0x96
NETWORKING_EXTENSIONS = 0x9F
DMS_PROFILE = 0x11
DMS_SERVICE = 0x3E
MAX_CONTENTS = 255
"""Octets that one information element can carry (Q.931 4.5.1)."""

_WITH_COMPONENTS = frozenset(profile & 0x1F for profile in (ROSE_PROFILE, GAT_PROFILE, NETWORKING_EXTENSIONS))
_NFE, _NETWORK_PROTOCOL_PROFILE, _INTERPRETATION = 0xAA, 0x92, 0x8B


class Interpretation(IntEnum):
    """What the receiver does with an invoke it does not know (ISO/IEC 11582). Absent means the last one."""

    DISCARD_ANY_UNRECOGNISED_INVOKE_PDU = 0
    CLEAR_CALL_IF_ANY_INVOKE_PDU_NOT_RECOGNISED = 1
    REJECT_ANY_UNRECOGNISED_INVOKE_PDU = 2


class EntityType(IntEnum):
    """Which PINX an APDU comes from or goes to."""

    END_PINX = 0
    ANY_TYPE_OF_PINX = 1


@dataclass(frozen=True, slots=True)
class NetworkFacilityExtension:
    """Source and destination of the APDUs. Addresses are complete BER values of type PartyNumber."""

    source_entity: EntityType = EntityType.END_PINX
    destination_entity: EntityType = EntityType.END_PINX
    source_address: bytes | None = None
    destination_address: bytes | None = None


@dataclass(frozen=True, slots=True)
class Facility:
    """What one Facility element says. `profile` is its first octet as on the wire, `service_discriminator` the
    seven bits of the octet after a profile without extension bit; `rest` is what follows that is no component.
    """

    profile: int = ROSE_PROFILE
    components: tuple[Component, ...] = ()
    nfe: NetworkFacilityExtension | None = None
    network_protocol_profile: int | None = None
    interpretation: Interpretation | None = None
    service_discriminator: int | None = None
    rest: bytes = b""


def decode(contents: bytes) -> Facility:
    """The Facility with these contents (after identifier and length).

    Raises DecodeError for a broken component; other profiles and values that are no component go into `rest`.
    """
    if not contents:
        raise DecodeError("empty Facility element")
    profile, body, service = contents[0], contents[1:], None
    if not profile & 0x80 and body and body[0] & 0x80:
        service, body = body[0] & 0x7F, body[1:]
    if profile & 0x1F not in _WITH_COMPONENTS or profile & 0x60:
        return Facility(profile, service_discriminator=service, rest=body)
    return _with_components(profile, service, body)


def encode(facility: Facility) -> bytes:
    """The contents of the element, without identifier and length, of any length."""
    return _prefix(facility) + b"".join(map(rose.encode, facility.components)) + facility.rest


def same_header(one: Facility, other: Facility) -> bool:
    """Whether all that stands before the components is the same."""
    return (
        one.profile == other.profile
        and one.nfe == other.nfe
        and one.network_protocol_profile == other.network_protocol_profile
        and one.interpretation == other.interpretation
        and one.service_discriminator == other.service_discriminator
    )


def elements(facility: Facility) -> tuple[InformationElement, ...]:
    """The Facility as one element, or as several with some of the components each when they do not fit into one.

    Raises LocalProtocolError when a single component is too long for an element.
    """
    prefix, parts = _prefix(facility), [*map(rose.encode, facility.components)]
    groups = _packed([*parts, facility.rest] if facility.rest else parts, MAX_CONTENTS - len(prefix))
    return tuple(InformationElement(Identifier.FACILITY, prefix + group) for group in groups)


def _packed(parts: list[bytes], room: int) -> list[bytes]:
    groups = [b""]
    for part in parts:
        if len(part) > room:
            raise LocalProtocolError(f"component of {len(part)} octets does not fit into a Facility element")
        if len(groups[-1]) + len(part) > room:
            groups.append(b"")
        groups[-1] += part
    return groups


def _prefix(facility: Facility) -> bytes:
    """Everything before the components, in the order of ISO/IEC 11582 11.3.3."""
    parts = [bytes((facility.profile,))]
    if facility.service_discriminator is not None:
        parts.append(bytes((0x80 | facility.service_discriminator,)))
    if facility.nfe is not None:
        parts.append(_encode_nfe(facility.nfe))
    if facility.network_protocol_profile is not None:
        parts.append(tlv.encode(_NETWORK_PROTOCOL_PROFILE, tlv.integer(facility.network_protocol_profile)))
    if facility.interpretation is not None:
        parts.append(tlv.encode(_INTERPRETATION, tlv.integer(facility.interpretation)))
    return b"".join(parts)


def _encode_nfe(nfe: NetworkFacilityExtension) -> bytes:
    return tlv.encode(
        _NFE,
        tlv.encode(0x80, tlv.integer(nfe.source_entity))
        + (b"" if nfe.source_address is None else tlv.encode(0xA1, nfe.source_address))
        + tlv.encode(0x82, tlv.integer(nfe.destination_entity))
        + (b"" if nfe.destination_address is None else tlv.encode(0xA3, nfe.destination_address)),
    )


def _with_components(profile: int, service: int | None, body: bytes) -> Facility:
    parts = deque(tlv.split(body))
    extensions = {tag: contents for tag, contents, _ in _leading(parts, _EXTENSIONS)}
    components = tuple([rose.decode_one(tag, contents) for tag, contents, _ in _leading(parts, rose.TAGS)])
    if not extensions and not parts:
        return Facility(profile, components, service_discriminator=service)
    nfe, network, interpretation = (extensions.get(tag) for tag in _EXTENSIONS)
    return Facility(
        profile,
        components,
        nfe=None if nfe is None else _decode_nfe(nfe),
        network_protocol_profile=None if network is None else _number(network, 255),
        interpretation=None
        if interpretation is None
        else Interpretation(_number(interpretation, len(Interpretation))),
        service_discriminator=service,
        rest=b"".join(whole for _, _, whole in parts),
    )


_EXTENSIONS = (_NFE, _NETWORK_PROTOCOL_PROFILE, _INTERPRETATION)


def _leading(parts: deque[tlv.Part], tags: Collection[int]) -> list[tlv.Part]:
    """The parts up to the first one with another tag, taken out of `parts`."""
    taken = []
    while parts and parts[0][0] in tags:
        taken.append(parts.popleft())
    return taken


def _decode_nfe(contents: bytes) -> NetworkFacilityExtension:
    fields = {tag: value for tag, value, _ in tlv.split(contents)}
    if not {0x80, 0x82} <= fields.keys():
        raise DecodeError("networkFacilityExtension without source or destination entity")
    return NetworkFacilityExtension(
        EntityType(_number(fields[0x80], len(EntityType))),
        EntityType(_number(fields[0x82], len(EntityType))),
        fields.get(0xA1),
        fields.get(0xA3),
    )


def _number(contents: bytes, limit: int) -> int:
    """The INTEGER or ENUMERATED from 0 up to but not including `limit`. Raises DecodeError for anything else."""
    value = int.from_bytes(contents, signed=True)
    if not 1 <= len(contents) <= 2 or not 0 <= value < limit:
        raise DecodeError(f"value {contents.hex()} is out of range")
    return value
