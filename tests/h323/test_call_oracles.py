"""Calls of ours as tshark reads them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.capture.writer import Writer
from gateway.h323 import per, tpkt
from gateway.h323.call_contents import Contents, Ending
from gateway.h323.signalling import SignallingSettings
from gateway.model.causes import Cause
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from tests.h323.call_pair import NEW, Pair
from tests.h323.dissect import tshark

CALLER = Party(
    Number("4930123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
    Presentation.ALLOWED,
    Screening.NETWORK_PROVIDED,
    name="Alice",
    aliases=(Alias(AliasKind.H323_ID, "alice"), Alias(AliasKind.URL_ID, "sip:alice@example.com")),
)
CALLED = Party(Number("1002"), name="Bob")
APDU = bytes.fromhex("000110000100010a020420")
H245 = per.encode_control(
    ("request", ("masterSlaveDetermination", {"terminalType": 60, "statusDeterminationNumber": 7}))
)


def channel(number: int) -> bytes:
    """OpenLogicalChannel for G.711 A-law that we send."""
    rtp: dict[str, Any] = {
        "sessionID": 1,
        "mediaControlChannel": transport(5001),
        "mediaGuaranteedDelivery": False,
    }
    return per.encode_channel(
        {
            "forwardLogicalChannelNumber": number,
            "forwardLogicalChannelParameters": {
                "dataType": ("audioData", ("g711Alaw64k", 20)),
                "multiplexParameters": ("h2250LogicalChannelParameters", rtp),
            },
        }
    )


def transport(port: int) -> Any:
    return "unicastAddress", ("iPAddress", {"network": b"\x7f\0\x17\x01", "tsapIdentifier": port})


def fast_start() -> Pair:
    pair = Pair()
    new = replace(
        NEW,
        calling=CALLER,
        called=CALLED,
        redirecting=Party(Number("1009")),
        redirecting_reason="no-answer",
        source_address="127.0.23.1:22000",
        destination_address="[2001:db8::2]:1720",
        early_control=(H245,),
        contents=Contents(fast_start=(channel(1), channel(2)), apdus=(APDU,)),
    )
    call, other = pair.offered(new)
    other.proceeding(0)
    other.progress(0, Contents(progress=(8,)))
    other.alerting(0, Contents(party=CALLED, fast_start=(channel(1),)))
    other.connect(0, Contents(party=CALLED, apdus=(bytes.fromhex("0001400101"),)))
    pair.carry()
    call.information(0, Contents(keypad="12#"))
    other.notify(0, Contents(notification=0x79, party=CALLED))
    call.enquire(0)
    pair.carry()
    call.release(0, Ending(reason="facilityCallDeflection"))
    pair.carry()
    return pair


def tunnelled() -> Pair:
    pair = Pair()
    call, other = pair.offered(replace(NEW, overlap=True, early_control=(H245,)))
    other.setup_acknowledge(0)
    pair.carry()
    call.information(0, Contents(elements=((0x70, b"\x8034"),)))
    other.connect(0, Contents(control=(H245,)))
    pair.carry()
    call.send_control(H245, 0)
    call.facility(0, Contents(apdus=(APDU,)), "transportedInformation")
    pair.carry()
    other.release(0, Ending(Cause(17)), Contents(control=(H245,)))
    pair.carry()
    return pair


def separate() -> Pair:
    pair = Pair(called=SignallingSettings(tunnelling=False))
    call, other = pair.offered(replace(NEW, contents=Contents(fast_start=(channel(1),))))
    other.proceeding(0, Contents(h245_address="127.0.23.2:22000", fast_start_refused=True))
    other.connect(0)
    pair.carry()
    call.start_h245("[2001:db8::1]:22001", 0)
    forwarded: dict[str, Any] = {"alternativeAliasAddress": [("dialledDigits", "1003")]}
    other.facility(0, Contents(fields=forwarded), "callForwarded")
    pair.carry()
    call.release(0)
    pair.carry()
    return pair


def messages(pair: Pair) -> Iterator[tuple[bool, bytes]]:
    """The messages that went over the connection, in order."""
    streams = {True: tpkt.Unframer(), False: tpkt.Unframer()}
    for from_caller, octets in pair.tape:
        yield from ((from_caller, message) for message in streams[from_caller].feed(octets))


def read(pair: Pair, path: Path, *fields: str) -> list[list[str]]:
    """What tshark finds in the frames that have call signalling."""
    with Writer(path) as writer:
        for number, (from_caller, message) in enumerate(messages(pair)):
            ends = ("127.0.23.1:22000", "127.0.23.2:1720")
            writer.h225(1e9 + number, *(ends if from_caller else ends[::-1]), message)
    rows = tshark(path, "_ws.malformed", "_ws.expert.severity", "q931.message_type", *fields)
    assert not any(row[0] for row in rows)
    return [row[2:] for row in rows if row[2]]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (fast_start, "05 02 03 01 07 7b 6e 75 7d 5a 5a"),
        (tunnelled, "05 0d 7b 07 62 62 5a 5a"),
        (separate, "05 02 07 62 62 5a 5a"),
    ],
)
def test_every_message_of_a_call_is_well_formed(variant: Any, expected: str, tmp_path: Path) -> None:
    rows = read(variant(), tmp_path / "call.pcapng")
    assert sorted(int(each, 0) for row in rows for each in row[0].split(",")) == sorted(bytes.fromhex(expected))


FIELDS = (
    *("q931.calling_party_number.digits", "q931.called_party_number.digits", "q931.redirecting_number.digits"),
    *("h225.h323_ID", "h225.url_ID", "h225.h245Tunnelling", "h225.fastStart", "h225.parallelH245Control"),
    *("h450.ros.invokeId", "h225.protocolIdentifier", "h225.guid"),
)


def test_what_setup_says(tmp_path: Path) -> None:
    rows = read(fast_start(), tmp_path / "call.pcapng", *FIELDS)
    found = dict(zip(FIELDS, rows[0][1:], strict=True))
    guid = found.pop("h225.guid")
    assert len(guid.split(",")[-1]) == 36
    assert found == {
        "q931.calling_party_number.digits": "4930123",
        "q931.called_party_number.digits": "1002",
        "q931.redirecting_number.digits": "1009",
        "h225.h323_ID": "alice",
        "h225.url_ID": "sip:alice@example.com",
        "h225.h245Tunnelling": "1",
        "h225.fastStart": "2",
        "h225.parallelH245Control": "1",
        "h450.ros.invokeId": "1",
        "h225.protocolIdentifier": "0.0.8.2250.0.6",
    }


def test_addresses_for_h245(tmp_path: Path) -> None:
    rows = read(separate(), tmp_path / "call.pcapng", "h225.h245Address", "h225.h245Ip", "h225.h245Ip6")
    told = [[cell for cell in row[2:] if cell] for row in rows if row[1]]
    assert told == [["127.0.23.2"], ["2001:db8::1"]]


def test_the_reason_is_the_same_on_both_sides(tmp_path: Path) -> None:
    """RELEASE COMPLETE, and the peer's in answer: facilityCallDeflection, the first that was added."""
    rows = read(fast_start(), tmp_path / "call.pcapng", "h225.reason", "q931.cause_value")
    assert [row[1:] for row in rows[-2:]] == [["12", ""], ["12", ""]]
