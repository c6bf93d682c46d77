"""A SIP message under construction: its frame (Via, dialog, CSeq, Contact: RFC 3261 §8.1), its fields, its losses."""

from collections.abc import Iterable
from dataclasses import dataclass, field

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
        return f"<sip:{self.context.domain}{self.road.port}{self.road.contact_parameters}>"

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
        frame = [
            (
                "Via",
                f"SIP/2.0/{self.road.transport} {self.context.domain}{self.road.port};{self._branch(method, dialog)}",
            ),
            *(("Route", f"<{value}>") for value in routes),
            ("Max-Forwards", "70"),
            ("From", (caller or f"<{dialog.local_uri}>") + _tag(dialog.local_tag)),
            ("To", (callee or f"<{dialog.remote_uri}>") + _tag(dialog.remote_tag)),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.local_cseq} {method}"),
            ("Contact", self.contact),
        ]
        octets = request(method, target, (*frame, *self._fields()), content or body(self.event.kept)).octets
        return self._sealed(Message(SignallingProtocol.SIP, method, octets, leg))

    def response(self, status: int, reason: str, method: str, dialog: SipDialog) -> Written:
        """The gateway's response to the peer's request `method`.

        Via and CSeq belong to the transaction, which the context does not hold: whoever does puts the real ones in.
        """
        sender = Uri.parse(dialog.remote_target).host or self.context.domain
        frame = [
            ("Via", f"SIP/2.0/{self.road.transport} {sender};{self._branch(method, dialog)}"),
            ("From", f"<{dialog.remote_uri}>{_tag(dialog.remote_tag)}"),
            ("To", f"<{dialog.local_uri}>{_tag(dialog.local_tag)}"),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.local_cseq} {method}"),
        ]
        octets = response(status, (*frame, *self._fields()), body(self.event.kept), reason).octets
        return self._sealed(Message(SignallingProtocol.SIP, str(status), octets))

    def nothing(self) -> Written:
        """No message at all, with the reasons."""
        return Written((), tuple(self.lost))

    def _branch(self, method: str, dialog: SipDialog) -> str:
        return f"branch=z9hG4bK{self.context.entropy}-{method.lower()}-{dialog.local_cseq};rport"

    def _fields(self) -> Iterable[tuple[str, str]]:
        fields, lost = restore(self.fields, self.event.kept)
        self.lost.extend(lost)
        return fields

    def _sealed(self, message: Message) -> Written:
        return Written((message,), tuple(self.lost))


def _tag(tag: str) -> str:
    return f";tag={tag}" if tag else ""
