"""The signalling in a capture: SIP, Q.931 and H.225.0 messages out of whatever they were carried in.

Memory stays flat and a broken packet is named, never fatal. The common packet (SIP or media in UDP in IPv4, on
Ethernet or Linux cooked) takes a short way, one pattern over all of it; all others go through the layers.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from struct import pack, unpack
from typing import NamedTuple

from gateway.capture import files, iua, lapd, links, sctp, tcp
from gateway.capture.framing import Found
from gateway.capture.internet import Datagram, Internet
from gateway.capture.sip_stream import START_LINE, starts_sip
from gateway.engine.signal import Signal
from gateway.model.errors import DecodeError, GatewayError

UDP = 17
_RAS_PORTS = frozenset((1718, 1719))
_RAS_MARK = b"\x06\x00\x08\x91\x4a\x00"
"""The protocolIdentifier of H.225.0, near the beginning of what is said before all else (H.225.0 7.8, 7.9)."""
ENDPOINTS_KEPT = 8_192


__all__ = ["Problem", "Reading", "Signal", "signals"]

PlainSip = Callable[[int, float, bytes, str, str], None]
"""Takes a SIP message that came alone in a UDP datagram: frame, time, octets, source, destination."""

MediaPacket = Callable[[float, bytes, int], None]
"""Takes what begins as RTP and RTCP do, in UDP in IPv4: time, the whole packet, where in it the payload begins."""


class Problem(NamedTuple):
    """A packet that could not be read, or not all of it. `frame` 0 is the file itself."""

    frame: int
    what: str


def signals(
    path: Path,
    problems: Callable[[Problem], None],
    progress: Callable[[int], None] | None = None,
) -> Iterator[Signal]:
    """Every message of the capture, as `Reading` gives them. `problems` hears of each problem as it is found."""
    return iter(Reading(path, problems, progress))


class Reading:
    """One reading of a capture file: iterate over it once for its signals. `packets` counts as it goes.

    `problems` is called with each Problem, `progress` with the octets of the file read so far.
    With `beside` there are also what goes beside call signalling of H.323: "h245" (H.245 on connections of its own,
    without TPKT) and "ras". Iterating raises DecodeError when the file is no capture, and no other error.
    """

    def __init__(
        self,
        path: Path,
        problems: Callable[[Problem], None],
        progress: Callable[[int], None] | None = None,
        *,
        beside: bool = False,
    ) -> None:
        self.packets = 0
        self._path = path
        self._progress = progress
        self._problems = problems
        self._layers = Layers(self._report, beside=beside)
        self._endpoints = Endpoints()

    def __iter__(self) -> Iterator[Signal]:
        heard: list[Signal] = []

        def sip(frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
            heard.append(Signal(frame, time, "sip", octets, source, destination, "udp", ""))

        for packet in self._packets():
            self._feed((packet,), heard.append, sip)
            yield from heard
            heard.clear()
        yield from self._layers.close()

    def feed(self, take: Callable[[Signal], None], sip: PlainSip, media: MediaPacket | None = None) -> None:
        """Every message to `take`, and to `sip` those that came the short way: without a value of their own, because
        they come by the hundred thousand. What either of them raises (GatewayError) is a problem of that packet.
        `media` gets the media that came the short way.
        """
        self._feed(self._packets(), take, sip, media)
        for signal in self._layers.close():
            try:
                take(signal)
            except GatewayError as error:
                self._report(signal.frame, str(error))

    @property
    def has_other_media(self) -> bool:
        """Whether there was media that came the long way."""
        return self._layers.has_media

    def _packets(self) -> Iterator[tuple[int, files.Packet]]:
        recorded = files.packets(self._path, lambda what: self._report(self.packets, what), self._progress)
        return enumerate(recorded, 1)

    def _feed(
        self,
        packets: Iterable[tuple[int, files.Packet]],
        take: Callable[[Signal], None],
        sip: PlainSip,
        media: MediaPacket | None = None,
    ) -> None:
        layers, endpoints, plain = self._layers, self._endpoints, _PLAIN
        for frame, (time, link, octets, interface) in packets:
            self.packets = frame
            try:
                found = plain[link](octets) if link in plain else None
                if found:
                    if found.lastindex == _MEDIA:
                        if media is not None:
                            media(time, octets, found.start(_MEDIA))
                        continue
                    start = found.start(_SIP)
                    end = start - 8 + (octets[start - 4] << 8 | octets[start - 3])
                    if end <= len(octets):
                        source, destination = endpoints[octets[start - 16 : start - 4]]
                        sip(frame, time, octets[start:end], source, destination)
                        continue
                for signal in layers.signals(frame, time, link, interface, octets):
                    take(signal)
            except GatewayError as error:
                self._report(frame, str(error))

    def _report(self, frame: int, what: str) -> None:
        self._problems(Problem(frame, what))


def _plain(link_header: bytes) -> Callable[[bytes], re.Match[bytes] | None]:
    """A pattern over a whole packet: `link_header`, IPv4 without options or fragments, UDP, then media (group 1) or a
    SIP start line (where group 2 is). RTP and RTCP begin with version 2 (RFC 3550), no text does.
    """
    upto_udp = link_header + rb"\x45(?s:.{5})[\x00\x40]\x00(?s:.)\x11(?s:.{18})"
    return re.compile(upto_udp + rb"(?:([\x80-\xbf])|()" + b"(?:" + START_LINE.pattern + b"))").match


_MEDIA, _SIP = 1, 2
_PLAIN = {
    links.ETHERNET: _plain(rb"(?s:.{12}(?:\x81\x00..)?)\x08\x00"),
    links.LINUX_SLL: _plain(rb"(?s:.{14})\x08\x00"),
    links.LINUX_SLL2: _plain(rb"\x08\x00(?s:.{18})"),
    links.RAW: _plain(b""),
}
"""By link type. One pattern for all fields is several times faster than to look at them one by one."""


class Endpoints(dict[bytes, tuple[str, str]]):
    """Source and destination as text, by source address, destination address and both ports as on the wire."""

    def __missing__(self, key: bytes) -> tuple[str, str]:
        if len(self) >= ENDPOINTS_KEPT:
            self.clear()
        size = (len(key) - 4) // 2
        texts = (
            endpoint(key[:size], int.from_bytes(key[-4:-2], "big")),
            endpoint(key[size : 2 * size], int.from_bytes(key[-2:], "big")),
        )
        self[key] = texts
        return texts


def endpoint(address: bytes, port: int) -> str:
    """Address of 4 or 16 octets and port as text."""
    text = str(ip_address(address))
    return f"{text}:{port}" if len(address) == 4 else f"[{text}]:{port}"


class Layers:
    """The long way: link, tunnels, IP, transport, framing. Holds the state of all streams and links."""

    def __init__(self, report: Callable[[int, str], None], *, beside: bool = False) -> None:
        self._report = report
        self._beside = beside
        self._internet = Internet(report)
        self._tcp = tcp.TcpStreams(report, beside=beside)
        self._sctp = sctp.SctpAssociations()
        self._data_links = lapd.DataLinks()
        self._endpoints = Endpoints()
        self._unknown_links: set[int] = set()
        self._ras: set[frozenset[tuple[bytes, int]]] = set()
        self.has_media = False

    def signals(self, frame: int, time: float, link: int, interface: int, octets: bytes) -> Iterator[Signal]:
        """The messages that this packet completes. Raises DecodeError when it is broken."""
        if link in (links.LAPD, links.LINUX_LAPD):
            yield from self._from_d_channel(frame, time, link, interface, octets)
        elif links.known(link):
            ethertype, offset = links.carried(link, octets)
            datagram = self._internet.datagram(ethertype, octets[offset:], frame, time)
            if datagram is not None:
                yield from self._from_datagram(frame, time, datagram)
        elif link not in self._unknown_links:
            self._unknown_links.add(link)
            self._report(frame, f"link type {link} is not known (said once)")

    def close(self) -> Iterator[Signal]:
        """The capture has ended: what was still waiting for something."""
        for heard in self._tcp.close():
            yield self._from_stream(heard)
        self._internet.close()

    def _from_d_channel(self, frame: int, time: float, link: int, interface: int, octets: bytes) -> Iterator[Signal]:
        seen = (lapd.linux_lapd if link == links.LINUX_LAPD else lapd.lapd)(octets)
        message = self._data_links.information(interface, seen)
        if message[:1] == b"\x08":
            sides = ("user", "network") if seen.from_user else ("network", "user")
            name = f"lapd:{interface}/sapi{seen.frame.sapi}/tei{seen.frame.tei}"
            yield Signal(frame, time, "q931", message, *sides, "lapd", name)

    def _from_datagram(self, frame: int, time: float, datagram: Datagram) -> Iterator[Signal]:
        if datagram.protocol == tcp.PROTOCOL:
            for heard in self._tcp.messages(datagram, frame, time):
                yield self._from_stream(heard)
        elif datagram.protocol == UDP:
            yield from self._from_udp(frame, time, datagram)
        elif datagram.protocol == sctp.PROTOCOL:
            yield from self._from_sctp(frame, time, datagram)

    def _from_udp(self, frame: int, time: float, datagram: Datagram) -> Iterator[Signal]:
        payload = datagram.payload
        if len(payload) < 8:
            raise DecodeError("packet ends inside its UDP header")
        length = int.from_bytes(payload[4:6], "big")
        message = _sip(payload[8 : length or None])
        if not message and self._beside and self._is_ras(datagram, payload):
            where = self._between(datagram, payload[:4])
            yield Signal(frame, time, "ras", payload[8 : length or None], *where, "udp", "")
            return
        if not message:
            self.has_media = self.has_media or (len(payload) > 8 and payload[8] >> 6 == 2)
            return
        if datagram.missing:
            self._report(frame, f"SIP message cut short by the capture: {datagram.missing} octets are missing")
        yield Signal(frame, time, "sip", message, *self._between(datagram, payload[:4]), "udp", "")

    def _is_ras(self, datagram: Datagram, payload: bytes) -> bool:
        """By its port, or because GRQ, RRQ or their answers have gone between these ports."""
        source, destination = unpack(">HH", payload[:4])
        ends = frozenset(((datagram.source, source), (datagram.destination, destination)))
        if _RAS_MARK in payload[8:32]:
            self._ras.add(ends)
        return ends in self._ras or not _RAS_PORTS.isdisjoint((source, destination))

    def _from_sctp(self, frame: int, time: float, datagram: Datagram) -> Iterator[Signal]:
        for message in self._sctp.messages(datagram):
            found = _in_sctp(message)
            if found is not None:
                where = self._between(datagram, pack(">HH", *message.ports))
                yield Signal(frame, time, found.protocol, found.octets, *where, "sctp", found.link)

    def _from_stream(self, heard: tcp.Heard) -> Signal:
        found, segment, (source, destination, *ports) = heard
        where = self._endpoints[source + destination + pack(">HH", *ports)]
        return Signal(segment.frame, segment.time, found.protocol, found.octets, *where, found.transport, found.link)

    def _between(self, datagram: Datagram, ports: bytes) -> tuple[str, str]:
        """Source and destination as text; `ports` are both as on the wire."""
        return self._endpoints[datagram.source + datagram.destination + ports]


def _sip(octets: bytes) -> bytes:
    """The SIP message in a datagram behind any empty lines (RFC 3261, 7.5); empty when there is none."""
    octets = octets.lstrip(b"\r\n")
    return octets if starts_sip(octets) else b""


def _in_sctp(message: sctp.UserMessage) -> Found | None:
    if message.protocol == iua.PAYLOAD_PROTOCOL:
        return iua.iua_message(message.octets, "sctp")
    return Found("sip", message.octets, "sctp") if starts_sip(message.octets) else None
