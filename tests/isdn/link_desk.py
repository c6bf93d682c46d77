"""One data link of ours with nothing at the other end: frames are given and looked at as hex."""

from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue
from tests.isdn.line import Layer3

SABME, UA, DISC = "00017f", "000173", "000153"
"""Ours, the network's answer, ours."""


class Desk:
    """Our user side of a data link; frames are hex without blanks."""

    def __init__(self, side: Side = Side.USER, settings: DataLinkSettings = DEFAULTS) -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.above = Layer3()
        self._sent: list[bytes] = []
        self.link = DataLink(side, self.timers, self._sent.append, self.above, settings)

    def get(self, *frames: str) -> None:
        for frame in frames:
            self.link.receive(bytes.fromhex(frame), self.now)

    def give(self, *messages: bytes) -> None:
        for message in messages:
            assert self.link.send_data(message, self.now)

    def sent(self) -> list[str]:
        """What has been sent since this was asked last."""
        sent = [each.hex() for each in self._sent]
        self._sent.clear()
        return sent

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.timers.run(self.now)


def up(settings: DataLinkSettings = DEFAULTS) -> Desk:
    """A link that has been established by us; nothing of that is left to be read."""
    desk = Desk(settings=settings)
    desk.link.establish(0.0)
    desk.get(UA)
    assert desk.sent() == [SABME]
    assert desk.above.heard == ["up"]
    desk.above.heard.clear()
    return desk
