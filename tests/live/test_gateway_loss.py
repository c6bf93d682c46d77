"""Transfers over a network that loses and doubles datagrams both ways, on every leg: each one completes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.live.front import GATEWAY, Front, running
from tests.live.players import Callee, Caller
from tests.live.stage import HOSTS, Stage, all_done
from tests.peers.lossy_relay import LossyRelay
from tests.peers.ports import free_ports
from tests.peers.sipp import Sipp, Step, pause

pytestmark = pytest.mark.live

TRANSFERS = 40
PATIENT = ("-default_behaviors", "all,-abortunexp", "-timeout", "100s", "-recv_timeout", "60000")


class Lossy(Stage):
    """A stage whose every player is behind the relay."""

    relay: LossyRelay

    def plays_often(self, name: str, steps: list[Step]) -> Sipp:
        """That many calls of that scenario, eight a second. What comes twice or too late does not matter to it."""
        remote = "{}:{}".format(*self.relay.front)
        words = ("-m", str(TRANSFERS), "-r", "8", *PATIENT)
        sipp = Sipp(name, insistent(steps), *self.gateway.places[name], remote, options=words)
        return self.stack.enter_context(sipp)


def insistent(steps: list[Step]) -> list[Step]:
    """A 2xx to an INVITE is repeated until its ACK comes."""
    return [
        step.replace("<send>", '<send retrans="500">') if 'request="ACK"' in after else step
        for step, after in zip(steps, [*steps[1:], ""], strict=True)
    ]


@contextmanager
def lossy(folder: Path, seed: int) -> Iterator[Lossy]:
    ports = free_ports(len(HOSTS))
    places = {name: (host, port) for (name, host), port in zip(HOSTS.items(), ports, strict=True)}
    routes = [{"match": number, "to": name} for number, name in zip("123", places, strict=True)]
    gateway = Front(folder, places, routes=routes)
    with LossyRelay((GATEWAY, gateway.port), *places.values(), seed=seed, loss=0.05, doubling=0.05) as relay:
        gateway.lay_out({name: relay.stand_ins[place] for name, place in places.items()})
        with running(gateway), ExitStack() as stack:
            here = Lossy(gateway, stack)
            here.relay = relay
            yield here
        assert relay.told["lost"] > 20
        assert relay.told["doubled"] > 20


def test_blind(tmp_path: Path) -> None:
    with lossy(tmp_path, 5) as here:
        alice, bob, carol = Caller("alice", "here[call_number]"), Callee("bob"), Callee("carol")
        target = here.plays_often("carol", [*carol.called(), *carol.hung_up()])
        transferee = here.plays_often("bob", [*bob.called(), *bob.offered(), pause(3000), *bob.hangs_up(1)])
        front = "{}:{}".format(*here.relay.front)
        transferor = here.plays_often(
            "alice",
            [
                *alice.calls("2"),
                pause(1600),
                *alice.refers(2, f"<sip:3@{front}>"),
                *alice.hears(200),
                pause(600),
                *alice.hangs_up(3),
            ],
        )
        all_done(transferor, transferee, target, seconds=110)
        records = here.gateway.wait_records(TRANSFERS)
        assert [record["outcome"] for record in records] == ["succeeded"] * TRANSFERS
