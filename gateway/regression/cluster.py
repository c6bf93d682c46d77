"""`--engine dask`: the scenarios of a suite on a Dask cluster, with the same results as in processes of this machine.

Each task takes its capture along, so that workers need no common file system; they need this version of refergate.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gateway.model.errors import GatewayError
from gateway.regression.suite import ScenarioFile
from gateway.regression.trial import Result, Trial, prepared, sentence

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 15
"""Seconds in which the scheduler has to answer."""
_AHEAD = 4
"""Tasks for each thread of the cluster that are on their way: it always has work, and no more octets than that."""


def run(files: Sequence[ScenarioFile], address: str = "", jobs: int | None = None) -> Iterator[Result]:
    """The results in the order of `files`. `address` is a scheduler's; without one it is what Dask is configured for,
    else a cluster of `jobs` processes on this machine.

    Raises GatewayError when Dask is not installed, the cluster does not answer or has another version of refergate.
    """
    with _client(address, jobs) as client:
        _same_version(client)
        yield from _in_order(client, files)


@contextmanager
def _client(address: str, jobs: int | None) -> "Iterator[Client]":
    try:
        from dask import config
        from distributed import Client, LocalCluster
    except ImportError:
        raise GatewayError("--engine dask needs Dask: install refergate[cluster]") from None
    address = address or config.get("scheduler-address", "")
    try:
        if address:
            client = Client(address, set_as_default=False, timeout=_PATIENCE)
        else:
            cluster = LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
            client = Client(cluster, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GatewayError(f"the cluster does not answer: {error}", where=address or "dask") from None
    with client:
        yield client
        if not address:
            cluster.close()


def _same_version(client: "Client") -> None:
    ours = version("refergate")
    try:
        theirs = client.run(_version)
    except Exception as error:
        raise GatewayError(f"the cluster's workers have no refergate: {error}") from None
    if not theirs:
        raise GatewayError("the cluster has no workers")
    for worker, found in theirs.items():
        if found != ours:
            raise GatewayError(f"it has refergate {found}, here is {ours}", where=f"worker {worker}")


def _version() -> str:
    return version("refergate")


def _in_order(client: "Client", files: Sequence[ScenarioFile]) -> Iterator[Result]:
    limit = _AHEAD * sum(client.nthreads().values())
    waiting: list[Callable[[], Result]] = []
    for file in files:
        if len(waiting) >= limit:
            yield waiting.pop(0)()
        waiting.append(_sent(client, file))
    for result in waiting:
        yield result()


def _sent(client: "Client", file: ScenarioFile) -> Callable[[], Result]:
    """Puts one on its way; called, what comes back gives the result."""
    try:
        trial, capture = prepared(file.path, file.name)
        parcel = {each.name: each.read_bytes() for each in _needed(trial, capture)}
    except (GatewayError, OSError) as error:
        failed = Result(file.name, error=sentence(error))
        return lambda: failed
    future: Any = client.submit(_tried, trial, str(capture), parcel, pure=False)
    return lambda: _result(future, file.name)


def _needed(trial: Trial, capture: Path) -> list[Path]:
    """The capture; of a recording of refergate's own everything that stands beside it."""
    if trial.scenario.recording is None:
        return [capture]
    return [path for path in capture.parent.iterdir() if path.is_file()]


def _result(future: Any, name: str) -> Result:
    try:
        result: Result = future.result()
    except Exception as error:  # a worker was lost, more than once
        return Result(name, error=f"the cluster lost it: {error}")
    return result


def _tried(trial: Trial, capture: str, parcel: dict[str, bytes]) -> Result:
    """On a worker: what is said of the capture names it as it is called at home."""
    from dataclasses import replace

    with TemporaryDirectory() as folder:
        for name, octets in parcel.items():
            Path(folder, name).write_bytes(octets)
        path = Path(folder, Path(capture).name)
        result = trial.run(path)
        return replace(result, error=result.error.replace(folder, str(Path(capture).parent)))
