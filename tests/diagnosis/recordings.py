"""Recordings of transfers made on the spot: SIP messages as text, and RTP packets, in a capture file."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from struct import pack

from gateway.capture.links import RAW
from gateway.diagnosis.case import Case, Diagnosis, Finding
from gateway.diagnosis.examination import diagnose

START = 1_700_000_000.0
ALICE, BOB, CAROL = "192.0.2.1", "198.51.100.2", "203.0.113.3"
"""Transferor, transferee, target; addresses that count as public."""

Headers = Mapping[str, str | None]
"""Header fields to set, or with None to leave out."""


class Wire:
    """What is recorded, in order; `now` is the time of the next packet and goes on by 10 ms with each message."""

    def __init__(self) -> None:
        self.now = START
        self.frames = 0
        self._packets: list[tuple[float, bytes]] = []

    def send(self, source: str, destination: str, octets: bytes, dscp: int = 0, at: float | None = None) -> int:
        """A UDP datagram between "address" or "address:port"; the number of its frame."""
        if at is None:
            at, self.now = self.now, self.now + 0.01
        self._packets.append((at, _datagram(_socket(source), _socket(destination), octets, dscp)))
        self.frames += 1
        return self.frames

    def wait(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self.now += seconds

    def talk(
        self, source: str, destination: str, start: float, seconds: float, *, ssrc: int = 1, dscp: int = 46,
        lose: tuple[int, ...] = (), shake: float = 0.0, sequence: int = 100,
    ) -> None:  # fmt: skip
        """G.711 in packets of 20 ms; `lose` has indexes that never come, each second packet is `shake` late."""
        for index in range(round(seconds / 0.02)):
            if index not in lose:
                header = pack(">BBHII", 0x80, 8, (sequence + index) & 0xFFFF, index * 160, ssrc)
                late = shake if index % 2 else 0.0
                self.send(source, destination, header + bytes(160), dscp, start + index * 0.02 + late)

    def write(self, path: Path) -> Path:
        """The capture file, by time of the packets."""
        records = b""
        # Frames are numbered in order of time: media that were added later must not renumber messages.
        for time, packet in sorted(self._packets, key=lambda each: each[0]):
            seconds, rest = divmod(round(time * 1_000_000), 1_000_000)
            records += pack("<IIII", seconds, rest, len(packet), len(packet)) + packet
        path.write_bytes(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, RAW) + records)
        return path

    def diagnosis(self, folder: Path) -> Diagnosis:
        """What is found in it."""
        return diagnose(self.write(folder / "recording.pcap"))

    def case(self, folder: Path) -> Case:
        """The one transfer in it."""
        (case,) = self.diagnosis(folder).cases
        return case


def _socket(text: str) -> tuple[str, int]:
    address, _, port = text.partition(":")
    return address, int(port or 5060)


def _datagram(source: tuple[str, int], destination: tuple[str, int], octets: bytes, dscp: int) -> bytes:
    addresses = ip_address(source[0]).packed + ip_address(destination[0]).packed
    ip = pack(">BBHHHBBH", 0x45, dscp << 2, 28 + len(octets), 0, 0x4000, 64, 17, 0) + addresses
    return ip + pack(">HHHH", source[1], destination[1], 8 + len(octets), 0) + octets


def sdp(address: str, port: int, formats: str = "8 0", protocol: str = "RTP/AVP", more: str = "") -> str:
    """A session description with one audio stream."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} {protocol} {formats}\r\n{more}"
    )


