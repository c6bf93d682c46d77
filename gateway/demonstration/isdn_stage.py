"""A gateway between a phone and an ISDN exchange, all on 127.0.0.1."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gateway.demonstration.exchange import Exchange, ExchangeKind
from gateway.demonstration.gateway_process import GatewayProcess
from gateway.demonstration.phone import Phone, PhoneKind
from gateway.demonstration.ports import free_ports
from gateway.demonstration.stage import Stage, settings

CALLER = "1001"
_HOST = "127.0.0.1"


class IsdnStage(Stage):
    """As Stage, but all numbers that begin with 5 are in the ISDN. `made_of` is what the exchange is made of."""

    def __init__(self, folder: Path, kind: PhoneKind, made_of: ExchangeKind) -> None:
        self._kind = kind
        self._port, phone, ours, theirs = free_ports(4)
        self._ports = {CALLER: phone}
        with ExitStack() as stack:
            self.exchange = stack.enter_context(Exchange(made_of, theirs, ours))
            whole = _with_isdn(settings(self._port, self._ports), ours, theirs)
            self.gateway = stack.enter_context(GatewayProcess(folder, whole))
            self.phones = {CALLER: stack.enter_context(Phone(CALLER, _HOST, phone, kind=kind))}
            self.exchange.start()
            self._stack = stack.pop_all()

    @property
    def names(self) -> dict[str, str]:
        """Parties by address and port, those of the D channel by their side."""
        exchange = f"ISDN ({self.exchange.kind})"
        return {
            f"{_HOST}:{self._ports[CALLER]}": "1001 transferor",
            f"{_HOST}:{self._port}": "refergate",
            "user": "refergate",
            "network": exchange,
        }


def _with_isdn(whole: dict[str, Any], ours: int, theirs: int) -> dict[str, Any]:
    """The trunk of the exchange, of which we are the user, and the route to it."""
    trunk = {
        "name": "isdn",
        "protocol": "isdn",
        "link": f"udp:{_HOST}:{ours}>{_HOST}:{theirs}",
        "side": "user",
        "variant": "euroisdn",
        "trusted": True,
    }
    return {**whole, "trunks": [*whole["trunks"], trunk], "routes": [*whole["routes"], {"match": "5*", "to": "isdn"}]}
