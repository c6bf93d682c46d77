"""Scenario files: a capture, who plays what in it, and what is expected. docs/scenarios.md tells them key by key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    NonNegativeFloat,
    NonNegativeInt,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from gateway.configuration import Configuration
from gateway.model.errors import MappingError
from gateway.regression.matcher import Matcher
from gateway.regression.recorded import RecordingDocument
from gateway.tables import Key, Table, load, refuse, where

Counted = Literal["sip", "q931", "h225", "h450"]
Protocol = Literal["sip", "q931", "iua", "h225"]
MessageName = Annotated[
    str,
    BeforeValidator(lambda name: str(name) if isinstance(name, int) else name),
    WithJsonSchema({"type": ["string", "integer"]}),
]
"""202 is a name, too."""
Fields = dict[str, Matcher]
_TEXT = {"type": "string"}
Hosts = Annotated[tuple[str, ...], WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]})]
"""One may stand alone."""


class RecordedWith(Table):
    """Where the capture comes from: programs with their versions, and the command that records it again."""

    programs: tuple[str, ...] = ()
    command: str = ""


class Step(Table):
    """One message. `message` is its name ("REFER", "202", "202 REFER", "FACILITY"), `by` who sent it: `us` are the
    hosts that refergate plays, `peer` all others. `fields` are header fields or information elements by their names.
    `after` and `within` are seconds since the message of the step before (since the start, for the first).
    """

    message: MessageName
    protocol: Protocol | None = None
    by: Literal["us", "peer"] | None = None
    source: Matcher | None = Field(default=None, alias="from")
    destination: Matcher | None = Field(default=None, alias="to")
    fields: Fields = Field(default_factory=dict)
    after: NonNegativeFloat | None = None
    within: NonNegativeFloat | None = None

    @model_validator(mode="after")
    def _bounds_fit(self) -> "Step":
        if self.after is not None and self.within is not None and self.after > self.within:
            raise ValueError("after should not be more than within")
        return self


class Comparison(Table):
    """How many messages of each verdict an active replay may give, against what the recorded host sent."""

    same: Matcher | None = None
    equivalent: Matcher | None = None
    different: Matcher = Matcher(equals=0)
    missing: Matcher = Matcher(equals=0)
    extra: Matcher = Matcher(equals=0)


class Expectations(Table):
    """What must come of it. What is not said is not looked at, except that `problems` and deviations count as wrong.

    `messages` are counts by protocol and name, each request once however often it was sent again. `transfers` are
    those found in the messages, in order; a plain value or a matcher for each field, `legs` is how many. `flow` are
    messages in order with any others between them, `anywhere` messages wherever they stand, `never` those that may
    not come. `records` are the transfer records that the gateway writes, `compared` counts by verdict; both need
    `as`.
    """

    messages: dict[Counted, dict[str, NonNegativeInt]] = Field(default_factory=dict)
    transfers: tuple[Fields, ...] | None = None
    flow: tuple[Step, ...] = ()
    anywhere: tuple[Step, ...] = ()
    never: tuple[Step, ...] = ()
    records: tuple[Fields, ...] | None = None
    compared: Comparison | None = None
    problems: Matcher = Matcher(equals=0)

    @model_validator(mode="after")
    def _timed_steps_follow_one(self) -> "Expectations":
        loose = (("anywhere", self.anywhere), ("never", self.never))
        refuse(
            ((name, index, word), "only a step of flow has one before it")
            for name, steps in loose
            for index, step in enumerate(steps)
            for word in ("after", "within")
            if getattr(step, word) is not None
        )
        return self


class Variation(Table):
    """What may differ from the recording: a field of every message, or of those with that name; with a name alone the
    message may be missing, come in addition, or say anything.
    """

    field: str = ""
    message: MessageName = ""

    @model_validator(mode="before")
    @classmethod
    def _plain_name(cls, found: Any) -> Any:
        return {"field": found} if isinstance(found, str) else found

    @model_validator(mode="after")
    def _names_something(self) -> "Variation":
        if not self.field and not self.message:
            raise ValueError("should name a field, a message or both")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [_TEXT, handler.resolve_ref_schema(handler(core))]}


def _kind(found: object) -> str:
    return "file" if isinstance(found, str | Path) else "inline"


class Scenario(Table):
    """The whole file. `capture` and a `configuration` file stand relative to it; `hosts` ("address", "address:port",
    a side of a D channel) are those that refergate plays, none for an analysis of the recording alone. `seed` is
    where its identifiers begin. `recording` is refergate's own run, written by `serve --record`.
    """

    capture: Path
    title: str = ""
    recorded_with: RecordedWith = RecordedWith()
    note: str = ""
    roles: dict[str, str] = Field(default_factory=dict)
    hosts: Hosts = Field(default=(), alias="as")
    configuration: (
        Annotated[Annotated[Path, Tag("file")] | Annotated[Configuration, Tag("inline")], Discriminator(_kind)] | None
    ) = None
    seed: NonNegativeInt = 0
    recording: RecordingDocument | None = None
    may_vary: tuple[Variation, ...] = ()
    expect: Expectations

    @field_validator("hosts", mode="before")
    @classmethod
    def _one_host(cls, found: Any) -> Any:
        return (found,) if isinstance(found, str) else found

    @model_validator(mode="after")
    def _needs_a_player(self) -> "Scenario":
        if not self.hosts:
            refuse((key, "needs `as`: which host does refergate play?") for key in self._active_keys())
        return self

    def _active_keys(self) -> Iterator[Key]:
        named = {"configuration": self.configuration is not None, "may_vary": bool(self.may_vary)}
        yield from ((name,) for name, is_there in named.items() if is_there)
        expected = {"records": self.expect.records, "compared": self.expect.compared}
        yield from (("expect", name) for name, found in expected.items() if found is not None)
        for name in ("flow", "anywhere", "never"):
            steps: tuple[Step, ...] = getattr(self.expect, name)
            yield from (("expect", name, index, "by") for index, step in enumerate(steps) if step.by is not None)


def scenario(path: Path) -> Scenario:
    """Reads a scenario file. Raises MappingError with file, line and key, also for a file named in it that is not
    there.
    """
    found = load(path, Scenario)
    for key, named in (("capture", found.capture), ("configuration", found.configuration)):
        if isinstance(named, Path) and not (path.parent / named).is_file():
            raise MappingError(f"no such file: {named}", where=where(path, (key,)))
    return found


def configuration_of(path: Path, found: Scenario) -> Configuration | None:
    """The configuration of the scenario at `path`. Raises MappingError when it is a file that is wrong."""
    if isinstance(found.configuration, Path):
        return load(path.parent / found.configuration, Configuration)
    return found.configuration


def is_scenario(path: Path) -> bool:
    """Whether a YAML file is a scenario: by its name, or because it names a capture."""
    if path.name.endswith((".scenario.yaml", ".scenario.yml")):
        return True
    if path.suffix not in (".yaml", ".yml"):
        return False
    try:
        return any(line.startswith("capture:") for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return False


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario file, for editors."""
    document = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": "refergate scenario"}
