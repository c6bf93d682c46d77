"""A SIP message as a plain document (dict, list, str, int) for display and JSON: nothing of it is left out."""

from collections.abc import Callable
from typing import Any

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.diversion import HistoryEntry
from gateway.sip.message import Message
from gateway.sip.names import key
from gateway.sip.parameters import Parameters, split
from gateway.sip.reason import Reason
from gateway.sip.refer_to import ReferTo
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.subscription import Event, SubscriptionState
from gateway.sip.uri import Uri, unescape

Document = dict[str, Any]


def document(message: Message) -> Document:
    """Start line, header fields as named and ordered in the message (`parsed` beside those of a transfer), body."""
    fields = [_field(name, value) for name, value in message.headers]
    return {"protocol": "sip", **_start(message), "headers": fields, **_body(message)}


def _start(message: Message) -> Document:
    if message.is_request:
        return {"method": message.method, "requestUri": _printable(message.request_uri)}
    return {"status": message.status, "reason": _printable(message.reason), "method": message.method}


def _field(name: str, value: str) -> Document:
    shown: Document = {"name": _printable(name), "value": _printable(value)}
    reader = _READERS.get(key(name))
    if reader is None:
        return shown
    try:
        parsed = [_shown(reader(part)) for part in split(value, ",")]
    except DecodeError as error:
        return shown | {"error": _printable(str(error))}
    return shown | {"parsed": parsed[0] if len(parsed) == 1 else parsed}


def _body(message: Message) -> Document:
    if not message.body:
        return {}
    if message.content_type == "message/sipfrag":
        return {"body": {"contentType": message.content_type, **_sipfrag(message.body)}}
    return {"body": {"contentType": message.content_type, **_text(message.body)}}


def _sipfrag(body: bytes) -> Document:
    try:
        fragment = Sipfrag.parse(body)
    except DecodeError as error:
        return _text(body) | {"error": _printable(str(error))}
    fields = [_field(name, value) for name, value in fragment.headers]
    more = {"headers": fields} if fields else {}
    return {"status": fragment.status, "reason": _printable(fragment.reason), **more}


def _text(body: bytes) -> Document:
    """As text when it is UTF-8 without control characters, else as hex."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"hex": body.hex()}
    return (
        {"text": text} if all(letter.isprintable() or letter in "\r\n\t" for letter in text) else {"hex": body.hex()}
    )


def _address(value: str) -> Document:
    address = Address.parse(value)
    return {"display": address.display, "uri": address.uri, "parameters": _parameters(address.parameters)}


def _refer_to(value: str) -> Document:
    asked = ReferTo.parse(value)
    named = {"replaces": asked.replaces, "join": asked.join}
    dialogs = {name: _dialog(str(dialog)) for name, dialog in named.items() if dialog}
    parts = {"uriParts": _uri(asked.uri)} if asked.uri else {}
    return _address(value) | {"method": asked.method} | parts | dialogs


def _uri(uri: Uri) -> Document:
    headers = {unescape(name): unescape(value or "") for name, value in uri.headers}
    named = {"scheme": uri.scheme, "user": uri.user, "host": uri.host, "port": uri.port}
    return named | {"parameters": _parameters(uri.parameters), "headers": headers}


def _dialog(value: str) -> Document:
    named = DialogId.parse(value)
    return {"callId": named.call_id, **_parameters(named.parameters)}


def _reason(value: str) -> Document:
    reason = Reason.parse(value)
    return {"protocol": reason.protocol, **_parameters(reason.parameters)}


def _history(value: str) -> Document:
    entry = HistoryEntry.parse(value)
    return _address(value) | {"reason": str(entry.reason) if entry.reason else "", "privacy": entry.privacy}


def _event(value: str) -> Document:
    event = Event.parse(value)
    return {"package": event.package, **_parameters(event.parameters)}


def _subscription(value: str) -> Document:
    state = SubscriptionState.parse(value)
    return {"state": state.state, **_parameters(state.parameters)}


def _parameters(parameters: Parameters) -> Document:
    return {name: parameters.get(name) if value is not None else True for name, value in parameters.items}


def _shown(value: Any) -> Any:
    """`value` without what is empty, its texts printable."""
    if isinstance(value, dict):
        return {_shown(name): _shown(item) for name, item in value.items() if item not in ("", None, {})}
    return _printable(value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    """Octets that are no UTF-8 appear as a backslash, x and two hex digits."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


_READERS: dict[str, Callable[[str], Document]] = {
    "refer-to": _refer_to,
    "history-info": _history,
    "reason": _reason,
    "event": _event,
    "subscription-state": _subscription,
    **dict.fromkeys(("replaces", "join", "target-dialog"), _dialog),
    **dict.fromkeys(("from", "to", "referred-by", "also", "diversion"), _address),
    **dict.fromkeys(("p-asserted-identity", "p-preferred-identity"), _address),
}
