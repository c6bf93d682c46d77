"""A B channel at a media gateway: a connection to the SIP peer and, where the gateway only bridges, one to the board.

What is to be done is done one after the other, each step written down from its first command to its last response.

Two B channels of one gateway that were told of each other meet there, where it has their boards: the one endpoint,
the host, then has a connection to either board, and what the other one has, the guest, rests. Any change parts them.
"""

from collections import deque
from collections.abc import Callable, Generator
from typing import Protocol

from gateway.ends.media_resource import MediaDone, MediaEndpoint, MediaMoved
from gateway.media.mgcp_message import Response
from gateway.media.mgcp_orders import Connection, Order, Orders, Refused, is_wildcard, remove
from gateway.media.mgcp_response_codes import GONE
from gateway.media.mgcp_settings import MgcpSettings
from gateway.media.mgcp_transactions import Heard
from gateway.media.rtp_description import RtpPeer, board, has_audio, own_description, renewed, rtp_peer, where
from gateway.model.errors import GatewayError
from gateway.sip.sdp import Direction, Origin

Place = tuple[str, int]
"""Address and port."""

Steps = Generator[Order, Response | None, bytes | None]
"""Yields orders, is sent their responses, and returns the description to be told; None when there is none to tell."""


class Surroundings(Protocol):
    """What an endpoint needs of its media gateway."""

    settings: MgcpSettings
    orders: Orders

    def order(self, order: Order, heard: Heard, now: float) -> None:
        """Sends it; `heard` is told None at once when the gateway is lost."""

    def ended(self, endpoint: "MgcpEndpoint", is_clean: bool, now: float) -> None:
        """The endpoint has been released; nothing of it is left at the gateway when that `is_clean`."""

    def checked(self, endpoint: "MgcpEndpoint", now: float) -> None:
        """It was looked after."""

    def gone(self, endpoint: "MgcpEndpoint", now: float) -> None:
        """Its connections were not there any more; others may be gone too."""

    def settled(self, endpoint: "MgcpEndpoint", now: float) -> None:
        """It has done what it was asked for: it may have been told of another one that was told of it."""

    def other(self, call: str) -> "MgcpEndpoint | None":
        """The B channel with that call identifier."""


