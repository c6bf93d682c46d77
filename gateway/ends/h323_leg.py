"""A leg in H.323: one call of H.225.0, its media in H.245, and what H.450 asks of it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ends.h323_media import H323Media
from gateway.ends.isdn_digits import dialled, relays
from gateway.ends.isdn_progress import TABLE, Description, Tell, Told, said
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Contents
from gateway.hub.leg import LegEvents
from gateway.model.call import Answer, Capability, Clearing, Information, Progress
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import (
    DialogReference,
    PartyUpdate,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.h323_line import H323Line

SERVICE = "h450"
"""H.450.2 in mappings/transfer_ladder.yaml."""

_CAN = frozenset((Capability.LATE_OFFER,))
_PENDING = 491


class H323Leg:
    """One side of a call. `call` is the H.225.0 call, None before its SETUP has gone; what it says is heard by
    gateway.ends.h323_events. Its media is `media`, whose owner it is.
    """

    protocol = SignallingProtocol.H323
    capabilities = _CAN
    reference: DialogReference | None = None

    __slots__ = (
        *("_call", "_is_late", "_told", "address", "answer_due", "answered", "gone", "id", "incoming", "line"),
        *("local_session", "media", "offering", "owner", "remote_session"),
    )

    def __init__(self, line: "H323Line", id: str, owner: LegEvents, *, incoming: bool, address: str) -> None:
        self.line = line
        self.id = id
        self.owner = owner
        self.incoming = incoming
        self.address = address
        self.answered = self.gone = self.offering = False
        self.local_session = self.remote_session = b""
        self.answer_due: Answer | None = None
        self.media = H323Media(self, line.settings, line.timers, line.end.token)
        self._call: H323Call | None = None
        self._is_late = False
        self._told = Told.NOTHING

    @property
    def trunk(self) -> str:
        """The name of its trunk."""
        return self.line.name

    @property
    def call(self) -> H323Call:
        """Its call, which there is from its SETUP on."""
        assert self._call is not None
        return self._call

    @property
    def marks(self) -> dict[str, object]:
        """What every line of the log says of it."""
        found: dict[str, object] = {"leg": self.id, "trunk": self.trunk}
        if self._call is not None:
            found["call_identifier"] = self._call.identifier.hex()
        return found

    def take(self, call: H323Call) -> None:
        """The leg has its call."""
        self._call = call
        self.media.take(call, self.line.end.connections)

    # --- the call ---

    def progress(self, progress: Progress, now: float) -> None:
        """ALERTING or PROGRESS, once each; what comes later can still bring the media (RFC 4123 §6.1.3)."""
        if self.gone or self.answered or not self.incoming or self._call is None:
            return
        tell, self._told = TABLE[self._told, said(progress.status)]
        elements = self.media.early(progress.session)
        if elements:
            self.local_session = progress.session
        in_band = (int(Description.IN_BAND),) if elements else ()
        contents = Contents(fast_start=elements, progress=in_band)
        if tell is Tell.ALERTING:
            self._call.alerting(now, replace(contents, apdus=self.line.services.secondary.answer(self)))
        elif tell is Tell.PROGRESS:
            self._call.progress(now, replace(contents, progress=in_band or (int(Description.NOT_END_TO_END_ISDN),)))
        elif elements:
            self._call.progress(now, contents)

    def answer(self, answer: Answer, now: float) -> None:
        """CONNECT."""
        if self.gone or self.answered or not self.incoming or self._call is None:
            return
        self.answered = True
        self.local_session = answer.session or self.local_session
        contents = self.media.answer(answer.session, now)
        said = self.line.connecting(self, answer, contents)
        try:
            self._call.connect(now, said)
        except GatewayError:  # a name or number that H.225.0 has no room for
            self._call.connect(now, replace(said, party=None, display=""))
        self.line.answered(self, now)
        self.media.connected(late=self._is_late, now=now)

    def asks_without_session(self) -> None:
        """The peer's call goes on without a session: the answer brings an offer."""
        self._is_late = True

    def clear(self, clearing: Clearing, now: float) -> None:
        """RELEASE COMPLETE."""
        if self.gone:
            return
        is_refusal = self.incoming and not self.answered
        self.end(clearing, now, self.line.services.secondary.answer(self, clearing) if is_refusal else ())

    def end(self, clearing: Clearing, now: float, apdus: tuple[bytes, ...] = ()) -> None:
        """The same, with these APDUs."""
        if self.gone:
            return
        self.over(now)
        if self._call is not None:
            self._call.release(now, self.line.clearings.ending(clearing), Contents(apdus=apdus))

    def over(self, now: float) -> None:
        """Nothing more is heard of it."""
        self.gone = True
        self.media.close(now)
        self.line.forget(self, now)

    def facility(self, contents: Contents, now: float) -> bool:
        """FACILITY around APDUs."""
        return self._call is not None and not self.gone and self._call.facility(now, contents)

    # --- media, asked for by the hub ---

    def offer(self, session: bytes, now: float) -> None:
        """The channels are brought to what it says; for b"" the peer's are described as an offer."""
        if self.gone or not self.answered:
            return
        self.offering = True
        self.local_session = session or self.local_session
        self.media.offer(session, now)

    def accept(self, session: bytes, now: float) -> None:
        """The other side's answer to what the peer has changed."""
        self.confirm(session, now)

    def decline(self, clearing: Clearing, now: float) -> None:
        """The other side has not taken it; when it was only busy it hears of it again."""
        if clearing.status == _PENDING and not self.gone:
            self.media.announce_again(now)

    def confirm(self, session: bytes, now: float) -> None:
        """The answer to an offer that was the peer's."""
        if not self.gone and session:
            self.local_session = session
            self.media.confirm(session, now)

    # --- what the media tells (MediaOwner) ---

    def media_answered(self, session: bytes, now: float) -> None:
        """The answer of a call of ours has its session."""
        answer, self.answer_due = self.answer_due, None
        if answer is None or self.gone:
            return
        self.remote_session = session
        self.answered = True
        self.owner.answered(self, replace(answer, session=session), now)

    def media_confirmed(self, session: bytes, now: float) -> None:
        """The peer's answer to the offer in our answer."""
        if not self.gone:
            self.remote_session = session
            self.owner.confirmed(self, session, now)

    def media_accepted(self, session: bytes, now: float) -> None:
        """The peer does as the hub has offered."""
        if not self.gone and self.offering:
            self.offering = False
            self.remote_session = session
            self.owner.media_accepted(self, session, now)

    def media_declined(self, clearing: Clearing, now: float) -> None:
        """It does not."""
        if not self.gone and self.offering:
            self.offering = False
            self.owner.media_declined(self, clearing, now)

    def media_failed(self, clearing: Clearing, now: float) -> None:
        """There will be no media: the call is of no use."""
        if not self.gone:
            owner = self.owner
            self.clear(clearing, now)
            owner.cleared(self, clearing, now)

    def media_changed(self, session: bytes, now: float) -> None:
        """The peer wants other media, or none for a while."""
        if self.gone:
            return
        self.remote_session = session
        if self.answered:
            self.owner.media_offered(self, session, now)

    def digits_received(self, digits: str, now: float) -> None:
        """User input of the peer: an INFO for each digit."""
        for each in relays(digits):
            if not self.gone:
                self.owner.informed(self, each, now)

    # --- what else there is to say ---

    def inform(self, information: Information, now: float) -> None:
        """Digits as user input of H.245, or as keypad in INFORMATION where there is no H.245."""
        digit = dialled(information)
        if digit and not self.gone and self._call is not None and not self.media.dial(digit, now):
            self._call.information(now, Contents(keypad=digit))

    def update(self, update: PartyUpdate, now: float) -> None:
        """The peer hears whom it talks to now."""
        if not self.gone and self.answered:
            self.line.services.tell_party(self, update, now)

    # --- transfers ---

    def services(self, other: object) -> frozenset[str]:
        """H.450.2, where both peers are on this trunk or on those of its group."""
        return self.line.services_for(self, other)

    def refer(self, request: TransferRequest, now: float) -> None:
        """CallTransferInitiate without secondary call. One that H.450.2 cannot say is refused."""
        target = request.target if request.consultation is None and not self.gone else None
        self.line.services.transferring.refer(self, target, now)

    def join(self, other: object, service: str, now: float) -> None:
        """CallTransferIdentify on the other call, and callTransferInitiate on this one."""
        self.line.services.transferring.join(self, other if isinstance(other, H323Leg) else None, now)

    def accept_transfer(self, transfer: str, now: float) -> None:
        """Its request is answered when it is done."""

    def refuse_transfer(self, transfer: str, clearing: Clearing, now: float) -> None:
        """ReturnError."""
        self.line.services.transfers.refused(self, transfer, clearing, now)

    def report(self, transfer: str, report: TransferProgress | TransferOutcome, now: float) -> None:
        """ReturnResult or ReturnError at the end."""
        if isinstance(report, TransferOutcome):
            self.line.services.transfers.over(self, transfer, report, now)

    # --- after a restart ---

    def snapshot(self) -> dict[str, object]:
        """Its call ends with its connection, so that this is only good for telling which one it was."""
        return {"protocol": self.protocol.value, "trunk": self.trunk, "id": self.id, "marks": self.marks}
