"""A SIP endpoint of a few lines over UDP: it sends what it is told to and hands back what comes."""

import itertools
import socket
import time
from typing import Self

from gateway.sip.message import Message, parse

PATIENCE = 15.0
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
_NUMBERS = itertools.count(1)


class Phone:
    """Bound to `port` of a loopback `host`; `server` is where the gateway listens on 127.0.0.1."""

    def __init__(self, port: int, server: int, host: str = "127.0.0.1") -> None:
        self.host, self.port, self.server = host, port, ("127.0.0.1", server)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.seen: list[Message] = []

    def send(self, octets: bytes) -> None:
        """To the gateway."""
        self._socket.sendto(octets, self.server)

    def request(
        self,
        method: str,
        uri: str,
        *lines: str,
        call_id: str,
        tag: str,
        to: str = "",
        cseq: int = 1,
        body: bytes = b"",
    ) -> str:
        """Sends a request; the branch that it had. `to` is the whole value of To."""
        branch = f"z9hG4bKphone{next(_NUMBERS)}"
        here = f"{self.host}:{self.port}"
        fields = (
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:phone{self.port}@{here}>;tag={tag}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:phone@{here}>",
            *lines,
            *(["Content-Type: application/sdp"] if body and not _has_type(lines) else []),
            f"Content-Length: {len(body)}",
        )
        self.send(("\r\n".join(fields) + "\r\n\r\n").encode() + body)
        return branch

    def respond(self, request: Message, status: str, *lines: str, tag: str = "p1", body: bytes = b"") -> None:
        """Answers a request that came."""
        headers = request.headers
        to = str(headers.get("to"))
        fields = (
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in headers.all("via")),
            *(f"Record-Route: {route}" for route in headers.all("record-route")),
            f"From: {headers.get('from')}",
            f"To: {to if ';tag=' in to or not tag else f'{to};tag={tag}'}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {headers.get('cseq')}",
            f"Contact: <sip:phone@{self.host}:{self.port}>",
            *lines,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        )
        self.send(("\r\n".join(fields) + "\r\n\r\n").encode() + body)

    def wait(self, wanted: str | int, seconds: float = PATIENCE) -> Message:
        """The next message that is a request of that method, or a response of that status; others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                message = parse(self._socket.recv(65_535))
            except TimeoutError:
                seen = [each.status or each.method for each in self.seen]
                raise AssertionError(f"no {wanted}; there was {seen}") from None
            self.seen.append(message)
            if wanted in (message.status or message.method, "any"):
                return message

    def oblige(self, seconds: float = 0.1) -> list[str]:
        """Says yes to every request that comes within that time; their bodies."""
        bodies: list[str] = []
        while True:
            try:
                message = self.wait("any", seconds)
            except AssertionError:
                return bodies
            if message.status == 0 and message.method != "ACK":
                self.respond(message, "200 OK", body=SDP if message.method == "INVITE" else b"")
                bodies.append(message.body.decode())

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _has_type(lines: tuple[str, ...]) -> bool:
    return any(line.lower().startswith("content-type:") for line in lines)