class Dialog:
    """A call between two hosts: writes its messages, with the header fields that they have to have."""

    def __init__(
        self, wire: Wire, caller: str, callee: str, name: str, *, users: tuple[str, str] = ("a", "b")
    ) -> None:
        self.wire = wire
        self.hosts = (caller, callee)
        self.call_id = f"{name}@example.net"
        self.tags = (f"{name}-caller", f"{name}-callee")
        self.users = users
        self._cseq = [0, 0]

    def request(
        self, method: str, by: int = 0, headers: Headers | None = None, body: str = "", *,
        in_dialog: bool = True, cseq: int | None = None, uri: str = "", tags: tuple[str, str] | None = None,
    ) -> int:  # fmt: skip
        """`by` is 0 for the caller and 1 for the callee. Gives the frame."""
        if cseq is None:
            self._cseq[by] += 1
            cseq = self._cseq[by]
        near, far = (tags or self.tags)[by], (tags or self.tags)[1 - by]
        host, other = self.hosts[by], self.hosts[1 - by]
        fields = {
            "Via": f"SIP/2.0/UDP {host}:5060;branch=z9hG4bK{self.call_id[:6]}{by}{cseq}{method}",
            "Max-Forwards": "70",
            "From": f"<sip:{self.users[by]}@{host}>;tag={near}",
            "To": f"<sip:{self.users[1 - by]}@{other}>" + (f";tag={far}" if in_dialog else ""),
            "Call-ID": self.call_id,
            "CSeq": f"{cseq} {method}",
            "Contact": f"<sip:{self.users[by]}@{host}>",
        }
        uri = uri or f"sip:{self.users[1 - by]}@{other}"
        octets = written(f"{method} {uri} SIP/2.0", fields, headers, body)
        return self.wire.send(host, other, octets)

    def answer(
        self, status: str, method: str, by: int = 1, headers: Headers | None = None, body: str = "", *,
        cseq: int | None = None, tags: tuple[str, str] | None = None,
    ) -> int:  # fmt: skip
        """`by` is who answers; the newest request of the other one is meant unless `cseq` says which."""
        asked = 1 - by
        cseq = self._cseq[asked] if cseq is None else cseq
        host, other = self.hosts[by], self.hosts[asked]
        near, far = (tags or self.tags)[asked], (tags or self.tags)[by]
        fields = {
            "Via": f"SIP/2.0/UDP {other}:5060;branch=z9hG4bK{self.call_id[:6]}{asked}{cseq}{method}",
            "From": f"<sip:{self.users[asked]}@{other}>;tag={near}",
            "To": f"<sip:{self.users[by]}@{host}>;tag={far}",
            "Call-ID": self.call_id,
            "CSeq": f"{cseq} {method}",
            "Contact": f"<sip:{self.users[by]}@{host}>",
        }
        return self.wire.send(host, other, written(f"SIP/2.0 {status}", fields, headers, body))

    def set_up(
        self, offer: str = "", answer: str = "", *, invite: Headers | None = None, ok: Headers | None = None
    ) -> int:
        """INVITE, 200, ACK; the frame of the INVITE."""
        frame = self.request("INVITE", 0, invite, offer, in_dialog=False)
        self.answer("200 OK", "INVITE", 1, ok, answer)
        self.request("ACK", 0, {"Contact": None}, cseq=self._cseq[0])
        return frame

    def refer(self, target: str, by: int = 0, headers: Headers | None = None) -> int:
        """A REFER to the URI `target`, with Referred-By."""
        fields = {"Refer-To": f"<{target}>", "Referred-By": f"<sip:{self.users[by]}@{self.hosts[by]}>"}
        return self.request("REFER", by, {**fields, **(headers or {})})

    def notify(
        self, fragment: str, by: int = 1, state: str = "", headers: Headers | None = None, answer: str = "200 OK"
    ) -> int:
        """A NOTIFY with the status line `fragment`, and its answer ("" for none)."""
        final = fragment[:1] not in "1"
        state = state or ("terminated;reason=noresource" if final else "active;expires=60")
        fields = {"Event": "refer", "Subscription-State": state, "Content-Type": "message/sipfrag;version=2.0"}
        frame = self.request("NOTIFY", by, {**fields, **(headers or {})}, f"SIP/2.0 {fragment}\r\n")
        if answer:
            self.answer(answer, "NOTIFY", 1 - by)
        return frame

    def clear(self, by: int = 0) -> int:
        """BYE and 200; the frame of the BYE."""
        frame = self.request("BYE", by)
        self.answer("200 OK", "BYE", 1 - by)
        return frame


def written(start: str, fields: Headers, more: Headers | None, body: str) -> bytes:
    """The octets of a message; a body is a session description unless Content-Type says otherwise."""
    everything = {**fields, **(more or {})}
    if body and "Content-Type" not in everything:
        everything["Content-Type"] = "application/sdp"
    everything.setdefault("Content-Length", str(len(body.encode())))
    lines = [start, *(f"{name}: {value}" for name, value in everything.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def named(case: Case, rule: str) -> Finding:
    """The one finding of that rule."""
    (finding,) = (each for each in case.findings if each.rule == rule)
    return finding


def rules_of(case: Case) -> list[str]:
    """The rules that found something, in order."""
    return [finding.rule for finding in case.findings]
