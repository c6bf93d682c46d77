"""Where a call has been: Diversion (RFC 5806) and History-Info (RFC 7044)."""

from dataclasses import dataclass

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.message import Headers
from gateway.sip.parameters import Parameters
from gateway.sip.reason import Reason
from gateway.sip.uri import Uri

# RFC 7544 §7: the cause of a History-Info entry (RFC 4458, or the Reason in its URI) as a Diversion reason.
_CAUSE_REASONS = {
    302: "unconditional",
    404: "unknown",
    408: "no-answer",
    480: "deflection",
    486: "user-busy",
    487: "deflection",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Diversion:
    """One diversion: the party that diverted, why and how often. `reason` is a token of RFC 5806."""

    address: Address
    reason: str = ""
    counter: int | None = None

    @classmethod
    def parse(cls, value: str) -> "Diversion":
        """Raises DecodeError when there is no address."""
        address = Address.parse(value)
        counter = address.parameters.get("counter") or ""
        return cls(address, address.parameters.get("reason") or "", int(counter) if _is_count(counter) else None)

    @classmethod
    def of(cls, uri: str, display: str, reason: str, counter: int | None) -> "Diversion":
        """A diversion to be written."""
        said = (("reason", reason or "unknown"), *((("counter", str(counter)),) if counter is not None else ()))
        return cls(Address(uri, display, Parameters(said)), reason, counter)

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of History-Info: `index` such as "1.1"; Reason and Privacy sit inside the URI (RFC 7044 §5)."""

    address: Address

    @classmethod
    def parse(cls, value: str) -> "HistoryEntry":
        """Raises DecodeError when there is no address."""
        return cls(Address.parse(value))

    @property
    def index(self) -> str:
        """Its place in the tree of targets."""
        return self.address.parameters.get("index") or ""

    @property
    def reason(self) -> Reason | None:
        """Why the call left this target; Teams prints its quotes unescaped, which is taken as well."""
        value = _within(self.address.uri, "reason")
        return Reason.parse(value) if value else None

    @property
    def privacy(self) -> str:
        """Reads "history" when the entry is to be hidden."""
        return _within(self.address.uri, "privacy")

    @property
    def diversion_reason(self) -> str:
        """The reason as a Diversion token (RFC 7544 §7); "" when the entry gives none."""
        cause = Parameters.parse(self.address.uri.partition(";")[2].partition("?")[0]).get("cause") or ""
        value = int(cause) if _is_status(cause) else (self.reason.value if self.reason else None)
        return "" if value is None else _CAUSE_REASONS.get(value, "unknown")


def _within(uri: str, header: str) -> str:
    # Quotes are no part of a URI; here they are seen all the same, so they are left out of its check only.
    try:
        return Uri.parse(uri.replace('"', "%22").replace(" ", "%20")).header(header) or ""
    except DecodeError:
        return ""


def diversions(headers: Headers) -> tuple[Diversion, ...]:
    """All diversions, most recent first. Raises DecodeError when one cannot be read."""
    return tuple(Diversion.parse(value) for value in headers.all("Diversion"))


def history(headers: Headers) -> tuple[HistoryEntry, ...]:
    """All entries of History-Info in order. Raises DecodeError when one cannot be read."""
    return tuple(HistoryEntry.parse(value) for value in headers.all("History-Info"))


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) <= 2


def _is_status(text: str) -> bool:
    return text.isdecimal() and len(text) == 3
