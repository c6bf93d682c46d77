"""The smallest end of a D channel that libpri talks to: whole Q.931 messages of ours reach it in LAPD frames.

One datagram is one frame from the address octet on, without FCS. Window 1 and no retransmission: enough on loopback,
and no data link layer.
"""

import socket
import time
from types import TracebackType
from typing import Self

from gateway.isdn import q931
from gateway.isdn.elements import BEARERS
from gateway.isdn.q931 import Identifier, InformationElement, MessageType
from tests.peers.libpri_peer import LibpriPeer
from tests.peers.ports import free_ports
from tests.peers.process import PATIENCE, PeerError

_SABME, _UA, _RR = 0x6F, 0x63, 0x01
_COMMAND_RESPONSE, _POLL_FINAL = 0x02, 0x10
_TEI_0 = 0x01


class LapdEnd:
    """Our end, libpri at the other; `node` is libpri's side ("network" or "cpe"). Leaving the block ends both."""

    def __init__(self, switch: str, node: str) -> None:
        ours, theirs = free_ports(2)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", ours))
        self._socket.settimeout(0.05)
        self._remote = ("127.0.0.1", theirs)
        self._response = 0x00 if node == "cpe" else _COMMAND_RESPONSE
        self._sent = self._received = 0
        self._inbox: list[q931.Message] = []
        self.peer = LibpriPeer(node=node, switch=switch, port=theirs, remote=ours)

    def start(self) -> None:
        """Brings the data link up: libpri's own SABME has to be acknowledged."""
        self.peer.start()
        deadline = time.monotonic() + PATIENCE
        while not self.peer.seen("dchan_up"):
            if time.monotonic() > deadline:
                raise PeerError("libpri does not bring layer 2 up")
            self._take()
            self.peer.fence()

    def tell(self, *commands: str) -> None:
        """Commands to libpri, carried out before this returns."""
        for command in commands:
            self.peer.send(command)
        self.peer.fence()

    def send(self, octets: bytes) -> None:
        """A Q.931 message in an I frame."""
        self._frame(self._response ^ _COMMAND_RESPONSE, self._sent << 1, self._received << 1, octets)
        self._sent = (self._sent + 1) & 0x7F

    def wait(self, message_type: MessageType, call_reference: int) -> q931.Message:
        """The first message of that type on that call which was not waited for before. Raises PeerError after 5 s."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for message in self._inbox:
                if (message.message_type, message.call_reference) == (message_type, call_reference):
                    self._inbox.remove(message)
                    return message
            self._take()
        raise PeerError(f"libpri sends no {message_type.name}; it sent {[message.name for message in self._inbox]}")

    def say(self, message_type: MessageType, call_reference: int, *elements: InformationElement, flag: bool) -> None:
        """A message of the basic call."""
        self.send(q931.encode(q931.Message(message_type, call_reference, flag, elements)))

    def place_call(self, call_reference: int, number: bytes) -> None:
        """An outgoing call on the channel with the number of its call reference; libpri has to answer by itself."""
        self.say(
            MessageType.SETUP,
            call_reference,
            InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"]),
            InformationElement(Identifier.CHANNEL_IDENTIFICATION, bytes((0xA9, 0x83, 0x80 | call_reference))),
            InformationElement(Identifier.CALLED_PARTY_NUMBER, b"\x81" + number),
            flag=False,
        )
        self.connected(call_reference)

    def connected(self, call_reference: int) -> None:
        """Waits for CONNECT and acknowledges it."""
        self.wait(MessageType.CONNECT, call_reference)
        self.say(MessageType.CONNECT_ACKNOWLEDGE, call_reference, flag=False)

    def answer(self, call_reference: int) -> q931.Message:
        """Answers the call that libpri places with that reference; gives its SETUP."""
        setup = self.wait(MessageType.SETUP, call_reference)
        channel = setup.element(Identifier.CHANNEL_IDENTIFICATION)
        self.say(MessageType.CONNECT, call_reference, *((channel,) if channel else ()), flag=True)
        return setup

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.peer.close()
        self._socket.close()

    def _take(self) -> None:
        """One frame, if there is one: a message is kept and acknowledged, a poll answered."""
        try:
            frame = self._socket.recv(2048)
        except TimeoutError:
            return
        control = frame[2]
        if control & ~_POLL_FINAL & 0xFF == _SABME:
            self._sent = self._received = 0
            self._frame(self._response, _UA | control & _POLL_FINAL)
        elif not control & 1:
            self._received = (control >> 1) + 1 & 0x7F
            self._frame(self._response, _RR, self._received << 1 | frame[3] & 1)
            self._inbox.append(q931.decode(frame[4:]))
        elif control == _RR and frame[3] & 1 and frame[0] & _COMMAND_RESPONSE != self._response:
            self._frame(self._response, _RR, self._received << 1 | 1)

    def _frame(self, command_response: int, *rest: int | bytes) -> None:
        octets = (part if isinstance(part, bytes) else bytes((part,)) for part in rest)
        self._socket.sendto(bytes((command_response, _TEI_0)) + b"".join(octets), self._remote)
