"""What a call that we make is made of."""

from dataclasses import dataclass

from gateway.sip.flow import Flow
from gateway.sip.peer_profile import PeerProfile


@dataclass(frozen=True, slots=True)
class Invitation:
    """An INVITE to be sent. `from_` and `to` are the values of From and To without tags, `route` Route values.

    `headers` is what else it carries: identities, Referred-By, Replaces, Session-ID. Contact, Allow, Supported and
    the session timer are the user agent's. `session` b"" makes a late offer. `call_id` "" stands for a new one.
    `part` goes with the session as another part of the body, its header fields included; it is left out where the
    peer does not take it (415).
    """

    uri: str
    flows: tuple[Flow, ...]
    from_: str
    to: str
    profile: PeerProfile
    headers: tuple[tuple[str, str], ...] = ()
    session: bytes = b""
    route: tuple[str, ...] = ()
    max_forwards: int = 70
    call_id: str = ""
    part: bytes = b""
