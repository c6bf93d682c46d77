"""In Teams' place: a SIP proxy over mutual TLS that writes its header fields as Microsoft does, and is scripted."""

import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import Self

from gateway.sip.message import Message, parse
from tests.peers.authority import Certificate
from tests.peers.process import PATIENCE

CONTACT = (
    "<sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-i=0d0b1f5c-1111-4c1e-8d3b-5a5a5a5a5a5a;"
    "x-c=7f3a0c5e9b1d4f2a8c6e0d1b2a3f4c5d/s/1/9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b>"
)
ALLOW = "INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY"
SDP = b"""v=0
o=- 195876 0 IN IP4 127.0.0.5
s=session
c=IN IP4 127.0.0.5
t=0 0
m=audio 50036 RTP/SAVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31
a=sendrecv
""".replace(b"\n", b"\r\n")


class Connection:
    """One TLS connection; what comes by it lands in the proxy's inbox.

    OpenSSL does not let two threads use one connection at a time.
    """

    def __init__(self, proxy: "TeamsProxy", stream: ssl.SSLSocket) -> None:
        self._proxy = proxy
        self._stream = stream
        self._stream.setblocking(False)
        self._turn = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, octets: bytes) -> None:
        """Octets as they are: few enough for the system to take them at once."""
        with self._turn:
            assert self._stream.send(octets) == len(octets)

    def close(self) -> None:
        """No more of it."""
        with self._turn:
            self._stream.close()

    def _read(self) -> None:
        waiting = b""
        with suppress(OSError, ValueError):
            while octets := self._next():
                waiting += octets
                while (end := _end_of_first(waiting)) is not None:
                    self._proxy.hear(self, parse(waiting[:end]))
                    waiting = waiting[end:].lstrip(b"\r\n")

    def _next(self) -> bytes:
        """What has come; b"" at the end."""
        while True:
            select.select([self._stream], [], [], 0.2)
            with suppress(ssl.SSLWantReadError), self._turn:
                return self._stream.recv(65_536)


