"""Why a call ended, between SIP messages and the model: status, Reason, and what else a refusal says.

RFC 3326 (Reason), RFC 6432 (Reason in responses), RFC 8606 (location), RFC 3398 §8 and the trunk's cause profile.
"""

from functools import lru_cache

from gateway.ends.sip_headers import Fields, is_plain
from gateway.interworking.cause_map import CauseMap
from gateway.model.call import NORMAL, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.parties import Party
from gateway.model.transfer import Kept
from gateway.sip.address import Address
from gateway.sip.message import Headers, Message
from gateway.sip.names import key
from gateway.sip.reason import Reason, q850_cause, reasons
from gateway.sip.status import reason_phrase
from gateway.translators.sip_kept import DIALECT
from gateway.translators.sip_parties import party

_TOLD = ("warning", "error-info")
"""Fields of a refusal that mean something to the other side."""
_SAID = frozenset((*_TOLD, "retry-after", "history-info", "diversion"))
"""Those that are said again, besides Reason."""

# What one hop says to the next only. Without its challenge, its list of extensions or its interval none of these can
# stand on the other leg.
_OF_THE_HOP = {401: 403, 407: 403, 420: 488, 421: 488, 422: 488, 423: 480, 494: 488}
_CALLABLE = ("sip", "sips", "tel")
_UNREACHED = 480
_NUMBER_CHANGED = 22
_UNSPECIFIED = 31


class Clearings:
    """Clearing to SIP and back, for one trunk.

    `teams`: cause 22 with `<guid>;<words>` as its text is the end of an internal session and no changed number.
    """

    __slots__ = ("_by_status", "_causes", "_teams")

    def __init__(self, causes: CauseMap, *, teams: bool = False) -> None:
        self._causes = causes
        self._teams = teams
        self._by_status: dict[int, Cause] = {}

    def of_response(self, status: int, response: Message | None) -> Clearing:
        """A final failure of a call of ours; without `response` it is our own finding (no answer, no way)."""
        if response is None:
            return Clearing(status, self.cause(status))
        headers = response.headers
        said, kept = self._reasons(headers)
        kept = (*kept, *_told(response.status, headers))
        contacts = _contacts(headers) if 300 <= status < 400 else ()
        cause = said or self.cause(status)
        return Clearing(status, cause, _phrase(response), contacts, kept)

    def of_request(self, request: Message | None, status: int = 0) -> Clearing:
        """A BYE or CANCEL of the peer; without `request` the `status` says what ended the dialog."""
        if request is None:
            return Clearing(status, self.cause(status)) if status else NORMAL
        headers = request.headers
        if "reason" not in headers and "also" not in headers:
            return _HANG_UP
        said, kept = self._reasons(headers)
        also = tuple(Kept(DIALECT, "Also", value) for value in headers.all("Also"))
        if said is None:
            pairs = ((reason.protocol, reason.value or 0) for reason in reasons(headers))
            said = Cause(self._causes.clearing_to_q850(pairs).code)
        return Clearing(0, said, kept=(*kept, *also))

    def cause(self, status: int) -> Cause:
        """The Q.850 cause of a final status by the trunk's profile."""
        found = self._by_status.get(status)
        if found is None:
            mapped = self._causes.sip_to_q850(min(max(status, 300), 699))
            found = self._by_status[status] = Cause(mapped.code, mapped.location)
        return found

    def status(self, clearing: Clearing) -> int:
        """The final status that refuses a call or an offer for that reason."""
        status = clearing.status
        if status >= 300:
            usable = status >= 400 or bool(clearing.contacts)
            return _OF_THE_HOP.get(status, status) if usable else _UNREACHED
        cause = clearing.cause
        if cause is None or cause.value == 16 or not 1 <= cause.value <= 127:
            return _UNREACHED
        mapped = self._causes.q850_to_sip(cause.value, cause.location, cause.diagnostics)
        return mapped.code if mapped.code >= 400 else _UNREACHED

    def refusal(self, clearing: Clearing, status: int) -> Fields:
        """The header fields of the response with `status`."""
        fields = reason_fields(clearing)
        if 300 <= status < 400:
            fields.extend(("Contact", str(Address(contact.uri, contact.name))) for contact in clearing.contacts)
        for item in clearing.kept:
            if item.dialect == DIALECT and key(item.what) in _SAID and is_plain(item.what, item.value):
                fields.append((item.what, item.value))
        return fields

    def _reasons(self, headers: Headers) -> tuple[Cause | None, tuple[Kept, ...]]:
        """The cause that Reason says, and every value of it as it came."""
        if "reason" not in headers:
            return None, ()
        cause = q850_cause(reasons(headers))
        kept = tuple(Kept(DIALECT, "Reason", value) for value in headers.all("Reason"))
        if cause and self._teams and cause.value == _NUMBER_CHANGED and ";" in cause.text:
            others = tuple(item for item in kept if not item.value.upper().startswith("Q.850"))
            return Cause(_UNSPECIFIED, cause.location, text=cause.text), others
        return cause, kept


def phrase(clearing: Clearing, status: int) -> str:
    """The reason phrase when the status is the one that was said; "" stands for the standard's."""
    return clearing.reason if clearing.status == status else ""


def reason_fields(clearing: Clearing) -> Fields:
    """Reason: every value that came, and the Q.850 cause when none of them has one; the status where it is all."""
    fields: Fields = []
    spoken = False
    for item in clearing.kept:
        if item.what == "Reason" and item.dialect == DIALECT and is_plain(item.what, item.value):
            fields.append(("Reason", item.value))
            spoken = spoken or item.value[:5].upper() == "Q.850"
    if clearing.cause is not None and not spoken:
        fields.append(("Reason", _written(clearing.cause)))
    elif not fields and clearing.status:
        fields.append(("Reason", f"SIP;cause={clearing.status}"))
    return fields


@lru_cache(maxsize=1024)
def _written(cause: Cause) -> str:
    return str(Reason.of(cause))


def _phrase(response: Message) -> str:
    return "" if response.reason == reason_phrase(response.status) else response.reason


def _told(status: int, headers: Headers) -> tuple[Kept, ...]:
    """Retry-After of a 503 is about the peer itself: passed on, it would make callers leave this gateway alone."""
    names = _TOLD if status == 503 else (*_TOLD, "retry-after")
    if 300 <= status < 400:
        names = (*names, "history-info", "diversion")
    return tuple(
        Kept(DIALECT, name.title(), value) for name in names if name in headers for value in headers.all(name)
    )


def _contacts(headers: Headers) -> tuple[Party, ...]:
    """The targets of a redirection that can be called, the most wanted first (q, RFC 3261 §20.10)."""
    found: list[tuple[float, Party]] = []
    for value in headers.all("Contact"):
        try:
            address = Address.parse(value)
        except DecodeError:
            continue
        if address.uri.partition(":")[0].lower() in _CALLABLE:
            found.append((_preference(address.parameters.get("q")), party(address)))
    return tuple(who for _, who in sorted(found, key=lambda pair: -pair[0]))


def _preference(text: str | None) -> float:
    try:
        value = float(text) if text else 1.0
    except ValueError:
        return 0.0
    return value if 0.0 <= value <= 1.0 else 0.0


_HANG_UP = Clearing(0, Cause(16))
"""A BYE or CANCEL that gives no reason."""
