"""A D channel on a DAHDI device, which is a pair of sockets here: there is no hardware to test with."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable
from struct import pack, unpack
from typing import Any

import pytest

from gateway.runtime import dahdi_link
from gateway.runtime.dahdi_link import (
    EVENT_ALARM,
    EVENT_NO_ALARM,
    EVENT_REMOVED,
    GET_EVENT,
    HDLC_FCS_MODE,
    SET_BUFFER_INFO,
    DahdiLink,
)
from tests.runtime.station import Runner, both_loops, soon

SABME = bytes.fromhex("00017f")
FCS = b"\xaa\xbb"


class Heard:
    """What the link hands over; b"bad" goes wrong."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.lines: asyncio.Queue[bool] = asyncio.Queue()

    def frame_received(self, frame: bytes, now: float) -> None:
        if frame == b"bad":
            raise ValueError("bad")
        self.frames.put_nowait(frame)

    def line_changed(self, is_up: bool, now: float) -> None:
        self.lines.put_nowait(is_up)

    def after_batch(self, now: float) -> None:
        pass


class Device:
    """The driver's end: frames as datagrams, events by ioctl. `refused` are requests that fail, with their error."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.events: list[int] = []
        self.refused: dict[int, int] = {}
        self.is_there = True
        self.opened = 0

    def open(self, path: str, flags: int) -> int:
        if not self.is_there:
            raise OSError(errno.ENXIO, "No such device or address", path)
        assert (path, flags) == ("/dev/dahdi/16", os.O_RDWR | os.O_NONBLOCK)
        self.opened += 1
        ours, self.driver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self.driver.settimeout(20)
        return ours.detach()

    def ioctl(self, device: int, request: int, argument: bytes) -> bytes:
        self.requests.append((request, argument))
        if request in self.refused:
            raise OSError(self.refused[request], os.strerror(self.refused[request]))
        return pack("=i", self.events.pop(0)) if request == GET_EVENT else argument

    def link(self, heard: Heard) -> DahdiLink:
        loop = asyncio.get_running_loop()
        return DahdiLink(loop, "/dev/dahdi/16", heard, time.monotonic, open=self.open, ioctl=self.ioctl, reopen=0.02)


def test_the_requests_are_those_of_the_driver() -> None:
    """As dahdi/user.h has them: _IOW(0xDA, 27, 24 octets), _IOW(0xDA, 37, int), _IOR(0xDA, 8, int)."""
    assert (SET_BUFFER_INFO, HDLC_FCS_MODE, GET_EVENT) == (0x4018DA1B, 0x4004DA25, 0x8004DA08)


@both_loops
def test_frames_pass_without_their_fcs(run: Runner) -> None:
    """The driver hands two octets more in both directions."""

    async def exchange() -> None:
        device, heard = Device(), Heard()
        link = device.link(heard)
        link.send(SABME)
        assert await asyncio.to_thread(device.driver.recv, 100) == SABME + b"\0\0"
        device.driver.send(b"\x00\x01\x73" + FCS)
        assert await soon(heard.frames.get()) == b"\x00\x01\x73"
        link.close()
        link.close()
        link.send(SABME)

    run(exchange())


def test_buffers_and_mode_are_set_at_the_start() -> None:
    async def exchange() -> None:
        device = Device()
        device.link(Heard()).close()
        (buffers, policy), (mode, on) = device.requests
        assert (buffers, mode) == (SET_BUFFER_INFO, HDLC_FCS_MODE)
        assert unpack("=6i", policy) == (0, 0, 32, 1024, 0, 0)
        assert unpack("=i", on) == (1,)

    asyncio.run(exchange())


def test_a_channel_that_is_a_d_channel_already_is_one() -> None:
    async def exchange() -> None:
        device = Device()
        device.refused[HDLC_FCS_MODE] = errno.EINVAL
        link = device.link(Heard())
        assert link.is_up
        link.close()

    asyncio.run(exchange())


@pytest.mark.parametrize("request_", [SET_BUFFER_INFO, HDLC_FCS_MODE])
def test_a_device_that_is_none_of_dahdi(request_: int) -> None:
    async def exchange() -> None:
        device = Device()
        device.refused[request_] = errno.ENOTTY
        with pytest.raises(OSError, match="Inappropriate"):
            device.link(Heard())

    asyncio.run(exchange())


def failing(link: DahdiLink, number: int, times: int = 1) -> Callable[..., Any]:
    """os.read and os.write with that error, so many times."""
    real_read, real_write, left = os.read, os.write, [times]

    def once(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(device: int, *rest: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise OSError(number, "injected")
            return real(device, *rest)

        return call

    class Module:
        read, write = staticmethod(once(real_read)), staticmethod(once(real_write))

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    return Module


@pytest.mark.parametrize(("event", "line"), [(EVENT_ALARM, False), (6, None), (8, None)])
def test_events_are_fetched_when_the_driver_says_so(
    monkeypatch: pytest.MonkeyPatch, event: int, line: bool | None
) -> None:
    """ELAST from a read: an alarm is layer 1 going; an abort or a bad FCS is only counted."""

    async def exchange() -> None:
        device, heard = Device(), Heard()
        link = device.link(heard)
        device.events.append(event)
        monkeypatch.setattr(dahdi_link, "os", failing(link, dahdi_link.ELAST)())
        device.driver.send(b"frame" + FCS)
        assert await soon(heard.frames.get()) == b"frame"
        assert link.events == {event: 1}
        assert link.is_up is (line is None)
        if line is False:
            assert await soon(heard.lines.get()) is False
            device.events.append(EVENT_NO_ALARM)
            monkeypatch.setattr(dahdi_link, "os", failing(link, dahdi_link.ELAST)())
            link.send(SABME)
            assert await soon(heard.lines.get()) is True
            assert await asyncio.to_thread(device.driver.recv, 100) == SABME + b"\0\0"
        link.close()

    asyncio.run(exchange())


@pytest.mark.parametrize("how", ["removed", "error"])
def test_a_device_that_is_lost_is_opened_again(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    async def exchange() -> None:
        device, heard = Device(), Heard()
        link = device.link(heard)
        device.is_there = False
        device.events.append(EVENT_REMOVED)
        number = dahdi_link.ELAST if how == "removed" else errno.EIO
        monkeypatch.setattr(dahdi_link, "os", failing(link, number)())
        link.send(SABME)
        assert await soon(heard.lines.get()) is False
        link.send(SABME)
        assert link.lost == 2
        await asyncio.sleep(0.05)
        device.is_there = True
        assert await soon(heard.lines.get()) is True
        assert device.opened == 2
        device.driver.send(b"again" + FCS)
        assert await soon(heard.frames.get()) == b"again"
        link.close()

    asyncio.run(exchange())


def test_a_frame_that_goes_wrong_or_is_none_takes_no_other_with_it() -> None:
    async def exchange() -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        device, heard = Device(), Heard()
        link = device.link(heard)
        for frame in (b"bad" + FCS, b"\0", FCS, b"good" + FCS):
            device.driver.send(frame)
        assert await soon(heard.frames.get()) == b"good"
        assert len(faults) == 1
        link.close()

    asyncio.run(exchange())


def test_a_path_that_is_not_there(tmp_path: Any) -> None:
    async def exchange() -> None:
        with pytest.raises(OSError, match="No such file"):
            DahdiLink(asyncio.get_running_loop(), str(tmp_path / "16"), Heard(), time.monotonic)

    asyncio.run(exchange())
