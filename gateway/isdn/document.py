"""A Q.931 message or a Facility element as a plain document, names spelled as the standards do.

Nothing is dropped: what has no name or cannot be read stands there in hex.
"""

from typing import Any

from gateway.isdn import facility as facility_codec
from gateway.isdn import operations, q931, rose, tlv
from gateway.isdn.element_documents import Document, of_element
from gateway.isdn.facility import Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.information_element import Identifier
from gateway.isdn.operations import Operation
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Code, Component, Invoke, Reject, ReturnError, ReturnResult

_PROFILES = {
    facility_codec.ROSE_PROFILE: "remote operations",
    0x92: "CMIP",
    0x93: "ACSE",
    facility_codec.GAT_PROFILE: "GAT",
    facility_codec.NETWORKING_EXTENSIONS: "networking extensions",
    facility_codec.DMS_PROFILE: "remote operations with service discriminator",
}
_INTERPRETATIONS = {
    Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU: "discardAnyUnrecognisedInvokePdu",
    Interpretation.CLEAR_CALL_IF_ANY_INVOKE_PDU_NOT_RECOGNISED: "clearCallIfAnyInvokePduNotRecognised",
    Interpretation.REJECT_ANY_UNRECOGNISED_INVOKE_PDU: "rejectAnyUnrecognisedInvokePdu",
}
_ENTITIES = ("endPINX", "anyTypeOfPINX")
_TEXTS = frozenset(("namePresentationAllowedSimple", "namePresentationRestrictedSimple", "nameData"))
"""OCTET STRINGs that hold the characters of a name."""

_NI2_ARC = "1.2.840.10005."


def document(octets: bytes, kind: str, variant: str | None = None) -> Document:
    """The document of a message (`kind` "q931") or of Facility contents ("facility").

    A Facility may have its identifier and length before it, or be one bare ROSE component. `variant` ("etsi",
    "qsig", "ni2", "dms100") says which operations the trunk knows; without it the octets have to tell.
    Raises DecodeError when the octets are not what `kind` says, LocalProtocolError for an unknown kind or variant.
    """
    if variant is not None and variant not in operations.VARIANTS:
        raise LocalProtocolError(f"no variant {variant!r}; known: {', '.join(operations.VARIANTS)}")
    if kind == "q931":
        return _message(q931.decode(octets), variant)
    if kind == "facility":
        return _any_facility(octets, variant)
    raise LocalProtocolError(f"no kind {kind!r} of ISDN octets; known: q931, facility")


def _any_facility(octets: bytes, variant: str | None) -> Document:
    """The document of an element, of its contents or of bare components; all octets in hex where it says less."""
    contents = _contents(octets)
    bare = bool(contents) and contents[0] in rose.TAGS
    facility = Facility(components=rose.decode(contents)) if bare else facility_codec.decode(contents)
    read = of_facility(facility, variant)
    written = facility_codec.encode(facility)
    return read if contents == written[bare:] else read | {"octets": contents.hex()}


def _contents(octets: bytes) -> bytes:
    """`octets` without the identifier and length of a Facility element, if they begin with these."""
    if octets[:1] != bytes((Identifier.FACILITY,)):
        return octets
    if octets[1:2] != bytes((len(octets) - 2 & 0xFF,)):
        raise DecodeError("the length of the Facility element is not that of its contents", where="octet 1")
    return octets[2:]


def _message(message: q931.Message, variant: str | None) -> Document:
    return {
        "protocol": "Q.931",
        "message": message.name,
        "protocolDiscriminator": message.protocol_discriminator,
        "callReference": {
            "value": message.call_reference,
            "flag": int(message.flag),
            "length": message.call_reference_octets,
        },
        "informationElements": [_element(element, variant) for element in message.elements],
    }


def _element(element: q931.InformationElement, variant: str | None) -> Document:
    head = of_element(element)
    if element.identifier != Identifier.FACILITY or element.codeset:
        return head
    try:
        return head | of_facility(facility_codec.decode(element.contents), variant)
    except DecodeError as error:
        return head | {"problem": str(error)}


