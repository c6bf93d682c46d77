"""Two trunks of refergate on one D channel with libpri, which names the interface of each B-channel (NFAS)."""

from pathlib import Path
from typing import Any

import pytest

from tests.live.isdn_border import IsdnBorder

pytestmark = pytest.mark.live

_EXPLICIT = 1 << 16
"""libpri's way of naming a channel with its interface: explicit, interface << 8, number."""


class NfasBorder(IsdnBorder):
    """Trunk `isdn` is interface 0 and has the D channel; `second` is interface 1, for numbers that begin with 6."""

    def _settings(self, *rest: Any) -> dict[str, Any]:
        found = super()._settings(*rest)
        main = found["trunks"][-1]
        second = {key: value for key, value in main.items() if key != "link"}
        found["trunks"].append({**second, "name": "second", "nfas": "isdn", "interface": 1, "channels": "1-24"})
        found["routes"].append({"match": "6*", "to": "second"})
        return found


def test_calls_on_both_interfaces_both_ways(tmp_path: Path) -> None:
    here = NfasBorder(tmp_path, "ni2")
    try:
        phone = here.phones["1001"]
        for number, interface in (("5551", 0), ("6661", 1)):
            phone.call(number, here.uri(number))
            ring = here.peer.wait("ring", called=number)
            assert (ring["chan"], ring["interface"]) == (1, interface)
            there = str(ring["id"])
            here.peer.send(f"proceed {there}")
            here.peer.send(f"alert {there}")
            here.peer.send(f"answer {there}")
            phone.state(number, "CONFIRMED")
        statistics = here.gateway.statistics()
        assert (statistics["channels_idle.isdn"], statistics["channels_idle.second"]) == (22, 23)
        for number in ("5551", "6661"):
            phone.hang_up(number)
            there = str(here.peer.wait("hangup_req")["id"])
            here.peer.send(f"hangup {there}")
        name, incoming = here.call_in(rest=f"chan={_EXPLICIT | 1 << 8 | 24}")
        assert here.gateway.statistics()["legs.second"] == 1
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
    except BaseException:
        here._stack.close()
        raise
    here.close()
