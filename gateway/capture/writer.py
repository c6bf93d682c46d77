"""Captures of what one side of the gateway would see: SIP in UDP, H.225.0 in TPKT in TCP, Q.931 in LAPD, IUA in SCTP.

The file is pcapng with an interface per link type: raw IP (101) and Linux LAPD (177). TCP connections begin with
their handshake, D channels with SABME, and both count their sequence numbers, so that any dissector follows them.
"""

from ipaddress import ip_address
from pathlib import Path
from struct import pack
from types import TracebackType
from typing import Any, BinaryIO

from gateway.capture import iua, links
from gateway.capture.datagram import datagram
from gateway.capture.tpkt import CALL_SIGNALLING_PORT
from gateway.h323 import tpkt
from gateway.isdn import iua_message, lapd_frame
from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI, Kind
from gateway.model.errors import LocalProtocolError

SIP_PORT = 5060
SEGMENT = 1460
"""Most octets in a TCP segment on Ethernet."""
LARGEST_UDP = 65_507

Endpoint = tuple[str, int]
_INTERFACES = (links.RAW, links.LINUX_LAPD)
_ETH_P_LAPD = 0x0030
_IF_NAME = 2
_OUTGOING, _INCOMING = 4, 0
_SYN, _SYN_ACK, _ACK, _PUSH_ACK = "S", "SA", "A", "PA"


