"""name-addr and addr-spec, the value of From, To, Contact, Refer-To and their kin (RFC 3261 §20.10)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.sip.parameters import Parameters, quote, unquote

# Nothing is given back once matched: a long run of spaces would be tried in as many ways as it has spaces, squared.
_NAMED = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"|[^"<]*+)\s*+<([^<>]*+)>\s*+(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """`"display" <uri>;parameters`. `uri` is verbatim, with its header part; `parameters` are the header field's."""

    uri: str
    display: str = ""
    parameters: Parameters = Parameters()

    @classmethod
    def parse(cls, value: str) -> "Address":
        """Without angle brackets all behind the first `;` belongs to the header field (RFC 3261 §20).

        Raises DecodeError when brackets do not match or there is no URI.
        """
        return _parse(value)

    @property
    def tag(self) -> str:
        """The dialog tag of a From or To; "" when there is none."""
        return self.parameters.get("tag") or ""

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{self.parameters}"


@lru_cache(maxsize=256)  # each floor reads the same fields of a message again
def _parse(value: str) -> Address:
    named = _NAMED.fullmatch(value)
    if named:
        display, uri, parameters = unquote(named[1].strip()), named[2].strip(), named[3]
    else:
        display, (uri, _, parameters) = "", value.strip().partition(";")
    if not uri or (not named and ("<" in uri or '"' in uri)):
        raise DecodeError(f"no address in {value[:80]!r}")
    return Address(uri, display, Parameters.parse(parameters))
