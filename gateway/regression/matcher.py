"""What a field is wanted to be: a value, a pattern, one of several, within bounds, anything, or nothing at all."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from gateway.tables import Table

Scalar = bool | int | float | str | None
"""What a field of a record or a transfer can be; a header field is text."""

_BOUNDS = frozenset({"at_least", "at_most"})


def _is_pattern(text: Any) -> Any:
    if isinstance(text, str):
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
    return text


class Matcher(Table):
    """Written as a plain value it wants exactly that; as a mapping one of its keys, or both bounds.

    `regex` has to match the whole text. `absent` wants no such field (null in a record), `any` one whatever it says.
    """

    equals: Scalar = None
    regex: Annotated[str, BeforeValidator(_is_pattern)] = ""
    one_of: tuple[Scalar, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    absent: Literal[True] = Field(default=True)
    any: Literal[True] = Field(default=True)

    @model_validator(mode="before")
    @classmethod
    def _plain_value(cls, found: Any) -> Any:
        if isinstance(found, list):
            raise ValueError("should be one value, or a mapping that says what is wanted")
        return found if isinstance(found, dict | Matcher) else {"equals": found}

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Matcher":
        said = self.model_fields_set
        if len(said - _BOUNDS) + bool(said & _BOUNDS) != 1:
            names = ", ".join(name for name in type(self).model_fields if name not in _BOUNDS)
            raise ValueError(f"should be a value, or one of {names}, or at_least and at_most")
        return self

    @property
    def is_value(self) -> bool:
        """Whether exactly one value is wanted."""
        return "equals" in self.model_fields_set

    def fits(self, found: Any) -> bool:
        """Whether `found` is what is wanted; None is a field that is not there."""
        said = self.model_fields_set
        if "equals" in said:
            return _same(self.equals, found)
        if "absent" in said:
            return found is None
        if "one_of" in said:
            return any(_same(each, found) for each in self.one_of)
        if found is None:
            return False
        if "regex" in said:
            return re.fullmatch(self.regex, str(found), re.DOTALL) is not None
        return "any" in said or self._within(found)

    def _within(self, found: Any) -> bool:
        try:
            number = float(found)
        except (TypeError, ValueError):
            return False
        low, high = self.at_least, self.at_most
        return (low is None or number >= low) and (high is None or number <= high)

    def __str__(self) -> str:
        said = self.model_fields_set
        if "equals" in said:
            return shown(self.equals)
        if said & _BOUNDS:
            bounds = (("at least", self.at_least), ("at most", self.at_most))
            return " and ".join(f"{word} {value:g}" for word, value in bounds if value is not None)
        if "one_of" in said:
            return "one of " + ", ".join(map(shown, self.one_of))
        return f"/{self.regex}/" if "regex" in said else "nothing" if "absent" in said else "anything"

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, schema]}


def shown(value: Any) -> str:
    """A value as a person reads it in a line of its own."""
    return "nothing" if value is None else str(value)


def _same(wanted: Scalar, found: Any) -> bool:
    """A header field is text: 17 is "17" there. True is no 1."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(found, str) and isinstance(wanted, int | float):
        return str(wanted) == found
    return bool(wanted == found)
