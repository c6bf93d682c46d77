"""Connections that carry Q.931: made by us, made by the peer, cut into messages, lost and made again."""

import asyncio
import random
import socket
import time
from typing import Any

import pytest

from gateway.isdn import backhaul_message, iua_message
from gateway.isdn.iua_message import IuaMessage, Kind, Tag, of_interface, of_link
from gateway.model.errors import GatewayError
from gateway.runtime import stream_link
from gateway.runtime.d_channels import DChannels
from gateway.runtime.stream_link import Caller, Carried, Listener
from tests.runtime.station import Runner, both_loops, soon
from tests.runtime.test_dahdi_link import Heard

UP = IuaMessage(Kind.ASP_UP).encoded()
ALERTING = (int(Tag.PROTOCOL_DATA), b"\x08\x01\x81\x01")
DATA = IuaMessage(Kind.DATA_INDICATION, (of_interface(1), of_link(0), ALERTING)).encoded()


def server() -> socket.socket:
    found = socket.create_server(("127.0.0.1", 0))
    found.settimeout(20)
    return found


def caller(peer: tuple[str, int], heard: Heard) -> Caller:
    loop = asyncio.get_running_loop()
    return Caller(loop, peer, None, iua_message.length, heard, time.monotonic, again=0.02)


def listener(heard: Heard) -> Listener:
    loop = asyncio.get_running_loop()
    return Listener(loop, ("127.0.0.1", 0), backhaul_message.length, heard, time.monotonic)


@both_loops
def test_messages_go_out_and_come_in_however_they_are_cut(run: Runner) -> None:
    async def exchange() -> None:
        heard = Heard()
        with server() as peer:
            link = caller(peer.getsockname(), heard)
            connected, _ = await asyncio.to_thread(peer.accept)
            assert await soon(heard.lines.get())
            assert link.is_up
            link.send(UP)
            assert await asyncio.to_thread(connected.recv, 100) == UP
            octets = DATA + UP + DATA
            for piece in (octets[:3], octets[3:11], octets[11:]):
                connected.sendall(piece)
                await asyncio.sleep(0.01)
            assert [await soon(heard.frames.get()) for _ in range(3)] == [DATA, UP, DATA]
            connected.close()
            link.close()

    run(exchange())


def test_a_peer_that_is_not_there_yet_and_one_that_goes() -> None:
    async def exchange() -> None:
        heard = Heard()
        with server() as gone:
            address = gone.getsockname()
        link = caller(address, heard)
        link.send(UP)
        await asyncio.sleep(0.05)
        assert not link.is_up
        with socket.create_server(address, reuse_port=False) as peer:
            peer.settimeout(20)
            for _ in range(2):
                connected, _ = await asyncio.to_thread(peer.accept)
                assert await soon(heard.lines.get()) is True
                connected.close()
                assert await soon(heard.lines.get()) is False
        link.close()
        link.close()

    asyncio.run(exchange())


def test_octets_that_are_no_messages_end_the_connection() -> None:
    """Nobody knows where the next one begins. Ours is made again."""

    async def exchange() -> None:
        heard = Heard()
        with server() as peer:
            link = caller(peer.getsockname(), heard)
            chance = random.Random(1)
            for _ in range(20):
                connected, _ = await asyncio.to_thread(peer.accept)
                connected.sendall(b"\x02" + chance.randbytes(chance.randint(0, 2000)))
                assert await asyncio.to_thread(connected.recv, 100) == b""
                connected.close()
            link.close()

    asyncio.run(exchange())


def test_a_message_that_goes_wrong_takes_no_other_with_it() -> None:
    async def exchange() -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))

        class Fussy(Heard):
            def frame_received(self, frame: bytes, now: float) -> None:
                if frame == UP:
                    raise ValueError("bad")
                super().frame_received(frame, now)

        heard = Fussy()
        with server() as peer:
            link = caller(peer.getsockname(), heard)
            connected, _ = await asyncio.to_thread(peer.accept)
            connected.sendall(UP + DATA)
            assert await soon(heard.frames.get()) == DATA
            assert len(faults) == 1
            connected.close()
            link.close()

    asyncio.run(exchange())


