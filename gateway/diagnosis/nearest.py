"""The call of a recording that comes nearest to one that somebody named and that is not there."""

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
    local = call_id.partition("@")[0]
    for other, heard in calls.items():
        if local and other.partition("@")[0].lower() == local.lower():
            return _described(other, heard, "whose Call-ID is the same up to case and what stands behind the @")
    return _by_tag(calls, tuple(tag for tag in tags if len(tag) > 1))


def _by_tag(calls: dict[str, list[Heard]], tags: tuple[str, ...]) -> Nearest | None:
    wanted = [(tag, f";tag={tag}".encode("utf-8", "replace")) for tag in tags]
    for call_id, heard in calls.items():
        for message in heard:
            for tag, octets in wanted:
                if octets in message[2]:
                    return _described(call_id, [message], f"where tag {tag} occurs")
    return None


def _described(call_id: str, heard: list[Heard], why: str) -> Nearest:
    # One that has both tags says most.
    frame, _, octets, _, _ = max(heard, key=lambda each: min(each[2].count(b";tag="), 2))
    try:
        fields = Scan(octets)
        return Nearest(call_id, frame, why, fields.from_tag, fields.to_tag)
    except DecodeError:
        return Nearest(call_id, frame, why, "", "")
