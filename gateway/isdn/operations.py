"""Operations and errors of the transfer services, by trunk variant, and the codecs of their arguments.

A local value means nothing without the variant: 6 is EctExecute on a EuroISDN trunk and pathReplaceRetain on a
QSIG one. Values of arguments are asn1tools': a SEQUENCE is a dict, a CHOICE a pair (name, value), an ENUMERATED
a str, an OCTET STRING bytes, NULL None.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.asn1_modules import Specification, specification
from gateway.isdn import tlv
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Code


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a variant. `argument` and `result` are ASN.1 type names, None where there is nothing.

    An operation that is not `confirmed` is never answered with a ReturnResult, with a ReturnError or a Reject only
    when it is `refusable`.
    """

    name: str
    code: Code
    argument: str | None = None
    result: str | None = None
    confirmed: bool = True
    refusable: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """The modules, operations and errors of one kind of trunk."""

    modules: tuple[str, ...]
    operations: tuple[Operation, ...]
    errors: dict[Code, str]


_ECT = "0.4.0.369.1."
_NI2 = "1.2.840.10005.0."
_ECMA = "1.3.12.9."
"""Older ECMA editions name the QSIG operations by object identifier; the last arc is the local value."""

_GENERAL_ERRORS: dict[Code, str] = {  # Q.950
    0: "userNotSubscribed",
    1: "rejectedByNetwork",
    2: "rejectedByUser",
    3: "notAvailable",
    5: "insufficientInformation",
    6: "invalidServedUserNr",
    7: "invalidCallState",
    8: "basicServiceNotProvided",
    9: "notIncomingCall",
    10: "supplementaryServiceInteractionNotAllowed",
    11: "resourceUnavailable",
    25: "callFailure",
    43: "proceduralError",
}

_DIVERSION_ERRORS: dict[Code, str] = {  # EN 300 207-1, ISO/IEC 13873
    12: "invalidDivertedToNr",
    14: "specialServiceNr",
    15: "diversionToServedUserNr",
    24: "numberOfDiversionsExceeded",
}

_ETSI = Variant(
    ("Q932-Addressing.asn", "ETSI-Explicit-Call-Transfer.asn", "ETSI-Diversion.asn"),
    (
        Operation("EctExecute", 6),  # EN 300 369-1
        Operation("ExplicitEctExecute", _ECT + "1", "LinkId"),
        Operation("RequestSubaddress", _ECT + "2", confirmed=False),
        Operation("SubaddressTransfer", _ECT + "3", "SubaddressTransferArg", confirmed=False),
        Operation("EctLinkIdRequest", _ECT + "4", result="LinkId"),
        Operation("EctInform", _ECT + "5", "EctInformArg", confirmed=False),
        Operation("EctLoopTest", _ECT + "6", "CallTransferIdentity", "LoopResult"),
        Operation("callDeflection", 13, "CallDeflectionArg"),  # EN 300 207-1
        Operation("callRerouteing", 14, "CallRerouteingArg"),
        Operation("divertingLegInformation1", 18, "DivertingLegInformation1Arg", confirmed=False),
        Operation("divertingLegInformation2", 15, "DivertingLegInformation2Arg", confirmed=False),
        Operation("divertingLegInformation3", 19, "DivertingLegInformation3Arg", confirmed=False),
    ),
    _GENERAL_ERRORS
    | _DIVERSION_ERRORS
    | {
        4: "notImplemented",
        23: "incomingCallAccepted",
        46: "notActivated",
        48: "requestAlreadyAccepted",
        _ECT + "21": "linkIdNotAssignedByNetwork",
    },
)

