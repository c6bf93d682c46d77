"""refergate on a passive bus with libpri, which assigns TEIs, or gets one from us (BRI, point to multipoint)."""

from pathlib import Path

import pytest

from tests.live.isdn_border import isdn_border

pytestmark = pytest.mark.live

_BUS = {"access": "basic", "bus": True, "channels": "1,2"}


@pytest.mark.parametrize("side", ["user", "network"])
def test_calls_both_ways(tmp_path: Path, side: str) -> None:
    with isdn_border(tmp_path, side=side, isdn=_BUS, options=("--bri", "ptmp"), layer_2=False) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
