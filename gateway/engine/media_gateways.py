"""The media gateways of the configuration, each with the code that controls it."""

from collections.abc import Callable
from functools import partial

from gateway.configuration import Configuration, MediaGateway, place
from gateway.hub.leg import Observer
from gateway.media.mgcp_media import MgcpMedia
from gateway.media.mgcp_settings import MgcpSettings
from gateway.model.timers import TimerQueue


def media_gateways(
    configuration: Configuration,
    timers: TimerQueue,
    send: Callable[[str, bytes], None],
    token: Callable[[], str],
    observer: Observer,
) -> dict[str, MgcpMedia]:
    """By name. `send` takes datagrams for the gateway of a name, and must not call back at once."""
    return {
        each.name: MgcpMedia(_settings(each), timers, partial(send, each.name), token, observer)
        for each in configuration.media
    }


def _settings(gateway: MediaGateway) -> MgcpSettings:
    board = place(gateway.board) if gateway.board else None
    return MgcpSettings(
        name=gateway.name,
        endpoint=gateway.endpoint,
        codecs=gateway.codecs,
        packet=gateway.packet,
        board=(board.host, board.port or 0) if board else None,
        audit=gateway.audit,
        cross_connect=gateway.cross_connect,
    )
