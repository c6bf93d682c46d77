"""message/sipfrag bodies as a refer subscription sends them (RFC 3420, RFC 3515 §2.4.5)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.errors import DecodeError
from gateway.sip.message import STATUS_LINE, Headers, parse_headers
from gateway.sip.status import reason_phrase

CONTENT_TYPE = "message/sipfrag;version=2.0"


@dataclass(frozen=True, slots=True)
class Sipfrag:
    """The status line of the call that a REFER triggered, with the header fields below it."""

    status: int
    reason: str = ""
    headers: Headers = Headers()

    @classmethod
    def parse(cls, body: bytes) -> "Sipfrag":
        """Line ends may be LF or missing at the end. Raises DecodeError unless the first line is a status line."""
        text = body.decode("utf-8", "surrogateescape").lstrip("\r\n")
        first, _, rest = text.partition("\n")
        found = STATUS_LINE.fullmatch(first.rstrip())
        if not found:
            raise DecodeError(f"no SIP status line: {first[:60]!r}", where="message/sipfrag")
        lines = re.split(r"\r?\n\r?\n", rest, maxsplit=1)[0]
        return cls(int(found[1]), (found[2] or "").strip(), parse_headers(lines))


def sipfrag(status: int, reason: str = "", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The body that reports `status`; `reason` defaults to the phrase of the standard."""
    fields = (f"{name}: {value}" for name, value in headers)
    lines = (f"SIP/2.0 {status} {reason or reason_phrase(status)}", *fields)
    return ("\r\n".join(" ".join(line.splitlines()) for line in lines) + "\r\n").encode("utf-8", "surrogateescape")
