"""SIP as an onlooker sees it: dialogs come and go, and a few messages are about a transfer."""

import re
from collections.abc import Callable

from gateway.engine.signal import Signal, seen
from gateway.engine.sip_leg import sip_leg
from gateway.interworking.correlator import Correlator
from gateway.interworking.legs import Leg, LegState
from gateway.interworking.observed import Seen
from gateway.model.causes import Cause
from gateway.model.transfer import Outcome, TransferEvent, TransferKind, TransferOutcome, TransferProgress
from gateway.sip.message import parse
from gateway.sip.reason import q850_cause, reasons
from gateway.sip.scan import Scan, start_of
from gateway.sip.subscription import Event
from gateway.translators import dialect_named
from gateway.translators.dialect import Context

_CONTEXT = Context()
_TRY_AGAIN = frozenset((401, 407, 422, 491, 494))
"""Failures after which the same INVITE is sent again: no end of the call attempt."""

_Reaction = Callable[[Signal, Scan, Leg], None]
_Answer = Callable[[Signal, Scan, Leg, int], None]


class SipWatch:
    """Feeds the correlator from the SIP messages of calls that matter."""

    def __init__(self, correlator: Correlator) -> None:
        self._correlator = correlator
        self._legs = correlator.legs
        self._requests: dict[bytes, _Reaction] = {
            b"INVITE": self._invite,
            b"REFER": self._refer,
            b"NOTIFY": self._notify,
            b"BYE": self._bye,
            b"CANCEL": self._cancel,
            b"UPDATE": self._update,
        }
        self._answers: dict[bytes, _Answer] = {
            b"INVITE": self._invite_answered,
            b"REFER": self._refer_answered,
            b"NOTIFY": self._note_only,
            b"BYE": self._bye_answered,
        }

    def take(self, signal: Signal, copy: bool = False) -> None:
        """One SIP message, or one more `copy` of a request. Raises DecodeError when it cannot be read."""
        method, status = start_of(signal.octets)
        fields = Scan(signal.octets)
        if status:
            self._response(signal, fields, status)
        elif method in self._requests:
            self._request(signal, fields, method, copy)

    def _response(self, signal: Signal, fields: Scan, status: int) -> None:
        leg = self._legs.find(fields.call_id)
        answer = self._answers.get(fields.cseq_method)
        if leg is not None and answer is not None:
            leg.last_seen = signal.time
            answer(signal, fields, leg, status)

    def _request(self, signal: Signal, fields: Scan, method: bytes, copy: bool) -> None:
        key = fields.call_id
        leg = self._legs.find(key)
        if copy:
            self._note_copy(signal, leg, method)
            return
        if leg is None:
            leg = self._legs.add(sip_leg(key, signal.time, signal.octets))
            if method != b"INVITE":
                # In the middle of a call: its INVITE was before the recording, so it must have been answered.
                leg.state = LegState.ANSWERED
        leg.last_seen = signal.time
        self._requests[method](signal, fields, leg)

    def _note_copy(self, signal: Signal, leg: Leg | None, method: bytes) -> None:
        transfer = self._correlator.transfer_of(leg) if leg else None
        if transfer is not None and method in (b"REFER", b"NOTIFY"):
            transfer.note(signal.frame)

    # Requests

    def _invite(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if fields.to_tag:
            self._within_dialog(signal, fields, leg)
            return
        if leg.state is LegState.RELEASED:
            # A Call-ID used again, as RFC 3261 8.1.3.5 wants it for a retry after 3xx or a failure.
            leg = self._legs.add(sip_leg(leg.key, signal.time, signal.octets))
            self._started(signal, fields, leg)
        elif self._correlator.waiting and self._correlator.transfer_of(leg) is None:
            self._started(signal, fields, leg)
        if fields.has(b"replaces", b"referred-by"):
            self._read(signal, fields, leg)

    def _started(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if self._correlator.waiting:
            self._correlator.leg_started(leg, fields.request_uri, signal.frame)

    def _within_dialog(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        # Only an answered call has a re-INVITE; where the answer was before the recording this tells.
        leg.state = max(leg.state, LegState.ANSWERED)
        self._update(signal, fields, leg)

    def _refer(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))

    def _notify(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        event = Event.parse(fields.event)
        if event.package != "refer":
            return
        reported = plain_report(fields)
        if reported is None:
            self._read(signal, fields, leg, invoker=fields.to_tag, transaction=event.id)
            return
        sight = self._sight(signal, fields, leg, fields.to_tag, event.id)
        self._correlator.observe(reported, sight._replace(octets=signal.octets))

    def _bye(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if fields.has(b"also"):
            self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))
        self._correlator.leg_released(leg, signal.time, signal.frame, _reason(fields))

    def _cancel(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if leg.state < LegState.ANSWERED:
            self._correlator.leg_released(leg, signal.time, signal.frame, _reason(fields), 487)

    def _update(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if self._correlator.transfer_of(leg) is not None:
            self._read(signal, fields, leg)

    # Responses

    def _invite_answered(self, signal: Signal, fields: Scan, leg: Leg, status: int) -> None:
        if status < 300:
            if leg.state < LegState.ANSWERED:
                leg.hear(signal.octets)
            if status < 200:
                self._legs.alerting(leg)
            elif leg.state < LegState.ANSWERED:
                self._correlator.leg_answered(leg, signal.time, signal.frame)
        elif leg.state < LegState.ANSWERED and status not in _TRY_AGAIN:
            self._not_answered(signal, fields, leg, status)

    def _not_answered(self, signal: Signal, fields: Scan, leg: Leg, status: int) -> None:
        if status < 400:
            self._read(signal, fields, leg, invoker=fields.to_tag, transaction=str(fields.cseq_number))
        self._correlator.leg_released(leg, signal.time, signal.frame, _reason(fields), status)

    def _refer_answered(self, signal: Signal, fields: Scan, leg: Leg, status: int) -> None:
        if status >= 300:
            self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))
        elif status >= 200:
            sight = self._sight(signal, fields, leg, fields.from_tag, str(fields.cseq_number))
            self._correlator.observe(TransferProgress(status), sight._replace(octets=signal.octets))

    def _bye_answered(self, signal: Signal, fields: Scan, leg: Leg, status: int) -> None:
        """Of a BYE with Also the answer says whether it was accepted; what came of it is never told."""
        self._note_only(signal, fields, leg, status)
        transfer = self._correlator.transfer_of(leg)
        if transfer is not None and transfer.kind is TransferKind.BYE_ALSO and status < 300:
            transfer.accepted = signal.time

    def _note_only(self, signal: Signal, _fields: Scan, leg: Leg, _status: int) -> None:
        transfer = self._correlator.transfer_of(leg)
        if transfer is not None:
            transfer.note(signal.frame)

    # Events

    def _read(self, signal: Signal, fields: Scan, leg: Leg, invoker: str = "", transaction: str = "") -> None:
        sight = self._sight(signal, fields, leg, invoker, transaction)
        for event in dialect_named("sip").read(signal.octets, _CONTEXT):
            self._correlator.observe(event, sight)
            self._target_dialog(event, sight)

    def _sight(self, signal: Signal, fields: Scan, leg: Leg, invoker: str, transaction: str) -> Seen:
        method, status = start_of(signal.octets)
        name = str(status) if status else method.decode("utf-8", "replace")
        told = {"invoker": invoker, "transaction": transaction, "dialect": "sip", "message": name}
        return seen(signal, leg, side_of(fields, leg), **told)

    def _target_dialog(self, event: TransferEvent, sight: Seen) -> None:
        """An out-of-dialog REFER is about the call that its Target-Dialog names (RFC 4538)."""
        named = next((kept.value for kept in event.kept if kept.what == "Target-Dialog"), "")
        meant = self._legs.find(named.partition(";")[0].strip())
        transfer = self._correlator.transfer_of(sight.leg)
        if meant is not None and transfer is not None:
            transfer.link(meant, "first", "Target-Dialog")


def side_of(fields: Scan, leg: Leg) -> str:
    """Which side of the call sent the message: From names the sender of a request, To that of a response."""
    from_caller = fields.from_tag == leg.keys["from_tag"]
    return "caller" if from_caller is (not start_of(fields.octets)[1]) else "callee"


_SIPFRAG = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2}) ?([^\r\n]*)[\r\n]*\Z")


def plain_report(fields: Scan) -> TransferProgress | TransferOutcome | None:
    """What a NOTIFY says whose sipfrag is a status line and nothing more, with no Reason; None for any other."""
    found = _SIPFRAG.match(fields.octets, fields.end_of_headers + 4)
    if found is None or fields.has(b"reason"):
        return None
    status, text = int(found[1]), found[2].decode("utf-8", "replace")
    if status >= 200:
        return TransferOutcome(Outcome.SUCCEEDED if status < 300 else Outcome.FAILED, status, text)
    # A subscription that ends with a provisional status leaves the outcome unknown: the dialect knows how.
    return None if fields.says(b"terminated") else TransferProgress(status, text)


def _reason(fields: Scan) -> Cause | None:
    """The Q.850 cause of a Reason header, if there is one."""
    return q850_cause(reasons(parse(fields.octets).headers)) if fields.has(b"reason") else None
