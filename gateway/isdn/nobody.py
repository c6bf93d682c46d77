"""The owner of calls that nobody is to hear of: terminals that are sent away."""

from typing import cast

from gateway.isdn.call_control_owner import CallControlOwner


def _nothing(*_: object) -> None:
    """Hears and does nothing."""


class _Nobody:
    """Every event is met with silence."""

    def __getattr__(self, name: str) -> object:
        return _nothing


NOBODY = cast(CallControlOwner, _Nobody())
