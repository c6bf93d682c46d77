"""The media of one H.323 leg: what the other side of the call describes in SDP, brought about in channels of H.245.

The description of the other side says where the peer is to send and in which codecs; the channel that we open to the
peer tells where it wants to receive, which makes the description that the other side gets. The gateway itself sends
and receives nothing. Channels begin with fast connect where both want it (H.323 §8.1.7). Whenever either side changes
its mind, the peer's channel is taken down by an empty capability set, and opened again to where it has to go now
(H.323 §8.4.6).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from gateway.configuration import H323Trunk
from gateway.ends.h323_control_link import H323ControlLink
from gateway.ends.h323_descriptions import CODECS, carries, fits, is_other, takes, written
from gateway.ends.h323_fast_connect import FastConnect
from gateway.ends.h323_media_table import PATIENCE, TABLE, Due, MediaAction, MediaInput
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Contents
from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.channel import Channel
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.h323.control.session import ControlEvents, ControlSession
from gateway.h323.control.user_input import UserInput
from gateway.interworking import h245_sdp
from gateway.interworking.h245_sdp import USER_INPUT, AudioDescription
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.timers import Timer, TimerQueue
from gateway.sip.sdp import Direction, same_media

if TYPE_CHECKING:
    from gateway.ends.h323_connections import H323Connections

NO_CODEC = Clearing(488, Cause(65))
_NO_CHANNEL = Clearing(503, Cause(47))
_SILENT = Clearing(408, Cause(102))
_EVENTS = 101
"""The payload type of RFC 4733 events before the other side has named one."""
_TRIED_AGAIN = 1.0
_TAKES_A_MOMENT = 0.3
"""Seconds after a change by the peer in which others may follow that belong to it."""


class MediaOwner(Protocol):
    """The leg, as its media sees it."""

    def media_answered(self, session: bytes, now: float) -> None:
        """The session of an answer that was awaited."""

    def media_confirmed(self, session: bytes, now: float) -> None:
        """The peer's answer to the offer in our answer."""

    def media_accepted(self, session: bytes, now: float) -> None:
        """The peer's answer to an offer of the hub's."""

    def media_declined(self, clearing: Clearing, now: float) -> None:
        """The peer cannot do what the hub offered; all is as before."""

    def media_failed(self, clearing: Clearing, now: float) -> None:
        """The call has no media and never will."""

    def media_changed(self, session: bytes, now: float) -> None:
        """The peer has other media now."""

    def digits_received(self, digits: str, now: float) -> None:
        """User input of the peer."""


