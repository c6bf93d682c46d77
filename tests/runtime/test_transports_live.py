"""Transports with SIPp at the other end, and with peers that send anything at all."""

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from gateway.sip.flow import Flow
from gateway.sip.message import parse, response
from tests.peers.ports import free_ports
from tests.peers.sipp import Sipp, expect, send
from tests.runtime.station import Runner, Station, both_loops, options, soon, station

OPTIONS = """
OPTIONS sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: {0} OPTIONS
Max-Forwards: 70
Content-Length: 0
"""
PLACES = ("udp:127.0.0.1:0", "tcp:127.0.0.1:0")
COPIED = ("Via", "From", "To", "Call-ID", "CSeq")


def _answer(there: Station) -> Callable[[bytes, Flow, float], None]:
    def received(octets: bytes, flow: Flow, now: float) -> None:
        request = parse(octets)
        copied = [(name, value) for name in COPIED for value in request.headers.all(name)]
        there.transports.send(flow, response(200, copied).octets)
        there.messages.put_nowait((octets, flow))

    return received


@pytest.mark.live
@pytest.mark.parametrize(("transport", "sipp"), [("udp", "u1"), ("tcp", "t1")])
@both_loops
def test_sipp_gets_its_answers(run: Runner, transport: str, sipp: str) -> None:
    def ask(port: int) -> None:
        steps = [step for number in (1, 2, 3) for step in (send(OPTIONS.format(number)), expect(200))]
        with Sipp("options", steps, "127.0.0.1", free_ports(1)[0], f"127.0.0.1:{port}", transport=sipp) as asker:
            asker.wait()

    async def exchange() -> None:
        async with station(f"{transport}:127.0.0.1:0") as there:
            there.hear(_answer(there))
            await asyncio.get_running_loop().run_in_executor(None, ask, there.bound[0].port)
            assert there.messages.qsize() == 3

    run(exchange())


@both_loops
def test_octets_of_any_kind_leave_the_server_as_it_was(run: Runner) -> None:
    pieces = [
        b"OPTIONS sip:a SIP/2.0\r\n",
        b"\r\n\r\n",
        b"Content-Length: 9999\r\n",
        b"GET / HTTP/1.1\r\n",
        b"\x81\x7f",
    ]

    async def pester(port: int, chance: random.Random) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            for _ in range(chance.randrange(1, 6)):
                writer.write(chance.choice([*pieces, chance.randbytes(40)]))
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await soon(writer.wait_closed())

    async def exchange() -> None:
        async with station("udp:127.0.0.1:0", "tcp:127.0.0.1:0", "ws:127.0.0.1:0", patience=0.5) as there:
            chance = random.Random(3)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
                for _ in range(200):
                    plain.sendto(chance.randbytes(chance.randrange(60)), ("127.0.0.1", there.bound[0].port))
            for _ in range(40):
                await pester(chance.choice(there.bound[1:]).port, chance)
            async with station("udp:127.0.0.1:0", "tcp:127.0.0.1:0", "ws:127.0.0.1:0") as here:
                for index in range(3):
                    here.transports.send(here.to(there, index), options(777 + index))
                    while (await there.message())[0] != options(777 + index):
                        pass
            while there.transports.connections:
                await asyncio.sleep(0.02)

    run(exchange())


@both_loops
def test_two_processes_may_share_a_port(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:127.0.0.1:0", "tcp:127.0.0.1:0", reuse_port=True) as one:
            places = [f"{bound.transport}:127.0.0.1:{bound.port}" for bound in one.bound]
            async with station(*places, reuse_port=True) as other:
                assert other.bound == one.bound

    run(exchange())


@both_loops
def test_any_address_is_told_as_the_one_that_leads_there(run: Runner) -> None:
    async def exchange() -> None:
        async with station("udp:0.0.0.0:0", "tcp:0.0.0.0:0") as there, station("udp:127.0.0.1:0") as here:
            assert "0.0.0.0" not in {bound.host for bound in there.bound}
            port = there.bound[0].port
            here.transports.send(here.to(there.bound[0]._replace(host="127.0.0.1")), options())
            _, flow = await there.message()
            assert there.transports.address(flow) == ("127.0.0.1", port)

    run(exchange())


@both_loops
def test_the_listener_of_a_way_is_the_one_by_which_the_system_leaves(run: Runner) -> None:
    async def exchange() -> None:
        places = ("udp:127.0.0.2:0", "tcp:127.0.0.1:0", "udp:127.0.0.1:0", "udp:[::1]:0")
        async with station(*places) as there:
            find = there.transports.listener
            udp, tcp = there.bound[0].transport, there.bound[1].transport
            assert [find(udp, "127.0.0.1"), find(udp, "::1"), find(tcp, "127.0.0.1")] == [2, 3, 1]

    run(exchange())


@both_loops
def test_a_message_that_goes_wrong_takes_nothing_else_with_it(run: Runner) -> None:
    async def exchange() -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context["exception"]))

        async with station(*PLACES) as here, station(*PLACES) as there:

            def received(octets: bytes, flow: Flow, now: float) -> None:
                if octets == options(1):
                    raise OSError("out of order")
                there.messages.put_nowait((octets, flow))

            there.hear(received)
            for index in (0, 1):
                for number in (1, 2):
                    here.transports.send(here.to(there, index), options(number))
                assert (await there.message())[0] == options(2)
        assert len(faults) == 2

    run(exchange())
