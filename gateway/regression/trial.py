"""One scenario tried: what does not hold, or why it could not be tried."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.configuration import Configuration
from gateway.model.errors import GatewayError
from gateway.regression.conversation import conversation
from gateway.regression.expectation import Unmet, unmet
from gateway.regression.scenario import Scenario, configuration_of, scenario


@dataclass(frozen=True, slots=True)
class Result:
    """`name` is the file as the suite calls it. `error` says why it could not be tried at all, "" when it could."""

    name: str
    title: str = ""
    unmet: tuple[Unmet, ...] = ()
    error: str = ""

    @property
    def is_green(self) -> bool:
        """Whether everything is as expected."""
        return not self.unmet and not self.error

    @property
    def word(self) -> str:
        """What a list of results says."""
        return "error" if self.error else "failed" if self.unmet else "passed"

    def as_document(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "scenario": self.name,
            "title": self.title or None,
            "result": self.word,
            "unmet": [
                {"place": each.place, "wanted": each.wanted, "came": each.came, "frames": list(each.frames)}
                for each in self.unmet
            ],
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario with everything that it needs but its capture, which is a file."""

    name: str
    scenario: Scenario
    configuration: Configuration | None

    def run(self, capture: Path) -> Result:
        """Tries it on that capture. A fault of ours is a result as well: the others go on."""
        try:
            found = conversation(capture, self.scenario, self.configuration)
            return Result(self.name, self.scenario.title, unmet(self.scenario, found))
        except (GatewayError, OSError) as error:
            return Result(self.name, self.scenario.title, error=sentence(error))
        except Exception as error:
            return Result(self.name, self.scenario.title, error=f"fault: {type(error).__name__}: {error}")


def prepared(path: Path, name: str = "") -> tuple[Trial, Path]:
    """The scenario file at `path`, read, and where its capture is; `name` is what the result calls it, the path when
    left out. Raises MappingError with file, line and key.
    """
    found = scenario(path)
    return Trial(name or str(path), found, configuration_of(path, found)), path.parent / found.capture


def tried(path: Path, name: str = "") -> Result:
    """The result of the scenario file at `path`. A file that is no good is a result too."""
    try:
        trial, capture = prepared(path, name)
    except (GatewayError, OSError) as error:
        return Result(name or str(path), error=sentence(error))
    return trial.run(capture)


def sentence(error: Exception) -> str:
    """What is wrong, in a line."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
