"""Two whole gateways on one virtual clock, user and network of one D channel, which does what it likes to frames.

Behind each is a SIP party that calls, answers, holds, transfers and hangs up as chance has it.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

from gateway.model.timers import TimerQueue
from gateway.sip.message import Message
from tests.engine.world import ADDRESSES, HOST, PORT, Line, World, sdp
from tests.isdn.line import Fate, sound

CHANNELS = 2
_TRUNKS = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off", session_timer: false}}
  - {{name: isdn, protocol: isdn, side: SIDE, link: "udp:127.0.0.1:1>127.0.0.1:2", trusted: true, MORE}}
routes:
  - {{match: "OWNxxx", to: pbx}}
  - {{match: "*", to: isdn}}
"""


class Half(World):
    """One of the gateways. `digits` is what the numbers behind it begin with."""

    def __init__(self, both: "TwoGateways", folder: Path, side: str, digits: str, more: str) -> None:
        self._both = both
        self._side = side
        text = _TRUNKS.replace("SIDE", side).replace("MORE", more).replace("OWN", digits)
        super().__init__(folder, text)
        self.phone = Phone(self, "5" if digits == "2" else "2")

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        self._both.carry(self, frame)

    @property
    def idle(self) -> int:
        """Idle B-channels."""
        return self.gateway.isdn.lines["isdn"].idle

    def left_over(self) -> list[str]:
        """What is still there of calls."""
        line = self.gateway.isdn.lines["isdn"]
        found = [f"call {call.state.name}" for call in line.control.calls]
        found += ["leg" for _ in line.legs]
        found += ["a call in the hub" for _ in self.gateway.hub.calls]
        found += [f"{CHANNELS - self.idle} channels"] if self.idle != CHANNELS else []
        return found + ([] if self.gateway.idle else ["a transfer"])


class TwoGateways:
    """`user` and `network`; `fate` says what becomes of each frame."""

    def __init__(self, folder: Path, fate: Fate, more: str) -> None:
        self.now = 1000.0
        self.fate = fate
        self._under_way = TimerQueue()
        folder.mkdir(exist_ok=True)
        self.user = Half(self, folder, "user", "2", more)
        self.network = Half(self, folder, "network", "5", more)
        self.halves = self.user, self.network
        for half in self.halves:
            half.gateway.start(self.now)

    def carry(self, sender: Half, frame: bytes) -> None:
        """A frame is on its way to the other one."""
        receiver = self.network if sender is self.user else self.user
        for delay in self.fate(frame):
            self._under_way.start(
                self.now + delay, lambda now: receiver.gateway.receive_frame("isdn", frame, self.now)
            )

    def run(self, seconds: float, react: Callable[[], None] | None = None) -> None:
        """Lets time pass; `react` is called whenever something has happened."""
        end = self.now + seconds
        while True:
            dues = [self._under_way.next_due(), *(half.gateway.next_due() for half in self.halves)]
            due = min((each for each in dues if each is not None), default=None)
            if due is None or due > end:
                break
            self._go_to(max(self.now, due))
            self._under_way.run(self.now)
            for half in self.halves:
                half.gateway.advance(self.now)
            if react is not None:
                react()
        self._go_to(end)

    def heal(self) -> None:
        """Nothing is lost any more."""
        self.fate = sound

    def _go_to(self, now: float) -> None:
        self.now = now
        for half in self.halves:
            half.now = now


class Phone:
    """A SIP party with many lines."""

    def __init__(self, world: World, calls: str) -> None:
        self._party = world.party("pbx")
        self._calls = calls
        self.ringing: list[Line] = []
        self.calling: list[Line] = []
        self.talking: list[Line] = []

    def call(self, chance: Random) -> None:
        """One more call, to the other side or (hairpin) back to this one."""
        digits = self._calls if chance.random() < 0.9 else {"2": "5", "5": "2"}[self._calls]
        self.calling.append(self._party.invite(f"{digits}{chance.randint(100, 999)}"))

    def act(self, chance: Random) -> None:
        """Something that a user does."""
        what = chance.random()
        if what < 0.25:
            self.call(chance)
        elif what < 0.6 and self.ringing:
            self._answer(self.ringing.pop(chance.randrange(len(self.ringing))), chance.choice((200, 200, 200, 486)))
        elif what < 0.64 and self.calling:
            line = chance.choice(self.calling)
            line.request("CANCEL", cseq=1)
        elif what < 0.72 and self.talking:
            self.hang_up(self.talking.pop(chance.randrange(len(self.talking))))
        elif what < 0.84 and self.talking:
            line = chance.choice(self.talking)
            line.request("INVITE", body=sdp(direction=chance.choice(("sendonly", "inactive", "sendrecv"))))
        elif self.talking:
            digits = chance.choice("25")
            chance.choice(self.talking).refer(f"<sip:{digits}{chance.randint(100, 999)}@{HOST}:{PORT}>")

    def hang_up(self, line: Line) -> None:
        """BYE."""
        line.request("BYE")

    def end_all(self) -> None:
        """Every call that is there is ended."""
        while self.talking:
            self.hang_up(self.talking.pop())
        while self.ringing:
            self._answer(self.ringing.pop(), 480)
        for line in self.calling:
            line.request("CANCEL", cseq=1)

    def react(self, chance: Random, *, ends: bool = False) -> None:
        """Answers what has come; `ends`: no call is taken any more."""
        while self._party.inbox:
            message = self._party.inbox.pop(0)
            if message.is_request:
                self._asked(message, chance, ends)
            elif message.cseq_method == "INVITE" and message.status >= 200:
                self._answered(message)

    def _asked(self, request: Message, chance: Random, ends: bool) -> None:
        if request.method == "ACK":
            return
        if request.method != "INVITE":
            self._party.reply(request, 200)
            if request.method in ("BYE", "CANCEL"):
                self._forget(request)
        elif request.to_tag:
            self._party.reply(request, 200, body=sdp(), tag=request.to_tag)
        else:
            line = Line.called(self._party, request)
            self.ringing.append(line)
            if chance.random() < 0.8:
                line.reply(chance.choice((180, 180, 183)))
            if ends or chance.random() < 0.4:
                self.ringing.remove(line)
                self._answer(line, 480 if ends else 200)

    def _answer(self, line: Line, status: int) -> None:
        line.reply(status, body=sdp() if status == 200 else b"")
        if status == 200:
            self.talking.append(line)

    def _answered(self, message: Message) -> None:
        line = next((each for each in self.calling if each.call_id == message.call_id), None)
        if line is not None:
            self.calling.remove(line)
            if message.status == 200:
                line.remote_tag = message.to_tag
                line.target = f"sip:x@{HOST}:{PORT}"
                self.talking.append(line)
        if line is None:
            line = next((each for each in self.talking if each.call_id == message.call_id), None)
        if line is not None and message.status == 200:
            line.request("ACK", cseq=message.cseq)

    def _forget(self, request: Message) -> None:
        for line in [*self.talking, *self.ringing]:
            if line.call_id == request.call_id:
                if line in self.talking:
                    self.talking.remove(line)
                else:
                    self.ringing.remove(line)
                    if request.method == "CANCEL":
                        line.reply(487)