class H323Media(ControlEvents):
    """`owner` hears how it goes. `local` is the other side's description, as the peer has to act by it."""

    __slots__ = (
        *("_announcing", "_asked", "_before", "_call", "_due", "_fast", "_is_paused", "_link", "_local"),
        *("_local_session", "_now", "_opening", "_owner", "_receiving", "_refused", "_remote"),
        *("_sending", "_session", "_settings", "_timer", "_timers", "_token", "told"),
    )

    def __init__(
        self,
        owner: MediaOwner,
        settings: H323Trunk,
        timers: TimerQueue,
        token: Callable[[], str],
    ) -> None:
        self._owner = owner
        self._settings = settings
        self._timers = timers
        self._token = token
        self._call: H323Call
        self._link: H323ControlLink | None = None
        self._session: ControlSession | None = None
        self._local: AudioDescription | None = None
        self._local_session = self._before = b""
        self._fast = FastConnect()
        self._sending: Channel | None = None
        self._opening: Channel | None = None
        self._receiving: Channel | None = None
        self._asked: Channel | None = None
        self._remote: tuple[AudioFormat, MediaAddress] | None = None
        self._refused: set[Codec] = set()
        self._is_paused = False
        self._due = Due.NOTHING
        self._timer: Timer | None = None
        self._announcing: Timer | None = None
        self._now = 0.0
        self.told = b""

    def take(self, call: H323Call, connections: "H323Connections") -> None:
        """The call that all this is about."""
        self._call = call
        self._link = H323ControlLink(connections, call, self._link_ready, self._control_heard, self._link_lost)

    # --- a call of ours ---

    def proposed(self, session: bytes) -> tuple[bytes, ...]:
        """The fastStart of our SETUP, for the description of the caller; () without one."""
        self._hear(session)
        return self._fast.offer(self._local) if self._settings.fast_start else ()

    def fast_start_accepted(self, elements: tuple[bytes, ...], now: float) -> None:
        """The peer has chosen among our channels."""
        self._now = now
        for channel in self._fast.answered(elements):
            self._adopt(channel)
        if self._sending is not None:
            self.told = self._described()

    def answered(self, now: float) -> None:
        """CONNECT: `media_answered` follows, at once when the session is known."""
        self._now = now
        self._enter(MediaInput.ANSWERED, now)
        if not self._settle(now):
            self.begin_control(now)

    # --- a call of the peer's ---

    def arrived(self) -> bytes:
        """What the fastStart of a SETUP offers, as the offer of the call; b"" without one that can be used."""
        offered = self._fast.arrived(self._call.offered_channels, self._allowed)
        if offered is not None:
            self.told = written(offered)
        return self.told

    def early(self, session: bytes) -> tuple[bytes, ...]:
        """The fastStart that accepts by the description of the called side; () when that was done, or cannot be."""
        if not self._fast.is_due or not session:
            return ()
        self._hear(session)
        elements, channels = self._fast.accept(self._local)
        for channel in channels:
            self._adopt(channel)
        return elements

    def answer(self, session: bytes, now: float) -> Contents:
        """What CONNECT says of media. H.245 begins when fast connect has not done it all; see `connected`."""
        self._now = now
        elements = self.early(session)
        if session:
            self._hear(session)
        if self._sending is not None and self._receiving is not None:
            return Contents(fast_start=elements)
        address = "" if self._call.tunnels or self._link is None else self._link.address(now)
        refused = bool(self._call.offered_channels)
        self._fast.give_up()
        return Contents(h245_address=address, fast_start_refused=refused)

    def connected(self, *, late: bool, now: float) -> None:
        """Our CONNECT has gone. `late`: its session was an offer, and `media_confirmed` is to tell the answer."""
        self._now = now
        if late:
            self._enter(MediaInput.ANSWERED_LATE, now)
        if not (self._sending and self._receiving) and self._call.tunnels:
            self.begin_control(now)
        self._pursue(now)

    # --- while it is up ---

    def offer(self, session: bytes, now: float) -> None:
        """The other side wants other media: `media_accepted` or `media_declined` follows, not before this returns."""
        self._now = now
        if not session:
            self._timers.start(now, self._offer_ours)
            return
        self._before = self._local_session
        self._enter(MediaInput.OFFERED, now)
        self._hear(session)
        self._timers.start(now, self._go_on)

    def confirm(self, session: bytes, now: float) -> None:
        """The other side's answer to what the peer offered."""
        if session and not same_media(session, self._local_session):
            self._now = now
            self._hear(session)
            self._go_on(now)

    def dial(self, digits: str, now: float) -> bool:
        """Digits for the peer, by H.245; False when there is none."""
        if self._session is None or self._session.remote is None:
            return False
        self._now = now
        self._session.send_user_input(UserInput(digits, signal=len(digits) == 1), now)
        return True

    def close(self, now: float) -> None:
        """The call is over."""
        self._now = now
        self._timers.stop(self._timer)
        self._timers.stop(self._announcing)
        if self._session is not None:
            self._session.end(now)
            self._session = None
        if self._link is not None:
            self._link.close(now)

    # --- H.245 comes about ---

    def begin_control(self, now: float) -> None:
        """H.245 is wanted, however it gets there."""
        if self._link is not None and self._session is None:
            self._link.open(now)

    def control_received(self, octets: bytes, now: float) -> None:
        """A tunnelled message: the peer has begun, if nobody had."""
        self._now = now
        self.begin_control(now)
        self._control_heard(octets, now)

    def tunnel_refused(self, now: float) -> None:
        """H.245 needs a connection of its own: it is begun anew where it was to go through the tunnel."""
        if self._link is not None and self._due is not Due.NOTHING:
            self._link.open(now)

    def control_address_received(self, now: float) -> None:
        """The peer listens for H.245: that is used when it asks for it, or when it is needed."""
        if self._call.wants_control or self._due is not Due.NOTHING:
            self.begin_control(now)

    def _link_ready(self, now: float) -> None:
        self._now = now
        session = ControlSession(self._send, self, self._timers, self._token)
        self._session = session
        session.start(self._capabilities(), now)
        for channel in (self._sending, self._receiving):
            if channel is not None:
                session.adopt_channel(channel)

    def _control_heard(self, octets: bytes, now: float) -> None:
        self._now = now
        if self._session is not None:
            self._session.receive(octets, now)

    def _link_lost(self, now: float) -> None:
        """H.245 is gone, or could not be reached; what it had agreed on stays."""
        self._session = None
        self._enter(MediaInput.STUCK, now)

    def _send(self, octets: bytes) -> None:
        if self._link is not None:
            self._link.send(octets, self._now)

    # --- what the session tells (ControlEvents) ---

    def determined(self, session: ControlSession, now: float) -> None:
        """Who is master is known."""
        self._pursue(now)

    def capabilities_changed(self, session: ControlSession, capabilities: CapabilitySet, now: float) -> None:
        """What the peer can receive; nothing at all is a hold, or the begin of a re-routing."""
        self._refused.clear()
        if capabilities.is_empty:
            self._sending = self._opening = None
            self._announce(now)
        self._pursue(now)

    def channel_asked(self, session: ControlSession, channel: Channel, now: float) -> None:
        """The peer wants to send: to the other side, once that has said where."""
        self._asked = channel
        self._pursue(now)

    def channel_opened(self, session: ControlSession, channel: Channel, now: float) -> None:
        """The peer has said where it receives."""
        if channel is self._opening:
            self._opening = None
            self._adopt(channel)
        self._announce(now)
        self._pursue(now)

    def channel_refused(self, session: ControlSession, channel: Channel, cause: str, now: float) -> None:
        """The next codec is tried; in a conflict with the master it is the master's."""
        if channel is not self._opening:
            return
        self._opening = None
        if channel.format is not None and not (cause == "masterSlaveConflict" and self._masters(channel.format)):
            self._refused.add(channel.format.codec)
        self._pursue(now)

    def channel_closed(self, session: ControlSession, channel: Channel, now: float) -> None:
        """The peer does not send any more, or does not take what we send."""
        if channel is self._receiving:
            self._receiving = None
        if channel is self._asked:
            self._asked = None
        if channel is self._sending:
            self._sending = None
        self._announce(now)
        self._pursue(now)

    def mode_requested(self, session: ControlSession, formats: tuple[AudioFormat, ...], now: float) -> bool:
        """The codec is the other side's to choose."""
        return False

    def user_input(self, session: ControlSession, received: UserInput, now: float) -> None:
        """Digits."""
        if not received.update:
            self._owner.digits_received(received.digits, now)

    def session_ended(self, session: ControlSession, now: float) -> None:
        """The peer is about to release the call."""
        self._session = None

    def session_failed(self, session: ControlSession, reason: str, now: float) -> None:
        """A procedure had no answer."""
        self._enter(MediaInput.STUCK, now)

    def capabilities_acknowledged(self, session: ControlSession, now: float) -> None:
        """The peer knows what it may send."""
        self._pursue(now)

    def malformed(self, session: ControlSession, reason: str, now: float) -> None:
        """Is let pass."""

    # --- towards what is wanted ---

    def _go_on(self, now: float) -> None:
        if not self._settle(now):
            self.begin_control(now)
            self._pursue(now)

    def _pursue(self, now: float) -> None:
        """Does what can be done now to bring the channels to what is wanted."""
        session = self._session
        self._now = now
        if session is not None and session.is_master is not None and session.remote is not None:
            self._close_wrong(session, now)
            self._pursue_receiving(session, now)
            self._pursue_sending(session, session.remote, now)
        self._settle(now)

    def _pursue_receiving(self, session: ControlSession, now: float) -> None:
        local = self._local
        if local is None:
            return
        receives = local.direction.receives and bool(local.address.media)
        if self._asked is not None and receives and not self._is_paused:
            self._take_asked(session, self._asked, local, now)
        wanted = self._capabilities()
        if receives and (self._receiving is None or fits(self._receiving, local)):
            if self._is_paused or session.local is None or session.local != wanted:
                self._is_paused = False
                session.set_capabilities(wanted, now)
        elif not self._is_paused:
            self._is_paused = True
            session.set_capabilities(PAUSE, now)

    def _take_asked(self, session: ControlSession, asked: Channel, local: AudioDescription, now: float) -> None:
        self._asked = None
        if asked.format is None or not takes(local, asked.format):
            session.reject_channel(asked, "dataTypeNotSupported", now)
            return
        session.accept_channel(asked, local.address, now)
        self._receiving = asked

    def _pursue_sending(self, session: ControlSession, remote: CapabilitySet, now: float) -> None:
        if remote.is_empty or self._opening is not None or self._sending is not None:
            return
        chosen = self._choice(remote)
        if chosen is None:
            self._enter(MediaInput.STUCK, now)
            return
        control = self._local.address.control if self._local else ""
        self._opening = session.open_channel(chosen, MediaAddress(control=control), now)

    def _close_wrong(self, session: ControlSession, now: float) -> None:
        """What we send in a codec that the other side has not, before the peer is told of others: a master would hold
        it to the old one.
        """
        sending, local = self._sending, self._local
        if sending is not None and local is not None and not carries(local, sending):
            session.close_channel(sending, now)
            self._sending = None

    def _choice(self, remote: CapabilitySet) -> AudioFormat | None:
        """The first codec that both sides have; that of the peer's own channel goes before."""
        coming = self._receiving or self._asked
        known = self._local.formats if self._local else tuple(map(AudioFormat, self._allowed))
        usable = [each for each in h245_sdp.common_formats(known, remote) if each.codec not in self._refused]
        same = (each for each in usable if coming is not None and coming.format and coming.format.codec is each.codec)
        return next(same, usable[0] if usable else None)

    def _masters(self, refused: AudioFormat) -> bool:
        """Whether the master's codec, that of its own channel, is another one and can be taken."""
        coming = self._receiving or self._asked
        return coming is not None and coming.format is not None and coming.format.codec is not refused.codec

    # --- what there is ---

    @property
    def _allowed(self) -> tuple[Codec, ...]:
        return tuple(codec for name in self._settings.codecs for codec in CODECS[name])

    def can_take(self, session: bytes) -> bool:
        """Whether the description has audio that can be said in H.245 and is allowed."""
        return h245_sdp.audio_description(session, self._allowed) is not None

    def _capabilities(self) -> CapabilitySet:
        """What the peer may send: what the other side takes; before that is known, all that we know of."""
        local = self._local
        if local is None:
            return CapabilitySet(tuple(map(AudioFormat, self._allowed)), _EVENTS, USER_INPUT)
        return CapabilitySet(local.formats, local.telephone_event, USER_INPUT)

    def _hear(self, session: bytes) -> None:
        self._local_session = session
        self._local = h245_sdp.audio_description(session, self._allowed) if session else None

    def _adopt(self, channel: Channel) -> None:
        if not channel.outgoing:
            self._receiving = channel
        elif channel.format is not None:
            self._sending = channel
            known = self._remote[1] if self._remote is not None else channel.receiver
            self._remote = channel.format, channel.receiver if channel.receiver.media else known

    def _is_heard(self) -> bool:
        """Whether it is known where the peer receives, or that it does not want to."""
        session, local = self._session, self._local
        if session is not None and session.remote is not None and session.remote.is_empty:
            return True
        return self._sending is not None and (local is None or carries(local, self._sending))

    def _is_hearing(self) -> bool:
        """Whether the peer sends where the other side wants it; that wants nothing as long as nobody is there."""
        local = self._local
        if local is None:
            return True
        if local.direction.receives and local.address.media:
            return self._receiving is not None and fits(self._receiving, local)
        return self._receiving is None and self._is_paused

    # --- what the hub is told ---

    def _settle(self, now: float) -> bool:
        if self._due is Due.NOTHING or not (self._is_heard() and self._is_hearing()):
            return False
        self._enter(MediaInput.SETTLED, now)
        return True

    def _silence(self, now: float) -> None:
        self._timer = None
        heard = self._is_heard()
        if self._due is Due.ACCEPT and self._local is not None and self._local.direction.receives:
            heard = heard and self._is_hearing()
        self._enter(MediaInput.SILENCE_HEARD if heard else MediaInput.SILENCE, now)

    def _enter(self, input: MediaInput, now: float) -> None:
        action, self._due = TABLE[self._due, input]
        if action is MediaAction.IGNORE:
            return
        self._timers.stop(self._timer)
        self._timer = None
        if action is MediaAction.WAIT:
            self._timer = self._timers.start(now + PATIENCE[self._due], self._silence)
            return
        why = NO_CODEC if input is MediaInput.STUCK else _SILENT
        self._tell(action, why, now)

    def _tell(self, action: MediaAction, why: Clearing, now: float) -> None:
        if action is MediaAction.FAIL:
            self._owner.media_failed(why if why is NO_CODEC else _NO_CHANNEL, now)
            return
        if action is MediaAction.DECLINE:
            self._hear(self._before)
            self._owner.media_declined(why, now)
            self._pursue(now)
            return
        self.told = self._described()
        if action is MediaAction.ANSWER:
            self._owner.media_answered(self.told, now)
        elif action is MediaAction.CONFIRM:
            self._owner.media_confirmed(self.told, now)
        elif action is MediaAction.ACCEPT:
            self._owner.media_accepted(self.told, now)

    def _described(self, *, as_offer: bool = False) -> bytes:
        """The peer as the other side has to know it: the answer to its description, or an offer where it has none."""
        if self._remote is None:
            return self.told
        format, address = self._remote
        session, local = self._session, self._local
        event = session.remote.telephone_event if session is not None and session.remote is not None else None
        receives = self._sending is not None
        if local is None or as_offer:
            sends = local is None or self._receiving is not None or self._session is None
            ways = Direction.of(sends=sends, receives=receives)
            return written(AudioDescription((format,), address, ways, event))
        ways = Direction.of(sends=local.direction.receives, receives=receives and local.direction.sends)
        event = event if local.telephone_event is not None else None
        return written(AudioDescription((format,), address, ways, event, local.place), self._local_session)

    def _offer_ours(self, now: float) -> None:
        self.told = self._described(as_offer=True)
        if self.told:
            self._owner.media_accepted(self.told, now)
        else:
            self._owner.media_declined(_NO_CHANNEL, now)

    def _announce(self, now: float) -> None:
        """The peer has changed something: the other side hears of it when the peer is done."""
        if self._due is Due.NOTHING and self.told and self._announcing is None:
            self._announcing = self._timers.start(now + _TAKES_A_MOMENT, self._announced)

    def _announced(self, now: float) -> None:
        self._announcing = None
        if self._due is not Due.NOTHING or self._opening is not None:
            return
        said = self._described(as_offer=True)
        if said and is_other(said, self.told):
            self.told = said
            self._owner.media_changed(said, now)

    def announce_again(self, now: float) -> None:
        """The other side had no time to hear of it."""
        if self._announcing is None:
            self._announcing = self._timers.start(now + _TRIED_AGAIN, self._said_again)

    def _said_again(self, now: float) -> None:
        self._announcing = None
        if self._due is Due.NOTHING:
            self.told = self._described(as_offer=True) or self.told
            self._owner.media_changed(self.told, now)
