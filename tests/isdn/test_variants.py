"""The kinds of trunk in `mappings/isdn/`."""

import pytest

from gateway.isdn.call_table import TimerName
from gateway.isdn.operations import VARIANTS
from gateway.isdn.side import Side
from gateway.isdn.variant import TrunkVariant, variant, variants
from gateway.model.errors import GatewayError
from gateway.resources import folder
from gateway.tables import check


def test_the_kinds_of_trunk() -> None:
    assert variants() == ("4ess", "5ess", "dms100", "euroisdn", "ni2", "qsig")


@pytest.mark.parametrize("name", variants())
def test_each_can_be_read_and_has_its_operations(name: str) -> None:
    assert not check(folder("mappings") / "isdn" / f"{name}.yaml", TrunkVariant)
    assert variant(name).operations in VARIANTS


@pytest.mark.parametrize("name", variants())
@pytest.mark.parametrize("side", list(Side))
def test_each_has_every_timer(name: str, side: Side) -> None:
    durations = variant(name).durations(side)
    assert set(durations) == set(TimerName)
    assert all(seconds > 0 for seconds in durations.values())


def test_only_qsig_has_a_user_on_both_sides() -> None:
    assert [name for name in variants() if variant(name).symmetrical] == ["qsig"]
    assert variant("qsig").machine(Side.NETWORK) is Side.USER
    assert variant("euroisdn").machine(Side.NETWORK) is Side.NETWORK


def test_a_kind_of_trunk_that_there_is_none_of() -> None:
    with pytest.raises(GatewayError, match="1tr6"):
        variant("1tr6")
