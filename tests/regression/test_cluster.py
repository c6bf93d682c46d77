"""`--engine dask`: a cluster gives what the processes of this machine give, to the octet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import refergate
from gateway.model.errors import GatewayError
from gateway.regression import cluster
from gateway.regression.suite import run, scenario_files
from gateway.resources import folder
from tests.regression.recorded_world import Recorded, blind
from tests.regression.scenes import GREEN, RED, place

distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra cluster)")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The scheduler of a cluster in this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp"
    ) as there:
        yield there.scheduler_address


def test_the_results_are_those_of_this_machine(address: str, tmp_path: Path) -> None:
    place(tmp_path, RED, name="red.scenario.yaml")
    (tmp_path / "bad.scenario.yaml").write_text("capture: gone.pcap\nexpect: {}\n")
    (tmp_path / "broken.scenario.yaml").write_text("capture: broken.pcap\nexpect: {}\n")
    (tmp_path / "broken.pcap").write_text("no capture")
    for files in (scenario_files(tmp_path), scenario_files(folder("pcaps"))):
        assert tuple(cluster.run(files, address)) == tuple(run(files, 1))


def test_what_stands_beside_the_capture_of_a_recording_travels_too(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(tmp_path, monkeypatch)
    blind(recorded.world())
    (result,) = cluster.run(scenario_files(recorded.close() / "scenario.yaml"), address)
    assert result.is_green, result


def test_the_report_is_the_same_file(address: str, tmp_path: Path) -> None:
    place(tmp_path / "suite", GREEN, name="a.scenario.yaml")
    place(tmp_path / "suite", RED, name="b.scenario.yaml")
    reports = []
    for more in ((), ("--engine", "dask", "--cluster", address)):
        report = tmp_path / "report.xml"
        done = CliRunner().invoke(refergate, ["replay", str(tmp_path / "suite"), "--junit", str(report), *more])
        assert done.exit_code == 1
        reports.append((done.stdout, report.read_bytes()))
    assert reports[0] == reports[1]


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    files = scenario_files(place(tmp_path, GREEN))
    with pytest.raises(GatewayError, match=r"tcp://127\.0\.0\.1:9: the cluster does not answer"):
        list(cluster.run(files, "tcp://127.0.0.1:9"))


def test_a_cluster_with_another_version_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "version", lambda _: "0.0.1")
    monkeypatch.setattr(cluster, "_version", _another)
    with pytest.raises(GatewayError, match=r"worker .*: it has refergate 7\.7, here is 0\.0\.1"):
        list(cluster.run(scenario_files(place(tmp_path, GREEN)), address))


def _another() -> str:
    return "7.7"
