"""refergate between softphones and libpri, the far end of an ISDN trunk."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.live.signalling import assert_clean
from tests.peers import tshark
from tests.peers.libpri_peer import LibpriPeer
from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

GATEWAY = "127.0.0.1"
SWITCHES = {
    "euroisdn": "euroisdn_e1",
    "qsig": "qsig",
    "ni2": "ni2",
    "dms100": "dms100",
    "5ess": "lucent5e",
    "4ess": "att4ess",
}
"""libpri's name of each variant."""
_OPERATIONS = {"euroisdn": tshark.ETSI}
"""How tshark reads the operations of a variant; QSIG's by default."""
CHANNELS = {"euroisdn": "1-15,17-31", "qsig": "1-15,17-31"}


class IsdnBorder:
    """Phones 1001, 1002, … behind SIP trunks, and libpri behind the trunk `isdn`: all numbers that begin with 5.

    `layer_2` waits until libpri has its data link (on a bus the first call brings it up). `has_frames`: the
    capture of the gateway has its LAPD frames too.
    """

    has_frames = True

    def __init__(
        self,
        folder: Path,
        variant: str = "euroisdn",
        side: str = "user",
        *,
        phones: int = 1,
        isdn: dict[str, Any] | None = None,
        more: dict[str, Any] | None = None,
        options: Sequence[str] = (),
        layer_2: bool = True,
    ) -> None:
        self._stack = ExitStack()
        self.folder, self.variant = folder, variant
        self.frames = folder / "d_channel.pcap"
        self.users = [str(1001 + number) for number in range(phones)]
        ours, theirs, *ports = free_ports(2 + phones)
        self.ports = dict(zip(self.users, ports, strict=True))
        self.addresses = {user: f"127.0.0.{2 + number}" for number, user in enumerate(self.users)}
        node = "network" if side == "user" else "cpe"
        self.settings = {**self._settings(ours, theirs, variant, side, isdn or {}), **(more or {})}
        self.peer = self._stack.enter_context(
            LibpriPeer(
                node=node,
                switch=SWITCHES[variant],
                port=theirs,
                remote=ours,
                capture=self.frames,
                options=tuple(options),
            )
        )
        self.gateway = self._stack.enter_context(Refergate(folder, self.settings, transports=("udp",), capture=True))
        self.phones = {user: self._stack.enter_context(self._phone(user)) for user in self.users}
        self.peer.start()
        if layer_2:
            self.peer.wait("dchan_up")

    def uri(self, user: str) -> str:
        """That user at the gateway."""
        return f"sip:{user}@{GATEWAY}:{self.gateway.port}"

    def call_out(self, number: str, caller: str = "1001", name: str = "out") -> tuple[str, str]:
        """A call of a phone to the ISDN, answered: its name at both ends."""
        self.phones[caller].call(name, self.uri(number))
        there = str(self.peer.wait("ring", called=number)["id"])
        self.peer.send(f"proceed {there}")
        self.peer.send(f"alert {there}")
        self.peer.send(f"answer {there}")
        self.phones[caller].state(name, "CONFIRMED")
        return name, there

    def call_in(self, callee: str = "1001", name: str = "in", rest: str = "") -> tuple[str, str]:
        """A call from the ISDN to a phone, answered: its name at both ends."""
        self.peer.send(f"call {name} {callee} {rest}")
        incoming = str(self.phones[callee].wait("incoming")["call"])
        self.phones[callee].answer(incoming)
        self.peer.wait("answer", id=name)
        self.phones[callee].state(incoming, "CONFIRMED")
        return name, incoming

    def close(self) -> None:
        """Ends all. Fails when something went wrong inside the gateway, or when tshark finds a message malformed."""
        faults = self.gateway.faults()
        self._stack.close()
        assert not faults, faults
        ports, options = [self.gateway.port, *self.ports.values()], _OPERATIONS.get(self.variant, ())
        if self.has_frames:
            # tshark gives up at the service discriminator of DMS-100's operations.
            assert_clean(self.gateway.capture_path, ports, options=options, all_of_it=self.variant != "dms100")
        else:
            assert tshark.malformed(self.frames, options=options) == []
            assert_clean(self.gateway.capture_path, ports)

    def _settings(self, ours: int, theirs: int, variant: str, side: str, more: dict[str, Any]) -> dict[str, Any]:
        trunks: list[dict[str, Any]] = [
            {"name": f"t{user}", "peers": [f"udp:{self.addresses[user]}:{self.ports[user]}"], "trusted": True}
            for user in self.users
        ]
        trunks.append(
            {
                "name": "isdn",
                "protocol": "isdn",
                "link": f"udp:127.0.0.1:{ours}>127.0.0.1:{theirs}",
                "side": side,
                "variant": variant,
                "channels": CHANNELS.get(variant, "1-23"),
                "trusted": True,
                **more,
            }
        )
        routes = [{"match": user, "to": f"t{user}"} for user in self.users]
        return {"trunks": trunks, "routes": [*routes, {"match": "5*", "to": "isdn"}]}

    def _phone(self, user: str) -> PjsuaPhone:
        return PjsuaPhone(user, self.addresses[user], self.ports[user], "udp", "")


@contextmanager
def isdn_border(folder: Path, variant: str = "euroisdn", side: str = "user", **more: Any) -> Iterator[IsdnBorder]:
    """Such a border, found clean in the end."""
    here = IsdnBorder(folder, variant, side, **more)
    try:
        yield here
    except BaseException:
        here._stack.close()
        raise
    here.close()
