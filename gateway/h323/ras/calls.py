"""Calls that a gatekeeper has admitted: ARQ, BRQ, DRQ, and what IRR says of them (H.323 8.1, 8.4.1, 8.4.2, 8.5)."""

from collections.abc import Callable
from typing import Any

from gateway.h323.ras import messages
from gateway.h323.ras.link import Link
from gateway.h323.ras.registration import Registration
from gateway.h323.ras.values import Address, Admission, CallModel, RasCall, Refusal
from gateway.model.parties import Alias
from gateway.model.timers import Timer

Answered = Callable[[Admission | Refusal, float], None]
"""Hears, once, what became of a request."""

FORGOTTEN = frozenset(("callerNotRegistered", "invalidEndpointIdentifier", "notRegistered", "notBound"))
"""Reasons by which a gatekeeper says that it does not know us."""

_Key = tuple[bytes, bool]


class AdmittedCall:
    """One call; times are seconds since 1970."""

    __slots__ = ("admission", "call", "connected_at", "report")

    def __init__(self, call: RasCall, admission: Admission) -> None:
        self.call = call
        self.admission = admission
        self.connected_at = 0
        self.report: Timer | None = None

    def usage(self, ended_at: int = 0) -> dict[str, Any]:
        """RasUsageInformation, as far as it is known."""
        times = {"connectTime": self.connected_at, "endTime": ended_at}
        return {"nonStandardUsageFields": []} | {field: at for field, at in times.items() if at}


