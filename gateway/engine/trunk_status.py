"""What the trunks of a running gateway are doing: links, channels and calls, as one JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.configuration import AnyTrunk
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_line import IsdnLine
from gateway.ends.sip_trunk import SipTrunk
from gateway.hub.call import Call
from gateway.hub.leg import Leg

if TYPE_CHECKING:
    from gateway.engine.gateway import Gateway

Document = dict[str, object]


def trunk_status(gateway: "Gateway") -> list[Document]:
    """One document for each trunk of gateway.yaml, in its order."""
    legs: dict[str, list[Leg]] = {}
    for leg in _legs(gateway):
        legs.setdefault(leg.trunk, []).append(leg)
    return [_trunk(gateway, trunk, legs.get(trunk.name, [])) for trunk in gateway.hub.configuration.trunks]


def _trunk(gateway: "Gateway", settings: AnyTrunk, legs: list[Leg]) -> Document:
    found: Document = {"name": settings.name, "protocol": getattr(settings, "protocol", "sip")}
    line, sip = gateway.isdn.lines.get(settings.name), gateway.end.trunks.get(settings.name)
    if line is not None:
        found |= _isdn(line)
        legs = [*line.legs]
    elif sip is not None:
        found |= _sip(sip)
    return found | {"calls": [_call(leg) for leg in sorted(legs, key=lambda each: each.id)]}


def _sip(trunk: SipTrunk) -> Document:
    peers = [{"address": str(peer.place), "up": peer.monitor.is_usable} for peer in trunk.peers]
    return {"profile": trunk.settings.profile, "peers": peers}


def _isdn(line: IsdnLine) -> Document:
    settings = line.settings
    return {
        "link": settings.link or f"that of {settings.nfas}",
        "up": line.control.is_up(),
        "side": settings.side,
        "variant": settings.variant,
        "access": settings.access,
        "channels": list(_channels(line)),
    }


def _channels(line: IsdnLine) -> Iterator[Document]:
    channels = line.control.channels
    out = frozenset(channels.out_of_service)
    holders = {leg.call: leg.id for leg in line.legs}
    for channel in sorted(line.channels):
        holder = channels.holder(channel)
        state = "busy" if holder is not None else "out of service" if channel in out else "idle"
        leg = holders.get(holder, "") if holder is not None else ""
        yield {"channel": channel.number, "interface": channel.interface, "state": state, "leg": leg}


def _call(leg: Leg) -> Document:
    """A leg, and whom it talks to."""
    found: Document = {
        "leg": leg.id,
        "direction": "in" if leg.incoming else "out",
        "answered": leg.answered,
        "address": leg.address,
    }
    if isinstance(leg, IsdnLeg):
        call = leg.call
        found |= {
            "channel": call.channel.number if call.channel is not None else None,
            "state": call.state.name.replace("_", " ").lower(),
            "hold": call.hold_state.value,
        }
    owner = leg.owner
    other = owner.other(leg) if isinstance(owner, Call) else None
    return found | {"with": {"trunk": other.trunk, "address": other.address} if other is not None else None}


def _legs(gateway: "Gateway") -> Iterator[Leg]:
    """All legs of calls, those that are being called too."""
    for call in gateway.hub.calls.values():
        yield from call.legs()
        if call.dial is not None and call.dial.leg is not None:
            yield call.dial.leg
