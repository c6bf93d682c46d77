"""The built-in exchange: arguments PORT REMOTE, events on stdout, `quit` on stdin.

It stands where libpri is not installed, answers every call and joins two of them when it is asked to (EN 300 369-1,
explicit linkage). Its Q.921 and Q.931 are the gateway's own: so it shows the gateway, and proves nothing about it.
"""

import asyncio
import os
import signal
import sys
import time

from gateway.demonstration.own_phone import tell
from gateway.ends.indifferent import Indifferent
from gateway.isdn import q931
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.interface import PointToPoint
from gateway.isdn.numbers import decode_called
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.legs import IsdnCall as CallOnTheWire
from gateway.model.timers import TimerQueue
from gateway.model.transfer import IdentityGranted, IdentityRequest, LinkId, Outcome, TransferOutcome, TransferRequest
from gateway.runtime.udp_link import UdpLink
from gateway.translators import dialect_named
from gateway.translators.dialect import Context

_TICK = 0.01
_HOST = "127.0.0.1"
_NORMAL = Cause(16)
_DIALECT = "etsi-ect"


class OwnExchange(Indifferent):
    """The network side of one primary access. `send` takes frames."""

    def __init__(self, timers: TimerQueue, link: "asyncio.AbstractEventLoop", port: int, remote: int) -> None:
        self._links: dict[int, IsdnCall] = {}
        self._timers = timers
        self._was_up = False
        self._link = UdpLink(link, (_HOST, port), (_HOST, remote), self, time.monotonic)
        channels = tuple(BChannel(0, number) for number in (*range(1, 16), *range(17, 32)))
        settings = InterfaceSettings(Side.NETWORK, variant("euroisdn"), channels)
        over_datagrams = DataLinkSettings(over_datagrams=True, retry=1.0)
        self._interface = PointToPoint(settings, timers, self._link.send, self, over_datagrams)

    def start(self, now: float) -> None:
        """Layer 1 is up."""
        self._interface.start(now)

    def close(self) -> None:
        """Nothing is heard any more."""
        self._link.close()

    # What the link brings.

    def frame_received(self, frame: bytes, now: float) -> None:
        """A frame; the data link may be up then."""
        self._interface.receive(frame, now)
        if self._interface.control.is_up() and not self._was_up:
            self._was_up = True
            tell("dchan_up")

    def line_changed(self, is_up: bool, now: float) -> None:
        """UDP has no line."""

    def after_batch(self, now: float) -> None:
        """All that has come is dealt with."""

    # What calls bring.

    def call_offered(self, call: IsdnCall, message: Message, now: float) -> None:
        """Every call is answered."""
        number = message.contents(Identifier.CALLED_PARTY_NUMBER)
        tell("ring", called=decode_called(number).digits if number else "")
        call.proceeding(now)
        call.alerting(now)
        call.connect(now)

    def disconnected(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """What the other side ends is over."""
        tell("hangup_req", cause=cause.value)

    def released(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """Its link id is free."""
        self._links = {number: each for number, each in self._links.items() if each is not call}

    def facility_received(self, call: IsdnCall | None, message: Message, link: int, now: float) -> None:
        """EctLinkIdRequest gives a call a number, ExplicitEctExecute joins another one with it."""
        if call is None:
            return
        for event in dialect_named(_DIALECT).read(q931.encode(message), _context(call)):
            if isinstance(event, IdentityRequest):
                number = len(self._links) + 1
                self._links[number] = call
                call.facility(now, *_said(call, IdentityGranted(LinkId(number), None, invoke_id=event.invoke_id)))
            elif isinstance(event, TransferRequest) and isinstance(event.consultation, LinkId):
                self._join(call, event, event.consultation.value, now)

    def _join(self, call: IsdnCall, request: TransferRequest, number: int, now: float) -> None:
        other = self._links.get(number)
        operation = "ExplicitEctExecute"
        if other is None or other is call:
            failed = TransferOutcome(Outcome.FAILED, error="notAvailable", operation=operation)
            call.facility(now, *_said(call, _for(failed, request)))
            return
        done = TransferOutcome(Outcome.SUCCEEDED, operation=operation)
        tell("transfer")
        call.disconnect(_NORMAL, now, *_said(call, _for(done, request)))
        other.disconnect(_NORMAL, now)


def _for(outcome: TransferOutcome, request: TransferRequest) -> TransferOutcome:
    return TransferOutcome(
        outcome.outcome, error=outcome.error, operation=outcome.operation, invoke_id=request.invoke_id
    )


def _context(call: IsdnCall) -> Context:
    wire = CallOnTheWire(call.call_reference, call.is_originating, 2)
    return Context(isdn=wire, isdn_secondary=wire)


def _said(call: IsdnCall, event: IdentityGranted | TransferOutcome) -> tuple[InformationElement, ...]:
    """The Facility elements that say it."""
    written = dialect_named(_DIALECT).write(event, _context(call))
    elements = (each for message in written.messages for each in q931.decode(message.octets).elements)
    return tuple(each for each in elements if each.identifier == Identifier.FACILITY)


async def _run(port: int, remote: int) -> None:
    loop, timers, over = asyncio.get_running_loop(), TimerQueue(), asyncio.Event()
    exchange = OwnExchange(timers, loop, port, remote)
    loop.add_reader(0, lambda: over.set() if b"quit" in (text := _read()) or not text else None)
    tell("bound", port=port)
    exchange.start(time.monotonic())
    while not over.is_set():
        timers.run(time.monotonic())
        await asyncio.sleep(_TICK)
    exchange.close()


def _read() -> bytes:
    return os.read(0, 4096)


def main() -> None:
    """Runs until stdin ends; Ctrl-C is for whoever drives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2])))
    except (OSError, GatewayError) as error:
        tell("error", what=str(error))


if __name__ == "__main__":
    main()
