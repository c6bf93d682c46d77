"""A B channel at a media gateway: a connection to the SIP peer and, where the gateway only bridges, one to the board.

What is to be done is done one after the other, each step written down from its first command to its last response.
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
from gateway.media.rtp_description import RtpPeer, board, has_audio, own_description, renewed, rtp_peer
from gateway.model.errors import GatewayError
from gateway.sip.sdp import Direction, Origin

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


class MgcpEndpoint:
    """One B channel. `call` is its call identifier at the gateway, `name` the endpoint's name there. `is_held`: it
    waits for the channel's last call to be gone.
    """

    __slots__ = (
        *("_board", "_direction", "_done", "_gateway", "_is_gone", "_is_tried", "_jobs", "_moved", "_origin"),
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
        self.is_released, self.is_held = True, False
        self._done = self._moved = None
        self._jobs.clear()
        self._append(self._delete, lambda session, then: self._gateway.ended(self, session is not None, then), now)

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
        direction = direction or (None if remote else self._direction)
        remote = remote or self._remote
        if self._peer is None:
            return (yield from self._set_up(remote, direction))
        peer = self._understood(remote)
        direction = direction or (peer.direction.reverse if peer else Direction.SENDRECV)
        try:
            yield from self._apply(self._peer, peer, direction)
        except Refused as refused:
            if refused.code not in GONE:
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

    def _set_up_again(self, remote: bytes, direction: Direction) -> Steps:
        self._is_gone = True
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
        place = peer.stream if peer else 0
        description = own_description(self._peer.media, remote, place, direction, self._origin)
        self.local, self._origin = renewed(description, self.local, self._origin)
        return self.local

    def _board_at(self, media: bytes) -> RtpPeer | None:
        place = self._gateway.settings.board
        return board(place[0], place[1] + 2 * self.channel, media) if place else None

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


def _connection(written: object) -> Connection | None:
    if not isinstance(written, list) or len(written) != 3:
        return None
    endpoint, identifier, media = map(str, written)
    return Connection(endpoint, identifier, _octets(media))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _octets(text: object) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
