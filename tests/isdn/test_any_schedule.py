"""Whatever both sides do and whatever is lost, in the end no call is stuck and no channel is taken.

Two of our sides, on Q.921 over a line that loses, doubles and delays frames, and bare over one that loses messages.
REFERGATE_SCHEDULES is the number of schedules of each kind.
"""

import os
from collections.abc import Callable
from random import Random

import pytest

from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import CallControl
from gateway.isdn.call_table import TimerName
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.elements import CallState
from gateway.isdn.interface import PointToPoint
from gateway.isdn.side import Side
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from tests.isdn.interface import BEARER, BUSY, CALLED, IN_BAND, NORMAL, Owner, Wire, digits, element, settings
from tests.isdn.line import Line, hostile, sound

_BLOCKS = 4
_SCHEDULES = int(os.environ.get("REFERGATE_SCHEDULES", "240")) // _BLOCKS
_CHANNELS = 3
AUDIT = {TimerName.AUDIT: 100.0}
_NOTIFICATION, _PROGRESS = element(0x27, "ea"), element(0x1E, "8081")


class World:
    """Two call controls and a clock; `heal` lets everything pass, `run` lets time pass."""

    controls: dict[Side, CallControl]
    owners: dict[Side, Owner]
    now: float

    def run(self, seconds: float) -> None:
        raise NotImplementedError

    def heal(self) -> None:
        raise NotImplementedError

    def disturb(self, chance: Random) -> None:
        """The data link is lost or comes back."""
        raise NotImplementedError


class OnDataLinks(World):
    """Q.931 on Q.921 on a line that does `fate` to frames."""

    def __init__(self, name: str, chance: Random, loss: float, *, over_datagrams: bool) -> None:
        delaying = 0.2 if over_datagrams else 0.0
        self.line = Line(hostile(chance, loss=loss, doubling=delaying, delaying=delaying))
        self.owners = {side: Owner() for side in Side}
        link_settings = DataLinkSettings(over_datagrams=over_datagrams, retry=2.0)
        self.ends = {
            side: PointToPoint(
                settings(side, name, _CHANNELS, timers=AUDIT),
                self.line.timers,
                self.line.sender(side),
                self.owners[side],
                link_settings,
            )
            for side in Side
        }
        self.controls = {side: end.control for side, end in self.ends.items()}
        for side, end in self.ends.items():
            self.line.receivers[side].append(end.receive)
            end.start(0.0)

    @property
    def now(self) -> float:  # type: ignore[override]
        return self.line.now

    def run(self, seconds: float) -> None:
        self.line.run(seconds)

    def heal(self) -> None:
        self.line.fate = sound
        self.run(60)
        for end in self.ends.values():
            if not end.link.is_up:
                end.start(self.now)

    def disturb(self, chance: Random) -> None:
        end = self.ends[chance.choice(tuple(Side))]
        chance.choice((end.link.establish, end.link.release, end.link.deactivate))(self.now)


class OnWire(World):
    """Q.931 alone, over something that loses and doubles messages, as no data link does."""

    def __init__(self, name: str, chance: Random, loss: float) -> None:
        self.wire = Wire()
        self.owners = {side: Owner() for side in Side}
        self.controls = {
            side: CallControl(
                settings(side, name, _CHANNELS, timers=AUDIT),
                self.wire.timers,
                self.wire.end(side),
                self.owners[side],
            )
            for side in Side
        }
        self.wire.ends.update(self.controls)
        self.wire.fate = lambda octets: () if chance.random() < loss else (0.01,) * chance.choice((1, 1, 1, 2))
        self.wire.up()

    @property
    def now(self) -> float:  # type: ignore[override]
        return self.wire.now

    def run(self, seconds: float) -> None:
        self.wire.run(seconds)

    def heal(self) -> None:
        self.wire.fate = lambda octets: (0.01,)
        self.wire.up()

    def disturb(self, chance: Random) -> None:
        if self.wire.is_up:
            self.wire.down()
        else:
            self.wire.up()


