"""What a session tells, as the owner of its leg hears it."""

from dataclasses import replace

from gateway.ends import session_ids
from gateway.ends.leg_transfers import also
from gateway.ends.sip_calls import call_request
from gateway.ends.sip_headers import USER_TO_USER
from gateway.ends.sip_identity import connected
from gateway.ends.sip_leg import SipLeg
from gateway.ends.sip_overlap import Overlap
from gateway.ends.sip_trunk import SipTrunk
from gateway.hub.leg import LegEvents, Observer
from gateway.model.call import Answer, Clearing, Information, Progress
from gateway.model.transfer import Kept, PartyUpdate, Stage
from gateway.sip.message import Headers, Message
from gateway.sip.names import key
from gateway.sip.sdp import same_media
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session import Session
from gateway.sip.session_description import session_of
from gateway.sip.status import reason_phrase
from gateway.sip.user_agent import UserAgent
from gateway.translators.sip_kept import kept as everything

_TALK = frozenset(("INFO", "MESSAGE"))


class SessionEvents:
    """The part of the owner of a user agent that is about calls and their media."""

    ua: UserAgent
    hub: LegEvents
    observer: Observer
    trunks: dict[str, SipTrunk]
    overlap: Overlap

    def new_leg(self, trunk: SipTrunk, owner: LegEvents, *, incoming: bool, address: str) -> SipLeg:
        """A leg without a session yet."""
        raise NotImplementedError

    # --- calls ---

    def call_offered(self, session: Session, request: Message, now: float) -> None:
        """A new INVITE."""
        trunk = self.trunks.get(session.profile.name)
        if trunk is None:
            session.refuse(403, (), now)
            return
        offer = session_of(request)
        if self.overlap.is_wanted and self.overlap.continues(session, request, offer, now):
            return
        asked = call_request(request, offer, trunk)
        leg = self.new_leg(trunk, self.hub, incoming=True, address=asked.calling.uri)
        leg.session = session
        session.owner_context = leg
        leg.hears(asked.session)
        if asked.session_id:
            # Until the called end says what it is.
            session.session_id.learn(session_ids.made(leg.id))
        leg.party = connected(request.headers, trunk)
        self.overlap.begin(leg, request)
        replaced = session.replaces.owner_context if session.replaces is not None else None
        self.hub.call_asked(leg, asked, replaced if isinstance(replaced, SipLeg) else None, now)

    def call_progressed(self, session: Session, response: Message, now: float) -> None:
        """101..199."""
        leg = _living(session)
        if leg is None:
            return
        early = leg.line.settings.early_media
        description = session_of(response) if response.body and early else b""
        leg.owner.progressed(
            leg,
            Progress(
                response.status,
                _own_phrase(response),
                leg.hears(description),
                connected(response.headers, leg.line),
                self._kept(leg, response.headers),
            ),
            now,
        )

    def call_answered(self, session: Session, response: Message, now: float) -> None:
        """2xx."""
        leg = _living(session)
        if leg is None:
            return
        leg.answered = True
        # The answer may have come in a reliable provisional response, and nothing of it now (RFC 6337 §2.3).
        description = session_of(response) or session.remote_session
        leg.party = connected(response.headers, leg.line)
        answer = Answer(leg.hears(description), leg.party, self._kept(leg, response.headers))
        self._watch(leg, 200, now)
        leg.owner.answered(leg, answer, now)

    def call_failed(self, session: Session, status: int, response: Message | None, now: float) -> None:
        """A final failure, or none at all."""
        leg = _living(session)
        if leg is None:
            return
        leg.over()
        self._watch(leg, 408 if response is None else status, now)
        clearing = leg.line.clearings.of_response(status, response)
        if response is not None:
            clearing = _with_spoken(leg, clearing, response.headers)
            party = connected(response.headers, leg.line)
            clearing = clearing if party is None else replace(clearing, party=party)
        leg.owner.cleared(leg, clearing, now)

    def call_cancelled(self, session: Session, cancel: Message | None, now: float) -> None:
        """The caller has given up."""
        self._cleared(session, cancel, 0 if cancel is not None else 408, now)

    def call_ended(self, session: Session, bye: Message | None, status: int, now: float) -> None:
        """BYE, or the dialog is lost."""
        leg = _living(session)
        if leg is not None and bye is not None and "also" in bye.headers:
            self.observer.log("transfer.bye_also", target=also(bye), **leg.marks)
        self._cleared(session, bye, status, now)

    def call_acknowledged(self, session: Session, ack: Message, now: float) -> None:
        """ACK to our 2xx."""
        leg = _living(session)
        if leg is not None:
            leg.owner.confirmed(leg, leg.hears(session_of(ack)), now)

    def call_updated(self, session: Session, request: Message, now: float) -> None:
        """UPDATE without a body."""
        leg = _living(session)
        if leg is not None:
            self._updated(leg, request.headers, now)

    # --- media ---

    def media_offered(self, session: Session, request: Message, now: float) -> None:
        """re-INVITE or UPDATE. What changes nothing is answered as before and troubles nobody."""
        leg = _living(session)
        if leg is None:
            return
        self._updated(leg, request.headers, now)
        description = session_of(request)
        if leg.gone:
            return
        if description and leg.local_session and same_media(description, leg.remote_session):
            session.accept_offer(leg.local_session, (), now)
            return
        leg.owner.media_offered(leg, leg.hears(description), now)

    def media_answered(self, session: Session, response: Message, now: float) -> None:
        """2xx to our offer."""
        leg = _living(session)
        if leg is None:
            return
        description = leg.hears(session_of(response))
        if leg.offer_is_over():
            leg.owner.media_accepted(leg, description, now)

    def media_refused(self, session: Session, status: int, response: Message | None, now: float) -> None:
        """A final failure to our offer."""
        leg = _living(session)
        if leg is None:
            return
        if not leg.offer_is_over(refused=True):
            self.observer.log("media.stand_in_refused", status=status, **leg.marks)
            return
        leg.owner.media_declined(leg, leg.line.clearings.of_response(status, response), now)

    # --- beside the call ---

    def request_received(self, session: Session | None, transaction: ServerTransaction, now: float) -> None:
        """OPTIONS outside of dialogs; INFO and MESSAGE within."""
        request = transaction.request
        method = request.method.upper()
        if method == "OPTIONS":
            self.ua.respond(transaction, 200, self.abilities(), now=now)
            return
        leg = _living(session) if session is not None else None
        if leg is None or method not in _TALK:
            self.ua.respond(transaction, 481 if session is not None else 405, self.abilities()[:1], now=now)
            return
        self.ua.respond(transaction, 200, now=now)
        body, kind = request.body, request.headers.get("content-type") or ""
        information = Information(request.method, kind, body, self._told(leg, request))
        leg.owner.informed(leg, information, now)

    def abilities(self) -> tuple[tuple[str, str], ...]:
        """Allow, Accept, Supported: what an answer to OPTIONS says (RFC 3261 §11.2)."""
        raise NotImplementedError

    # --- parts ---

    def _told(self, leg: SipLeg, request: Message) -> tuple[Kept, ...]:
        """The fields that say what the body of an INFO is about (RFC 6086: Info-Package), and those of the policy."""
        packages = tuple(item for item in everything(request) if item.what.lower() in ("info-package", "recv-info"))
        return (*packages, *leg.line.fields.kept(request.headers))

    def _kept(self, leg: SipLeg, headers: Headers) -> tuple[Kept, ...]:
        """What goes on to the caller; the Session-ID as its UUID."""
        found = leg.line.fields.kept(headers)
        return (*found, *session_ids.kept(leg.session_id)) if "session-id" in headers else found

    def _cleared(self, session: Session, request: Message | None, status: int, now: float) -> None:
        leg = _living(session)
        if leg is not None:
            leg.over()
            clearing = leg.line.clearings.of_request(request, status)
            if request is not None:
                clearing = _with_spoken(leg, clearing, request.headers)
            leg.owner.cleared(leg, clearing, now)

    def _updated(self, leg: SipLeg, headers: Headers, now: float) -> None:
        party = connected(headers, leg.line)
        if party is not None and party != leg.party:
            leg.party = party
            leg.owner.updated(leg, PartyUpdate(Stage.UPDATE, party), now)

    def _watch(self, leg: SipLeg, status: int, now: float) -> None:
        """The answer to a call says as much of a peer as one to OPTIONS."""
        flow = leg.session.flow if leg.session is not None else None
        if flow is None:
            return
        for peer in leg.line.peers:
            if any(flow.host == way.host and flow.port == way.port for way in peer.flows):
                peer.monitor.heard(status, now)


def _living(session: Session) -> SipLeg | None:
    """The leg of a session, unless it is over."""
    leg = session.owner_context
    return leg if isinstance(leg, SipLeg) and not leg.gone else None


def _with_spoken(leg: SipLeg, clearing: Clearing, headers: Headers) -> Clearing:
    """With what the peer's user says at the end, as far as the trunk lets it through."""
    if USER_TO_USER not in headers:
        return clearing
    spoken = (item for item in leg.line.fields.kept(headers) if key(item.what) == USER_TO_USER)
    return replace(clearing, kept=(*clearing.kept, *spoken))


def _own_phrase(response: Message) -> str:
    return "" if response.reason == reason_phrase(response.status) else response.reason
