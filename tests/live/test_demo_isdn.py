"""`refergate demo --isdn` as a new user starts it: a phone, the gateway, and libpri where it can be had."""

import json
import re
from pathlib import Path

import pytest

from gateway.demonstration.exchange import ExchangeKind, libpri
from gateway.demonstration.json_peer import PeerError
from tests.live.test_demo import WIDE, demo, picture
from tests.peers import tshark

pytestmark = pytest.mark.live

TITLE = "Transfer in the ISDN"


def without_compiler(folder: Path) -> dict[str, str]:
    """An environment in which nothing can be built."""
    return WIDE | {"PATH": str(folder)}


@pytest.mark.parametrize("kind", list(ExchangeKind))
def test_the_transfer_is_drawn_across_sip_and_isdn(kind: ExchangeKind, tmp_path: Path) -> None:
    if kind is ExchangeKind.LIBPRI:
        try:
            libpri()
        except PeerError as error:
            pytest.skip(str(error))
    env = WIDE if kind is ExchangeKind.LIBPRI else without_compiler(tmp_path)
    done = demo("--isdn", "--phones", "built-in", "--keep", str(tmp_path), env=env)
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = (json.loads(line) for line in re.findall(r"^record (.*)$", done.stdout, re.M))
    assert (record["kind"], record["outcome"], record["method"]) == ("attended", "succeeded", "ect-explicit")
    assert record["sip_status"] == 200
    drawn = picture(done.stdout, TITLE)
    story = [re.sub(r"[^A-Za-z0-9, ]+", " ", line.split("│", 1)[1]).strip() for line in drawn]
    assert sum(line == "SETUP" for line in story) == 2
    order = ["REFER, Replaces", "FACILITY EctLinkIdRequest", "FACILITY result", "FACILITY ExplicitEctExecute"]
    assert [line for line in story if line in order] == order
    assert story.index("FACILITY ExplicitEctExecute") < story.index("DISCONNECT result") < story.index("NOTIFY 200")
    assert f"ISDN ({kind})" in done.stdout
    is_kept(tmp_path)
    if kind is not ExchangeKind.LIBPRI:
        first = done.stdout.splitlines()[0]
        assert first == (
            "gcc is not installed, libpri's peer cannot be built: a built-in exchange takes the place of libpri."
        )


def is_kept(folder: Path) -> None:
    """What there is to look at afterwards; tshark reads it."""
    assert {path.name for path in folder.iterdir()} == {
        *("gateway.yaml", "gateway.log", "signalling.pcap", "transfers.jsonl"),
    }
    assert (folder / "transfers.jsonl").read_text().count("\n") == 1
    assert tshark.malformed(folder / "signalling.pcap", options=tshark.ETSI) == []
    rows = tshark.fields(folder / "signalling.pcap", ["q931.message_type"], where="q931.message_type == 0x62")
    assert len(rows) == 3
