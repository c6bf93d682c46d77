"""Which recorded message of the played host each of the gateway's stands for, in H.323."""

from collections.abc import Iterator

from gateway.h323.h225 import CallSignal
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.endpoints import Endpoint
from gateway.regression.h323_comparison import compare
from gateway.regression.h323_fields import FIELDS
from gateway.regression.h323_identities import H323Identities
from gateway.regression.h323_tape import H323Entry, H323Tape, Piece

_OF_THEIR_OWN = frozenset(("roundTripDelayRequest", "STATUS ENQUIRY", "registrationRequest", "infoRequestResponse"))
"""What is said at intervals, and may be missing."""


class H323Matching:
    """`take` hears what the gateway says, in order; `compared` is asked for at the end."""

    def __init__(self, tape: H323Tape, identities: H323Identities) -> None:
        self._identities = identities
        everything = list(tape.pieces())
        self._expected = [each for each in everything if each[0].is_ours]
        self._of_call: dict[int, list[Piece]] = {}
        for _, piece in self._expected:
            self._of_call.setdefault(piece.call, []).append(piece)
        self._setups = [
            (entry, piece) for entry, piece in self._expected if entry.is_setup and entry.told is piece.told
        ]
        self._before = _heard_before(everything)
        self._found: set[int] = set()
        self._pairs: list[tuple[Piece, Piece]] = []
        self._extra: list[Piece] = []

    def take(self, peer: Endpoint, ours: Piece) -> None:
        """A piece of ours; its `call` is the number of our call."""
        found = self._like(peer, ours)
        if found is None:
            self._extra.append(ours)
            return
        self._found.add(id(found))
        self._pairs.append((found, ours))
        self._identities.same_call(found.call, ours.call)
        self._identities.learn(found, ours)

    def _like(self, peer: Endpoint, ours: Piece) -> Piece | None:
        recorded = self._identities.recorded_call(ours.call)
        if recorded is None:
            is_setup = isinstance(ours.value, CallSignal) and ours.value.name == "SETUP"
            return self._setup(peer, ours.value) if is_setup else None
        waiting = (each for each in self._of_call.get(recorded, ()) if id(each) not in self._found)
        fit = [each for each in waiting if _same_kind(each, ours)]
        named = (each for each in fit if each.name == ours.name)
        alike = (each for each in fit if _message(each) == _message(ours))
        return next(named, next(alike, None))

    def _setup(self, peer: Endpoint, ours: CallSignal) -> Piece | None:
        """The recorded call that this one stands for: to the same user at the same host, to the same user, any."""
        setups = [(entry, piece) for entry, piece in self._setups if id(piece) not in self._found]
        called = FIELDS["called"](ours)
        to_host = [piece for entry, piece in setups if entry.peer.host == peer.host]
        to_user = [piece for _, piece in setups if FIELDS["called"](piece.value) == called]
        both = [piece for piece in to_user if piece in to_host]
        return next(iter(both or to_user or to_host), None)

    def _waiting(self) -> Iterator[tuple[H323Entry, Piece]]:
        return ((entry, piece) for entry, piece in self._expected if id(piece) not in self._found)

    def is_found(self, piece: Piece) -> bool:
        """Whether the gateway has said the like of a recorded message."""
        return id(piece) in self._found

    def last_before(self, entry: H323Entry) -> Piece | None:
        """What the played host had last said in the same call before a message of its peer."""
        return self._before.get(entry.frame)

    def compared(self) -> list[Compared]:
        """Everything that either side said."""
        found = [compare(*pair) for pair in self._pairs]
        for _, piece in self._waiting():
            verdict = Verdict.EQUIVALENT if piece.name in _OF_THEIR_OWN else Verdict.MISSING
            found.append(Compared(verdict, piece.told, None))
        return found + [Compared(Verdict.EXTRA, None, piece.told) for piece in self._extra]


def _heard_before(pieces: list[tuple[H323Entry, Piece]]) -> dict[int, Piece]:
    """For each message of a peer, by its frame: what the played host had last said in the same call."""
    last: dict[int, Piece] = {}
    found: dict[int, Piece] = {}
    for entry, piece in pieces:
        if entry.is_ours:
            last[piece.call] = piece
        elif piece.call in last:
            found[entry.frame] = last[piece.call]
    return found


def _same_kind(one: Piece, other: Piece) -> bool:
    return one.told.protocol == other.told.protocol


def _message(piece: Piece) -> str:
    return piece.value.name if isinstance(piece.value, CallSignal) else piece.name