class Writer:
    """A capture file being written; times are seconds since 1970 and should not go back. `packets` are those written
    so far.

    Use it in a `with` statement, or call `close`. Raises OSError when the file cannot be written and
    LocalProtocolError for a message that its transport cannot carry.
    """

    def __init__(self, path: Path) -> None:
        self.packets = 0
        self._file: BinaryIO = path.open("wb")
        self._connections: dict[tuple[Endpoint, Endpoint], _Connection] = {}
        self._data_links: dict[int, _DataLink] = {}
        self._d_channels: dict[str, int] = {}
        self._associations: dict[tuple[Endpoint, Endpoint], _Association] = {}
        self._file.write(_block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        for link in _INTERFACES:
            self._file.write(_block(1, pack("<HHI", link, 0, 0)))

    def sip(self, time: float, source: str, destination: str, octets: bytes) -> None:
        """A SIP message in UDP. Endpoints are "10.0.0.1:5060"; without a port it is 5060."""
        self.datagram(time, source, destination, octets)

    def datagram(self, time: float, source: str, destination: str, octets: bytes) -> None:
        """A message in UDP. Without a port the endpoint has 5060."""
        if len(octets) > LARGEST_UDP:
            raise LocalProtocolError(f"message of {len(octets)} octets does not fit a UDP datagram")
        sender, receiver = _endpoint(source, SIP_PORT), _endpoint(destination, SIP_PORT)
        try:
            packet = datagram(sender, receiver, octets)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from error
        self._packet(time, links.RAW, packet)

    def h225(self, time: float, source: str, destination: str, octets: bytes) -> None:
        """An H.225.0 message, from the Q.931 octet on, in TPKT. Without a port the endpoint has 1720."""
        self.stream(time, source, destination, tpkt.frame(octets))

    def stream(self, time: float, source: str, destination: str, octets: bytes) -> None:
        """Octets of a TCP connection of H.323 as they are. Without a port the endpoint has 1720."""
        sender, receiver = _endpoint(source, CALL_SIGNALLING_PORT), _endpoint(destination, CALL_SIGNALLING_PORT)
        connection = self._connections.get((sender, receiver)) or self._connected(time, sender, receiver)
        for packet in connection.sent(sender, octets):
            self._packet(time, links.RAW, packet)

    def q931(self, time: float, from_user: bool, octets: bytes, tei: int = 0) -> None:
        """A Q.931 message in an I frame of the data link with this TEI, seen at its network side."""
        data_link = self._data_links.get(tei)
        if data_link is None:
            data_link = self._data_links[tei] = _DataLink(tei)
            for frame in data_link.established():
                self._packet(time, links.LINUX_LAPD, frame)
        for frame in data_link.sent(from_user, octets):
            self._packet(time, links.LINUX_LAPD, frame)

    def iua(self, time: float, source: str, destination: str, octets: bytes) -> None:
        """An IUA message as a DATA chunk of an SCTP association (RFC 4233 §1.5). Without a port it is 9900."""
        sender, receiver = _endpoint(source, iua.PORT), _endpoint(destination, iua.PORT)
        association = self._associations.get((sender, receiver))
        if association is None:
            association = _Association(sender, receiver, tag=len(self._associations) + 1)
            self._associations[sender, receiver] = association
        self._packet(time, links.RAW, association.sent(octets))

    def lapd(self, time: float, name: str, from_user: bool, frame: bytes) -> None:
        """A LAPD frame as it is, without FCS, on the D channel of that name, which is an interface of its own."""
        interface = self._d_channels.get(name)
        if interface is None:
            interface = self._d_channels[name] = len(_INTERFACES) + len(self._d_channels)
            self._file.write(_block(1, pack("<HHI", links.LINUX_LAPD, 0, 0) + _option(_IF_NAME, name.encode())))
        self._on(interface, time, _cooked(from_user, frame))

    def flush(self) -> None:
        """What was written so far can be read by others."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self, time: float, caller: Endpoint, called: Endpoint) -> "_Connection":
        connection = _Connection(caller, called)
        self._connections[caller, called] = self._connections[called, caller] = connection
        for packet in connection.established():
            self._packet(time, links.RAW, packet)
        return connection

    def _packet(self, time: float, link: int, octets: bytes) -> None:
        self._on(_INTERFACES.index(link), time, octets)

    def _on(self, interface: int, time: float, octets: bytes) -> None:
        self.packets += 1
        microseconds = round(time * 1_000_000)
        header = pack("<IIIII", interface, microseconds >> 32, microseconds & 0xFFFFFFFF, len(octets), len(octets))
        self._file.write(_block(6, header + octets))


def prepare() -> None:
    """Loads now what else takes seconds when the first TCP or SCTP packet is written: for who must not wait then."""
    import scapy.layers.inet
    import scapy.layers.inet6
    import scapy.layers.sctp  # noqa: F401


class _Connection:
    """A TCP connection: what each end has sent so far."""

    def __init__(self, caller: Endpoint, called: Endpoint) -> None:
        self._caller, self._called = caller, called
        self._next = {caller: 1000, called: 2000}

    def established(self) -> list[bytes]:
        """The handshake (RFC 9293, 3.5)."""
        opening = self._segment(self._caller, _SYN)
        self._next[self._caller] += 1
        answer = self._segment(self._called, _SYN_ACK)
        self._next[self._called] += 1
        return [opening, answer, self._segment(self._caller, _ACK)]

    def sent(self, sender: Endpoint, octets: bytes) -> list[bytes]:
        """`octets` in as many segments as needed, and the acknowledgement."""
        packets = []
        for start in range(0, len(octets), SEGMENT):
            piece = octets[start : start + SEGMENT]
            packets.append(self._segment(sender, _PUSH_ACK, piece))
            self._next[sender] += len(piece)
        return [*packets, self._segment(self._other(sender), _ACK)]

    def _other(self, end: Endpoint) -> Endpoint:
        return self._called if end == self._caller else self._caller

    def _segment(self, sender: Endpoint, flags: str, octets: bytes = b"") -> bytes:
        from scapy.layers.inet import TCP

        receiver = self._other(sender)
        header = TCP(
            sport=sender[1],
            dport=receiver[1],
            flags=flags,
            seq=self._next[sender] & 0xFFFFFFFF,
            ack=0 if flags == _SYN else self._next[receiver] & 0xFFFFFFFF,
        )
        return bytes(_ip(sender[0], receiver[0]) / (header / octets if octets else header))


class _Association:
    """One direction of an SCTP association: its verification tag and sequence numbers (RFC 9260, 3.1, 3.3.1)."""

    def __init__(self, sender: Endpoint, receiver: Endpoint, tag: int) -> None:
        self._sender, self._receiver, self._tag = sender, receiver, tag
        self._number = 0
        self._numbers: dict[int, int] = {}

    def sent(self, octets: bytes) -> bytes:
        """A packet with one DATA chunk, which is a whole message."""
        from scapy.layers.sctp import SCTP, SCTPChunkData

        stream = iua_message.stream(octets)
        number = self._numbers.get(stream, 0)
        self._numbers[stream] = number + 1 & 0xFFFF
        self._number += 1
        chunk = SCTPChunkData(
            beginning=1,
            ending=1,
            tsn=self._number & 0xFFFFFFFF,
            stream_id=stream,
            stream_seq=number,
            proto_id=iua_message.PAYLOAD_PROTOCOL,
            data=octets,
        )
        header = SCTP(sport=self._sender[1], dport=self._receiver[1], tag=self._tag)
        return bytes(_ip(self._sender[0], self._receiver[0]) / header / chunk)


class _DataLink:
    """A data link of SAPI 0 in multiple frame operation, modulo 128 (Q.921 5.5, 5.6)."""

    def __init__(self, tei: int) -> None:
        self._tei = tei
        self._sent = {True: 0, False: 0}

    def established(self) -> list[bytes]:
        """SABME from the user, UA from the network."""
        sabme = lapd_frame.unnumbered(self._address(True, True), Kind.SABME, poll_final=True)
        accepted = lapd_frame.unnumbered(self._address(False, False), Kind.UA, poll_final=True)
        return [_cooked(True, sabme), _cooked(False, accepted)]

    def sent(self, from_user: bool, octets: bytes) -> list[bytes]:
        """An I frame, and the RR that acknowledges it."""
        number, received = self._sent[from_user], self._sent[not from_user]
        self._sent[from_user] = (number + 1) % 128
        message = lapd_frame.information(self._address(from_user, True), number, received, octets)
        answer = self._address(not from_user, False)
        ready = lapd_frame.supervisory(answer, Kind.RR, self._sent[from_user], poll_final=False)
        return [_cooked(from_user, message), _cooked(not from_user, ready)]

    def _address(self, from_user: bool, command: bool) -> bytes:
        """C/R is 0 in commands of the user and responses of the network (Q.921 3.3.2)."""
        return lapd_frame.address(CALL_CONTROL_SAPI, self._tei, c_r=command != from_user)


def _cooked(from_user: bool, frame: bytes) -> bytes:
    """A frame behind its Linux pseudo header, seen at the network side."""
    return pack(">HHHB7xH", _INCOMING if from_user else _OUTGOING, 0x20FD, 1, 1, _ETH_P_LAPD) + frame


def _option(code: int, value: bytes) -> bytes:
    """An option and the end of options (draft-ietf-opsawg-pcapng §3.5)."""
    return pack("<HH", code, len(value)) + value + bytes(-len(value) % 4) + bytes(4)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = pack("<I", len(body) + 12)
    return pack("<I", kind) + length + body + length


def _endpoint(text: str, port: int) -> Endpoint:
    """Address and port of "10.0.0.1:5060", "[2001:db8::1]:5060" or either without a port."""
    address, _, given = text.rpartition(":")
    if not address or (":" in address and not address.endswith("]")):
        address, given = text, ""
    if given and not (given.isdecimal() and int(given) <= 65_535):
        raise LocalProtocolError(f"no port number in {text!r}")
    return address.strip("[]"), int(given or port)


def _ip(source: str, destination: str) -> Any:
    """The IP header of scapy for these addresses. Raises LocalProtocolError when they are none."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    try:
        header = {4: IP, 6: IPv6}[ip_address(source).version]
        ip_address(destination)
    except ValueError as error:
        raise LocalProtocolError(str(error)) from error
    return header(src=source, dst=destination)
