"""Fast connect of one call: the channels that SETUP offers, and those that are taken of them (H.323 §8.1.7)."""

from collections.abc import Container

from gateway.ends.h323_descriptions import pairs, takes
from gateway.h323.control import fast_start
from gateway.h323.control.channel import Channel
from gateway.h323.control.fast_start import Proposal
from gateway.h323.control.media import Codec
from gateway.interworking.h245_sdp import AudioDescription


class FastConnect:
    """What we have offered in a call of ours, or the peer in a call of its own."""

    __slots__ = ("_offered", "_proposals")

    def __init__(self) -> None:
        self._offered: tuple[bytes, ...] = ()
        self._proposals: tuple[Proposal, ...] = ()

    def offer(self, local: AudioDescription | None) -> tuple[bytes, ...]:
        """The fastStart of our SETUP; () for a caller who has not said where it receives."""
        self._offered = fast_start.offer(local.formats, local.address) if local and local.address.media else ()
        return self._offered

    def answered(self, elements: tuple[bytes, ...]) -> tuple[Channel, ...]:
        """The channels that the peer has chosen among ours."""
        return tuple(fast_start.channels(fast_start.answers(elements, self._offered), caller=True))

    def arrived(self, elements: tuple[bytes, ...], allowed: Container[Codec]) -> AudioDescription | None:
        """What the peer's SETUP offers, as the offer of the call; None without anything that can be used."""
        usable = [each for each in fast_start.proposals(elements) if each.format.codec in allowed]
        chosen = [to_caller for to_caller, _ in pairs(usable)]
        if not chosen:
            return None
        self._proposals = tuple(usable)
        return AudioDescription(tuple(each.format for each in chosen), chosen[0].receiver)

    @property
    def is_due(self) -> bool:
        """Whether the peer's offer can still be taken."""
        return bool(self._proposals)

    def accept(self, local: AudioDescription | None) -> tuple[tuple[bytes, ...], tuple[Channel, ...]]:
        """The fastStart that takes what the called side has too, and the channels; () when nothing fits."""
        fitting = [each for each in self._proposals if local and takes(local, each.format)]
        usable = pairs(fitting)
        if local is None or not local.address.media or not usable:
            return (), ()
        self._proposals = ()
        to_caller, from_caller = usable[0]
        taken = fast_start.accepted(to_caller, from_caller, local.address)
        channels = tuple(fast_start.channels(taken, caller=False))
        return fast_start.answer(to_caller, from_caller, local.address), channels

    def give_up(self) -> None:
        """H.245 does it."""
        self._proposals = ()
