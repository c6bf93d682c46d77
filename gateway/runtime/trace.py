"""What passes over the transports, written down: the REFER transactions of traced trunks, a capture of everything."""

from collections.abc import Callable
from pathlib import Path

from gateway.capture.writer import LARGEST_UDP, Writer, prepare
from gateway.configuration import BackhaulChannel, Configuration, IuaInterface
from gateway.hub.leg import Observer
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.runtime.stream_link import Ends
from gateway.sip.flow import Flow
from gateway.sip.scan import Scan

_TRACED = (b"REFER", b"NOTIFY")


class ReferTrace:
    """Requests and responses of REFER and NOTIFY with all that is in them, into the log, for trunks with `trace`.

    `trunk_at` gives the name of the trunk behind a flow, "" for a stranger.
    """

    def __init__(self, trunks: frozenset[str], observer: Observer, trunk_at: Callable[[Flow], str]) -> None:
        self._trunks = trunks
        self._observer = observer
        self._trunk_at = trunk_at

    def see(self, inbound: bool, flow: Flow, octets: bytes) -> None:
        """One message, whole."""
        scan = Scan(octets)
        try:
            if scan.cseq_method not in _TRACED:
                return
            fields = {"call_id": scan.call_id, "from_tag": scan.from_tag, "to_tag": scan.to_tag}
        except DecodeError:
            return
        trunk = self._trunk_at(flow)
        if trunk in self._trunks:
            text = octets.decode("utf-8", "replace")
            direction = "in" if inbound else "out"
            self._observer.log("trace", trunk=trunk, direction=direction, peer=str(flow), **fields, message=text)


def traced(configuration: Configuration) -> frozenset[str]:
    """The names of the trunks whose transfers are traced."""
    return frozenset(trunk.name for trunk in configuration.trunks if trunk.trace)


class Capture:
    """A capture file of all signalling: SIP, whatever its transport, as UDP, so that what went by TLS can be read as
    well; the frames of D channels, messages of IUA as over SCTP, PRI backhaul; the connections of H.323.

    It is the tap of the transports and, with `d_channel`, of the D channels of `configuration`. A file that
    cannot be written to ends the capture, never the server. `wall` gives seconds since 1970. Raises OSError
    when the file cannot be made.
    """

    def __init__(
        self, path: Path, observer: Observer, wall: Callable[[], float], configuration: Configuration | None = None
    ) -> None:
        self._path, self._observer, self._wall = path, observer, wall
        trunks = configuration.isdn_trunks if configuration is not None else ()
        self._d_channels = {each.name: each for each in trunks}
        if any(isinstance(each.d_channel, IuaInterface | BackhaulChannel) for each in trunks):
            prepare()
        self._writer: Writer | None = Writer(path)

    def __call__(self, inbound: bool, flow: Flow, ours: tuple[str, int], octets: bytes) -> None:
        """Writes one message that came in or goes out; `ours` is our own address."""
        if self._writer is None or len(octets) > LARGEST_UDP:
            return
        peer, own = _endpoint(flow.host, flow.port), _endpoint(*ours)
        source, destination = (peer, own) if inbound else (own, peer)
        try:
            self._writer.sip(self._wall(), source, destination, octets)
        except (OSError, LocalProtocolError) as error:
            self._give_up(error)

    def d_channel(self, inbound: bool, trunk: str, frame: bytes, ends: Ends | None = None) -> None:
        """Writes one frame of the D channel of that trunk, or one message of the connection that it is on; `ends` are
        our address there and the peer's.
        """
        settings = self._d_channels.get(trunk)
        if self._writer is None or settings is None:
            return
        try:
            if isinstance(settings.d_channel, IuaInterface):
                _between(self._writer.iua, self._wall(), ends, inbound, frame)
            elif isinstance(settings.d_channel, BackhaulChannel):
                _between(self._writer.stream, self._wall(), ends, inbound, frame)
            else:
                from_user = inbound is (settings.side == "network")
                self._writer.lapd(self._wall(), trunk, from_user, frame)
        except (OSError, LocalProtocolError) as error:
            self._give_up(error)

    def h323(self, inbound: bool, ours: str, peer: str, octets: bytes) -> None:
        """Writes octets of a connection of H.323; the ends are "address:port"."""
        if self._writer is None:
            return
        source, destination = (peer, ours) if inbound else (ours, peer)
        try:
            self._writer.stream(self._wall(), source, destination, octets)
        except (OSError, LocalProtocolError) as error:
            self._give_up(error)

    def flush(self) -> None:
        """What was written so far is in the file."""
        try:
            if self._writer:
                self._writer.flush()
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Finishes the file."""
        self.flush()
        if self._writer:
            self._writer.close()
            self._writer = None

    def _give_up(self, error: Exception) -> None:
        self._observer.log("capture.failed", path=str(self._path), reason=str(error))
        self._writer = None


def _between(
    write: Callable[[float, str, str, bytes], None], time: float, ends: Ends | None, inbound: bool, message: bytes
) -> None:
    """Writes what passed between us and the peer; without a connection nothing did."""
    if ends is not None:
        own, peer = (_endpoint(*end) for end in ends)
        write(time, *((peer, own) if inbound else (own, peer)), message)


def _endpoint(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
