"""The topmost Via of a message: what it says, and what it becomes in a response (RFC 3261 §18.2, RFC 3581 §4)."""

import re
from typing import NamedTuple

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow
from gateway.sip.message import Headers
from gateway.sip.parameters import Parameters, split
from gateway.sip.routing import Via

_VERSION = re.compile(r"\s*SIP\s*/\s*[0-9]{1,3}\.[0-9]{1,3}\s*/", re.IGNORECASE)

COOKIE = "z9hG4bK"
"""What a branch begins with that is unique (RFC 3261 §8.1.1.7)."""


class Hop(NamedTuple):
    """The topmost Via. `host` is without brackets, `port` 0 when it is not said; `rport` whether it is asked for."""

    value: str
    host: str
    port: int
    branch: str
    rport: bool


def top_via(headers: Headers) -> Hop | None:
    """The topmost Via; None when there is none that can be read."""
    field = headers.get("via")
    if not field:
        return None
    value = split(field, ",")[0] if "," in field else field
    return _plain(value) or _any(value)


def _until(value: str, start: int) -> str:
    """What stands between `start` and the next separator."""
    end = len(value)
    for separator in ";, ":
        found = value.find(separator, start, end)
        if found >= 0:
            end = found
    return value[start:end]


def _plain(value: str) -> Hop | None:
    """A Via as nearly everybody writes it; None when it needs a closer look."""
    start = value.find(";branch=")
    protocol, _, parameters = value.partition(";")
    words = protocol.split(" ")
    if start < 0 or len(words) != 2 or '"' in value or " " in parameters or "[" in protocol:
        return None
    host, _, port = words[1].partition(":")
    if (port and not (port.isdecimal() and len(port) < 6)) or not protocol.startswith("SIP/2.0/"):
        return None
    asked = parameters.find("rport")
    rport = asked >= 0 and parameters[asked + 5 : asked + 6] in ("", ";", "=")
    return Hop(value, host.lower(), int(port or 0), _until(value, start + 8), rport)


def _any(value: str) -> Hop | None:
    # Of whatever version: the answer that refuses it has to find its way too (RFC 4475 §3.1.2.16).
    try:
        via = Via.parse(_VERSION.sub("SIP/2.0/", value, count=1))
    except DecodeError:
        return None
    host = via.host.strip("[]").lower()
    return Hop(value, host, via.port or 0, via.branch, "rport" in via.parameters)


def stamped(hop: Hop, flow: Flow) -> str:
    """The Via as it stands in responses: `received` when the request came from another address than it says, and
    with `rport` in any case (RFC 3581 §4).
    """
    if not hop.rport and hop.host == flow.host and "received" not in hop.value:
        return hop.value
    if hop.value.endswith(";rport") and "received" not in hop.value:
        return f"{hop.value}={flow.port};received={flow.host}"
    head, _, rest = hop.value.partition(";")
    kept = Parameters.parse(rest).without("received", "rport")
    rport = f";rport={flow.port}" if hop.rport else ""
    return f"{head}{kept};received={flow.host}{rport}"


def reply_flow(hop: Hop, flow: Flow) -> Flow:
    """Where responses go: back over the connection; by UDP to the source address, and to its port when `rport` asks
    for that, else to the port of the Via (RFC 3261 §18.2.2). `maddr` is not followed: it lets anybody aim at others.
    """
    if flow.transport.is_reliable or hop.rport:
        return flow
    return flow._replace(port=hop.port or flow.transport.default_port)


def reopened(hop: Hop, flow: Flow) -> Flow:
    """Where responses go when the connection is gone: a new one to the port of the Via (RFC 3261 §18.2.2)."""
    return flow._replace(port=hop.port or flow.transport.default_port, connection=0)
