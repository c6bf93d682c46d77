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
    class Full(socket.socket):
        """A socket that is full twice."""

        refusals = 2

        def sendto(self, octets: bytes, address: tuple[str, int]) -> int:  # type: ignore[override]
            if self.refusals:
                self.refusals -= 1
                raise BlockingIOError
            sent.append(octets)
            return len(octets)

    class Loop:
        """Keeps what is watched."""

        def add_reader(self, watched: object, act: Callable[[], None]) -> None:
            acts[watched] = act

        def remove_reader(self, watched: object) -> None:
            del acts[watched]

        def remove_writer(self, watched: object) -> None: ...

    acts: dict[object, Callable[[], None]] = {}
    sent: list[bytes] = []
    bound = udp.UdpSocket(Loop(), Full(type=socket.SOCK_DGRAM), 0, print, print, float, print)  # type: ignore[arg-type]
    flow = Flow(Transport.UDP, "127.0.0.1", 5060)
    for octets in (b"1", b"2"):
        bound.send(octets, flow)
    _, writer = acts.values()
    writer()
    assert sent == []
    assert len(acts) == 2
    writer()
    assert sent == [b"1", b"2"]
    assert len(acts) == 1
    bound.send(b"3", flow)
    assert sent == [b"1", b"2", b"3"]
    bound.close()
    assert not acts


@both_loops
def test_an_icmp_error_leaves_the_socket_readable(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0") as there:
            with _plain() as gone:
                nobody = Flow(Transport.UDP, *gone.getsockname())
            with _plain() as peer:
                for number in range(5):
                    there.transports.send(nobody, options())
                    await asyncio.sleep(0.02)  # The loop sees the error by itself.
                    peer.sendto(b"%d" % number + options(), ("127.0.0.1", there.bound[0].port))
                    assert (await there.message())[0][:1] == b"%d" % number

    run(exchange())


@both_loops
def test_a_port_that_is_none_is_told_as_failed(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0", "tcp:127.0.0.1:0") as there:
            for transport in (Transport.UDP, Transport.TCP):
                for port in (0, 65_536, 4_294_967_296):
                    way = Flow(transport, "127.0.0.1", port)
                    there.transports.send(way, options())
                    assert (await there.failure())._replace(listener=0) == way

    run(exchange())
