"""A SIP dialog set as a leg: its parties and keys, read from the few messages that were kept of it."""

from collections.abc import Callable, Sequence

from gateway.interworking.legs import Leg, Parties
from gateway.model.errors import DecodeError
from gateway.model.legs import SignallingProtocol
from gateway.sip.scan import Scan


def sip_leg(key: str, time: float, octets: bytes) -> Leg:
    """A leg whose first message is `octets`; `key` is its Call-ID."""
    return Leg(SignallingProtocol.SIP, key, time, heard=[octets], describe=describe)


def describe(heard: Sequence[bytes]) -> Parties:
    """Parties from the first message; To tags from it and from the answers, that of the call being the last 2xx's.

    `keys` has call_id, from_tag and to_tag, and `to_tags` (blanks between) when there are several forks. What a
    damaged message does not say is "".
    """
    first = Scan(heard[0])
    tags = list(dict.fromkeys(filter(None, (_to_tag(octets) for octets in heard))))
    answered = [_to_tag(octets) for octets in heard[1:] if _is_success(octets)]
    keys = {"call_id": _said(lambda: first.call_id), "from_tag": _said(lambda: first.from_tag)}
    if tags:
        keys["to_tag"] = (answered and answered[-1]) or tags[0]
    if len(tags) > 1:
        keys["to_tags"] = " ".join(tags)
    return Parties(_said(lambda: address(first.sender)), _said(lambda: address(first.recipient)), keys)


def _to_tag(octets: bytes) -> str:
    return _said(lambda: Scan(octets).to_tag)


def _said(look: Callable[[], str]) -> str:
    try:
        return look()
    except DecodeError:
        return ""


def _is_success(octets: bytes) -> bool:
    return octets.startswith(b"SIP/2.0 2")


def address(value: bytes) -> str:
    """The URI in a From or To value, without display name and header parameters."""
    quoted = value.rfind(b'"') + 1
    _, bracket, rest = value[quoted:].partition(b"<")
    uri = rest.partition(b">")[0] if bracket else value.partition(b";")[0]
    return uri.strip().decode("utf-8", "replace")
