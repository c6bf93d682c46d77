"""pcap and pcapng as files: magics, byte orders, sections, interfaces, damage."""

import gzip
from contextlib import suppress
from pathlib import Path
from struct import pack
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.capture.files import packets
from gateway.model.errors import DecodeError

ORDERS = pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])


def taken(path: Path, octets: bytes) -> tuple[list[tuple[float, int, bytes, int]], list[str]]:
    path.write_bytes(octets)
    said: list[str] = []
    return list(packets(path, said.append)), said


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return pack(f"{order}II", kind, len(body) + 12) + body + pack(f"{order}I", len(body) + 12)


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link: int, options: bytes = b"", snap_length: int = 0) -> bytes:
    return block(order, 1, pack(f"{order}HHI", link, 0, snap_length) + options)


def enhanced(order: str, number: int, ticks: int, octets: bytes) -> bytes:
    head = pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets))
    return block(order, 6, head + octets)


@ORDERS
@pytest.mark.parametrize(
    ("magic", "fraction", "extra"),
    [(0xA1B2C3D4, 500_000, 0), (0xA1B23C4D, 500_000_000, 0), (0xA1B2CD34, 500_000, 8)],
    ids=["microseconds", "nanoseconds", "modified"],
)  # fmt: skip
def test_every_magic_of_pcap_in_both_byte_orders(
    tmp_path: Path, order: str, magic: int, fraction: int, extra: int
) -> None:
    head = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65_535, 113)
    record = pack(f"{order}IIII", 7, fraction, 3, 3) + bytes(extra) + b"abc"
    assert taken(tmp_path / "a", head + record * 2) == ([(7.5, 113, b"abc", 0)] * 2, [])


def test_link_type_is_the_lower_half_of_its_word(tmp_path: Path) -> None:
    head = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 0x2400_0001)  # an Ethernet FCS of 4 octets
    assert taken(tmp_path / "a", head + pack("<IIII", 1, 0, 1, 1) + b"x")[0] == [(1.0, 1, b"x", 0)]


@ORDERS
def test_pcapng_packets_have_the_link_type_of_their_interface(tmp_path: Path, order: str) -> None:
    octets = section(order) + interface(order, 1) + interface(order, 177)
    octets += enhanced(order, 1, 2_000_000, b"lapd") + enhanced(order, 0, 3_500_000, b"ether")
    assert taken(tmp_path / "a", octets) == ([(2.0, 177, b"lapd", 1), (3.5, 1, b"ether", 0)], [])


def test_pcapng_sections_may_differ_in_byte_order_and_interfaces(tmp_path: Path) -> None:
    octets = section("<") + interface("<", 1) + enhanced("<", 0, 1_000_000, b"a")
    octets += section(">") + interface(">", 203) + enhanced(">", 0, 2_000_000, b"b")
    assert taken(tmp_path / "a", octets) == ([(1.0, 1, b"a", 0), (2.0, 203, b"b", 0)], [])


@pytest.mark.parametrize(
    ("resolution", "ticks", "seconds"), [(9, 1_500_000_000, 1.5), (3, 1_500, 1.5), (0x80 | 10, 1_536, 1.5)],
    ids=["nanoseconds", "milliseconds", "2 to the -10"],
)  # fmt: skip
def test_if_tsresol_says_how_fine_the_clock_is(tmp_path: Path, resolution: int, ticks: int, seconds: float) -> None:
    option = pack("<HHB3x", 9, 1, resolution)
    octets = section("<") + interface("<", 1, option) + enhanced("<", 0, ticks, b"a")
    assert taken(tmp_path / "a", octets)[0] == [(seconds, 1, b"a", 0)]


def test_if_tsoffset_is_added(tmp_path: Path) -> None:
    option = pack("<HHq", 14, 8, -100) + pack("<HH", 0, 0)
    octets = section("<") + interface("<", 1, option) + enhanced("<", 0, 101_000_000, b"a")
    assert taken(tmp_path / "a", octets)[0] == [(1.0, 1, b"a", 0)]


def test_simple_and_old_packet_blocks(tmp_path: Path) -> None:
    simple = block("<", 3, pack("<I", 9) + b"abcd")
    old = block("<", 2, pack("<HHIIII", 0, 0, 0, 1_000_000, 3, 3) + b"xyz")
    octets = section("<") + interface("<", 1, snap_length=4) + simple + old
    assert taken(tmp_path / "a", octets) == ([(0.0, 1, b"abcd", 0), (1.0, 1, b"xyz", 0)], [])