class MgcpEndpoint:
    """One B channel. `call` is its call identifier at the gateway, `name` the endpoint's name there. `is_held`: it
    waits for the channel's last call to be gone. `place` is where it receives from the peer, `aim` where it sends to
    as long as media flows both ways. `across` is the call identifier of the one that it meets, "" for none.
    """

    __slots__ = (
        *(
            "_board",
            "_channel_across",
            "_direction",
            "_done",
            "_gateway",
            "_is_gone",
            "_is_resting",
            "_is_tried",
            "_jobs",
            "_moved",
        ),
        "_refused_to_meet",
        *("_now", "_origin", "across", "aim", "is_guest", "place"),
        *(
            "_peer",
            "_remote",
            "_steps",
            "call",
            "channel",
            "failure",
            "is_held",
            "is_released",
            "local",
            "name",
            "trunk",
        ),
    )

    def __init__(
        self, gateway: Surroundings, trunk: str, channel: int, call: str, session_id: int, moved: MediaMoved | None
    ) -> None:
        self._gateway = gateway
        self.trunk, self.channel, self.call = trunk, channel, call
        self.name = gateway.settings.endpoint_of(channel)
        self.local = b""
        self.failure: GatewayError | None = None
        self.is_held = self.is_released = self._is_tried = self._is_gone = False
        self._moved = moved
        self._origin = Origin(session_id, 0, "")
        self._peer: Connection | None = None
        self._board: Connection | None = None
        self._remote = b""
        self._direction = Direction.SENDRECV
        self._jobs: deque[tuple[Callable[[], Steps], MediaDone]] = deque()
        self._steps: Steps | None = None
        self._done: MediaDone | None = None
        self._now = 0.0
        self.place: Place | None = None
        self.aim: Place | None = None
        self.across = ""
        self._channel_across = 0
        self.is_guest = self._is_resting = self._refused_to_meet = False

    # What it is asked for

    def set_up(self, wanted: bytes, done: MediaDone, now: float) -> None:
        """Has its connections made; the first thing it is asked for."""
        self._enqueue(lambda: self._set_up(wanted, None), done, now)

    def modify(self, remote: bytes, direction: Direction | None, done: MediaDone, now: float) -> None:
        """See `MediaEndpoint`."""
        self._enqueue(lambda: self._modify(remote, direction), done, now)

    def cross_connect(self, other: MediaEndpoint, done: MediaDone, now: float) -> None:
        """See `MediaEndpoint`."""

        def other_done(session: bytes | None, then: float) -> None:
            if session is None:
                self.failure = other.failure
            done(self.local if session is not None else None, then)

        def own_done(session: bytes | None, then: float) -> None:
            if session is None:
                done(None, then)
            else:
                other.modify(session, Direction.SENDRECV, other_done, then)

        self.modify(other.local, Direction.SENDRECV, own_done, now)

    def check(self, now: float) -> None:
        """Looks whether its connections are still there, and has them made anew when not."""
        before = self.local

        def checked(session: bytes | None, then: float) -> None:
            self._gateway.checked(self, then)
            if session is not None and session != before and self._moved is not None:
                self._moved(session, then)

        self._enqueue(lambda: self._modify(b"", None), checked, now)

    def release(self, now: float) -> None:
        """See `MediaEndpoint`."""
        if self.is_released:
            return
        self._now = now
        self._part()
        self.is_released, self.is_held = True, False
        self._done = self._moved = None
        self._jobs.clear()
        self._append(self._delete, lambda session, then: self._gateway.ended(self, session is not None, then), now)

    @property
    def may_meet(self) -> bool:
        """Whether another one could meet it: its connections are there, it meets nobody and has nothing to do."""
        is_whole = self._peer is not None and self._board is not None
        is_busy = bool(self._jobs) or self._steps is not None
        return is_whole and not (is_busy or self.across or self.is_released or self._refused_to_meet)

    def meet(self, other: "MgcpEndpoint", now: float) -> None:
        """Is the host of another one from now on."""
        self.across, other.across = other.call, self.call
        self._channel_across, other._channel_across = other.channel, self.channel
        self.is_guest, other.is_guest = False, True
        self.renew(now)
        other.renew(now)

    def renew(self, now: float) -> None:
        """Its connections are told once more what they are to do."""
        self._enqueue(lambda: self._modify(b"", None), _nobody, now)

    def go_on(self, now: float) -> None:
        """The channel is free: what it was asked for is begun."""
        self.is_held = False
        if self._jobs and self._steps is None:
            self._start(now)

    # One after the other

    def _enqueue(self, job: Callable[[], Steps], done: MediaDone, now: float) -> None:
        if not self.is_released:
            self._append(job, done, now)

    def _append(self, job: Callable[[], Steps], done: MediaDone, now: float) -> None:
        self._jobs.append((job, done))
        if self._steps is None and not self.is_held:
            self._start(now)

    def _start(self, now: float) -> None:
        job, self._done = self._jobs.popleft()
        self.failure = None
        self._steps = job()
        self._advance(None, now)

    def _advance(self, response: Response | None, now: float) -> None:
        assert self._steps is not None
        self._now = now
        session: bytes | None = None
        try:
            order = self._steps.send(response)
        except StopIteration as end:
            session = end.value
        except GatewayError as error:
            self.failure = error
        else:
            self._gateway.order(order, self._advance, now)
            return
        self._finish(session, now)

    def _finish(self, session: bytes | None, now: float) -> None:
        done, self._steps, self._done = self._done, None, None
        if done is not None:
            done(session, now)
        if self._is_gone:
            self._is_gone = False
            self._gateway.gone(self, now)
        if session is not None and not self.is_released:
            self._gateway.settled(self, now)
        if self._jobs and self._steps is None:
            self._start(now)

    # What is done, step by step

    def _set_up(self, remote: bytes, direction: Direction | None) -> Steps:
        peer = self._understood(remote)
        direction = direction or (peer.direction.reverse if peer else Direction.SENDRECV)
        name, self._is_tried = self.name, True
        made = yield from self._gateway.orders.create(name, self.call, peer, direction)
        self.name = made.endpoint
        try:
            self._board = yield from self._set_up_board(made.media)
        except GatewayError:
            yield from remove(self.name, self.call)
            self.name = name
            raise
        self._peer = made
        return self._told(remote, peer, direction)

    def _set_up_board(self, media: bytes) -> Generator[Order, Response | None, Connection | None]:
        place = self._board_at(media)
        if place is None:
            return None
        return (yield from self._gateway.orders.create(self.name, self.call, place, Direction.SENDRECV))

    def _modify(self, remote: bytes, direction: Direction | None) -> Steps:
        if not self.local:
            raise GatewayError("media gateway: nothing was set up", where=self.name, sip_status=503, cause=47)
        if self.across and not self._stays(remote, direction):
            self._part()
        direction = direction or (None if remote else self._direction)
        remote = remote or self._remote
        if self._peer is None:
            return (yield from self._set_up(remote, direction))
        peer = self._understood(remote)
        direction = direction or (peer.direction.reverse if peer else Direction.SENDRECV)
        try:
            if self.across:
                yield from self._bridge(self._peer, peer)
            else:
                yield from self._wake(self._peer)
                yield from self._apply(self._peer, peer, direction)
        except Refused as refused:
            was_across = self._part()
            if refused.code not in GONE:
                if was_across:
                    self._refused_to_meet = True
                    self.renew(self._now)
                raise
            return (yield from self._set_up_again(remote, direction))
        return self._told(remote, peer, direction)

    def _apply(
        self, known: Connection, peer: RtpPeer | None, direction: Direction
    ) -> Generator[Order, Response | None, None]:
        orders = self._gateway.orders
        response = yield from orders.modify(known, self.call, peer, direction)
        media = response.session if has_audio(response.session) else known.media
        place = self._board_at(media)
        if self._board is not None and place is not None and place != self._board_at(known.media):
            # The board has to speak the codec of the peer: a gateway that bridges need not convert.
            yield from orders.modify(self._board, self.call, place, Direction.SENDRECV)
        self._peer = known._replace(media=media)

    # Meeting another one

    def _stays(self, remote: bytes, direction: Direction | None) -> bool:
        """Whether nothing changes for those who meet."""
        if direction not in (None, Direction.SENDRECV):
            return False
        return not remote or self._understood(remote) == self._understood(self._remote)

    def _part(self) -> bool:
        """Both go back to what they had; whether they had met."""
        other = self._gateway.other(self.across) if self.across else None
        was_across, self.across = bool(self.across), ""
        if was_across:
            self.aim = None  # Until it is told of somebody else.
        self.is_guest = False
        if other is not None and other.across == self.call:
            other.across, other.is_guest = "", False
            other.renew(self._now)
        return was_across

    def _bridge(self, known: Connection, peer: RtpPeer | None) -> Generator[Order, Response | None, None]:
        """The host sends to the other's board; the guest is silent. How it is described to its peer stays."""
        orders = self._gateway.orders
        if not self.is_guest:
            there = self._board_at(known.media, self._channel_across)
            yield from orders.modify(known, self.call, there, Direction.SENDRECV)
            return
        self._is_resting = True
        yield from orders.modify(known, self.call, peer, Direction.INACTIVE)
        if self._board is not None:
            yield from orders.modify(self._board, self.call, self._board_at(known.media), Direction.INACTIVE)

    def _wake(self, known: Connection) -> Generator[Order, Response | None, None]:
        """The board of a guest hears the peer again."""
        if self._is_resting and self._board is not None:
            yield from self._gateway.orders.modify(
                self._board, self.call, self._board_at(known.media), Direction.SENDRECV
            )
        self._is_resting = False

    def _set_up_again(self, remote: bytes, direction: Direction) -> Steps:
        self._is_gone = True
        self._is_resting = False
        yield from remove(self.name, self.call)
        self._peer = self._board = None
        self.name = self._gateway.settings.endpoint_of(self.channel)
        return (yield from self._set_up(remote, direction))

    def _delete(self) -> Steps:
        if not self._is_tried or is_wildcard(self.name):
            return b""
        response = yield from remove(self.name, self.call)
        return None if response is None else b""

    # What comes of it

    def _understood(self, remote: bytes) -> RtpPeer | None:
        if not remote:
            return None
        peer = rtp_peer(remote, self._gateway.settings.codecs)
        if peer is None:
            raise GatewayError("no audio that a B channel carries", where=self.name, sip_status=488, cause=88)
        return peer

    def _told(self, remote: bytes, peer: RtpPeer | None, direction: Direction) -> bytes:
        assert self._peer is not None
        self._remote, self._direction = remote, direction
        flows = peer is not None and bool(peer.address) and direction is Direction.SENDRECV
        self.aim = (peer.address, peer.port) if peer is not None and flows else None
        self.place = where(self._peer.media)
        place = peer.stream if peer else 0
        description = own_description(self._peer.media, remote, place, direction, self._origin)
        self.local, self._origin = renewed(description, self.local, self._origin)
        return self.local

    def _board_at(self, media: bytes, channel: int | None = None) -> RtpPeer | None:
        place = self._gateway.settings.board
        number = self.channel if channel is None else channel
        return board(place[0], place[1] + 2 * number, media) if place else None

    # Over a restart

    def snapshot(self) -> dict[str, object]:
        """See `MediaEndpoint`."""
        found: dict[str, object] = {
            "trunk": self.trunk,
            "channel": self.channel,
            "call": self.call,
            "local": _text(self.local),
            "remote": _text(self._remote),
            "direction": self._direction.value,
            "session": self._origin.session_id,
            "version": self._origin.version,
        }
        if self.across:
            found.update(across=self.across, channel_across=self._channel_across, guest=self.is_guest)
        for key, connection in (("peer", self._peer), ("board", self._board)):
            if connection is not None:
                found[key] = [connection.endpoint, connection.identifier, _text(connection.media)]
        return found

    def restore(self, snapshot: dict[str, object]) -> None:
        """Takes over what was known of it. Raises ValueError when it is not understood."""
        self.local, self._remote = _octets(snapshot.get("local")), _octets(snapshot.get("remote"))
        self._direction = Direction(str(snapshot.get("direction")))
        version = snapshot.get("version")
        self._origin = Origin(self._origin.session_id, version if isinstance(version, int) else 0, "")
        self._peer, self._board = _connection(snapshot.get("peer")), _connection(snapshot.get("board"))
        if self._peer is not None:
            self.name, self._is_tried = self._peer.endpoint, True
        self.across, channel = str(snapshot.get("across") or ""), snapshot.get("channel_across")
        self._channel_across = channel if isinstance(channel, int) else 0
        self.is_guest = self._is_resting = bool(snapshot.get("guest"))


def _nobody(session: bytes | None, now: float) -> None:
    """Nobody has asked."""


def _connection(written: object) -> Connection | None:
    if not isinstance(written, list) or len(written) != 3:
        return None
    endpoint, identifier, media = map(str, written)
    return Connection(endpoint, identifier, _octets(media))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _octets(text: object) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
