"""What libpri recorded (`pcaps/libpri`), and how to hand our own messages to tshark."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import cast

from gateway.isdn import q931
from gateway.isdn.information_element import InformationElement
from tests.shared import captures, folder

FOLDER = "pcaps/libpri"
_LINUX_LAPD = 177
_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _LINUX_LAPD)
_COOKED = bytes.fromhex("00000001000000000000000000000030")
"""Linux "cooked" header of a D channel frame: packet type, device type, address length and address, LAPD."""


def variant_of(capture: Path) -> str:
    """The operation table that a capture of that folder needs; its name begins with it."""
    return capture.name.split("_")[0]


def messages(capture: Path) -> list[bytes]:
    """The Q.931 messages in the I frames of a link type 177 capture, in order."""
    octets, at, found = capture.read_bytes(), 24, []
    while at < len(octets):
        (length,) = struct.unpack_from("<I", octets, at + 8)
        frame = octets[at + 16 + len(_COOKED) : at + 16 + length]
        at += 16 + length
        if len(frame) > 4 and not frame[2] & 1:
            found.append(frame[4:])
    return found


@cache
def recorded() -> tuple[tuple[Path, bytes], ...]:
    """(capture, message) for every message that libpri sent; skips the test when the recordings are not there."""
    folder(FOLDER)
    return tuple((capture, message) for capture in captures(FOLDER) for message in messages(capture))


def facility_elements() -> list[tuple[str, InformationElement]]:
    """(variant, Facility element) of all recorded messages."""
    return [
        (variant_of(capture), element)
        for capture, octets in recorded()
        for element in q931.decode(octets).elements
        if element.identifier == q931.Identifier.FACILITY
    ]


def vectors() -> dict[str, bytes]:
    """The Q.931 messages of `standards/vectors.json` by name."""
    document = json.loads((folder("standards") / "vectors.json").read_text())
    return {name: bytes.fromhex(octets) for name, octets in cast(dict[str, str], document["q931"]).items()}


def write_capture(path: Path, octets: list[bytes]) -> None:
    """A capture of these Q.931 messages in I frames from the network side (SAPI 0, TEI 0)."""
    with path.open("wb") as file:
        file.write(_FILE_HEADER)
        for index, message in enumerate(octets):
            frame = _COOKED + bytes((0x02, 0x01, index << 1 & 0xFE, 0)) + message
            file.write(struct.pack("<IIII", index, 0, len(frame), len(frame)) + frame)
