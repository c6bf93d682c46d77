"""A leg of the hub over one SIP session."""

from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from gateway.ends import session_ids
from gateway.ends.leg_transfers import refer, refer_is_possible, report_fields, report_status
from gateway.ends.sip_clearing import phrase, reason_fields
from gateway.ends.sip_headers import USER_TO_USER, Fields
from gateway.ends.sip_identity import connected_fields
from gateway.ends.sip_trunk import SipTrunk
from gateway.ends.teams_trunk import NOT_FOR_TEAMS
from gateway.hub.leg import Leg, LegEvents, Observer
from gateway.model.call import Answer, Capability, Clearing, Information, Progress
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.timers import Action, TimerQueue
from gateway.model.transfer import (
    DialogReference,
    Kept,
    Outcome,
    PartyUpdate,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.sip.flow import Flow, Transport
from gateway.sip.names import key
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.referral import Referral
from gateway.sip.sdp import Origin, only_inactive, resumed, same_media, with_origin

if TYPE_CHECKING:
    from gateway.sip.dialog import Dialog
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent
    from gateway.sip.user_agent_owner import DialogUse


_NOWHERE = Flow(Transport.UDP, "", 0)


class LegHost(Protocol):
    """What a leg needs of its end."""

    ua: "UserAgent"
    timers: TimerQueue
    observer: Observer
    transferors: "dict[str, SipLeg]"
    silent: "DialogUse"

    def forget(self, leg: "SipLeg") -> None:
        """The leg is over."""


class SipLeg:
    """One SIP session as the hub sees it.

    `session` is None while it is looked up where the call has to go.
    `_local` is the session description that the peer has from us, our own `o=` line in it, `_remote` the one that we
    have from it; `_before` and `_earlier` are those that count again when an offer is refused. Of an offerless
    re-INVITE that the peer would not understand (Teams) `_stand_in` is True while the hub answers the peer's old
    description instead, and `_hidden` while that answer is offered to the peer.
    """

    __slots__ = (
        "_before",
        "_earlier",
        "_end",
        "_hidden",
        "_id",
        "_local",
        "_remote",
        "_stand_in",
        "_version",
        "address",
        "answered",
        "gone",
        "incoming",
        "line",
        "offering",
        "owner",
        "party",
        "referrals",
        "session",
        "subscription",
    )

    def __init__(
        self, end: LegHost, line: SipTrunk, id: str, owner: LegEvents, *, incoming: bool, address: str
    ) -> None:
        self._end = end
        self.line = line
        self._id = id
        self.owner = owner
        self.incoming = incoming
        self.address = address
        self.answered = False
        self.offering = False
        self.gone = False
        self.session: Session | None = None
        self.party: Party | None = None
        self.referrals: dict[str, Referral] | None = None
        self.subscription: ReferSubscription | None = None
        self._local = self._before = b""
        self._remote = self._earlier = b""
        self._version = 0
        self._stand_in = self._hidden = False

    # --- what it is ---

    @property
    def id(self) -> str:
        """Unique, over restarts too."""
        return self._id

    @property
    def trunk(self) -> str:
        """The name of its trunk."""
        return self.line.name

    @property
    def protocol(self) -> SignallingProtocol:
        """SIP."""
        return SignallingProtocol.SIP

    @property
    def capabilities(self) -> frozenset[Capability]:
        """By the peer's Allow and Supported; one that says nothing of what it allows may well know REFER (RFC 3261
        §20.5), and answers 405 if not.
        """
        session = self.session
        if session is None:
            return frozenset()
        found = {Capability.LATE_OFFER}
        if "REFER" in session.peer_allows or not session.peer_allows:
            found.add(Capability.REFER)
        if "UPDATE" in session.peer_allows:
            found.add(Capability.UPDATE)
        if "replaces" in session.peer_supports:
            found.add(Capability.REPLACES)
        return frozenset(found) - NOT_FOR_TEAMS if self.line.is_teams else frozenset(found)

    @property
    def local_session(self) -> bytes:
        """The last session description that the peer was given."""
        return self._local

    @property
    def remote_session(self) -> bytes:
        """The last session description that the peer gave."""
        return self._remote

    @property
    def reference(self) -> DialogReference | None:
        """The dialog as a Replaces names it to our peer: its own tag is the to-tag (RFC 3891 §3)."""
        session = self.session
        if session is None or not session.remote_tag:
            return None
        return DialogReference(session.call_id, session.remote_tag, session.local_tag)

    @property
    def session_id(self) -> str:
        """The UUID of the peer (RFC 7989); "" when it has said none."""
        return self.session.session_id.remote if self.session is not None else ""

    @property
    def own_host(self) -> str:
        """Our host in URIs that the peer sees."""
        return self.line.host(self._flow)

    @property
    def _flow(self) -> Flow:
        flow = self.session.flow if self.session is not None else None
        return flow or _NOWHERE

    @property
    def marks(self) -> dict[str, object]:
        """What a line of the log says of it."""
        session = self.session
        if session is None:
            return {"leg": self._id, "trunk": self.line.name}
        return {
            "leg": self._id,
            "trunk": self.line.name,
            "call_id": session.call_id,
            "local_tag": session.local_tag,
            "remote_tag": session.remote_tag,
        }

    # --- the call ---

    def progress(self, progress: Progress, now: float) -> None:
        """18x to the caller."""
        session = self.session
        if session is None or self.gone or self.answered or not self.incoming:
            return
        fields = self._about_the_other(progress.party, progress.kept)
        session.progress(progress.status, fields, self.say(progress.session), now, reason=progress.reason)

    def answer(self, answer: Answer, now: float) -> None:
        """200 to the caller."""
        session = self.session
        if session is None or self.gone or self.answered or not self.incoming:
            return
        self.answered = True
        session.answer(self._about_the_other(answer.party, answer.kept), self.say(answer.session), now)

    def clear(self, clearing: Clearing, now: float) -> None:
        """Refuses, cancels or releases; nothing is heard of it afterwards."""
        if self.gone:
            return
        session = self.session
        self.over()
        if session is None:
            return
        if self.incoming and not self.answered:
            clearings = self.line.clearings
            status = clearings.status(clearing)
            who = connected_fields(clearing.party, self.line, self.own_host)
            fields = (*clearings.refusal(clearing, status), *who, *self._spoken(clearing))
            session.refuse(status, fields, now, reason=phrase(clearing, status))
        else:
            session.end((*reason_fields(clearing), *self._spoken(clearing)), now)

    def over(self) -> None:
        """There is no call any more."""
        if not self.gone:
            self.gone = True
            self._end.forget(self)

    # --- media ---

    def offer(self, session: bytes, now: float) -> None:
        """re-INVITE. Teams takes none without an offer: its last description stands for what it would offer."""
        if self.session is None or self.gone:
            return
        self.offering = True
        self._stand_in = not session and self.line.is_teams
        if self._stand_in:
            self._later(self._stand_in_accepted, now)
        else:
            self._offer(session, now)

    def accept(self, session: bytes, now: float) -> None:
        """Answers the peer's re-INVITE or UPDATE."""
        if self.session is not None and not self.gone:
            self.session.accept_offer(self.say(session), (), now)

    def decline(self, clearing: Clearing, now: float) -> None:
        """Refuses it; 488 when nothing was said."""
        if self.session is None or self.gone:
            return
        self._remote = self._earlier
        status = self.line.clearings.status(clearing) if clearing.status >= 400 else 488
        self.session.refuse_offer(status, tuple(reason_fields(clearing)), now)

    def confirm(self, session: bytes, now: float) -> None:
        """ACK with the answer; a stand-in is confirmed by an offer of our own, if that changes anything."""
        if self.session is None or self.gone:
            return
        if not self._stand_in:
            self.session.acknowledge(self.say(session), now)
            return
        self._stand_in = False
        if session and not same_media(only_inactive(session), self._local):
            self._hidden = True
            self._offer(session, now)

    def offer_is_over(self, *, refused: bool = False) -> bool:
        """An offer of ours was answered or `refused`; whether the hub knows of it."""
        if refused:
            self._local = self._before
        if self._hidden:
            self._hidden = False
            return False
        self.offering = False
        return True

    def say(self, session: bytes) -> bytes:
        """`session` as the peer gets it: our own origin, whose version grows with each change (RFC 3264 §8)."""
        if not session:
            return b""
        if self.line.is_teams:
            session = only_inactive(session)
        if self._local:
            if same_media(session, self._local):
                return self._local
            self._version += 1
        self._local = with_origin(session, self.origin(self.line.own.host(self._flow)))
        return self._local

    def origin(self, host: str) -> Origin:
        """Our `o=` line at `host`."""
        return Origin(session_id=crc32(self._id.encode()), version=self._version, address=host)

    def says_first(self, session: bytes) -> None:
        """Notes the description that went out with our INVITE."""
        self._local = session

    def hears(self, session: bytes) -> bytes:
        """Notes a description of the peer, and returns it."""
        self._earlier = self._remote
        if session:
            self._remote = session
        return session

    # --- beside the call ---

    def inform(self, information: Information, now: float) -> None:
        """INFO or MESSAGE in the dialog."""
        if self.session is None or self.gone:
            return
        fields: Fields = [("Content-Type", information.content_type)] if information.content_type else []
        self.line.fields.write(fields, information.kept)
        self.session.send(information.method, tuple(fields), information.body, self._end.silent, now)

    def update(self, update: PartyUpdate, now: float) -> None:
        """UPDATE with identity and Session-ID of the new party, where the peer takes one (RFC 7989 §7)."""
        if self.session is None or self.gone or Capability.UPDATE not in self.capabilities:
            return
        is_another = self._learns_of_the_other(update.kept) and bool(self.session_id)
        fields = connected_fields(update.party, self.line, self.own_host)
        if fields or is_another:
            self.session.update(tuple(fields), now)

    # --- transfers ---

    def services(self, other: Leg | None) -> frozenset[str]:
        """SIP has no network that would do it: REFER asks the peer itself."""
        return frozenset()

    def join(self, other: Leg, service: str, now: float) -> None:
        """There is no such service."""

    def refer(self, request: TransferRequest, now: float) -> None:
        """REFER in the dialog."""
        session = self.session
        if session is None or self.gone or session.dialog is None or not refer_is_possible(self.capabilities):
            refused = TransferOutcome(Outcome.REFUSED, 405, cause=self.line.clearings.cause(405))
            self._later(lambda then: self.owner.transfer_outcome(self, refused, then), now)
            return
        refer(self._end.ua, self, session.dialog, request, now)

    def accept_transfer(self, transfer: str, now: float) -> None:
        """2xx to the REFER, and NOTIFY 100."""
        referral = self.referrals.get(transfer) if self.referrals else None
        if referral is not None:
            referral.accept(now, self.line.settings.refer_accept_code)

    def refuse_transfer(self, transfer: str, clearing: Clearing, now: float) -> None:
        """A final failure to the REFER."""
        referral = self.end_referral(transfer)
        if referral is not None:
            status = self.line.clearings.status(clearing) if clearing.status or clearing.cause else 603
            referral.refuse(status, tuple(self.line.clearings.refusal(clearing, status)), now)

    def report(self, transfer: str, report: TransferProgress | TransferOutcome, now: float) -> None:
        """NOTIFY; it may outlive the call."""
        referral = self.referrals.get(transfer) if self.referrals else None
        if referral is not None:
            referral.notify(report_status(report), report.reason, report_fields(report), now)

    def begin_referral(self, referral: Referral) -> None:
        """The peer has sent a REFER that waits for our word."""
        if self.referrals is None:
            self.referrals = {}
        self.referrals[referral.id] = referral
        self._end.transferors[referral.id] = self

    def end_referral(self, transfer: str) -> Referral | None:
        """It is over."""
        self._end.transferors.pop(transfer, None)
        referral = self.referrals.pop(transfer, None) if self.referrals else None
        if not self.referrals:
            self.referrals = None
        return referral

    # --- before and after a restart ---

    def snapshot(self) -> dict[str, object]:
        """Plain values; the session's own are below `session`."""
        return {
            "id": self._id,
            "trunk": self.line.name,
            "marks": self.marks,
            "incoming": self.incoming,
            "gone": self.gone,
            "address": self.address,
            "session_id": self.session_id,
            "others_uuid": self.session.session_id.local if self.session is not None else "",
            "version": self._version,
            "flow": list(self._flow),
            "session": self.session.snapshot() if self.session is not None else None,
            "referrals": [referral.snapshot() for referral in (self.referrals or {}).values()],
            "subscription": self.subscription.snapshot() if self.subscription is not None else None,
        }

    def resume(self, snapshot: dict[str, object], session: "Session") -> None:
        """Goes on as `snapshot` says. Raises KeyError, TypeError and ValueError for one that is none of ours."""
        self.session = session
        self.answered = True
        session.session_id.learn(str(snapshot["others_uuid"]), str(snapshot["session_id"]))
        self._version = int(str(snapshot["version"]))
        self._local, self._remote = session.local_session, session.remote_session

    def resume_transfers(self, snapshot: dict[str, Any], ua: "UserAgent", dialog: "Dialog", now: float) -> None:
        """The subscriptions of the dialog, the peer's and ours. Raises DecodeError for what is no snapshot."""
        for each in snapshot["referrals"]:
            self.begin_referral(Referral.restored(ua, dialog, each, now))
        if snapshot["subscription"] is not None:
            self.subscription = ReferSubscription.restored(ua, dialog, snapshot["subscription"], self, now)

    # --- Session-ID and identity ---

    def _learns_of_the_other(self, kept: tuple[Kept, ...]) -> bool:
        """Takes the UUID of the end that the peer talks to, if it is told of any; whether it is another one."""
        uuid = session_ids.passed_on(kept)
        spoken = self.session.session_id if self.session is not None else None
        if spoken is None or not uuid or spoken.local in ("", uuid):
            return False
        spoken.learn(uuid)
        return True

    def _about_the_other(self, party: Party | None, kept: tuple[Kept, ...]) -> tuple[tuple[str, str], ...]:
        """What a response says of the called side."""
        fields: Fields = []
        if party is not None and self.session is not None:
            fields = connected_fields(party, self.line, self.own_host)
        if kept:
            self._learns_of_the_other(kept)
            self.line.fields.write(fields, kept)
        return tuple(fields)

    def _spoken(self, clearing: Clearing) -> Fields:
        """What the other user says with the end of the call (RFC 7433), as far as the trunk lets it through."""
        fields: Fields = []
        if clearing.kept:
            self.line.fields.write(fields, (item for item in clearing.kept if key(item.what) == USER_TO_USER))
        return fields

    def _stand_in_accepted(self, now: float) -> None:
        self.offering = False
        self.owner.media_accepted(self, resumed(self._remote), now)

    def _offer(self, session: bytes, now: float) -> None:
        if self.session is not None:
            self._before = self._local
            self.session.offer(self.say(session), (), now)

    def _later(self, action: Action, now: float) -> None:
        """No event comes out of the call that asked for it."""
        self._end.timers.start(now, lambda then: None if self.gone else action(then))
