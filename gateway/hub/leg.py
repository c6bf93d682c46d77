"""What the hub and the ends have to say to each other: a leg, its events, and where calls are placed.

Every method may be called at any time: what does not fit the state of the leg is no error but does nothing
(the peer may have gone at the same moment). Nothing here blocks; `now` is the time in seconds.
"""

from typing import Protocol

from gateway.model.call import Answer, CallRequest, Capability, Clearing, Information, Progress
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import (
    DialogReference,
    PartyUpdate,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)


class Leg(Protocol):
    """One side of a call: a SIP dialog, a Q.931 call, an H.225 call.

    `owner` hears its events; whoever takes the leg over sets it.
    """

    owner: "LegEvents"

    @property
    def id(self) -> str:
        """Unique in this process and over restarts."""

    @property
    def trunk(self) -> str:
        """The name of its trunk."""

    @property
    def protocol(self) -> SignallingProtocol:
        """What it speaks."""

    @property
    def incoming(self) -> bool:
        """Whether the peer made the call."""

    @property
    def answered(self) -> bool:
        """Whether the call has been answered."""

    @property
    def address(self) -> str:
        """The peer as a URI, for records and to call it back."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the peer can do, as far as it has said."""

    @property
    def offering(self) -> bool:
        """Whether an `offer` of ours has been neither accepted nor declined yet."""

    @property
    def local_session(self) -> bytes:
        """The last session description that the peer was given."""

    @property
    def remote_session(self) -> bytes:
        """The last session description that the peer gave."""

    @property
    def reference(self) -> DialogReference | None:
        """The dialog as its peer has to find it in a Replaces; None before there is one."""

    @property
    def marks(self) -> dict[str, object]:
        """What every line of the log says of it: `leg`, `trunk`, and where they are Call-ID and tags."""

    def progress(self, progress: Progress, now: float) -> None:
        """Tells the caller that the called side is at work."""

    def answer(self, answer: Answer, now: float) -> None:
        """Answers an incoming call."""

    def clear(self, clearing: Clearing, now: float) -> None:
        """Ends the leg whichever way its state demands: refuses, cancels or releases. No event follows."""

    def offer(self, session: bytes, now: float) -> None:
        """New media within the call; b"" asks the peer for an offer. Ends in accepted or declined, glare included."""

    def accept(self, session: bytes, now: float) -> None:
        """Answers the peer's offer, or gives it the offer that it asked for."""

    def decline(self, clearing: Clearing, now: float) -> None:
        """Refuses the peer's offer; the media stays as it was."""

    def confirm(self, session: bytes, now: float) -> None:
        """Gives the answer to an offer that came with the peer's answer to our late offer (SIP: in the ACK)."""

    def inform(self, information: Information, now: float) -> None:
        """Hands on what the other leg's peer said."""

    def update(self, update: PartyUpdate, now: float) -> None:
        """Tells the peer whom it talks to now, if that can be told."""

    def services(self, other: "Leg | None") -> frozenset[str]:
        """By which services of its network (mappings/transfer_ladder.yaml) the peer can be transferred: joined with
        the peer of `other`, who may still be ringing, or (None) sent to a target that nobody has called yet.
        """

    def refer(self, request: TransferRequest, now: float) -> None:
        """Asks the peer, or its network, to carry out a transfer to a target. transfer_progress and transfer_outcome
        follow, the outcome once; one that is refused with 405 or 501 is carried out by the hub.
        """

    def join(self, other: "Leg", service: str, now: float) -> None:
        """Asks the network by one of `services` to join this call with that of `other`. `join_outcome` follows, once,
        unless one of the two is cleared from here before.
        """

    def accept_transfer(self, transfer: str, now: float) -> None:
        """Accepts the transfer of that id, and says that it is being tried."""

    def refuse_transfer(self, transfer: str, clearing: Clearing, now: float) -> None:
        """Refuses it at once."""

    def report(self, transfer: str, report: TransferProgress | TransferOutcome, now: float) -> None:
        """Progress of, or the final word on, an accepted transfer. `report_delivered` follows the final word."""

    def snapshot(self) -> dict[str, object]:
        """What `Trunks.restore` needs to have it back after a restart; plain JSON values."""


def marks_in(snapshot: dict[str, object]) -> dict[str, object]:
    """The `marks` that were written into a snapshot; {} when there are none."""
    marks = snapshot.get("marks")
    return marks if isinstance(marks, dict) else {}


class LegEvents(Protocol):
    """What the owner of a leg hears of it. `call_asked` comes to the hub itself."""

    __slots__ = ()

    def call_asked(self, leg: Leg, request: CallRequest, replaced: Leg | None, now: float) -> None:
        """A peer calls; `replaced` is the leg whose place it wants to take, authorised to do so."""

    def progressed(self, leg: Leg, progress: Progress, now: float) -> None:
        """The called side is at work."""

    def answered(self, leg: Leg, answer: Answer, now: float) -> None:
        """The called side has answered; `confirm` is due when our offer was late."""

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """The leg is gone: refused, cancelled, released, timed out. Nothing follows but reports on its transfers."""

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        """The peer wants other media, or (b"") an offer. `accept` or `decline` is due."""

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """Our offer was answered; after a late one `session` is the peer's offer and `confirm` is due."""

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """Our offer was refused (408 when no answer came); the media is as before and the call stays."""

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """The peer has confirmed our answer; `session` is its answer when the offer was ours."""

    def informed(self, leg: Leg, information: Information, now: float) -> None:
        """The peer has something to say to the other side."""

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """The peer asks for a transfer; `transfer` is its id. `replaced` is our leg that the consultation names.

        `accept_transfer` or `refuse_transfer` is due at once.
        """

    def report_delivered(self, leg: Leg, transfer: str, now: float) -> None:
        """The final report of a transfer was answered, refused or has timed out: the transferor may be released."""

    def transfer_cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        """Nobody listens to reports any more (unsubscribed, dialog gone); the transfer goes on (RFC 3515 §2.4.4)."""

    def transfer_progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        """The peer that we referred is at work; the first one says that it has accepted."""

    def transfer_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """How the transfer that we asked the peer for ended, refusal and silence included; once for each `refer`."""

    def join_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """How a `join` that this leg was asked for ended. SUCCEEDED: the network has both calls, and both legs are
        over; nothing follows of either, and the calls are cleared without our doing. Else both are as before.
        """

    def updated(self, leg: Leg, update: PartyUpdate, now: float) -> None:
        """The peer is another party now."""


class Trunks(Protocol):
    """Where the hub places calls."""

    def place(self, trunk: str, request: CallRequest, owner: "LegEvents", now: float) -> Leg:
        """Calls `request.called` over the trunk. The leg comes back at once, events never before that.

        Raises GatewayError when the trunk is down or full.
        """

    def restore(self, snapshot: dict[str, object], owner: "LegEvents", now: float) -> Leg:
        """A leg as it was before a restart. Raises GatewayError when its trunk is no more."""

    def cut_short(self, marks: dict[str, object], now: float) -> None:
        """A leg that was unanswered at the restart, by its `marks`: should it be answered yet, it is released."""

    def is_ours(self, uri: str) -> bool:
        """Whether the URI leads to this gateway."""


class Observer(Protocol):
    """Where the hub tells what it does, for logs and records. Never raises."""

    def log(self, event: str, **fields: object) -> None:
        """One line of the log; `transfer` and the `marks` of a leg are among the fields where there are any."""
