"""What SIPp says as a caller and as a callee, one player each; requests within a call go to the other's Contact."""

from dataclasses import dataclass

from tests.peers.sipp import Step, expect, label, receive, send

SDP = """v=0
o=- {version} {version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio {port} RTP/AVP 8 0
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a={direction}
"""
WITH_SDP = "Content-Type: application/sdp"
COPIED = ("[last_Via:]", "[last_Record-Route:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]")
TRYING = {"Event": "refer", "Subscription-State": "active;expires=", "": "SIP/2.0 100 "}


def sdp(port: int = 4000, direction: str = "sendrecv", version: int = 1) -> str:
    """A session description."""
    return SDP.format(port=port, direction=direction, version=version)


def over(status: int) -> dict[str, str]:
    """What the final NOTIFY says."""
    return {"Event": "refer", "Subscription-State": "terminated;reason=noresource", "": f"SIP/2.0 {status} "}


_MOST_NOTIFYS = 6


@dataclass(frozen=True, slots=True)
class Player:
    """One end of a call with the gateway. `secure` is the port of its TLS where a tunnel has that for it."""

    name: str
    tag: str = "here1"
    secure: int = 0

    @property
    def own_end(self) -> str:
        """Itself in From of its requests within the call."""
        raise NotImplementedError

    @property
    def contact(self) -> str:
        """Its Contact."""
        port = f"{self.secure};transport=tls" if self.secure else "[local_port];transport=[transport]"
        return f"Contact: <sip:{self.name}@[local_ip]:{port}>"

    @property
    def via(self) -> str:
        """Its Via."""
        by = f"TLS [local_ip]:{self.secure}" if self.secure else "[transport] [local_ip]:[local_port]"
        return f"Via: SIP/2.0/{by};branch=[branch];rport"

    def first(self, method: str, called: str, *headers: str, body: str = "", cseq: int = 1) -> str:
        """A request outside of a dialog."""
        uri = f"sip:{called}@[remote_ip]:[remote_port]"
        ends = (f"From: <sip:{self.name}@[local_ip]>;tag={self.tag}", f"To: <{uri}>")
        return self._request(method, uri, ends, cseq, headers, body)

    def request(self, method: str, cseq: int, *headers: str, body: str = "") -> str:
        """A request within the call."""
        ends = (f"From: {self.own_end}", "To:[$them]")
        return self._request(method, "[next_url]", ends, cseq, ("[routes]", *headers), body)

    def reply(self, status: str, *headers: str, body: str = "") -> str:
        """A response to the request that came last."""
        return message(f"SIP/2.0 {status}", *COPIED, self.contact, *headers, body=body)

    def opening(self, status: str, *headers: str, body: str = "") -> str:
        """A response to the INVITE, with its tag in To."""
        return self.reply(status, *headers, body=body).replace("[last_To:]", f"[last_To:];tag={self.tag}")

    def _request(
        self, method: str, uri: str, ends: tuple[str, str], cseq: int, headers: tuple[str, ...], body: str
    ) -> str:
        frame = (self.via, "Max-Forwards: 70", *ends, "Call-ID: [call_id]", f"CSeq: {cseq} {method}", self.contact)
        return message(f"{method} {uri} SIP/2.0", *frame, *headers, body=body)

    # --- steps ---

    def hangs_up(self, cseq: int) -> list[Step]:
        """BYE and its 200."""
        return [send(self.request("BYE", cseq)), expect(200)]

    def hung_up(self, having: dict[str, str] | None = None) -> list[Step]:
        """A BYE comes."""
        return [receive("BYE", having=having), send(self.reply("200 OK"))]

    def offered(self, *, port: int = 4000, having: dict[str, str] | None = None, version: int = 2) -> list[Step]:
        """A re-INVITE comes and is answered."""
        answer = send(self.reply("200 OK", WITH_SDP, body=sdp(port, version=version)))
        return [receive("INVITE", having=having), answer, receive("ACK")]

    def offers(self, cseq: int, body: str) -> list[Step]:
        """A re-INVITE that is answered."""
        return [
            send(self.request("INVITE", cseq, WITH_SDP, body=body)),
            expect(100, optional=True),
            expect(200),
            send(self.request("ACK", cseq)),
        ]

    def refers(self, cseq: int, target: str, *headers: str, status: int = 202) -> list[Step]:
        """A REFER and its answer."""
        return [send(self.request("REFER", cseq, f"Refer-To: {target}", *headers)), expect(status)]

    def hears(self, status: int) -> list[Step]:
        """NOTIFYs come, until one has that status."""
        found = f'<ereg regexp="SIP/2.0 {status} " search_in="msg" assign_to="final"/>'
        notify = receive("NOTIFY", having={"Event": "refer"}).replace("</action>", f"{found}</action>")
        # Written out, for a SIPp that is at a step without a message takes one that comes just then as unexpected.
        answer = send(self.reply("200 OK")).replace("<send", '<send next="heard" test="final"', 1)
        return [*([notify, answer] * _MOST_NOTIFYS), label("heard")]

    def notified(self, having: dict[str, str]) -> list[Step]:
        """A NOTIFY comes."""
        return [receive("NOTIFY", having=having), send(self.reply("200 OK"))]


