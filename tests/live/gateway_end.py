"""The gateway's end of a SIP dialog with a real peer: a UDP socket, and messages written by the dialect "sip"."""

import socket
import time
from types import TracebackType
from typing import Self

from gateway.model.legs import SipDialog
from gateway.model.parties import Party
from gateway.model.transfer import DialogReference, TransferEvent, TransferSetup
from gateway.sip.address import Address
from gateway.sip.message import Message, parse
from gateway.translators import dialect_named
from gateway.translators.dialect import Context

SIP = dialect_named("sip")
ANSWER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


class GatewayEnd:
    """A socket on loopback. Leaving the `with` block closes it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._unread: list[Message] = []
        self._calls = 0
        self.domain = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def context(self, dialog: SipDialog | None = None) -> Context:
        """What the dialect needs to write into that dialog, or to open a new one."""
        self._calls += 1
        return Context(sip=dialog or SipDialog(), domain=self.domain, entropy=f"e{self._calls}x{self.domain[-5:]}")

    def say(self, event: TransferEvent, to: str, dialog: SipDialog | None = None) -> Message:
        """Writes the event as SIP and sends it to the host of the URI `to`; returns what was sent."""
        (message,) = SIP.write(event, self.context(dialog)).messages
        return self.send(message.octets, to)

    def send(self, octets: bytes, to: str) -> Message:
        """Sends octets to the host of a URI."""
        host, port = to.rpartition("@")[2].split(";")[0].split(":")
        self._socket.sendto(octets, (host, int(port)))
        return parse(octets)

    def receive(self, name: str, seconds: float = 6) -> Message:
        """The next message with that method or status; copies and others wait their turn. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self._unread:
                if name == (message.method if message.is_request else str(message.status)):
                    self._unread.remove(message)
                    return message
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            self._unread.append(parse(self._socket.recv(65535)))

    def reply(self, request: Message, status: str) -> None:
        """A response to a request of the peer, sent to where its Via says."""
        names = ("Via", "From", "To", "Call-ID", "CSeq")
        copied = "".join(f"{name}: {value}\r\n" for name in names for value in request.headers.all(name))
        tag = "" if request.to_tag else ";tag=gw-answer"
        to = request.headers.get("To") or ""
        text = f"SIP/2.0 {status}\r\n{copied}".replace(f"To: {to}\r\n", f"To: {to}{tag}\r\n")
        text += f"Contact: <sip:{self.domain}>\r\nContent-Length: 0\r\n\r\n"
        via = (request.headers.get("Via") or "").split()[1].split(";")[0]
        self.send(text.encode(), f"sip:@{via}")

    def invite(self, uri: str, replaced: DialogReference | None = None) -> Message:
        """An INVITE of the dialect to `uri`; with `replaced` in place of another dialog of the peer."""
        return self.say(TransferSetup(target=Party(uri=uri), consultation=replaced), uri)

    def answered(self, invite: Message) -> SipDialog:
        """The dialog that the peer's 200 to our INVITE opens; the ACK carries an SDP answer."""
        answer = self.receive("200")
        dialog = SipDialog(
            call_id=invite.call_id,
            local_tag=invite.from_tag,
            remote_tag=answer.to_tag,
            local_uri=Address.parse(invite.headers.get("From") or "").uri,
            remote_uri=Address.parse(invite.headers.get("To") or "").uri,
            remote_target=Address.parse(answer.headers.get("Contact") or "").uri,
            local_cseq=2,
        )
        self._acknowledge(invite, dialog)
        return dialog

    def _acknowledge(self, invite: Message, dialog: SipDialog) -> None:
        text = (
            f"ACK {dialog.remote_target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.domain};branch={invite.top_via_branch}-ack\r\nMax-Forwards: 70\r\n"
            f"From: {invite.headers.get('From')}\r\nTo: <{dialog.remote_uri}>;tag={dialog.remote_tag}\r\n"
            f"Call-ID: {dialog.call_id}\r\nCSeq: 1 ACK\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
        )
        self.send(text.encode() + ANSWER, dialog.remote_target)
