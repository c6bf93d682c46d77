"""A small H.323 gatekeeper: RAS over UDP, direct or routed call model, H.235.1 passwords, alternates.

`Gatekeeper` is the gatekeeper itself, without sockets; run as a program it serves a port, takes commands on its
standard input and writes events as JSON lines. It routes no call signalling: in the routed model it only says where
that goes.

Commands: `unregister ALIAS`, `disengage`, `bandwidth UNITS`, `info`, `silent on|off`, `refuse MESSAGE REASON`,
`accept`, `forget`, `quit`.
"""

import argparse
import asyncio
import hmac
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha1
from itertools import count
from pathlib import Path
from typing import Any

from gateway.h323 import per
from gateway.h323.addressing import transport, transport_value
from gateway.model.errors import DecodeError
from tests.peers.process import JsonPeer

Value = dict[str, Any]
_A, _T, _U = ((0, 0, 8, 235, 0, 2, last) for last in (1, 5, 6))
_PROTOCOL = (0, 0, 8, 2250, 0, 6)
_UUIES = (
    *("setup", "callProceeding", "connect", "alerting", "information", "releaseComplete", "facility", "progress"),
    *("empty", "status", "statusInquiry", "setupAcknowledge", "notify"),
)
_NO_UUIES = dict.fromkeys(_UUIES, False)
_REJECTS = {
    "gatekeeperRequest": "gatekeeperReject",
    "registrationRequest": "registrationReject",
    "admissionRequest": "admissionReject",
    "disengageRequest": "disengageReject",
    "bandwidthRequest": "bandwidthReject",
    "locationRequest": "locationReject",
    "unregistrationRequest": "unregistrationReject",
}


@dataclass
class Options:
    """`routed` is the signalling address that calls are sent to in the routed model, "" in the direct one.

    `passwords` go by alias; with any, an endpoint without its password is refused. `alternates` are RAS addresses.
    `busy` is the delay of a requestInProgress that comes before every admission, in milliseconds.
    """

    identifier: str = "TestGK"
    routed: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    time_to_live: int = 60
    alternates: tuple[str, ...] = ()
    irr: int = 0
    busy: int = 0
    pre_granted: bool = False


@dataclass
class Endpoint:
    """A registered endpoint."""

    identifier: str
    aliases: list[tuple[str, Any]]
    ras: str
    signal: str
    expires: float
    password: str


