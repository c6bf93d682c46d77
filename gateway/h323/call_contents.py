"""What the owner of a call puts into its messages, beside what the call says by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.causes import Cause
from gateway.model.parties import Party


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into one message of a call; what is empty is left out, what a message has no place for too.

    `party` is who answers or rings: Connected number, connectedAddress (CONNECT), alertingAddress (ALERTING).
    `progress` are progress descriptions (Q.931 4.5.23), `notification` a notification description (4.5.22), `keypad`
    digits (INFORMATION). `apdus` are H4501SupplementaryService octets. `fast_start` are OpenLogicalChannel octets, in
    an answer those of the channels that are accepted; `fast_start_refused` says that none is. `h245_address` is
    "host:port" where we listen for H.245, `control` are H.245 messages that ride in this message when they are
    tunnelled (CONNECT, RELEASE COMPLETE). `elements` are further information elements (identifier, contents),
    `fields` further fields of the UUIE, `others` of H323-UU-PDU, in the form of `per`.
    """

    party: Party | None = None
    display: str = ""
    progress: tuple[int, ...] = ()
    notification: int | None = None
    keypad: str = ""
    apdus: tuple[bytes, ...] = ()
    fast_start: tuple[bytes, ...] = ()
    fast_start_refused: bool = False
    h245_address: str = ""
    control: tuple[bytes, ...] = ()
    elements: tuple[tuple[int, bytes], ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Contents()


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to be made: what its SETUP says.

    `redirecting` is who redirected it last, as a Redirecting number, `redirecting_reason` as RFC 5806 names it.
    `source_address` and `destination_address` are call signalling addresses as "host:port". `tunnelling` offers H.245
    tunnelling; `early_control` are H.245 messages to go with the SETUP (parallelH245Control beside fastStart,
    h245Control without). `identifier` and `conference` are 16 octets, b"" for fresh ones (callIdentifier and
    conferenceID); a gatekeeper's admission names the call by them and `call_reference` first. `overlap`: the number
    may be incomplete, `information` brings more digits. `bearer` are the contents of Bearer capability, b"" for 3.1
    kHz audio.
    """

    calling: Party
    called: Party
    redirecting: Party | None = None
    redirecting_reason: str = ""
    source_address: str = ""
    destination_address: str = ""
    tunnelling: bool = True
    early_control: tuple[bytes, ...] = ()
    identifier: bytes = b""
    conference: bytes = b""
    call_reference: int | None = None
    overlap: bool = False
    bearer: bytes = b""
    contents: Contents = NOTHING


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call ends: the Q.850 cause, or the name of a ReleaseCompleteReason, or both."""

    cause: Cause | None = None
    reason: str = ""
