"""What a REFER asks for: Refer-To and Referred-By, Refer-Sub (RFC 3515, RFC 3892, RFC 4488)."""

from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Headers
from gateway.sip.parameters import Parameters
from gateway.sip.uri import Uri, escape_header, unescape

_SIGNALLED = ("sip", "sips", "tel")


@dataclass(frozen=True, slots=True)
class ReferTo:
    """The one Refer-To of a REFER. `uri` is None when its scheme is none that can be called (cid, http, …)."""

    address: Address
    uri: Uri | None

    @classmethod
    def parse(cls, value: str) -> "ReferTo":
        """Raises DecodeError when the address or a sip, sips or tel URI in it cannot be read."""
        return _parse(value)

    @property
    def method(self) -> str:
        """The method that the REFER triggers: INVITE unless the URI says otherwise (RFC 3261 §19.1.1)."""
        return (self.uri.parameters.get("method") if self.uri else None) or "INVITE"

    @property
    def replaces(self) -> DialogId | None:
        """The dialog to be replaced, unescaped once; an unescaped `?Replaces=a;to-tag=…` is taken as well."""
        return self._named("replaces")

    @property
    def join(self) -> DialogId | None:
        """The dialog to be joined (RFC 3911)."""
        return self._named("join")

    def _named(self, name: str) -> DialogId | None:
        """Raises DecodeError when there are several: an INVITE with both would be refused (RFC 3891 §3)."""
        if self.uri is None:
            return None
        if sum(unescape(key).lower() == name for key, _ in self.uri.headers) > 1:
            raise DecodeError(f"more than one {name.title()}", where="Refer-To")
        value = self.uri.header(name)
        return DialogId.replaced(value) if value else None


@lru_cache(maxsize=64)  # each floor reads the same Refer-To again
def _parse(value: str) -> ReferTo:
    address = _with_stray_tags(Address.parse(value))
    scheme = address.uri.partition(":")[0].lower()
    return ReferTo(address, Uri.parse(address.uri) if scheme in _SIGNALLED else None)


def _with_stray_tags(address: Address) -> Address:
    """`sip:c@h?Replaces=x;to-tag=1;from-tag=2` without brackets: the tags belong to the Replaces."""
    if "?" not in address.uri or "from-tag" not in address.parameters:
        return address
    return replace(address, uri=f"{address.uri}{address.parameters}", parameters=Parameters())


def refer_to(headers: Headers) -> ReferTo:
    """The Refer-To of a REFER. Raises DecodeError unless there is exactly one (RFC 3515 §2.4.2)."""
    return ReferTo.parse(only(headers, "Refer-To") or _missing("Refer-To"))


def referred_by(headers: Headers) -> Address | None:
    """Who refers, with `cid` among the parameters; None when it is not said. Raises DecodeError for a second one."""
    value = only(headers, "Referred-By")
    return Address.parse(value) if value else None


def replaces(headers: Headers) -> DialogId | None:
    """The dialog that an INVITE replaces. Raises DecodeError for a second one, or beside Join (RFC 3891 §3)."""
    value = only(headers, "Replaces")
    if value and "join" in headers:
        raise DecodeError("Replaces and Join in one request", where="Replaces")
    return DialogId.replaced(value) if value else None


def join(headers: Headers) -> DialogId | None:
    """The dialog that an INVITE joins (RFC 3911). Raises DecodeError for a second one."""
    value = only(headers, "Join")
    return DialogId.replaced(value) if value else None


def target_dialog(headers: Headers) -> DialogId | None:
    """The dialog that authorises a request outside of it (RFC 4538); one without both tags is ignored (§4)."""
    value = headers.get("Target-Dialog")
    named = DialogId.parse(value) if value else None
    return named if named and named.local_tag and named.remote_tag else None


def refer_sub(headers: Headers) -> bool | None:
    """Refer-Sub: whether a subscription is wanted (RFC 4488 §4); None when it is not said."""
    value = headers.get("Refer-Sub")
    return None if value is None else value.partition(";")[0].strip().lower() != "false"


def with_replaces(uri: str, dialog: DialogId) -> str:
    """`uri` with `dialog` as its escaped Replaces (RFC 5589 §7); its other headers stay as they are."""
    parsed = Uri.parse(uri)
    others = tuple(item for item in parsed.headers if item[0].lower() != "replaces")
    return str(replace(parsed, headers=(("Replaces", escape_header(str(dialog))), *others)))


def only(headers: Headers, name: str) -> str | None:
    """The single value of `name`, None when there is none. Raises DecodeError (400) for more than one."""
    values = headers.all(name)
    if len(values) > 1:
        raise DecodeError(f"{len(values)} values where one is allowed", where=name)
    return values[0] if values else None


def _missing(name: str) -> str:
    raise DecodeError("not there", where=name)
