"""What tells the kinds of ISDN trunk apart in call control: profiles in `mappings/isdn/`."""

from functools import cache
from typing import Literal

from pydantic import Field

from gateway.isdn.call_table import DURATIONS, TimerName
from gateway.isdn.side import Side
from gateway.model.errors import GatewayError
from gateway.resources import folder
from gateway.tables import Table, load


class TrunkVariant(Table):
    """One kind of trunk.

    `operations` names the table in gateway.isdn.operations. `symmetrical`: both sides behave as the user does
    (QSIG). `law` is that of speech. `exclusive`: our SETUP allows no other channel than the one it names.
    `overlap`: digits may follow a SETUP, and `digit_pause` is the seconds after the last one that what there is
    so far is tried. `sending_complete`: the element stands in a SETUP whose number is complete. `hold`: HOLD
    and RETRIEVE are offered. `segmentation`: messages that are too long are cut (annex H), and put together
    again. `restart`: a channel whose call got no answer to RELEASE is restarted. `report_unknown`: STATUS with
    cause 99 for elements that we do not know. `known` are identifiers in codeset 0 that this kind of trunk has
    besides. `maintenance` is the protocol discriminator of B-channel service messages. Timers are in seconds.
    """

    title: str
    source: str
    operations: Literal["etsi", "qsig", "ni2", "dms100"]
    symmetrical: bool = False
    law: Literal["A", "mu"] = "A"
    exclusive: bool = True
    overlap: bool = False
    digit_pause: float = Field(default=4.0, gt=0)
    sending_complete: bool = False
    hold: bool = False
    segmentation: bool = False
    restart: bool = True
    report_unknown: bool = True
    known: tuple[int, ...] = ()
    maintenance: Literal[0x03, 0x43] | None = None
    timers: dict[Side, dict[TimerName, float]] = Field(default_factory=dict)

    def machine(self, side: Side) -> Side:
        """Whose state machine a side runs."""
        return Side.USER if self.symmetrical else side

    def durations(self, side: Side) -> dict[TimerName, float]:
        """The timers of a side."""
        return DURATIONS[self.machine(side)] | self.timers.get(side, {})


@cache
def variants() -> tuple[str, ...]:
    """Names of the profiles in `mappings/isdn/`."""
    return tuple(sorted(path.stem for path in (folder("mappings") / "isdn").glob("*.yaml")))


@cache
def variant(name: str) -> TrunkVariant:
    """The profile of that name. Raises GatewayError for a name that there is none of, MappingError for a bad file."""
    if name not in variants():
        raise GatewayError(f"no kind of ISDN trunk {name!r}; known: {', '.join(variants())}")
    return load(f"isdn/{name}", TrunkVariant)