def test_what_a_slow_peer_does_not_take_waits_in_order() -> None:
    async def exchange() -> None:
        heard = Heard()
        with server() as peer:
            link = caller(peer.getsockname(), heard)
            connected, _ = await asyncio.to_thread(peer.accept)
            await soon(heard.lines.get())
            messages = [
                IuaMessage(Kind.DATA_REQUEST, ((int(Tag.PROTOCOL_DATA), number.to_bytes(4) * 2000),)).encoded()
                for number in range(80)
            ]
            for message in messages:
                link.send(message)
            held = b""
            while len(held) < sum(map(len, messages)):
                held += await asyncio.to_thread(connected.recv, 100_000)
            assert held == b"".join(messages)
            connected.close()
            link.close()

    asyncio.run(exchange())


def test_a_peer_that_takes_nothing_is_given_up() -> None:
    async def exchange() -> None:
        heard = Heard()
        with server() as peer:
            link = caller(peer.getsockname(), heard)
            connected, _ = await asyncio.to_thread(peer.accept)
            assert await soon(heard.lines.get()) is True
            message = IuaMessage(Kind.DATA_REQUEST, ((int(Tag.PROTOCOL_DATA), bytes(60_000)),)).encoded()
            for _ in range(2000):
                if not link.is_up:
                    break
                link.send(message)
            assert await soon(heard.lines.get()) is False
            connected.close()
            link.close()

    asyncio.run(exchange())


def test_a_gateway_that_connects_and_connects_again() -> None:
    """The connection that was made last is the one."""

    async def exchange() -> None:
        heard = Heard()
        link = listener(heard)
        message = bytes.fromhex("000400000011900000010005") + b"\x08\x02\x00\x8f\x0f"
        link.send(message)
        first = socket.create_connection(link.address)
        assert await soon(heard.lines.get()) is True
        second = socket.create_connection(link.address)
        assert [await soon(heard.lines.get()) for _ in range(2)] == [False, True]
        first.close()
        second.sendall(message)
        assert await soon(heard.frames.get()) == message
        second.settimeout(20)
        link.send(message)
        assert await asyncio.to_thread(second.recv, 100) == message
        second.close()
        assert await soon(heard.lines.get()) is False
        link.close()
        link.close()

    asyncio.run(exchange())


def test_sctp_says_payload_protocol_and_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """struct sctp_sndrcvinfo: the stream in the first two octets, the identifier in network order in the ninth to
    twelfth. Sent over TCP here: whether the kernel has SCTP or not, the octets are these.
    """
    sent: list[Any] = []

    class Recorded(socket.socket):
        def sendmsg(self, buffers: Any, ancillary: Any = (), *rest: Any) -> int:
            sent.append(ancillary)
            return super().sendmsg(buffers)

    async def exchange() -> None:
        heard = Heard()
        with server() as peer:
            monkeypatch.setattr(stream_link, "_ipproto_sctp", lambda: socket.IPPROTO_TCP)
            monkeypatch.setattr("gateway.runtime.stream_link.socket.socket", Recorded)
            loop = asyncio.get_running_loop()
            over = Carried(iua_message.PAYLOAD_PROTOCOL, iua_message.stream)
            link = Caller(loop, peer.getsockname(), over, iua_message.length, heard, time.monotonic)
            await soon(heard.lines.get())
            link.send(UP)
            link.send(DATA)
            link.close()

    asyncio.run(exchange())
    (((_, _, management),), ((_, _, data),)) = sent
    assert (management[:2], data[:2]) == ((0).to_bytes(2, "little"), (1).to_bytes(2, "little"))
    assert management[8:12] == data[8:12] == b"\0\0\0\1"


def test_a_kernel_without_sctp_is_told_at_the_start(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.configuration import configuration

    path = tmp_path / "gateway.yaml"
    path.write_text('listen: ["udp:127.0.0.1:0"]\ntrunks: [{name: a, protocol: isdn, link: "iua:127.0.0.1/1"}]\n')
    monkeypatch.setattr(stream_link, "_ipproto_sctp", lambda: 255)

    async def exchange() -> None:
        links = DChannels(asyncio.get_running_loop(), time.monotonic)
        with pytest.raises(GatewayError, match=r"link iua:127\.0\.0\.1/1 of trunk a: "):
            links.open(configuration(path))

    asyncio.run(exchange())