class Caller(Player):
    """It places the call."""

    @property
    def own_end(self) -> str:
        """Its From."""
        return f"<sip:{self.name}@[local_ip]>;tag={self.tag}"

    def calls(self, called: str, *headers: str, body: str | None = None) -> list[Step]:
        """Places a call that is answered."""
        body = sdp() if body is None else body
        kind = (WITH_SDP,) if body else ()
        return [
            send(self.first("INVITE", called, *kind, *headers, body=body)),
            expect(100, optional=True),
            expect(180, optional=True),
            expect(183, optional=True),
            self.answered(),
            send(self.request("ACK", 1)),
        ]

    def answered(self) -> Step:
        """200 to its INVITE; from here on it knows the names of the dialog."""
        return expect(200, keep={"To": "them"}, having={"Contact": "sip:"})


class Callee(Player):
    """It is called."""

    @property
    def own_end(self) -> str:
        """Its To, with its tag."""
        return f"[$us];tag={self.tag}"

    def called(
        self, *headers: str, body: str | None = None, having: dict[str, str] | None = None, ringing: bool = True
    ) -> list[Step]:
        """Rings, and answers."""
        return [
            self.rung(having),
            *([send(self.opening("180 Ringing"))] if ringing else []),
            send(self.opening("200 OK", WITH_SDP, *headers, body=sdp() if body is None else body)),
            receive("ACK"),
        ]

    def rung(self, having: dict[str, str] | None = None) -> Step:
        """An INVITE comes."""
        return receive("INVITE", having=having, keep={"From": "them", "To": "us", "Via": "via", "CSeq": "number"})

    def settles(self, status: str, *headers: str, body: str = "") -> str:
        """A response to the INVITE when something else has come in between."""
        copied = ("Via:[$via]", "From:[$them]", f"To:{self.own_end}", "Call-ID: [call_id]", "CSeq:[$number]")
        return message(f"SIP/2.0 {status}", *copied, self.contact, *headers, body=body)


def message(start: str, *headers: str, body: str = "") -> str:
    """A message for SIPp."""
    return "\n".join((start, *headers, "Content-Length: [len]" if body else "Content-Length: 0", "", body))


def refused(status: int, having: dict[str, str] | None = None, *, transaction: str = "") -> Step:
    """A final failure of an INVITE, kept for `ack`."""
    return expect(status, having=having, keep={"Via": "via", "To": "refuser"}, transaction=transaction)


def ack(invite: str) -> str:
    """ACK of a final failure: the Via of the INVITE and the To of the response (RFC 3261 §17.1.1.3)."""
    return _within(invite, "ACK", {"Via": "Via:[$via]", "To": "To:[$refuser]"})


def cancel(invite: str) -> str:
    """CANCEL, after a provisional response whose Via was kept as `via`."""
    return _within(invite, "CANCEL", {"Via": "Via:[$via]"})


def _within(invite: str, method: str, instead: dict[str, str]) -> str:
    """A request of the same transaction."""
    frame = ("Via", "Max-Forwards", "From", "To", "Call-ID")
    lines = [line for line in invite.splitlines() if line.partition(":")[0] in frame]
    cseq = next(line for line in invite.splitlines() if line.startswith("CSeq")).replace("INVITE", method)
    start = invite.splitlines()[0].replace("INVITE", method)
    return message(start, *(instead.get(line.partition(":")[0], line) for line in lines), cseq)
