"""Session-ID (RFC 7989): the UUIDs of the two ends as the messages of one dialog carry them."""

from gateway.model.errors import DecodeError
from gateway.sip.message import Headers, Message
from gateway.sip.routing import NIL_SESSION, SessionId

NAME = "Session-ID"


def uuid_of(headers: Headers) -> str:
    """The sender's UUID; "" when it has none, or none that can be read."""
    value = headers.get(NAME)
    if not value:
        return ""
    try:
        found = SessionId.parse(value).local
    except DecodeError:
        return ""
    return "" if found == NIL_SESSION else found


def field(local: str, remote: str) -> tuple[tuple[str, str], ...]:
    """The header field; nothing when we have no UUID to say."""
    return ((NAME, f"{local};remote={remote or NIL_SESSION}"),) if local else ()


class SessionIdentifier:
    """What we say on one session: `local` is the UUID of the end that the peer talks to, `remote` the peer's own, ""
    for what is not known. Nothing is said (`fields` is ()) before there is a `local`. `fields` is made when one of
    them changes and not for each message.
    """

    __slots__ = ("_heard", "fields", "local", "remote")

    def __init__(self, local: str = "", remote: str = "") -> None:
        self.local, self.remote = local, remote
        self._heard = ""
        self.fields = field(local, remote)

    def learn(self, local: str = "", remote: str = "") -> None:
        """Takes what is said; what is "" stays."""
        self.local, self.remote = local or self.local, remote or self.remote
        self.fields = field(self.local, self.remote)

    def hear(self, message: Message) -> None:
        """Takes the peer's UUID, which may be another one at any time (RFC 7989 §6)."""
        value = message.headers.get(NAME)
        if value and value != self._heard:
            self._heard = value
            self.learn(remote=uuid_of(message.headers))
