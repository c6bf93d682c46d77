"""A SIP message under construction: its frame (Via, dialog, CSeq, Contact: RFC 3261 §8.1), its fields, its losses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from gateway.model.legs import SignallingProtocol, SipDialog
from gateway.model.transfer import TransferEvent
from gateway.sip.message import request, response
from gateway.sip.uri import Uri
from gateway.translators.dialect import Context, Lost, Message, Written
from gateway.translators.sip_dialog import route
from gateway.translators.sip_kept import Fields, body, restore


@dataclass(frozen=True, slots=True)
class Road:
    """How messages leave: transport of the Via, and what follows the domain in Via and Contact."""

    transport: str = "UDP"
    port: str = ""
    contact_parameters: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one event becomes: `fields` are the header fields beyond the frame, `lost` what they could not say."""

    event: TransferEvent
    context: Context
    road: Road = Road()
    fields: Fields = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def contact(self) -> str:
        """The gateway's Contact: always the domain name, never an address."""
        return f"sip:{self.context.domain}{self.road.port}{self.road.contact_parameters}"

    def add(self, name: str, value: str) -> None:
        """One more header field."""
        self.fields.append((name, value))

    def lose(self, what: str, why: str) -> None:
        """Something of the model that is not said."""
        self.lost.append(Lost(what, why))

    def request(
        self,
        method: str,
        dialog: SipDialog,
        content: bytes = b"",
        *,
        caller: str = "",
        callee: str = "",
        leg: str = "primary",
    ) -> Written:
        """A request from the gateway's side of `dialog`; `caller` and `callee` are From and To where the dialog's
        bare URIs are not.
        """
        target, routes = route(dialog)
        contact = dialog.local_target or self.contact
        frame = [
            self._via(contact, dialog.call_id, dialog.local_tag, dialog.local_cseq, method),
            *(("Route", f"<{value}>") for value in routes),
            ("Max-Forwards", "70"),
            ("From", (caller or f"<{dialog.local_uri}>") + _tag(dialog.local_tag)),
            ("To", (callee or f"<{dialog.remote_uri}>") + _tag(dialog.remote_tag)),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.local_cseq} {method}"),
            ("Contact", f"<{contact}>"),
        ]
        octets = request(method, target, (*frame, *self._fields()), content or body(self.event.kept)).octets
        return self._sealed(Message(SignallingProtocol.SIP, method, octets, leg))

    def response(self, status: int, reason: str, method: str, dialog: SipDialog, *, callee: str = "") -> Written:
        """The response to the peer's request `method`; `callee` is To where the dialog's bare URI is not.

        Via, From, To and CSeq are those that the gateway would have written on the other side (RFC 3261 §8.2.6.2);
        whoever holds the transaction of a peer puts the peer's own in.
        """
        number = dialog.remote_cseq or dialog.local_cseq
        frame = [
            self._via(dialog.remote_target, dialog.call_id, dialog.remote_tag, number, method),
            ("From", f"<{dialog.remote_uri}>{_tag(dialog.remote_tag)}"),
            ("To", (callee or f"<{dialog.local_uri}>") + _tag(dialog.local_tag)),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        octets = response(status, (*frame, *self._fields()), body(self.event.kept), reason).octets
        return self._sealed(Message(SignallingProtocol.SIP, str(status), octets))

    def nothing(self) -> Written:
        """No message at all, with the reasons."""
        return Written((), tuple(self.lost))

    def _via(self, contact: str, call_id: str, tag: str, number: int, method: str) -> tuple[str, str]:
        """The Via of the side at `contact`, its branch made of what names the transaction: the same in the answer."""
        sender = Uri.parse(contact)
        port = "" if sender.port is None else f":{sender.port}"
        transaction = blake2b(f"{call_id} {tag} {number} {method}".encode("utf-8", "replace"), digest_size=8)
        branch = f"branch=z9hG4bK{transaction.hexdigest()};rport"
        return "Via", f"SIP/2.0/{self.road.transport} {sender.host or self.context.domain}{port};{branch}"

    def _fields(self) -> Iterable[tuple[str, str]]:
        fields, lost = restore(self.fields, self.event.kept)
        self.lost.extend(lost)
        return fields

    def _sealed(self, message: Message) -> Written:
        return Written((message,), tuple(self.lost))


def _tag(tag: str) -> str:
    return f";tag={tag}" if tag else ""
