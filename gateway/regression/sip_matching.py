"""Which recorded message of the played host each of the gateway's stands for."""

from collections.abc import Iterable, Iterator

from gateway.model.errors import DecodeError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.endpoints import Endpoint
from gateway.regression.message import Message as Told
from gateway.regression.sip_comparison import compare
from gateway.regression.sip_identities import Identities
from gateway.regression.sip_tape import Entry, Leg, Tape
from gateway.sip.message import Message
from gateway.sip.uri import Uri

_TRYING = "100 Trying may be left out and put in (RFC 3261 §17.2.1)"
_CHALLENGE = "authentication is not part of this replay"
_AGAIN = "says again what was said before"
_WATCHING = "whether a peer is there is asked at intervals (RFC 3261 §11)"


class SipMatching:
    """`request` and `response` take what the gateway sends, in order; `compared` is asked for at the end."""

    def __init__(self, tape: Tape, identities: Identities, problems: list[str]) -> None:
        self._tape = tape
        self._identities = identities
        self._problems = problems
        self._pairs: list[tuple[Entry, Told, Message]] = []
        self._extra: list[tuple[Told, Message, Entry | None]] = []
        self._found: set[int] = set()
        self._invites: dict[tuple[str, int], Entry] = {}
        self._expected = [each for each in tape.entries if each.is_ours and not each.is_copy]
        self._requests = _sorted_in(self._expected)

    def response(self, told: Told, message: Message, asked: Entry | None) -> None:
        """A response of ours to what was recorded as `asked`."""
        found = None
        if asked is not None:
            recorded = [each for each in self._tape.responses.get(asked.transaction, ()) if each.is_ours]
            if message.to_tag and message.status > 100:
                self._learn(recorded, message)
            found = _like(message, [each for each in recorded if id(each) not in self._found])
        self._pair(told, message, found, asked)
        if found is not None and message.headers.get("rseq"):
            self._learn_rseq(found, message)

    def _learn(self, recorded: list[Entry], message: Message) -> None:
        tags = dict.fromkeys(each.leg for each in recorded if each.leg.tag)
        for leg in tags:
            self._identities.answered(leg, message)

    def _learn_rseq(self, found: Entry, message: Message) -> None:
        recorded, ours = found.message.headers.get("rseq") or "", message.headers.get("rseq") or ""
        own = self._identities.ours(found.leg)
        if own is not None and recorded.isdecimal() and ours.isdecimal():
            own.rseq[found.message.cseq, int(recorded)] = int(ours)

    def request(self, told: Told, message: Message, destination: Endpoint) -> None:
        """A request of ours."""
        if message.method in ("ACK", "CANCEL"):
            found = self._beside_invite(message)
        else:
            legs = self._identities.recorded(Leg(message.call_id, message.from_tag))
            if legs:
                found = next((each for leg in legs for each in self._open_requests(message.method, leg)), None)
            elif message.to_tag:
                found = None
            else:
                found = _likeliest(message, destination, told.time, self._open_requests(message.method))
        self._pair(told, message, found, None)
        if found is not None and message.method not in ("ACK", "CANCEL"):
            self._identities.asked(found, message)
            if message.method == "INVITE":
                self._invites[message.call_id, message.cseq] = found

    def _open_requests(self, method: str, where: Leg | str = "") -> Iterator[Entry]:
        """Recorded requests that have no like yet: of a leg, of a Call-ID, or those outside of dialogs."""
        return (each for each in self._requests.get((method, where), ()) if id(each) not in self._found)

    def _beside_invite(self, message: Message) -> Entry | None:
        """ACK and CANCEL have the number of their INVITE (RFC 3261 §9.1, §13.2.2.4, §17.1.1.3)."""
        invite = self._invites.get((message.call_id, message.cseq))
        if invite is None:
            return None
        waiting = self._open_requests(message.method, invite.message.call_id)
        found = next((each for each in waiting if each.message.cseq == invite.message.cseq), None)
        if found is not None and message.method == "CANCEL":
            self._identities.requests[found.transaction] = message
        return found

    def _pair(self, told: Told, message: Message, found: Entry | None, asked: Entry | None) -> None:
        if found is None:
            self._extra.append((told, message, asked))
        else:
            self._found.add(id(found))
            self._pairs.append((found, told, message))

    # --- the end ---

    def compared(self) -> list[Compared]:
        """Everything that either side sent, in order of time."""
        self._pair_what_is_left()
        found = [compare(entry, told, message, self._identities) for entry, told, message in self._pairs]
        found += [self._missing(each) for each in self._expected if id(each) not in self._found]
        found += [_extra(told, message, asked, self._tape) for told, message, asked in self._extra]
        return sorted(found, key=_time)

    def _pair_what_is_left(self) -> None:
        """A response of ours that has no like, and a recorded one to the same request, are two answers to one
        question: provisional with provisional, final with final.
        """
        left = []
        for told, message, asked in self._extra:
            fit = self._left_like(message, asked) if asked is not None and message.status > 100 else None
            if fit is None:
                left.append((told, message, asked))
            else:
                self._found.add(id(fit))
                self._pairs.append((fit, told, message))
        self._extra = left

    def _left_like(self, message: Message, asked: Entry) -> Entry | None:
        is_final = message.status >= 200
        recorded = self._tape.responses.get(asked.transaction, ())
        fit = (
            each
            for each in recorded
            if each.is_ours
            and id(each) not in self._found
            and each.message.status > 100
            and (each.message.status >= 200) is is_final
        )
        return next(fit, None)

    def _missing(self, entry: Entry) -> Compared:
        message = entry.message
        why = ""
        if message.status == 100:
            why = _TRYING
        elif entry.transaction in self._tape.challenged:
            why = _CHALLENGE
        elif 100 < message.status < 200 and self._was_said(entry):
            why = _AGAIN
        elif _is_watching(message):
            why = _WATCHING
        if why:
            return Compared(Verdict.EQUIVALENT, entry.told, None, (why,))
        return Compared(Verdict.MISSING, entry.told, None)

    def _was_said(self, entry: Entry) -> bool:
        """Whether an earlier provisional response of the same transaction and status has found its like."""
        return any(
            id(each) in self._found and each.message.status == entry.message.status
            for each in self._tape.responses.get(entry.transaction, ())
        )


