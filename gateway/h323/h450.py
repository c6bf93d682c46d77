"""H.450.1: the APDU of the supplementary services in H.323, and the remote operations in it.

One APDU is one item of `h4501SupplementaryService` in an H.225.0 message. Aligned PER by asn1tools over
`asn1/H4501.asn`; arguments, results and error parameters stay octets here (`arguments.py` reads them), so that
an APDU is written back with the octets it was read from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.asn1_modules import Specification, specification
from gateway.h323.operations import Interpretation
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Code, Component, Invoke, Reject, ReturnError, ReturnResult

AliasValue = tuple[str, Any]
"""An H.225.0 AliasAddress as asn1tools gives it: the alternative's name and its value."""


@dataclass(frozen=True, slots=True)
class NetworkFacilityExtension:
    """Whom the APDU is from and for: "endpoint" or "anyEntity", each with an AliasAddress where it has one."""

    source_entity: str = "endpoint"
    source_address: AliasValue | None = None
    destination_entity: str = "endpoint"
    destination_address: AliasValue | None = None


@dataclass(frozen=True, slots=True)
class SupplementaryService:
    """H4501SupplementaryService: one or more components, with how to route and how to interpret them."""

    components: tuple[Component, ...]
    interpretation: Interpretation | None = None
    nfe: NetworkFacilityExtension | None = None


@cache
def asn1() -> Specification:
    """The H.450 modules for aligned PER, compiled when first asked for."""
    return specification("H4501.asn", "H4502.asn", "H4502-H323Plus.asn", codec="per")


def decode_type(name: str, octets: bytes) -> Any:
    """The value of ASN.1 type `name` in `octets`, as asn1tools gives it: an alternative or enumeration that the
    standard has added since is None. Raises DecodeError.
    """
    try:
        return asn1().decode(name, octets)
    except Exception as error:  # asn1tools lets Python's own errors through when octets run out or make no sense
        raise DecodeError(f"no {name}: {error}", where=octets[:16].hex()) from error


def encode_type(name: str, value: Any, *, decoded: bool = False) -> bytes:
    """`value` as ASN.1 type `name`. Raises LocalProtocolError when the type cannot hold it.

    A value that has just been `decoded` needs no checks.
    """
    try:
        return bytes(asn1().encode(name, value, check_types=not decoded, check_constraints=not decoded))
    except Exception as error:  # as above
        raise LocalProtocolError(f"cannot be written as {name}: {str(error)[:200]}") from error


def decode(octets: bytes) -> SupplementaryService:
    """The APDU in `octets`. Raises DecodeError."""
    value = decode_type("H4501SupplementaryService", octets)
    interpretation = value.get("interpretationApdu")
    nfe = value.get("networkFacilityExtension")
    choice, components = value["serviceApdu"]
    if choice is None or interpretation == (None, None):
        raise DecodeError("an APDU of a later H.450.1", where=octets[:16].hex())
    if not components:
        raise DecodeError("an APDU without component", where=octets[:16].hex())
    return SupplementaryService(
        tuple(_READERS[kind](component) for kind, component in components),
        Interpretation(interpretation[0]) if interpretation else None,
        _nfe(nfe) if nfe else None,
    )


def encode(apdu: SupplementaryService) -> bytes:
    """The octets of `apdu`. Raises LocalProtocolError for a value that H.450.1 cannot carry."""
    value: dict[str, Any] = {"serviceApdu": ("rosApdus", [_component_value(item) for item in apdu.components])}
    if apdu.interpretation:
        value["interpretationApdu"] = (apdu.interpretation.value, None)
    if apdu.nfe:
        value["networkFacilityExtension"] = _nfe_value(apdu.nfe)
    return encode_type("H4501SupplementaryService", value)


def _nfe(value: dict[str, Any]) -> NetworkFacilityExtension:
    return NetworkFacilityExtension(
        value["sourceEntity"][0],
        value.get("sourceEntityAddress"),
        value["destinationEntity"][0],
        value.get("destinationEntityAddress"),
    )


def _nfe_value(nfe: NetworkFacilityExtension) -> dict[str, Any]:
    return _present(
        sourceEntity=(nfe.source_entity, None),
        sourceEntityAddress=nfe.source_address,
        destinationEntity=(nfe.destination_entity, None),
        destinationEntityAddress=nfe.destination_address,
    )


def _invoke(value: dict[str, Any]) -> Invoke:
    return Invoke(value["invokeId"], value["opcode"][1], value.get("argument"), value.get("linkedId"))


def _return_result(value: dict[str, Any]) -> ReturnResult:
    result = value.get("result")
    if result is None:
        return ReturnResult(value["invokeId"])
    return ReturnResult(value["invokeId"], result["opcode"][1], result["result"])


def _return_error(value: dict[str, Any]) -> ReturnError:
    return ReturnError(value["invokeId"], value["errcode"][1], value.get("parameter"))


def _reject(value: dict[str, Any]) -> Reject:
    return Reject(value["invokeId"], *value["problem"])


_READERS: dict[str, Callable[[dict[str, Any]], Component]] = {
    "invoke": _invoke,
    "returnResult": _return_result,
    "returnError": _return_error,
    "reject": _reject,
}


def _component_value(component: Component) -> tuple[str, dict[str, Any]]:
    match component:
        case Invoke(invoke_id, operation, argument, linked_id):
            code = _code(operation)
            return "invoke", _present(invokeId=invoke_id, linkedId=linked_id, opcode=code, argument=argument)
        case ReturnResult(invoke_id, operation, result):
            part = None if operation is None else {"opcode": _code(operation), "result": result or b""}
            return "returnResult", _present(invokeId=invoke_id, result=part)
        case ReturnError(invoke_id, error, parameter):
            return "returnError", _present(invokeId=invoke_id, errcode=_code(error), parameter=parameter)
        case Reject(invoke_id, kind, problem):
            return "reject", {"invokeId": invoke_id, "problem": (kind, problem)}


def _code(code: Code) -> tuple[str, Code]:
    return ("local" if isinstance(code, int) else "global", code)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
