"""The whole gateway on a virtual clock, with parties around it that send and read raw SIP.

A party is no SIP stack: it repeats nothing, answers nothing by itself and says exactly what a test makes it say.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from gateway.configuration import Configuration, configuration
from gateway.ends.h323_network import H323Network
from gateway.engine.gateway import Gateway
from gateway.model.call import TransferRecord
from gateway.sip.address import Address
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message, parse
from gateway.sip.uri import Uri

HOST, PORT = "192.0.2.1", 5060
ADDRESSES = {"carrier": "192.0.2.10", "pbx": "192.0.2.20", "teams": "192.0.2.30", "stranger": "192.0.2.66"}
CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "*", to: carrier}}
"""


def sdp(port: int = 4000, direction: str = "sendrecv", host: str = "192.0.2.99", codecs: str = "8 0") -> bytes:
    """A session description with one audio stream."""
    return (
        f"v=0\r\no=- {port} 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {codecs}\r\na={direction}\r\n"
    ).encode()


class World:
    """A gateway and its parties. `records` and `told` hold what it told; `now` is the virtual time."""

    def __init__(
        self, folder: Path, text: str = CONFIGURATION, *, snapshots: list[dict[str, Any]] | None = None
    ) -> None:
        path = folder / "gateway.yaml"
        path.write_text(text)
        self.now = 1000.0
        self.records: list[TransferRecord] = []
        self.told: list[tuple[str, dict[str, object]]] = []
        self.parties: dict[tuple[str, int], Party] = {}
        self._tokens = (f"w0{number:014x}" for number in count(1))
        self.configuration: Configuration = configuration(path)
        self.gateway = Gateway(
            self.configuration,
            token=lambda: next(self._tokens),
            wall=lambda: 1.7e9 + self.now,
            send=self._deliver,
            locate=self._locate,
            listeners=((Transport.UDP, HOST, PORT), (Transport.TCP, HOST, PORT)),
            observer=self,
            record=self.records.append,
            send_frame=self.frame_sent,
            network=self.h323_network(),
        )

    def h323_network(self) -> H323Network | None:
        """The network of H.323 trunks, of which there are none here."""
        return None

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        """A frame for a D channel, of which there is none here."""

    def log(self, event: str, **fields: object) -> None:
        """One line of the log. A fault of ours fails the test where it stands."""
        assert event != "fault", fields
        self.told.append((event, fields))

    def party(self, name: str, port: int = 5060) -> "Party":
        """Somebody at the address of that trunk's peer."""
        return self.parties.setdefault((ADDRESSES[name], port), Party(self, name, ADDRESSES[name], port))

    def hear(self, octets: bytes, flow: Flow) -> None:
        """Octets reach the gateway."""
        self.gateway.receive(octets, flow, self.now)

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Lets time go by, up to `seconds`; True as soon as `until` holds."""
        end = self.now + seconds
        while not until():
            due = self.gateway.next_due()
            if due is None or due > end:
                self.now = end
                self.gateway.advance(self.now)
                return until()
            self.now = max(self.now, due)
            self.gateway.advance(self.now)
        return True

    def _locate(self, uri: str, done: Callable[[tuple[Flow, ...], float], None]) -> None:
        """Every host here is an address."""
        parsed = Uri.parse(uri)
        transport = Transport(parsed.parameters.get("transport") or "udp")
        done((Flow(transport, parsed.host, parsed.port or 5060),), self.now)

    def _deliver(self, flow: Flow, octets: bytes) -> None:
        party = self.parties.get((flow.host, flow.port))
        if party is not None:
            party.inbox.append(parse(octets))


class Party:
    """Somebody who calls and is called. `inbox` holds what has come and was not expected yet."""

    def __init__(self, world: World, name: str, host: str, port: int) -> None:
        self.world = world
        self.name = name
        self.host = host
        self.port = port
        self.transport = Transport.UDP
        self.connection = 0
        self.inbox: list[Message] = []
        self._numbers = count(1)

    @property
    def address(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"

    @property
    def flow(self) -> Flow:
        """How its octets reach the gateway."""
        return Flow(self.transport, self.host, self.port, self.connection)

    def send(self, text: str, body: bytes = b"") -> Message:
        """A message: start line and header lines, without Content-Length."""
        lines = "\r\n".join(line.strip() for line in text.strip().splitlines())
        octets = f"{lines}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self.world.hear(octets, self.flow)
        return parse(octets)

    def has(self, name: str, call_id: str = "") -> Message | None:
        """The first message of that method, or response of that status ("200" or "200 INVITE"), that has come."""
        for message in self.inbox:
            if call_id in ("", message.call_id) and name in _names(message):
                return message
        return None

    def expect(self, name: str, call_id: str = "", seconds: float = 40) -> Message:
        """Takes that message from the inbox, letting time go by until it comes."""
        assert self.world.wait(seconds, lambda: self.has(name, call_id) is not None), (
            f"{self.name} waited for {name}, has {[_names(message)[-1] for message in self.inbox]}"
        )
        message = self.has(name, call_id)
        assert message is not None
        self.inbox.remove(message)
        return message

    def has_answer(self, call_id: str, cseq: int) -> bool:
        """Whether a final response to that request has come."""
        return any(m.call_id == call_id and m.cseq == cseq and m.status >= 200 for m in self.inbox)

    def expect_none(self, name: str, seconds: float) -> None:
        """That message does not come."""
        assert not self.world.wait(seconds, lambda: self.has(name) is not None), f"{self.name} got {name}"

    def reply(self, request: Message, status: int, *lines: str, body: bytes = b"", tag: str = "") -> Message:
        """A response to a request. An answer to an INVITE gets the tag `tag` and a Contact."""
        copied = [f"Via: {value}" for value in request.headers.all("via")]
        copied += [f"Record-Route: {value}" for value in request.headers.all("record-route")]
        own = "" if request.to_tag or status == 100 else f";tag={tag or self.tag_of(request)}"
        copied += [f"From: {request.headers.get('from')}", f"To: {request.headers.get('to')}{own}"]
        copied += [f"Call-ID: {request.call_id}", f"CSeq: {request.cseq} {request.method}"]
        if not any(line.lower().startswith("contact") for line in lines):
            copied.append(f"Contact: <sip:{self.name}@{self.address}>")
        if body:
            copied.append("Content-Type: application/sdp")
        return self.send("\n".join((f"SIP/2.0 {status} x", *copied, *lines)), body)

    def tag_of(self, request: Message) -> str:
        """The tag that this party gives in answer to a request."""
        return f"{self.name}-{request.call_id[:24]}"

    def invite(self, user: str, *lines: str, body: bytes | None = None, call_id: str = "", tag: str = "") -> "Line":
        """Sends an INVITE to `user` at the gateway."""
        number = next(self._numbers)
        line = Line(self, call_id or f"{self.name}{number}@{self.host}", tag or f"{self.name}-from{number}", "")
        line.remote_uri = line.target = f"sip:{user}@{HOST}:{PORT}"
        line.invitation = line.request("INVITE", *lines, body=sdp() if body is None else body)
        return line

    def call(self, user: str, callee: "Party", *lines: str) -> tuple["Line", "Line"]:
        """A whole call through the gateway that `callee` answers: both ends of it."""
        ours = self.invite(user, *lines)
        theirs = callee.ring()
        theirs.answer()
        ours.established()
        return ours, theirs

    def ring(self, user: str = "") -> "Line":
        """Awaits an INVITE (to that user, when one is named) and rings."""
        invite = self.expect("INVITE")
        assert user in ("", Uri.parse(invite.request_uri).user), invite.request_uri
        line = Line.called(self, invite)
        line.reply(180)
        return line


class Line:
    """A party's end of one dialog."""

    def __init__(self, party: Party, call_id: str, local_tag: str, remote_tag: str) -> None:
        self.party = party
        self.call_id = call_id
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.local_uri = f"sip:{party.name}@{party.address}"
        self.remote_uri = ""
        self.target = ""
        self.routes: tuple[str, ...] = ()
        self.cseq = 0
        self.invitation: Message | None = None
        self.session = sdp(5000, host=party.host)

    @classmethod
    def called(cls, party: Party, invite: Message) -> "Line":
        """The end of whoever got this INVITE."""
        line = cls(party, invite.call_id, party.tag_of(invite), invite.from_tag)
        line.local_uri = Address.parse(invite.headers.get("to") or "").uri
        line.remote_uri = Address.parse(invite.headers.get("from") or "").uri
        line.target = Address.parse(invite.headers.all("contact")[0]).uri
        line.routes = invite.headers.all("record-route")
        line.invitation = invite
        return line

    def request(self, method: str, *lines: str, body: bytes = b"", cseq: int = 0) -> Message:
        """The next request within the dialog; ACK and CANCEL give the number of their INVITE."""
        self.cseq += 0 if cseq else 1
        branch = f"z9hG4bK-{self.local_tag}-{cseq or self.cseq}-{'INVITE' if method == 'CANCEL' else method}"
        to_tag = f";tag={self.remote_tag}" if self.remote_tag and method != "CANCEL" else ""
        fields = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/{self.party.transport.upper()} {self.party.address};branch={branch}",
            "Max-Forwards: 70",
            *(f"Route: {route}" for route in self.routes),
            f"From: <{self.local_uri}>;tag={self.local_tag}",
            f"To: <{self.remote_uri}>{to_tag}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq or self.cseq} {method}",
            *([] if any(line.lower().startswith("contact") for line in lines) else [self.contact]),
            *(["Content-Type: application/sdp"] if body and not _says_type(lines) else []),
        ]
        return self.party.send("\n".join((*fields, *(line for line in lines if line != "Contact:"))), body)

    @property
    def contact(self) -> str:
        """Its Contact line."""
        return f"Contact: <sip:{self.party.name}@{self.party.address}>"

    def expect(self, name: str, seconds: float = 40) -> Message:
        """See Party.expect, within this dialog."""
        return self.party.expect(name, self.call_id, seconds)

    def reply(self, status: int, *lines: str, body: bytes = b"", request: Message | None = None) -> Message:
        """Answers a request; the INVITE that opened the dialog when none is named."""
        asked = request or self.invitation
        assert asked is not None
        return self.party.reply(asked, status, *lines, body=body, tag=self.local_tag)

    def answer(self, body: bytes | None = None) -> Message:
        """200 with a session description, which is the party's own from now on, and the ACK awaited."""
        self.session = self.session if body is None else body
        self.reply(200, body=self.session)
        return self.expect("ACK")

    def established(self) -> Message:
        """Awaits the 200 and sends the ACK."""
        answer = self.expect("200 INVITE")
        self.remote_tag = answer.to_tag
        self.target = Address.parse(answer.headers.all("contact")[0]).uri
        self.routes = tuple(reversed(answer.headers.all("record-route")))
        self.request("ACK", cseq=answer.cseq)
        return answer

    def refer(self, target: str, *lines: str) -> Message:
        """A REFER; `target` is the value of Refer-To."""
        return self.request("REFER", f"Refer-To: {target}", *lines)

    def notified(self, status: int | None = None, *, answer: int = 200) -> Message:
        """The next NOTIFY, answered; `status` is what its body must begin with."""
        notify = self.expect("NOTIFY")
        self.reply(answer, request=notify)
        if status is not None:
            assert notify.body.startswith(f"SIP/2.0 {status} ".encode()), notify.body
        return notify

    def outcome(self, *, seconds: float = 40) -> tuple[int, Message]:
        """Answers NOTIFYs until the final one: its status, and the NOTIFY."""
        while True:
            notify = self.expect("NOTIFY", seconds)
            self.reply(200, request=notify)
            if (notify.headers.get("subscription-state") or "").startswith("terminated"):
                return int(notify.body.split()[1]) if notify.body else 0, notify

    def reinvited(self, body: bytes | None = None) -> Message:
        """Awaits a re-INVITE and accepts it; `body` becomes the party's session description."""
        self.session = self.session if body is None else body
        invite = self.expect("INVITE")
        self.reply(200, body=self.session, request=invite)
        self.expect("ACK")
        return invite

    def reinvite(self, body: bytes) -> Message:
        """Offers other media; the final answer, acknowledged."""
        sent = self.request("INVITE", body=body)
        while True:
            answer = next(
                (
                    m
                    for m in self.party.inbox
                    if m.call_id == self.call_id and m.cseq == sent.cseq and m.status >= 200
                ),
                None,
            )
            if answer is not None:
                self.party.inbox.remove(answer)
                self.request("ACK", cseq=sent.cseq)
                return answer
            assert self.party.world.wait(40, lambda: self.party.has_answer(self.call_id, sent.cseq))

    def hang_up(self, *lines: str) -> Message:
        """BYE, and its answer."""
        self.request("BYE", *lines)
        return self.expect("200 BYE")

    def hung_up(self, seconds: float = 40) -> Message:
        """Awaits a BYE and answers it."""
        bye = self.expect("BYE", seconds)
        self.reply(200, request=bye)
        return bye


def _names(message: Message) -> tuple[str, ...]:
    if message.is_request:
        return (message.method,)
    return str(message.status), f"{message.status} {message.cseq_method}"


def _says_type(lines: tuple[str, ...]) -> bool:
    return any(line.lower().startswith("content-type") for line in lines)
