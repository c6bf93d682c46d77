"""Media on the tape of the first reading are those of a second one."""

from pathlib import Path

import pytest

from bench.sip_traffic import udp_packet
from gateway.capture.signals import Reading
from gateway.diagnosis.media import Media, Socket, Tape, read_media
from tests.capture.recording import pcap
from tests.shared import captures, or_skipped

RECORDINGS = or_skipped(captures("pcaps/public"))
ALICE, BOB = ("192.0.2.1", 4000), ("192.0.2.2", 5000)
SOCKETS = {Socket(*ALICE), Socket(*BOB)}


class Everything:
    """Whatever socket there is, it was announced."""

    def __contains__(self, _: object) -> bool:
        return True


def written(folder: Path, packets: list[bytes]) -> Path:
    """A capture of these packets."""
    path = folder / "media.pcap"
    path.write_bytes(pcap(packets))
    return path


def contents(media: Media) -> list[tuple[str, ...]]:
    """Every packet in every stream, and every report."""
    streams = [
        (str(flow.source), str(flow.destination), stream) for flow in media.flows for stream in flow.streams.values()
    ]
    rows = [
        (source, destination, str(each.ssrc), str(each.times), str(each.sequences), str(each.dscp))
        for source, destination, each in streams
    ]
    return [*rows, *((str(ssrc), *map(str, reports)) for ssrc, reports in sorted(media.reports.items()))]


def read(path: Path, tape: Tape) -> Reading:
    """The first reading."""
    reading = Reading(path, lambda _: None)
    reading.feed(lambda _: None, lambda *_: None, tape.put)
    return reading


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_tape_has_what_a_second_reading_finds(path: Path) -> None:
    tape = Tape()
    if not read(path, tape).has_other_media:
        assert contents(tape.media(Everything())) == contents(read_media(path, Everything()))


def rtp(sequence: int) -> bytes:
    return b"\x80\x08" + sequence.to_bytes(2, "big") + bytes(8) + b"\xd5" * 160


def test_packets_without_a_whole_header_are_none(tmp_path: Path) -> None:
    short = udp_packet(ALICE, BOB, rtp(2)[:11])
    cut = udp_packet(ALICE, BOB, rtp(3))[:50]
    path = written(tmp_path, [udp_packet(ALICE, BOB, rtp(1)), short, short + bytes(7), cut])
    tape = Tape()
    assert not read(path, tape).has_other_media
    (flow,) = tape.media(SOCKETS).flows
    assert list(flow.streams[0].sequences) == [1]
    assert contents(tape.media(SOCKETS)) == contents(read_media(path, SOCKETS))


def test_a_tape_that_is_full_keeps_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, [udp_packet(ALICE, BOB, rtp(number)) for number in range(5)])
    tape = Tape(room=3)
    read(path, tape)
    assert tape.is_full
    assert tape.media(SOCKETS).flows == []


def test_media_that_came_the_long_way_is_noticed(tmp_path: Path) -> None:
    packet = bytearray(udp_packet(ALICE, BOB, rtp(1)))
    packet[14:15] = b"\x46"  # a header with an option
    packet[34:34] = b"\x01\x01\x01\x00"
    packet[16:18] = (len(packet) - 14).to_bytes(2, "big")
    path = written(tmp_path, [bytes(packet)])
    tape = Tape()
    assert read(path, tape).has_other_media
    assert len(read_media(path, SOCKETS).flows) == 1
