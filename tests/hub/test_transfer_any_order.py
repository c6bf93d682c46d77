"""Whatever the parties do, and in whatever order: nobody is forgotten, and each transfer is told once."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.hub.call import Call
from gateway.model.call import Capability, Clearing
from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import Outcome, TransferOutcome, TransferProgress
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import HOLD, Scene, attended, blind, finals

KINDS = (
    *("blind", "attended", "semi-attended", "passed", "passed-attended", "recall", "ringback", "ringback-recall"),
    *("network", "network-attended", "network-semi-attended", "network-alone", "network-recall"),
)

EVENTS = (
    "rings",
    "rings-aloud",
    "rings-otherwise",
    "answers",
    "refuses-call",
    "transferor-hangs-up",
    "transferee-hangs-up",
    "target-hangs-up",
    "consultation-hangs-up",
    "report-heard",
    "unsubscribed",
    "agrees",
    "agrees",
    "agrees",
    "refuses-media",
    "offers",
    "transferor-offers",
    "refer-accepted",
    "refer-trying",
    "refer-done",
    "refer-failed",
    "refer-unknown",
    "refer-lost",
    "network-joins",
    "network-joins",
    "network-refuses",
    "asks-again",
    "time",
    "long-time",
)


_TRUNKS = {
    "passed": "passing",
    "passed-attended": "passing",
    "recall": "patient",
    "network-recall": "patient",
    "ringback-recall": "patient",
}


class Play:
    """One transfer with everybody who has a part in it."""

    def __init__(self, kind: str) -> None:
        self.scene = scene = Scene()
        trunk = _TRUNKS.get(kind, "a")
        if kind.endswith("semi-attended"):
            scene.able("b", Capability.LATE_OFFER)
        self.one, self.other = scene.call(trunk, "4000" if kind.startswith("ringback") else "2000")
        if kind.startswith("ringback"):
            self.one.offers(scene.now, HOLD)
            scene.agree(self.other)
        if kind.startswith("network"):
            self.other.speaks, self.other.can = SignallingProtocol.ISDN, frozenset(("ect-explicit", "tbct"))
            self.other.can_alone = frozenset(("ssct",) if kind == "network-alone" else ())
            scene.trunks.speaks = SignallingProtocol.ISDN
        self.consultation: FakeLeg | None = None
        if kind.endswith("semi-attended"):
            self.consultation = scene.caller(trunk, "3000")
        elif kind.endswith("attended"):
            self.consultation, _ = scene.call(trunk, "3000")
        target = "sip:2000@gateway.invalid" if kind == "network-alone" else "sip:3000@gateway.invalid"
        request = attended(self.consultation) if self.consultation else blind(target)
        self.transfer = scene.asks(self.one, request, self.consultation)
        self.count = 1

    @property
    def target(self) -> FakeLeg:
        """The leg that was called last: the target, or who is called back."""
        return self.scene.trunks.newest

    def happens(self, event: str) -> None:
        """One thing more."""
        _DO[event](self)
        self.check()

    def check(self) -> None:
        """What holds at any time."""
        for leg in self.everybody():
            assert leg.faults == []

    def everybody(self) -> list[FakeLeg]:
        return [*self.scene.legs, *self.scene.trunks.placed]

    def ends(self) -> None:
        """The play is over: what is still waited for comes, or its timers run out."""
        for _ in range(12):
            self.scene.passes(60)
            self.other.is_not_joined(self.scene.now)
            self.scene.agree(*self.everybody())
            for transfer in list(self.one.transfers):
                self.one.hears_report(self.scene.now, transfer)
        self.check()
        assert not any(leg.unanswered for leg in self.everybody() if not leg.gone)
        assert "asked" not in self.one.transfers.values()


def _leaves(leg: FakeLeg | None, play: Play, status: int = 0) -> None:
    if leg is not None:
        leg.hangs_up(play.scene.now, Clearing(status, Cause(16)))


def _rings(play: Play, host: str) -> None:
    """Early media; nobody rings who has answered."""
    if not play.target.answered:
        play.target.rings(play.scene.now, 183, sdp(host))


def _refer(play: Play, word: TransferProgress | TransferOutcome) -> None:
    """The transferee speaks of the REFER that it got, if it got one; the final word once."""
    leg = play.other
    if leg.asked_to("refer") <= getattr(leg, "outcomes", 0):
        return
    if isinstance(word, TransferProgress):
        leg.owner.transfer_progress(leg, word, play.scene.now)
    else:
        leg.outcomes = leg.asked_to("refer")  # type: ignore[attr-defined]
        leg.owner.transfer_outcome(leg, word, play.scene.now)


def _media(play: Play, act: Callable[[FakeLeg], None]) -> None:
    play.scene.passes()
    for leg in play.everybody():
        act(leg)


def _heard(play: Play) -> None:
    for transfer, state in play.one.transfers.items():
        if state == "reported":
            play.one.hears_report(play.scene.now, transfer)


def _again(play: Play) -> None:
    play.scene.asks(play.one, blind("sip:2222@gateway.invalid"))


_DO: dict[str, Callable[[Play], None]] = {
    "rings": lambda play: play.target.rings(play.scene.now),
    "rings-aloud": lambda play: _rings(play, "203.0.113.90"),
    "rings-otherwise": lambda play: _rings(play, "203.0.113.92"),
    "answers": lambda play: play.target.picks_up(play.scene.now, sdp("203.0.113.90")),
    "refuses-call": lambda play: None if play.target.answered else _leaves(play.target, play, 486),
    "transferor-hangs-up": lambda play: _leaves(play.one, play),
    "transferee-hangs-up": lambda play: _leaves(play.other, play),
    "target-hangs-up": lambda play: _leaves(play.target, play) if play.target.answered else None,
    "consultation-hangs-up": lambda play: _leaves(play.consultation, play),
    "report-heard": _heard,
    "unsubscribed": lambda play: play.one.owner.transfer_cancelled(play.one, play.transfer, play.scene.now),
    "agrees": lambda play: _media(play, lambda leg: leg.takes(play.scene.now, leg.remote_session or sdp())),
    "refuses-media": lambda play: _media(play, lambda leg: leg.refuses(play.scene.now, 488)),
    "offers": lambda play: play.other.offers(play.scene.now, sdp("203.0.113.91")),
    "transferor-offers": lambda play: play.one.offers(play.scene.now, sdp("198.51.100.91")),
    "refer-accepted": lambda play: _refer(play, TransferProgress(202)),
    "refer-trying": lambda play: _refer(play, TransferProgress(100)),
    "refer-done": lambda play: _refer(play, TransferOutcome(Outcome.SUCCEEDED, 200)),
    "refer-failed": lambda play: _refer(play, TransferOutcome(Outcome.FAILED, 486)),
    "refer-unknown": lambda play: _refer(play, TransferOutcome(Outcome.REFUSED, 501)),
    "refer-lost": lambda play: _refer(play, TransferOutcome(Outcome.PENDING)),
    "network-joins": lambda play: play.other.is_joined(play.scene.now),
    "network-refuses": lambda play: play.other.is_not_joined(play.scene.now),
    "asks-again": _again,
    "time": lambda play: play.scene.passes(5),
    "long-time": lambda play: play.scene.passes(45),
}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(EVENTS), max_size=14))
def test_nobody_is_forgotten_and_every_transfer_is_told_once(kind: str, events: list[str]) -> None:
    play = Play(kind)
    for event in events:
        play.happens(event)
    play.ends()
    assert play.scene.is_idle()
    accepted = [id for id, state in play.one.transfers.items() if state in ("accepted", "reported")]
    # A report to somebody who has unsubscribed is not sent.
    told = [id for id in accepted if id != play.transfer or "unsubscribed" not in events]
    assert all(play.one.transfers[id] == "reported" for id in told)
    assert finals(play.one) <= len(accepted)
    assert len([record for record in play.scene.records if record.id in play.one.transfers]) == len(
        play.one.transfers
    )
    for leg in play.everybody():
        if not leg.gone:
            assert isinstance(leg.owner, Call) and leg.owner.id in play.scene.hub.calls
            other = leg.owner.other(leg)
            assert isinstance(other, FakeLeg) and not other.gone


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(("blind", "attended", "semi-attended", "recall", "ringback", "network", "network-attended")),
    st.lists(
        st.sampled_from([event for event in EVENTS if "hangs-up" not in event and event != "network-joins"]),
        max_size=12,
    ),
    st.booleans(),
)
def test_the_transferee_survives_whatever_only_the_transferor_does(kind: str, events: list[str], stays: bool) -> None:
    """Until the target fails, nothing that the transferor or the target does takes the transferee its call."""
    play = Play(kind)
    if not stays:
        _DO["transferor-hangs-up"](play)
    for event in events:
        if event in ("refuses-call", "refuses-media", "long-time"):
            continue
        play.happens(event)
        assert not play.other.gone
