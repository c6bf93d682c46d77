"""Why an H.323 call ends, in H.225.0 and in the model: causes, release reasons, refusals of a gatekeeper."""

from gateway.ends.isdn_clearing import IsdnClearings
from gateway.h323.call_contents import Ending
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError

_NORMAL = Cause(16)
_ADMISSIONS = {
    "calledPartyNotRegistered": Clearing(404, Cause(20)),
    "invalidPermission": Clearing(403, Cause(21)),
    "requestDenied": Clearing(503, Cause(21)),
    "callerNotRegistered": Clearing(503, Cause(38)),
    "notRegistered": Clearing(503, Cause(38)),
    "invalidEndpointIdentifier": Clearing(503, Cause(38)),
    "resourceUnavailable": Clearing(503, Cause(47)),
    "securityDenial": Clearing(403, Cause(21)),
    "qosControlNotSupported": Clearing(501, Cause(63)),
    "incompleteAddress": Clearing(484, Cause(28)),
    "aliasesInconsistent": Clearing(485, Cause(1)),
    "exceedsCallCapacity": Clearing(503, Cause(42)),
    "timeout": Clearing(503, Cause(38)),
}
_DENIED = Clearing(503, Cause(38))


class H323Clearings(IsdnClearings):
    """Clearing to endings and back, for one trunk."""

    __slots__ = ()

    def ending(self, clearing: Clearing) -> Ending:
        """How our RELEASE COMPLETE says it: by a cause, which every peer of H.225.0 understands (7.3.9)."""
        return Ending(self.cause(clearing))

    def of_refusal(self, ending: Ending) -> Clearing:
        """What the other side hears of a call of ours that was not answered."""
        if ending.cause is not None:
            return self.refusal(ending.cause)
        if not ending.reason:
            return self.refusal(_NORMAL)
        return Clearing(self._status(ending.reason), self._cause(ending.reason))

    def of_hang_up(self, ending: Ending) -> Clearing:
        """What the other side hears of a call that was up, or whose caller has given up."""
        return self.hang_up(ending.cause or (self._cause(ending.reason) if ending.reason else _NORMAL))

    def _status(self, reason: str) -> int:
        try:
            found = self._causes.h225_to_sip(reason).code
        except GatewayError:  # a reason of a later version
            return 480
        return found if found >= 400 else 480

    def _cause(self, reason: str) -> Cause:
        try:
            return Cause(self._causes.h225_to_q850(reason).code)
        except GatewayError:
            return Cause(31)


def not_admitted(reason: str) -> Clearing:
    """What a call comes to that the gatekeeper does not admit."""
    return _ADMISSIONS.get(reason, _DENIED)
