"""The ASN.1 modules of `asn1/`, compiled by asn1tools for BER (ISDN) or aligned PER (H.323).

Parsing ASN.1 text takes asn1tools longer than all the rest of a start, so `asn1/parsed/` carries the parse
result of every module, with the digest of the text that it came from. A module that has been edited since is
parsed anew, only slower; `python -m gateway.asn1_modules` brings `asn1/parsed/` back into step.
"""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, cast

from gateway.model.errors import GatewayError
from gateway.resources import folder


class Specification(Protocol):
    """A set of ASN.1 modules as asn1tools compiles them (the part of its interface that we use)."""

    def encode(self, name: str, data: Any, check_types: bool = True, check_constraints: bool = False) -> bytes:
        """The encoding of `data` as type `name`."""

    def decode(self, name: str, data: bytes, check_constraints: bool = False) -> Any:
        """The value of type `name` in `data`."""


@cache
def specification(*module_files: str, codec: str) -> Specification:
    """The modules in `module_files` (names in `asn1/`, such as "Q932.asn") compiled for `codec` ("ber", "per").

    Modules that these import have to be among them. Raises GatewayError for a file that is not there or does not
    parse. Values are asn1tools': SEQUENCE a dict, CHOICE a pair (name, value), ENUMERATED a str, NULL None.
    """
    import asn1tools  # a tenth of a second, which only who needs it should wait for

    modules: dict[str, Any] = {}
    for file in module_files:
        modules |= _parsed(folder("asn1") / file)
    try:
        return cast(Specification, asn1tools.compile_dict(modules, codec))
    except asn1tools.Error as error:
        raise GatewayError(f"does not compile: {error}", where=", ".join(module_files)) from error


def _parsed(source: Path) -> dict[str, Any]:
    try:
        digest = sha256(source.read_bytes()).hexdigest()
        stored = json.loads(_beside(source).read_text("utf-8"), object_hook=_tuples)
        if stored["sha256"] == digest:
            return cast(dict[str, Any], stored["modules"])
    except FileNotFoundError:
        pass
    return parse(source)


def parse(source: Path) -> dict[str, Any]:
    """The text in `source` as asn1tools parses it. Raises GatewayError when there is none or it is wrong."""
    import asn1tools

    try:
        return cast(dict[str, Any], asn1tools.parse_files([str(source)]))
    except (OSError, asn1tools.Error) as error:
        raise GatewayError(str(error), where=str(source)) from error


def store(source: Path) -> None:
    """Write the parse result of `source` to `asn1/parsed/`."""
    document = {"sha256": sha256(source.read_bytes()).hexdigest(), "modules": _marked(parse(source))}
    _beside(source).parent.mkdir(exist_ok=True)
    _beside(source).write_text(json.dumps(document, separators=(",", ":")) + "\n", "utf-8")


def _beside(source: Path) -> Path:
    return source.parent / "parsed" / f"{source.stem}.json"


def _marked(value: Any) -> Any:
    """`value` with tuples told from lists, which asn1tools takes for different things and JSON does not."""
    if isinstance(value, tuple):
        return {"tuple": [_marked(item) for item in value]}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    return value


def _tuples(item: dict[str, Any]) -> Any:
    return tuple(item["tuple"]) if item.keys() == {"tuple"} else item


if __name__ == "__main__":
    for module in sorted(folder("asn1").glob("*.asn")):
        store(module)
