"""Recorded RAS: our client in the place of the endpoint, with the gatekeeper's recorded answers (GNU Gatekeeper)."""

import struct
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.h323 import per
from gateway.h323.addressing import alias, transport
from gateway.h323.ras import messages
from gateway.h323.ras.client import Admission, GatekeeperClient, GatekeeperSettings, RasCall, Refusal
from gateway.h323.ras.transactions import Transactions
from gateway.model.timers import TimerQueue
from tests.h323.dissect import tshark
from tests.h323.ras.desk import MIDNIGHT, Desk, a_call, digits
from tests.h323.recordings import damaged
from tests.shared import captures, folder, or_skipped

WITH_GATEKEEPER = [path for path in captures("pcaps/h323") if path.stem.startswith("gk_")]
RAS_PORT = 1719
GATEKEEPER = "127.0.23.10:1719"


class Datagram(NamedTuple):
    """A recorded datagram by its ports."""

    source: int
    destination: int
    octets: bytes


def datagrams(capture: Path) -> Iterator[Datagram]:
    """The UDP of a little-endian pcap file of Ethernet frames with IPv4."""
    octets = capture.read_bytes()
    at = 24
    while at < len(octets):
        (length,) = struct.unpack_from("<I", octets, at + 8)
        packet = octets[at + 30 : at + 16 + length]
        at += 16 + length
        if packet[9] == 17:
            udp = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
            source, destination = struct.unpack_from(">HH", udp)
            yield Datagram(source, destination, udp[8:])


