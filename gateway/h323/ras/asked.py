"""What a gatekeeper asks of an endpoint: URQ, DRQ, BRQ, IRQ, LRQ, service control (H.323 7.2, 8.4, 8.5)."""

from collections.abc import Callable
from typing import Any

from gateway.h323.addressing import transport_value
from gateway.h323.ras import messages
from gateway.h323.ras.calls import AdmittedCall, Calls
from gateway.h323.ras.link import Link
from gateway.h323.ras.registration import Registration
from gateway.h323.ras.values import Address, GatekeeperEvents

MOST_IN_A_REPORT = 16
"""Calls in one IRR, which has to fit into a datagram."""

_Value = dict[str, Any]


class Asked:
    """Answers them. Each answer has the requestSeqNum of its question."""

    __slots__ = ("_calls", "_events", "_link", "_registration")

    def __init__(self, link: Link, registration: Registration, calls: Calls, events: GatekeeperEvents) -> None:
        self._link = link
        self._registration = registration
        self._calls = calls
        self._events = events

    def answer(self, name: str, value: _Value, datagram: bytes, source: Address, now: float) -> bool:
        """Whether it was a question that we answered."""
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, value, source, now)
        elif name.endswith("Request") or name == "nonStandardMessage":
            self._say("unknownMessageResponse", value, source, {"messageNotUnderstood": datagram})
        else:
            return False
        return True

    def _say(self, name: str, question: _Value, to: Address, content: _Value | None = None) -> None:
        self._link.say(name, {"requestSeqNum": question["requestSeqNum"]} | (content or {}), to)

    def _unregister(self, value: _Value, source: Address, now: float) -> None:
        endpoint = value.get("endpointIdentifier", "")
        if not self._registration.is_registered or endpoint not in ("", self._link.endpoint_identifier):
            refused = {"rejectReason": ("notCurrentlyRegistered", 0)}
            self._say("unregistrationReject", value, source, refused)
            return
        self._say("unregistrationConfirm", value, source)
        self._registration.dismissed(value, now)

    def _disengage(self, value: _Value, source: Address, now: float) -> None:
        found = self._calls.named(value)
        if not found:
            self._say("disengageReject", value, source, {"rejectReason": ("requestToDropOther", 0)})
            return
        self._say("disengageConfirm", value, source)
        for admitted in found:
            self._calls.drop(admitted)
            self._events.disengage_asked(admitted.call, value["disengageReason"][0], now)

    def _bandwidth(self, value: _Value, source: Address, now: float) -> None:
        found = self._calls.named(value)
        if not found:
            refused = {"rejectReason": ("invalidConferenceID", 0), "allowedBandWidth": 0}
            self._say("bandwidthReject", value, source, refused)
            return
        bandwidth = value["bandWidth"]
        self._say("bandwidthConfirm", value, source, {"bandWidth": bandwidth})
        for admitted in found:
            self._calls.allot(admitted, bandwidth)
            self._events.bandwidth_changed(admitted.call, bandwidth, now)

    def _information(self, value: _Value, source: Address, now: float) -> None:
        """All calls when none is named. More than fit are not told, and that is said."""
        if not self._link.endpoint_identifier:
            return
        found = self._calls.named(value) if _names_a_call(value) else self._calls.all()
        told = found[:MOST_IN_A_REPORT]
        report = self._calls.report(told) | {"irrStatus": (_status(value, found, told), 0)}
        reply = value.get("replyAddress")
        self._say("infoRequestResponse", value, messages.address_in(reply) or source, report)

    def _location(self, value: _Value, source: Address, now: float) -> None:
        settings = self._link.settings
        wanted = messages.aliases_in(value, "destinationInfo")
        to = messages.address_in(value["replyAddress"]) or source
        if not set(wanted) & set(settings.aliases):
            self._say("locationReject", value, to, {"rejectReason": ("notRegistered", 0)})
            return
        found = {
            "callSignalAddress": transport_value(settings.signal_address),
            "rasAddress": transport_value(settings.ras_address),
        }
        self._say("locationConfirm", value, to, found)

    def _service_control(self, value: _Value, source: Address, now: float) -> None:
        """Nothing here offers such services; that it came is confirmed."""
        self._say("serviceControlResponse", value, source)


def _names_a_call(value: _Value) -> bool:
    return bool(value["callReferenceValue"]) or any(value.get("callIdentifier", {}).get("guid", b""))


def _status(value: _Value, found: list[AdmittedCall], told: list[AdmittedCall]) -> str:
    if _names_a_call(value) and not found:
        return "invalidCall"
    return "complete" if len(told) == len(found) else "incomplete"


_HANDLERS: dict[str, Callable[[Asked, _Value, Address, float], None]] = {
    "unregistrationRequest": Asked._unregister,
    "disengageRequest": Asked._disengage,
    "bandwidthRequest": Asked._bandwidth,
    "infoRequest": Asked._information,
    "locationRequest": Asked._location,
    "serviceControlIndication": Asked._service_control,
}
