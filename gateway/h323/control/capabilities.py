"""Terminal capability sets (H.245 clause 7.2, B.2): what an endpoint can receive."""

from dataclasses import dataclass

from gateway.h323.control.media import AudioFormat, Codec


@dataclass(frozen=True, slots=True)
class CapabilitySet:
    """What can be received: `audio` in the order of preference; `telephone_event` the RTP payload type of RFC 4733
    events, None when they are not taken; `user_input` the names of the UserInputCapability ("basicString", "dtmf").

    `t38` notes that fax was named as well, `others` how many further capabilities were named that we do not use.
    """

    audio: tuple[AudioFormat, ...] = ()
    telephone_event: int | None = None
    user_input: frozenset[str] = frozenset()
    t38: bool = False
    others: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all can be received: the peer is to pause (H.323 8.4.6)."""
        return not (self.audio or self.telephone_event or self.user_input or self.t38 or self.others)

    def format_for(self, codec: Codec) -> AudioFormat | None:
        """How this codec can be received; None when it cannot."""
        return next((found for found in self.audio if found.codec is codec), None)


PAUSE = CapabilitySet()
"""The empty set."""
