"""An ISDN trunk of gateway.yaml."""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from gateway.configuration.d_channel_link import BackhaulChannel, DChannelLink, IuaInterface, d_channel_link
from gateway.configuration.place import PlaceText
from gateway.configuration.trunk import AnyTrunk, TransferPolicy
from gateway.tables import Key, refuse

_CHANNELS = re.compile(r"[0-9]{1,3}(-[0-9]{1,3})?(,[0-9]{1,3}(-[0-9]{1,3})?)*", re.ASCII)
_OF_BASIC_ACCESS = (1, 2)


class IsdnTrunk(AnyTrunk):
    """An ISDN trunk: one D channel and its B-channels.

    `link` is how the D channel is reached (gateway.configuration.d_channel_link). `side` is ours, `variant` the kind
    of trunk (mappings/isdn/; `etsi` is euroisdn). `bus`: a basic access with several terminals; as its user we are
    one of them, with the TEI `tei` or (null) one that the network assigns. `channels` are the numbers of the
    B-channels, 1 and 2 on a basic access unless said otherwise. `nfas` names the trunk whose D channel controls these
    B-channels too; `interface` is then what they are called there. Trunks of the same `group` share signalling: calls
    on them can be joined by the exchange; "" is a group of its own.
    `native`: two calls that we have joined are offered to the network (ECT, TBCT, RLT), which then keeps them alone.
    `overlap`: a called number need not be complete in SETUP. `media` is the name of the media gateway that ends the
    B-channels; with "none" they are described as if the host of `media_address` did, channel n at the port + 2n.
    """

    protocol: Literal["isdn"]
    profile: Literal["generic"] = "generic"
    transfer: TransferPolicy = TransferPolicy.PASS
    link: str = ""
    side: Literal["user", "network"] = "user"
    variant: str = "euroisdn"
    access: Literal["primary", "basic"] = "primary"
    bus: bool = False
    tei: int | None = Field(default=None, ge=0, le=63)
    nfas: str = ""
    interface: int = Field(default=0, ge=0, le=127)
    channels: str = "1-15,17-31"
    group: str = ""
    overlap: bool = False
    native: bool = True
    media: str = "none"
    media_address: PlaceText = "udp:127.0.0.1:40000"

    @property
    def d_channel(self) -> DChannelLink | None:
        """The way to its D channel; None for one that has none of its own."""
        return d_channel_link(self.link) if self.link else None

    @property
    def channel_numbers(self) -> tuple[int, ...]:
        """The B-channels in order."""
        if self.access == "basic" and "channels" not in self.model_fields_set:
            return _OF_BASIC_ACCESS
        return tuple(sorted(set(_numbers(self.channels))))

    @field_validator("variant")
    @classmethod
    def _by_its_file(cls, name: str) -> str:
        """EuroISDN goes by the name of its standards body too."""
        return "euroisdn" if name == "etsi" else name

    @field_validator("link")
    @classmethod
    def _is_link(cls, text: str) -> str:
        if text:
            d_channel_link(text)
        return text

    @field_validator("channels")
    @classmethod
    def _are_channels(cls, text: str) -> str:
        if not _CHANNELS.fullmatch(text) or not all(1 <= number <= 127 for number in _numbers(text)):
            raise ValueError("should be numbers and ranges of them from 1 to 127, as in 1-15,17-31")
        if not tuple(_numbers(text)):
            raise ValueError("no channel is left")
        return text

    @model_validator(mode="after")
    def _fits(self) -> "IsdnTrunk":
        refuse([*self._d_channel_findings(), *self._bus_findings()])
        return self

    def _d_channel_findings(self) -> Iterator[tuple[Key, str]]:
        if bool(self.link) is bool(self.nfas):
            yield ("link",), "a trunk has a link, or nfas: the trunk whose D channel is its own too"
        if self.nfas and self.access != "primary":
            yield ("nfas",), "only primary accesses share a D channel"

    def _bus_findings(self) -> Iterator[tuple[Key, str]]:
        if self.bus and self.access != "basic":
            yield ("bus",), "only a basic access is a bus"
        if self.tei is not None and not (self.bus and self.side == "user"):
            yield ("tei",), "only a terminal on a bus (side: user) has a TEI of its own"
        link = self.d_channel
        if self.bus and (
            isinstance(link, BackhaulChannel) or (isinstance(link, IuaInterface) and self.side == "user")
        ):
            yield ("bus",), "the other end of this link has the TEIs"


def trunk_findings(trunks: tuple[IsdnTrunk, ...]) -> Iterator[tuple[str, str, str]]:
    """What does not fit between trunks: the name of the trunk, the key, what is wrong."""
    by_name = {trunk.name: trunk for trunk in trunks}
    seen: dict[str, str] = {}
    for trunk in trunks:
        link = trunk.d_channel
        if link is not None and seen.setdefault(link.key, trunk.name) != trunk.name:
            yield trunk.name, "link", f"trunk {seen[link.key]!r} has it"
        if trunk.nfas:
            yield from _nfas_findings(trunk, by_name)


def _nfas_findings(trunk: IsdnTrunk, by_name: dict[str, IsdnTrunk]) -> Iterator[tuple[str, str, str]]:
    main = by_name.get(trunk.nfas)
    if main is None or main.nfas:
        yield trunk.name, "nfas", f"no ISDN trunk {trunk.nfas!r} with a link of its own"
        return
    if (main.side, main.variant, main.access) != (trunk.side, trunk.variant, trunk.access):
        yield trunk.name, "nfas", "side, variant and access are those of the trunk with the D channel"
    others = [each for each in by_name.values() if each is main or (each.nfas == main.name and each is not trunk)]
    if trunk.interface in [each.interface for each in others]:
        yield trunk.name, "interface", "another trunk of this D channel has it"


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