class Calls:
    """All calls that are admitted and not disengaged. The two ends of a call may both be here."""

    __slots__ = ("_calls", "_link", "_registration")

    def __init__(self, link: Link, registration: Registration) -> None:
        self._link = link
        self._registration = registration
        self._calls: dict[_Key, AdmittedCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def admit(
        self,
        call: RasCall,
        called: tuple[Alias, ...],
        calling: tuple[Alias, ...],
        address: Address,
        heard: Answered,
        now: float,
    ) -> None:
        """See GatekeeperClient."""
        if not self._registration.is_registered:
            heard(Refusal("notRegistered"), now)
            return
        granted = self._pre_granted(call, address)
        if granted is not None:
            heard(granted, now)
            return
        value = messages.admission_request(self._link.settings, call, called, calling, address)
        self._ask(call, value, heard, now, again=True)

    def _ask(self, call: RasCall, value: dict[str, Any], heard: Answered, now: float, *, again: bool) -> None:
        """ARQ; `again`, with the next gatekeeper, when this one sends us away."""

        def answered(name: str, answer: dict[str, Any], then: float) -> None:
            if again and self._registration.sent_away(answer, settled, then):
                return
            self._admission_answered(call, name, answer, heard, then)

        def settled(registered: bool, then: float) -> None:
            if registered:
                self._ask(call, value, heard, then, again=False)
            else:
                heard(Refusal("notRegistered"), then)

        self._link.request("admissionRequest", self._link.identified(value), answered, now)

    def _pre_granted(self, call: RasCall, address: Address) -> Admission | None:
        """What may be done without asking; None when the gatekeeper has to be asked."""
        granted = self._registration.pre_granted
        side = "answer" if call.answering else "make"
        if not granted.get(f"{side}Call"):
            return None
        use = "useGKCallSignalAddressTo" + ("Answer" if call.answering else "MakeCall")
        if not granted.get(use):
            return Admission(CallModel.DIRECT, address) if address else None
        routed = self._registration.signal_address
        return Admission(CallModel.GATEKEEPER_ROUTED, routed) if routed else None

    def _admission_answered(
        self, call: RasCall, name: str, value: dict[str, Any], heard: Answered, now: float
    ) -> None:
        if name == "admissionConfirm":
            admission = messages.admission_in(value)
            self._keep(AdmittedCall(call, admission), value.get("irrFrequency", 0), now)
            heard(admission, now)
            return
        heard(self._refusal(name, value), now)
        self._noticed(name, value, now)

    def _refusal(self, name: str, value: dict[str, Any]) -> Refusal:
        if not name:
            return Refusal("timeout" if self._registration.is_registered else "notRegistered")
        return Refusal(value["rejectReason"][0], messages.first_address(value.get("callSignalAddress", ())))

    def _noticed(self, name: str, value: dict[str, Any], now: float) -> None:
        """What a request that failed tells of the registration."""
        if not name:
            self._registration.silent(now)
        elif value["rejectReason"][0] in FORGOTTEN:
            self._registration.refused(value["rejectReason"][0], value, now)

    def _keep(self, admitted: AdmittedCall, frequency: int, now: float) -> None:
        self._forget(admitted.call)
        self._calls[_key(admitted.call)] = admitted
        if frequency:
            self._report_in(frequency, admitted, now)

    def _report_in(self, seconds: int, admitted: AdmittedCall, now: float) -> None:
        def due(then: float) -> None:
            self._unsolicited(admitted)
            self._report_in(seconds, admitted, then)

        admitted.report = self._link.timers.start_lax(now + seconds, due)

    def _unsolicited(self, admitted: AdmittedCall) -> None:
        if self._registration.is_registered:
            number = {"requestSeqNum": self._link.transactions.number(), "unsolicited": True}
            self._link.say("infoRequestResponse", self.report([admitted]) | number, self._link.gatekeeper)

    def report(self, calls: list[AdmittedCall]) -> dict[str, Any]:
        """An IRR of these calls, without its number."""
        told = [messages.call_information(one.call, one.admission, one.usage()) for one in calls]
        return messages.info_request_response(self._link.settings, self._link.endpoint_identifier, told)

    def answered(self, call: RasCall) -> None:
        """The call was answered."""
        admitted = self._calls.get(_key(call))
        if admitted is not None:
            admitted.connected_at = int(self._link.wall())

    def disengage(self, call: RasCall, reason: str, cause: int | None, now: float) -> None:
        """DRQ, for a call that was admitted by ACF."""
        admitted = self._forget(call)
        if admitted is None or not self._registration.is_registered:
            return
        usage = admitted.usage(int(self._link.wall()))
        value = messages.disengage_request(call, reason, cause, usage)
        self._link.request("disengageRequest", self._link.identified(value), lambda *_: None, now)

    def change_bandwidth(self, call: RasCall, bandwidth: int, heard: Answered, now: float) -> None:
        """BRQ."""
        admitted = self._calls.get(_key(call))
        if admitted is None or not self._registration.is_registered:
            heard(Refusal("notBound"), now)
            return
        known = admitted

        def answered(name: str, value: dict[str, Any], then: float) -> None:
            if name == "bandwidthConfirm":
                heard(self.allot(known, value["bandWidth"]), then)
            else:
                heard(self._refusal(name, value), then)

        value = messages.bandwidth_request(call, bandwidth)
        self._link.request("bandwidthRequest", self._link.identified(value), answered, now)

    def allot(self, admitted: AdmittedCall, bandwidth: int) -> Admission:
        """The call may use this much from now on, in units of 100 bit/s."""
        before = admitted.admission
        admitted.admission = Admission(before.model, before.address, before.aliases, bandwidth)
        return admitted.admission

    def named(self, value: dict[str, Any]) -> list[AdmittedCall]:
        """The calls that a message of the gatekeeper names: by callIdentifier, or (H.225.0 version 1) by conferenceID
        and CRV; by the CRV alone in InfoRequest.
        """
        identifier = value.get("callIdentifier", {}).get("guid", b"")
        if any(identifier):
            return [one for one in self._calls.values() if one.call.call_identifier == identifier]
        reference, conference = value["callReferenceValue"], value.get("conferenceID")
        return [
            one
            for one in self._calls.values()
            if one.call.reference == reference and conference in (None, one.call.conference_id)
        ]

    def all(self) -> list[AdmittedCall]:
        """Every call."""
        return list(self._calls.values())

    def drop(self, admitted: AdmittedCall) -> None:
        """The gatekeeper has disengaged it."""
        self._forget(admitted.call)

    def stop(self) -> None:
        """All are forgotten."""
        for admitted in self.all():
            self._forget(admitted.call)

    def _forget(self, call: RasCall) -> AdmittedCall | None:
        admitted = self._calls.pop(_key(call), None)
        if admitted is not None:
            self._link.timers.stop(admitted.report)
        return admitted


def _key(call: RasCall) -> _Key:
    return call.call_identifier, call.answering
