"""Parameters and quoted text, the small grammar that URIs and most header fields share (RFC 3261 §25.1)."""

import re
from dataclasses import dataclass

# An unclosed quote runs to the end: it can then never be scanned twice.
_QUOTED = r'"(?:[^"\\]|\\.)*+"?'
_ANGLED = r"<[^<>]*>"
_BETWEEN = {separator: re.compile(rf"(?:{_QUOTED}|{_ANGLED}|[^{separator}])+", re.DOTALL) for separator in ",;"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split(text: str, separator: str) -> tuple[str, ...]:
    """The parts between separators ("," or ";"), quoted strings and `<…>` left whole; empty ones dropped."""
    if separator not in text:
        whole = text.strip()
        return (whole,) if whole else ()
    plain = '"' not in text and "<" not in text
    parts = text.split(separator) if plain else _BETWEEN[separator].findall(text)
    return tuple([part for part in map(str.strip, parts) if part])


def unquote(text: str) -> str:
    """`text` without its quotes and backslashes; text that is not quoted comes back unchanged."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return _ESCAPED.sub(r"\1", text[1:-1])


def quote(text: str) -> str:
    """`text` as a quoted-string. Control characters, which it cannot hold, become spaces."""
    printable = "".join(" " if ord(character) < 32 or ord(character) == 127 else character for character in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Parameters:
    """`;name=value;flag` in order and as received: names keep their case, values their quotes; a flag has None."""

    items: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Parameters":
        """From `;a=1;b` or `a=1;b`. Never fails: what has no `=` is a flag."""
        return cls(tuple(_pair(part) for part in split(text, ";"))) if text else _NONE

    def get(self, name: str) -> str | None:
        """The first value of `name` (any case) without quotes; "" for a flag, None when it is not there."""
        wanted = name.lower()
        for key, value in self.items:
            if key.lower() == wanted:
                return unquote(value) if value is not None else ""
        return None

    def without(self, *names: str) -> "Parameters":
        """The same parameters less those called `names` (lower case)."""
        return Parameters(tuple(item for item in self.items if item[0].lower() not in names))

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.items)


def _pair(part: str) -> tuple[str, str | None]:
    name, equals, value = part.partition("=")
    return name.strip(), value.strip() if equals else None


_NONE = Parameters()