Act = Callable[[Random, IsdnCall, float], object]
ACTS: tuple[Act, ...] = (
    lambda chance, call, now: call.setup_acknowledge(now),
    lambda chance, call, now: call.proceeding(now),
    lambda chance, call, now: call.alerting(now),
    lambda chance, call, now: call.progress(now, IN_BAND),
    lambda chance, call, now: call.progress(now, _PROGRESS),
    lambda chance, call, now: call.connect(now),
    lambda chance, call, now: call.connect(now),
    lambda chance, call, now: call.information(
        now, digits("12"), *((element(0xA1),) if chance.random() < 0.3 else ())
    ),
    lambda chance, call, now: call.notify(now, _NOTIFICATION),
    lambda chance, call, now: call.facility(
        now, element(0x1C, "91a106020101020106" + "00" * chance.choice((1, 240)))
    ),
    lambda chance, call, now: call.hold(now),
    lambda chance, call, now: call.hold_acknowledge(now),
    lambda chance, call, now: call.hold_reject(Cause(29), now),
    lambda chance, call, now: call.retrieve(now),
    lambda chance, call, now: call.retrieve_acknowledge(now),
    lambda chance, call, now: call.retrieve_reject(Cause(34), now),
    lambda chance, call, now: call.enquire(now),
    lambda chance, call, now: call.disconnect(NORMAL, now),
    lambda chance, call, now: call.disconnect(BUSY, now, IN_BAND),
    lambda chance, call, now: call.release(NORMAL, now),
)


def step(world: World, chance: Random) -> None:
    """One thing that somebody does."""
    side = chance.choice(tuple(Side))
    control = world.controls[side]
    what = chance.random()
    if what < 0.15:
        try:
            exclusive = chance.choice((None, True, False))
            control.setup((BEARER, CALLED), world.now, exclusive=exclusive, independent=chance.random() < 0.1)
        except GatewayError as error:
            assert error.cause == 34
    elif what < 0.18:
        world.disturb(chance)
    elif what < 0.19:
        control.restart(world.now, chance.choice((None, tuple(control.channels)[:1])))
    elif control.calls:
        chance.choice(ACTS)(chance, chance.choice(control.calls), world.now)


def play(world: World, chance: Random) -> None:
    """A random course, in which every event of the owner may have an answer at once."""
    for owner in world.owners.values():
        for name in ("call_offered", "alerting_received", "hold_requested", "retrieve_requested", "disconnected"):
            owner.on[name] = reaction(chance)
    for _ in range(40):
        step(world, chance)
        world.run(chance.choice((0, 0, 0.005, 0.05, 0.05, 1, 5, 50)))


def reaction(chance: Random) -> Callable[..., None]:
    def react(call: IsdnCall, *more: object) -> None:
        now = more[-1]
        assert isinstance(now, float)
        if chance.random() < 0.4:
            chance.choice(ACTS)(chance, call, now)

    return react


def assert_it_ends(world: World) -> None:
    """Everything passes, and what can still be done is done: both sides come to nothing."""
    for owner in world.owners.values():
        owner.on.clear()
    world.heal()
    world.run(400)
    for side, control in world.controls.items():
        others = {(call.call_reference, call.is_originating): call for call in world.controls[side.other].calls}
        for call in control.calls:
            assert call.state is CallState.ACTIVE or not call.is_over, "stuck in clearing"
            assert (call.call_reference, not call.is_originating) in others, "the other side knows nothing of it"
    for control in world.controls.values():
        for call in control.calls:
            call.disconnect(NORMAL, world.now)
    world.run(400)
    for side, control in world.controls.items():
        assert not control.calls, "stuck"
        assert control.channels.idle == _CHANNELS, "a channel is lost"
        assert not control._outbox._waiting
        assert_told_once(world.owners[side])
    assert len(timers(world)) <= 10, "timers of calls that are over"


def timers(world: World) -> list[object]:
    queue = next(iter(world.controls.values())).timers
    return [entry for entry in queue._heap if entry[2].action is not None]


def assert_told_once(owner: Owner) -> None:
    """Exactly one `released` for each call that was offered or said anything, and nothing after it."""
    over: set[int] = set()
    seen: dict[int, object] = {}
    for name, arguments in owner.events:
        if not arguments or not isinstance(arguments[0], IsdnCall):
            continue
        call = arguments[0]
        assert id(call) not in over, f"{name} after released"
        seen[id(call)] = call
        if name == "released":
            over.add(id(call))
    assert over == set(seen)


VARIANTS = ("euroisdn", "qsig", "ni2")


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_on_data_links_over_a_line_that_loses(block: int) -> None:
    for seed in range(block * _SCHEDULES, (block + 1) * _SCHEDULES):
        chance = Random(seed)
        loss = chance.choice((0, 0.1, 0.3))
        world = OnDataLinks(VARIANTS[seed % 3], chance, loss, over_datagrams=seed % 2 == 0)
        try:
            play(world, chance)
            assert_it_ends(world)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_without_a_data_link_over_something_that_loses_messages(block: int) -> None:
    for seed in range(block * _SCHEDULES, (block + 1) * _SCHEDULES):
        chance = Random(seed)
        world = OnWire(VARIANTS[seed % 3], chance, chance.choice((0, 0.1, 0.4)))
        try:
            play(world, chance)
            assert_it_ends(world)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
