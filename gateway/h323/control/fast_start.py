"""Fast connect: OpenLogicalChannel structures in SETUP and in the answer to it (H.323 8.1.7).

Which parts are written, and how the proposals are numbered, is as H323Plus does it, octet for octet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from gateway.h323 import per
from gateway.h323.control.channel import Channel
from gateway.h323.control.channel_messages import format_of, h2250, parameters, session_of
from gateway.h323.control.media import AudioFormat, MediaAddress, media_address
from gateway.model.errors import DecodeError

_FIRST_FORWARD = 101
_TO_CALLER = 1
_NOTHING = {"dataType": ("nullData", 0), "multiplexParameters": ("none", 0)}
"""What stands for the forward direction where the channel goes the other way."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One channel that a caller proposes, or that a called side accepts.

    `from_caller` is the way the media goes. `receiver` is what the receiving side says of itself, `sender` what the
    sending one does; in a proposal only the caller's part is there. `place` is its place in the list.
    """

    number: int
    session: int
    from_caller: bool
    format: AudioFormat
    receiver: MediaAddress = MediaAddress()
    sender: MediaAddress = MediaAddress()
    place: int = 0


def offer(formats: Iterable[AudioFormat], own: MediaAddress, session: int = 1) -> tuple[bytes, ...]:
    """The fastStart of a SETUP: for each of `formats`, best first, a channel to us and one from us; `own` is where
    we receive. Raises LocalProtocolError for addresses that cannot be written.
    """
    elements = []
    for number, format in enumerate(formats, _FIRST_FORWARD):
        elements.append(_element(_TO_CALLER, parameters(format, session, own, sends=False), reverse=True))
        controlled = parameters(format, session, MediaAddress(control=own.control), sends=True)
        elements.append(_element(number, controlled))
    return tuple(elements)


def proposals(elements: Iterable[bytes]) -> tuple[Proposal, ...]:
    """What the fastStart of a SETUP proposes; elements that we cannot read or use are left out."""
    return tuple(found for found in _read(elements, by_caller=True) if found is not None)


def answer(to_caller: Proposal | None, from_caller: Proposal | None, own: MediaAddress) -> tuple[bytes, ...]:
    """The fastStart of CONNECT (or ALERTING, CALL PROCEEDING, PROGRESS) that takes one or two of the `proposals`.

    `own` is where we receive. Raises LocalProtocolError for addresses that cannot be written.
    """
    elements = []
    if to_caller is not None:
        controlled = MediaAddress(control=own.control)
        sent = parameters(to_caller.format, to_caller.session, controlled, sends=True)
        elements.append(_element(_FIRST_FORWARD, sent, reverse=True))
    if from_caller is not None:
        taken = parameters(from_caller.format, from_caller.session, own, sends=False)
        elements.append(_element(from_caller.number, taken))
    return tuple(elements)


def answers(elements: Iterable[bytes], offered: Iterable[bytes]) -> tuple[Proposal, ...]:
    """What the called side took of our offer, each with `receiver` and `sender` filled in from both.

    One that was not offered is left out: a channel to us must have a codec that we proposed, one from us the number
    of a proposal.
    """
    own = proposals(offered)
    found = (_matched(taken, own) for taken in _read(elements, by_caller=False) if taken is not None)
    return tuple(taken for taken in found if taken is not None)


def channels(taken: Iterable[Proposal], *, caller: bool) -> tuple[Channel, ...]:
    """The established channels for ControlSession.adopt_channel; `caller` says which side we are."""
    return tuple(_channel(item, outgoing=item.from_caller is caller) for item in taken)


def accepted(to_caller: Proposal | None, from_caller: Proposal | None, own: MediaAddress) -> tuple[Proposal, ...]:
    """What `answer` takes, for `channels` on the called side."""
    controlled = MediaAddress(control=own.control)
    mine = replace(to_caller, number=_FIRST_FORWARD, sender=controlled) if to_caller is not None else None
    theirs = replace(from_caller, receiver=own) if from_caller is not None else None
    return tuple(item for item in (mine, theirs) if item is not None)


def _channel(item: Proposal, *, outgoing: bool) -> Channel:
    channel = Channel(item.number, item.format, item.session, outgoing=outgoing)
    channel.sender, channel.receiver = item.sender, item.receiver
    return channel


def _element(number: int, said: dict[str, Any], *, reverse: bool = False) -> bytes:
    value: dict[str, Any] = {
        "forwardLogicalChannelNumber": number,
        "forwardLogicalChannelParameters": _NOTHING if reverse else said,
    }
    return per.encode_channel(value | {"reverseLogicalChannelParameters": said} if reverse else value)


def _read(elements: Iterable[bytes], *, by_caller: bool) -> list[Proposal | None]:
    return [_proposal(element, place, by_caller=by_caller) for place, element in enumerate(elements)]


def _proposal(element: bytes, place: int, *, by_caller: bool) -> Proposal | None:
    try:
        value = per.decode_channel(element)
    except DecodeError:
        return None
    reverse = value.get("reverseLogicalChannelParameters")
    said = value["forwardLogicalChannelParameters"] if reverse is None else reverse
    format = format_of(said)
    if format is None:
        return None
    from_caller = reverse is None
    own = media_address(h2250(said))
    receives = from_caller is not by_caller
    return Proposal(
        value["forwardLogicalChannelNumber"],
        session_of(said),
        from_caller,
        format,
        receiver=own if receives else MediaAddress(),
        sender=MediaAddress() if receives else own,
        place=place,
    )


def _matched(taken: Proposal, own: tuple[Proposal, ...]) -> Proposal | None:
    """`taken` with our own part of it."""
    alike = [mine for mine in own if mine.from_caller is taken.from_caller and mine.session == taken.session]
    if taken.from_caller:
        mine = next((mine for mine in alike if mine.number == taken.number), None)
        return replace(taken, sender=mine.sender, place=mine.place) if mine else None
    mine = next((mine for mine in alike if mine.format.codec.can_play(taken.format.codec)), None)
    return replace(taken, receiver=mine.receiver, place=mine.place) if mine else None
