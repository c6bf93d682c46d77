"""The media in a recording: RTP and RTCP packets from or to the sockets that session descriptions announced.

Which sockets these are is known when the recording has been read. So the beginnings of all media packets are kept on
a tape meanwhile; where that is not enough (media in tunnels, IPv6, more than fit), a second reading looks at nothing
but the sockets asked for. The common packet takes a short way in it, as in `gateway.capture.signals`; all others go
through the layers.
"""

import re
from array import array
from collections.abc import Callable, Container, Iterator
from ipaddress import ip_address
from pathlib import Path
from struct import unpack_from
from typing import NamedTuple

from gateway.capture import files, links
from gateway.capture.internet import Internet
from gateway.diagnosis.rtcp import ReceiverReport, is_rtcp, reports
from gateway.diagnosis.rtp import HEADER, RtpStream
from gateway.model.errors import DecodeError

UDP = 17


class Socket(NamedTuple):
    """Address as text without brackets, and port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Flow:
    """What went from one socket to another: RTP streams by SSRC."""

    __slots__ = ("destination", "source", "streams")

    def __init__(self, source: Socket, destination: Socket) -> None:
        self.source = source
        self.destination = destination
        self.streams: dict[int, RtpStream] = {}

    def packets_between(self, start: float, end: float) -> int:
        """RTP packets from time `start` up to, and without, time `end`."""
        spans = (stream.between(start, end) for stream in self.streams.values())
        return sum(after - before for before, after in spans)


class Media:
    """All flows from or to the sockets asked for; the receivers' reports by the SSRC that they are about."""

    def __init__(self) -> None:
        self.flows: list[Flow] = []
        self.by_socket: dict[Socket, list[Flow]] = {}
        self.reports: dict[int, list[ReceiverReport]] = {}

    def add(self, flow: Flow) -> Flow:
        """One more flow."""
        self.flows.append(flow)
        self.by_socket.setdefault(flow.source, []).append(flow)
        self.by_socket.setdefault(flow.destination, []).append(flow)
        return flow

    def reverse(self, flow: Flow) -> Flow | None:
        """The flow the other way, None when there is none."""
        others = self.by_socket.get(flow.destination, ())
        back = flow.destination, flow.source
        return next((other for other in others if (other.source, other.destination) == back), None)


TAPE = 4_000_000
"""Media packets that are kept at a time: some 120 MB."""
_KEPT = 4 + HEADER
"""Octets of each: the end of its UDP header, which has the length, and the header of RTP."""