class Gatekeeper:
    """`send` takes a datagram and where it goes, `tell` an event."""

    def __init__(
        self,
        address: str,
        options: Options,
        send: Callable[[bytes, str], None],
        tell: Callable[..., None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.address = address
        self.options = options
        self.endpoints: dict[str, Endpoint] = {}
        self.calls: dict[tuple[bytes, str], Value] = {}
        self.silent = False
        self.refusals: dict[str, str] = {}
        self._send = send
        self._tell = tell
        self._wall = wall
        self._numbers = count(1)
        self._random = count(1)

    # In

    def receive(self, datagram: bytes, source: str) -> None:
        """One datagram."""
        if self.silent:
            return
        try:
            name, value = per.decode_ras(datagram)
        except DecodeError as error:
            self._tell("undecodable", why=str(error))
            return
        self._tell(name, number=value.get("requestSeqNum"), source=source, **_said(value))
        password = self._password(name, value)
        problem = _signature_problem(datagram, value, password, self._wall()) if password else ""
        if password is None or problem:
            self._reject(name, value, source, "securityDenial", "", why=problem or "nobody's password")
        elif name in self.refusals:
            self._reject(name, value, source, self.refusals[name], password)
        elif name in _HANDLERS:
            self._expire()
            _HANDLERS[name](self, value, source, password)

    def _password(self, name: str, value: Value) -> str | None:
        """The password of who says `value`: "" when none is asked for, None when it has none and should."""
        passwords = self.options.passwords
        if not passwords or name not in _REJECTS or name == "gatekeeperRequest":
            return ""
        known = self.endpoints.get(value.get("endpointIdentifier", ""))
        if known is not None:
            return known.password
        texts = [str(content) for _, content in value.get("terminalAlias", ())]
        return next((passwords[text] for text in texts if text in passwords), None)

    def _discover(self, value: Value, source: str, password: str) -> None:
        wanted = value.get("gatekeeperIdentifier", self.options.identifier)
        if wanted != self.options.identifier:
            self._reject("gatekeeperRequest", value, source, "terminalExcluded", password)
            return
        confirm = {
            "protocolIdentifier": _PROTOCOL,
            "gatekeeperIdentifier": self.options.identifier,
            "rasAddress": transport_value(self.address),
        }
        if self.options.passwords:
            confirm |= {"authenticationMode": ("pwdHash", 0), "algorithmOID": _U}
        self._answer("gatekeeperConfirm", value, source, confirm | self._alternates(), password)

    def _alternates(self) -> Value:
        alternates = [
            {"rasAddress": transport_value(address), "needToRegister": True, "priority": priority}
            for priority, address in enumerate(self.options.alternates)
        ]
        return {"alternateGatekeeper": alternates} if alternates else {}

    def _register(self, value: Value, source: str, password: str) -> None:
        if value.get("keepAlive"):
            endpoint = self.endpoints.get(value.get("endpointIdentifier", ""))
            if endpoint is None:
                self._reject("registrationRequest", value, source, "fullRegistrationRequired", password)
                return
        else:
            endpoint = Endpoint(
                f"{next(self._numbers)}_endp",
                value.get("terminalAlias", []),
                source,
                transport(value["callSignalAddress"][0]),
                0.0,
                password,
            )
            same = [key for key, one in self.endpoints.items() if one.signal == endpoint.signal]
            for key in same:
                del self.endpoints[key]
            self.endpoints[endpoint.identifier] = endpoint
        endpoint.expires = self._wall() + self.options.time_to_live
        confirm: Value = {
            "protocolIdentifier": _PROTOCOL,
            "callSignalAddress": [transport_value(self.options.routed)] if self.options.routed else [],
            "terminalAlias": endpoint.aliases,
            "gatekeeperIdentifier": self.options.identifier,
            "endpointIdentifier": endpoint.identifier,
            "timeToLive": self.options.time_to_live,
            "willRespondToIRR": False,
            "maintainConnection": False,
        } | self._alternates()
        if self.options.pre_granted:
            routed = bool(self.options.routed)
            confirm["preGrantedARQ"] = {
                "makeCall": True,
                "useGKCallSignalAddressToMakeCall": routed,
                "answerCall": True,
                "useGKCallSignalAddressToAnswer": routed,
            }
        self._answer("registrationConfirm", value, source, confirm, password)

    def _unregister(self, value: Value, source: str, password: str) -> None:
        self.endpoints.pop(value.get("endpointIdentifier", ""), None)
        self._answer("unregistrationConfirm", value, source, {}, password)

    def _admit(self, value: Value, source: str, password: str) -> None:
        if self.options.busy:
            self._answer("requestInProgress", value, source, {"delay": self.options.busy}, password)
        endpoint = self.endpoints.get(value["endpointIdentifier"])
        if endpoint is None:
            self._reject("admissionRequest", value, source, "callerNotRegistered", password)
            return
        called = None if value["answerCall"] else self._located(value.get("destinationInfo", []))
        address = endpoint.signal if value["answerCall"] else called.signal if called else ""
        if not address and "destCallSignalAddress" in value:
            address = transport(value["destCallSignalAddress"])
        if not address:
            self._reject("admissionRequest", value, source, "calledPartyNotRegistered", password)
            return
        model = "gatekeeperRouted" if self.options.routed else "direct"
        confirm: Value = {
            "bandWidth": value["bandWidth"],
            "callModel": (model, 0),
            "destCallSignalAddress": transport_value(self.options.routed or address),
            "willRespondToIRR": False,
            "uuiesRequested": _NO_UUIES,
        }
        if self.options.irr:
            confirm["irrFrequency"] = self.options.irr
        self.calls[value["callIdentifier"]["guid"], endpoint.identifier] = value
        self._answer("admissionConfirm", value, source, confirm, password)

    def _located(self, aliases: list[tuple[str, Any]]) -> Endpoint | None:
        return next((one for one in self.endpoints.values() if any(alias in one.aliases for alias in aliases)), None)

    def _disengage(self, value: Value, source: str, password: str) -> None:
        key = value["callIdentifier"]["guid"], value["endpointIdentifier"]
        if self.calls.pop(key, None) is None:
            self._reject("disengageRequest", value, source, "requestToDropOther", password)
            return
        self._answer("disengageConfirm", value, source, {}, password)

    def _bandwidth(self, value: Value, source: str, password: str) -> None:
        self._answer("bandwidthConfirm", value, source, {"bandWidth": value["bandWidth"]}, password)

    def _locate(self, value: Value, source: str, password: str) -> None:
        found = self._located(value["destinationInfo"])
        if found is None:
            self._reject("locationRequest", value, source, "notRegistered", password)
            return
        addresses = {
            "callSignalAddress": transport_value(found.signal),
            "rasAddress": transport_value(found.ras),
        }
        self._answer("locationConfirm", value, transport(value["replyAddress"]), addresses, password)

    def _expire(self) -> None:
        for key in [key for key, one in self.endpoints.items() if one.expires < self._wall()]:
            self._tell("expired", endpoint=key)
            del self.endpoints[key]

    # Out

    def _reject(self, name: str, value: Value, source: str, reason: str, password: str, why: str = "") -> None:
        refused: Value = {"rejectReason": (reason, 0)}
        if name in ("gatekeeperRequest", "registrationRequest"):
            refused["protocolIdentifier"] = _PROTOCOL
        if name == "bandwidthRequest":
            refused["allowedBandWidth"] = 0
        if reason == "resourceUnavailable" and self.options.alternates:
            refused["altGKInfo"] = self._alternates() | {"altGKisPermanent": True}
        self._tell("rejected", request=name, reason=reason, why=why)
        self._answer(_REJECTS[name], value, source, refused, password)

    def _answer(self, name: str, question: Value, to: str, content: Value, password: str) -> None:
        self._say(name, {"requestSeqNum": question["requestSeqNum"]} | content, to, password, question)

    def _say(self, name: str, value: Value, to: str, password: str, question: Value | None = None) -> None:
        if not password:
            self._send(per.encode_ras((name, value)), to)
            return
        to_whom = value.get("endpointIdentifier") or (question or {}).get("endpointIdentifier", "")
        clear = {"tokenOID": _T, "timeStamp": int(self._wall()), "random": next(self._random)}
        clear |= {"sendersID": self.options.identifier} | ({"generalID": to_whom} if to_whom else {})
        self._send(_signed(name, value, clear, password), to)

    def ask(self, name: str, endpoint: Endpoint, content: Value) -> None:
        """A request of ours to an endpoint."""
        value = {"requestSeqNum": next(self._numbers) % 65535 + 1} | content
        self._say(name, value, endpoint.ras, endpoint.password)

    def command(self, line: str) -> None:
        """One command."""
        verb, *words = line.split() or [""]
        match verb:
            case "unregister":
                self._dismiss(words[0])
            case "disengage" | "bandwidth":
                self._ask_about_calls(verb, words)
            case "info":
                for endpoint in self.endpoints.values():
                    self.ask(
                        "infoRequest", endpoint, {"callReferenceValue": 0, "callIdentifier": {"guid": bytes(16)}}
                    )
            case "silent":
                self.silent = words == ["on"]
            case "refuse":
                self.refusals[words[0]] = words[1]
            case "accept":
                self.refusals.clear()
            case "forget":
                self.endpoints.clear()
        self._tell("done", command=line)

    def _dismiss(self, alias: str) -> None:
        for endpoint in list(self.endpoints.values()):
            if alias in (content for _, content in endpoint.aliases):
                del self.endpoints[endpoint.identifier]
                address = [transport_value(endpoint.signal)]
                reason = {"reason": ("maintenance", 0), "endpointIdentifier": endpoint.identifier}
                self.ask("unregistrationRequest", endpoint, {"callSignalAddress": address} | reason)

    def _ask_about_calls(self, verb: str, words: list[str]) -> None:
        for (guid, key), call in list(self.calls.items()):
            endpoint = self.endpoints.get(key)
            if endpoint is None:
                continue
            named = {
                "endpointIdentifier": key,
                "conferenceID": call["conferenceID"],
                "callReferenceValue": call["callReferenceValue"],
                "callIdentifier": {"guid": guid},
            }
            if verb == "disengage":
                del self.calls[guid, key]
                content: Value = {"disengageReason": ("forcedDrop", 0), "answeredCall": call["answerCall"]}
                self.ask("disengageRequest", endpoint, named | content)
            else:
                self.ask("bandwidthRequest", endpoint, named | {"bandWidth": int(words[0]), "answeredCall": False})


_HANDLERS: dict[str, Callable[[Gatekeeper, Value, str, str], None]] = {
    "gatekeeperRequest": Gatekeeper._discover,
    "registrationRequest": Gatekeeper._register,
    "unregistrationRequest": Gatekeeper._unregister,
    "admissionRequest": Gatekeeper._admit,
    "disengageRequest": Gatekeeper._disengage,
    "bandwidthRequest": Gatekeeper._bandwidth,
    "locationRequest": Gatekeeper._locate,
}


def _said(value: Value) -> Value:
    """What a test may want to know of a message."""
    told: Value = {}
    for name in ("keepAlive", "endpointIdentifier", "answerCall", "bandWidth", "unsolicited"):
        if name in value:
            told[name] = value[name]
    for name in ("terminalAlias", "destinationInfo"):
        if name in value:
            told[name] = [str(content) for _, content in value[name]]
    if "perCallInfo" in value:
        told["calls"] = len(value["perCallInfo"])
    return told


def _hash(octets: bytes, password: str) -> bytes:
    return hmac.new(sha1(password.encode()).digest(), octets, sha1).digest()[:12]


def _signed(name: str, value: Value, clear: Value, password: str) -> bytes:
    """Encoded with a hash of zeros, then again with the right one: not the way of the code that is tested."""

    def encoded(digest: bytes) -> bytes:
        token = {"algorithmOID": _U, "paramS": {}, "hash": (int.from_bytes(digest), 96)}
        hashed = ("cryptoHashedToken", {"tokenOID": _A, "hashedVals": clear, "token": token})
        return per.encode_ras((name, value | {"cryptoTokens": [("nestedcryptoToken", hashed)]}))

    return encoded(_hash(encoded(bytes(12)), password))


def _signature_problem(datagram: bytes, value: Value, password: str, now: float) -> str:
    for kind, content in value.get("cryptoTokens", ()):
        if kind == "nestedcryptoToken" and content[0] == "cryptoHashedToken":
            found = content[1]["token"]["hash"][0].to_bytes(12, "big")
            place = datagram.rindex(found)
            emptied = datagram[:place] + bytes(12) + datagram[place + 12 :]
            if _hash(emptied, password) != found:
                return "wrong hash"
            return "" if abs(content[1]["hashedVals"]["timeStamp"] - now) < 60 else "wrong time"
    return "unsigned"


class GatekeeperPeer(JsonPeer):
    """The gatekeeper as a process on 127.0.0.1."""

    def __init__(self, port: int, *options: str) -> None:
        self.address = f"127.0.0.1:{port}"
        root = Path(__file__).resolve().parents[2]
        program = (sys.executable, "-m", "tests.peers.gatekeeper", "--address", self.address, *options)
        super().__init__(f"gatekeeper {port}", ("env", "-C", root, *program))
        self.wait_for_start("bound")


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._heard(data, f"{addr[0]}:{addr[1]}")


def _tell(kind: str, **fields: object) -> None:
    print(json.dumps({"ev": kind} | fields), flush=True)


async def _serve(address: str, options: Options) -> None:
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()

    def send(datagram: bytes, to: str) -> None:
        there, _, number = to.rpartition(":")
        socket.sendto(datagram, (there, int(number)))

    gatekeeper = Gatekeeper(address, options, send, _tell)
    local = host, int(port)
    socket, _ = await loop.create_datagram_endpoint(lambda: _Socket(gatekeeper.receive), local_addr=local)
    _tell("bound")
    while (line := (await loop.run_in_executor(None, sys.stdin.readline)).strip()) not in ("", "quit"):
        gatekeeper.command(line)
    socket.close()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:1719")
    parser.add_argument("--identifier", default="TestGK")
    parser.add_argument("--routed", default="", help="signalling address that calls are sent to")
    parser.add_argument("--password", action="append", default=[], metavar="ALIAS=PASSWORD")
    parser.add_argument("--time-to-live", type=int, default=60)
    parser.add_argument("--alternate", action="append", default=[])
    parser.add_argument("--irr", type=int, default=0)
    parser.add_argument("--busy", type=int, default=0)
    given = parser.parse_args()
    passwords = dict(pair.split("=", 1) for pair in given.password)
    options = Options(
        given.identifier,
        given.routed,
        passwords,
        given.time_to_live,
        tuple(given.alternate),
        given.irr,
        given.busy,
    )
    asyncio.run(_serve(given.address, options))


if __name__ == "__main__":
    _main()
