"""Where the data folders are: `mappings/`, `asn1/` and `pcaps/`, in a checkout and in an installed wheel."""

from functools import cache
from pathlib import Path

TABLE_SUFFIXES = (".yaml", ".yml")
"""How the name of a file ends that is a table; a name without is one under `mappings/`."""

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: str) -> Path:
    """The data folder `name` ("mappings", "asn1" or "pcaps").

    A wheel carries it inside the package, a checkout beside the package.
    Raises FileNotFoundError when neither is there.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        candidate = parent / name
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"data folder {name!r} not found beside {_PACKAGE}")