_QSIG = Variant(
    (
        "Q932-Addressing.asn",
        "QSIG-Generic.asn",
        "QSIG-Name.asn",
        "QSIG-Call-Transfer.asn",
        "QSIG-Single-Step-Call-Transfer.asn",
        "QSIG-Path-Replacement.asn",
        "QSIG-Call-Diversion.asn",
    ),
    (
        Operation("callingName", 0, "NameArg", confirmed=False),  # ISO/IEC 13868
        Operation("calledName", 1, "NameArg", confirmed=False),
        Operation("connectedName", 2, "NameArg", confirmed=False),
        Operation("busyName", 3, "NameArg", confirmed=False),
        Operation("pathReplacePropose", 4, "PRProposeArg", confirmed=False, refusable=True),  # ISO/IEC 13874
        Operation("pathReplaceSetup", 5, "PRSetupArg", "DummyRes"),
        Operation("pathReplaceRetain", 6, "PRRetainArg", "DummyRes"),
        Operation("callTransferIdentify", 7, "DummyArg", "CTIdentifyRes"),  # ISO/IEC 13869
        Operation("callTransferAbandon", 8, "DummyArg", confirmed=False),
        Operation("callTransferInitiate", 9, "CTInitiateArg", "DummyRes"),
        Operation("callTransferSetup", 10, "CTSetupArg", "DummyRes"),
        Operation("callTransferActive", 11, "CTActiveArg", confirmed=False),
        Operation("callTransferComplete", 12, "CTCompleteArg", confirmed=False),
        Operation("callTransferUpdate", 13, "CTUpdateArg", confirmed=False),
        Operation("subaddressTransfer", 14, "SubaddressTransferArg", confirmed=False),
        Operation("callRerouteing", 19, "CallRerouteingArg", "DummyRes"),  # ISO/IEC 13873
        Operation("divertingLegInformation1", 20, "DivertingLegInformation1Arg", confirmed=False),
        Operation("divertingLegInformation2", 21, "DivertingLegInformation2Arg", confirmed=False),
        Operation("divertingLegInformation3", 22, "DivertingLegInformation3Arg", confirmed=False),
        Operation("cfnrDivertedLegFailed", 23, "DummyArg", confirmed=False),
        Operation("pathReplaceInvite", 86, "DummyArg", confirmed=False),  # ISO/IEC 13874
        Operation("ssctInitiate", 99, "SSCTInitiateArg", "DummyRes"),  # ISO/IEC 19460
        Operation("ssctSetup", 100, "SSCTSetupArg", confirmed=False),
        Operation("ssctPostDial", 101, "DummyArg", confirmed=False),
        Operation("ssctDigitInfo", 102, "SSCTDigitInfoArg", confirmed=False),
    ),
    _GENERAL_ERRORS
    | _DIVERSION_ERRORS
    | {
        1000: "temporarilyUnavailable",
        1001: "collision",
        1002: "criteriaPermanentlyUnacceptable",
        1003: "criteriaTemporarilyUnacceptable",
        1004: "invalidRerouteingNumber",
        1005: "unrecognizedCallIdentity",
        1006: "establishmentFailure",
        1007: "notAuthorized",
        1008: "unspecified",
    },
)

_NI2_TBCT = Variant(
    ("NI2-TBCT.asn",),
    (
        Operation("informationFollowing", _NI2 + "4", "InformationFollowingArg", confirmed=False),
        Operation("initiateTransfer", _NI2 + "8", "InitiateTransferArg"),  # GR-2865
    ),
    _GENERAL_ERRORS,
)

_DMS100 = Variant(
    ("DMS-RLT.asn",),
    (
        Operation("RLT_OPERATION_IND", 1, result="RLTOperationIndRes"),
        Operation("RLT_THIRD_PARTY", 2, "RLTThirdPartyArg"),
    ),
    {0x10: "bridgeFail", 0x11: "callIdNotFound", 0x12: "notAllowed", 0x13: "switchEquipmentCongestion"},
)

VARIANTS = {"etsi": _ETSI, "qsig": _QSIG, "ni2": _NI2_TBCT, "dms100": _DMS100}
"""The variants by name."""

_BY_CODE = {name: {op.code: op for op in variant.operations} for name, variant in VARIANTS.items()}
_BY_NAME = {name: {op.name: op for op in variant.operations} for name, variant in VARIANTS.items()}
_ERROR_CODES = {name: {error: code for code, error in variant.errors.items()} for name, variant in VARIANTS.items()}

_PROBLEMS: dict[str, tuple[str, ...]] = {
    "general": ("unrecognisedComponent", "mistypedComponent", "badlyStructuredComponent"),
    "invoke": (
        "duplicateInvocation",
        "unrecognisedOperation",
        "mistypedArgument",
        "resourceLimitation",
        "initiatorReleasing",
        "unrecognisedLinkedId",
        "linkedResponseUnexpected",
        "unexpectedChildOperation",
    ),
    "returnResult": ("unrecognisedInvocation", "resultResponseUnexpected", "mistypedResult"),
    "returnError": (
        "unrecognisedInvocation",
        "errorResponseUnexpected",
        "unrecognisedError",
        "unexpectedError",
        "mistypedParameter",
    ),
}
"""Names of the problems of a Reject by kind; the place in the tuple is the value (X.880 clause 9)."""


