"""Calls and transfers with a proxy that record-routes between gateway and bob: all of a dialog goes through it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.live.front import GATEWAY, front
from tests.live.players import TRYING, Callee, Caller, over, sdp
from tests.live.stage import ALICE, CAROL, Stage, all_done, to_carol
from tests.peers.kamailio import Kamailio
from tests.peers.ports import free_ports
from tests.peers.sipp import Sipp, Step, pause

pytestmark = pytest.mark.live


class Proxied(Stage):
    """bob is behind the proxy."""

    proxy: Kamailio
    place: tuple[str, int]

    def plays_behind(self, steps: list[Step]) -> Sipp:
        """bob's SIPp."""
        proxy = "{}:{}".format(*self.gateway.places["bob"])
        return self.stack.enter_context(Sipp("bob", steps, *self.place, proxy))

    @property
    def passed(self) -> dict[str, str]:
        """What bob sees of a request that has come through the proxy."""
        return {"Via": ":{}".format(self.gateway.places["bob"][1])}


@contextmanager
def proxied(folder: Path) -> Iterator[Proxied]:
    alice, proxy, behind, carol = free_ports(4)
    places = {"alice": (ALICE, alice), "bob": (GATEWAY, proxy), "carol": (CAROL, carol)}
    routes = [{"match": number, "to": name} for number, name in zip("123", places, strict=True)]
    with front(folder, places, routes=routes) as gateway, ExitStack() as stack:
        here = Proxied(gateway, stack)
        here.place = (GATEWAY, behind)
        here.proxy = stack.enter_context(Kamailio(GATEWAY, proxy, gateway=gateway.port, callee=behind))
        yield here
        assert "ERROR" not in here.proxy.errors()


def test_transferee_behind_the_proxy(tmp_path: Path) -> None:
    with proxied(tmp_path) as here:
        alice, bob, carol = Caller("alice"), Callee("bob"), Callee("carol")
        called = bob.called(body=sdp(5000), having=here.passed)
        offered = bob.offered(port=5000, having={**here.passed, "": "m=audio 6000 "})
        transferee = here.plays_behind([*called, *offered, pause(500), *bob.hangs_up(1)])
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *carol.hung_up()])
        transferor = here.plays(
            "alice", [*alice.calls("2"), *alice.refers(2, to_carol(here)), *alice.hears(200), *alice.hangs_up(3)]
        )
        all_done(transferor, transferee, target)


def transfers(bob: Caller | Callee, here: Proxied) -> list[Step]:
    """bob transfers whom he talks to, and leaves."""
    return [
        *bob.refers(2, to_carol(here)),
        *bob.notified({**here.passed, **TRYING}),
        *bob.notified({**here.passed, **over(200)}),
        *bob.hangs_up(3),
    ]


def test_transferor_who_was_called_through_the_proxy(tmp_path: Path) -> None:
    with proxied(tmp_path) as here:
        alice, bob, carol = Caller("alice"), Callee("bob"), Callee("carol")
        transferor = here.plays_behind([*bob.called(), *transfers(bob, here)])
        target = here.plays("carol", [*carol.called(ringing=False, body=sdp(6000)), *carol.hung_up()])
        moved = alice.offered(port=4000, having={"": "m=audio 6000 "})
        transferee = here.plays("alice", [*alice.calls("2"), *moved, pause(500), *alice.hangs_up(2)])
        all_done(transferor, transferee, target)


def test_transferor_who_has_called_through_the_proxy(tmp_path: Path) -> None:
    with proxied(tmp_path) as here:
        alice, bob, carol = Callee("alice"), Caller("bob"), Callee("carol")
        target = here.plays("carol", [*carol.called(ringing=False, body=sdp(6000)), *carol.hung_up()])
        moved = alice.offered(port=4000, having={"": "m=audio 6000 "})
        transferee = here.plays("alice", [*alice.called(), *moved, pause(500), *alice.hangs_up(1)])
        transferor = here.plays_behind([*bob.calls("1"), *transfers(bob, here)])
        all_done(transferor, transferee, target)


def test_bye_and_re_invite_of_the_gateway_take_the_route_set(tmp_path: Path) -> None:
    with proxied(tmp_path) as here:
        alice, bob = Callee("alice"), Caller("bob")
        held = [*bob.offered(having={**here.passed, "": "m=audio 4444 "}), *bob.hung_up(here.passed)]
        steps = [
            *alice.called(),
            *alice.offers(1, sdp(4444, "sendonly", 2)),
            *alice.hangs_up(2),
        ]
        callee = here.plays("alice", steps)
        all_done(here.plays_behind([*bob.calls("1"), *held]), callee)
