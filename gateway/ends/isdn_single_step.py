"""QSIG single step call transfer asked for by us (ISO/IEC 19460): ssctInitiate, and what comes of it.

The result comes when the target has answered (awaitConnect), and then the peer clears the call. An error that another
way may get round, and silence, leave the transfer to the gateway.
"""

from typing import TYPE_CHECKING, NamedTuple

from gateway.interworking import rose_errors
from gateway.interworking.transfer_ladder import Service, ladder
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.timers import Timer
from gateway.model.transfer import Outcome, TransferKind, TransferOutcome, TransferRequest
from gateway.sip.address import Address
from gateway.translators.sip_kept import first

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_services import IsdnServices

SERVICE = "ssct"
_OPERATION = "ssctInitiate"
_USUAL = Service()
_NONE = "none"
_UNABLE = TransferOutcome(Outcome.REFUSED, 501, cause=Cause(29))
_DESERTED = TransferOutcome(Outcome.FAILED, 487, cause=Cause(16))
_SUCCESS = TransferOutcome(Outcome.SUCCEEDED, 200)


class _Asked(NamedTuple):
    invoke_id: int
    timer: Timer


class IsdnSingleSteps:
    """What is under way on one trunk, by the leg that is to be transferred."""

    def __init__(self, services: "IsdnServices") -> None:
        self._services = services
        self._line = services.line
        self._asked: dict[IsdnLeg, _Asked] = {}

    def is_possible(self, leg: "IsdnLeg") -> bool:
        """Whether the peer can be asked to transfer this call."""
        line = self._line
        free = leg not in self._asked and leg.call.is_active and not leg.gone
        return line.variant.operations == "qsig" and line.settings.native and free

    def begin(self, leg: "IsdnLeg", request: TransferRequest, now: float) -> None:
        """Asks; the owner of the leg hears what comes of it."""
        number = self._invoke(leg, request, now) if self.is_possible(leg) else None
        if number is None:
            self._line.timers.start(now, lambda then: leg.owner.transfer_outcome(leg, _UNABLE, then))
        else:
            self.resume(leg, number, now)

    def invoked(self, leg: "IsdnLeg") -> int:
        """The invokeId that is not answered yet; 0 for none."""
        asked = self._asked.get(leg)
        return asked.invoke_id if asked is not None else 0

    def resume(self, leg: "IsdnLeg", number: int, now: float) -> None:
        """The answer to that invoke is waited for."""
        seconds = ladder(self._line.end.configuration.ladder).services.get(SERVICE, _USUAL).response
        timer = self._line.timers.start(now + seconds, lambda then: self._silent(leg, then))
        self._asked[leg] = _Asked(number, timer)

    def _invoke(self, leg: "IsdnLeg", request: TransferRequest, now: float) -> int | None:
        parties = self._line.parties
        try:
            target = Party(parties.called(request.target or Party()))
        except GatewayError:
            return None
        said = first(request.kept, "Referred-By")
        transferor = request.transferor or (Party(uri=Address.parse(said).uri) if said else None)
        asked = TransferRequest(
            TransferKind.SINGLE_STEP,
            target,
            transferor=parties.told(transferor) if transferor is not None else None,
            transferee=parties.told(Party(uri=leg.address)),
            await_connect=True,
        )
        return self._services.invoke(leg, asked, now)

    def answered(self, leg: "IsdnLeg", event: TransferOutcome, now: float) -> bool:
        """ReturnResult, ReturnError or Reject of an invoke of ours; False when it is none for a single step."""
        asked = self._asked.get(leg)
        if asked is None or event.invoke_id != asked.invoke_id:
            return False
        self._over(leg, self._outcome(event), now)
        return True

    def _outcome(self, event: TransferOutcome) -> TransferOutcome:
        if event.outcome is Outcome.SUCCEEDED:
            return _SUCCESS
        dialect = self._services.dialect.name
        if rose_errors.failure(event.error, dialect, event.rejected).fallback != _NONE:
            return _UNABLE
        completed = self._line.causes.complete(event, "sip", dialect)
        assert isinstance(completed, TransferOutcome)
        return completed

    def _silent(self, leg: "IsdnLeg", now: float) -> None:
        self._over(leg, _UNABLE, now)

    def left(self, leg: "IsdnLeg", now: float) -> None:
        """The call is over without a word on the transfer: whoever was to be transferred has hung up."""
        if leg in self._asked:
            self._over(leg, _DESERTED, now)

    def _over(self, leg: "IsdnLeg", outcome: TransferOutcome, now: float) -> None:
        asked = self._asked.pop(leg)
        self._line.timers.stop(asked.timer)
        error = {"outcome": outcome.outcome.value, "status": outcome.status}
        self._line.end.observer.log("isdn.single_step", level="debug", **error, **leg.marks)
        leg.owner.transfer_outcome(leg, outcome, now)

    def forget(self, leg: "IsdnLeg") -> None:
        """The leg is over."""
        asked = self._asked.pop(leg, None)
        if asked is not None:
            self._line.timers.stop(asked.timer)

    def pending(self, leg: "IsdnLeg") -> dict[int, str]:
        """Invokes of ours on the leg that are not answered."""
        asked = self._asked.get(leg)
        return {} if asked is None else {asked.invoke_id: _OPERATION}
