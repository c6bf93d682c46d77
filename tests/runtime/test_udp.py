"""UDP: one datagram is one message; keep-alives and STUN are none; ICMP errors name whom they concern."""

import asyncio
import socket
from collections.abc import Callable

from gateway.runtime import udp
from gateway.sip.flow import Flow, Transport
from tests.runtime.station import Runner, both_loops, options, soon, station


def _plain(host: str = "127.0.0.1") -> socket.socket:
    plain = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    plain.bind((host, 0))
    plain.setblocking(False)
    return plain


async def _heard(plain: socket.socket) -> bytes:
    return await soon(asyncio.get_running_loop().run_in_executor(None, _receive, plain))


def _receive(plain: socket.socket) -> bytes:
    plain.settimeout(20)
    return plain.recv(65_535)


@both_loops
def test_a_datagram_in_and_the_answer_back_to_where_it_came_from(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0") as there:
            with _plain() as peer:
                peer.sendto(options(), ("127.0.0.1", there.bound[0].port))
                octets, flow = await there.message()
                assert (octets, flow) == (options(), Flow(Transport.UDP, *peer.getsockname()))
                there.transports.send(flow, b"SIP/2.0 200 OK\r\n\r\n")
                assert await _heard(peer) == b"SIP/2.0 200 OK\r\n\r\n"
                assert there.batches == 1
                assert [(inbound, at) for inbound, _, at, _ in there.tapped] == [
                    (True, ("127.0.0.1", there.bound[0].port)),
                    (False, ("127.0.0.1", there.bound[0].port)),
                ]

    run(exchange())


@both_loops
def test_keep_alives_and_stun_are_no_messages(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0") as there:
            with _plain() as peer:
                binding = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
                for octets in (b"", b"\r\n", b"\r\n\r\n", b"\0", bytes(4), binding, b"\r\n" + options()):
                    peer.sendto(octets, ("127.0.0.1", there.bound[0].port))
                assert (await there.message())[0] == b"\r\n" + options()
                assert there.messages.empty()

    run(exchange())


@both_loops
def test_ipv6_has_a_socket_of_its_own(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0", "udp:[::1]:0") as there:
            with _plain("::1") as peer:
                peer.sendto(options(), ("::1", there.bound[1].port))
                _, flow = await there.message()
                assert (flow.host, flow.listener) == ("::1", 1)
                # Sent by the listener of the other family it goes out by the one that fits.
                there.transports.send(flow._replace(listener=0), b"answer")
                assert await _heard(peer) == b"answer"

    run(exchange())


@both_loops
def test_a_port_where_nobody_listens_is_told(run: Runner) -> None:
    async def exchange() -> None:
        with _plain() as gone:
            nobody = gone.getsockname()
        async with station("udp:127.0.0.1:0") as there:
            with _plain() as peer:
                for port in (nobody[1], peer.getsockname()[1], nobody[1]):
                    there.transports.send(Flow(Transport.UDP, "127.0.0.1", port), options())
                assert await there.failure() == Flow(Transport.UDP, *nobody)
                assert await _heard(peer) == options()

    run(exchange())


@both_loops
def test_what_cannot_be_sent_fails_and_never_raises(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0", "tcp:127.0.0.1:0") as there:
            named = Flow(Transport.UDP, "a name.example", 5060)
            huge = Flow(Transport.UDP, "127.0.0.1", 5060)
            other_family = Flow(Transport.UDP, "::1", 5060)
            for flow, octets in ((named, b"x"), (huge, bytes(70_000)), (other_family, b"x")):
                there.transports.send(flow, octets)
                assert there.failures.empty()
                assert await there.failure() == flow

    run(exchange())


def test_a_full_socket_keeps_datagrams_in_order_until_there_is_room() -> None:
    class Full:
        """A socket that is full twice."""

        family = socket.AF_INET

        def __init__(self) -> None:
            self.refusals = 2
            self.sent: list[bytes] = []

        def setblocking(self, flag: bool) -> None: ...

        def setsockopt(self, *option: int) -> None: ...

        def sendto(self, octets: bytes, address: tuple[str, int]) -> None:
            if self.refusals:
                self.refusals -= 1
                raise BlockingIOError
            self.sent.append(octets)

    class Loop:
        """Keeps the writer."""

        writer: Callable[[], None] | None = None

        def add_reader(self, *what: object) -> None: ...

        def add_writer(self, bound: object, writer: Callable[[], None]) -> None:
            self.writer = writer

        def remove_writer(self, bound: object) -> None:
            self.writer = None

    loop, full = Loop(), Full()
    bound = udp.UdpSocket(loop, full, 0, print, print, float, print)  # type: ignore[arg-type]
    flow = Flow(Transport.UDP, "127.0.0.1", 5060)
    for octets in (b"1", b"2"):
        bound.send(octets, flow)
    assert loop.writer
    writer = loop.writer
    writer()
    assert full.sent == []
    assert loop.writer is writer
    writer()
    assert full.sent == [b"1", b"2"]
    assert loop.writer is None
    bound.send(b"3", flow)
    assert full.sent == [b"1", b"2", b"3"]
