"""The gatekeeper of one H.323 trunk: our registration there, and what it wants of our calls."""

from typing import TYPE_CHECKING, Any

from gateway.configuration.h323_trunk import host_and_port, written
from gateway.ends.h323_clearing import not_admitted
from gateway.h323.ras.client import GatekeeperClient, GatekeeperEvents, GatekeeperSettings, RasCall
from gateway.model.call import Clearing
from gateway.model.causes import Cause

if TYPE_CHECKING:
    from gateway.ends.h323_line import H323Line

_WAITING = "ras-waiting"
_ASKED_TO = Clearing(0, Cause(31))


class H323Gatekeeper(GatekeeperEvents):
    """What the client of a trunk tells. `client` is asked for admissions."""

    def __init__(self, line: "H323Line") -> None:
        self._line = line
        self.client: GatekeeperClient | None = None
        self._why_not = ""

    def start(self, now: float) -> None:
        """Registers, and stays so. The RAS socket is bound by now."""
        line = self._line
        gatekeeper = line.settings.gatekeeper
        assert gatekeeper is not None
        host, port = line.end.network.ras_port(line.name)
        own = written(host, port) if host else line.settings.listen
        settings = GatekeeperSettings(
            gatekeeper.address,
            own,
            line.settings.listen,
            aliases=line.own_aliases,
            identifier=gatekeeper.identifier,
            password=gatekeeper.password,
            sender=gatekeeper.user,
            time_to_live=gatekeeper.time_to_live,
            prefixes=gatekeeper.prefixes,
        )
        end = line.end
        self.client = GatekeeperClient(settings, self._send, self, end.timers, end.token, end.wall)
        self.client.start(now)

    def stop(self, now: float) -> None:
        """Unregisters."""
        if self.client is not None:
            self.client.stop(now)

    @property
    def is_registered(self) -> bool:
        """Whether calls can be made and taken."""
        return self.client is not None and self.client.is_registered

    def received(self, datagram: bytes, host: str, port: int, now: float) -> None:
        """A datagram of whoever."""
        if self.client is not None:
            self.client.receive(datagram, written(host, port), now)

    def _send(self, datagram: bytes, address: str) -> None:
        self._line.end.network.send_datagram(self._line.name, datagram, *host_and_port(address, 0))

    # --- what the client tells ---

    def registered(self, now: float) -> None:
        """Calls can be made."""
        self._why_not = ""
        self._log("h323.registered")

    def registration_lost(self, reason: str, now: float) -> None:
        """They cannot."""
        self._why_not = reason
        self._log("h323.unregistered", level="warning", reason=reason)

    def disengage_asked(self, call: RasCall, reason: str, now: float) -> None:
        """The gatekeeper wants the call cleared."""
        self._line.disengage(call, _ASKED_TO if reason != "forcedDrop" else not_admitted(reason), now)

    def bandwidth_changed(self, call: RasCall, bandwidth: int, now: float) -> None:
        """The codec is the ends' to choose."""

    def ras_log(self, event: str, now: float, **fields: Any) -> None:
        """What RAS notes. Why we are not registered is told once for each reason, not with each attempt."""
        if event == _WAITING and fields["reason"] != self._why_not:
            self.registration_lost(fields["reason"], now)
        self._log("h323.ras", level="debug", what=event, **fields)

    def _log(self, event: str, **fields: Any) -> None:
        self._line.end.observer.log(event, trunk=self._line.name, **fields)
