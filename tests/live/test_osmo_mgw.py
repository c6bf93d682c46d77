"""B channels at osmo-mgw: RTP passes between the SIP side and the board, is held, cut over and given back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from gateway.media.mgcp_endpoint import MgcpEndpoint
from gateway.media.mgcp_gateway_table import State
from gateway.media.mgcp_media import MgcpMedia
from gateway.media.mgcp_settings import MgcpSettings, TransactionTimes
from gateway.model.timers import TimerQueue
from gateway.runtime.entropy import Tokens
from gateway.runtime.mgcp import MgcpLink
from gateway.sip.sdp import Direction, parse
from tests.live.rtp_socket import RtpSocket
from tests.media.scene import Notes
from tests.peers.osmo_mgw import OsmoMgw
from tests.peers.ports import free_ports

pytestmark = pytest.mark.live
CHANNEL = 3


class Desk:
    """Our side in a running loop."""

    def __init__(self, mgw: OsmoMgw, settings: MgcpSettings) -> None:
        self._timers = TimerQueue()
        self._loop = asyncio.get_running_loop()
        (port,) = free_ports(1)
        local, remote = ("127.0.0.1", port), (mgw.address, mgw.port)
        self._link = MgcpLink(self._loop, local, remote, time.monotonic, lambda: None)
        self.notes = Notes()
        self.media = MgcpMedia(settings, self._timers, self._link.send, Tokens(), self.notes)
        self._link.user = self.media
        self.media.start(time.monotonic())
        self._clock = asyncio.create_task(self._tick())

    async def reserve(self, wanted: bytes = b"", channel: int = CHANNEL) -> tuple[MgcpEndpoint, bytes | None]:
        heard: asyncio.Future[bytes | None] = self._loop.create_future()
        endpoint = self.media.reserve(
            "pri", channel, wanted, lambda session, _: heard.set_result(session), time.monotonic()
        )
        return endpoint, await heard

    async def modify(self, endpoint: MgcpEndpoint, remote: bytes, direction: Direction | None = None) -> bytes | None:
        heard: asyncio.Future[bytes | None] = self._loop.create_future()
        endpoint.modify(remote, direction, lambda session, _: heard.set_result(session), time.monotonic())
        return await heard

    async def until(self, state: State) -> None:
        while self.media.state is not state:
            await asyncio.sleep(0.01)

    async def until_empty(self) -> None:
        while self.media.statistics()["endpoints"]:
            await asyncio.sleep(0.01)

    def close(self) -> None:
        self._clock.cancel()
        self._link.close()

    async def _tick(self) -> None:
        while True:
            self._timers.run(time.monotonic())
            await asyncio.sleep(0.005)


def port_in(session: bytes | None) -> int:
    assert session
    (stream,) = parse(session).media
    return stream.port


@pytest.fixture
def mgw() -> Iterator[OsmoMgw]:
    with OsmoMgw() as running:
        yield running


@asynccontextmanager
async def call(mgw: OsmoMgw, **more: object) -> AsyncIterator[tuple[Desk, RtpSocket, RtpSocket]]:
    """A desk with a phone and the board of B channel 3."""
    phone, board = RtpSocket(), RtpSocket()
    times = TransactionTimes(first=0.1, patience=0.8)
    base = ("127.0.0.1", board.port - 2 * CHANNEL)
    desk = Desk(mgw, MgcpSettings(board=base, audit=0.3, times=times, **more))  # type: ignore[arg-type]
    try:
        yield desk, phone, board
    finally:
        desk.close()
        phone.close()
        board.close()


async def down(at: int, phone: RtpSocket, board: RtpSocket, sound: bytes, tries: int = 20) -> bool:
    """Whether what the phone sends to port `at` reaches the board."""
    for _ in range(tries):
        phone.send(at, sound)
        if await board.hears(sound, 0.05):
            return True
    return False


async def up(phone: RtpSocket, board: RtpSocket, sound: bytes, tries: int = 20) -> bool:
    """Whether what the board sends to where it hears from reaches the phone."""
    for _ in range(tries):
        board.send(board.peer, sound)
        if await phone.hears(sound, 0.05):
            return True
    return False


def test_rtp_passes_both_ways_and_the_end_frees_the_endpoint(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            endpoint, session = await desk.reserve(phone.sdp())
            at = port_in(session)
            assert await down(at, phone, board, b"\x55")
            assert await up(phone, board, b"\xaa")
            assert mgw.connections() == 2
            endpoint.release(time.monotonic())
            await desk.until_empty()
            assert mgw.connections() == 0

    asyncio.run(story())


def test_our_offer_is_answered_later(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            endpoint, offer = await desk.reserve()
            await desk.modify(endpoint, phone.sdp())
            assert await down(port_in(offer), phone, board, b"\x55")
            assert await up(phone, board, b"\xaa")

    asyncio.run(story())


def test_a_held_peer_hears_nothing_until_it_is_taken_back(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            endpoint, session = await desk.reserve(phone.sdp())
            assert await down(port_in(session), phone, board, b"\x55")
            held = await desk.modify(endpoint, phone.sdp("sendonly"))
            assert held and b"a=recvonly" in held
            assert await down(port_in(held), phone, board, b"\x56")  # music on hold
            assert not await up(phone, board, b"\xab", tries=5)
            inactive = await desk.modify(endpoint, phone.sdp("inactive"))
            assert inactive and b"a=inactive" in inactive
            assert not await up(phone, board, b"\xac", tries=5)
            await desk.modify(endpoint, phone.sdp())
            assert await up(phone, board, b"\xad")

    asyncio.run(story())


def test_another_peer_takes_the_call_over(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            endpoint, session = await desk.reserve(phone.sdp())
            assert await down(port_in(session), phone, board, b"\x55")
            target = RtpSocket()
            session = await desk.modify(endpoint, target.sdp())
            assert await down(port_in(session), target, board, b"\x57")
            assert await up(target, board, b"\xae")
            assert not await phone.hears(b"\xae", 0.2)
            target.close()

    asyncio.run(story())


def test_two_b_channels_meet(mgw: OsmoMgw) -> None:
    """What the one board sends goes through one endpoint to the other board."""

    async def story() -> None:
        async with call(mgw) as (desk, _, board):
            other_board = RtpSocket(board.port + 2 * 2)
            one, _ = await desk.reserve()
            two, _ = await desk.reserve(channel=CHANNEL + 2)
            joined: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
            one.cross_connect(two, lambda session, _: joined.set_result(session), time.monotonic())
            assert await joined
            while "media.meet" not in desk.notes.events:
                await asyncio.sleep(0.01)
            # Each board hears where the gateway is, and answers there.
            await board.hears(b"", 0.2)
            await other_board.hears(b"", 0.2)
            host, host_board, guest_board = (one, board, other_board) if two.is_guest else (two, other_board, board)
            assert host.across
            assert await up(guest_board, host_board, b"\x11")
            assert await up(host_board, guest_board, b"\x22")
            other_board.close()

    asyncio.run(story())


def test_a_law_alone_or_mu_law_alone(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw, codecs=("PCMA", "PCMU")) as (desk, phone, board):
            _, session = await desk.reserve(phone.sdp(codec=0))
            assert session and b" RTP/AVP 0\r\n" in session
            phone.send(port_in(session), b"\x60", codec=0)
            assert await board.hears(b"\x60")

    asyncio.run(story())


def test_a_gateway_that_restarts_is_found_and_calls_go_on_elsewhere(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            moved: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            ready: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
            first, _ = await desk.reserve(phone.sdp(), channel=9)  # So that the ports are others next time.
            first.release(time.monotonic())
            await desk.until_empty()
            desk.media.reserve(
                "pri",
                CHANNEL,
                phone.sdp(),
                lambda session, _: ready.set_result(session),
                time.monotonic(),
                lambda session, _: moved.set_result(session),
            )
            await ready
            mgw.kill()
            await desk.until(State.LOST)
            none, session = await desk.reserve(phone.sdp(), channel=4)
            assert session is None and none.failure is not None and none.failure.cause == 47
            mgw.start()
            session = await asyncio.wait_for(moved, 5)
            assert await down(port_in(session), phone, board, b"\x55")
            assert mgw.connections() == 2
            assert desk.notes.events == ["media.lost", "media.found"]

    asyncio.run(story())


def test_a_restart_that_nobody_noticed(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, board):
            _, session = await desk.reserve(phone.sdp())
            mgw.kill()
            mgw.start()
            while "media.gone" not in desk.notes.events:
                await asyncio.sleep(0.01)
            assert desk.media.state is State.UP
            assert await down(port_in(session), phone, board, b"\x55")

    asyncio.run(story())


def test_every_endpoint_taken(mgw: OsmoMgw) -> None:
    async def story() -> None:
        async with call(mgw) as (desk, phone, _):
            for _ in range(8):
                endpoint, session = await desk.reserve(phone.sdp())
                assert session
            _, session = await desk.reserve(phone.sdp())
            assert session is None
            endpoint.release(time.monotonic())
            endpoint, session = await desk.reserve(phone.sdp())
            assert session

    asyncio.run(story())
