"""The trunks of every protocol behind one door, as the hub knows them."""

from gateway.ends.h323_end import H323End
from gateway.ends.isdn_end import IsdnEnd
from gateway.ends.sip_end import SipEnd
from gateway.hub.leg import Leg, LegEvents
from gateway.model.call import CallRequest


class AllTrunks:
    """Places calls over the end that a trunk belongs to."""

    def __init__(self, sip: SipEnd, isdn: IsdnEnd, h323: H323End) -> None:
        self._sip = sip
        self._isdn = isdn
        self._h323 = h323

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> Leg:
        """Calls. Raises GatewayError."""
        return self._of(trunk).place(trunk, request, owner, now)

    def restore(self, snapshot: dict[str, object], owner: LegEvents, now: float) -> Leg:
        """A leg as it was before a restart. Raises GatewayError when its trunk is no more."""
        return self._of(str(snapshot.get("trunk"))).restore(snapshot, owner, now)

    def cut_short(self, marks: dict[str, object], now: float) -> None:
        """A leg that rang before a restart; on a D channel the switch releases it by itself, and an H.323 peer has
        seen the end of the connection.
        """
        self._sip.cut_short(marks, now)

    def is_ours(self, uri: str) -> bool:
        """Whether the URI leads to this gateway."""
        return self._sip.is_ours(uri)

    def _of(self, trunk: str) -> SipEnd | IsdnEnd | H323End:
        if trunk in self._isdn.lines:
            return self._isdn
        return self._h323 if trunk in self._h323.lines else self._sip
