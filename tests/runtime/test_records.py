"""Records and log: one JSON line each, whatever is in them, and never a reason to stop."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.call import TransferRecord
from gateway.runtime.log import Log
from gateway.runtime.records import Records
from tests.runtime.lines import Lines

RECORD = TransferRecord(
    time=1_763_821_200.25,
    id="w00a",
    kind="blind",
    transferor="sip:a@192.0.2.1",
    transferee="sip:b@192.0.2.2",
    target="sip:+15550103@192.0.2.3",
    target_normalised="+15550103",
    decision="consume",
    method="invite",
    outcome="succeeded",
    sip_status=200,
    cause=None,
    accepted_ms=1.5,
    final_ms=800.0,
)
PROMISED = {
    *("time", "id", "kind", "transferor", "transferee", "target", "target_normalised", "decision", "method"),
    *("outcome", "sip_status", "cause", "accepted_ms", "final_ms"),
}


def written(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_is_one_line_with_every_key_that_scripts_rely_on(tmp_path: Path) -> None:
    path = tmp_path / "state" / "transfers.jsonl"
    Records(str(path), Lines()).write(RECORD)
    (line,) = written(path)
    assert set(line) >= PROMISED
    assert line["time"] == "2025-11-22T14:20:00.250Z"
    assert line["cause"] is None
    assert line["sip_status"] == 200


def test_octets_that_are_no_text_and_line_breaks_stay_inside_the_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    Records(str(path), Lines()).write(replace(RECORD, target="sip:\udcff@x\n", detail="Grüße"))
    (line,) = written(path)
    assert line["target"] == "sip:\ufffd@x\n"
    assert line["detail"] == "Grüße"


def test_a_rotated_file_is_made_anew_after_reopen(tmp_path: Path) -> None:
    path, old = tmp_path / "t.jsonl", tmp_path / "t.jsonl.1"
    records = Records(str(path), Lines())
    records.write(RECORD)
    path.rename(old)
    records.write(RECORD)
    records.reopen()
    records.write(RECORD)
    assert (len(written(old)), len(written(path))) == (2, 1)


def test_two_processes_may_append_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    one, other = Records(str(path), Lines()), Records(str(path), Lines())
    for _ in range(10):
        one.write(RECORD)
        other.write(RECORD)
    assert len(written(path)) == 20


def test_a_file_that_cannot_be_written_is_logged_and_no_more(tmp_path: Path) -> None:
    lines = Lines()
    (tmp_path / "file").write_text("")
    records = Records(str(tmp_path / "file" / "t.jsonl"), lines)
    records.write(RECORD)
    assert lines.events() == ["records.failed"]
    assert lines.entries[0][1]["transfer"] == "w00a"
    records.reopen(str(tmp_path / "t.jsonl"))
    records.write(RECORD)
    assert len(written(tmp_path / "t.jsonl")) == 1


def test_no_path_means_no_records() -> None:
    lines = Lines()
    Records("", lines).write(RECORD)
    assert lines.entries == []


def test_a_log_line_is_json_with_its_fields_and_those_of_every_line() -> None:
    stream = io.StringIO()
    Log("info", "json", stream, worker=3).log("transfer.asked", transfer="w03x", call_id="a\udc80@b")
    line = json.loads(stream.getvalue())
    assert line["event"] == "transfer.asked"
    assert (line["worker"], line["transfer"], line["call_id"]) == (3, "w03x", "a\ufffd@b")
    assert line["level"] == "info"
    assert line["time"].endswith("Z")


@pytest.mark.parametrize(
    ("lowest", "events"), [("debug", ["a", "b", "fault"]), ("info", ["b", "fault"]), ("error", ["fault"])]
)
def test_only_what_is_of_the_wanted_level_is_written(lowest: str, events: list[str]) -> None:
    stream = io.StringIO()
    log = Log(lowest, "json", stream)
    log.log("a", level="debug")
    log.log("b")
    log.log("fault")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == events


def test_the_log_for_the_eye_has_the_event_and_its_fields() -> None:
    stream = io.StringIO()
    Log("info", "console", stream).log("transfer.asked", transfer="w00x")
    assert "transfer.asked" in stream.getvalue()
    assert "transfer=w00x" in stream.getvalue()


def test_a_log_that_cannot_be_written_to_is_no_error() -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError

    stream = io.StringIO()
    Log("info", "json", stream).log("a", value=Broken())
    stream.close()
    Log("info", "json", stream).log("a")
