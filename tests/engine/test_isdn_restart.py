"""Transfers that the ISDN has asked for, over a crash of the gateway: the peer gets the answer to its invoke."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.isdn.call import IsdnCall
from gateway.model.transfer import Outcome
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_transfers import call_in, execute, linked, outcome, single_step
from tests.engine.world import Line


class Crash:
    """A world of the network's side whose store is what the gateway has told of."""

    def __init__(self, folder: Path, kind: str = "euroisdn") -> None:
        self.folder, self.kind = folder, kind
        self.rows: dict[str, dict[str, Any]] = {}
        self.world = IsdnWorld(folder, kind, side="network")

    def after(self, *calls: IsdnCall) -> tuple[IsdnWorld, list[IsdnCall]]:
        """The gateway once more, with its store, and the exchange with those calls of its own."""
        for key, snapshot in self.world.gateway.changes():
            self.rows.pop(key, None)
            if snapshot is not None:
                self.rows[key] = snapshot
        later = IsdnWorld(self.folder, self.kind, side="network")
        # The link is up already: neither side may be asked for a call before it has it back.
        assert later.gateway.restore(list(self.rows.items()), later.now) == ()
        found = [later.switch.control.restore_call(call.snapshot(), later.now) for call in calls]
        later.wait(0.1)
        return later, found


def again(line: Line, later: IsdnWorld) -> Line:
    """The same dialog, of the same party in the later world."""
    line.party = later.party(line.party.name)
    return line


def test_explicit_call_transfer_gets_its_result(tmp_path: Path) -> None:
    """The two are being joined when the gateway is killed."""
    crash = Crash(tmp_path)
    first, one = call_in(crash.world, "2001")
    second, other = call_in(crash.world, "3001")
    first.facility(crash.world.now, execute(linked(crash.world, second)))
    crash.world.wait(0.05)
    later, _ = crash.after(first, second)
    one, other = again(one, later), again(other, later)
    answer_all(later, one, other, lambda: later.switch.has("FACILITY"))
    found = outcome(later)
    assert (found.outcome, found.invoke_id) == (Outcome.SUCCEEDED, 5)


def test_link_ids_are_still_known(tmp_path: Path) -> None:
    crash = Crash(tmp_path)
    first, one = call_in(crash.world, "2001")
    second, other = call_in(crash.world, "3001")
    link = linked(crash.world, second)
    later, (ours, _) = crash.after(first, second)
    ours.facility(later.now, execute(link))
    again(one, later).reinvited()
    again(other, later).reinvited()
    assert outcome(later).outcome is Outcome.SUCCEEDED


def test_a_single_step_gets_its_error(tmp_path: Path) -> None:
    """The target that was being called is not known any more: the transfer has failed, the call stays."""
    crash = Crash(tmp_path, "qsig")
    first, _ = call_in(crash.world, "2001")
    first.facility(crash.world.now, single_step("3001", await_connect=True))
    crash.world.carrier.ring()
    crash.world.wait(0.05)
    later, (ours,) = crash.after(first)
    later.wait(40, lambda: later.switch.has("FACILITY"))
    found = outcome(later, "qsig")
    assert (found.outcome, found.invoke_id) == (Outcome.FAILED, 5)
    assert ours.is_active


def answer_all(later: IsdnWorld, one: Line, other: Line, done: Callable[[], bool]) -> None:
    """Both parties accept what they are offered, as often as they are."""

    def accept() -> bool:
        for line in (one, other):
            invite = line.party.has("INVITE", line.call_id)
            if invite is not None:
                line.party.inbox.remove(invite)
                line.reply(200, body=line.session, request=invite)
        return done()

    assert later.wait(40, accept)
