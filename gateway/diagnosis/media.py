"""The media in a recording: RTP and RTCP packets from or to the sockets that session descriptions announced.

This is a second reading of the file, and it looks at nothing but the sockets asked for. The common packet takes a
short way, as in `gateway.capture.signals`; all others go through the layers.
"""

import re
from collections.abc import Callable, Container
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
        self._media = Media()
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
        return self._media

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
            for report in reports(octets, time):
                self._media.reports.setdefault(report.ssrc, []).append(report)
        elif len(octets) >= HEADER:
            ssrc = int.from_bytes(octets[8:12], "big")
            stream = flow.streams.get(ssrc)
            if stream is None:
                if not flow.streams:
                    self._media.add(flow)
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
