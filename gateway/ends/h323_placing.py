"""A call of ours on its way to an H.323 peer: admission by the gatekeeper, SETUP, the next peer when one fails."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.configuration.h323_trunk import host_and_port
from gateway.ends.h323_clearing import not_admitted
from gateway.h323.call_contents import Contents, NewCall
from gateway.h323.ras.client import Admission, RasCall, Refusal
from gateway.model.call import CallRequest
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.sip.uri import Uri

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_line import H323Line


class H323Placing:
    """One call of `leg`. `ras` is the call as the gatekeeper knows it; whoever repeats it goes by the same leave."""

    __slots__ = ("_called", "_is_plain", "_is_routed", "_left", "_line", "_request", "leg", "ras")

    def __init__(self, line: "H323Line", leg: "H323Leg", request: CallRequest, called: Party) -> None:
        self.leg = leg
        self._line = line
        self._request = request
        self._called = called
        self._is_plain = self._is_routed = False
        self._left = list(_peers(line.settings.peers, request.called.uri))
        self.ras: RasCall | None = None

    def begin(self, now: float) -> None:
        """Asks the gatekeeper, or calls at once. Raises GatewayError when no SETUP can go out."""
        line = self._line
        gatekeeper = line.gatekeeper.client if line.gatekeeper is not None else None
        if gatekeeper is None:
            self._call(self._left.pop(0), now)
            return
        signalling = line.signalling
        identifier, conference = signalling.fresh_identifier(), signalling.fresh_identifier()
        self.ras = RasCall(identifier, conference, signalling.fresh_reference())
        line.admissions[self.leg] = self.ras
        gatekeeper.admit(self.ras, self._called.aliases, line.own_aliases, self._admitted, now)

    def next_peer(self, now: float) -> bool:
        """Whether another peer is called: the last one could not be reached."""
        return bool(self._left) and self._again(self._left.pop(0), now)

    def repeat(self, now: float) -> bool:
        """Whether the same call is made once more, as an ordinary one (H.450.2 §8.2)."""
        if self._is_plain:
            return False
        self._is_plain = True
        self._line.services.secondary.forget(self.leg, now)
        self.ras = None
        return self._again(self.leg.call.channel.peer, now)

    def route_to(self, address: str, now: float) -> bool:
        """Whether the same call is made at the gatekeeper of the peer, who wants it so; once for each call."""
        if self._is_routed:
            return False
        self._is_routed = True
        self.ras = None
        return self._again(address, now)

    def _admitted(self, answer: Admission | Refusal, now: float) -> None:
        leg = self.leg
        if leg.gone:
            return
        try:
            if isinstance(answer, Refusal):
                clearing = not_admitted(answer.reason)
                raise GatewayError(answer.reason, sip_status=clearing.status, cause=_value(clearing.cause))
            if answer.aliases:
                self._called = replace(self._called, aliases=answer.aliases)
            self._call(answer.address, now)
        except GatewayError as error:
            self._line.log("h323.not_admitted", leg, reason=str(error))
            owner = leg.owner
            leg.over(now)
            owner.cleared(leg, self._line.clearings.refused(error), now)

    def _again(self, address: str, now: float) -> bool:
        try:
            self._call(address, now)
        except GatewayError:
            return False
        return True

    def _call(self, address: str, now: float) -> None:
        """SETUP."""
        self._line.call(self, address, self._new_call(address, now), now)

    def _new_call(self, address: str, now: float) -> NewCall:
        leg, line = self.leg, self._line
        redirecting, reason = line.parties.redirecting(self._request.kept)
        apdus = () if self._is_plain else line.services.secondary.of_setup(leg, self._request, now)
        calling = line.parties.calling(self._request)
        fast_start = leg.media.proposed(self._request.session)
        ras = self.ras
        return NewCall(
            calling,
            self._called,
            redirecting=redirecting,
            redirecting_reason=reason,
            source_address=line.settings.listen,
            destination_address=address,
            tunnelling=line.settings.tunnelling,
            identifier=ras.call_identifier if ras else b"",
            conference=ras.conference_id if ras else b"",
            call_reference=ras.reference if ras else None,
            contents=Contents(display=calling.name, apdus=apdus, fast_start=fast_start),
        )


def _peers(peers: tuple[str, ...], uri: str) -> tuple[str, ...]:
    """The peers in order; where the URI has the address of one, that alone."""
    try:
        host = Uri.parse(uri).host.strip("[]") if uri else ""
    except GatewayError:
        host = ""
    named = tuple(each for each in peers if host_and_port(each, 0)[0] == host)
    return named or peers


def _value(cause: Cause | None) -> int:
    return cause.value if cause is not None else 41
