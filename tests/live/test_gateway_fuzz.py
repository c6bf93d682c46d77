"""A call stays up while anything at all comes in at every listener, from a trunk's own address and from strangers."""

import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gateway.capture.signals import signals
from tests.peers.ports import free_ports
from tests.peers.refergate import ROOT, Refergate
from tests.runtime.phone import Phone
from tests.runtime.test_server import Line, settings
from tests.sip.torture_invalid import INVALID
from tests.sip.torture_semantics import SEMANTICS
from tests.sip.torture_valid import VALID

pytestmark = pytest.mark.live

GATEWAY, TRUNK, STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.9"
DATAGRAMS, STREAMS, WEBSOCKETS = 8000, 150, 60
WORDS = (
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b"\xff\xfe",
        b"\xc3\x28",
        b'"',
        b"<",
        b">",
        b"%",
        b"%00",
        b";",
        b",",
        b"=",
        b"@",
        b":",
    ),
    *(b"-1", b"0", b"4294967296", b"99999999999999999999", b"z9hG4bK", b"A" * 3000, b"tag=", b"Replaces", b"[::1]"),
    *(b"Content-Length: 99999\r\n", b"Content-Length: -5\r\n", b"l: 3\r\n", b"CSeq: 2147483648 INVITE\r\n"),
    *(
        b"Require: 100rel, tdialog, x\r\n",
        b"Refer-To: <sip:x?Replaces=%>\r\n",
        b"Via: SIP/2.0/UDP [::1]:0;branch=\r\n",
    ),
    *(
        b"Max-Forwards: 0\r\n",
        b"Route: <sip:127.0.0.1;lr>\r\n",
        b"Session-Expires: 0\r\n",
        b"Event: refer;id=;id=\r\n",
    ),
)


def seeds(server: Refergate, held: str) -> list[bytes]:
    """Torture messages, recorded transfers, and requests within a call that is up, by its own names."""
    recorded = (
        s.octets for path in sorted((ROOT / "pcaps").glob("sip_*.pcap")) for s in signals(path, lambda _: None)
    )
    torture = (octets for texts in (VALID, INVALID, SEMANTICS) for octets in map(_octets, texts.values()))
    methods = ("INVITE", "REFER", "UPDATE", "PRACK", "NOTIFY", "SUBSCRIBE", "INFO", "OPTIONS", "MESSAGE", "ACK")
    within = (_within(method, server.ports["udp"], held) for method in methods)
    return [*within, *recorded, *torture]


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


def _within(method: str, port: int, held: str) -> bytes:
    return (
        f"{method} sip:200@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {TRUNK}:9;branch=z9hG4bK1;rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:a@{TRUNK}>;tag=a1\r\nTo: {held}\r\nCall-ID: fuzzed\r\nCSeq: 9 {method}\r\n"
        f"Contact: <sip:a@{TRUNK}:9>\r\nRefer-To: <sip:300@127.0.0.1>\r\nEvent: refer\r\nRAck: 1 1 INVITE\r\n"
        "Subscription-State: active\r\nContent-Length: 0\r\n\r\n"
    ).encode()


