"""The store: what was put is there after a crash, and a file that is not ours stays as it is."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.model.errors import GatewayError
from gateway.runtime import store
from gateway.runtime.store import NoStore, SqliteStore
from tests.runtime.lines import Lines

ROOT = Path(__file__).parents[2]


def loaded(path: Path, worker: int = 0, workers: int = 1) -> dict[str, object]:
    opened = SqliteStore(path, Lines(), worker, workers)
    try:
        return dict(opened.load())
    finally:
        opened.close()


def fill(path: Path, values: Mapping[str, Mapping[str, object]], worker: int = 0, workers: int = 1) -> None:
    opened = SqliteStore(path, Lines(), worker, workers)
    for key, value in values.items():
        opened.put(key, value)
    opened.close()


def test_what_was_put_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "state" / "refergate.db"
    fill(path, {"one": {"legs": [1, 2]}, "two": {"text": "\udcff ü"}})
    assert loaded(path) == {"one": {"legs": [1, 2]}, "two": {"text": "\udcff ü"}}


def test_the_last_value_of_a_key_counts_and_a_deleted_key_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    opened = SqliteStore(path, Lines())
    for number in range(50):
        opened.put("kept", {"n": number})
        opened.put("gone", {"n": number})
    opened.delete("gone")
    opened.delete("never there")
    opened.close()
    assert loaded(path) == {"kept": {"n": 49}}


def test_a_row_of_an_earlier_process_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path, {"one": {"a": 1}, "two": {"a": 2}})
    opened = SqliteStore(path, Lines())
    opened.delete("one")
    opened.close()
    assert loaded(path) == {"two": {"a": 2}}


def test_a_killed_process_leaves_what_it_had_written(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    script = f"""
import sys, time
from gateway.runtime.store import SqliteStore
from tests.runtime.lines import Lines
from pathlib import Path
opened = SqliteStore(Path({str(path)!r}), Lines())
opened.put("call", {{"id": 7}})
while opened._waiting or not sum(1 for _ in opened.load()): time.sleep(0.01)
print("written", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    process.kill()
    process.wait()
    assert loaded(path) == {"call": {"id": 7}}


def test_each_worker_has_its_own_rows_and_those_of_workers_that_are_no_more(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    for worker in range(4):
        fill(path, {f"call{worker}": {"worker": worker}}, worker, 4)
    assert list(loaded(path, 1, 4)) == ["call1"]
    assert list(loaded(path, 0, 2)) == ["call0", "call2"]
    assert list(loaded(path, 0, 1)) == ["call0", "call1", "call2", "call3"]


def not_a_database(path: Path) -> None:
    path.write_bytes(b"this is a text of more than a hundred octets, and no database at all. " * 20)


def somebody_elses(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")


def from_the_future(path: Path) -> None:
    fill(path, {"one": {"a": 1}})
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {store.VERSION + 1}")
    connection.close()


def torn(path: Path) -> None:
    fill(path, {f"call{number}": {"text": "x" * 500} for number in range(200)})
    octets = bytearray(path.read_bytes())
    octets[4096:] = os.urandom(len(octets) - 4096)
    path.write_bytes(octets)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (not_a_database, "no store, or a damaged one"),
        (somebody_elses, "no store of refergate"),
        (from_the_future, "newer than"),
        (torn, "damaged"),
    ],
)
def test_a_file_that_is_no_store_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "s.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(GatewayError, match=words) as caught:
        SqliteStore(path, Lines())
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewayError, match="cannot be opened"):
        SqliteStore(tmp_path / "file" / "s.db", Lines())


def test_a_value_that_is_no_json_is_logged_and_the_others_are_written(tmp_path: Path) -> None:
    path, lines = tmp_path / "s.db", Lines()
    opened = SqliteStore(path, lines)
    opened.put("bad", {"octets": b"\xff"})
    opened.put("good", {"a": 1})
    opened.close()
    assert loaded(path) == {"good": {"a": 1}}
    assert lines.events() == ["store.failed"]


def test_what_could_not_be_written_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_RETRY", 0.05)
    monkeypatch.setattr(store, "_BUSY", 0.05)
    path, lines = tmp_path / "s.db", Lines()
    opened = SqliteStore(path, lines)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    opened.put("one", {"a": 1})
    while not lines.entries:
        pass
    opened.put("one", {"a": 2})
    blocker.execute("ROLLBACK")
    blocker.close()
    while opened._waiting or not dict(opened.load()):
        pass
    opened.close()
    assert loaded(path) == {"one": {"a": 2}}


def test_a_row_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    path, lines = tmp_path / "s.db", Lines()
    fill(path, {"good": {"a": 1}, "bad": {"a": 1}})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE calls SET value = '[1, 2' WHERE key = 'bad'")
    connection.close()
    opened = SqliteStore(path, lines)
    assert dict(opened.load()) == {"good": {"a": 1}}
    opened.close()
    assert lines.events() == ["store.unreadable"]


def test_no_store_keeps_nothing() -> None:
    nothing = store.opened("", Lines())
    assert isinstance(nothing, NoStore)
    nothing.put("a", {})
    nothing.delete("a")
    assert list(nothing.load()) == []
    nothing.close()
