"""A D channel over UDP: one datagram is one frame, and only its peer is heard."""

import asyncio
import socket
import time
from typing import Any

import pytest

from gateway.runtime.udp_link import UdpLink
from tests.runtime.station import Runner, both_loops, soon

SABME = bytes.fromhex("00017f")


class Heard:
    """What the link hands over; b"bad" goes wrong."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.batches = 0

    def frame_received(self, frame: bytes, now: float) -> None:
        if frame == b"bad":
            raise ValueError("bad")
        self.frames.put_nowait(frame)

    def line_changed(self, is_up: bool, now: float) -> None:
        raise AssertionError("UDP has no line")

    def after_batch(self, now: float) -> None:
        self.batches += 1


def bound(host: str = "127.0.0.1") -> socket.socket:
    plain = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    plain.bind((host, 0))
    plain.settimeout(20)
    return plain


def link_to(remote: tuple[Any, ...], heard: Heard) -> UdpLink:
    host = remote[0]
    return UdpLink(asyncio.get_running_loop(), (host, 0), (host, remote[1]), heard, time.monotonic)


@both_loops
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_frames_go_out_and_come_in(run: Runner, host: str) -> None:
    async def exchange() -> None:
        heard = Heard()
        with bound(host) as peer:
            link = link_to(peer.getsockname(), heard)
            link.send(SABME)
            frame, address = await asyncio.to_thread(peer.recvfrom, 100)
            assert (frame, address[:2]) == (SABME, link.address)
            peer.sendto(b"\x00\x01\x73", address)
            assert await soon(heard.frames.get()) == b"\x00\x01\x73"
            assert heard.batches == 1
            link.close()

    run(exchange())


@both_loops
def test_strangers_are_not_heard(run: Runner) -> None:
    async def exchange() -> None:
        heard = Heard()
        with bound() as peer, bound() as stranger:
            link = link_to(peer.getsockname(), heard)
            stranger.sendto(b"stranger", link.address)
            peer.sendto(b"peer", link.address)
            assert await soon(heard.frames.get()) == b"peer"
            link.close()

    run(exchange())


def test_a_frame_that_goes_wrong_takes_no_other_with_it() -> None:
    async def exchange() -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        heard = Heard()
        with bound() as peer:
            link = link_to(peer.getsockname(), heard)
            for frame in (b"bad", b"good"):
                peer.sendto(frame, link.address)
            assert await soon(heard.frames.get()) == b"good"
            assert len(faults) == 1
            link.close()

    asyncio.run(exchange())


def test_a_peer_that_is_not_there_yet_does_no_harm() -> None:
    async def exchange() -> None:
        heard = Heard()
        with bound() as gone:
            remote = gone.getsockname()
        link = link_to(remote, heard)
        for _ in range(3):
            link.send(SABME)
            await asyncio.sleep(0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(remote)
            peer.settimeout(20)
            link.send(SABME)
            assert await asyncio.to_thread(peer.recv, 100) == SABME
            peer.sendto(b"answer", link.address)
            assert await soon(heard.frames.get()) == b"answer"
        link.close()

    asyncio.run(exchange())


def test_what_is_sent_after_the_end_is_lost() -> None:
    async def exchange() -> None:
        link = link_to(("127.0.0.1", 9), Heard())
        link.close()
        link.close()
        link.send(SABME)

    asyncio.run(exchange())


def test_an_address_that_is_taken_is_an_error() -> None:
    async def exchange() -> None:
        with bound() as taken, pytest.raises(OSError, match="in use"):
            UdpLink(asyncio.get_running_loop(), taken.getsockname(), ("127.0.0.1", 9), Heard(), time.monotonic)

    asyncio.run(exchange())