def test_unknown_blocks_are_passed_over(tmp_path: Path) -> None:
    octets = section("<") + block("<", 0xBAD, b"custom") + interface("<", 1) + block("<", 5, bytes(12))
    assert taken(tmp_path / "a", octets + enhanced("<", 0, 0, b"a")) == ([(0.0, 1, b"a", 0)], [])


def test_packet_of_an_interface_never_described_is_named_and_left_out(tmp_path: Path) -> None:
    octets = section("<") + interface("<", 1) + enhanced("<", 5, 0, b"a") + enhanced("<", 0, 0, b"b")
    assert taken(tmp_path / "a", octets) == ([(0.0, 1, b"b", 0)], ["packet of interface 5, which is not described"])


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    octets = section("<") + interface("<", 1) + enhanced("<", 0, 0, b"a")
    assert taken(tmp_path / "a", gzip.compress(octets))[0] == [(0.0, 1, b"a", 0)]


def test_gzip_cut_short_gives_what_is_whole(tmp_path: Path) -> None:
    records = pack("<IIII", 1, 0, 1, 1) + b"x"
    whole = gzip.compress(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + records, compresslevel=0)
    found, said = taken(tmp_path / "a", whole[:-4])
    assert (found, said) == ([(1.0, 1, b"x", 0)], ["the compressed file is cut short or damaged"])


def test_gzip_of_several_members(tmp_path: Path) -> None:
    octets = section("<") + interface("<", 1) + enhanced("<", 0, 0, b"a")
    zipped = gzip.compress(octets[:40]) + gzip.compress(octets[40:])
    assert taken(tmp_path / "a", zipped) == ([(0.0, 1, b"a", 0)], [])


@pytest.mark.parametrize(
    ("kept", "where"),
    [(20, "the file header"), (30, "a record header"), (41, "a packet")],
)
def test_pcap_cut_short(tmp_path: Path, kept: int, where: str) -> None:
    octets = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + pack("<IIII", 1, 0, 4, 4) + b"abcd"
    assert taken(tmp_path / "a", octets[:kept]) == ([], [f"file ends inside {where}"])


def test_pcapng_cut_short_at_any_octet_gives_what_is_whole(tmp_path: Path) -> None:
    octets = section("<") + interface("<", 1) + enhanced("<", 0, 0, b"abcd")
    for kept in range(9, len(octets)):
        found, said = taken(tmp_path / "a", octets[:kept])
        assert found == []
        assert said in (["file ends inside a block"], []), kept


def test_damaged_lengths_end_the_stream(tmp_path: Path) -> None:
    octets = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + pack("<IIII", 1, 0, 0xFFFF_FFFF, 4)
    assert taken(tmp_path / "a", octets) == ([], ["record of 4294967295 octets: the file is damaged from here on"])
    octets = section("<") + pack("<II", 6, 0xFFFF_FFF0)
    assert taken(tmp_path / "a", octets)[1] == ["block of 4294967272 octets: the file is damaged from here on"]


@pytest.mark.parametrize("octets", [b"", b"\xd4\xc3", b"no capture at all", bytes(100)])
def test_what_is_no_capture_is_refused(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(DecodeError, match="not a pcap"):
        taken(tmp_path / "a", octets)


MAGICS = [
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x34\xcd\xb2\xa1",
    b"\x1f\x8b\x08\x00",
    section("<"),
    section(">"),
]
DESCRIBED = [section(order) + interface(order, 1) for order in "<>"]


@given(st.sampled_from(MAGICS + DESCRIBED), st.binary(max_size=300))
def test_random_octets_behind_every_magic_are_named_and_nothing_else(magic: bytes, octets: bytes) -> None:
    with NamedTemporaryFile() as file:
        file.write(magic + octets)
        file.flush()
        with suppress(DecodeError):
            found = list(packets(Path(file.name), lambda what: None))
            assert sum(len(packet[2]) for packet in found) <= len(octets)


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="No such file"):
        list(packets(tmp_path / "none", print))


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    record = pack("<IIII", 1, 0, 1000, 1000) + bytes(1000)
    path.write_bytes(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + record * 3000)
    heard: list[int] = []
    assert len(list(packets(path, print, heard.append))) == 3000
    assert heard == sorted(heard)
    assert heard[-1] == path.stat().st_size
    assert len(heard) > 2
