"""The commands on connections (RFC 3435 §2.3), as an endpoint asks for them and gets them answered."""

from collections.abc import Generator
from typing import NamedTuple

from gateway.media.mgcp_message import Parameters, Response
from gateway.media.mgcp_response_codes import NO_SUCH_MODE, refusal
from gateway.media.mgcp_settings import MgcpSettings
from gateway.media.rtp_description import RtpPeer, has_audio, peer_description
from gateway.model.errors import GatewayError
from gateway.sip.sdp import Direction


class Order(NamedTuple):
    """A command but for its transaction."""

    verb: str
    endpoint: str
    parameters: Parameters
    session: bytes = b""


Answers = Generator[Order, Response | None, Response]
"""Yields orders, is sent the response to each (None: there was none) and returns the one that counts."""


class Connection(NamedTuple):
    """A connection that the media gateway has made: its endpoint, its identifier, its session description."""

    endpoint: str
    identifier: str
    media: bytes


class Orders:
    """Writes orders for one media gateway."""

    __slots__ = ("_options", "_packet", "_settings", "knows_inactive")

    def __init__(self, settings: MgcpSettings) -> None:
        self._settings = settings
        self._packet = settings.packet
        self._options = f"p:{settings.packet}, " if settings.packet else ""
        self.knows_inactive = True

    def create(
        self, endpoint: str, call: str, peer: RtpPeer | None, direction: Direction
    ) -> Generator[Order, Response | None, Connection]:
        """A connection to `peer`; None: to one that is not known yet. Raises GatewayError."""
        common = (("C", call), ("L", f"{self._options}a:{self._codec(peer)}"))
        response = yield from self._in_mode("CRCX", endpoint, common, peer, direction)
        found = Connection(response.value("Z") or endpoint, response.value("I"), response.session)
        if not found.identifier or not has_audio(found.media):
            yield from remove(found.endpoint, call)
            raise GatewayError("media gateway: a connection without identifier or port", where=endpoint, cause=111)
        return found

    def modify(self, known: Connection, call: str, peer: RtpPeer | None, direction: Direction) -> Answers:
        """Another peer, another direction, or none of both: to see whether it is still there. Raises GatewayError."""
        common = (("C", call), ("I", known.identifier), ("L", f"{self._options}a:{self._codec(peer)}"))
        return (yield from self._in_mode("MDCX", known.endpoint, common, peer, direction))

    def _in_mode(
        self, verb: str, endpoint: str, common: Parameters, peer: RtpPeer | None, direction: Direction
    ) -> Answers:
        session = peer_description(peer, self._packet) if peer is not None and peer.address else b""
        mode = self._mode(direction, bool(session))
        response = yield Order(verb, endpoint, (*common, ("M", mode)), session)
        if response is not None and response.code == NO_SUCH_MODE and mode == Direction.INACTIVE:
            self.knows_inactive = False
            response = yield Order(verb, endpoint, (*common, ("M", Direction.RECVONLY.value)), session)
        return expected(response, endpoint)

    def _mode(self, direction: Direction, has_peer: bool) -> str:
        if direction is Direction.INACTIVE:
            return direction.value if self.knows_inactive else Direction.RECVONLY.value
        # There is nobody to send to (RFC 3435 §2.4, code 527).
        return direction.value if has_peer else Direction.RECVONLY.value

    def _codec(self, peer: RtpPeer | None) -> str:
        return self._settings.codecs[0] if peer is None else peer.codec.partition("/")[0]


def remove(endpoint: str, call: str) -> Generator[Order, Response | None, Response | None]:
    """Deletes all connections of the call at that endpoint (RFC 3435 §2.3.9); None when nobody answers."""
    if is_wildcard(endpoint):
        # osmo-mgw takes no notice of the call then, and deletes the connections of everybody.
        return None
    return (yield Order("DLCX", endpoint, (("C", call),)))


def is_wildcard(endpoint: str) -> bool:
    """Whether the media gateway chooses the endpoint (RFC 3435 §2.1.2: `$`; osmo-mgw: `*`)."""
    return "*" in endpoint or "$" in endpoint


class Refused(GatewayError):
    """The media gateway has refused, with this code."""

    def __init__(self, response: Response, where: str) -> None:
        error = refusal(response.code, response.comment, where)
        super().__init__(error.what, where=where, sip_status=error.sip_status, cause=error.cause)
        self.code = response.code


def expected(response: Response | None, endpoint: str) -> Response:
    """`response` when it says that all went well. Raises GatewayError."""
    if response is None:
        raise GatewayError("media gateway does not answer", where=endpoint, sip_status=503, cause=47)
    if not response.is_success:
        raise Refused(response, endpoint)
    return response
