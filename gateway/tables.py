"""YAML tables under `mappings/`: read, checked against a schema, errors with file, line and key."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from gateway.model.errors import MappingError
from gateway.resources import TABLE_SUFFIXES, folder

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SENTENCES = {
    "missing": "the key is missing",
    "extra_forbidden": "there is no such key",
    "model_type": "should be a valid dictionary (keys and values)",
}
_RESOLVER = _BaseLoader("")
_REFUSED = "refused"
_MERGE = "tag:yaml.org,2002:merge"
_OF_PYDANTIC = ("Value error, ", "Assertion failed, ")


Key = tuple[str | int, ...]
"""The way to a value in a YAML document: mapping keys and list indexes."""


class Table(BaseModel):
    """Base of the schemas: an unknown key is an error, and a loaded table does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Schema = TypeVar("Schema", bound=BaseModel)


def refuse(findings: Iterable[tuple[Key, str]]) -> None:
    """For the validators of a schema: each finding at its own key below the model. Raises ValidationError if any."""
    errors: list[InitErrorDetails] = [
        {"type": PydanticCustomError(_REFUSED, "{what}", {"what": what}), "loc": key, "input": None}
        for key, what in findings
    ]
    if errors:
        raise ValidationError.from_exception_data(_REFUSED, errors)


def repeated(values: Iterable[tuple[Key, Hashable]]) -> Iterator[Key]:
    """The keys of all values that an earlier key has too."""
    seen: set[Hashable] = set()
    for key, value in values:
        if value in seen:
            yield key
        seen.add(value)


def load(path_or_name: str | Path, schema: type[Schema]) -> Schema:
    """The table as an instance of `schema`.

    `path_or_name` is a path, or a name under `mappings/` without ending ("causes/rfc3398").
    Raises MappingError for the first thing that is wrong, `where` being `file:line: key`.
    """
    path = table_path(path_or_name)
    document = read(path)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise _findings(path, error)[0] from None


def check(path_or_name: str | Path, schema: type[BaseModel]) -> tuple[MappingError, ...]:
    """Everything that is wrong with the table, in the order of its lines; empty when it is fine."""
    path = table_path(path_or_name)
    try:
        schema.model_validate(read(path))
    except MappingError as error:
        return (error,)
    except ValidationError as error:
        return tuple(_findings(path, error))
    return ()


def table_path(path_or_name: str | Path) -> Path:
    """Where the table is: the path itself when it ends as tables do or is there, else a name under `mappings/`."""
    path = Path(path_or_name)
    if path.suffix in TABLE_SUFFIXES or path.exists():
        return path
    return folder("mappings") / f"{path_or_name}.yaml"


def read(path: Path) -> Any:
    """The YAML document in `path` as plain values. Raises MappingError (unreadable, no YAML, a key twice)."""
    try:
        loader = _Loader(_text(path))
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MappingError(error.problem or "not YAML", where=_place(path, mark.line if mark else None)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MappingError(f"not YAML: {str(error).splitlines()[0]}", where=str(path)) from None


def where(path: Path, key: Key) -> str:
    """`file:line: key` for a value in a YAML file; the line of the nearest parent when it is not there."""
    node = yaml.compose(_text(path), Loader=_BaseLoader)
    line = 0
    for part in key:
        step = _step(node, part)
        if step is None:
            break
        line, node = step
    return f"{_place(path, line)}: {'.'.join(map(str, key)) or 'document'}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MappingError("no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"cannot be read: {error}", where=str(path)) from None


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}:{line + 1}"


def _step(node: Any, part: str | int) -> tuple[int, Any] | None:
    """Line (from 0) and node of one part of a key; None when the node has no such part."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(part) or (isinstance(part, int) and _constructed(name) == part):
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    return None


def _constructed(node: Any) -> Any:
    """A scalar as its value: 0x11 is 17."""
    return yaml.constructor.SafeConstructor().construct_object(node) if isinstance(node, yaml.ScalarNode) else None


def _findings(path: Path, error: ValidationError) -> list[MappingError]:
    """One MappingError for each place that pydantic names, sorted by line."""
    by_place: dict[str, MappingError] = {}
    for item in error.errors(include_url=False):
        place = where(path, _in_document(path, item["loc"]))
        by_place.setdefault(place, MappingError(_sentence(item["type"], item["msg"], item["input"]), where=place))
    return sorted(by_place.values(), key=lambda finding: int(finding.where[len(str(path)) :].split(":")[1]))


def _in_document(path: Path, location: Sequence[str | int]) -> Key:
    """`location` as pydantic gives it without what is no key of the document (the arms of a union, "[key]")."""
    node = yaml.compose(_text(path), Loader=_BaseLoader)
    key: list[str | int] = []
    for position, part in enumerate(location):
        step = _step(node, part)
        if step is not None:
            node = step[1]
        if step is not None or (position == len(location) - 1 and isinstance(node, yaml.MappingNode | None)):
            key.append(part)
    return tuple(key)


def _sentence(kind: str, message: str, found: Any) -> str:
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == _REFUSED:
        return message
    for prefix in _OF_PYDANTIC:
        if message.startswith(prefix):
            return message.removeprefix(prefix)
    message = message.replace("Input should be", "should be")
    return message if isinstance(found, dict | list) else f"{message}, found {found!r}"


@lru_cache(maxsize=4096)
def _tag(kind: type, value: Any, implicit: Any) -> str:
    """The tag of an untagged node: what a scalar is goes by its text alone, and the same keys come time and again."""
    tag: str = _BaseLoader.resolve(_RESOLVER, kind, value, implicit)
    return tag


class _Loader(_BaseLoader):  # type: ignore[misc]  # the C loader when libyaml is there
    """The safe loader, with duplicate keys refused."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        """As the safe loader, which knows no tags by place."""
        return _tag(kind, value, implicit)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Hashable] = set()
        for name, _ in node.value:
            key = self._key(name)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"key {name.value!r} is there twice", problem_mark=name.start_mark)
            seen.add(key)
        result: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return result

    def _key(self, name: Any) -> Hashable:
        """What a dictionary goes by, whichever way it is written."""
        if name.tag == _MERGE or not isinstance(name, yaml.ScalarNode):
            return name.tag, str(name.value)
        key: Hashable = self.construct_object(name)
        return key