class Endpoint:
    """Our client as the endpoint of one port, driven by what that one said."""

    def __init__(self, registration: dict[str, Any], first: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.heard: list[Admission | Refusal] = []
        self.log: list[object] = []
        self.states: list[str] = []
        numbers = count(first)
        monkeypatch.setattr(Transactions, "number", lambda _self: next(numbers))
        settings = GatekeeperSettings(
            GATEKEEPER,
            transport(registration["rasAddress"][0]),
            transport(registration["callSignalAddress"][0]),
            tuple(map(alias, registration["terminalAlias"])),
            kind="terminal",
            time_to_live=60,
            bandwidth=100000,
        )
        self.client = GatekeeperClient(
            settings, self._send, self, TimerQueue(), lambda: "token", lambda: float(MIDNIGHT)
        )

    def _send(self, datagram: bytes, to: str) -> None:
        self.sent.append(per.decode_ras(datagram))

    def registered(self, now: float) -> None:
        self.states.append("registered")

    def registration_lost(self, reason: str, now: float) -> None:
        self.states.append(reason)

    def disengage_asked(self, call: RasCall, reason: str, now: float) -> None:
        raise AssertionError("not recorded")

    def bandwidth_changed(self, call: RasCall, bandwidth: int, now: float) -> None:
        raise AssertionError("not recorded")

    def ras_log(self, event: str, now: float, **fields: object) -> None:
        self.log.append(fields)

    def does(self, name: str, value: dict[str, Any]) -> None:
        """What the endpoint did of its own accord; discovery and registration follow from one another."""
        match name:
            case "gatekeeperRequest":
                self.client.start(0.0)
            case "admissionRequest":
                address = value.get("srcCallSignalAddress" if value["answerCall"] else "destCallSignalAddress")
                self.client.admit(
                    _call(value, answering=value["answerCall"]),
                    messages.aliases_in(value, "destinationInfo"),
                    messages.aliases_in(value, "srcInfo"),
                    lambda answer, _now: self.heard.append(answer),
                    0.0,
                    address=messages.address_in(address),
                )
            case "disengageRequest":
                kind, octets = value.get("terminationCause", ("", b""))
                cause = octets[-1] & 0x7F if kind == "releaseCompleteCauseIE" else None
                call = _call(value, answering=value["answeredCall"])
                self.client.disengage(call, 0.0, cause=cause, reason=value["disengageReason"][0])
            case "unregistrationRequest":
                self.client.stop(0.0)


def _call(value: dict[str, Any], *, answering: bool) -> RasCall:
    identifier = value["callIdentifier"]["guid"]
    return RasCall(identifier, value["conferenceID"], value["callReferenceValue"], answering)


ITS_OWN = frozenset(
    (
        *("protocolIdentifier", "endpointType", "terminalType", "endpointVendor", "willSupplyUUIEs"),
        *("supportsAssignedGK", "usageReportingCapability", "callCreditCapability", "canMapSrcAlias"),
        "usageInformation",
    )
)
"""What says which program an endpoint is, what else it could do, and what the time was."""


def comparable(name: str, value: dict[str, Any]) -> Any:
    """A termination cause is ours where it is a Q.850 cause; a release reason of H.225.0 is not told us here."""
    reason = {"terminationCause"} if value.get("terminationCause", ("",))[0] == "releaseCompleteReason" else set()
    return name, {field: content for field, content in value.items() if field not in ITS_OWN | reason}


@pytest.mark.parametrize("capture", or_skipped(WITH_GATEKEEPER), ids=lambda path: path.stem)
def test_our_client_in_the_place_of_each_endpoint(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = {one.source for one in datagrams(capture) if one.source != RAS_PORT}
    assert ports
    for port in ports:
        said = [one for one in datagrams(capture) if port in (one.source, one.destination)]
        recorded = [per.decode_ras(one.octets) for one in said if one.source == port]
        registration = next(value for name, value in recorded if name == "registrationRequest")
        endpoint = Endpoint(registration, recorded[0][1]["requestSeqNum"], monkeypatch)
        for one in said:
            if one.source == port:
                endpoint.does(*per.decode_ras(one.octets))
            else:
                endpoint.client.receive(one.octets, GATEKEEPER, 0.0)
        assert [comparable(*message) for message in endpoint.sent] == [comparable(*one) for one in recorded]
        assert endpoint.states == ["registered"]
        assert endpoint.log == []
        answers = [per.decode_ras(one.octets) for one in said if one.destination == port]
        admissions = [value for name, value in answers if name in ("admissionConfirm", "admissionReject")]
        assert len(endpoint.heard) == len(admissions)
        for heard, value in zip(endpoint.heard, admissions, strict=True):
            if isinstance(heard, Refusal):
                assert heard.reason == value["rejectReason"][0]
            else:
                assert heard == messages.admission_in(value)


@cache
def recorded() -> tuple[bytes, ...]:
    """Every recorded RAS message."""
    folder("pcaps/h323")
    return tuple({one.octets for capture in WITH_GATEKEEPER for one in datagrams(capture)})


@settings(max_examples=300)
@given(st.data())
def test_damaged_messages_are_taken(data: st.DataObject) -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    member.client.receive(damaged(data, recorded()), "192.0.2.10:1719", desk.now)


def test_tshark_reads_what_we_and_our_gatekeeper_write(tmp_path: Path) -> None:
    desk = Desk()
    desk.gatekeeper(passwords={"1001": "secret", "1002": "other"}, irr=20, alternates=("192.0.2.11:1719",))
    caller = desk.member(password="secret", prefixes=("0049",))
    called = desk.member("1002", "192.0.2.2", password="other", kind="terminal")
    caller.client.admit(a_call(), digits("1002"), digits("1001"), caller.answer, desk.now)
    incoming = a_call(answering=True)
    called.client.admit(incoming, digits("1002"), digits("1001"), called.answer, desk.now, address="192.0.2.1:3000")
    desk.settle()
    called.client.answered(incoming, desk.now)
    caller.client.change_bandwidth(a_call(), 640, caller.answer, desk.now)
    caller.client.locate(digits("1002"), caller.answer, desk.now)
    desk.settle()
    desk.wait(41.0)
    for line in ("info", "bandwidth 320", "disengage", "unregister 1002"):
        desk.command(line)
    caller.client.stop(desk.now)
    desk.settle()
    rows = tshark(_written(tmp_path / "ras.pcap", desk.wire), "_ws.col.Info", "_ws.malformed")
    assert len(rows) == len(desk.wire) > 35
    for octets, (told, *malformed) in zip(desk.wire, rows, strict=True):
        assert per.decode_ras(octets)[0] in told
        assert not any(malformed)


def _written(path: Path, octets: list[bytes]) -> Path:
    records = b"".join(
        struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame
        for number, frame in enumerate(map(_frame, octets))
    )
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + records)
    return path


def _frame(payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", RAS_PORT, RAS_PORT, 8 + len(payload), 0)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\2")
    return bytes(12) + b"\x08\x00" + head + udp + payload
