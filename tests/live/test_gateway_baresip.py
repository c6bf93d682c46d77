"""Transfers through the running gateway with baresip in them, as the one who is transferred and as the target."""

from pathlib import Path

import pytest

from tests.live.players import Caller, sdp
from tests.live.stage import WORDS, all_done, cast, stage, to_carol
from tests.peers.sipp import Step, pause

pytestmark = pytest.mark.live


def transferring(alice: Caller, target: str) -> list[Step]:
    """alice calls, transfers and leaves."""
    return [*alice.calls("2"), *alice.refers(2, target), *alice.hears(200), *alice.hangs_up(3)]


@pytest.mark.parametrize("transport", WORDS)
def test_transferee(tmp_path: Path, transport: str) -> None:
    """baresip is made to talk to carol by a re-INVITE, and knows nothing of transfers."""
    with stage(tmp_path, transport, of_baresip=["bob"]) as here:
        alice, _, carol = cast(here)
        target = here.plays("carol", [*carol.called(), pause(1000), *carol.hangs_up(1)])
        all_done(here.plays("alice", transferring(alice, to_carol(here))), target)
        (record,) = here.gateway.wait_records(1)
        assert (record["method"], record["outcome"]) == ("invite", "succeeded")


@pytest.mark.parametrize("transport", WORDS)
def test_transferee_that_carries_it_out(tmp_path: Path, transport: str) -> None:
    """baresip gets the REFER and calls carol itself, through the gateway again."""
    with stage(tmp_path, transport, of_baresip=["bob"], trunks={"alice": {"transfer": "pass"}}) as here:
        alice, _, carol = cast(here)
        target = here.plays("carol", [*carol.called(), pause(1000), *carol.hangs_up(1)])
        all_done(here.plays("alice", transferring(alice, to_carol(here))), target)
        (record,) = here.gateway.wait_records(1)
        assert (record["decision"], record["method"], record["outcome"]) == ("pass", "refer", "succeeded")


@pytest.mark.parametrize("transport", WORDS)
def test_target(tmp_path: Path, transport: str) -> None:
    with stage(tmp_path, transport, of_baresip=["carol"]) as here:
        alice, bob, _ = cast(here)
        steps = [*bob.called(body=sdp(5000)), *bob.offered(port=5000), pause(1000), *bob.hangs_up(1)]
        transferee = here.plays("bob", steps)
        all_done(here.plays("alice", transferring(alice, to_carol(here))), transferee)
        (record,) = here.gateway.wait_records(1)
        assert record["outcome"] == "succeeded"
