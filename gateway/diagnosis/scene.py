"""A transfer with everything around it that a rule may ask for: its calls, their transactions, its media."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from gateway.diagnosis.announced import Announced, Said
from gateway.diagnosis.case import StreamQuality
from gateway.diagnosis.media import Media, Socket
from gateway.diagnosis.recording import Recording
from gateway.diagnosis.sight import Sight, Transaction, sights_of, transactions
from gateway.interworking.observed import ObservedTransfer
from gateway.model.legs import SignallingProtocol
from gateway.sip.message import Message
from gateway.sip.sdp_codecs import codecs
from gateway.sip.subscription import Event

if TYPE_CHECKING:
    from gateway.diagnosis.h323_media import H323Call
    from gateway.diagnosis.spans import Heard


class Talk(Protocol):
    """A call of any protocol, as far as its media go. `leg` is the index of the leg."""

    leg: str

    @property
    def announced(self) -> list[Announced]:
        """Where its ends said that they take RTP, in order of time."""

    @property
    def started(self) -> float:
        """When its first message was seen."""

    @property
    def ended(self) -> float | None:
        """When it was seen to be cleared."""


class Call:
    """One SIP call of the transfer: everything with its Call-ID, on all hops that were recorded.

    `role` is as in LinkedLeg, `leg` the index of the leg.
    """

    def __init__(self, call_id: str, leg: str, role: str, sights: list[Sight]) -> None:
        self.call_id = call_id
        self.leg = leg
        self.role = role
        self.sights = sights
        self.transactions = transactions(sights)

    @cached_property
    def invites(self) -> list[Transaction]:
        """The INVITEs that set the call up, one for each hop and each attempt."""
        found = (each for each in self.transactions if each.method == "INVITE")
        return [each for each in found if not each.request.message.to_tag]

    @cached_property
    def answer(self) -> Sight | None:
        """The first 2xx to one of these."""
        finals = (each.final for each in self.invites)
        return next((final for final in finals if final and final.message.status < 300), None)

    @property
    def is_answered(self) -> bool:
        """Whether it was, or must have been before the recording began."""
        return self.answer is not None or not self.invites

    @cached_property
    def byes(self) -> list[Transaction]:
        """What ended it."""
        return [each for each in self.transactions if each.method == "BYE"]

    @property
    def started(self) -> float:
        """When its first message was seen."""
        return self.sights[0].time

    @property
    def ended(self) -> float | None:
        """When the first BYE was seen."""
        return self.byes[0].request.time if self.byes else None

    @cached_property
    def announced(self) -> list[Announced]:
        """The sockets in its session descriptions, in order of time."""
        return [each for sight in self.sights if sight.message.body for each in _announced(sight)]


class Scene:
    """One transfer. All lists are in order of time. `calls` are those of SIP, `talks` all that have media."""

    def __init__(self, transfer: ObservedTransfer, recording: Recording) -> None:
        self.transfer = transfer
        self.recording = recording
        self.calls = list(_calls(transfer, recording))
        self.talks: list[Talk] = [*self.calls, *_h323_calls(transfer, recording)]
        self.media = Media()
        self.measured: tuple[StreamQuality, ...] | None = None
        self.heard: list[Heard] | None = None
        self._own = frozenset(transfer.frames)

    @cached_property
    def sights(self) -> list[Sight]:
        """Every SIP message of its calls."""
        return sorted((sight for call in self.calls for sight in call.sights), key=lambda sight: sight.frame)

    @cached_property
    def transactions(self) -> list[Transaction]:
        """Every transaction of its calls."""
        found = (each for call in self.calls for each in call.transactions)
        return sorted(found, key=lambda each: each.request.frame)

    @cached_property
    def refers(self) -> list[Transaction]:
        """The REFERs that ask for this transfer, on all hops and with all attempts."""
        return [each for each in self.transactions if each.method == "REFER" and each.request.frame in self._own]

    @cached_property
    def notifies(self) -> list[Transaction]:
        """The NOTIFYs that report on it, those too that say too little to be understood."""
        found = (each for each in self.transactions if each.method == "NOTIFY")
        return [each for each in found if self._reports(each.request)]

    def _reports(self, notify: Sight) -> bool:
        event = Event.parse(notify.first("event"))
        if event.package != "refer":
            return False
        if notify.frame in self._own:
            return True
        message = notify.message
        asked = [each.request.message for each in self.refers if each.request.message.call_id == message.call_id]
        mine = [each for each in asked if each.from_tag == message.to_tag]
        return any(event.id == str(each.cseq) for each in mine) or (not event.id and self._is_only_one(mine))

    def _is_only_one(self, mine: list[Message]) -> bool:
        """Whether no other REFER of that dialog can be meant."""
        ours = {each.cseq for each in mine}
        return bool(mine) and all(
            each.request.message.cseq in ours
            for each in self.transactions
            if each.method == "REFER" and each.request.message.from_tag == mine[0].from_tag
        )

    def call(self, role: str) -> Call | None:
        """The newest call with that role."""
        return next((call for call in reversed(self.calls) if call.role == role), None)

    def call_of(self, sight: Sight) -> Call:
        """The call that a message of this scene belongs to."""
        return next(call for call in self.calls if call.call_id == sight.message.call_id)

    @property
    def last_time(self) -> float:
        """When the last message of its calls was seen."""
        return self.sights[-1].time if self.sights else self.transfer.requested

    @cached_property
    def joined(self) -> float | None:
        """When the two remaining parties were put together: the answer of the target, or the final word."""
        if str(self.transfer.outcome) != "succeeded":
            return None
        target = self.call("target")
        answer = target.answer if target else None
        return answer.time if answer else self.transfer.final


def _calls(transfer: ObservedTransfer, recording: Recording) -> Iterator[Call]:
    for index, linked in enumerate(transfer.legs):
        heard = recording.calls.get(linked.leg.key)
        if linked.leg.protocol is SignallingProtocol.SIP and heard:
            sights = sights_of(heard, str(index))
            if sights:
                yield Call(linked.leg.key, str(index), linked.role, sights)


def _h323_calls(transfer: ObservedTransfer, recording: Recording) -> "Iterator[H323Call]":
    for index, linked in enumerate(transfer.legs):
        if linked.leg.protocol is SignallingProtocol.H323:
            from gateway.diagnosis.h323_media import H323Call  # brings tables that take long to load

            yield H323Call(str(index), recording.heard(linked.leg))


def _announced(sight: Sight) -> Iterator[Announced]:
    said = Said(sight.frame, sight.time, sight.source_host)
    for stream in sight.session.media:
        if stream.is_live and "RTP/" in stream.protocol.upper():
            names = {int(number): name for number, name in codecs(stream).items() if number.isdecimal()}
            secured = "SAVP" in stream.protocol.upper()
            yield Announced(Socket(stream.connection, stream.port), said, names, secured, stream.direction)
