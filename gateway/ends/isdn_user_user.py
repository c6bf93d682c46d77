"""What users say to each other beside the call: User-user (Q.957.1) and User-to-User (RFC 7433, RFC 7434).

The data of the package isdn-uui are the element's contents in hex, its protocol discriminator first.
"""

from collections.abc import Iterable

from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.transfer import Kept
from gateway.sip.names import key
from gateway.sip.parameters import Parameters, split, unquote
from gateway.translators.sip_kept import DIALECT as SIP

USER_TO_USER = "User-to-User"
_PACKAGES = ("isdn-uui", "isdn-interwork")
"""The name of RFC 7434, and the one of its drafts."""
_MOST = 129
"""Octets of contents: the protocol discriminator and 128 of the user's (Q.931 4.5.30)."""


def kept(message: Message) -> tuple[Kept, ...]:
    """What the message brings from the other user, as the header field of SIP."""
    contents = message.contents(Identifier.USER_USER)
    if not contents:
        return ()
    return (Kept(SIP, USER_TO_USER, f"{contents.hex()};encoding=hex;purpose=isdn-uui;content=isdn-uui"),)


def elements(items: Iterable[Kept]) -> tuple[InformationElement, ...]:
    """The element that says the first User-to-User among `items`; what is not for the ISDN, or too long, is left."""
    for item in items:
        if item.dialect == SIP and key(item.what) == "user-to-user":
            for value in split(item.value, ","):
                octets = _octets(value)
                if octets:
                    return (InformationElement(Identifier.USER_USER, octets),)
    return ()


def _octets(value: str) -> bytes:
    data, _, rest = value.partition(";")
    parameters = Parameters.parse(rest)
    if (parameters.get("purpose") or _PACKAGES[0]).lower() not in _PACKAGES:
        return b""
    if (parameters.get("encoding") or "hex").lower() != "hex":
        return b""
    try:
        octets = bytes.fromhex(unquote(data.strip()))
    except ValueError:
        return b""
    return octets if len(octets) <= _MOST else b""
