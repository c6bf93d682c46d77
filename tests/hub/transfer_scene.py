"""A hub with trunks of every policy, and people who call each other over it."""

from itertools import count
from typing import Any

from gateway.configuration import Configuration
from gateway.hub.call import Call
from gateway.hub.hub import Hub
from gateway.model.call import Answer, CallRequest, Clearing, TransferRecord
from gateway.model.parties import Party
from gateway.model.timers import TimerQueue
from gateway.model.transfer import DialogReference, Kept, TransferKind, TransferOutcome, TransferRequest
from tests.hub.legs import ABLE, FakeLeg, FakeObserver, FakeTrunks, sdp, tokens

HOLD = sdp("192.0.2.1", direction="sendonly")

TRUNKS: list[dict[str, Any]] = [
    {"name": "a", "peers": ["udp:192.0.2.1:5060"], "transfer": "consume"},
    {"name": "b", "peers": ["udp:192.0.2.2:5060"]},
    {"name": "c", "peers": ["udp:192.0.2.3:5060"]},
    {"name": "passing", "peers": ["udp:192.0.2.4:5060"], "transfer": "pass"},
    {"name": "strict", "peers": ["udp:192.0.2.5:5060"], "transfer": "reject"},
    {"name": "patient", "peers": ["udp:192.0.2.6:5060"], "recall": True},
    {"name": "closed", "peers": ["udp:192.0.2.7:5060"], "replaces": False},
    {"name": "ringing", "peers": ["udp:192.0.2.8:5060"], "ringback": True},
    {"name": "quiet", "peers": ["udp:192.0.2.9:5060"], "ringback": True, "early_media": False},
    {"name": "teams", "profile": "teams", "fqdn": "sbc.example.net", "peers": ["tls:sip.pstnhub.example:5061"]},
]
ROUTES = [
    {"match": "2xxx", "to": "b"},
    {"match": "3xxx", "to": "c"},
    {"match": "4xxx", "to": "ringing"},
    {"match": "5xxx", "to": "quiet"},
    {"match": "0*", "to": "c", "rewrite": "+49*"},
    {"match": "+*", "to": "c"},
]


class Scene:
    """One hub, its clock, and what it wrote down."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers = TimerQueue()
        self.trunks = FakeTrunks()
        self.observer = FakeObserver()
        self.records: list[TransferRecord] = []
        names = tokens()
        self.hub = Hub(
            Configuration.model_validate({"listen": ["udp:127.0.0.1:5060"], "trunks": TRUNKS, "routes": ROUTES}),
            self.trunks,
            self.timers,
            self.observer,
            lambda: next(names),
            self.records.append,
            lambda: 1_700_000_000.0 + self.now,
        )
        self._incoming = count(1)
        self._transfers = count(1)
        self.legs: list[FakeLeg] = []

    def passes(self, seconds: float = 0.001) -> None:
        """Time goes by."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = end

    def caller(self, trunk: str = "a", number: str = "2000", **said: Any) -> FakeLeg:
        """Somebody on `trunk` calls; the leg of its call."""
        name = f"{trunk}-in-{next(self._incoming)}"
        media = said.pop("session", sdp(f"198.51.100.{next(self._incoming)}"))
        request = CallRequest(
            Party(uri=f"sip:{number}@gateway.invalid"), Party(uri=f"sip:{name}@{trunk}.invalid"), media, **said
        )
        leg = FakeLeg(name, trunk, incoming=True, remote=media, request=request, owner=self.hub)
        self.legs.append(leg)
        self.hub.call_asked(leg, request, None, self.now)
        return leg

    def call(self, trunk: str = "a", number: str = "2000", **said: Any) -> tuple[FakeLeg, FakeLeg]:
        """A call that was answered: the legs of caller and callee."""
        caller = self.caller(trunk, number, **said)
        callee = self.trunks.newest
        callee.picks_up(self.now, sdp(f"203.0.113.{next(self._incoming)}"))
        caller.acknowledges(self.now)
        return caller, callee

    def asks(self, leg: FakeLeg, request: TransferRequest, replaced: FakeLeg | None = None) -> str:
        """The peer of `leg` asks for a transfer; its id."""
        transfer = f"refer{next(self._transfers)}"
        leg.asks(self.now, transfer, request, replaced)
        return transfer

    def takes(self, *legs: FakeLeg) -> None:
        """Each side agrees to the media that it is offered."""
        for leg in legs:
            self.passes()
            if leg.offering:
                leg.takes(self.now, leg.remote_session or sdp())
        self.passes()

    def agree(self, *legs: FakeLeg) -> None:
        """All sides agree, as often as it takes."""
        for _ in range(4):
            self.takes(*legs)

    @property
    def record(self) -> TransferRecord:
        """The only record."""
        assert len(self.records) == 1, self.records
        return self.records[0]

    def together(self, one: FakeLeg, other: FakeLeg) -> bool:
        """Whether the two are in a call with each other."""
        call = one.owner
        return isinstance(call, Call) and call.other(one) is other and not one.gone and not other.gone

    def is_idle(self) -> bool:
        """Whether no transfer is left."""
        return not self.hub.transfers.running

    def able(self, trunk: str, *missing: Any) -> None:
        """What peers of the trunk cannot do."""
        self.trunks.capabilities[trunk] = ABLE - set(missing)


def blind(uri: str = "sip:3000@gateway.invalid", referred_by: str = "", *more: Kept) -> TransferRequest:
    """A REFER to `uri`."""
    kept = (Kept("sip", "Referred-By", referred_by),) if referred_by else ()
    return TransferRequest(TransferKind.BLIND, Party(uri=uri), kept=(*kept, *more))


def attended(
    leg: FakeLeg | None = None, uri: str = "sip:3000@gateway.invalid", *, early_only: bool = False
) -> TransferRequest:
    """A REFER to `uri` with the dialog of `leg` as its Replaces, or with somebody else's."""
    named = leg.reference if leg else DialogReference("elsewhere@pbx", "t1", "f1")
    assert named is not None
    # As seen by us, who receive it: our tag is the to-tag.
    ours = DialogReference(named.call_id, named.from_tag, named.to_tag, early_only) if leg else named
    header = f"?Replaces={ours.call_id.replace('@', '%40')}%3Bto-tag%3D{ours.to_tag}%3Bfrom-tag%3D{ours.from_tag}"
    return TransferRequest(TransferKind.ATTENDED, Party(uri=uri + header), ours)


def reports(leg: FakeLeg) -> list[int]:
    """The statuses that the transferor was told, in order."""
    told = [entry[2] for entry in leg.did if entry[0] == "report"]
    return [each.status or 0 for each in told]


def finals(leg: FakeLeg) -> int:
    """How many final words it heard."""
    return sum(1 for entry in leg.did if entry[0] == "report" and isinstance(entry[2], TransferOutcome))


def answer_of(leg: FakeLeg) -> Answer:
    """What the leg was answered with."""
    (answer,) = leg.last("answer")
    assert isinstance(answer, Answer)
    return answer


def refused_with(leg: FakeLeg) -> int:
    """The status that its transfer was refused with."""
    _, clearing = leg.last("refuse_transfer")
    assert isinstance(clearing, Clearing)
    return clearing.status
