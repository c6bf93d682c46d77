"""An ISDN trunk of gateway.yaml."""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import field_validator

from gateway.configuration.place import Place, PlaceText, place
from gateway.configuration.trunk import AnyTrunk

_CHANNELS = re.compile(r"[0-9]{1,3}(-[0-9]{1,3})?(,[0-9]{1,3}(-[0-9]{1,3})?)*", re.ASCII)


class IsdnTrunk(AnyTrunk):
    """An ISDN trunk: one D channel and its B-channels.

    `link` is how the D channel is reached: `udp:local>remote`, a datagram for each LAPD frame without FCS. `side` is
    ours, `variant` the kind of trunk (mappings/isdn/; `etsi` is euroisdn). `channels` are the numbers of the
    B-channels. Trunks of the same `group` share signalling: calls on them can be joined by the exchange; "" is a
    group of its own.
    `native`: two calls that we have joined are offered to the network (ECT, TBCT, RLT), which then keeps them alone.
    `overlap`: a called number need not be complete in SETUP. `media` is the name of the media gateway that ends the
    B-channels; with "none" they are described as if the host of `media_address` did, channel n at the port + 2n.
    """

    protocol: Literal["isdn"]
    profile: Literal["generic"] = "generic"
    link: str
    side: Literal["user", "network"] = "user"
    variant: str = "euroisdn"
    access: Literal["primary", "basic"] = "primary"
    channels: str = "1-15,17-31"
    group: str = ""
    overlap: bool = False
    native: bool = True
    media: str = "none"
    media_address: PlaceText = "udp:127.0.0.1:40000"

    @property
    def link_ends(self) -> tuple[Place, Place]:
        """Our end of the link, and the peer's."""
        own, _, peer = self.link.partition(">")
        first, second = place(own), place(peer if ":" in peer[:4] else f"{own.partition(':')[0]}:{peer}")
        return first, second

    @property
    def channel_numbers(self) -> tuple[int, ...]:
        """The B-channels in order."""
        return tuple(sorted(set(_numbers(self.channels))))

    @field_validator("variant")
    @classmethod
    def _by_its_file(cls, name: str) -> str:
        """EuroISDN goes by the name of its standards body too."""
        return "euroisdn" if name == "etsi" else name

    @field_validator("link")
    @classmethod
    def _is_link(cls, text: str) -> str:
        own, arrow, peer = text.partition(">")
        if not arrow or not own.startswith("udp:"):
            raise ValueError("should be udp:local-host:port>remote-host:port")
        for end in (place(own), place(peer if peer.startswith("udp:") else f"udp:{peer}")):
            if not end.is_numeric or end.port is None:
                raise ValueError("both ends need an address and a port")
        return text

    @field_validator("channels")
    @classmethod
    def _are_channels(cls, text: str) -> str:
        if not _CHANNELS.fullmatch(text) or not all(1 <= number <= 127 for number in _numbers(text)):
            raise ValueError("should be numbers and ranges of them from 1 to 127, as in 1-15,17-31")
        if not tuple(_numbers(text)):
            raise ValueError("no channel is left")
        return text


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
