"""A signalling gateway that runs: IUA over TCP before it, a D channel over UDP to libpri behind it."""

import asyncio
import time

from gateway.isdn import iua_message
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.runtime.stream_link import Listener
from tests.live.d_channel_end import DChannelEnd
from tests.peers.signalling_gateway import SignallingGateway

INTERFACE = 7


class SignallingGatewayEnd(DChannelEnd):
    """Interface 7 is the D channel."""

    def __init__(self, local: int, remote: int, side: Side) -> None:
        super().__init__(local, remote)
        self.gateway = SignallingGateway(self.timers, self._say)
        link = self.gateway.interface(INTERFACE, side, self.send, DataLinkSettings(retry=2.0)).link
        self.receive = link.receive
        self.association: Listener = self.do(self._listen)

    def _listen(self, now: float) -> Listener:
        user = _Association(self)
        return Listener(asyncio.get_running_loop(), ("127.0.0.1", 0), iua_message.length, user, time.monotonic)

    @property
    def port(self) -> int:
        """Where processes connect to."""
        return self.association.address[1]

    def heard(self, octets: bytes, now: float) -> None:
        """A message of the process."""
        self.gateway.receive(octets, now)

    def _say(self, octets: bytes) -> None:
        self.association.send(octets)

    def close(self) -> None:
        """Ends the association and the loop."""
        self.do(lambda now: self.association.close())
        super().close()


class _Association:
    """What happens to the association."""

    def __init__(self, end: SignallingGatewayEnd) -> None:
        self._end = end

    def frame_received(self, frame: bytes, now: float) -> None:
        self._end.heard(frame, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        self._end.gateway.associated()

    def after_batch(self, now: float) -> None:
        self._end.after_batch(now)
