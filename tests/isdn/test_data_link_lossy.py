"""Two sides with a line between them that loses, doubles and delays frames: they always find together again."""

from collections.abc import Callable
from random import Random

import pytest

from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from tests.isdn.line import Fate, Layer3, Sides, hostile, sound

SETTINGS = DataLinkSettings(retry=5.0)
OVER_DATAGRAMS = DataLinkSettings(retry=5.0, over_datagrams=True)


class Talker:
    """Sends numbered messages on one link, and knows how much layer 3 had heard when each was sent."""

    def __init__(self, link: DataLink, above: Layer3) -> None:
        self.link = link
        self.above = above
        self.said = 0
        self.sent: dict[int, int] = {}

    def talk(self, now: float, messages: int = 1) -> None:
        for number in range(self.said, self.said + messages):
            if self.link.send_data(number.to_bytes(4, "big"), now):
                self.sent[number] = self.events
        self.said += messages

    @property
    def last(self) -> bytes:
        return (max(self.sent)).to_bytes(4, "big")

    @property
    def events(self) -> int:
        return sum(isinstance(each, str) for each in self.above.heard)

    def excused(self) -> set[int]:
        """Messages after which layer 3 has heard that the link was reset or lost."""
        return {number for number, before in self.sent.items() if self.events > before}


class Scene(Sides):
    """Two sides with somebody talking on each."""

    def __init__(self, settings: DataLinkSettings, fate: Fate) -> None:
        super().__init__(settings, fate)
        self.talkers = {side: Talker(link, self.above[side]) for side, link in self.links.items()}


Act = Callable[[Random, Talker, float], object]

TALK: tuple[tuple[int, Act], ...] = (
    (40, lambda chance, talker, now: talker.talk(now)),
    (20, lambda chance, talker, now: talker.talk(now, chance.randint(2, 12))),
    (3, lambda chance, talker, now: talker.link.set_busy(True, now)),
    (6, lambda chance, talker, now: talker.link.set_busy(False, now)),
)
RESET: tuple[tuple[int, Act], ...] = (
    (3, lambda chance, talker, now: talker.link.establish(now)),
    (2, lambda chance, talker, now: talker.link.release(now)),
    (1, lambda chance, talker, now: talker.link.deactivate(now)),
)


def play(chance: Random, settings: DataLinkSettings, fate: Fate, acts: tuple[tuple[int, Act], ...]) -> Scene:
    """A random course; then the line gets well, both want the link up, and a message passes each way."""
    scene = Scene(settings, fate)
    line = scene.line
    scene.user.establish(0.0)
    for _ in range(40):
        (act,) = chance.choices([act for _, act in acts], [weight for weight, _ in acts])
        act(chance, scene.talkers[chance.choice(tuple(Side))], line.now)
        line.run(chance.choice((0, 0, 0.005, 0.05, 0.6, 3)))
    heal(scene)
    for side, talker in scene.talkers.items():
        talker.talk(line.now)
        line.run(1)
        assert scene.above[side.other].data[-1] == talker.last
    return scene


def heal(sides: Sides) -> None:
    sides.line.fate = sound
    for link in sides.links.values():
        link.set_busy(False, sides.line.now)
    sides.line.run(60)
    for link in sides.links.values():
        if not link.is_up:
            link.establish(sides.line.now)
    sides.line.run(60)
    for link in sides.links.values():
        assert (link.is_up, link.waiting) == (True, 0)


def assert_in_order(scene: Scene) -> None:
    for side, talker in scene.talkers.items():
        numbers = [int.from_bytes(each, "big") for each in scene.above[side.other].data]
        assert numbers == sorted(set(numbers)), "twice, or out of order"
        lost = set(talker.sent) - set(numbers)
        assert lost <= talker.excused(), "lost without a word"


@pytest.mark.parametrize("block", range(4))
def test_nothing_is_lost_doubled_or_disordered_without_layer_3_hearing_of_it(block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        chance = Random(seed)
        fate = hostile(chance, loss=chance.choice((0, 0.1, 0.4)), doubling=0.1)
        assert_in_order(play(chance, SETTINGS, fate, TALK + RESET))


@pytest.mark.parametrize("block", range(4))
def test_over_datagrams_that_come_late_twice_and_out_of_order_too(block: int) -> None:
    """As long as nobody resets the link: what was under way before a reset cannot be told from what came after it."""
    for seed in range(block * 100, block * 100 + 100):
        chance = Random(seed)
        fate = hostile(chance, loss=chance.choice((0, 0.05)), doubling=0.2, delaying=0.2)
        sides = play(chance, OVER_DATAGRAMS, fate, TALK)
        assert_in_order(sides)


@pytest.mark.parametrize("block", range(4))
def test_over_datagrams_both_sides_always_find_together_again(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        chance = Random(seed)
        fate = hostile(chance, loss=chance.choice((0, 0.1, 0.4)), doubling=0.2, delaying=0.2)
        play(chance, OVER_DATAGRAMS, fate, TALK + RESET)
