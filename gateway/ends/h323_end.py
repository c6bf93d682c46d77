"""The H.323 end: trunks with call signalling of H.225.0, and legs over their calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.configuration import AnyTrunk, Configuration
from gateway.ends.h323_network import H323Network
from gateway.ends.line_end import LineEnd
from gateway.hub.leg import LegEvents, Observer
from gateway.model.call import CallRequest
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue

if TYPE_CHECKING:
    from gateway.ends.h323_connections import H323Connections
    from gateway.ends.h323_identities import H323Identities
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_line import H323Line
    from gateway.ends.h323_transferring import Transferring

_IDENTIFY = 7


class H323End(LineEnd["H323Line"]):
    """`network` is the way out; `wall` gives seconds since 1970. `hub` hears of new calls; it is set when all is
    wired, before `start`. `transferring` are the transfers that peers have been asked for, by their legs.

    Raises GatewayError for a cause profile or number plan that does not exist.
    """

    at_start = ("listen", "gatekeeper")

    def __init__(
        self,
        configuration: Configuration,
        timers: TimerQueue,
        network: H323Network,
        token: Callable[[], str],
        wall: Callable[[], float],
        observer: Observer,
    ) -> None:
        super().__init__(configuration, observer)
        self.timers = timers
        self.network = network
        self.token = token
        self.wall = wall
        self.hub: LegEvents
        self.connections: H323Connections
        self.identities: H323Identities
        self.transferring: dict[H323Leg, Transferring] = {}
        if configuration.h323_trunks:
            self._open(configuration)

    def _open(self, configuration: Configuration) -> None:
        # Who has no H.323 trunk need not wait for its codecs to be loaded.
        from gateway.ends.h323_connections import H323Connections
        from gateway.ends.h323_identities import H323Identities
        from gateway.ends.h323_line import H323Line

        self.connections = H323Connections(self, self.network, self.observer)
        self.identities = H323Identities(self.timers)
        for settings in configuration.h323_trunks:
            self.lines[settings.name] = H323Line(self, settings, configuration)

    def start(self, now: float) -> None:
        """All listeners are bound: gatekeepers are looked for. The codecs are made now, not by the first call."""
        if self.lines:
            _prepare()
        for line in self.lines.values():
            if line.gatekeeper is not None:
                line.gatekeeper.start(now)

    def stop(self, now: float) -> None:
        """Every call ends, and every registration."""
        if self.lines:
            self.connections.close_all(now)
        for line in self.lines.values():
            if line.gatekeeper is not None:
                line.gatekeeper.stop(now)

    def datagram(self, trunk: str, octets: bytes, host: str, port: int, now: float) -> None:
        """A datagram at the RAS socket of that trunk."""
        line = self.lines.get(trunk)
        if line is not None and line.gatekeeper is not None:
            line.gatekeeper.received(octets, host, port, now)

    def line_for(self, listener: str, host: str) -> "H323Line | None":
        """The trunk that takes a connection from `host` at this listener; None when nobody does."""
        fitting = (each for each in self.lines.values() if each.made_from.listen == listener and each.admits(host))
        return next(fitting, None)

    def wanted(self, configuration: Configuration) -> dict[str, AnyTrunk]:
        """The settings of its trunks, by name."""
        return {each.name: each for each in configuration.h323_trunks}

    def statistics(self) -> dict[str, int]:
        """Numbers for people."""
        found: dict[str, int] = {}
        for name, line in self.lines.items():
            found[f"legs.{name}"] = len(line.legs)
            found[f"trunk_up.{name}"] = int(line.is_up)
        if self.lines:
            found["h323_connections"] = len(self.connections)
        return found

    # --- the hub asks ---

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> "H323Leg":
        """Calls. Raises GatewayError."""
        return self.lines[trunk].place(request, owner, now)

    def restore(self, snapshot: dict[str, object], owner: LegEvents, now: float) -> "H323Leg":
        """No leg outlives its connection: H.225.0 has no way to take a call up again. Raises GatewayError."""
        raise GatewayError("a call of H.323 ends with its connection", sip_status=503, cause=41)


def _prepare() -> None:
    """Has every codec written and read once, which takes a moment the first time."""
    from gateway.h323 import h225, h450, per, signals
    from gateway.model.remote_operations import Invoke

    per.prepare()
    call = signals.Call(1, identifier=bytes(16))
    h225.decode(h225.encode(signals.setup(call, (), [("dialledDigits", "1")], [])))
    h225.decode(h225.encode(signals.connect(call, ())))
    h450.decode(h450.encode(h450.SupplementaryService((Invoke(1, _IDENTIFY),))))
    per.decode_control(per.encode_control(("response", ("terminalCapabilitySetAck", {"sequenceNumber": 1}))))
