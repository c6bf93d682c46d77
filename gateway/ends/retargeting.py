"""History-Info and Diversion of a call that goes on to another target (RFC 7044, RFC 5806, RFC 7544)."""

from collections.abc import Iterable

from gateway.ends.sip_headers import CALL, REDIRECTED_FROM, REDIRECTION_STATUS, CarriedFields, Fields, is_plain
from gateway.interworking.redirecting import reason_of
from gateway.model.errors import DecodeError
from gateway.model.transfer import Kept
from gateway.sip.diversion import Diversion, HistoryEntry
from gateway.sip.names import key
from gateway.sip.status import reason_phrase
from gateway.sip.uri import escape_header
from gateway.translators.sip_kept import DIALECT

_HIDDEN = "<sip:anonymous@anonymous.invalid>"


def chain_fields(kept: tuple[Kept, ...], target: str, policy: CarriedFields, *, trusted: bool) -> Fields:
    """History-Info and Diversion of the INVITE to `target`; entries that want privacy are hidden from strangers."""
    if not any(item.dialect == CALL or key(item.what) in ("history-info", "diversion") for item in kept):
        return []
    history, diverted = _values(kept, "history-info"), _values(kept, "diversion")
    left = _redirections(kept)
    for uri, status in left:
        history = _extended(history, uri, status)
        diverted = [str(Diversion.of(uri, "", reason_of(int(status), "history"), 1)), *diverted]
    if left:
        history.append(f"<{_plain(target)}>;index={_child(history)};mp={_last_index(history)}")
    if not trusted:
        history, diverted = [_anonymised(value) for value in history], _shown(diverted)
    fields = [("History-Info", value) for value in history] if not policy.removes("History-Info") else []
    if not policy.removes("Diversion"):
        fields.extend(("Diversion", value) for value in diverted)
    return [field for field in fields if is_plain(*field)]


def _values(kept: Iterable[Kept], name: str) -> list[str]:
    return [item.value for item in kept if item.dialect == DIALECT and key(item.what) == name]


def _redirections(kept: Iterable[Kept]) -> list[tuple[str, str]]:
    """Each URI that sent the call elsewhere, with its status, in order."""
    found: list[tuple[str, str]] = []
    for item in kept:
        if item.dialect == CALL and item.what == REDIRECTED_FROM:
            found.append((_plain(item.value), "302"))
        elif item.dialect == CALL and item.what == REDIRECTION_STATUS and found and item.value.isdecimal():
            found[-1] = (found[-1][0], item.value)
    return found


def _extended(history: list[str], uri: str, status: str) -> list[str]:
    """`history` with the reason at the entry of `uri`, which is added when it is not the last (RFC 7044 §10.2)."""
    reason = escape_header(f'SIP;cause={status};text="{reason_phrase(int(status))}"')
    last = _entry(history[-1]) if history else None
    if last and last.address.uri == uri:
        return [*history[:-1], f"<{uri}?Reason={reason}>{last.address.parameters}"]
    index = _child(history) if history else "1"
    return [*history, f"<{uri}?Reason={reason}>;index={index}"]


def _child(history: list[str]) -> str:
    return f"{_last_index(history)}.1"


def _last_index(history: list[str]) -> str:
    last = _entry(history[-1]) if history else None
    return (last.index if last else "") or "1"


def _anonymised(value: str) -> str:
    entry = _entry(value)
    if entry is None or "history" not in entry.privacy.lower():
        return value
    return f"{_HIDDEN}{entry.address.parameters}"


def _shown(diverted: list[str]) -> list[str]:
    """Without those whose party wants to stay unknown (RFC 5806: privacy)."""
    found = []
    for value in diverted:
        try:
            wanted = Diversion.parse(value).address.parameters.get("privacy") or "off"
        except DecodeError:
            continue
        if wanted.lower() == "off":
            found.append(value)
    return found


def _entry(value: str) -> HistoryEntry | None:
    try:
        return HistoryEntry.parse(value)
    except DecodeError:
        return None


def _plain(uri: str) -> str:
    return uri.partition("?")[0] if "@" not in uri.partition("?")[2] else uri
