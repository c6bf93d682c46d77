"""The whole of gateway.yaml."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from gateway.configuration.h323_trunk import H323Trunk
from gateway.configuration.isdn_trunk import IsdnTrunk, trunk_findings
from gateway.configuration.limits import Limits, Timing
from gateway.configuration.media_gateway import MediaGateway
from gateway.configuration.place import PlaceText
from gateway.configuration.sip_trunk import Trunk
from gateway.tables import Key, Table, load, refuse, repeated

_PATTERN = re.compile(r"\+?[0-9xX*#]+", re.ASCII)


class Tls(Table):
    """Certificates: ours, and whose we believe. Without one of ours TLS listeners show one that is made at the start,
    for the laboratory. The key may stand in the file of the certificate. `verify` of peers: "require" a certificate
    of those who connect too (mutual), "peer" for those we connect to only, "off" for the laboratory.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    verify: Literal["require", "peer", "off"] = "peer"
    minimum: Literal["1.2", "1.3"] = "1.2"


def _protocol(trunk: object) -> str:
    """Which arm of the union a trunk is; one that says nothing speaks SIP."""
    found = trunk.get("protocol", "sip") if isinstance(trunk, dict) else getattr(trunk, "protocol", "sip")
    return found if found in ("isdn", "h323") else "sip"


OneTrunk = Annotated[
    Annotated[Trunk, Tag("sip")] | Annotated[IsdnTrunk, Tag("isdn")] | Annotated[H323Trunk, Tag("h323")],
    Discriminator(_protocol),
]


class Route(Table):
    """First match wins. `from` is a trunk or "*"; `match` digits, x for any digit, * for any rest (or any user);
    `user` is a user part that is no number, as it stands;
    `rewrite` is what the user part becomes: "+49*" puts +49 before what * stood for, "-3*" drops three first.
    """

    source: str = Field(default="*", alias="from")
    match: str = "*"
    user: str = ""
    to: str
    rewrite: str = ""

    @model_validator(mode="after")
    def _has_one_pattern(self) -> "Route":
        if self.user and self.match != "*":
            refuse([(("user",), "either match or user")])
        return self

    @field_validator("match")
    @classmethod
    def _is_pattern(cls, text: str) -> str:
        if not _PATTERN.fullmatch(text):
            raise ValueError("should be digits, x for any digit, + in front, * for any rest: no separators")
        return text


class Configuration(Table):
    """The whole file."""

    listen: tuple[PlaceText, ...]
    trunks: tuple[OneTrunk, ...]
    routes: tuple[Route, ...] = ()
    media: tuple[MediaGateway, ...] = ()
    tls: Tls = Tls()
    limits: Limits = Limits()
    timing: Timing = Timing()
    store: str = ""
    records: str = ""
    control: str = ""
    workers: int = Field(default=1, ge=1, le=64)
    drain: float = Field(default=30.0, ge=0)
    ladder: str = "transfer_ladder"
    user_agent: str = "refergate"

    @field_validator("listen", "trunks")
    @classmethod
    def _is_not_empty(cls, found: tuple[object, ...]) -> tuple[object, ...]:
        # As a constraint of the type it would count those that are right, and hide what is wrong with the others.
        if not found:
            raise ValueError("should have at least one")
        return found

    @field_validator("store")
    @classmethod
    def _known_store(cls, text: str) -> str:
        if text and not (text.startswith("sqlite:") and text != "sqlite:"):
            raise ValueError("should be sqlite:path")
        return text

    @model_validator(mode="after")
    def _all_fits(self) -> "Configuration":
        refuse([*self._listener_findings(), *self._name_findings(), *self._media_findings(), *self._isdn_findings()])
        return self

    def _listener_findings(self) -> Iterator[tuple[Key, str]]:
        for key in repeated((("listen", index), text) for index, text in enumerate(self.listen)):
            yield key, "is there twice"
        if self.tls.key and not self.tls.certificate:
            yield ("tls", "certificate"), "a key needs its certificate"
        if self.workers > 1 and self.isdn_trunks:
            yield ("workers",), "a D channel belongs to one process: one worker with ISDN trunks"
        if self.workers > 1 and self.h323_trunks:
            yield ("workers",), "an H.323 listener belongs to one process: one worker with H.323 trunks"

    def _media_findings(self) -> Iterator[tuple[Key, str]]:
        known = {"none", *(gateway.name for gateway in self.media)}
        for key in repeated((("media", index, "name"), each.name) for index, each in enumerate(self.media)):
            yield key, "the name is taken"
        for index, trunk in enumerate(self.trunks):
            if isinstance(trunk, IsdnTrunk) and trunk.media not in known:
                yield ("trunks", index, "media"), f"no media gateway {trunk.media!r}"

    def _isdn_findings(self) -> Iterator[tuple[Key, str]]:
        places = {trunk.name: index for index, trunk in enumerate(self.trunks)}
        for name, key, what in trunk_findings(self.isdn_trunks):
            yield ("trunks", places[name], key), what

    def _name_findings(self) -> Iterator[tuple[Key, str]]:
        names = {trunk.name for trunk in self.trunks}
        for key in repeated((("trunks", index, "name"), trunk.name) for index, trunk in enumerate(self.trunks)):
            yield key, "the name is taken"
        for index, route in enumerate(self.routes):
            if route.to not in names:
                yield ("routes", index, "to"), f"no trunk {route.to!r}"
            if route.source != "*" and route.source not in names:
                yield ("routes", index, "from"), f"no trunk {route.source!r}"

    def trunk(self, name: str) -> OneTrunk:
        """The trunk of that name. Raises KeyError."""
        return {trunk.name: trunk for trunk in self.trunks}[name]

    @property
    def sip_trunks(self) -> tuple[Trunk, ...]:
        """Those that speak SIP."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, Trunk))

    @property
    def isdn_trunks(self) -> tuple[IsdnTrunk, ...]:
        """Those with a D channel."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, IsdnTrunk))

    @property
    def h323_trunks(self) -> tuple[H323Trunk, ...]:
        """Those that speak H.323."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, H323Trunk))


def configuration(path: Path) -> Configuration:
    """Reads gateway.yaml. Raises MappingError with file, line and key."""
    return load(path, Configuration)
