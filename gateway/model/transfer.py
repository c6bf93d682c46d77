"""The neutral transfer: what a transfer message of any dialect says, free of its wire format.

Every dialect is read into, and written from, one of the events below. What an event cannot hold is put
into `kept` (a raw header, an unknown extension, a diagnostic), so that nothing is lost on the way back.
Roles follow RFC 5589: transferor (A), transferee (B), transfer target (C).
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.causes import Cause
from gateway.model.parties import Number, Party, Subaddress


class TransferKind(StrEnum):
    """How the transfer is asked for. JOIN: two calls put together; SINGLE_STEP: QSIG SSCT and its kin."""

    BLIND = "blind"
    ATTENDED = "attended"
    SEMI_ATTENDED = "semi-attended"
    SINGLE_STEP = "single-step"
    JOIN = "join"
    REDIRECT = "redirect"
    BYE_ALSO = "bye-also"


class Outcome(StrEnum):
    """How a transfer ended, or that it has not."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    PENDING = "pending"


class CallStatus(StrEnum):
    """State of the call to the other end at the time of the message."""

    ALERTING = "alerting"
    ANSWERED = "answered"


class EndDesignation(StrEnum):
    """Which end of the joined call the receiver is (ISO 13869)."""

    PRIMARY = "primaryEnd"
    SECONDARY = "secondaryEnd"


class Stage(StrEnum):
    """What a party update announces: the join, the answer after it, or better knowledge of the party."""

    COMPLETE = "complete"
    ACTIVE = "active"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class DialogReference:
    """A SIP dialog named by Replaces (RFC 3891): tags as seen by the one who receives it."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


@dataclass(frozen=True, slots=True)
class LinkId:
    """ETSI explicit linkage: the number that the network gave to a call (EN 300 369-1)."""

    value: int


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """QSIG and H.450.2 callIdentity: up to four digits, empty for a transfer without secondary call."""

    digits: str


@dataclass(frozen=True, slots=True)
class CallReference:
    """TBCT: call reference of the other call, with its D channel when that is another one (GR-2865)."""

    value: int
    d_channel: bytes = b""


@dataclass(frozen=True, slots=True)
class RltCallId:
    """DMS-100 RLT: the 24 bit id that the network gave to a call."""

    value: int


@dataclass(frozen=True, slots=True)
class HeldCall:
    """ETSI implicit linkage: the other call of the same access, named by its state alone."""


Consultation = DialogReference | LinkId | CallIdentity | CallReference | RltCallId | HeldCall
"""How a dialect names the secondary (consultation) call."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that only one dialect can say: `dialect` is its home, `what` its name there, `value` its raw form."""

    dialect: str
    what: str
    value: str


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """The transferor asks: REFER, ssctInitiate, callTransferInitiate, EctExecute, TBCT, RLT_THIRD_PARTY."""

    kind: TransferKind
    target: Party | None = None
    consultation: Consultation | None = None
    transferor: Party | None = None
    transferee: Party | None = None
    await_connect: bool | None = None
    notify: bool = True
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """A name is asked for the secondary call: callTransferIdentify, EctLinkIdRequest, RLT_OPERATION_IND."""

    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityGranted:
    """The answer to IdentityRequest; QSIG and H.450 add where the target can be reached."""

    identity: Consultation
    target: Party | None = None
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityAbandoned:
    """The identity will not be used: callTransferAbandon."""

    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferSetup:
    """The new call arrives at the target: INVITE with Referred-By / Replaces, callTransferSetup, ssctSetup."""

    target: Party | None = None
    consultation: Consultation | None = None
    transferor: Party | None = None
    transferee: Party | None = None
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class PartyUpdate:
    """A remaining party learns whom it now talks to: callTransferComplete / Active / Update, EctInform,
    NOTIFY 0x69 / 0x6A, SIP INVITE with Replaces or UPDATE with a new asserted identity.
    `consultation` names the dialog to be replaced where the dialect is SIP.
    """

    stage: Stage
    party: Party
    end: EndDesignation | None = None
    status: CallStatus | None = None
    basic_call_information: bytes = b""
    consultation: Consultation | None = None
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class SubaddressRequest:
    """ETSI RequestSubaddress."""

    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class SubaddressUpdate:
    """subaddressTransfer of ETSI, QSIG and H.450.2."""

    subaddress: Subaddress
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirection:
    """The call is sent elsewhere before or instead of answer: 302, callDeflection, callRerouteing.
    `reason` is a Diversion reason token of RFC 5806 ("deflection", "user-busy", …).
    """

    target: Party
    reason: str = ""
    redirecting: Party | None = None
    count: int | None = None
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """The transfer is under way: 202, or NOTIFY with a provisional status (100..199)."""

    status: int
    reason: str = ""
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferOutcome:
    """The final word: NOTIFY with a final status, REFER refused, ReturnResult, ReturnError, Reject.

    `error` is the name that the ROSE standards give (userNotSubscribed, establishmentFailure,
    unrecognisedOperation …), "" on success; `rejected` tells a Reject from a ReturnError.
    `status`/`cause` are None until the cause mapper fills them for a dialect that has none.
    """

    outcome: Outcome
    status: int | None = None
    reason: str = ""
    cause: Cause | None = None
    error: str = ""
    rejected: bool = False
    operation: str = ""
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherOperation:
    """A supplementary service that is no transfer, or one we cannot name: path replacement, EctLoopTest, unknown.
    `arguments` is a JSON text of what could be read, or hex.
    """

    operation: str
    arguments: str = ""
    number: Number | None = None
    invoke_id: int | None = None
    kept: tuple[Kept, ...] = ()


TransferEvent = (
    TransferRequest
    | IdentityRequest
    | IdentityGranted
    | IdentityAbandoned
    | TransferSetup
    | PartyUpdate
    | SubaddressRequest
    | SubaddressUpdate
    | Redirection
    | TransferProgress
    | TransferOutcome
    | OtherOperation
)