class Mutator:
    """Changes messages; the same ones each time, by its seed."""

    def __init__(self, seed: int, corpus: list[bytes]) -> None:
        self._chance = random.Random(seed)
        self._corpus = corpus
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._flipped, self._inserted, self._cut, self._line_twice, self._line_gone, self._spliced, self._mixed,
        )  # fmt: skip

    def __iter__(self) -> Iterator[bytes]:
        while True:
            octets = self._chance.choice(self._corpus)
            for _ in range(self._chance.choice((0, 1, 1, 2, 3, 6))):
                octets = self._chance.choice(self._ways)(octets)
            yield octets[:60_000]

    def _at(self, octets: bytes) -> int:
        return self._chance.randint(0, len(octets))

    def _flipped(self, octets: bytes) -> bytes:
        place = self._at(octets)
        return octets[:place] + bytes([self._chance.randrange(256)]) + octets[place + 1 :]

    def _inserted(self, octets: bytes) -> bytes:
        place = self._at(octets)
        return octets[:place] + self._chance.choice(WORDS) + octets[place:]

    def _cut(self, octets: bytes) -> bytes:
        one, other = sorted((self._at(octets), self._at(octets)))
        return octets[:one] + octets[other:] if self._chance.random() < 0.7 else octets[:one]

    def _line_twice(self, octets: bytes) -> bytes:
        lines = octets.split(b"\r\n")
        place = self._chance.randrange(len(lines))
        return b"\r\n".join([*lines[:place], lines[place], *lines[place:]])

    def _line_gone(self, octets: bytes) -> bytes:
        lines = octets.split(b"\r\n")
        del lines[self._chance.randrange(len(lines))]
        return b"\r\n".join(lines)

    def _spliced(self, octets: bytes) -> bytes:
        other = self._chance.choice(self._corpus)
        return octets[: self._at(octets)] + other[self._at(other) :]

    def _mixed(self, octets: bytes) -> bytes:
        lines = octets.split(b"\r\n")
        self._chance.shuffle(lines)
        return b"\r\n".join(lines)


def over_udp(mutator: Iterator[bytes], phone: Phone) -> None:
    """Never more at a time than the system keeps for a socket."""
    with ExitStack() as stack:
        own, strange = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2))
        own.bind((TRUNK, 0))
        strange.bind((STRANGER, 0))
        for number in range(DATAGRAMS):
            (strange if number % 5 == 0 else own).sendto(next(mutator), phone.server)
            if number % 20 == 19:
                asked(phone, number)


def asked(phone: Phone, number: int) -> None:
    """The gateway answers OPTIONS: it has dealt with what came before."""
    uri = f"sip:{GATEWAY}:{phone.server[1]}"
    phone.request("OPTIONS", uri, call_id=f"asked{number}", tag="a9")
    assert phone.wait(200).call_id == f"asked{number}"


def over_stream(
    mutator: Iterator[bytes], port: int, count: int, opening: bytes = b"", *, framed: bool = False
) -> None:
    """Connections that end abruptly after a few messages; some are never read from."""
    for number in range(count):
        with suppress(OSError), socket.create_connection((GATEWAY, port), source_address=(TRUNK, 0)) as stream:
            stream.settimeout(5)
            stream.sendall(opening)
            if opening and number % 4:
                stream.recv(4096)
            for _ in range(8):
                octets = next(mutator)
                stream.sendall(_frame(octets, number) if framed and number % 3 else octets)


def _frame(octets: bytes, number: int) -> bytes:
    """A WebSocket frame, masked as a client's; now and then of a kind or length that it is not."""
    kind = (0x82, 0x81, 0x02, 0x89, 0x8F, 0xF2)[number % 6]
    length = struct.pack("!BQ", 0xFF, len(octets)) if number % 5 else struct.pack("!BH", 0xFE, len(octets) & 0xFFFF)
    return bytes([kind]) + length + bytes(4) + octets


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize("seed", [20, 21])
def test_a_call_stays_up_whatever_comes(tmp_path: Path, seed: int) -> None:
    one, other = free_ports(2)
    configured = settings(one, other)
    configured["trunks"][0]["peers"] = [f"udp:{TRUNK}:{one}"]
    with Refergate(tmp_path, configured, transports=("udp", "tcp", "ws")) as server:
        line = Line(server, Phone(one, server.port, TRUNK), Phone(other, server.port))
        with line.caller, line.callee:
            answer, _ = line.call("held")
            victim, _ = line.call("fuzzed")
            mutator = iter(Mutator(seed, seeds(server, str(victim.headers.get("to")))))
            over_udp(mutator, line.caller)
            over_stream(mutator, server.ports["tcp"], STREAMS)
            over_stream(mutator, server.ports["ws"], WEBSOCKETS, UPGRADE, framed=True)
            over_stream(mutator, server.ports["ws"], WEBSOCKETS)
            asked(line.caller, DATAGRAMS)
            line.hang_up(answer)
        assert server.process is not None
        assert server.process.poll() is None
        assert server.faults() == []
