"""Who a caller is said to be: P-Asserted-Identity (RFC 3325), Privacy (RFC 3323)."""

from gateway.sip.address import Address
from gateway.sip.message import Headers

ANONYMOUS = Address("sip:anonymous@anonymous.invalid", "Anonymous")
"""The From of one who does not want to be known (RFC 3323 §4.1.1.3)."""

_HIDDEN = frozenset(("id", "user", "header"))


def asserted(headers: Headers) -> tuple[Address, ...]:
    """P-Asserted-Identity: at most one sip(s) and one tel URI in a proper message. Raises DecodeError."""
    return tuple(Address.parse(value) for value in headers.all("P-Asserted-Identity"))


def privacy(headers: Headers) -> tuple[str, ...]:
    """The values of Privacy in lower case ("id", "none", "critical", …); empty when it is not there."""
    values = (value for field in headers.all("Privacy") for value in field.replace(",", ";").split(";"))
    return tuple(value.strip().lower() for value in values if value.strip())


def is_withheld(headers: Headers) -> bool:
    """Whether the sender's identity must not be shown to users: by Privacy, or by an anonymous From."""
    return bool(_HIDDEN.intersection(privacy(headers))) or _is_anonymous(headers.get("From") or "")


def _is_anonymous(value: str) -> bool:
    return "@anonymous.invalid" in value.lower()
