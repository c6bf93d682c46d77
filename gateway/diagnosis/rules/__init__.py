"""The rules of a diagnosis, one module each, and the registry that finds them.

Outside packages add a rule with an entry point in the group `refergate.rules` whose value is a Rule.
"""

from functools import cache
from importlib import import_module
from typing import cast

from gateway.diagnosis.rule import Rule

_OURS = (
    "refer_refused",
    "transfer_failed",
    "operation_refused",
    "refer_headers",
    "replaced_dialog",
    "route_set",
    "contact",
    "sip_alg",
    "bye_also",
    "notify_missing",
    "notify_refused",
    "notify_form",
    "early_bye",
    "no_such_dialog",
    "authentication",
    "retransmission",
    "codec_mismatch",
    "one_way_media",
    "media_change",
    "media_quality",
    "latency",
    "without_refer",
)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules: ours in the order in which a person would look, then those of outside packages."""
    ours = (cast(Rule, import_module(f"{__name__}.{name}").RULE) for name in _OURS)
    return (*ours, *_outside())


def _outside() -> tuple[Rule, ...]:
    from importlib.metadata import entry_points

    loaded = (entry.load() for entry in entry_points(group="refergate.rules"))
    return tuple(rule for rule in loaded if isinstance(rule, Rule))
