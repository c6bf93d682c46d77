"""SIP trunks out of a recording: who the peers of the played host are, and how it behaved towards each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from gateway.model.errors import DecodeError
from gateway.regression.endpoints import Endpoint
from gateway.regression.routes_deduction import Step
from gateway.regression.sip_tape import Entry, Tape
from gateway.sip.address import Address
from gateway.sip.flow import Transport
from gateway.sip.locating import is_address
from gateway.sip.message import Message
from gateway.sip.parameters import Parameters
from gateway.sip.routing import Via
from gateway.sip.uri import Uri, unescape

_REFUSALS = frozenset((403, 405, 501, 603))
_PASSWORD = "not known"  # noqa: S105 -- whatever it is, nobody in a recording checks it
_TEAMS = ".pstnhub.microsoft.com"
_IDENTITY = ("p-asserted-identity", "remote-party-id", "diversion", "history-info")
Document = dict[str, Any]


class SipPeers:
    """The peers of the played host on a tape. `product` is how it names itself."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known = _places(tape)
        self._entries: dict[str, list[Entry]] = {}
        for entry in tape.entries:
            self._entries.setdefault(self.trunk_of(entry), []).append(entry)
        self.product = _product(tape)

    def trunk_of(self, entry: Entry) -> str:
        """The name of the trunk that a message came from, or went to."""
        host = entry.peer.host
        ports = {port for _, port in self._known[host]}
        return f"sip-{host}" if len(ports) == 1 else f"sip-{host}-{self._place(entry)[1]}"

    def _place(self, entry: Entry) -> tuple[str, int]:
        """Where the peer of a message is reached: the port it sent from, when it listens there."""
        known = self._known[entry.peer.host]
        for place in ((entry.transport.value, entry.peer.port), _said(entry)):
            if place in known:
                return place
        return known.most_common(1)[0][0]

    def listeners(self) -> list[str]:
        """Where requests came to the played host; without any, where it spoke from."""
        asked = [each for each in self._tape.entries if not each.is_ours and each.message.is_request]
        found = dict.fromkeys(_text(each.transport, each.own) for each in asked)
        for entry in self._tape.entries:
            if not any(text.startswith(f"{entry.transport}:") for text in found):
                port = entry.own.port if entry.transport is Transport.UDP else entry.transport.default_port
                found[_text(entry.transport, Endpoint(entry.own.host, port))] = None
        return list(found)

    def trunks(self) -> Iterator[Document]:
        """Each as in gateway.yaml."""
        for name, entries in self._entries.items():
            transport, port = Counter(map(self._place, entries)).most_common(1)[0][0]
            peer = _text(Transport(transport), Endpoint(entries[0].peer.host, port))
            yield {"name": name, "peers": [peer], **self._behaviour(entries)}

    def steps(self) -> Iterator[Step]:
        """Calls and transfers, as routes are found in them."""
        placed: set[str] = set()
        for entry in self._tape.entries:
            message, trunk = entry.message, self.trunk_of(entry)
            if entry.is_copy:
                continue
            if entry.is_initial and message.method == "INVITE":
                if not (entry.is_ours and message.call_id in placed):
                    yield Step(entry.time, trunk, _user(message.request_uri), entry.is_ours)
                if entry.is_ours:
                    placed.add(message.call_id)
            elif not entry.is_ours and message.is_request and message.method == "REFER":
                yield Step(entry.time, trunk, _user(_uri(message, "refer-to")), is_placed=False, is_transfer=True)
            elif not entry.is_ours and 300 <= message.status < 400:
                yield Step(entry.time, trunk, _user(_uri(message, "contact")), is_placed=False, is_transfer=True)

    def names(self) -> dict[str, tuple[str, int]]:
        """Where hosts that are names lead: those that a peer gives itself, and those that requests went to."""
        found: dict[str, tuple[str, int]] = {}
        for entry in self._tape.entries:
            message = entry.message
            uris = [message.request_uri] if entry.is_ours and message.is_request else []
            uris = [*map(_plain, message.headers.all("route"))][:1] or uris
            if not entry.is_ours:
                uris = [_plain(each) for name in ("contact", "record-route") for each in message.headers.all(name)]
            for uri in uris:
                host = _host(uri)
                if host and not is_address(host.strip("[]")):
                    found.setdefault(host.lower(), (entry.peer.host, self._place(entry)[1]))
        return found

    def _behaviour(self, entries: list[Entry]) -> Document:
        """What the played host did towards this peer that the keys of a trunk can say."""
        ours = [entry.message for entry in entries if entry.is_ours]
        theirs = [entry.message for entry in entries if not entry.is_ours]
        document: Document = {
            "trusted": any(name in each.headers for each in ours for name in _IDENTITY),
            "reliable": _reliable(ours, theirs),
            "session_timer": any(_says(each, "timer") or "session-expires" in each.headers for each in ours),
        }
        answers = {each.status for each in ours if each.cseq_method == "REFER" and each.status >= 200}
        is_asked = any(each.is_request and each.method == "REFER" for each in theirs)
        if is_asked and any(_is_passed_on(each) for each in self._tape.entries):
            document["transfer"] = "pass"
        elif answers and answers <= _REFUSALS:
            document["transfer"] = "reject"
        if 200 in answers and 202 not in answers:
            document["refer_accept_code"] = 200
        if any(300 <= each.status < 400 for each in ours):
            document["redirect"] = "pass"
        document.update(_teams(ours, theirs))
        user = next(filter(None, map(_credentials, ours)), "")
        if user:
            document["credentials"] = {"user": user, "password": _PASSWORD}
        return document


