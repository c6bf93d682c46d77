"""Legs and trunks that a test plays the peers of."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, cast

from gateway.hub.leg import Leg, LegEvents
from gateway.model.call import NORMAL, Answer, CallRequest, Capability, Clearing, Information, Progress
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import (
    DialogReference,
    Outcome,
    PartyUpdate,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)

ABLE = frozenset(Capability)


class FakeLeg:
    """A leg that notes what it is asked to do in `did`, as (method, arguments…), and plays its peer.

    What the hub asks is told by the words of `Leg`; what the peer does, by those of a person: `rings`, `picks_up`,
    `hangs_up`. Like a real leg it does nothing once it is `gone`; `too_late` counts such attempts, `cleared_with` is
    what it was cleared with by the hub. `unanswered` counts the offers of the peer that nobody has answered yet,
    `faults` tells what no owner may do.
    """

    def __init__(
        self,
        id: str,
        trunk: str = "a",
        *,
        incoming: bool = False,
        answered: bool = False,
        capabilities: frozenset[Capability] = ABLE,
        local: bytes = b"",
        remote: bytes = b"",
        address: str = "",
        owner: LegEvents | None = None,
        request: CallRequest | None = None,
    ) -> None:
        self.owner: LegEvents = cast(LegEvents, owner)
        self._id = id
        self._trunk = trunk
        self._incoming = incoming
        self._answered = answered
        self._capabilities = capabilities
        self._local = local
        self._remote = remote
        self._address = address or f"sip:{id}@{trunk}.invalid"
        self.request = request
        self.did: list[tuple[Any, ...]] = []
        self.gone = False
        self.too_late = 0
        self.cleared_with: Clearing | None = None
        self.unanswered = 0
        self.faults: list[str] = []
        self._offered: bytes | None = None
        self._confirm_due = False
        self._ack_due: str = ""
        self.speaks = SignallingProtocol.SIP
        self.can: frozenset[str] = frozenset()
        self.can_alone: frozenset[str] = frozenset()
        self.joining: Leg | None = None
        self.transfers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<leg {self._id}>"

    @property
    def id(self) -> str:
        return self._id

    @property
    def trunk(self) -> str:
        return self._trunk

    @property
    def protocol(self) -> SignallingProtocol:
        return self.speaks

    @property
    def incoming(self) -> bool:
        return self._incoming

    @property
    def answered(self) -> bool:
        return self._answered

    @property
    def address(self) -> str:
        return self._address

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    @property
    def offering(self) -> bool:
        return self._offered is not None and not self.gone

    @property
    def local_session(self) -> bytes:
        return self._local

    @property
    def remote_session(self) -> bytes:
        return self._remote

    @property
    def reference(self) -> DialogReference | None:
        return DialogReference(f"call-{self._id}", f"peer-{self._id}", f"ours-{self._id}")

    @property
    def marks(self) -> dict[str, object]:
        tags = {"local_tag": f"ours-{self._id}", "remote_tag": f"peer-{self._id}"}
        return {"leg": self._id, "trunk": self._trunk, "call_id": f"call-{self._id}", **tags}

    # --- what the hub asks ---

    def _note(self, method: str, *arguments: object) -> bool:
        if self.gone:
            self.too_late += 1
            return False
        self.did.append((method, *arguments))
        return True

    def progress(self, progress: Progress, now: float) -> None:
        if self._note("progress", progress):
            self._local = progress.session or self._local

    def answer(self, answer: Answer, now: float) -> None:
        if not self._note("answer", answer):
            return
        if self._answered:
            self.faults.append("answered twice")
        self._answered = True
        self._local = answer.session or self._local
        self._ack_due = "late" if self.request and not self.request.session else "plain"

    def clear(self, clearing: Clearing, now: float) -> None:
        if self._note("clear", clearing):
            self.gone = True
            self.cleared_with = clearing

    def offer(self, session: bytes, now: float) -> None:
        if self._note("offer", session):
            if self._offered is not None:
                self.faults.append("two offers at once")
            self._offered = session

    def accept(self, session: bytes, now: float) -> None:
        if self._note("accept", session):
            self._settle("accepted")
            self._local = session

    def decline(self, clearing: Clearing, now: float) -> None:
        if self._note("decline", clearing):
            self._settle("declined")

    def _settle(self, how: str) -> None:
        if not self.unanswered:
            self.faults.append(f"{how} what nobody offered")
        self.unanswered -= 1

    def confirm(self, session: bytes, now: float) -> None:
        if self._confirm_due and self._note("confirm", session):
            self._confirm_due = False
            self._local = session

    def inform(self, information: Information, now: float) -> None:
        self._note("inform", information)

    def update(self, update: PartyUpdate, now: float) -> None:
        self._note("update", update)

    def services(self, other: Leg | None) -> frozenset[str]:
        return self.can if other is not None else self.can_alone

    def join(self, other: Leg, service: str, now: float) -> None:
        if self._note("join", other, service):
            self.joining = other

    def refer(self, request: TransferRequest, now: float) -> None:
        self._note("refer", request)

    def accept_transfer(self, transfer: str, now: float) -> None:
        self._answer_transfer(transfer, "accepted")
        self.did.append(("accept_transfer", transfer))

    def refuse_transfer(self, transfer: str, clearing: Clearing, now: float) -> None:
        self._answer_transfer(transfer, "refused")
        self.did.append(("refuse_transfer", transfer, clearing))

    def _answer_transfer(self, transfer: str, how: str) -> None:
        if self.transfers.get(transfer) != "asked":
            self.faults.append(f"transfer {how} that is {self.transfers.get(transfer)}")
        self.transfers[transfer] = how

    def report(self, transfer: str, report: TransferProgress | TransferOutcome, now: float) -> None:
        if self.transfers.get(transfer) != "accepted":
            self.faults.append(f"report on a transfer that is {self.transfers.get(transfer)}")
        if isinstance(report, TransferOutcome):
            self.transfers[transfer] = "reported"
        self.did.append(("report", transfer, report))

    def snapshot(self) -> dict[str, object]:
        return {
            "id": self._id,
            "trunk": self._trunk,
            "incoming": self._incoming,
            "local": self._local.decode("latin-1"),
            "remote": self._remote.decode("latin-1"),
        }

    # --- what the peer does ---

    def rings(self, now: float, status: int = 180, session: bytes = b"") -> None:
        self._remote = session or self._remote
        if not self.gone:
            self.owner.progressed(self, Progress(status, session=session), now)

    def picks_up(self, now: float, session: bytes = b"answer") -> None:
        """The peer answers a call that was placed to it."""
        if self.gone or self._answered:
            return
        self._answered = True
        self._remote = session
        self._local = (self.request.session if self.request else b"") or self._local
        self._confirm_due = bool(self.request and not self.request.session)
        self.owner.answered(self, Answer(session), now)

    def hangs_up(self, now: float, clearing: Clearing = NORMAL) -> None:
        if not self.gone:
            self.gone = True
            self.owner.cleared(self, clearing, now)

    def offers(self, now: float, session: bytes) -> None:
        """The peer wants other media; b"": an offer of ours."""
        if self.gone:
            return
        if self._offered is not None or self.unanswered or self._ack_due:
            return  # the user agent answers such a crossing itself
        self.unanswered += 1
        self._remote = session or self._remote
        self._ack_due = "" if session else "late"
        self.owner.media_offered(self, session, now)

    def takes(self, now: float, session: bytes = b"taken") -> None:
        """The peer answers our offer, or makes the one that it was asked for."""
        if self.gone or self._offered is None:
            return
        offered, self._offered = self._offered, None
        self._confirm_due = not offered
        self._local = offered or self._local
        self._remote = session
        self.owner.media_accepted(self, session, now)

    def refuses(self, now: float, status: int = 488) -> None:
        """The peer refuses our offer."""
        if not self.gone and self._offered is not None:
            self._offered = None
            self.owner.media_declined(self, Clearing(status), now)

    def acknowledges(self, now: float, session: bytes = b"") -> None:
        """The peer's ACK; with an answer when the offer was ours."""
        if not self.gone and not self.unanswered:
            self._ack_due = ""
            self._remote = session or self._remote
            self.owner.confirmed(self, session, now)

    def asks(self, now: float, transfer: str, request: TransferRequest, replaced: Leg | None = None) -> None:
        """The peer asks for a transfer."""
        if not self.gone:
            self.transfers[transfer] = "asked"
            self.owner.transfer_asked(self, transfer, request, replaced, now)

    def is_joined(self, now: float) -> None:
        """The network has taken both calls."""
        other, self.joining = self.joining, None
        if isinstance(other, FakeLeg) and not self.gone and not other.gone:
            self.gone = other.gone = True
            self.owner.join_outcome(self, TransferOutcome(Outcome.SUCCEEDED, 200), now)

    def is_not_joined(self, now: float, status: int = 503) -> None:
        """The network has refused to."""
        other, self.joining = self.joining, None
        if other is not None and not self.gone:
            self.owner.join_outcome(self, TransferOutcome(Outcome.FAILED, status), now)

    def hears_report(self, now: float, transfer: str) -> None:
        """The peer answers the final report."""
        self.owner.report_delivered(self, transfer, now)

    # --- what a test asks ---

    def last(self, method: str) -> tuple[Any, ...]:
        """The arguments of the last such call. Raises LookupError."""
        for name, *arguments in reversed(self.did):
            if name == method:
                return tuple(arguments)
        raise LookupError(f"{self!r} was not asked to {method}: {self.did}")

    def asked_to(self, method: str) -> int:
        """How often it was asked to."""
        return sum(1 for name, *_ in self.did if name == method)


