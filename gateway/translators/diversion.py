"""Diversion requested by a user or PINX: callDeflection and callRerouteing of EN 300 207-1, callRerouteing of
ISO/IEC 13873. Reasons in the model are the tokens of RFC 5806.
"""

from typing import Any

from gateway.isdn import addressing
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party
from gateway.model.transfer import Redirection

_SPEECH = bytes.fromhex("04038090a3")
"""The one element that the new call needs: bearer capability speech, A-law (Q.931 4.5.5)."""

_TOKENS = {
    "unknown": "unknown",
    "cfu": "unconditional",
    "cfb": "user-busy",
    "cfnr": "no-answer",
    "cdAlerting": "deflection",
    "cdImmediate": "deflection",
}
_QSIG_REASONS = {"unconditional": "cfu", "user-busy": "cfb", "no-answer": "cfnr"}
_ETSI_REASONS = _QSIG_REASONS | {"deflection": "cdAlerting"}


def deflected(value: dict[str, Any]) -> Redirection:
    """The Redirection in a callDeflection argument."""
    return Redirection(addressing.party_of_address(value["deflectionAddress"]), "deflection")


def deflection_argument(event: Redirection) -> dict[str, Any]:
    """The argument of callDeflection. Raises UntranslatableError without a number to deflect to."""
    return {"deflectionAddress": _address(event)}


def rerouted(value: dict[str, Any]) -> Redirection:
    """The Redirection in a callRerouteing argument of ETSI."""
    return _redirection(value, value["rerouteingCounter"])


def rerouteing_argument(event: Redirection) -> dict[str, Any]:
    """The argument of ETSI's callRerouteing. Raises UntranslatableError without a number to reroute to."""
    return {
        "rerouteingReason": _ETSI_REASONS.get(event.reason, "unknown"),
        "calledAddress": _address(event),
        "rerouteingCounter": min(event.count or 1, 5),
        "q931InfoElement": _SPEECH,
        "lastRerouteingNr": addressing.presented_number_unscreened(event.redirecting or Party()),
        "subscriptionOption": "noNotification",
    }


def qsig_rerouted(value: dict[str, Any]) -> Redirection:
    """The Redirection in a callRerouteing argument of ISO/IEC 13873."""
    return _redirection(value, value["diversionCounter"])


def qsig_rerouteing_argument(event: Redirection) -> dict[str, Any]:
    """The argument of QSIG's callRerouteing, whose calling number stays with the call that is rerouted.

    Raises UntranslatableError without a number to reroute to.
    """
    return {
        "rerouteingReason": _QSIG_REASONS.get(event.reason, "unknown"),
        "calledAddress": _address(event),
        "diversionCounter": min(event.count or 1, 15),
        "pSS1InfoElement": _SPEECH,
        "lastRerouteingNr": addressing.presented_number_unscreened(event.redirecting or Party()),
        "subscriptionOption": "noNotification",
        "callingNumber": addressing.presented_number_screened(Party()),
    }


def _redirection(value: dict[str, Any], count: int) -> Redirection:
    target = addressing.party_of_address(value["calledAddress"])
    redirecting = addressing.party_of_presented(value["lastRerouteingNr"])
    return Redirection(target, _TOKENS[value["rerouteingReason"]], redirecting, count)


def _address(event: Redirection) -> Any:
    if event.target.number is None:
        raise UntranslatableError("a diversion on ISDN needs the number to divert to")
    return addressing.address(event.target)
