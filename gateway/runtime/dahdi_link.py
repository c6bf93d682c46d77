"""A D channel on a DAHDI device: the driver does HDLC and the FCS, one read or write is one frame.

The numbers are those of dahdi/user.h. Checked against a device that the tests play, not against hardware. In
HDLC mode with FCS the driver hands two octets more in both directions, in which the FCS stands.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from struct import pack, unpack

from gateway.runtime.d_channel import DChannelUser

Ioctl = Callable[[int, int, bytes], bytes]
"""fcntl.ioctl with a copied buffer: descriptor, request and argument; gives what the driver wrote there."""
Open = Callable[[str, int], int]

_CODE = 0xDA
_READ, _WRITE = 2, 1
_BUFFER_INFO = "=6i"


def _request(direction: int, number: int, size: int) -> int:
    """As _IOR and _IOW of the kernel build them."""
    return direction << 30 | size << 16 | _CODE << 8 | number


GET_EVENT = _request(_READ, 8, 4)
SET_BUFFER_INFO = _request(_WRITE, 27, 24)
HDLC_FCS_MODE = _request(_WRITE, 37, 4)

EVENT_ALARM, EVENT_NO_ALARM, EVENT_REMOVED = 4, 5, 20
ELAST = 500
"""The error of a read or write before which an event has to be fetched."""

_POLICY_IMMEDIATE = 0
_BUFFERS, _BUFFER_SIZE = 32, 1024
_FCS = 2
_BURST = 64
_REOPEN = 5.0
"""Seconds between two attempts to open a device that was lost."""


class DahdiLink:
    """One device. It is up while the span has no alarm. `lost` counts frames that the driver did not take, `events`
    what it reported by number.

    Raises OSError when the device cannot be opened; when it is lost later, it is opened again as soon as can be.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        path: str,
        user: DChannelUser,
        clock: Callable[[], float],
        *,
        open: Open = os.open,
        ioctl: Ioctl = fcntl.ioctl,
        reopen: float = _REOPEN,
    ) -> None:
        self._loop = loop
        self._path = path
        self._user = user
        self._clock = clock
        self._open = open
        self._ioctl = ioctl
        self._reopen = reopen
        self._retry: asyncio.TimerHandle | None = None
        self._is_closed = False
        self.lost = 0
        self.events: dict[int, int] = {}
        self.is_up = True
        self._device = self._opened()

    def send(self, frame: bytes) -> None:
        """Sends one frame; what the driver does not take is lost, as on a bad line."""
        if self._device < 0:
            self.lost += 1
            return
        octets = frame + bytes(_FCS)
        for _ in range(2):  # The first error may only say that there is an event.
            try:
                os.write(self._device, octets)
                return
            except OSError as error:
                if not self._went_on(error):
                    break
        self.lost += 1

    def close(self) -> None:
        """Nothing is read or written any more."""
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._release()

    def _opened(self) -> int:
        device = self._open(self._path, os.O_RDWR | os.O_NONBLOCK)
        try:
            policies = pack(_BUFFER_INFO, _POLICY_IMMEDIATE, _POLICY_IMMEDIATE, _BUFFERS, _BUFFER_SIZE, 0, 0)
            self._ioctl(device, SET_BUFFER_INFO, policies)
            self._hdlc(device)
        except OSError:
            os.close(device)
            raise
        self._loop.add_reader(device, self._readable)
        return device

    def _hdlc(self, device: int) -> None:
        """Refused for a channel that the driver's own configuration has made a D channel: then it is one already."""
        try:
            self._ioctl(device, HDLC_FCS_MODE, pack("=i", 1))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise

    def _readable(self) -> None:
        now = self._clock()
        for _ in range(_BURST):
            try:
                octets = os.read(self._device, _BUFFER_SIZE + _FCS)
            except OSError as error:
                if self._went_on(error):
                    continue
                break
            if not octets:
                self._fail()
                break
            if len(octets) > _FCS:
                self._hand_over(octets[:-_FCS], now)
            if self._device < 0:
                break
        self._user.after_batch(now)

    def _hand_over(self, frame: bytes, now: float) -> None:
        """One frame that goes wrong does not take the rest of the burst with it."""
        try:
            self._user.frame_received(frame, now)
        except Exception as error:
            self._loop.call_exception_handler({"message": f"a frame from {self._path}", "exception": error})

    def _went_on(self, error: OSError) -> bool:
        """Whether the device can be used at once after an error."""
        if error.errno == ELAST:
            return self._fetch_event()
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            self._fail()
        return error.errno == errno.EINTR

    def _fetch_event(self) -> bool:
        try:
            (event,) = unpack("=i", self._ioctl(self._device, GET_EVENT, bytes(4)))
        except OSError:
            self._fail()
            return False
        self.events[event] = self.events.get(event, 0) + 1
        if event in (EVENT_ALARM, EVENT_NO_ALARM):
            self._line(event == EVENT_NO_ALARM)
        elif event == EVENT_REMOVED:
            self._fail()
        return self._device >= 0

    def _line(self, is_up: bool) -> None:
        """The user hears of it, but never from within `send`."""
        if is_up is not self.is_up:
            self.is_up = is_up
            self._loop.call_soon(self._tell, is_up)

    def _tell(self, is_up: bool) -> None:
        if not self._is_closed:
            self._user.line_changed(is_up, self._clock())

    def _fail(self) -> None:
        if self._device >= 0:
            self._release()
            self._retry = self._loop.call_later(self._reopen, self._again)
            self._line(False)

    def _again(self) -> None:
        try:
            self._device = self._opened()
        except OSError:
            self._retry = self._loop.call_later(self._reopen, self._again)
        else:
            self._retry = None
            self._line(True)

    def _release(self) -> None:
        if self._device >= 0:
            self._loop.remove_reader(self._device)
            os.close(self._device)
            self._device = -1
