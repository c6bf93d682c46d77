"""The built-in softphone: arguments NAME ADDRESS PORT TRANSPORT CERTIFICATE, commands on stdin, events on stdout.

It stands where PJSIP is not installed, speaks the same commands and tells the same events as `pjsua_process`, has no
media and no TLS, and its SIP is the gateway's own user agent. So it shows the gateway, and proves nothing about it.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

from gateway.configuration import Limits, Tls, place
from gateway.demonstration.phone_owner import PhoneOwner
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue
from gateway.runtime.entropy import Tokens
from gateway.runtime.transports import Transports
from gateway.sip.dialog_id import DialogId
from gateway.sip.flow import Flow, Transport
from gateway.sip.invitation import Invitation
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.refer_to import with_replaces
from gateway.sip.sdp import Direction
from gateway.sip.session import Session
from gateway.sip.surroundings import TransactionSettings
from gateway.sip.uri import Uri
from gateway.sip.user_agent import UserAgent

_TICK = 0.01
"""Seconds between two looks at the timers."""
_ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, NOTIFY"


def tell(kind: str, **values: object) -> None:
    """One event."""
    sys.stdout.write(json.dumps({"ev": kind, **values}) + "\n")
    sys.stdout.flush()


class OwnPhone:
    """A user agent, its calls by name, and the commands on them. `sent_by` is host:port."""

    def __init__(
        self, name: str, sent_by: str, transport: Transport, timers: TimerQueue, send: Callable[[Flow, bytes], None]
    ) -> None:
        suffix = "" if transport is Transport.UDP else f";transport={transport}"
        self.uri = f"sip:{name}@{sent_by}"
        self._profile = PeerProfile(
            name,
            f"{self.uri}{suffix}",
            sent_by=sent_by,
            allow=_ALLOW,
            supported=("100rel",),
            product="refergate phone",
            session_expires=0,
        )
        self._names: Iterator[int] = count(1)
        self._owner = PhoneOwner(self._profile, sent_by.rpartition(":")[0], tell, lambda: f"in{next(self._names)}")
        self.ua = UserAgent(self._owner, timers, send, lambda flow: sent_by, Tokens(), TransactionSettings())
        self._owner.respond = self.ua.respond
        self._commands: dict[str, Callable[..., None]] = {
            "call": self._call,
            "answer": self._answer,
            "hangup": self._hang_up,
            "hold": self._hold,
            "resume": self._resume,
            "refer": self._refer,
            "replace": self._replace,
        }

    def command(self, words: list[str], now: float) -> None:
        """Carries out one line of stdin; what is wrong with it is told in an event."""
        try:
            self._commands[words[0]](now, *words[1:])
            tell("done", command=words[0])
        except (GatewayError, LookupError, TypeError, ValueError) as error:
            tell("error", command=words, what=str(error) or repr(error))

    def _call(self, now: float, name: str, uri: str) -> None:
        invitation = Invitation(
            uri,
            self._owner.ways(uri),
            f"<{self.uri}>",
            f"<{uri}>",
            self._profile,
            session=self._owner.description(),
        )
        self._owner.calls[name] = self.ua.invite(invitation, name, now)

    def _answer(self, now: float, name: str, status: str, contact: str = "") -> None:
        session = self._of(name)
        headers = (("Contact", f"<{contact}>"),) if contact else ()
        if int(status) < 200:
            session.progress(int(status), (), b"", now)
        elif int(status) < 300:
            self._owner.answer(session, now)
        else:
            session.refuse(int(status), headers, now)

    def _hang_up(self, now: float, name: str) -> None:
        session = self._of(name)
        session.end((), now, status=603)
        self._owner.over(session, 0)

    def _hold(self, now: float, name: str) -> None:
        self._of(name).offer(self._owner.description(Direction.SENDONLY), (), now)

    def _resume(self, now: float, name: str) -> None:
        self._of(name).offer(self._owner.description(), (), now)

    def _refer(self, now: float, name: str, uri: str, *more: str) -> None:
        dialog = self._of(name).dialog
        if dialog is None:
            raise ValueError("not answered")
        headers = [tuple(text.split(":", 1)) for text in more]
        subscription = ReferSubscription(self.ua, dialog, name)
        subscription.send(f"<{uri}>", (("Referred-By", f"<{self.uri}>"), *headers), now)  # type: ignore[arg-type]

    def _replace(self, now: float, name: str, other: str) -> None:
        """The target is whoever answered the other call, as its Contact says."""
        session = self._of(other)
        if session.dialog is None:
            raise ValueError("not answered")
        replaced = DialogId.named(session.call_id, session.remote_tag, session.local_tag)
        target = str(Uri.parse(session.dialog.remote_target))
        self._refer(now, name, with_replaces(target, replaced))

    def _of(self, name: str) -> Session:
        return self._owner.calls[name]


class _Input:
    """Lines of standard input, as they come."""

    def __init__(self, take: Callable[[list[str]], None], end: Callable[[], None]) -> None:
        self._take, self._end = take, end
        self._pending = b""
        os.set_blocking(0, False)

    def read(self) -> None:
        """There is something to read."""
        text = os.read(0, 4096)
        *lines, self._pending = (self._pending + text).split(b"\n")
        for line in lines:
            if line == b"quit":
                text = b""
            elif line.strip():
                self._take(line.decode().split())
        if not text:
            self._end()


async def _run(name: str, address: str, port: int, transport: Transport) -> None:
    loop = asyncio.get_running_loop()
    timers = TimerQueue()
    over = asyncio.Event()
    phone: OwnPhone

    def received(octets: bytes, flow: Flow, now: float) -> None:
        phone.ua.receive(octets, flow, now)

    def failed(flow: Flow, now: float) -> None:
        phone.ua.flow_failed(flow, now)

    transports = Transports(loop, received, failed, Tls(), Limits(), time.monotonic)
    phone = OwnPhone(name, f"{address}:{port}", transport, timers, transports.send)
    await transports.listen([place(f"{transport}:{address}:{port}")])
    loop.add_reader(0, _Input(lambda words: phone.command(words, time.monotonic()), over.set).read)
    tell("ready", version="built-in phones")
    while not over.is_set():
        timers.run(time.monotonic())
        await asyncio.sleep(_TICK)
    await transports.close()


def main() -> None:
    """Runs the phone until stdin ends; Ctrl-C is for whoever drives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name, address, port, transport, _ = sys.argv[1:]
    asyncio.run(_run(name, address, int(port), Transport(transport)))


if __name__ == "__main__":
    main()
