"""How the end of an attempt to call reads as the final word on a transfer, and the other way round."""

from gateway.interworking.cause_map import cause_map
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.transfer import Outcome, TransferOutcome

SUCCESS = Clearing(200)
GIVEN_UP = Clearing(487, Cause(16))
"""The transferee had enough of waiting (RFC 5589 §6.3.2)."""
TOO_LONG = Clearing(408, Cause(102))
RESTARTED = Clearing(503, Cause(41))
_UNSAID = 480
_NO_ANSWER_KNOWN = 503
_CAUSE_OF_SUCCESS = Cause(16)


def status_of(clearing: Clearing) -> int:
    """Its SIP status; by its cause where it has none, as when the target hung up at once."""
    if clearing.status >= 300:
        return clearing.status
    if clearing.cause is None or clearing.cause.value == _CAUSE_OF_SUCCESS.value:
        return _UNSAID
    return cause_map().q850_to_sip(clearing.cause.value, clearing.cause.location).code


def cause_of(clearing: Clearing) -> Cause | None:
    """Its Q.850 cause, by its status where it has none; None where neither is said."""
    if clearing.cause is not None or not clearing.status:
        return clearing.cause
    if clearing.status < 300:
        return _CAUSE_OF_SUCCESS
    mapped = cause_map().sip_to_q850(clearing.status)
    return Cause(mapped.code, mapped.location)


def failure(clearing: Clearing) -> TransferOutcome:
    """The final word on a transfer whose target was not reached."""
    status = status_of(clearing)
    said = clearing.reason if status == clearing.status else ""
    return TransferOutcome(Outcome.FAILED, status, said, cause_of(clearing), kept=clearing.kept)


def success() -> TransferOutcome:
    """The final word on a transfer that came about."""
    return TransferOutcome(Outcome.SUCCEEDED, 200, "OK")


def clearing_of(outcome: TransferOutcome) -> Clearing:
    """What a peer's final word says as the end of an attempt; 503 where its subscription ended without one."""
    status = outcome.status or 0
    return Clearing(
        status if status >= 200 else _NO_ANSWER_KNOWN,
        outcome.cause,
        outcome.reason if status >= 200 else "",
        (),
        outcome.kept,
    )
