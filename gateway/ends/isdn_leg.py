"""A leg on the ISDN: one Q.931 call, and the media resource that ends its B-channel."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.ends import isdn_digits, isdn_user_user
from gateway.ends.isdn_progress import TABLE, Description, Said, Tell, Told, indicator, said
from gateway.ends.media_resource import MediaEndpoint
from gateway.hub.leg import Leg, LegEvents
from gateway.isdn.call import IsdnCall
from gateway.isdn.side import Side
from gateway.model.call import Answer, Capability, Clearing, Information, Progress
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.transfer import (
    DialogReference,
    PartyUpdate,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.sip.sdp import Direction, is_held

if TYPE_CHECKING:
    from gateway.ends.isdn_line import IsdnLine

_CAN = frozenset((Capability.LATE_OFFER,))
_NO_MEDIA = Clearing(503, Cause(47))


class IsdnLeg:
    """One side of a call. `call` is the Q.931 call; what it says is heard by gateway.ends.isdn_events.

    The "peer" of its sessions is the media resource: what that describes is the `remote_session`.
    """

    protocol = SignallingProtocol.ISDN
    capabilities = _CAN
    reference: DialogReference | None = None

    __slots__ = (
        *("_endpoint", "_told", "address", "answer_due", "answered", "call", "cause_told"),
        *("channel", "gone", "id", "incoming", "line", "local_session", "offering", "owner", "remote_session"),
    )

    def __init__(self, line: "IsdnLine", id: str, owner: LegEvents, *, incoming: bool, address: str) -> None:
        self.line = line
        self.id = id
        self.owner = owner
        self.incoming = incoming
        self.address = address
        self.answered = self.gone = self.offering = False
        self.call: IsdnCall
        self.channel = 0
        self.local_session = self.remote_session = b""
        self.answer_due: Answer | None = None
        self.cause_told: Cause | None = None
        self._told = Told.NOTHING
        self._endpoint: MediaEndpoint | None = None

    @property
    def trunk(self) -> str:
        """The name of its trunk."""
        return self.line.name

    @property
    def media_failure(self) -> GatewayError | None:
        """Why its B-channel has no end."""
        return self._endpoint.failure if self._endpoint is not None else None

    @property
    def marks(self) -> dict[str, object]:
        """What every line of the log says of it."""
        return {"leg": self.id, "trunk": self.trunk}

    # --- the call ---

    def progress(self, progress: Progress, now: float) -> None:
        """ALERTING or PROGRESS, once each (RFC 4497 §8.2.1.3)."""
        if self.gone or self.answered or not self.incoming:
            return
        if progress.session:
            self._hear(progress.session, now)
        means = said(progress.status)
        if means is not Said.TRYING:
            self.line.events(self).at_work(now)
        tell, self._told = TABLE[self._told, means]
        location = self.line.location
        if tell is Tell.ALERTING:
            in_band = (indicator(Description.IN_BAND, location),) if self.local_session else ()
            about = (*self.line.parties.rings(progress.party), *isdn_user_user.elements(progress.kept))
            self.call.alerting(now, *in_band, *about)
        elif tell is Tell.PROGRESS:
            self.call.progress(now, indicator(Description.NOT_END_TO_END_ISDN, location))

    def answer(self, answer: Answer, now: float) -> None:
        """CONNECT."""
        if self.gone or self.answered or not self.incoming:
            return
        self.answered = True
        if answer.session:
            self._hear(answer.session, now)
        self.line.events(self).at_work(now)
        said_too = isdn_user_user.elements(answer.kept)
        self.call.connect(now, *self.line.parties.connected(answer.party), *said_too)
        self.line.services.setups.answered(self, now)

    def clear(self, clearing: Clearing, now: float) -> None:
        """DISCONNECT, RELEASE or RELEASE COMPLETE, as its state demands; nothing while more digits may follow."""
        if self.gone:
            return
        is_kept = self.incoming and not self.answered and self.line.events(self).keeps(clearing, now)
        self.over(now)
        if not is_kept:
            said_too = (*self.line.parties.refuses(clearing.party), *isdn_user_user.elements(clearing.kept))
            self.call.disconnect(self.line.clearings.cause(clearing), now, *said_too)

    def over(self, now: float) -> None:
        """Nothing more is heard of it."""
        self.gone = True
        self.line.forget(self, now)
        if self._endpoint is not None:
            self._endpoint.release(now)
            self._endpoint = None

    # --- media ---

    def reserve(self, session: bytes, now: float) -> None:
        """Has the B-channel ended, for a peer that offers `session` or (b"") wants an offer."""
        self.local_session = session
        self.channel = self.call.channel.number if self.call.channel else 0
        done = partial(self.line.media_reserved, self)
        endpoint = self.line.media.reserve(self.trunk, self.channel, session, done, now, self._moved)
        if self.gone:  # The hub may have refused the call in the meantime.
            endpoint.release(now)
        else:
            self._endpoint = endpoint

    def answered_late(self, now: float) -> None:
        """The answer had to wait for the media."""
        answer, self.answer_due = self.answer_due, None
        if answer is not None and not self.gone:
            self.owner.answered(self, replace(answer, session=self.remote_session), now)

    def move(self, now: float) -> None:
        """The call may have another B-channel than before: its end is there from now on."""
        number = self.call.channel.number if self.call.channel else 0
        if self._endpoint is not None and number != self.channel:
            self._endpoint.release(now)
            self.channel = number
            done = partial(self.line.media_changed, self)
            self._endpoint = self.line.media.reserve(self.trunk, number, self.local_session, done, now, self._moved)

    def offer(self, session: bytes, now: float) -> None:
        """The media resource answers, or makes an offer for b""."""
        if self.gone or self._endpoint is None:
            return
        self.offering = True
        if session:
            self._tell_hold(session, now)
            self.local_session = session
        wanted = None if session else Direction.SENDRECV
        self._endpoint.modify(session, wanted, partial(self._answered_offer, self._endpoint), now)

    def accept(self, session: bytes, now: float) -> None:
        """The answer to what the media resource had offered."""
        self._hear(session, now)

    def decline(self, clearing: Clearing, now: float) -> None:
        """The media stays as it was."""

    def confirm(self, session: bytes, now: float) -> None:
        """The answer to the offer in our answer."""
        self._hear(session, now)

    def restrict(self, flow: Direction, now: float) -> None:
        """The peer on the ISDN wants media this way only; the other side is offered that."""
        if self._endpoint is not None:
            self._endpoint.modify(b"", flow, _heard, now)

    def _hear(self, session: bytes, now: float) -> None:
        if session and session != self.local_session and self._endpoint is not None:
            self.local_session = session
            self._endpoint.modify(session, None, _heard, now)

    def _answered_offer(self, endpoint: MediaEndpoint, session: bytes | None, now: float) -> None:
        """Events never come from within a request: the media resource may answer at once."""
        failure = endpoint.failure
        self.line.timers.start(now, lambda then: self._offer_over(session, failure, then))

    def _offer_over(self, session: bytes | None, failure: GatewayError | None, now: float) -> None:
        if self.gone or not self.offering:
            return
        self.offering = False
        if session is None:
            clearing = self.line.clearings.refused(failure) if failure else _NO_MEDIA
            self.owner.media_declined(self, clearing, now)
        else:
            self.remote_session = session
            self.owner.media_accepted(self, session, now)

    def _moved(self, session: bytes, now: float) -> None:
        """The media gateway has restarted."""
        if self.gone or not self.answered:
            return
        self.remote_session = session
        self.owner.media_offered(self, session, now)

    def _tell_hold(self, session: bytes, now: float) -> None:
        """The peer learns that the other side holds the call, or has retrieved it (EN 300 141)."""
        before, after = self.local_session, session
        if self.answered and self.line.tells_hold and before and is_held(before) is not is_held(after):
            self.call.notify(now, self.line.hold_notification(held=is_held(after)))

    # --- what else there is to say ---

    def inform(self, information: Information, now: float) -> None:
        """Digits as Keypad facility, which only a user sends (Q.932 6.1); User-to-User as USER INFORMATION."""
        if self.gone:
            return
        digit = isdn_digits.dialled(information)
        if digit and self.answered and self.line.side is Side.USER:
            self.call.information(now, isdn_digits.keypad(digit))
        spoken = isdn_user_user.elements(information.kept)
        if spoken:
            self.call.user_information(now, *spoken)

    def extend(self, called: Party, session: bytes, source: str, now: float) -> bool:
        """Takes further digits: `called` is whom a call from the trunk `source` asks for by now, with its session.

        False when it is another number, or no digit is wanted any more.
        """
        if self.gone or not self.line.events(self).extended(called, source, now):
            return False
        self._hear(session, now)
        return True

    def update(self, update: PartyUpdate, now: float) -> None:
        """The peer hears whom it talks to now."""
        if not self.gone:
            self.line.services.tell_party(self, update, now)

    # --- transfers ---

    def services(self, other: Leg | None) -> frozenset[str]:
        """Those of the trunk's kind, with another call of the same signalling."""
        if other is not None and not isinstance(other, IsdnLeg):
            return frozenset()
        return self.line.services.offered(self, other)

    def join(self, other: Leg, service: str, now: float) -> None:
        """ECT, TBCT, RLT, callTransferInitiate."""
        if isinstance(other, IsdnLeg):
            self.line.end.joinings.begin(self, other, service, now)

    def refer(self, request: TransferRequest, now: float) -> None:
        """SsctInitiate; on other trunks than QSIG nobody calls whom we say."""
        self.line.services.single_steps.begin(self, request, now)

    def accept_transfer(self, transfer: str, now: float) -> None:
        """Its request is answered when it is done."""

    def refuse_transfer(self, transfer: str, clearing: Clearing, now: float) -> None:
        """ReturnError."""
        self.line.services.refused(self, transfer, clearing, now)

    def report(self, transfer: str, report: TransferProgress | TransferOutcome, now: float) -> None:
        """ReturnResult or ReturnError at the end."""
        if isinstance(report, TransferOutcome):
            self.line.services.over(self, transfer, report, now)
        else:
            self.line.services.transfers.progressed(self, transfer, report, now)

    # --- after a restart ---

    def snapshot(self) -> dict[str, object]:
        """What `IsdnEnd.restore` makes it from; plain JSON values."""
        return {
            "protocol": self.protocol.value,
            "trunk": self.trunk,
            "id": self.id,
            "incoming": self.incoming,
            "address": self.address,
            "local": self.local_session.decode("utf-8", "replace"),
            "remote": self.remote_session.decode("utf-8", "replace"),
            "call": self.call.snapshot(),
            "tei": self.line.interface.tei,
            "media": self._endpoint.snapshot() if self._endpoint else None,
            "transfers": self.line.services.transfers.snapshot(self),
            "network": self.line.services.snapshot(self),
            "marks": self.marks,
        }

    def resume(self, snapshot: dict[str, object], call: IsdnCall, now: float) -> None:
        """As it was."""
        self.call = call
        self.answered = True
        self.local_session = str(snapshot["local"]).encode()
        self.remote_session = str(snapshot["remote"]).encode()
        self.channel = call.channel.number if call.channel else 0
        transfers = snapshot.get("transfers")
        if isinstance(transfers, dict):
            self.line.services.transfers.resume(self, transfers)
        network = snapshot.get("network")
        if isinstance(network, dict):
            self.line.services.resume(self, network, now)
        media = snapshot["media"]
        if isinstance(media, dict):
            self._endpoint = self.line.media.restore(media, now, self._moved)


def _heard(session: bytes | None, now: float) -> None:
    """The other side has had its description already."""
