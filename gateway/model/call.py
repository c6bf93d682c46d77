"""The neutral call: what a leg tells the hub and what the hub asks of a leg, free of any wire format.

Session descriptions are SDP octets; b"" where one could stand means that none was given (late offer).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import Kept


@dataclass(frozen=True, slots=True)
class Clearing:
    """Why a call, an offer or a transfer is refused or ended.

    `status` is a SIP status (0: none was said, as in a plain BYE), `reason` its phrase when it is not the standard's,
    `cause` the Q.850 cause. `contacts` are the addresses of a 3xx, `party` is whoever refuses, if that was said.
    `kept` holds further Reason values, Warning, Retry-After, User-to-User and their kin.
    """

    status: int = 0
    cause: Cause | None = None
    reason: str = ""
    contacts: tuple[Party, ...] = ()
    kept: tuple[Kept, ...] = ()
    party: Party | None = None


NORMAL = Clearing()
"""An ordinary hang-up."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call that is asked for: INVITE, SETUP, H.225 Setup.

    `called.uri` is the Request-URI as asked. `asserted` holds the identities that a trusted trunk vouches for,
    `privacy` the values of the Privacy header. `hops` is how many more gateways it may pass (Max-Forwards).
    `referred_by` is the verbatim Referred-By, `replaces` names the dialog that the called side shall replace,
    `verbatim` demands that `called.uri` goes out octet for octet (Teams). `session_id` is the caller's Session-ID.
    """

    called: Party
    calling: Party
    session: bytes = b""
    asserted: tuple[Party, ...] = ()
    privacy: tuple[str, ...] = ()
    hops: int = 70
    referred_by: str = ""
    replaces: str = ""
    verbatim: bool = False
    session_id: str = ""
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The called side is at work: 18x, ALERTING, PROGRESS. `session` is early media, if any.

    `answer` tells an answer to our offer (or a reliable one) from a mere preview.
    """

    status: int
    reason: str = ""
    session: bytes = b""
    party: Party | None = None
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The called side has answered. `session` answers our offer, or is the offer when ours came without."""

    session: bytes = b""
    party: Party | None = None
    kept: tuple[Kept, ...] = ()


class Capability(StrEnum):
    """What the peer of a leg says that it can do."""

    REFER = "refer"
    REPLACES = "replaces"
    UPDATE = "update"
    LATE_OFFER = "late-offer"


@dataclass(frozen=True, slots=True)
class Information:
    """Something the two ends say to one another: INFO, MESSAGE, USER INFORMATION."""

    method: str
    content_type: str
    body: bytes
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """What became of one transfer, as it is written to the records.

    `time` is seconds since 1970. `method` says how it was done: "invite", "join", "refer", "redirect", "replaces",
    "recall". The latencies are milliseconds from the request; None when it never came to that.
    """

    time: float
    id: str
    kind: str
    transferor: str
    transferee: str
    target: str
    target_normalised: str
    decision: str
    method: str
    outcome: str
    sip_status: int
    cause: int | None
    accepted_ms: float | None = None
    ringing_ms: float | None = None
    final_ms: float | None = None
    trunks: dict[str, str] = field(default_factory=dict)
    detail: str = ""
