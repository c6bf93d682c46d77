"""The operations and errors of H.450.2, and the problems of a Reject (H.450.1), by code and name."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.remote_operations import Code


class Interpretation(StrEnum):
    """What the receiver does with an invoke that it does not know (H.450.1 InterpretationApdu)."""

    DISCARD = "discardAnyUnrecognizedInvokePdu"
    CLEAR_CALL = "clearCallIfAnyInvokePduNotRecognized"
    REJECT = "rejectAnyUnrecognizedInvokePdu"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of H.450.2. `argument` and `result` name their types in H4502.asn ("" when it has none).

    `answered` is False for an operation that is never responded to (RETURN RESULT FALSE);
    `interpretation` goes with its invoke (None: leave the interpretation APDU out, which means reject).
    """

    name: str
    code: int
    argument: str
    result: str = ""
    answered: bool = False
    interpretation: Interpretation | None = None


_DISCARD = Interpretation.DISCARD

OPERATIONS = (
    Operation("callTransferIdentify", 7, "DummyArg", "CTIdentifyRes", answered=True),
    Operation("callTransferAbandon", 8, "DummyArg", interpretation=_DISCARD),
    Operation("callTransferInitiate", 9, "CTInitiateArg", "DummyRes", answered=True),
    # An endpoint that does not know callTransferSetup must not take the call for an ordinary one: H.450.2 clause 6.
    Operation("callTransferSetup", 10, "CTSetupArg", "DummyRes", True, Interpretation.CLEAR_CALL),
    Operation("callTransferActive", 11, "CTActiveArg", interpretation=_DISCARD),
    Operation("callTransferComplete", 12, "CTCompleteArg", interpretation=_DISCARD),
    Operation("callTransferUpdate", 13, "CTUpdateArg", interpretation=_DISCARD),
    Operation("subaddressTransfer", 14, "SubaddressTransferArg", interpretation=_DISCARD),
)
BY_CODE: dict[Code, Operation] = {operation.code: operation for operation in OPERATIONS}
BY_NAME = {operation.name: operation for operation in OPERATIONS}

ERRORS: dict[Code, str] = {
    0: "userNotSubscribed",
    1: "rejectedByNetwork",
    2: "rejectedByUser",
    3: "notAvailable",
    5: "insufficientInformation",
    6: "invalidServedUserNumber",
    7: "invalidCallState",
    8: "basicServiceNotProvided",
    9: "notIncomingCall",
    10: "supplementaryServiceInteractionNotAllowed",
    11: "resourceUnavailable",
    25: "callFailure",
    43: "proceduralError",
    1004: "invalidReroutingNumber",
    1005: "unrecognizedCallIdentity",
    1006: "establishmentFailure",
    1008: "unspecified",
}
"""H4501-General-Error-List, and the errors that H.450.2 adds (1004 on)."""

_ERROR_CODES = {name: code for code, name in ERRORS.items()} | {
    "invalidRerouteingNumber": 1004,
    "invalidServedUserNr": 6,
}
"""Errors by name, the names that QSIG and ETSI give to the same ones included."""

PROBLEMS: dict[str, tuple[str, ...]] = {
    "general": ("unrecognizedComponent", "mistypedComponent", "badlyStructuredComponent"),
    "invoke": (
        "duplicateInvocation",
        "unrecognizedOperation",
        "mistypedArgument",
        "resourceLimitation",
        "releaseInProgress",
        "unrecognizedLinkedId",
        "linkedResponseUnexpected",
        "unexpectedLinkedOperation",
    ),
    "returnResult": ("unrecognizedInvocation", "resultResponseUnexpected", "mistypedResult"),
    "returnError": (
        "unrecognizedInvocation",
        "errorResponseUnexpected",
        "unrecognizedError",
        "unexpectedError",
        "mistypedParameter",
    ),
}
"""Names of the problems of a Reject by kind; the place in the tuple is the value."""


def operation_name(code: Code) -> str:
    """The operation's name, or the code as text when H.450.2 has no such operation."""
    return BY_CODE[code].name if code in BY_CODE else str(code)


def error_name(code: Code) -> str:
    """The error's name, or the code as text when neither H.450.1 nor H.450.2 defines it."""
    return ERRORS.get(code, str(code))


def problem_name(kind: str, value: int) -> str:
    """The name of a problem, or its value as text when H.450.1 has none."""
    names = PROBLEMS.get(kind, ())
    return names[value] if 0 <= value < len(names) else str(value)


def error_code(name: str) -> Code | None:
    """The code of the error called `name` (or of its number as text), None when there is no such error here."""
    return _ERROR_CODES.get(name, _number(name))


def operation_code(name: str) -> Code | None:
    """The code of the operation called `name`, or of its number or OBJECT IDENTIFIER as text, else None."""
    return BY_NAME[name].code if name in BY_NAME else _number(name)


def problem_code(name: str) -> tuple[str, int] | None:
    """Kind and value of the problem called `name` (ISDN spells them with "recognised"), None when there is none."""
    spelt = name.replace("recognised", "recognized")
    return next(((kind, names.index(spelt)) for kind, names in PROBLEMS.items() if spelt in names), None)


def same_error(one: str, other: str) -> bool:
    """Whether two names mean the same error or the same problem here."""
    code, problem = error_code(one), problem_code(one)
    return (code is not None and code == error_code(other)) or (
        problem is not None and problem == problem_code(other)
    )


def _number(name: str) -> Code | None:
    if name.removeprefix("-").isdecimal():
        return int(name)
    return name if name.replace(".", "").isdecimal() else None
