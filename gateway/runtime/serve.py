"""`refergate serve`: one process, or several under a supervisor."""

import resource
from dataclasses import dataclass
from pathlib import Path

from gateway.configuration import Configuration
from gateway.model.errors import GatewayError
from gateway.runtime import records, store
from gateway.runtime.log import Log
from gateway.runtime.reload import read, reread
from gateway.runtime.server import Server, Worker, numbered, run, say_ready
from gateway.runtime.workers import Duty, Supervisor


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `workers` 0 leaves it to the configuration."""

    configuration: Path
    workers: int = 0
    level: str = "info"
    form: str = "json"
    capture: Path | None = None
    record: Path | None = None


def serve(options: Options) -> int:
    """Serves until SIGTERM; the exit code. Raises GatewayError when it cannot start."""
    settings = read(options.configuration)
    count = options.workers or settings.workers
    _allow_many_files()
    records.prepare(settings.records)
    if count == 1:
        log = Log(options.level, options.form)
        run(Server(settings, options.configuration, log, capture=options.capture, record=options.record), say_ready)
        return 0
    _refuse_any_port(settings)
    # One of them has to make the file; the others then find it.
    store.prepare(settings.store)

    def work(duty: Duty) -> None:
        log = Log(options.level, options.form, worker=duty.number)
        capture = options.capture and numbered(options.capture, duty.number, count)
        record = options.record and options.record / f"worker-{duty.number}"
        worker = Worker(duty.number, count, duty.mesh)
        latest = _latest(options.configuration, settings, log)
        run(Server(latest, options.configuration, log, worker=worker, capture=capture, record=record), duty.ready)

    return Supervisor(count, work, Log(options.level, options.form)).run(say_ready)


def _latest(path: Path, settings: Configuration, log: Log) -> Configuration:
    """What a worker that is started again goes by: the others may have read the file again meanwhile."""
    try:
        return reread(path, settings, log)
    except GatewayError:
        return settings


def _refuse_any_port(settings: Configuration) -> None:
    for text in settings.listen:
        if text.endswith(":0"):
            raise GatewayError("several workers cannot share a port that the system chooses", where=text)


def _allow_many_files() -> None:
    """Each connection is an open file: as many as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
