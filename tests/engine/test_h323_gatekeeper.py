"""An H.323 trunk with a gatekeeper: admission of calls in both directions, the gatekeeper lost and found."""

from pathlib import Path

import pytest

from gateway.h323.call_contents import Ending
from gateway.model.causes import Cause
from tests.engine.h323_world import ENDPOINTS, GATEWAY, H323World
from tests.engine.world import ADDRESSES, HOST, PORT, sdp
from tests.peers.gatekeeper import Endpoint, Gatekeeper, Options

RAS = "192.0.2.110"
CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
  - name: lan
    protocol: h323
    listen: "{GATEWAY}"
    aliases: ["9000", "refergate"]
    gatekeeper: {{address: "{RAS}:1719", direct: true, time_to_live: 60 MORE}}
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "*", to: lan}}
"""


class GatekeeperWorld(H323World):
    """With a gatekeeper that knows alice. `asked` is what it was told."""

    def __init__(self, folder: Path, options: Options | None = None, more: str = "") -> None:
        self.asked: list[str] = []
        self.gatekeeper: Gatekeeper | None = None
        self.options = options or Options()
        super().__init__(folder, text=CONFIGURATION.replace(" MORE", more))
        assert self.wait(5, lambda: self.gateway.h323.lines["lan"].is_up or bool(self.options.passwords))

    def h323_network(self):  # type: ignore[no-untyped-def]
        side = super().h323_network()

        def send(octets: bytes, to: str) -> None:
            host, _, port = RAS, "", 1719
            self.network.later(lambda now: self.gateway.h323_datagram("lan", octets, host, port, now))

        def tell(event: str, **fields: object) -> None:
            self.asked.append(event)

        gatekeeper = Gatekeeper(f"{RAS}:1719", self.options, send, tell, lambda: 1.7e9 + self.now)
        signal = f"{ENDPOINTS['alice']}:1720"
        known = Endpoint("alice", [("dialledDigits", "1001")], f"{RAS}:9", signal, 1e12, "")
        gatekeeper.endpoints["alice"] = known
        self.gatekeeper = gatekeeper

        def sent(trunk: str, octets: bytes, host: str, port: int) -> None:
            self.network.later(lambda now: gatekeeper.receive(octets, f"{HOST}:1719"))

        side.send_datagram = sent  # type: ignore[method-assign]
        return side


@pytest.fixture
def world(tmp_path: Path) -> GatekeeperWorld:
    return GatekeeperWorld(tmp_path)


def test_a_call_is_admitted_and_disengaged(world: GatekeeperWorld) -> None:
    ours = world.pbx.invite("1001")
    theirs = world.alice.offered().answer()
    ours.established()
    ours.hang_up()
    theirs.gone()
    world.wait(1)
    assert "admissionRequest" in world.asked
    assert "disengageRequest" in world.asked


def test_whom_the_gatekeeper_does_not_know(world: GatekeeperWorld) -> None:
    assert world.pbx.invite("1009").expect("404").status == 404


def test_a_call_to_us_is_admitted_first(world: GatekeeperWorld) -> None:
    talk = world.alice.call("2001")
    world.pbx.ring("2001").answer(sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    talk.release()
    world.wait(1)
    assert world.asked.count("admissionRequest") == world.asked.count("disengageRequest") == 1


def test_a_call_to_us_that_is_not_admitted(world: GatekeeperWorld) -> None:
    assert world.gatekeeper is not None
    world.gatekeeper.refusals["admissionRequest"] = "resourceUnavailable"
    ending = world.alice.call("2001").gone()
    assert ending.cause is not None
    assert ending.cause.value == 47
    assert not world.pbx.inbox


def test_the_gatekeeper_is_lost_and_found(world: GatekeeperWorld) -> None:
    """Without it no calls are made; it is looked for again and again."""
    assert world.gatekeeper is not None
    line = world.gateway.h323.lines["lan"]
    world.gatekeeper.silent = True
    assert world.wait(200, lambda: not line.is_up)
    assert world.pbx.invite("1001").expect("503").status == 503
    world.gatekeeper.silent = False
    assert world.wait(200, lambda: line.is_up)
    assert [event for event, _ in world.told if event.startswith("h323.")].count("h323.registered") == 2
    world.pbx.invite("1001")
    world.alice.offered()


def test_with_a_password(tmp_path: Path) -> None:
    """H.235.1: every message is signed, and the wrong password gets nowhere."""
    right = GatekeeperWorld(tmp_path, Options(passwords={"9000": "secret"}), ", password: secret, user: '9000'")
    assert right.wait(5, lambda: right.gateway.h323.lines["lan"].is_up)
    right.pbx.invite("1001")
    right.alice.offered()
    wrong = GatekeeperWorld(tmp_path, Options(passwords={"9000": "secret"}), ", password: guess, user: '9000'")
    assert not wrong.wait(60, lambda: wrong.gateway.h323.lines["lan"].is_up)


def test_a_refused_call_is_disengaged_with_its_cause(world: GatekeeperWorld) -> None:
    ours = world.pbx.invite("1001")
    world.alice.offered().release(Ending(Cause(17)))
    ours.expect("486")
    world.wait(1)
    assert world.asked.count("disengageRequest") == 1


def test_a_gatekeeper_that_does_not_take_us(tmp_path: Path) -> None:
    """Whoever runs the gateway hears of it, once."""
    world = GatekeeperWorld(tmp_path, Options(passwords={"9000": "secret"}))
    world.wait(200)
    said = [fields for event, fields in world.told if event == "h323.unregistered"]
    assert [each["level"] for each in said] == ["warning"]
    assert said[0]["reason"] in ("securityDenial", "timeout")


def test_we_say_goodbye(world: GatekeeperWorld) -> None:
    world.gateway.stop(world.now)
    world.wait(1)
    assert "unregistrationRequest" in world.asked
