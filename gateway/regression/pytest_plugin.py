"""A pytest plugin: scenario files are tests, in anyone's own suite.

`*.scenario.yaml` are collected; the setting `refergate_scenarios` (patterns of paths below the root) adds others.
Nothing of refergate is loaded before such a file is there.
"""

from collections.abc import Iterable
from fnmatch import fnmatch
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.regression.trial import Result

_SETTING = "refergate_scenarios"
_SUFFIXES = (".scenario.yaml", ".scenario.yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting."""
    parser.addini(
        _SETTING, "further scenario files, as patterns of paths below the root: pcaps/*.yaml", type="linelist"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """A scenario file is a collector of one test."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    if file_path.name.endswith(_SUFFIXES) or _is_named(file_path, parent.config):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def _is_named(file: Path, config: pytest.Config) -> bool:
    patterns = config.getini(_SETTING)
    if not patterns or not file.is_relative_to(config.rootpath):
        return False
    name = file.relative_to(config.rootpath).as_posix()
    return any(fnmatch(name, pattern) for pattern in patterns)


class ScenarioFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterable["ScenarioItem"]:
        """Its test."""
        yield ScenarioItem.from_parent(self, name="scenario")


class ScenarioError(Exception):
    """The scenario is red."""

    def __init__(self, result: "Result") -> None:
        super().__init__(result.name)
        self.result = result


class ScenarioItem(pytest.Item):
    """A scenario as a test."""

    def runtest(self) -> None:
        """Tries it. Raises ScenarioError."""
        from gateway.regression.trial import tried

        result = tried(self.path)
        if not result.is_green:
            raise ScenarioError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """What was wanted and what came, without a traceback of ours."""
        if not isinstance(excinfo.value, ScenarioError):
            return str(super().repr_failure(excinfo))
        result = excinfo.value.result
        head = [result.title] if result.title else []
        return "\n".join((*head, *(map(str, result.unmet)), *([result.error] if result.error else [])))

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Where it is."""
        return self.path, None, self.path.name
