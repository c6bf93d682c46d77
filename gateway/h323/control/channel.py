"""One logical channel: unidirectional, as H.323 opens them for audio (H.245 clause 8.4)."""

from gateway.h323.control.channel_table import State
from gateway.h323.control.media import AudioFormat, MediaAddress
from gateway.model.timers import Timer


class Channel:
    """A channel that we send on (`outgoing`) or receive on.

    `number` is unique among those that the same side opened; `receiver` is where the receiving side wants the media
    (known when the channel was accepted), `sender` what the sending side said of itself (its RTCP).
    """

    __slots__ = ("format", "number", "outgoing", "receiver", "sender", "session", "state", "timer")

    def __init__(self, number: int, format: AudioFormat | None, session: int, *, outgoing: bool) -> None:
        self.number = number
        self.format = format
        self.session = session
        self.outgoing = outgoing
        self.state = State.RELEASED
        self.sender = MediaAddress()
        self.receiver = MediaAddress()
        self.timer: Timer | None = None

    @property
    def established(self) -> bool:
        """Whether media may flow."""
        return self.state is State.ESTABLISHED