def _text(transport: Transport, end: Endpoint) -> str:
    host = f"[{end.host}]" if ":" in end.host else end.host
    return f"{transport}:{host}:{end.port or transport.default_port}"


def _places(tape: Tape) -> dict[str, Counter[tuple[str, int]]]:
    """Transport and port where each host listens: all that calls went to; without any, the one shown most often."""
    called: dict[str, Counter[tuple[str, int]]] = {}
    shown: dict[str, Counter[tuple[str, int]]] = {}
    for entry in tape.entries:
        if entry.is_ours and entry.is_initial:
            called.setdefault(entry.peer.host, Counter())[_said(entry)] += 1
        if entry.message.is_request:
            shown.setdefault(entry.peer.host, Counter())[_said(entry)] += 1
        else:
            # What is behind the answers to requests that the recording has not.
            shown.setdefault(entry.peer.host, Counter())[_said(entry)] += 0
    return {host: called.get(host) or Counter(dict(found.most_common(1))) for host, found in shown.items()}


def _said(entry: Entry) -> tuple[str, int]:
    """Where a message shows that its peer listens. A Via behind a NAT says nothing; whoever opened a connection has a
    port of its own there.
    """
    is_datagram = entry.transport is Transport.UDP
    if entry.is_ours and entry.message.is_request and is_datagram:
        return entry.transport.value, entry.peer.port
    via = _via(entry)
    if via is not None and (not is_datagram or via.host.strip("[]") == entry.peer.host):
        return entry.transport.value, via.port or entry.transport.default_port
    return entry.transport.value, entry.peer.port if is_datagram else entry.transport.default_port


def _via(entry: Entry) -> Via | None:
    """What the peer says of itself."""
    values = entry.message.headers.all("via")
    if not values or entry.message.is_request is entry.is_ours:
        return None
    try:
        return Via.parse(values[0])
    except DecodeError:
        return None


def _product(tape: Tape) -> str:
    for entry in tape.entries:
        found = entry.message.headers.get("user-agent") or entry.message.headers.get("server")
        if entry.is_ours and found:
            return found
    return ""


def _says(message: Message, tag: str) -> bool:
    return any(tag == each.lower() for name in ("supported", "require") for each in message.headers.all(name))


def _is_passed_on(entry: Entry) -> bool:
    return entry.is_ours and entry.message.is_request and entry.message.method == "REFER"


def _reliable(ours: list[Message], theirs: list[Message]) -> str:
    """By what the played host did, and by what it said that it could where it did not do otherwise."""
    wants = [each for each in ours if "100rel" in (tag.lower() for tag in each.headers.all("require"))]
    if any(each.is_request and each.method == "INVITE" for each in wants):
        return "required"
    if wants or any(each.cseq_method == "PRACK" for each in ours):
        return "supported"
    possible = {(each.call_id, each.cseq) for each in theirs if each.is_request and _says(each, "100rel")}
    refrained = any(100 < each.status < 200 and (each.call_id, each.cseq) in possible for each in ours)
    return "off" if refrained or not any(_says(each, "100rel") for each in ours) else "supported"


def _teams(ours: list[Message], theirs: list[Message]) -> Document:
    if not any(_host(_uri(each, "contact")).lower().endswith(_TEAMS) for each in theirs):
        return {}
    names = (_host(_uri(each, "contact")) for each in ours)
    name = next((each for each in names if each and not is_address(each)), "")
    return {"profile": "teams", "fqdn": name} if name else {}


def _credentials(message: Message) -> str:
    if not message.is_request:
        return ""
    for name in ("authorization", "proxy-authorization"):
        for value in message.headers.all(name):
            terms = Parameters.parse(value.partition(" ")[2].replace(",", ";"))
            if terms.get("username"):
                return terms.get("username") or ""
    return ""


def _uri(message: Message, name: str) -> str:
    values = message.headers.all(name)
    return _plain(values[0]) if values else ""


def _plain(value: str) -> str:
    try:
        return Address.parse(value).uri
    except DecodeError:
        return ""


def _user(uri: str) -> str:
    try:
        return unescape(Uri.parse(uri).user or "").partition(";")[0] if uri else ""
    except DecodeError:
        return ""


def _host(uri: str) -> str:
    try:
        return Uri.parse(uri).host if uri else ""
    except DecodeError:
        return ""
