"""How we behave towards one peer: what stands in our Contact and Via, which extensions we use."""

from dataclasses import dataclass

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, INFO, MESSAGE"
SUPPORTED = ("replaces", "tdialog", "norefersub", "timer", "100rel", "histinfo")


@dataclass(frozen=True, slots=True)
class Credential:
    """User name and password for a realm; realm "" fits any."""

    user: str
    password: str
    realm: str = ""


@dataclass(frozen=True, slots=True)
class PeerProfile:
    """One trunk by one of our listening addresses.

    `contact` is the URI of our Contact, `sent_by` the host:port of our Via ("": the listener's). `reliable` is "off",
    "supported" or "required" (RFC 3262). `session_expires` 0 means no session timer of ours (RFC 4028); both in
    seconds. With `symmetric`, requests within a dialog go where the peer's last came from.
    """

    name: str
    contact: str
    sent_by: str = ""
    allow: str = ALLOW
    supported: tuple[str, ...] = SUPPORTED
    product: str = "refergate"
    reliable: str = "supported"
    session_expires: int = 1800
    min_se: int = 90
    symmetric: bool = False
    credentials: tuple[Credential, ...] = ()

    @property
    def contact_field(self) -> tuple[str, str]:
        """Our Contact."""
        return "Contact", f"<{self.contact}>"

    def abilities(self, *, reliable: bool = True) -> tuple[tuple[str, str], ...]:
        """Contact, Allow and Supported; without 100rel when `reliable` is False or the profile says "off"."""
        tags = self.supported
        if "100rel" in tags and (not reliable or self.reliable == "off"):
            tags = tuple(tag for tag in tags if tag != "100rel")
        return ("Contact", f"<{self.contact}>"), ("Allow", self.allow), ("Supported", ", ".join(tags))
