"""The whole gateway is killed in the middle of a transfer and started again with what its store has."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import CONFIGURATION, Line, World, sdp


class Store:
    """What the store of a world holds; the world is asked for changes from time to time, as the server does it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[str, dict[str, Any]] = {}

    def write(self) -> None:
        """One turn of the writer."""
        for key, snapshot in self.world.gateway.changes():
            self.rows.pop(key, None)
            if snapshot is not None:
                self.rows[key] = snapshot

    def restarted(self, folder: Path, text: str = CONFIGURATION) -> World:
        """kill -9, and a start: the parties talk to another gateway now."""
        later = World(folder, text)
        later.now = self.world.now
        later.parties = self.world.parties
        for party in later.parties.values():
            party.world = later
        later.gateway.restore(list(self.rows.items()), later.now)
        later.wait(0.1)
        return later


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def ringing(world: World, store: Store) -> tuple[Line, Line, Line]:
    """A call that was written down long ago, and a transfer of it whose target rings."""
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    store.write()
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    transferor.notified(100)
    store.write()
    target = pbx.ring("2002")
    transferor.notified(180)
    store.write()
    return transferor, transferee, target


def test_the_transferor_is_told_the_end_of_a_transfer_that_the_restart_has_cut_short(
    world: World, tmp_path: Path
) -> None:
    store = Store(world)
    transferor, transferee, _ = ringing(world, store)
    later = store.restarted(tmp_path)
    status, notify = transferor.outcome()
    assert status == 503
    assert notify.cseq > 2
    store.world = later
    transferor.hang_up()
    transferee.hung_up()


def test_who_was_told_the_end_is_not_told_again_after_a_restart(world: World, tmp_path: Path) -> None:
    store = Store(world)
    transferor, transferee, target = ringing(world, store)
    target.reply(486)
    assert transferor.outcome()[0] == 486
    store.write()
    later = store.restarted(tmp_path)
    assert later.gateway.end.statistics()["transfers_heard"] == 0
    transferor.hang_up()
    transferee.hung_up()


def test_a_transfer_that_was_passed_on_goes_on_after_a_restart(tmp_path: Path) -> None:
    text = CONFIGURATION.replace("name: carrier", "name: carrier, transfer: pass")
    world = World(tmp_path, text)
    store = Store(world)
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    store.write()
    transferor.refer("<sip:2002@example.net>")
    refer = transferee.expect("REFER")
    transferee.reply(202, request=refer)
    transferor.expect("202 REFER")
    transferor.notified(100)
    store.write()
    store.restarted(tmp_path, text)
    final = "Event: refer\nSubscription-State: terminated;reason=noresource\nContent-Type: message/sipfrag"
    transferee.request("NOTIFY", *final.splitlines(), body=b"SIP/2.0 200 OK\r\n")
    transferee.expect("200 NOTIFY")
    assert transferor.outcome()[0] == 200


def test_a_transferor_that_had_gone_is_told_too(world: World, tmp_path: Path) -> None:
    store = Store(world)
    transferor, transferee, _ = ringing(world, store)
    transferor.hang_up()
    store.write()
    store.restarted(tmp_path)
    assert transferor.outcome()[0] == 503
    transferee.hung_up()


def test_media_is_described_anew_after_a_restart(world: World, tmp_path: Path) -> None:
    """A version of `o=` is not used twice for different media (RFC 3264 §8)."""
    store = Store(world)
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    store.write()
    transferor.request("INVITE", body=sdp(4000, "sendonly"))
    first = transferee.reinvited(sdp(5000, "recvonly"))
    transferor.established()
    store.write()
    store.restarted(tmp_path)
    transferor.request("INVITE", body=sdp(4000))
    second = transferee.reinvited(sdp(5000))
    transferor.established()
    assert version(second.body) > version(first.body)


def version(session: bytes) -> int:
    """Of the `o=` line."""
    return int(session.split(b"o=")[1].split()[2])


def test_requests_after_a_restart_have_numbers_that_were_not_used(world: World, tmp_path: Path) -> None:
    """RFC 3261 §12.2.1.1: higher by one or more; digits that are dialled in the call are requests too."""
    store = Store(world)
    carrier, pbx = world.party("carrier"), world.party("pbx")
    caller, callee = carrier.call("2001", pbx)
    store.write()
    last = 0
    for _ in range(150):
        caller.request("INFO", "Content-Type: application/dtmf-relay", body=b"Signal=1\r\n")
        info = callee.expect("INFO")
        callee.reply(200, request=info)
        last = info.cseq
    store.write()
    store.restarted(tmp_path)
    caller.hang_up()
    assert callee.hung_up().cseq > last


def test_what_a_transfer_tells_is_written_before_it_is_told(world: World) -> None:
    store, hub = Store(world), world.gateway.hub
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, _ = carrier.call("2001", pbx)
    assert not hub.has_urgent_changes
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    assert hub.has_urgent_changes
    store.write()
    assert not hub.has_urgent_changes
    transferor.notified(100)
    pbx.ring("2002").reply(486)
    transferor.expect("NOTIFY")
    assert hub.has_urgent_changes
    store.write()
    (row,) = store.rows.values()
    (referral,) = row["caller"]["referrals"]
    assert (referral["state"], referral["last"][0]) == ("ending", 486)


def test_a_target_that_answers_after_the_restart_is_released(world: World, tmp_path: Path) -> None:
    store = Store(world)
    transferor, transferee, target = ringing(world, store)
    later = store.restarted(tmp_path)
    transferor.outcome()
    transferor.hang_up()
    transferee.hung_up()
    later.wait(100)
    target.answer()
    target.hung_up()
    later.wait(201)
    target.reply(200, body=target.session)
    target.party.expect_none("ACK", 5)
