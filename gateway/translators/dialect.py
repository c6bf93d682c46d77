"""What a transfer dialect is: a reader and a writer between its protocol's messages and the neutral transfer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.legs import H323Call, IsdnCall, SignallingProtocol, SipDialog
from gateway.model.transfer import TransferEvent, TransferRequest


@dataclass(frozen=True, slots=True)
class Context:
    """What a single message does not say about the calls it belongs to.

    `primary` is the call between transferor and transferee, `secondary` the consultation call.
    `pending` maps an outstanding invokeId to the operation it invoked, so that a result can be read.
    `invoke_id` is used for the next invoke, and `entropy` (hex text) wherever SIP wants something unique
    (tags, branches); both are handed in, so that the same input always gives the same octets.
    `replaces` tells whether the SIP peer takes an INVITE with Replaces (it said `Supported: replaces`).
    `asked` is the request, as it was handed to `write`, that a progress or an outcome answers.
    """

    isdn: IsdnCall = IsdnCall(1)
    isdn_secondary: IsdnCall = IsdnCall(2)
    h323: H323Call = H323Call(1)
    h323_secondary: H323Call = H323Call(2)
    sip: SipDialog = SipDialog()
    sip_secondary: SipDialog = SipDialog()
    domain: str = "gateway.invalid"
    invoke_id: int = 1
    entropy: str = "0"
    pending: Mapping[int, str] = field(default_factory=dict)
    replaces: bool = True
    asked: TransferRequest | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it goes on the wire of `protocol`: the SIP message, the Q.931 message without layer 2,
    or the H.225.0 message from the Q.931 octet on (no TPKT). `name` is the method, "200", "FACILITY", …
    `leg` is "primary" or "secondary": which of the transfer's calls it is sent on.
    """

    protocol: SignallingProtocol
    name: str
    octets: bytes
    leg: str = "primary"


@dataclass(frozen=True, slots=True)
class Lost:
    """A part of the model that the dialect cannot say: `what` is its path in the model ("target.uri",
    "kept.User-Agent"), `why` one sentence.
    """

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a dialect made of an event."""

    messages: tuple[Message, ...]
    lost: tuple[Lost, ...] = ()


class Dialect(Protocol):
    """One way to ask for, carry out and answer a transfer. Symmetric: `write(read(x))` is x again."""

    @property
    def name(self) -> str:
        """The name users type: "sip", "teams", "etsi-ect", …"""

    @property
    def protocol(self) -> SignallingProtocol:
        """The protocol whose messages it reads and writes."""

    def read(self, octets: bytes, context: Context) -> tuple[TransferEvent, ...]:
        """The transfer events in one message (same shape as Message.octets), in order; empty when it has none.

        Raises DecodeError when the message cannot be read.
        """

    def write(self, event: TransferEvent, context: Context) -> Written:
        """The messages that say `event`, with what had to be left out.

        Raises UntranslatableError when the dialect has no way to say it.
        """
