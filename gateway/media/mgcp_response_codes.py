"""What a media gateway's refusals mean for a call (RFC 3435 §2.4)."""

from typing import NamedTuple

from gateway.model.errors import GatewayError

GONE = frozenset((400, 500, 515, 516))
"""Answers to a modification after which the connection has to be thought gone. 400: osmo-mgw says so of an endpoint
without connections.
"""
NO_SUCH_MODE = 517


class Meaning(NamedTuple):
    """The code in words, with the SIP status and the Q.850 cause of a call that fails by it."""

    text: str
    sip_status: int = 503
    cause: int = 47


_BUSY, _NO_CHANNEL, _NO_CODEC, _BROKEN = (503, 42), (503, 44), (488, 88), (500, 41)

MEANINGS = {
    400: Meaning("transient error", *_BROKEN),
    401: Meaning("phone is off hook already", *_NO_CHANNEL),
    402: Meaning("phone is on hook already", *_NO_CHANNEL),
    403: Meaning("no resources at this time"),
    404: Meaning("not enough bandwidth at this time"),
    405: Meaning("endpoint is restarting"),
    406: Meaning("transaction took too long"),
    407: Meaning("transaction aborted"),
    409: Meaning("overload", *_BUSY),
    410: Meaning("no endpoint available", 503, 34),
    500: Meaning("endpoint unknown", *_NO_CHANNEL),
    501: Meaning("endpoint not ready", *_NO_CHANNEL),
    502: Meaning("endpoint has not enough resources"),
    503: Meaning("wildcard too complicated", *_BROKEN),
    504: Meaning("command unknown or not supported", *_BROKEN),
    505: Meaning("session description not supported", *_NO_CODEC),
    506: Meaning("descriptions of both sides cannot be met together", *_NO_CODEC),
    507: Meaning("functionality not supported", *_BROKEN),
    508: Meaning("quarantine handling unknown or not supported", *_BROKEN),
    509: Meaning("error in the session description", *_NO_CODEC),
    510: Meaning("protocol error", *_BROKEN),
    511: Meaning("extension not known", *_BROKEN),
    512: Meaning("cannot detect an event", *_BROKEN),
    513: Meaning("cannot generate a signal", *_BROKEN),
    514: Meaning("cannot send the announcement", *_BROKEN),
    515: Meaning("wrong connection identifier", *_BROKEN),
    516: Meaning("unknown or wrong call identifier", *_BROKEN),
    517: Meaning("mode not supported", *_BROKEN),
    518: Meaning("package not supported", *_BROKEN),
    519: Meaning("no digit map", *_BROKEN),
    520: Meaning("endpoint is restarting"),
    521: Meaning("endpoint has another call agent"),
    522: Meaning("no such event or signal", *_BROKEN),
    523: Meaning("action unknown or illegal combination", *_BROKEN),
    524: Meaning("local connection options contradict each other", *_BROKEN),
    525: Meaning("extension in the local connection options not known", *_BROKEN),
    526: Meaning("not enough bandwidth"),
    527: Meaning("session description of the peer missing", *_BROKEN),
    528: Meaning("protocol version not supported", *_BROKEN),
    529: Meaning("hardware failure", 503, 41),
    530: Meaning("error in CAS signalling", *_BROKEN),
    531: Meaning("group of trunks has failed", 503, 34),
    532: Meaning("value in the local connection options not supported", *_NO_CODEC),
    533: Meaning("response too large", *_BROKEN),
    534: Meaning("no codec in common", *_NO_CODEC),
    535: Meaning("packet time not supported", *_NO_CODEC),
    536: Meaning("restart method not known", *_BROKEN),
    537: Meaning("extension of digit map not known", *_BROKEN),
    538: Meaning("parameter of an event or signal wrong", *_BROKEN),
    539: Meaning("parameter wrong or not supported", *_BROKEN),
    540: Meaning("endpoint has all its connections already"),
    541: Meaning("local connection options wrong", *_BROKEN),
}


def refusal(code: int, comment: str, where: str) -> GatewayError:
    """The error that a response of that code stands for; `where` names the endpoint."""
    meaning = MEANINGS.get(code) or Meaning(comment or "refused", 503 if code < 500 else 500, 41)
    return GatewayError(
        f"media gateway: {code} {meaning.text}", where=where, sip_status=meaning.sip_status, cause=meaning.cause
    )
