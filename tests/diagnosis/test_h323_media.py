"""The media of H.323 calls: which sockets the recorded calls name, and how what went there fared."""

from pathlib import Path
from struct import pack

import pytest

from gateway.capture.signals import signals
from gateway.capture.writer import Writer
from gateway.diagnosis.case import Case
from gateway.diagnosis.examination import diagnose
from gateway.diagnosis.recording import read
from gateway.diagnosis.scene import Scene
from gateway.engine.signal import Signal
from tests.shared import folder

TRANSFEROR, TRANSFEREE, TARGET = "127.0.23.1", "127.0.23.2", "127.0.23.3"
Datagram = tuple[str, str, bytes]
BOTH = {0: "pcmu/8000", 8: "pcma/8000"}


def recording(name: str) -> Path:
    return folder("pcaps/h323") / f"{name}.pcap"


def sockets(name: str) -> list[list[tuple[str, int]]]:
    """Socket and frame of what each leg says."""
    found = read(recording(name))
    return [
        list(dict.fromkeys((str(each.socket), each.said.frame) for each in talk.announced))
        for talk in Scene(found.transfers[0], found).talks
    ]


def test_fast_start() -> None:
    """The mediaChannel of both sides, as tshark shows them: those of the answers are in CONNECT."""
    assert sockets("consult_faststart") == [
        [(f"{TRANSFEROR}:22200", 4), (f"{TRANSFEREE}:22200", 8)],
        [(f"{TRANSFEROR}:22202", 13), (f"{TARGET}:22200", 17)],
        [(f"{TRANSFEREE}:22202", 28), (f"{TARGET}:22202", 35)],
    ]


def test_every_codec_that_a_caller_proposes_counts() -> None:
    found = read(recording("consult_faststart"))
    *_, offered, answered = Scene(found.transfers[0], found).talks[0].announced
    assert offered.codecs == BOTH
    assert answered.codecs == {0: "pcmu/8000"}


def test_tunnelled_h245() -> None:
    """The mediaChannel of each openLogicalChannelAck; its codec is that of the channel."""
    assert sockets("blind_slowstart_tunnel") == [
        [(f"{TRANSFEREE}:22200", 19), (f"{TRANSFEROR}:22200", 20)],
        [(f"{TARGET}:22200", 45), (f"{TRANSFEREE}:22202", 46)],
    ]


def test_a_damaged_element_of_fast_start_hides_nothing_else(tmp_path: Path) -> None:
    """Octets of a SETUP broken one by one: nothing is thrown, whatever can still be read."""
    heard = list(signals(recording("consult_faststart"), lambda _: None))
    setup = heard[0].octets
    for at in range(60, len(setup), 31):
        with Writer(tmp_path / "broken.pcap") as writer:
            broken = setup[:at] + bytes((setup[at] ^ 0xFF,)) + setup[at + 1 :]
            for number, each in enumerate(heard):
                writer.h225(each.time, each.source, each.destination, broken if not number else each.octets)
        found = read(tmp_path / "broken.pcap")
        for transfer in found.transfers:
            assert all(talk.announced is not None for talk in Scene(transfer, found).talks)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """The recorded transfer with speech in it: before between transferor and transferee, after with the target."""
    path = recording("blind_slowstart_tunnel")
    heard = list(signals(path, lambda _: None))
    start, target = heard[0].time, 0.62
    everything: list[tuple[float, Signal | Datagram]] = [
        *((each.time, each) for each in heard),
        *talk(f"{TRANSFEROR}:22200", f"{TRANSFEREE}:22200", start + 0.07, 15, ssrc=1),
        *talk(f"{TRANSFEREE}:22200", f"{TRANSFEROR}:22200", start + 0.07, 15, ssrc=2),
        *talk(f"{TRANSFEREE}:22202", f"{TARGET}:22200", start + target, 100, ssrc=3, lose=range(20, 30)),
    ]
    with Writer(tmp_path / "speech.pcap") as writer:
        for time, what in sorted(everything, key=lambda each: each[0]):
            if isinstance(what, Signal):
                writer.h225(time, what.source, what.destination, what.octets)
            else:
                writer.datagram(time, *what)
    (found,) = diagnose(tmp_path / "speech.pcap").cases
    return found


def talk(
    source: str, destination: str, start: float, packets: int, *, ssrc: int, lose: range = range(0)
) -> list[tuple[float, Datagram]]:
    """G.711 µ-law in packets of 20 ms."""
    return [
        (
            start + 0.02 * number,
            (source, destination, pack(">BBHII", 0x80, 0, number, 160 * number, ssrc) + bytes(160)),
        )
        for number in range(packets)
        if number not in lose
    ]


def test_quality_of_each_leg(case: Case) -> None:
    found = {each.ssrc: each for each in case.quality}
    assert [(each.leg, each.phase, each.codec, each.packets) for each in found.values()] == [
        ("0", "before", "pcmu/8000", 15),
        ("0", "before", "pcmu/8000", 15),
        ("1", "after", "pcmu/8000", 90),
    ]
    assert [each.lost for each in found.values()] == [0, 0, 10]


def test_rules_about_media_look_at_h323_too(case: Case) -> None:
    assert {each.rule for each in case.findings} == {"media-change", "media-quality"}
