"""Fast connect: OpenLogicalChannel structures in SETUP and in the answer to it (H.323 8.1.7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.h323.control.channel import Channel
from gateway.h323.control.media import AudioFormat, MediaAddress


@dataclass(frozen=True, slots=True)
class Proposal:
    """One channel that a caller proposes, or a called side accepts.

    `from_caller` is the way the media goes. `receiver` is where the receiving side takes it: the caller's own address
    in a proposal for media to the caller. `place` is its place in the list, `element` the value as it came.
    """

    number: int
    session: int
    from_caller: bool
    format: AudioFormat
    receiver: MediaAddress
    sender: MediaAddress
    place: int = 0


def offer(formats: Iterable[AudioFormat], own: MediaAddress, session: int = 1) -> tuple[bytes, ...]:
    """The fastStart of a SETUP: for each of `formats`, best first, a channel to us and one from us; `own` is where
    we receive.
    """
    raise NotImplementedError


def proposals(elements: Iterable[bytes]) -> tuple[Proposal, ...]:
    """What the fastStart of a SETUP proposes; elements that we cannot read or use are left out."""
    raise NotImplementedError


def answer(to_caller: Proposal, from_caller: Proposal, own: MediaAddress) -> tuple[bytes, ...]:
    """The fastStart of CONNECT (or ALERTING, CALL PROCEEDING, PROGRESS) that takes two of the `proposals`."""
    raise NotImplementedError


def answers(elements: Iterable[bytes], offered: Iterable[bytes]) -> tuple[Proposal, ...]:
    """What the called side took of our offer, each with `receiver` and `sender` filled in from both."""
    raise NotImplementedError


def channels(taken: Iterable[Proposal], *, caller: bool) -> tuple[Channel, ...]:
    """The established channels for ControlSession.adopt_channel; `caller` says which side we are."""
    raise NotImplementedError