def operation(variant: str, code: Code) -> Operation | None:
    """The operation that `code` means on a trunk of this variant, or None."""
    return _BY_CODE[variant].get(_local(variant, code))


def named(variant: str, name: str) -> Operation:
    """The operation called `name`. Raises LocalProtocolError when the variant has none."""
    found = _BY_NAME[variant].get(name)
    if found is None:
        raise LocalProtocolError(f"{variant} has no operation {name!r}")
    return found


def error_name(variant: str, code: Code) -> str:
    """The name of an error value; the value itself as text where the variant has none."""
    return VARIANTS[variant].errors.get(_local(variant, code), str(code))


def has_error(variant: str, name: str) -> bool:
    """Whether the variant has an error called `name`."""
    return name in _ERROR_CODES[variant]


def error_code(variant: str, name: str) -> Code:
    """The value of the error called `name`, which may be a value as text. Raises LocalProtocolError for another."""
    found = _ERROR_CODES[variant].get(name)
    if found is not None:
        return found
    if not re.fullmatch(r"-?\d+|\d+(\.\d+)+", name, re.ASCII):
        raise LocalProtocolError(f"{variant} has no error {name!r}")
    return name if "." in name else int(name)


def _local(variant: str, code: Code) -> Code:
    """A QSIG code in the ECMA form as the local value that it stands for."""
    if variant == "qsig" and isinstance(code, str) and code.startswith(_ECMA):
        arc = code.removeprefix(_ECMA)
        return int(arc) if arc.isdecimal() else code
    return code


def problem_name(kind: str, problem: int) -> str:
    """The name of a Reject's problem (X.880 clause 9); the value itself as text where there is none."""
    names = _PROBLEMS.get(kind, ())
    return names[problem] if 0 <= problem < len(names) else str(problem)


def problem_code(kind: str, name: str) -> int:
    """The value of the problem called `name`, which may be a value as text. Raises LocalProtocolError for another."""
    names = _PROBLEMS.get(kind, ())
    if name in names:
        return names.index(name)
    if not re.fullmatch(r"-?\d+", name, re.ASCII):
        raise LocalProtocolError(f"{kind} has no problem {name!r}")
    return int(name)


def encode_argument(variant: str, name: str, value: Any = None) -> bytes:
    """The argument of operation `name` as a complete BER value; empty for an operation without argument.

    Raises LocalProtocolError for an unknown operation or a value that the type does not allow.
    """
    return encode_type(variant, named(variant, name).argument, value)


def decode_argument(variant: str, name: str, octets: bytes | None) -> Any:
    """The value of the argument of operation `name`; None for an operation without argument.

    Raises DecodeError when the octets are not one value of the argument's type.
    """
    return decode_type(variant, named(variant, name).argument, octets)


def encode_result(variant: str, name: str, value: Any = None) -> bytes:
    """Like encode_argument, for the result."""
    return encode_type(variant, named(variant, name).result, value)


def decode_result(variant: str, name: str, octets: bytes | None) -> Any:
    """Like decode_argument, for the result."""
    return decode_type(variant, named(variant, name).result, octets)


@cache
def _specification(variant: str) -> Specification:
    return specification(*VARIANTS[variant].modules, codec="ber")


def encode_type(variant: str, type_name: str | None, value: Any) -> bytes:
    """`value` as the ASN.1 type `type_name` of a variant. Raises LocalProtocolError when it does not fit."""
    if type_name is None:
        return b""
    modules = _specification(variant)
    try:
        return modules.encode(type_name, value, check_constraints=True)
    except Exception as error:  # asn1tools raises its own errors and whatever Python raises on the wrong shape
        raise LocalProtocolError(f"{type_name}: {error}") from error


def decode_type(variant: str, type_name: str | None, octets: bytes | None) -> Any:
    """The value in `octets` as that ASN.1 type; None where type and octets are both missing.

    Raises DecodeError when they do not go together.
    """
    if type_name is None or not octets:
        if type_name is None and not octets:
            return None
        raise DecodeError(f"{'no argument' if type_name is None else type_name} expected")
    tlv.one(octets)
    modules, definite = _specification(variant), tlv.normalised(octets)
    try:
        return modules.decode(type_name, definite)
    except Exception as error:  # as above: random octets make it raise IndexError, UnicodeDecodeError, …
        raise DecodeError(f"{type_name}: {error}") from error