class _Strip:
    """What went from one socket to another: times, DSCP and beginnings of RTP packets, and whole ones of RTCP."""

    __slots__ = ("beginnings", "control", "dscp", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.dscp = array("B")
        self.beginnings = bytearray()
        self.control: list[tuple[float, bytes]] = []

    def packets(self) -> Iterator[tuple[float, int, bytes]]:
        """Time, DSCP and RTP header of each packet that has a whole one."""
        for number, (time, dscp) in enumerate(zip(self.times, self.dscp, strict=True)):
            beginning = bytes(self.beginnings[number * _KEPT : (number + 1) * _KEPT])
            if int.from_bytes(beginning[:2], "big") >= 8 + HEADER:
                yield time, dscp, beginning[4:]


class Tape:
    """All media that came the short way, by both addresses and both ports as on the wire. `is_full` when there were
    more packets than fit: nothing is kept then.
    """

    def __init__(self, room: int = TAPE) -> None:
        self._strips: dict[bytes, _Strip] = {}
        self._room = room
        self.is_full = False

    def put(self, time: float, octets: bytes, start: int) -> None:
        """A packet whose UDP payload begins at `start`."""
        key = octets[start - 16 : start - 4]
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = _Strip()
        if is_rtcp(octets, start):
            strip.control.append((time, octets[start : start - 8 + (octets[start - 4] << 8 | octets[start - 3])]))
            return
        beginning = octets[start - 4 : start + HEADER]
        if len(beginning) < _KEPT or self.is_full:
            return
        strip.times.append(time)
        strip.dscp.append(octets[start - 27] >> 2)
        strip.beginnings += beginning
        self._room -= 1
        if not self._room:
            self.is_full = True
            self._strips.clear()

    def media(self, sockets: Container[Socket]) -> Media:
        """The RTP from and to `sockets`, and the RTCP about it."""
        listener = _Listener(sockets)
        for key, strip in self._strips.items():
            listener.hear(key, strip)
        for heard in listener.media.reports.values():
            heard.sort(key=lambda report: report.time)
        return listener.media


def read_media(path: Path, sockets: Container[Socket]) -> Media:
    """The RTP from and to `sockets`, and the RTCP anywhere. Raises DecodeError when the file is no capture."""
    return _Listener(sockets).listen(path)


def _plain(link_header: bytes) -> Callable[[bytes], re.Match[bytes] | None]:
    """`link_header`, IPv4 without options or fragments, UDP; group 1 is there where RTP or RTCP follows."""
    upto_udp = link_header + rb"\x45(?s:.{5})[\x00\x40]\x00(?s:.)\x11(?s:.{18})"
    return re.compile(upto_udp + rb"(?:([\x80-\xbf])|)").match


_PLAIN = {
    links.ETHERNET: _plain(rb"(?s:.{12}(?:\x81\x00..)?)\x08\x00"),
    links.LINUX_SLL: _plain(rb"(?s:.{14})\x08\x00"),
    links.LINUX_SLL2: _plain(rb"\x08\x00(?s:.{18})"),
    links.RAW: _plain(b""),
}


class _Listener:
    def __init__(self, sockets: Container[Socket]) -> None:
        self._sockets = sockets
        self.media = Media()
        self._flows: dict[bytes, Flow | None] = {}
        self._internet = Internet(lambda _frame, _what: None)

    def listen(self, path: Path) -> Media:
        for frame, (time, link, octets, _) in enumerate(files.packets(path, lambda _: None), 1):
            found = _PLAIN[link](octets) if link in _PLAIN else None
            if found:
                if found.lastindex is None:
                    continue
                start = found.end() - 1
                flow = self._flow(octets[start - 16 : start - 4])
                if flow is not None:
                    end = start - 8 + int.from_bytes(octets[start - 4 : start - 2], "big")
                    self._take(time, flow, octets[start:end], octets[start - 27] >> 2)
            elif links.known(link):
                self._long_way(frame, time, link, octets)
        return self.media

    def hear(self, key: bytes, strip: _Strip) -> None:
        """What is on a tape, if it is wanted."""
        flow = self._flow(key)
        if flow is None:
            return
        for time, dscp, header in strip.packets():
            self._add(time, flow, header, dscp)
        for time, octets in strip.control:
            self._report(time, octets)

    def _long_way(self, frame: int, time: float, link: int, octets: bytes) -> None:
        try:
            ethertype, offset = links.carried(link, octets)
            datagram = self._internet.datagram(ethertype, octets[offset:], frame, time)
        except DecodeError:
            return
        if datagram is None or datagram.protocol != UDP or len(datagram.payload) < 8 + HEADER:
            return
        payload = datagram.payload
        flow = self._flow(datagram.source + datagram.destination + payload[:4])
        if flow is not None and payload[8] >> 6 == 2:
            self._take(time, flow, payload[8:], _dscp(ethertype, octets, offset))

    def _flow(self, key: bytes) -> Flow | None:
        """By both addresses and both ports as on the wire."""
        if key in self._flows:
            return self._flows[key]
        size = (len(key) - 4) // 2
        ports = unpack_from(">HH", key, 2 * size)
        ends = Socket(str(ip_address(key[:size])), ports[0]), Socket(str(ip_address(key[size : 2 * size])), ports[1])
        wanted = any(end in self._sockets or _rtp_of(end) in self._sockets for end in ends)
        flow = self._flows[key] = Flow(*ends) if wanted else None
        return flow

    def _take(self, time: float, flow: Flow, octets: bytes, dscp: int) -> None:
        if is_rtcp(octets):
            self._report(time, octets)
        elif len(octets) >= HEADER:
            self._add(time, flow, octets, dscp)

    def _report(self, time: float, octets: bytes) -> None:
        for report in reports(octets, time):
            self.media.reports.setdefault(report.ssrc, []).append(report)

    def _add(self, time: float, flow: Flow, octets: bytes, dscp: int) -> None:
        ssrc = int.from_bytes(octets[8:12], "big")
        stream = flow.streams.get(ssrc)
        if stream is None:
            if not flow.streams:
                self.media.add(flow)
            stream = flow.streams[ssrc] = RtpStream(ssrc)
        stream.add(time, dscp, octets)


def _rtp_of(end: Socket) -> Socket:
    """The RTP socket whose RTCP goes to `end`, by the rule of one port above (RFC 3550 §11)."""
    return Socket(end.address, end.port - 1)


def _dscp(ethertype: int, octets: bytes, offset: int) -> int:
    """Of the outermost header: tunnels seldom copy it, and it is what the network looks at."""
    if ethertype == links.IPV6:
        return (octets[offset] << 8 | octets[offset + 1]) >> 6 & 0x3F
    return octets[offset + 1] >> 2