def of_facility(facility: Facility, variant: str | None = None) -> Document:
    """The document of a Facility."""
    variant = variant or guessed(facility)
    head: Document = {"protocolProfile": _PROFILES.get(facility.profile, f"0x{facility.profile:02x}")}
    if facility.service_discriminator is not None:
        head["serviceDiscriminator"] = facility.service_discriminator
    head["variant"] = variant
    if facility.nfe is not None:
        head["networkFacilityExtension"] = _nfe(facility.nfe)
    if facility.network_protocol_profile is not None:
        head["networkProtocolProfile"] = facility.network_protocol_profile
    if facility.interpretation is not None:
        head["interpretation"] = _INTERPRETATIONS[facility.interpretation]
    head["components"] = [_component(component, variant) for component in facility.components]
    return head | ({"rest": facility.rest.hex()} if facility.rest else {})


def guessed(facility: Facility) -> str:
    """The variant that a Facility most likely belongs to: by its profile, then by an object identifier."""
    if facility.profile == facility_codec.NETWORKING_EXTENSIONS or facility.nfe is not None:
        return "qsig"
    if facility.service_discriminator is not None:
        return "dms100"
    codes = (getattr(c, "operation", getattr(c, "error", None)) for c in facility.components)
    return "ni2" if any(isinstance(code, str) and code.startswith(_NI2_ARC) for code in codes) else "etsi"


def _nfe(nfe: NetworkFacilityExtension) -> Document:
    document: Document = {"sourceEntity": _ENTITIES[nfe.source_entity]}
    if nfe.source_address is not None:
        document |= _value("sourceEntityAddress", "qsig", "PartyNumber", nfe.source_address)
    document["destinationEntity"] = _ENTITIES[nfe.destination_entity]
    if nfe.destination_address is not None:
        document |= _value("destinationEntityAddress", "qsig", "PartyNumber", nfe.destination_address)
    return document


def _component(component: Component, variant: str) -> Document:
    match component:
        case Invoke():
            return {"invoke": _invoke(component, variant)}
        case ReturnResult():
            return {"returnResult": _return_result(component, variant)}
        case ReturnError(invoke_id, error, parameter):
            named = {"invokeId": invoke_id, "error": operations.error_name(variant, error), "errorValue": error}
            return {"returnError": named | ({"parameter": parameter.hex()} if parameter else {})}
        case Reject(reject_id, kind, problem):
            name = operations.problem_name(kind, problem)
            return {"reject": {"invokeId": reject_id, "problem": {kind: name}, "problemValue": problem}}


def _invoke(invoke: Invoke, variant: str) -> Document:
    operation = operations.operation(variant, invoke.operation)
    head: Document = {"invokeId": invoke.invoke_id}
    if invoke.linked_id is not None:
        head["linkedId"] = invoke.linked_id
    head |= _named(operation, invoke.operation)
    if invoke.argument is not None:
        head |= _value("argument", variant, operation.argument if operation else None, invoke.argument)
    return head


def _return_result(result: ReturnResult, variant: str) -> Document:
    head: Document = {"invokeId": result.invoke_id}
    if result.operation is None:
        return head
    operation = operations.operation(variant, result.operation)
    head |= _named(operation, result.operation)
    if result.result is not None:
        head |= _value("result", variant, operation.result if operation else None, result.result)
    return head


def _named(operation: Operation | None, code: Code) -> Document:
    return {"operation": operation.name if operation else None, "operationValue": code}


def _value(name: str, variant: str, type_name: str | None, octets: bytes) -> Document:
    """{name: the value of that type}; hex where there is no type or it does not fit, and hex beside the value
    as `name`Octets where writing it would give other octets: an unknown field, a default spelled out.
    """
    if type_name is None:
        return {name: octets.hex()}
    try:
        value = operations.decode_type(variant, type_name, octets)
    except DecodeError as error:
        return {name: octets.hex(), "problem": str(error)}
    if _says_all(variant, type_name, value, octets):
        return {name: plain(value)}
    return {name: plain(value), f"{name}Octets": octets.hex()}


def _says_all(variant: str, type_name: str, value: Any, octets: bytes) -> bool:
    try:
        return operations.encode_type(variant, type_name, value) == tlv.normalised(octets)
    except LocalProtocolError:
        return False


def plain(value: Any, name: str = "") -> Any:
    """An asn1tools value for JSON: a CHOICE as {name: value}, octets in hex, but a name's as text."""
    match value:
        case dict():
            return {key: plain(item, key) for key, item in value.items()}
        case (str() as choice, inner):
            return {choice: plain(inner, choice)}
        case list():
            return [plain(item) for item in value]
        case bytes() | bytearray():
            return value.decode("iso8859-1") if name in _TEXTS else value.hex()
    return value
