"""Reason header fields (RFC 3326), their Q.850 location (RFC 8606) and the model's Cause."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.causes import Cause, Location
from gateway.sip.message import Headers
from gateway.sip.parameters import Parameters, quote

# RFC 8606 §3: the position is the Q.850 location.
_LOCATIONS = (
    *("U", "LPN", "LN", "TN", "RLN", "RPN", "LOC-6", "INTL"),
    *("LOC-8", "LOC-9", "BI", "LOC-11", "LOC-12", "LOC-13", "LOC-14", "LOC-15"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """`protocol;cause=…;text="…"`: protocol such as "SIP" or "Q.850"."""

    protocol: str
    parameters: Parameters = Parameters()

    @classmethod
    def parse(cls, value: str) -> "Reason":
        """Never fails: what is not there stays empty."""
        protocol, _, parameters = value.partition(";")
        return cls(protocol.strip(), Parameters.parse(parameters))

    @classmethod
    def of(cls, cause: Cause) -> "Reason":
        """The Q.850 reason of `cause`; its location is said when known (RFC 8606 §4)."""
        location = () if cause.location is None else (("location", _LOCATIONS[cause.location]),)
        text = (("text", quote(cause.text)),) if cause.text else ()
        return cls("Q.850", Parameters((("cause", str(cause.value)), *location, *text)))

    @property
    def value(self) -> int | None:
        """The cause, decimal; None when it is not there or no number."""
        text = self.parameters.get("cause") or ""
        return int(text) if text.isdecimal() and len(text) < 6 else None

    @property
    def text(self) -> str:
        """The free text, unquoted."""
        return self.parameters.get("text") or ""

    @property
    def cause(self) -> Cause | None:
        """As a model cause: only for protocol Q.850 and a value of 1..127."""
        value = self.value
        if self.protocol.upper() != "Q.850" or value is None or not 1 <= value <= 127:
            return None
        name = (self.parameters.get("location") or "").upper()
        location = Location(_LOCATIONS.index(name)) if name in _LOCATIONS else None
        return Cause(value, location, text=self.text)

    def __str__(self) -> str:
        return f"{self.protocol}{self.parameters}"


def reasons(headers: Headers) -> tuple[Reason, ...]:
    """All reasons; several are allowed when their protocols differ (RFC 3326 §2)."""
    return tuple(Reason.parse(value) for value in headers.all("Reason"))


def q850_cause(found: Iterable[Reason]) -> Cause | None:
    """The first usable Q.850 cause; unequal duplicates of a protocol are invalid, and then the first counts."""
    return next((reason.cause for reason in found if reason.cause), None)
