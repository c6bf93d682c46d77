"""The call of a recording that comes nearest to one that somebody named and that is not there."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.diagnosis.recording import Recording
from gateway.diagnosis.shelf import Heard
from gateway.model.errors import DecodeError
from gateway.sip.scan import Scan


class Nearest(NamedTuple):
    """`why` says what it has in common with what was named; `frame` is where that is seen."""

    call_id: str
    frame: int
    why: str
    from_tag: str
    to_tag: str


def nearest_to(recording: Recording, call_id: str, tags: tuple[str, ...]) -> Nearest | None:
    """By Call-ID, by its part before the @, by one of the `tags`; None when nothing is like it."""
    calls = recording.every_call
    if call_id in calls:
        return _described(call_id, calls[call_id], "which has this Call-ID and other tags")
    like = recording.call_by_local_part.get(call_id.partition("@")[0].lower())
    if like is not None:
        return _described(like, calls[like], "whose Call-ID is the same up to case and what stands behind the @")
    for tag in tags:
        found = recording.message_by_tag.get(tag.encode("utf-8", "replace")) if len(tag) > 1 else None
        if found is not None:
            return _described(*found, f"where tag {tag} occurs")
    return None


def _described(call_id: str, heard: Sequence[Heard], why: str) -> Nearest:
    # One that has both tags says most.
    frame, _, octets, _, _ = max(heard, key=lambda each: min(each[2].count(b";tag="), 2))
    try:
        fields = Scan(octets)
        return Nearest(call_id, frame, why, fields.from_tag, fields.to_tag)
    except DecodeError:
        return Nearest(call_id, frame, why, "", "")
