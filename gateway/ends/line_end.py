"""What the ends with a line for each trunk have in common: whether they take calls, and other settings."""

from collections.abc import Sized
from typing import Any, Generic, Protocol, TypeVar

from gateway.configuration import AnyTrunk, Configuration
from gateway.hub.leg import Observer
from gateway.hub.overload import Overload


class Line(Protocol):
    """A trunk at work; `made_from` are the settings of its start."""

    @property
    def made_from(self) -> AnyTrunk:
        """As it was made."""

    @property
    def legs(self) -> Sized:
        """One for each of its calls."""

    def configure(self, settings: Any, configuration: Configuration) -> None:
        """Goes by other settings from now on."""


OneLine = TypeVar("OneLine", bound=Line)


class LineEnd(Generic[OneLine]):
    """`lines` are the trunks by name; `at_start` the keys that are looked at when one is made and not again."""

    at_start: tuple[str, ...] = ()

    def __init__(self, configuration: Configuration, observer: Observer) -> None:
        self.configuration = configuration
        self.observer = observer
        self.overload = Overload(observer)
        self.is_draining = False
        self.lines: dict[str, OneLine] = {}

    def drain(self, now: float) -> None:
        """Takes no new calls."""
        self.is_draining = True

    def reload(self, configuration: Configuration, now: float) -> None:
        """Goes by other settings; calls stay. What was looked at when a line was made changes with a restart only: it
        is logged.
        """
        self.configuration = configuration
        wanted = self.wanted(configuration)
        for name, line in self.lines.items():
            waiting = ["name"]
            if name in wanted:
                line.configure(wanted[name], configuration)
                waiting = [key for key in self.at_start if getattr(wanted[name], key) != getattr(line.made_from, key)]
            if waiting:
                self._needs_restart(name, waiting)
        for name in wanted.keys() - self.lines.keys():
            self._needs_restart(name, ["name"])

    def takes_calls(self, now: float) -> bool:
        """Whether one more call is taken; one that is not is counted."""
        if self.is_draining:
            self.overload.drained()
            return False
        if sum(len(line.legs) for line in self.lines.values()) >= 2 * self.configuration.limits.calls:
            self.overload.refuse("calls", now)
            return False
        return True

    def wanted(self, configuration: Configuration) -> dict[str, AnyTrunk]:
        """The settings of its trunks, by name."""
        raise NotImplementedError

    def _needs_restart(self, name: str, keys: list[str]) -> None:
        self.observer.log("reload.needs_restart", level="warning", trunk=name, keys=keys)
