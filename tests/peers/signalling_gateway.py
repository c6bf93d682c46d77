"""A signalling gateway (RFC 4233) for the tests: ISDN behind it, and in front a process that has call control.

Messages are written and read here by themselves, without the code under test; Q.921 towards the ISDN is ours, as a
gateway has to have one. It serves one process at a time and gives traffic to whoever becomes active.
"""

from collections.abc import Callable
from struct import pack, unpack_from

from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue

Parameters = list[tuple[int, bytes]]

ERR, NTFY = (0, 0), (0, 1)
ASPUP, ASPDN, BEAT, ASPUP_ACK, ASPDN_ACK, BEAT_ACK = ((3, number) for number in range(1, 7))
ASPAC, ASPIA, ASPAC_ACK, ASPIA_ACK = ((4, number) for number in range(1, 5))
DATA_REQUEST, DATA_INDICATION, UNIT_DATA_REQUEST, UNIT_DATA_INDICATION = ((5, number) for number in range(1, 5))
ESTABLISH_REQUEST, ESTABLISH_CONFIRM, ESTABLISH_INDICATION = ((5, number) for number in range(5, 8))
RELEASE_REQUEST, RELEASE_CONFIRM, RELEASE_INDICATION = ((5, number) for number in range(8, 11))
_INTERFACE, _DLCI, _BEAT_DATA, _TRAFFIC_MODE, _ERROR_CODE, _STATUS, _DATA, _REASON = 1, 5, 9, 11, 12, 13, 14, 15
_AS_ACTIVE, _ALTERNATE_ACTIVE, _AS_PENDING = 0x10003, 0x20002, 0x10004
_WITH_DATA = (DATA_REQUEST, UNIT_DATA_REQUEST)


def written(kind: tuple[int, int], parameters: Parameters) -> bytes:
    """A message."""
    body = b""
    for tag, value in parameters:
        body += pack(">HH", tag, 4 + len(value)) + value + bytes(-len(value) % 4)
    return bytes((1, 0, *kind)) + pack(">I", 8 + len(body)) + body


def read(octets: bytes) -> tuple[tuple[int, int], dict[int, bytes]]:
    """The kind of a message, and its parameters (the last of each tag)."""
    assert octets[0] == 1
    assert int.from_bytes(octets[4:8]) == len(octets)
    found, position = {}, 8
    while position < len(octets):
        tag, length = unpack_from(">HH", octets, position)
        found[tag] = octets[position + 4 : position + length]
        assert len(found[tag]) == length - 4
        position += length + -length % 4
    return (octets[2], octets[3]), found


class SignallingGateway:
    """`send` takes messages for the process. `heard` has the kinds of those that came from it.

    `is_silent`: nothing is answered.
    """

    def __init__(self, timers: TimerQueue, send: Callable[[bytes], None]) -> None:
        self.timers = timers
        self.send = send
        self.heard: list[tuple[int, int]] = []
        self.is_up = self.is_active = self.is_silent = False
        self.links: dict[int, Interface] = {}

    def interface(
        self, number: int, side: Side, send: Callable[[bytes], None], settings: DataLinkSettings | None = None
    ) -> "Interface":
        """One more interface; `side` is ours towards the ISDN, `send` takes LAPD frames."""
        found = self.links[number] = Interface(self, number, side, send, settings or DataLinkSettings())
        return found

    def associated(self) -> None:
        """A process has connected."""
        self.is_up = self.is_active = False

    def receive(self, octets: bytes, now: float) -> None:
        """A message of the process."""
        kind, parameters = read(octets)
        self.heard.append(kind)
        if self.is_silent:
            return
        if kind == ASPUP:
            self.is_up = True
            self.say(ASPUP_ACK)
        elif kind == ASPDN:
            self.is_up = self.is_active = False
            self.say(ASPDN_ACK)
        elif kind == BEAT:
            self.say(BEAT_ACK, [(_BEAT_DATA, parameters[_BEAT_DATA])])
        elif kind == ASPAC:
            self._activate(parameters)
        elif kind[0] == 5:
            self._request(kind, parameters, now)

    def replace(self) -> None:
        """Another process takes the traffic."""
        self.is_active = False
        self.say(NTFY, [(_STATUS, pack(">I", _ALTERNATE_ACTIVE))])

    def give_back(self) -> None:
        """That one has failed."""
        self.say(NTFY, [(_STATUS, pack(">I", _AS_PENDING))])

    def say(self, kind: tuple[int, int], parameters: Parameters | None = None) -> None:
        """A message to the process."""
        self.send(written(kind, parameters or []))

    def _activate(self, parameters: dict[int, bytes]) -> None:
        if not self.is_up:
            self.say(ERR, [(_ERROR_CODE, pack(">I", 6))])
            return
        assert parameters[_TRAFFIC_MODE] == pack(">I", 1)
        self.is_active = True
        self.say(ASPAC_ACK, [(_TRAFFIC_MODE, parameters[_TRAFFIC_MODE])])
        self.say(NTFY, [(_STATUS, pack(">I", _AS_ACTIVE))])

    def _request(self, kind: tuple[int, int], parameters: dict[int, bytes], now: float) -> None:
        assert self.is_active, "traffic without ASP Active"
        interface = self.links.get(int.from_bytes(parameters[_INTERFACE]))
        if interface is None:
            self.say(ERR, [(_ERROR_CODE, pack(">I", 2))])
            return
        assert parameters[_DLCI] == bytes((0, 1, 0, 0)), "SAPI 0, TEI 0"
        interface.request(kind, parameters.get(_DATA, b"") if kind in _WITH_DATA else b"", now)


class Interface:
    """A D channel of the gateway, with its data link."""

    def __init__(
        self,
        gateway: SignallingGateway,
        number: int,
        side: Side,
        send: Callable[[bytes], None],
        settings: DataLinkSettings,
    ) -> None:
        self._gateway = gateway
        self._named: Parameters = [(_INTERFACE, pack(">I", number)), (_DLCI, bytes((0, 1, 0, 0)))]
        self._is_asked = False
        self.link = DataLink(side, gateway.timers, send, self, settings)

    def request(self, kind: tuple[int, int], octets: bytes, now: float) -> None:
        """Of the process."""
        if kind == ESTABLISH_REQUEST:
            self._is_asked = True
            if self.link.is_up:
                self._tell(ESTABLISH_CONFIRM)
            else:
                self.link.establish(now)
        elif kind == RELEASE_REQUEST:
            self.link.release(now)
        elif kind == DATA_REQUEST:
            self.link.send_data(octets, now)

    def link_established(self, now: float) -> None:
        """The data link is up."""
        self._tell(ESTABLISH_CONFIRM if self._is_asked else ESTABLISH_INDICATION)
        self._is_asked = False

    def link_released(self, now: float) -> None:
        """It is not, any more."""
        self._tell(RELEASE_INDICATION, [(_REASON, pack(">I", 2))])

    def data_received(self, octets: bytes, now: float) -> None:
        """A Q.931 message from the ISDN."""
        self._tell(DATA_INDICATION, [(_DATA, octets)])

    def unit_data_received(self, octets: bytes, now: float) -> None:
        """One that was sent to all."""
        self._tell(UNIT_DATA_INDICATION, [(_DATA, octets)])

    def _tell(self, kind: tuple[int, int], more: Parameters | None = None) -> None:
        if self._gateway.is_active:
            self._gateway.say(kind, [*self._named, *(more or [])])
