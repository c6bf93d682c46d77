"""A socket that sends and hears RTP packets of G.711."""

import asyncio
import socket
import time


class RtpSocket:
    """One side of a stream of PCMA."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.peer = 0
        self._sequence = 0

    def close(self) -> None:
        self._socket.close()

    def sdp(self, direction: str = "sendrecv", codec: int = 8) -> bytes:
        text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        return (text + f"m=audio {self.port} RTP/AVP {codec} 101\r\na={direction}\r\n").encode()

    def send(self, port: int, sound: bytes, codec: int = 8) -> None:
        self._sequence += 1
        stamp = (160 * self._sequence).to_bytes(4)
        head = bytes((0x80, codec)) + self._sequence.to_bytes(2) + stamp + b"\0\0\0\7"
        self._socket.sendto(head + sound * 160, ("127.0.0.1", port))

    async def hears(self, sound: bytes, seconds: float = 3) -> bool:
        """Whether a packet with that sound comes in that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                packet, (_, self.peer) = self._socket.recvfrom(2_048)
            except BlockingIOError:
                await asyncio.sleep(0.002)
                continue
            if packet[12:] == sound * 160:
                return True
        return False
