"""Remote operations (X.880): the four components, whatever encodes them: BER in ISDN (Q.932), PER in H.323 (H.450.1).

Arguments, results and parameters are encoded values and are not looked into here.
"""

from dataclasses import dataclass

Code = int | str
"""An operation or error: a local value, or a global one, a dotted object identifier such as "0.4.0.369.1.4"."""

PROBLEM_KINDS = ("general", "invoke", "returnResult", "returnError")
"""The alternatives of a Reject's problem, in the order of their tags."""


@dataclass(frozen=True, slots=True)
class Invoke:
    """Asks for an operation. `linked_id` names the invoke that this one is a child of.

    In H.450.1 `invoke_id` is 0..65535 here, and an unlimited integer everywhere else.
    """

    invoke_id: int
    operation: Code
    argument: bytes | None = None
    linked_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReturnResult:
    """Success. `operation` and `result` are present together or not at all."""

    invoke_id: int
    operation: Code | None = None
    result: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReturnError:
    """The operation was understood and failed."""

    invoke_id: int
    error: Code
    parameter: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """The component was not understood. `kind` is one of PROBLEM_KINDS, `problem` the value in that table.

    `invoke_id` is None when it could not be read; H.450.1 has no such Reject.
    """

    invoke_id: int | None
    kind: str
    problem: int


Component = Invoke | ReturnResult | ReturnError | Reject