class TeamsProxy:
    """Listens at `place` on a loopback address; a context manager. OPTIONS are answered, all else is scripted.

    `server` is where the gateway listens, and has to be set before the first `connect`.
    """

    def __init__(self, host: str, certificate: Certificate, name: str) -> None:
        self._certificate = certificate
        self.server = ("", 0)
        self._name = name
        self._authority = certificate.certificate.with_name("authority.pem")
        self._listener = socket.create_server((host, 0))
        self._arrived = threading.Condition()
        self._connections: list[Connection] = []
        self._inbox: list[tuple[Connection, Message]] = []
        self._numbers = count(1)
        self.place: tuple[str, int] = self._listener.getsockname()
        self.options: list[Message] = []

    def connect(self, host: str = "") -> Connection:
        """A connection to the gateway; its certificate has to be for its name."""
        context = ssl.create_default_context(cafile=str(self._authority))
        context.load_cert_chain(self._certificate.both)
        plain = socket.create_connection(self.server, source_address=(host or self.place[0], 0))
        return self._take(context.wrap_socket(plain, server_hostname=self._name))

    def hear(self, connection: Connection, message: Message) -> None:
        """One message has come."""
        if _name(message) == "OPTIONS":
            self.options.append(message)
            self.reply(connection, message, "200 OK", "SERVER: Microsoft.PSTNHub.SIPProxy")
            return
        with self._arrived:
            self._inbox.append((connection, message))
            self._arrived.notify_all()

    def expect(self, name: str, call_id: str = "", seconds: float = PATIENCE) -> tuple[Connection, Message]:
        """The first request of that method, or response such as "200 INVITE"; waits for it."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                for entry in self._inbox:
                    if _name(entry[1]) == name and call_id in ("", entry[1].call_id):
                        self._inbox.remove(entry)
                        return entry
                left = deadline - time.monotonic()
                assert left > 0, f"no {name}, but {[_name(message) for _, message in self._inbox]}"
                self._arrived.wait(left)

    def expect_none(self, name: str, seconds: float) -> None:
        """It does not come."""
        time.sleep(seconds)
        with self._arrived:
            assert not [message for _, message in self._inbox if _name(message) == name], name

    def request(self, connection: Connection, method: str, uri: str, *lines: str, body: bytes = b"") -> None:
        """A request; `lines` are its header fields but those that all have."""
        via = f"VIA: SIP/2.0/TLS {self.place[0]}:{self.place[1]};branch=z9hG4bKt{next(self._numbers)};alias"
        agent = ("USER-AGENT: Microsoft.PSTNHub.SIPProxy v.2024.2.6.5 i.EUWE.5", f"ALLOW: {ALLOW}")
        more = (f"CONTACT: {CONTACT}", "MAX-FORWARDS: 68", *agent)
        connection.send(_octets(f"{method} {uri} SIP/2.0", via, *lines, *more, body=body))

    def reply(self, connection: Connection, request: Message, status: str, *lines: str, body: bytes = b"") -> None:
        """A response on the connection that the request came by."""
        copied = [f"{name.upper()}: {value}" for name in ("via", "from") for value in request.headers.all(name)]
        tag = "" if request.to_tag else f";tag=t{request.call_id[:8]}"
        copied.append(f"TO: {request.headers.get('to')}{tag}")
        copied += [f"{name.upper()}: {request.headers.get(name)}" for name in ("call-id", "cseq")]
        own = (f"CONTACT: {CONTACT}", f"ALLOW: {ALLOW}")
        connection.send(_octets(f"SIP/2.0 {status}", *copied, *own, *lines, body=body))

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _take(self, stream: ssl.SSLSocket) -> Connection:
        connection = Connection(self, stream)
        self._connections.append(connection)
        return connection

    def _accept(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self._authority))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self._certificate.both)
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError):
                self._take(context.wrap_socket(plain, server_side=True))


class TeamsCall:
    """One dialog of Teams with the gateway, either as caller or (`asked`) as the one who was called."""

    def __init__(self, proxy: TeamsProxy, connection: Connection, asked: Message | None = None) -> None:
        self.proxy = proxy
        self.connection = connection
        self.asked = asked
        self._cseq = 0
        if asked is None:
            self.call_id = f"c{id(self)}"
            self.own = "<sip:+15550100001@sip.pstnhub.microsoft.com:5061;user=phone>;tag=4711"
            self.theirs = self.target = "sip:+15550100002@sbc.example.net:5061;user=phone;transport=tls"
            self.theirs = f"<{self.theirs}>"
        else:
            self.call_id = asked.call_id
            self.own = f"{asked.headers.get('to')};tag=t{asked.call_id[:8]}"
            self.theirs = asked.headers.get("from") or ""
            self.target = _uri(asked)

    def request(self, method: str, *lines: str, body: bytes = b"", by: Connection | None = None) -> None:
        """A request of this call; `by` is another connection."""
        if method != "ACK":
            self._cseq += 1
        kind = ("CONTENT-TYPE: application/sdp",) if body else ()
        self.proxy.request(
            by or self.connection,
            method,
            self.target,
            f"FROM: {self.own}",
            f"TO: {self.theirs}",
            f"CALL-ID: {self.call_id}",
            f"CSEQ: {self._cseq} {method}",
            *kind,
            *lines,
            body=body,
        )

    def invite(self) -> Message:
        """Calls; the 200."""
        self.request("INVITE", body=SDP)
        _, answer = self.proxy.expect("200 INVITE", self.call_id)
        self.theirs = answer.headers.get("to") or ""
        self.target = _uri(answer)
        self.request("ACK")
        return answer

    def answer(self, status: str, *lines: str) -> None:
        """A response to the INVITE of the gateway; 200 with a session description, and its ACK."""
        assert self.asked is not None
        if status[:1] == "2":
            lines = ("CONTENT-TYPE: application/sdp", *lines)
        self.proxy.reply(self.connection, self.asked, status, *lines, body=SDP if status[:1] == "2" else b"")
        if status[:1] == "2":
            self.proxy.expect("ACK", self.call_id)

    def notified(self, status: int) -> Message:
        """A NOTIFY with that status comes; others before it too."""
        while True:
            connection, notify = self.proxy.expect("NOTIFY", self.call_id)
            self.proxy.reply(connection, notify, "200 OK")
            if notify.body.startswith(b"SIP/2.0 %d " % status):
                return notify

    def hang_up(self) -> None:
        """BYE and its 200."""
        self.request("BYE")
        self.proxy.expect("200 BYE", self.call_id)

    def hung_up(self) -> None:
        """A BYE comes."""
        connection, bye = self.proxy.expect("BYE", self.call_id)
        self.proxy.reply(connection, bye, "200 OK")

    def offered(self) -> Message:
        """A re-INVITE comes and is answered."""
        connection, invite = self.proxy.expect("INVITE", self.call_id)
        self.proxy.reply(connection, invite, "200 OK", "CONTENT-TYPE: application/sdp", body=SDP)
        self.proxy.expect("ACK", self.call_id)
        return invite


def _octets(start: str, *lines: str, body: bytes) -> bytes:
    return "\r\n".join((start, *lines, f"CONTENT-LENGTH: {len(body)}", "", "")).encode() + body


def _end_of_first(octets: bytes) -> int | None:
    """Where the first message ends, if it is all there."""
    head = octets.find(b"\r\n\r\n")
    if head < 0:
        return None
    lines = octets[:head].lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith((b"content-length", b"l:")))
    end = head + 4 + length
    return end if len(octets) >= end else None


def _name(message: Message) -> str:
    return f"{message.status} {message.cseq_method}" if message.status else message.method


def _uri(message: Message) -> str:
    return (message.headers.get("contact") or "").partition("<")[2].partition(">")[0]
