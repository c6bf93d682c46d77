"""The event package of a subscription and its state: Event, Subscription-State (RFC 6665 §8.2)."""

from dataclasses import dataclass

from gateway.sip.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Event:
    """Event package. `id` of package "refer" is the CSeq number of the REFER (RFC 3515 §2.4.6); "" when not said."""

    package: str
    parameters: Parameters = Parameters()

    @classmethod
    def parse(cls, value: str) -> "Event":
        """Never fails."""
        package, _, parameters = value.partition(";")
        return cls(package.strip().lower(), Parameters.parse(parameters))

    @property
    def id(self) -> str:
        """Tells subscriptions of one package in one dialog apart."""
        return self.parameters.get("id") or ""

    def __str__(self) -> str:
        return f"{self.package}{self.parameters}"


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """`state` is "active", "pending" or "terminated"."""

    state: str
    parameters: Parameters = Parameters()

    @classmethod
    def parse(cls, value: str) -> "SubscriptionState":
        """Never fails."""
        state, _, parameters = value.partition(";")
        return cls(state.strip().lower(), Parameters.parse(parameters))

    @property
    def reason(self) -> str:
        """Why it ended: "noresource", "timeout", "rejected", …"""
        return self.parameters.get("reason") or ""

    @property
    def expires(self) -> int | None:
        """Seconds that are left."""
        text = self.parameters.get("expires") or ""
        return int(text) if text.isdecimal() and len(text) < 11 else None

    def __str__(self) -> str:
        return f"{self.state}{self.parameters}"
