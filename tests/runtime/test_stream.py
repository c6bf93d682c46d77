"""TCP: connections are taken, opened, found again, counted and given up."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.configuration import Limits
from gateway.runtime import connections
from gateway.sip.flow import Flow, Transport
from tests.runtime.station import Runner, Station, both_loops, options, soon, station

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def _connected(there: Station) -> AsyncIterator[Ends]:
    reader, writer = await asyncio.open_connection("127.0.0.1", there.bound[0].port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await soon(reader.read(65_535)) == b""
    except ConnectionError:
        return True


@both_loops
def test_a_request_is_answered_on_its_own_connection(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as there, _connected(there) as (reader, writer):
            writer.write(options()[:50])
            await writer.drain()
            writer.write(options()[50:] + options(2))
            octets, flow = await there.message()
            assert octets == options()
            host, port = writer.get_extra_info("sockname")
            assert flow == Flow(Transport.TCP, host, port, flow.connection, 0)
            assert flow.connection
            assert await there.message() == (options(2), flow)
            there.transports.send(flow, b"SIP/2.0 200 OK\r\n\r\n")
            assert await soon(reader.read(100)) == b"SIP/2.0 200 OK\r\n\r\n"

    run(exchange())


@both_loops
def test_one_connection_is_opened_to_a_place_and_used_again(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as here, station("tcp:127.0.0.1:0") as there:
            for number in range(3):
                here.transports.send(here.to(there), options(number))
            flows = {(await there.message())[1] for _ in range(3)}
            assert len(flows) == 1
            there.transports.send(flows.pop(), options(4))
            octets, flow = await here.message()
            assert octets == options(4)
            assert flow == here.to(there)._replace(connection=flow.connection)
            here.transports.send(flow, options(5))
            assert (await there.message())[0] == options(5)
            assert here.transports.connections == there.transports.connections == 1

    run(exchange())


@both_loops
def test_a_connection_leaves_by_the_address_that_we_listen_on(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.5:0", "tcp:127.0.0.5:0") as here, station("tcp:127.0.0.1:0") as there:
            here.transports.send(here.to(there)._replace(listener=0), options())
            assert (await there.message())[1].host == "127.0.0.5"
            assert here.transports.address(here.to(there)) == ("127.0.0.5", here.bound[1].port)

    run(exchange())


@both_loops
def test_a_port_where_nobody_listens_is_told_as_connection_and_as_way(run: Runner) -> None:
    async def exchange() -> None:
        with socket.socket() as gone:
            gone.bind(("127.0.0.1", 0))
            port = gone.getsockname()[1]
        async with station("tcp:127.0.0.1:0") as here:
            way = Flow(Transport.TCP, "127.0.0.1", port)
            here.transports.send(way, options())
            assert here.failures.empty()
            assert (await here.failure())._replace(connection=0) == way
            assert await here.failure() == way
            assert here.transports.connections == 0

    run(exchange())


@both_loops
def test_a_lost_connection_is_told_and_opened_anew(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as here:
            async with station("tcp:127.0.0.1:0") as there:
                here.transports.send(here.to(there), options())
                _, flow = await there.message()
                there.transports.send(flow, options(2))
                _, connected = await here.message()
                place = f"tcp:127.0.0.1:{there.bound[0].port}"
            assert await here.failure() == connected
            assert await here.failure() == connected._replace(connection=0)
            here.transports.send(connected, options())
            assert await here.failure() == connected
            async with station(place) as again:
                here.transports.send(connected._replace(connection=0), options(3))
                assert (await again.message())[0] == options(3)

    run(exchange())


@both_loops
def test_a_ping_is_answered_at_once(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as there, _connected(there) as (reader, writer):
            writer.write(b"\r\n\r\n")
            assert await soon(reader.read(10)) == b"\r\n"

    run(exchange())


@both_loops
def test_a_connection_that_we_opened_is_pinged_when_it_is_silent(run: Runner) -> None:
    async def exchange() -> None:
        pinged = asyncio.Event()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.readexactly(len(options())) == options()
            here.clock.ahead = connections.PING_AFTER + 1
            assert await reader.readexactly(4) == b"\r\n\r\n"
            pinged.set()
            writer.close()

        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        async with server, station("tcp:127.0.0.1:0", patience=0.3) as here:
            port = server.sockets[0].getsockname()[1]
            here.transports.send(Flow(Transport.TCP, "127.0.0.1", port), options())
            await soon(pinged.wait())

    run(exchange())


@both_loops
def test_what_is_not_sip_ends_the_connection(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as there, _connected(there) as (reader, writer):
            writer.write(options() + b"GET / HTTP/1.1\r\n\r\n")
            assert (await there.message())[0] == options()
            assert await _closed(reader)
            assert (await there.note("connection_lost"))["reason"] == "this is not SIP"
            assert (await there.failure()).connection

    run(exchange())


@both_loops
def test_half_a_message_is_not_waited_for_forever(run: Runner) -> None:
    async def exchange() -> None:
        async with (
            station("tcp:127.0.0.1:0", patience=0.3) as there,
            _connected(there) as (reader, writer),
            _connected(there) as (_, whole),
        ):
            whole.write(options())
            await there.message()
            writer.write(options()[:40])
            assert await _closed(reader)
            assert "half a message" in (await there.note("connection_lost"))["reason"]
            whole.write(options(2))
            assert (await there.message())[0] == options(2)

    run(exchange())


@both_loops
def test_a_peer_that_does_not_read_is_given_up(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:127.0.0.1:0") as there:
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.connect(("127.0.0.1", there.bound[0].port))
                deaf.sendall(options())
                _, flow = await there.message()
                while there.failures.empty():
                    for _ in range(50):
                        there.transports.send(flow, bytes(60_000))
                    await asyncio.sleep(0)
                assert await there.failure() == flow
                assert (await there.note("connection_lost"))["reason"] == "the peer does not read"

    run(exchange())


@both_loops
def test_the_longest_idle_connection_makes_room_and_busy_ones_do_not(run: Runner) -> None:
    async def exchange() -> None:
        async with (
            station("tcp:127.0.0.1:0", limits=Limits(connections=2)) as there,
            _connected(there) as (first, writer),
            _connected(there) as (second, other),
        ):
            writer.write(options(1))
            await there.message()
            other.write(options(2))
            await there.message()
            async with _connected(there) as (third, _):
                assert await _closed(third)
            there.clock.ahead = connections.IDLE + 1
            other.write(options(3))
            await there.message()
            async with _connected(there) as (_, newest):
                newest.write(options(4))
                assert (await there.message())[0] == options(4)
                assert await _closed(first)
                assert there.transports.connections == 2
                assert not second.at_eof()

    run(exchange())


@both_loops
def test_ipv6_connections_have_flows_without_brackets(run: Runner) -> None:
    async def exchange() -> None:
        async with station("tcp:[::1]:0") as here, station("tcp:[::1]:0") as there:
            here.transports.send(here.to(there), options())
            _, flow = await there.message()
            assert (flow.host, str(flow)) == ("::1", f"tcp:[::1]:{flow.port}")

    run(exchange())
