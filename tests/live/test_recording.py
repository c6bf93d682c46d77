"""`serve --record` between real phones and exchanges: the run again, octet for octet, and again from its capture."""

from pathlib import Path

import pytest

from gateway.regression.comparison import Verdict
from gateway.regression.playing import play
from gateway.regression.recorded import play_recording, recording_of
from tests.live.border import Border, border
from tests.live.h323_border import h323_border
from tests.live.isdn_border import isdn_border

pytestmark = pytest.mark.live

OFTEN = 100


@pytest.fixture
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every gateway that is started records."""
    folder = tmp_path / "recordings"
    monkeypatch.setenv("REFERGATE_RECORD", str(folder))
    return folder


def recording(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def is_repeated(folder: Path, times: int = 10) -> None:
    """The same octets each time, to the same places at the same times."""
    first = play_recording(*recording_of(folder))
    assert {each.verdict for each in first.compared} == {Verdict.SAME} and not first.problems
    octets = [message.octets for message in first.sent]
    assert octets
    for _ in range(times - 1):
        assert [message.octets for message in play_recording(*recording_of(folder)).sent] == octets


def is_played(folder: Path, *hosts: str) -> None:
    """From its capture alone, with a configuration that is found in it, and identifiers of its own."""
    played = play(folder / "capture.pcapng", hosts, seed=1)
    assert played.agrees, [each.as_document() for each in played.compared if each.verdict not in FINE]


FINE = (Verdict.SAME, Verdict.EQUIVALENT)


def blind(here: Border) -> None:
    a, b, c = (here.phones[user] for user in here.users)
    ours, theirs = here.call("1001", "1002", "first")
    a.refer(ours, here.uri("1003"))
    target = str(c.wait("incoming")["call"])
    c.answer(target)
    c.state(target, "CONFIRMED")
    a.notified(ours, 200)
    a.hang_up(ours)
    b.hang_up(theirs)
    c.state(target, "DISCONNECTED")


def attended(here: Border) -> None:
    a, b, c = (here.phones[user] for user in here.users)
    second, theirs = here.call("1001", "1002", "second")
    a.hold(second)
    third, target = here.call("1001", "1003", "third")
    a.refer_replacing(second, third)
    a.notified(second, 200)
    a.state(third, "DISCONNECTED")
    c.hang_up(target)
    b.state(theirs, "DISCONNECTED")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_transfers_of_phones(tmp_path: Path, recordings: Path, transport: str) -> None:
    with border(tmp_path, transport) as here:
        blind(here)
        attended(here)
        here.gateway.wait_records(2)
        own = f"127.0.0.1:{here.port}"
    is_repeated(recording(recordings), OFTEN if transport == "udp" else 10)
    is_played(recording(recordings), own)


def test_a_d_channel(tmp_path: Path, recordings: Path) -> None:
    with isdn_border(tmp_path, "ni2") as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
        own = f"127.0.0.1:{here.gateway.port}"
    is_repeated(recording(recordings))
    is_played(recording(recordings), own, "user")


def test_calls_and_a_transfer_over_h323(tmp_path: Path, recordings: Path) -> None:
    """Three gateways record, each with its own part in the transfer and its own ways of H.245."""
    with h323_border(tmp_path) as here:
        a, b, c = here.phones.values()
        ours, theirs = here.call("1001", "1002", "blind")
        a.refer(ours, here.uri("1001", "1003"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(ours, 200)
        a.hang_up(ours)
        b.media(theirs, "sendrecv")
        c.hang_up(target)
        b.state(theirs, "DISCONNECTED")
        own = {f"127.0.0.1:{here.gateways[user].port}": here.hosts[user] for user in here.gateways}
    folders = sorted(recordings.iterdir())
    assert len(folders) == len(own)
    for folder in folders:
        is_repeated(folder)
        hosts = next((ends for ends in own.items() if ends[0] in (folder / "scenario.yaml").read_text()), ())
        is_played(folder, *hosts)
