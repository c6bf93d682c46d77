"""Why a call ended, between Q.850 causes and the model (RFC 3398 §8.2.6, RFC 4497 §8.4; a cause profile)."""

from gateway.interworking.cause_map import CauseMap
from gateway.isdn.cause_value import CauseValue
from gateway.model.call import Clearing
from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError

_CHANGED_NUMBER = 22
_UNREACHED = 480


class IsdnClearings:
    """Clearing to causes and back, for one trunk."""

    __slots__ = ("_causes",)

    def __init__(self, causes: CauseMap) -> None:
        self._causes = causes

    def cause(self, clearing: Clearing) -> Cause:
        """The cause that clears a call for that reason: the one that was said, else that of the status."""
        said = clearing.cause
        if said is not None and 1 <= said.value <= 127:
            return Cause(said.value, said.location, _diagnostics(said))
        if clearing.status >= 300:
            mapped = self._causes.sip_to_q850(min(clearing.status, 699))
            return Cause(mapped.code, mapped.location)
        return Cause(CauseValue.NORMAL)

    def refusal(self, cause: Cause) -> Clearing:
        """What a call of ours hears that was not answered. A redirection needs an address: without one, 410."""
        mapped = self._causes.q850_to_sip(max(cause.value, 1), cause.location, cause.diagnostics)
        status = mapped.code if mapped.code >= 400 else (410 if cause.value == _CHANGED_NUMBER else _UNREACHED)
        return Clearing(status, cause)

    def hang_up(self, cause: Cause) -> Clearing:
        """What the other side hears of a call that was up, or whose caller has given up."""
        return Clearing(0, cause)

    def refused(self, error: GatewayError) -> Clearing:
        """An error of ours that stands in the way."""
        return Clearing(error.sip_status, Cause(error.cause, Location.LOCAL_PRIVATE_NETWORK))


def _diagnostics(cause: Cause) -> bytes:
    """Diagnostics are of the network that said them; only a new number has a meaning further on."""
    return cause.diagnostics if cause.value == _CHANGED_NUMBER else b""
