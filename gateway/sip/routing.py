"""Header fields of transport and session: Via (RFC 3261 §20.42, RFC 3581), CSeq, Session-ID (RFC 7989)."""

import re
from dataclasses import dataclass

from gateway.model.errors import DecodeError
from gateway.sip.parameters import Parameters

# Of any version: a request of another one is answered (505) by the Via it has.
_VIA = re.compile(
    r"SIP\s*+/\s*+([0-9]{1,3}\.[0-9]{1,3})\s*+/\s*+(\S++)\s++(\[[^\]]*+\]|[^\s:;\[\]]++)\s*+(?::\s*+([0-9]{1,5}))?+\s*+(;.*)?",
    re.I | re.A | re.S,
)
_CSEQ = re.compile(r"([0-9]{1,10})\s+(\S+)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{32}", re.ASCII)

NIL_SESSION = "0" * 32
"""Session-ID of an end that is not known yet."""


@dataclass(frozen=True, slots=True)
class Via:
    """One hop: `transport` in capitals, sent-by host (IPv6 in brackets) and port."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = Parameters()
    version: str = "2.0"

    @classmethod
    def parse(cls, value: str) -> "Via":
        """Raises DecodeError."""
        found = _VIA.fullmatch(value.strip())
        if not found:
            raise DecodeError(f"cannot be read: {value[:80]!r}", where="Via")
        port = int(found[4]) if found[4] else None
        return cls(found[2].upper(), found[3], port, Parameters.parse(found[5] or ""), found[1])

    @property
    def branch(self) -> str:
        """Identifies the transaction when it starts with z9hG4bK."""
        return self.parameters.get("branch") or ""

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/{self.version}/{self.transport} {self.host}{port}{self.parameters}"


@dataclass(frozen=True, slots=True)
class CSeq:
    """Sequence number (below 2**31) and method."""

    number: int
    method: str

    @classmethod
    def parse(cls, value: str) -> "CSeq":
        """Raises DecodeError."""
        found = _CSEQ.fullmatch(value.strip())
        if not found or int(found[1]) >= 2**32:
            raise DecodeError(f"cannot be read: {value[:80]!r}", where="CSeq")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class SessionId:
    """Session-ID: a UUID per end, 32 hex digits; `remote` is NIL_SESSION while unknown (RFC 7989 §5)."""

    local: str
    remote: str = NIL_SESSION

    @classmethod
    def parse(cls, value: str) -> "SessionId":
        """Raises DecodeError. One without `remote`, of the older draft (RFC 7329), is taken as well."""
        local, _, parameters = value.strip().partition(";")
        remote = Parameters.parse(parameters).get("remote") or NIL_SESSION
        local, remote = local.strip().lower(), remote.lower()
        if not _UUID.fullmatch(local) or not _UUID.fullmatch(remote):
            raise DecodeError(f"not 32 hex digits: {value[:80]!r}", where="Session-ID")
        return cls(local, remote)

    def __str__(self) -> str:
        return f"{self.local};remote={self.remote}"
