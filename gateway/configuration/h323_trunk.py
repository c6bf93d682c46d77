"""An H.323 trunk of gateway.yaml."""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gateway.configuration.trunk import AnyTrunk
from gateway.tables import Table, refuse

SIGNALLING_PORT = 1720
RAS_PORT = 1719

Codec = Literal["pcma", "pcmu", "g722", "g729", "opus"]


def host_and_port(text: str, default: int) -> tuple[str, int]:
    """What `address:port` names; the port may be left out, an IPv6 address stands in brackets. Raises ValueError."""
    host, bracket, port = text[1:].partition("]") if text.startswith("[") else text.partition(":")
    port = port.removeprefix(":") if bracket == "]" else port
    if port and not (port.isdecimal() and int(port) <= 65_535):
        raise ValueError("should be address:port, the port from 0 to 65535")
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("should be address:port with a numeric address, IPv6 in brackets") from None
    return host, int(port) if port else default


def written(host: str, port: int) -> str:
    """`address:port`, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _signalling(text: str) -> str:
    return written(*host_and_port(text, SIGNALLING_PORT))


def _ras(text: str) -> str:
    return written(*host_and_port(text, RAS_PORT))


SignallingText = Annotated[str, AfterValidator(_signalling)]
RasText = Annotated[str, AfterValidator(_ras)]


class Gatekeeper(Table):
    """The gatekeeper that a trunk registers with (RAS, H.225.0 §7). `identifier` is the one to find ("" takes any).

    `local` is where our RAS socket is bound. `user` and `password` are for H.235.1 (baseline); `user` is the
    first alias unless said. `prefixes` are the numbers that lie behind us. `time_to_live` are the seconds of a
    registration that we ask for. `direct`: whoever the gatekeeper admits (ARQ) may call, from whichever address.
    """

    address: RasText
    identifier: str = ""
    local: str = ""
    user: str = ""
    password: str = ""
    prefixes: tuple[str, ...] = ()
    time_to_live: int = Field(default=300, ge=10, le=86_400)
    direct: bool = False

    @model_validator(mode="after")
    def _local_is_place(self) -> "Gatekeeper":
        if self.local:
            try:
                host_and_port(self.local, 0)
            except ValueError as error:
                refuse([(("local",), str(error))])
        return self


class H323Trunk(AnyTrunk):
    """An H.323 trunk: call signalling over TCP (H.225.0), H.245 in a tunnel or beside it.

    `listen` is where it takes calls ("" takes none); trunks may share it. `peers` are where its calls go, in order of
    preference, and whose calls are taken; a `gatekeeper` says where they go, and those that it routes are taken too.
    `aliases` are ours: digits are dialledDigits, all else an h323-ID.
    `fast_start`: media is offered in SETUP. `tunnelling`: H.245 goes within call signalling where the peer can.
    `call_identity` is how callTransferInitiate says that there is no secondary call (H.450.2): `blank` or `empty`.
    `native`: a transfer is asked of the peers by H.450.2 where both of them are on this trunk.
    `ct_t1` … `ct_t4` are the timers of H.450.2 in seconds.
    """

    protocol: Literal["h323"]
    profile: Literal["generic"] = "generic"
    listen: Annotated[str, AfterValidator(lambda text: text and _signalling(text))] = ""
    peers: tuple[SignallingText, ...] = ()
    gatekeeper: Gatekeeper | None = None
    aliases: tuple[str, ...] = ()
    fast_start: bool = True
    tunnelling: bool = True
    codecs: tuple[Codec, ...] = ("pcma", "pcmu", "g722", "g729")
    group: str = ""
    native: bool = True
    call_identity: Literal["blank", "empty"] = "blank"
    ct_t1: float = Field(default=10.0, gt=0)
    ct_t2: float = Field(default=30.0, gt=0)
    ct_t3: float = Field(default=20.0, gt=0)
    ct_t4: float = Field(default=15.0, gt=0)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "H323Trunk":
        if not (self.listen or self.peers or self.gatekeeper):
            refuse([(("peers",), "a trunk without listener, peers and gatekeeper has no calls")])
        if self.gatekeeper and not self.listen:
            refuse([(("listen",), "a gatekeeper has to know where calls are taken")])
        if not self.codecs:
            refuse([(("codecs",), "should have at least one")])
        for index, alias in enumerate(self.aliases):
            if not 1 <= len(alias) <= 128:
                refuse([(("aliases", index), "should have 1 to 128 characters")])
        return self

    @property
    def own_host(self) -> str:
        """Our address towards its peers; "" when the system is to choose."""
        return host_and_port(self.listen, 0)[0] if self.listen else ""
