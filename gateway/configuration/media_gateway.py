"""A media gateway of gateway.yaml."""

import re
from typing import Literal

from pydantic import Field, field_validator

from gateway.configuration.place import PlaceText, place
from gateway.tables import Table

_ENDPOINT = re.compile(r"([!-?A-z|~]|\{channel\})+@[!-~]+", re.ASCII)


class MediaGateway(Table):
    """A gateway that ends B-channels in RTP, controlled by MGCP (RFC 3435) at `address`, from `local` (port 0: any).

    `endpoint` names what ends a B-channel: `{channel}` is its number, `*` or `$` what the gateway chooses. `codecs`
    are those of a B-channel, the first is offered. `board` is where the B-channels are RTP too, channel n at that
    port + 2n, for a gateway that only bridges (osmo-mgw); "" for one that has the lines itself. `packet` is the time
    of an RTP packet in milliseconds (0: the gateway's), `audit` the seconds between two looks whether it is there.
    `cross_connect`: two B-channels with boards that talk to each other meet at one endpoint, and RTP of the one board
    comes from another port then; false for boards that hear the first port only.
    """

    name: str = Field(min_length=1)
    address: PlaceText
    local: PlaceText = "udp:127.0.0.1:0"
    endpoint: str = "rtpbridge/*@mgw"
    codecs: tuple[Literal["PCMA", "PCMU"], ...] = Field(default=("PCMA", "PCMU"), min_length=1)
    board: str = ""
    packet: int = Field(default=20, ge=0, le=200)
    audit: float = Field(default=10.0, ge=0.1)
    cross_connect: bool = True

    @field_validator("address", "local", "board")
    @classmethod
    def _is_address(cls, text: str) -> str:
        if text and not (text.startswith("udp:") and place(text).is_numeric and place(text).port is not None):
            raise ValueError("should be udp:address:port")
        return text

    @field_validator("endpoint")
    @classmethod
    def _is_endpoint(cls, text: str) -> str:
        if not _ENDPOINT.fullmatch(text):
            raise ValueError("should be the name of an endpoint, as in ds/e1-0/s-{channel}/su64-0@mgw")
        return text
