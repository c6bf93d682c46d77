"""A hub over fake trunks, with a clock that a test moves on."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from gateway.configuration import Configuration
from gateway.hub.call import Call
from gateway.hub.hub import Hub
from gateway.hub.leg import Leg
from gateway.hub.transfers import Transfers
from gateway.hub.watchers import DialWatcher
from gateway.model.call import Answer, CallRequest, Clearing, Progress, TransferRecord
from gateway.model.parties import Party
from gateway.model.timers import TimerQueue
from tests.hub.legs import FakeLeg, FakeObserver, FakeTrunks, sdp, tokens

ROUTES = ({"match": "2*", "to": "b"}, {"match": "3*", "to": "c"}, {"match": "*", "to": "b"})
TALK = sdp("192.0.2.1")
REPLY = sdp("192.0.2.2")


class Notes:
    """Stands in for the transfers: notes what it is told, and keeps what it is told to keep."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.told.append((name, *arguments))

    def events(self) -> list[str]:
        return [event for event, *_ in self.told]


class Desk:
    """A hub with trunks a, b and c, and what a test needs to make calls through it. `notes` hears of transfers."""

    def __init__(
        self,
        *,
        routes: Sequence[Mapping[str, str]] = ROUTES,
        trunks: Mapping[str, Mapping[str, object]] | None = None,
        real: bool = False,
        **settings: object,
    ) -> None:
        named = {"a": {}, "b": {}, "c": {}, **(trunks or {})}
        self.configuration = Configuration.model_validate(
            {
                "listen": ["udp:127.0.0.1:5060"],
                "trunks": [{"name": name, **options} for name, options in named.items()],
                "routes": list(routes),
                **settings,
            }
        )
        self.now = 100.0
        self.timers = TimerQueue()
        self.trunks = FakeTrunks()
        self.observer = FakeObserver()
        self.records: list[TransferRecord] = []
        fresh = tokens()
        self.hub = Hub(
            configuration=self.configuration,
            trunks=self.trunks,
            timers=self.timers,
            observer=self.observer,
            token=lambda: next(fresh),
            record=self.records.append,
            wall=lambda: 1_700_000_000.0 + self.now,
        )
        self.notes = Notes()
        if not real:
            self.hub.transfers = cast(Transfers, self.notes)
        self._callers = 0

    def advance(self, seconds: float = 0.0) -> None:
        """Time passes, timer by timer."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = end

    def calls(
        self, to: str = "2000", *, session: bytes = TALK, trunk: str = "a", replaced: Leg | None = None, **more: Any
    ) -> FakeLeg:
        """A peer calls; its leg."""
        self._callers += 1
        request = asked(to, session=session, **more)
        leg = FakeLeg(f"{trunk}-in{self._callers}", trunk, incoming=True, remote=session, request=request)
        leg.owner = self.hub
        self.hub.call_asked(leg, request, replaced, self.now)
        self.advance()
        return leg

    def talking(self, to: str = "2000", *, trunk: str = "a") -> tuple[FakeLeg, FakeLeg]:
        """A call that has been answered: the caller's leg and the callee's."""
        caller = self.calls(to, trunk=trunk)
        callee = self.trunks.newest
        callee.picks_up(self.now, REPLY)
        caller.acknowledges(self.now)
        return caller, callee

    def call_of(self, leg: FakeLeg) -> Call:
        """The call that owns the leg."""
        assert isinstance(leg.owner, Call)
        return leg.owner

    def answered_leg(self, trunk: str, local: bytes, remote: bytes, **more: Any) -> FakeLeg:
        """A leg that is up and belongs to nobody yet."""
        self._callers += 1
        leg = FakeLeg(f"{trunk}-{self._callers}", trunk, answered=True, local=local, remote=remote, **more)
        leg.owner = self.hub
        return leg


class Watcher(DialWatcher):
    """Notes what becomes of an attempt, or of two legs that are joined."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def dial_progressed(self, dial: Any, progress: Progress, now: float) -> None:
        self.heard.append(("progressed", progress))

    def dial_answered(self, dial: Any, leg: Leg, answer: Answer, now: float) -> None:
        self.heard.append(("answered", leg, answer))

    def dial_failed(self, dial: Any, clearing: Clearing, now: float) -> None:
        self.heard.append(("failed", clearing))

    def connected(self, call: Call, now: float) -> None:
        self.heard.append(("connected", call))

    def not_connected(self, call: Call, clearing: Clearing, now: float) -> None:
        self.heard.append(("not connected", call, clearing))


def asked(to: str, *, session: bytes = TALK, **more: Any) -> CallRequest:
    """A call for a number or a URI."""
    uri = to if ":" in to else f"sip:{to}@gateway.invalid"
    return CallRequest(Party(uri=uri), Party(uri="sip:alice@a.invalid"), session, **more)
