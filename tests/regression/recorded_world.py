"""A world on a virtual clock whose gateway writes down everything, as `serve --record` does."""

from pathlib import Path
from typing import Any

import pytest

from gateway.configuration import Configuration
from gateway.runtime.recorded_gateway import RecordedGateway
from gateway.runtime.recorder import Recorder
from tests.engine import h323_world, isdn_world, test_h323_gatekeeper, world

EPOCH = 1.7e9


class Silent:
    """A log that nothing may be written to."""

    def log(self, event: str, **fields: object) -> None:
        raise AssertionError((event, fields))


class Recorded:
    """Makes worlds; `folder` is where the recording of each goes. `close` before it is read."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "recording"
        self._scene = folder
        self._patch = patch
        self.recorder: Recorder

    def world(self) -> world.World:
        """Parties that speak SIP."""
        self._patch.setattr(world, "Gateway", self._gateway)
        return world.World(self._scene)

    def isdn_world(self, *kind: str) -> isdn_world.IsdnWorld:
        """One of them an exchange."""
        self._patch.setattr(world, "Gateway", self._gateway)
        return isdn_world.IsdnWorld(self._scene, *kind)

    def h323_world(self, more: str = "") -> h323_world.H323World:
        """Three of them endpoints of H.323."""
        self._patch.setattr(world, "Gateway", self._gateway)
        return h323_world.H323World(self._scene, more)

    def gatekeeper_world(self) -> test_h323_gatekeeper.GatekeeperWorld:
        """With a gatekeeper."""
        self._patch.setattr(world, "Gateway", self._gateway)
        return test_h323_gatekeeper.GatekeeperWorld(self._scene)

    def close(self) -> Path:
        """The folder, complete."""
        self.recorder.close()
        return self.folder

    def _gateway(self, configuration: Configuration, **surroundings: Any) -> RecordedGateway:
        self.recorder = Recorder(
            self.folder, self._scene / "gateway.yaml", Silent(), clock=lambda: 1000.0, wall=lambda: EPOCH
        )
        self.recorder.begin(configuration, surroundings["listeners"])
        return RecordedGateway(configuration, recorder=self.recorder, **surroundings)


def blind(here: world.World) -> None:
    """The carrier's phone calls 2001 and transfers it to 2002."""
    carrier, pbx = here.party("carrier"), here.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    here.wait(2)
    target.answer(world.sdp(6000))
    transferee.reinvited()
    assert transferor.outcome()[0] == 200
    transferor.hang_up()
    here.wait(1)
    transferee.hang_up()
    target.hung_up()


def attended(here: world.World) -> None:
    """The carrier's phone calls 2001 and 2002 and puts them together."""
    carrier, pbx = here.party("carrier"), here.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    consulting = carrier.invite("2002")
    target = pbx.ring("2002")
    target.answer(world.sdp(5002, host=world.ADDRESSES["pbx"]))
    consulting.established()
    here.wait(3)
    replaced = f"{consulting.call_id.replace('@', '%40')}%3Bto-tag%3D{consulting.remote_tag}"
    transferor.refer(f"<sip:2002@{world.HOST}?Replaces={replaced}%3Bfrom-tag%3D{consulting.local_tag}>")
    transferor.expect("202 REFER")
    for line in (transferee, target):
        line.reinvited()
    assert transferor.outcome()[0] == 200
    consulting.hung_up()
    transferor.hang_up()
    transferee.hang_up()
    target.hung_up()
