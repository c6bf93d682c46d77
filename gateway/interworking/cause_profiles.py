"""Which cause profiles there are: names alone, so that nobody has to load a table to know."""

from functools import cache
from pathlib import Path

from gateway.model.errors import GatewayError, MappingError
from gateway.resources import TABLE_SUFFIXES, folder

DEFAULT_PROFILE = "rfc3398"
_NOT_PROFILES = ("names", "h225", "rose")


@cache
def profiles() -> tuple[str, ...]:
    """Names of the profiles in `mappings/causes/`."""
    files = (path.stem for path in (folder("mappings") / "causes").glob("*.yaml"))
    return tuple(sorted(name for name in files if name not in _NOT_PROFILES))


def own_table(profile: str) -> Path | None:
    """The file of a trunk's own table when `profile` is the path of one (it ends in .yaml), None for a name.

    Raises GatewayError for a name that no profile has, MappingError for a file that is not there.
    """
    path = Path(profile)
    if path.suffix in TABLE_SUFFIXES:
        if not path.is_file():
            raise MappingError("no such file", where=profile)
        return path
    if profile not in profiles():
        raise GatewayError(f"no cause profile {profile!r}; known: {', '.join(profiles())}")
    return None