def _sorted_in(expected: list[Entry]) -> dict[tuple[str, Leg | str], list[Entry]]:
    """Requests by method, and by leg, by Call-ID, or by "" outside of dialogs."""
    found: dict[tuple[str, Leg | str], list[Entry]] = {}
    for each in expected:
        if each.message.is_request:
            places: list[Leg | str] = [each.leg, each.message.call_id, *([""] if each.is_initial else [])]
            for place in places:
                found.setdefault((each.message.method, place), []).append(each)
    return found


def _extra(told: Told, message: Message, asked: Entry | None, tape: Tape) -> Compared:
    if message.status == 100 or _is_watching(message):
        return Compared(Verdict.EQUIVALENT, None, told, (_TRYING if message.status else _WATCHING,))
    reasons: tuple[str, ...] = ()
    if asked is not None and not any(each.is_ours for each in tape.responses.get(asked.transaction, ())):
        reasons = (f"the recording has no answer to frame {asked.frame}",)
    return Compared(Verdict.EXTRA, None, told, reasons)


def _is_watching(message: Message) -> bool:
    return message.is_request and message.method == "OPTIONS" and not message.to_tag


def _like(message: Message, recorded: Iterable[Entry]) -> Entry | None:
    """Of the same status; a final response stands for any other final one."""
    waiting = list(recorded)
    same = (each for each in waiting if each.message.status == message.status)
    finals = (each for each in waiting if message.status >= 200 and each.message.status >= 200)
    return next(same, next(finals, None))


def _likeliest(message: Message, destination: Endpoint, time: float, waiting: Iterator[Entry]) -> Entry | None:
    """The recorded request that goes to the same host or asks for the same user; the nearest in time of several."""

    def distance(entry: Entry) -> tuple[bool, bool, bool, float]:
        other = entry.message
        return (
            entry.peer.host != destination.host or _user(other) != _user(message),
            entry.peer.host != destination.host,
            entry.peer != destination,
            abs(entry.time - time),
        )

    fit = [each for each in waiting if each.peer.host == destination.host or _user(each.message) == _user(message)]
    return min(fit, key=distance, default=None)


def _user(message: Message) -> str:
    try:
        return Uri.parse(message.request_uri).user or ""
    except DecodeError:
        return message.request_uri


def _time(compared: Compared) -> float:
    told = compared.recorded or compared.ours
    return told.time if told else 0.0
