"""Calls and transfers between PJSIP softphones and libpri, an independent ISDN stack, through the running gateway."""

from pathlib import Path

import pytest

from tests.live.isdn_border import SWITCHES, isdn_border

pytestmark = pytest.mark.live


@pytest.mark.parametrize("side", ["user", "network"])
@pytest.mark.parametrize("variant", SWITCHES)
def test_calls_both_ways(tmp_path: Path, variant: str, side: str) -> None:
    with isdn_border(tmp_path, variant, side) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
