"""Who an INVITE wants to replace or to join (RFC 3891 §3, RFC 3911 §4)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.model.errors import DecodeError
from gateway.sip.dialog import Dialog
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Headers
from gateway.sip.refer_to import join, replaces
from gateway.sip.refusal import Refusal
from gateway.sip.session_table import SessionState

if TYPE_CHECKING:
    from gateway.sip.session import Session

Key = tuple[str, str, str]

_ANSWERED = (SessionState.ANSWERED, SessionState.ACKNOWLEDGING, SessionState.CONFIRMED)
_CALLING = (SessionState.CALLING, SessionState.PROCEEDING)


def replaced(
    headers: Headers, find: Callable[[Key], Dialog | None], has_ended: Callable[[Key], bool]
) -> "Session | None":
    """The session that an INVITE is to take the place of; None when it names none.

    Raises Refusal with the status of the RFC's rows. A Join that could be honoured is refused as well: nothing is
    mixed here.
    """
    try:
        named, joined = replaces(headers), join(headers)
    except DecodeError as error:
        raise Refusal(400, reason=f"Bad {error.where or 'Replaces'}") from error
    if named is not None:
        return _replaceable(_matched(named, find, has_ended), early_only=named.early_only)
    if joined is not None:
        _matched(joined, find, has_ended)
        raise Refusal(488, reason="Calls Cannot Be Joined Here")
    return None


def _matched(named: DialogId, find: Callable[[Key], Dialog | None], has_ended: Callable[[Key], bool]) -> "Session":
    """The tags are read as if the request were sent to us in that dialog; "0" stands for none too (§6.1)."""
    keys = {(named.call_id, ours, theirs) for ours in _readings(named.to_tag) for theirs in _readings(named.from_tag)}
    found = [dialog for dialog in map(find, keys) if dialog is not None]
    if len(found) == 1:
        session = found[0].session
        if session is None:
            raise Refusal(481)
        if session.is_over:
            raise Refusal(603)
        return session
    if not found and any(map(has_ended, keys)):
        raise Refusal(603)
    raise Refusal(481)


def _replaceable(session: "Session", *, early_only: bool) -> "Session":
    if session.state in _ANSWERED:
        if early_only:
            raise Refusal(486)
        return session
    # Only the side that made a ringing call may have it replaced.
    if session.state in _CALLING:
        return session
    raise Refusal(481)


def _readings(tag: str) -> tuple[str, ...]:
    return ("0", "") if tag == "0" else (tag,)
