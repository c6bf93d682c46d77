"""SIP messages as a diagnosis looks at them: parsed, with where they were seen, and joined into transactions."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.sip.message import Message, parse
from gateway.sip.sdp_description import Description
from gateway.sip.sdp_description import parse as parse_session
from gateway.sip.session_description import session_of


class Sight:
    """One SIP message at one place. Hosts are addresses without port; `leg` is the index of the leg, "" for none."""

    __slots__ = (
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

    def first(self, name: str) -> str:
        """The value of the first header field `name`, "" when it is not there."""
        return self.message.headers.get(name) or ""

    def __repr__(self) -> str:
        return f"<{self.frame}: {self.title} {self.source} > {self.destination}>"


class Transaction:
    """A request on one hop with its copies and its answers, each in order of time."""

    __slots__ = ("requests", "responses")

    def __init__(self) -> None:
        self.requests: list[Sight] = []
        self.responses: list[Sight] = []

    @property
    def request(self) -> Sight:
        """The request as it was first seen. There is one in every transaction that a scene holds."""
        return self.requests[0]

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.request.message.method

    @property
    def final(self) -> Sight | None:
        """The first final answer, None when none was seen."""
        return next((each for each in self.responses if each.message.status >= 200), None)

    @property
    def status(self) -> int:
        """The status of the final answer, 0 when none was seen."""
        final = self.final
        return final.message.status if final else 0

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
        client = sight.source_host if message.is_request else sight.destination_host
        marks = message.call_id, message.cseq, message.cseq_method, message.from_tag, message.top_via_branch
        transaction = found.get((*marks, client))
        if transaction is None:
            if not message.is_request:
                continue
            transaction = found[*marks, client] = Transaction()
        (transaction.requests if message.is_request else transaction.responses).append(sight)
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
