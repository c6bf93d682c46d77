"""A SIP dialog set as a leg: its parties and keys, read from the few messages that were kept of it."""

from collections.abc import Sequence

from gateway.interworking.legs import Leg, Parties
from gateway.model.legs import SignallingProtocol
from gateway.sip.scan import Scan, start_of


def sip_leg(key: str, time: float, octets: bytes) -> Leg:
    """A leg whose first message is `octets`; `key` is its Call-ID."""
    return Leg(SignallingProtocol.SIP, key, time, heard=[octets], describe=describe)


def describe(heard: Sequence[bytes]) -> Parties:
    """Parties from the first message; To tags from it and from the answers, that of the call being the last 2xx's.

    `keys` has call_id, from_tag and to_tag, and `to_tags` (blanks between) when there are several forks.
    """
    first = Scan(heard[0])
    tags = list(dict.fromkeys(filter(None, (Scan(octets).to_tag for octets in heard))))
    answered = [Scan(octets).to_tag for octets in heard[1:] if 200 <= start_of(octets)[1] < 300]
    keys = {"call_id": first.call_id, "from_tag": first.from_tag}
    if tags:
        keys["to_tag"] = answered[-1] if answered else tags[0]
    if len(tags) > 1:
        keys["to_tags"] = " ".join(tags)
    return Parties(address(first.sender), address(first.recipient), keys)


def address(value: bytes) -> str:
    """The URI in a From or To value, without display name and header parameters."""
    quoted = value.rfind(b'"') + 1
    _, bracket, rest = value[quoted:].partition(b"<")
    uri = rest.partition(b">")[0] if bracket else value.partition(b";")[0]
    return uri.strip().decode("utf-8", "replace")
