"""A recorded run of the gateway, again: the same octets to the same places, every time."""

import json
from pathlib import Path

import pytest

from gateway.model.errors import DecodeError, MappingError
from gateway.regression.comparison import Verdict
from gateway.regression.played import Played
from gateway.regression.playing import play
from gateway.regression.recorded import play_recording, recording_of
from gateway.regression.trial import tried
from tests.engine.world import ADDRESSES, HOST
from tests.peers import tshark
from tests.regression.recorded_world import Recorded, attended, blind


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(tmp_path, monkeypatch)


def again(folder: Path) -> Played:
    return play_recording(*recording_of(folder))


def test_a_hundred_times_the_same_octets(recorded: Recorded) -> None:
    here = recorded.world()
    blind(here)
    attended(here)
    folder = recorded.close()
    first = again(folder)
    assert {each.verdict for each in first.compared} == {Verdict.SAME} and not first.problems
    assert [record["kind"] for record in first.records] == ["blind", "attended"]
    octets = [message.octets for message in first.sent]
    assert len(octets) > 20
    for _ in range(99):
        assert [message.octets for message in again(folder).sent] == octets


def test_records_have_the_time_of_the_recorded_run(recorded: Recorded) -> None:
    here = recorded.world()
    blind(here)
    wanted = [(record.id, record.final_ms) for record in here.records]
    (record,) = again(recorded.close()).records
    assert [(record["id"], record["final_ms"])] == wanted
    assert record["time"].startswith("2023-11-14T22:13:20")


def test_a_d_channel_is_recorded_frame_by_frame(recorded: Recorded) -> None:
    here = recorded.isdn_world("qsig", "network")
    here.switch.setup("2001")
    line = here.pbx.ring("2001")
    line.answer()
    here.switch.expect("CONNECT")
    line.hang_up()
    here.switch.expect("DISCONNECT")
    played = again(recorded.close())
    assert played.agrees and not played.problems
    assert {"CONNECT", "DISCONNECT"} <= {message.name for message in played.sent if message.protocol == "q931"}
    assert tshark.fields(recorded.folder / "capture.pcapng", ["q931.message_type"], where="q931.message_type == 7")


def test_it_is_a_scenario_that_holds(recorded: Recorded) -> None:
    blind(recorded.world())
    assert tried(recorded.close() / "scenario.yaml").is_green


def test_whatever_is_otherwise_is_told(recorded: Recorded) -> None:
    """The same run with another answer of the target: what followed is different."""
    blind(recorded.world())
    folder = recorded.close()
    journal = folder / "events.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    ringing = next(number for number, line in enumerate(lines) if "SIP/2.0 180" in line and '"do"' in line)
    lines[ringing] = lines[ringing].replace("SIP/2.0 180", "SIP/2.0 183")
    journal.write_text("".join(lines))
    played = again(folder)
    assert not played.agrees
    different = [each for each in played.compared if each.verdict is Verdict.DIFFERENT]
    assert "SIP/2.0 180" in different[0].reasons[0] and "SIP/2.0 183" in different[0].reasons[0]


def test_the_capture_can_be_played_without_the_journal(recorded: Recorded) -> None:
    """Other tags, branches and Call-IDs, and the same calls."""
    here = recorded.world()
    blind(here)
    attended(here)
    capture = recorded.close() / "capture.pcapng"
    played = play(capture, [HOST], here.configuration, seed=7)
    assert {each.verdict for each in played.compared} == {Verdict.SAME} and not played.problems
    assert played.sent[0].octets not in {message.octets for message in again(recorded.folder).sent}


def test_the_configuration_is_found_in_the_capture(recorded: Recorded) -> None:
    here = recorded.world()
    blind(here)
    attended(here)
    played = play(recorded.close() / "capture.pcapng", [f"{HOST}:5060"])
    assert played.agrees and not played.problems
    assert [record["outcome"] for record in played.records] == ["succeeded", "succeeded"]
    assert {record["transferor"] for record in played.records} == {f"sip:carrier@{ADDRESSES['carrier']}:5060"}


def test_a_folder_is_not_written_over(recorded: Recorded) -> None:
    blind(recorded.world())
    recorded.close()
    with pytest.raises(Exception, match="there is a recording already"):
        recorded.world()


def test_a_line_that_is_no_json_is_named(recorded: Recorded) -> None:
    blind(recorded.world())
    journal = recorded.close() / "events.jsonl"
    journal.write_text(journal.read_text() + "not json\n")
    with pytest.raises(DecodeError, match=r"events\.jsonl:\d+: no JSON object"):
        again(recorded.folder)


def test_a_last_line_that_was_cut_off_is_left_out(recorded: Recorded) -> None:
    blind(recorded.world())
    journal = recorded.close() / "events.jsonl"
    journal.write_text(journal.read_text() + '{"at": 12')
    assert again(recorded.folder).agrees


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(
        json.dumps({"capture": "capture.pcapng", "configuration": "gateway.yaml"})
    )
    with pytest.raises(MappingError, match="recording: the key is missing"):
        recording_of(tmp_path)
