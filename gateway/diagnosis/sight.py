"""SIP messages as a diagnosis looks at them: parsed, with where they were seen, and joined into transactions."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.sip.message import Message, parse
from gateway.sip.sdp_description import Description
from gateway.sip.sdp_description import parse as parse_session
from gateway.sip.session_description import session_of
from gateway.sip.sipfrag import Sipfrag


class Sight:
    """One SIP message at one place. Hosts are addresses without port; `leg` is the index of the leg, "" for none."""

    __slots__ = (
        "_report",
        "_session",
        "destination",
        "destination_host",
        "frame",
        "leg",
        "message",
        "source",
        "source_host",
        "time",
    )

    def __init__(
        self, frame: int, time: float, message: Message, source: str, destination: str, leg: str = ""
    ) -> None:
        self.frame = frame
        self.time = time
        self.message = message
        self.source = source
        self.destination = destination
        self.source_host = host_of(source)
        self.destination_host = host_of(destination)
        self.leg = leg
        self._session: Description | None = None
        self._report: Sipfrag | str | None = ""

    @property
    def title(self) -> str:
        """Its name: "INVITE", "200 OK"."""
        message = self.message
        return message.method if message.is_request else f"{message.status} {message.reason}".strip()

    @property
    def session(self) -> Description:
        """Its session description; one without streams when it has none."""
        if self._session is None:
            self._session = parse_session(session_of(self.message))
        return self._session

    @property
    def report(self) -> Sipfrag | None:
        """What a NOTIFY says of the call that was triggered; None when its body cannot be read."""
        if isinstance(self._report, str):
            try:
                self._report = Sipfrag.parse(self.message.body)
            except DecodeError:
                self._report = None
        return self._report

    def first(self, name: str) -> str:
        """The value of the first header field `name`, "" when it is not there."""
        return self.message.headers.get(name) or ""

    def __repr__(self) -> str:
        return f"<{self.frame}: {self.title} {self.source} > {self.destination}>"


class Transaction:
    """A request on one hop with its copies and its answers, each in order of time.

    `request` is the request as it was first seen, `method` its method. `final` is the first final answer and `status`
    its status, None and 0 when none was seen.
    """

    __slots__ = ("final", "method", "request", "requests", "responses", "status")

    def __init__(self, request: Sight) -> None:
        self.request = request
        self.method = request.message.method
        self.requests = [request]
        self.responses: list[Sight] = []
        self.final: Sight | None = None
        self.status = 0

    def answered(self, response: Sight) -> None:
        """One more answer."""
        self.responses.append(response)
        if self.final is None and response.message.status >= 200:
            self.final = response
            self.status = response.message.status

    @property
    def frames(self) -> tuple[int, ...]:
        """The request, and the final answer if there is one."""
        final = self.final
        return (self.request.frame, final.frame) if final else (self.request.frame,)


def transactions(sights: Iterable[Sight]) -> list[Transaction]:
    """The transactions in `sights`, in order of time. Answers whose request was not recorded are left out.

    A hop is told by the branch and by the host that asks (RFC 3261 §17.1.3), so that a request seen before and
    behind a proxy or a NAT is two of them.
    """
    found: dict[tuple[object, ...], Transaction] = {}
    for sight in sights:
        message = sight.message
        asks = message.is_request
        client = sight.source_host if asks else sight.destination_host
        marks = message.call_id, message.cseq, message.cseq_method, message.from_tag, message.top_via_branch, client
        transaction = found.get(marks)
        if transaction is None:
            if asks:
                found[marks] = Transaction(sight)
        elif asks:
            transaction.requests.append(sight)
        else:
            transaction.answered(sight)
    return list(found.values())


def sights_of(heard: Sequence[tuple[int, float, bytes, str, str]], leg: str) -> list[Sight]:
    """Those of one call; what is no SIP message is left out."""
    found = []
    for frame, time, octets, source, destination in heard:
        try:
            message = parse(octets)
        except DecodeError:
            continue
        found.append(Sight(frame, time, message, source, destination, leg))
    return found


@lru_cache(maxsize=4096)
def host_of(endpoint: str) -> str:
    """The address of "address:port", without brackets."""
    return endpoint.rpartition(":")[0].strip("[]")
