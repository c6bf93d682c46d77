"""Call legs and the keys by which each protocol finds them again."""

from dataclasses import dataclass
from enum import StrEnum


class SignallingProtocol(StrEnum):
    """The three worlds that the gateway joins."""

    SIP = "sip"
    ISDN = "isdn"
    H323 = "h323"


@dataclass(frozen=True, slots=True)
class SipDialog:
    """What we know of a dialog when a message has to be written into it. `local` is the side that writes.

    `local_target` is its Contact ("": the gateway's own). `local_cseq` numbers the request that is written,
    `remote_cseq` is the number of the other side's request that an answer or a NOTIFY is about (0: not known).
    """

    call_id: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    local_uri: str = ""
    remote_uri: str = ""
    remote_target: str = ""
    route_set: tuple[str, ...] = ()
    local_cseq: int = 1
    local_target: str = ""
    remote_cseq: int = 0


@dataclass(frozen=True, slots=True)
class IsdnCall:
    """A call reference on a D channel. `originated` is True when the gateway's side allocated it:
    then the flag bit is 0 in what the gateway sends (Q.931 4.3). `octets` is 2 on PRI and 1 on BRI.
    """

    call_reference: int
    originated: bool = True
    octets: int = 2


@dataclass(frozen=True, slots=True)
class H323Call:
    """A call on a call signalling channel: CRV (15 bits), who allocated it, and the callIdentifier (16 octets)."""

    call_reference: int
    originated: bool = True
    call_identifier: bytes = b""
