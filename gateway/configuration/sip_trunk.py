"""A SIP trunk of gateway.yaml."""

from typing import Literal

from pydantic import Field, model_validator

from gateway.configuration.place import PlaceText
from gateway.configuration.trunk import AnyTrunk
from gateway.tables import Table, refuse


class Credentials(Table):
    """Who we are to a peer that challenges us, or who a peer has to be. `realm` "" fits any."""

    user: str
    password: str
    realm: str = ""


class HeaderPolicy(Table):
    """Header fields besides those of the call itself: `carry` goes to the other leg (a trailing * stands for any
    rest), `remove` wins over it, `add` is set on every INVITE that leaves by the trunk.
    """

    carry: tuple[str, ...] = (
        "X-*",
        "P-Early-Media",
        "User-to-User",
        "Subject",
        "Priority",
        "Alert-Info",
        "Call-Info",
    )
    remove: tuple[str, ...] = ()
    add: dict[str, str] = Field(default_factory=dict)


class Trunk(AnyTrunk):
    """A SIP trunk. `peers` in order of preference; a request from the address of one belongs to the trunk.

    `fqdn` stands in Contact, Via and From towards the peer.
    `symmetric`: requests within a call go where the peer's came from, whatever its Contact says.
    `reliable`: whether calls support or require reliable provisional responses (RFC 3262); one that leaves without an
    offer asks for none, as the answer to an offer in such a response may come too late.
    `refer_accept_code`: 202 (RFC 3515) or 200 (RFC 7647). `connected_party`: whether a peer hears by UPDATE that the
    other side is another party now, or is called by that one, with Replaces.
    """

    protocol: Literal["sip"] = "sip"
    peers: tuple[PlaceText, ...] = ()
    fqdn: str = ""
    symmetric: bool = False
    reliable: Literal["off", "supported", "required"] = "supported"
    session_timer: bool = True
    refer_accept_code: Literal[200, 202] = 202
    hide_topology: bool = True
    connected_party: Literal["update", "replaces"] = "update"
    headers: HeaderPolicy = HeaderPolicy()
    credentials: Credentials | None = None
    users: tuple[Credentials, ...] = ()
    algorithms: tuple[Literal["SHA-256", "MD5"], ...] = ("SHA-256",)
    options: bool | None = None

    @model_validator(mode="after")
    def _teams_needs_a_name(self) -> "Trunk":
        if self.profile == "teams" and not self.fqdn:
            refuse([(("fqdn",), "a teams trunk needs the name that is in its certificate")])
        return self
