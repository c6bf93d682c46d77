"""One module per transfer dialect, and the registry that finds them by name.

Modules are imported when a dialect is first asked for: each brings its own ASN.1, and a start has to be quick.
Outside packages add a dialect with an entry point in the group `refergate.dialects`.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from gateway.model.errors import GatewayError
from gateway.translators.dialect import Dialect

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_OURS = {
    "sip": "gateway.translators.sip_refer",
    "teams": "gateway.translators.teams",
    "etsi-ect": "gateway.translators.etsi_ect",
    "qsig": "gateway.translators.qsig_transfer",
    "qsig-ssct": "gateway.translators.qsig_single_step",
    "ni2-tbct": "gateway.translators.ni2_tbct",
    "dms-rlt": "gateway.translators.dms_rlt",
    "h4502": "gateway.translators.h450_2",
}


def dialect_names() -> tuple[str, ...]:
    """Names of all dialects: ours first, then those of outside packages."""
    return (*_OURS, *(name for name in _outside() if name not in _OURS))


def is_dialect(name: str) -> bool:
    """Whether there is a dialect of that name."""
    return name in _OURS or name in _outside()


@cache
def dialect_named(name: str) -> Dialect:
    """The dialect called `name`. Raises GatewayError when there is none."""
    if name in _OURS:
        return cast(Dialect, import_module(_OURS[name]).DIALECT)
    outside = _outside()
    if name in outside:
        return cast(Dialect, outside[name].load())
    raise GatewayError(f"no dialect {name!r}; known: {', '.join(dialect_names())}")


@cache
def _outside() -> "dict[str, EntryPoint]":
    # Slow to import, and hardly ever asked for.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group="refergate.dialects")}