class FakeTrunks:
    """Places calls on fake legs. `down` are trunks that cannot be reached; `placed` are the legs, oldest first."""

    def __init__(self, *, ours: tuple[str, ...] = ("gateway.invalid",)) -> None:
        self.placed: list[FakeLeg] = []
        self.down: set[str] = set()
        self.capabilities: dict[str, frozenset[Capability]] = {}
        self.speaks = SignallingProtocol.SIP
        self._ours = ours
        self._count = count(1)

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> Leg:
        if trunk in self.down:
            raise GatewayError(f"trunk {trunk} is down", sip_status=503, cause=41)
        leg = FakeLeg(
            f"{trunk}-{next(self._count)}",
            trunk,
            capabilities=self.capabilities.get(trunk, ABLE),
            local=request.session,
            address=request.called.uri,
            owner=owner,
            request=request,
        )
        leg.speaks = self.speaks
        self.placed.append(leg)
        return leg

    def restore(self, snapshot: Mapping[str, object], owner: LegEvents, now: float) -> Leg:
        trunk = str(snapshot["trunk"])
        if trunk in self.down:
            raise GatewayError(f"no trunk {trunk}", sip_status=503)
        leg = FakeLeg(
            str(snapshot["id"]),
            trunk,
            incoming=bool(snapshot["incoming"]),
            answered=True,
            local=str(snapshot["local"]).encode("latin-1"),
            remote=str(snapshot["remote"]).encode("latin-1"),
            owner=owner,
        )
        self.placed.append(leg)
        return leg

    def cut_short(self, marks: Mapping[str, object], now: float) -> None:
        """Nobody answers late here."""

    def is_ours(self, uri: str) -> bool:
        return any(f"@{host}" in uri or f":{host}" in uri for host in self._ours)

    @property
    def newest(self) -> FakeLeg:
        return self.placed[-1]


_OF_NO_LEG = ("call.leg_lost", "transfer.lost", "overload")
_MARKS = {"leg", "call_id", "local_tag", "remote_tag"}


class FakeObserver:
    """Keeps the lines of the log, each of which says which call it is about."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def log(self, event: str, **fields: object) -> None:
        assert event in _OF_NO_LEG or fields.keys() >= _MARKS, f"{event} does not say of which call"
        self.lines.append((event, fields))

    def events(self) -> list[str]:
        return [event for event, _ in self.lines]


def tokens(mark: str = "w0") -> Iterator[str]:
    """Fresh texts, the same ones in every run."""
    return (f"{mark}{number:014d}" for number in count(1))


def sdp(address: str = "192.0.2.1", port: int = 4000, formats: str = "0 8 101", direction: str = "") -> bytes:
    """A session description with one audio stream."""
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {formats}",
        *((f"a={direction}",) if direction else ()),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()
