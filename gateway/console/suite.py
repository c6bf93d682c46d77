"""The command `replay` with a suite: what was not as expected, in words, and how many were."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gateway.regression import junit
from gateway.regression.suite import ScenarioFile, run, scenario_files
from gateway.regression.trial import Result

_STYLES: dict[str, dict[str, Any]] = {"failed": {"fg": "red"}, "error": {"fg": "red"}, "passed": {"fg": "green"}}


@dataclass(frozen=True, slots=True)
class Options:
    """`where` is a folder or a scenario file; `cluster` is the address of a Dask scheduler, "" for Dask's own choice.
    `is_quiet` prints nothing but what could not be tried.
    """

    where: Path
    jobs: int | None = None
    junit: Path | None = None
    update: bool = False
    engine: str = "local"
    cluster: str = ""
    is_quiet: bool = False


def replay(options: Options) -> tuple[dict[str, Any], int]:
    """Tries the suite, tells of it, and gives its document and the exit code: 1 when an expectation does not hold, 2
    when a scenario could not be tried. Raises GatewayError and OSError.
    """
    files = scenario_files(options.where)
    if options.update:
        return _update(files, options)
    results = tuple(_told(_results(files, options), options.is_quiet))
    if options.junit is not None:
        junit.write(results, options.where.resolve().name, options.junit)
    return _summed_up(results)


def _results(files: Sequence[ScenarioFile], options: Options) -> Iterable[Result]:
    if options.engine == "local":
        return run(files, options.jobs)
    from gateway.regression import cluster

    return cluster.run(files, options.cluster, options.jobs)


def _update(files: Sequence[ScenarioFile], options: Options) -> tuple[dict[str, Any], int]:
    from gateway.regression.update import update

    results = []
    for renewed in update(files, options.jobs):
        for line in () if options.is_quiet else renewed.diff.splitlines():
            click.secho(line, fg={"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
        results.append(renewed.result)
    return _summed_up(tuple(_told(results, options.is_quiet)))


def _told(results: Iterable[Result], is_quiet: bool) -> Iterator[Result]:
    """Each result again, told when it is no good."""
    for result in results:
        if result.error:
            click.echo(f"refergate: {_one_line(result.name, result.error)}", err=True)
        elif result.unmet and not is_quiet:
            click.secho(f"failed  {result.name}{f': {result.title}' if result.title else ''}", **_STYLES["failed"])
            for each in result.unmet:
                click.echo(f"        {each}")
        yield result


def _one_line(name: str, error: str) -> str:
    line = " ".join(error.split())
    return line if name in line else f"{name}: {line}"


def _summed_up(results: Sequence[Result]) -> tuple[dict[str, Any], int]:
    counts = Counter(result.word for result in results)
    document = {
        "scenarios": len(results),
        **{word: counts[word] for word in ("passed", "failed", "error")},
        "results": [result.as_document() for result in results],
    }
    return document, 2 if counts["error"] else 1 if counts["failed"] else 0


def summary(document: dict[str, Any]) -> None:
    """The last line for a person."""
    words = [f"{document[word]} {word}" for word in ("passed", "failed", "error") if document[word]]
    style = "passed" if document["passed"] == document["scenarios"] else "failed"
    one = document["scenarios"] == 1
    click.secho(f"{document['scenarios']} {'scenario' if one else 'scenarios'}: {', '.join(words)}", **_STYLES[style])
