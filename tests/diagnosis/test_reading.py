"""Reading a recording for a diagnosis: the transfers are those of `replay`, with every message of their calls."""

from pathlib import Path
from random import Random

import pytest

from bench.sip_traffic import write
from gateway.capture.replay import replay
from gateway.diagnosis import recording
from gateway.diagnosis.examination import diagnose
from gateway.resources import folder
from tests.diagnosis.recordings import ALICE, BOB, Wire
from tests.diagnosis.scenes import blind
from tests.shared import captures

BUNDLED = sorted(folder("pcaps").glob("*.pcap"))
SHARED = [path for name in ("public", "libpri", "h323") for path in captures(f"pcaps/{name}")]


@pytest.mark.parametrize("path", BUNDLED + SHARED, ids=lambda path: path.name)
def test_transfers_are_those_of_replay(path: Path) -> None:
    report, read = replay(path), recording.read(path)
    assert [each.as_document() for each in read.transfers] == [each.as_document() for each in report.transfers]
    assert read.packets == report.packets
    assert read.problems == report.problems


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls by the hundred, one in fifty of them transferred."""
    path = tmp_path_factory.mktemp("traffic") / "calls.pcap"
    write(path, 3_000)
    return path


def test_few_transfers_among_many_calls(traffic: Path) -> None:
    read = recording.read(traffic)
    assert len(read.transfers) == len(replay(traffic).transfers) > 5
    assert len(read.calls) == len(read.transfers)
    assert all(len(messages) == 13 for messages in list(read.calls.values())[:-1])


def test_a_recording_that_is_too_large_to_be_kept(traffic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = diagnose(traffic).as_document()
    monkeypatch.setattr(recording, "MESSAGES_KEPT", 1_000)
    assert diagnose(traffic).as_document() == whole


def test_the_same_recording_is_diagnosed_the_same(tmp_path: Path) -> None:
    wire = Wire()
    blind(wire)
    path = wire.write(tmp_path / "one.pcap")
    assert diagnose(path).as_document() == diagnose(path).as_document()


def test_messages_of_a_case(tmp_path: Path) -> None:
    wire = Wire()
    first, target = blind(wire)
    case = wire.case(tmp_path)
    assert [message.frame for message in case.messages] == list(range(1, wire.frames + 1))
    invite, ok = case.messages[:2]
    assert (invite.title, ok.title) == ("INVITE", "200 OK")
    assert (invite.source, invite.destination, invite.protocol) == (f"{ALICE}:5060", f"{BOB}:5060", "sip")
    assert invite.text.startswith(f"INVITE sip:bob@{BOB} SIP/2.0\nVia: ")
    assert {message.leg for message in case.messages} == {"0", "1"}
    assert {message.title for message in case.messages if message.is_transfer} >= {"REFER", "202 Accepted", "NOTIFY"}
    assert first.call_id != target.call_id


def test_messages_of_isdn_and_h323_are_decoded() -> None:
    case = diagnose(folder("pcaps") / "etsi_explicit.pcap").cases[0]
    assert {message.protocol for message in case.messages} == {"q931"}
    assert {message.title for message in case.messages} >= {"SETUP", "FACILITY", "DISCONNECT"}
    assert all(message.source.partition(" ")[0] in ("user", "network") for message in case.messages)
    assert any("EctExecute" in message.text or "ectExecute" in message.text for message in case.messages)


def test_a_damaged_recording_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Octets are flipped, cut and doubled all over: every such file gives a diagnosis, and no rule falls over."""
    octets = (folder("pcaps") / "sip_attended_udp.pcap").read_bytes()
    random = Random(7)
    for number in range(60):
        damaged = bytearray(octets)
        for _ in range(random.choice((1, 5, 40))):
            at = random.randrange(400, len(damaged))
            damaged[at] = random.choice((0, 10, 32, 59, 60, 255, random.randrange(256)))
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(damaged[: random.choice((len(damaged), len(damaged) // 2))])
        found = diagnose(path)
        assert not [what for _, what in found.problems if what.startswith("rule ")]
