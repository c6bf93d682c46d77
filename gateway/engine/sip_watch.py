"""SIP as an onlooker sees it: dialogs come and go, and a few messages are about a transfer."""

from collections.abc import Callable

from gateway.engine.signal import Signal, seen
from gateway.engine.tally import Tally
from gateway.interworking.correlator import Correlator
from gateway.interworking.legs import Leg, LegState
from gateway.interworking.observed import Seen
from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import TransferEvent, TransferKind
from gateway.sip.message import parse
from gateway.sip.reason import q850_cause, reasons
from gateway.sip.scan import Scan, has_field, scan
from gateway.sip.subscription import Event
from gateway.translators import dialect
from gateway.translators.dialect import Context

_CONTEXT = Context()
_TRY_AGAIN = frozenset((401, 407, 422, 491, 494))
"""Failures after which the same INVITE is sent again: no end of the call attempt."""

_TAKE_PART = frozenset((b"INVITE", b"REFER", b"BYE", b"UPDATE", b"NOTIFY"))


class SipWatch:
    """Feeds the correlator from SIP messages."""

    def __init__(self, correlator: Correlator, tally: Tally) -> None:
        self._correlator = correlator
        self._legs = correlator.legs
        self._tally = tally
        self._once = tally.once["sip"]
        self._on_wire = tally.on_wire["sip"]
        self._names: dict[bytes | int, str] = {}
        self._requests: dict[bytes, Callable[[Signal, Scan, Leg], None]] = {
            b"INVITE": self._invite,
            b"REFER": self._refer,
            b"NOTIFY": self._notify,
            b"BYE": self._bye,
            b"CANCEL": self._cancel,
            b"UPDATE": self._update,
        }
        self._responses: dict[bytes, Callable[[Signal, Scan, Leg], None]] = {
            b"INVITE": self._invite_answered,
            b"REFER": self._refer_answered,
            b"NOTIFY": self._note_only,
            b"BYE": self._bye_answered,
        }

    def take(self, signal: Signal) -> None:
        """One SIP message. Raises DecodeError when it is none."""
        octets = signal.octets
        fields = scan(octets)
        name = self._name(fields)
        self._on_wire[name] += 1
        key = fields.call_id.decode("utf-8", "replace")
        leg = self._legs.find(key)
        if self._tally.is_copy(octets, signal.source, signal.time):
            self._note_copy(signal, leg, fields)
            return
        self._once[name] += 1
        if fields.status:
            if leg is not None:
                leg.last_seen = signal.time
                respond = self._responses.get(fields.cseq_method)
                if respond is not None:
                    respond(signal, fields, leg)
            return
        request = self._requests.get(fields.method)
        if request is None:
            return
        if leg is None:
            if fields.method not in _TAKE_PART:
                return
            leg = self._open(signal, fields, key)
        leg.last_seen = signal.time
        request(signal, fields, leg)

    def _name(self, fields: Scan) -> str:
        wire = fields.method or fields.status
        name = self._names.get(wire)
        if name is None:
            name = str(wire) if isinstance(wire, int) else wire.decode("utf-8", "replace")
            self._names[wire] = name
        return name

    def _note_copy(self, signal: Signal, leg: Leg | None, fields: Scan) -> None:
        transfer = self._correlator.transfer_of(leg) if leg else None
        if transfer is not None and (fields.method or fields.cseq_method) in (b"REFER", b"NOTIFY"):
            transfer.note(signal.frame)

    def _open(self, signal: Signal, fields: Scan, key: str) -> Leg:
        parties = address(fields.sender), address(fields.recipient)
        leg = self._legs.open(SignallingProtocol.SIP, key, signal.time, *parties)
        leg.keys = {"call_id": key, "from_tag": fields.from_tag}
        to_tag = fields.to_tag
        if to_tag:
            # In the middle of a call: its INVITE was before the recording, so it must have been answered.
            leg.keys["to_tag"] = to_tag
            leg.state = LegState.ANSWERED
        return leg

    # Requests

    def _invite(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if fields.to_tag:
            self._update(signal, fields, leg)
            return
        if leg.state is LegState.RELEASED:
            # A Call-ID used again, as RFC 3261 8.1.3.5 wants it for a retry after 3xx or a failure.
            leg = self._open(signal, fields, leg.key)
            self._started(signal, fields, leg)
        elif self._correlator.transfer_of(leg) is None:
            self._started(signal, fields, leg)
        if has_field(fields, "replaces", "referred-by"):
            self._read(signal, fields, leg)

    def _started(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if self._correlator.waiting:
            asked_for = fields.request_uri.decode("utf-8", "replace")
            self._correlator.leg_started(leg, asked_for, seen(signal, leg, "caller"))

    def _refer(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))

    def _notify(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        event = Event.parse(parse(signal.octets).headers.get("Event") or "")
        if event.package == "refer":
            self._read(signal, fields, leg, invoker=fields.to_tag, transaction=event.id)

    def _bye(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if has_field(fields, "also"):
            self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))
        self._correlator.leg_released(leg, seen(signal, leg, side_of(fields, leg)), _reason(signal, fields))

    def _cancel(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if leg.state < LegState.ANSWERED:
            self._correlator.leg_released(leg, seen(signal, leg, side_of(fields, leg)), _reason(signal, fields), 487)

    def _update(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if self._correlator.transfer_of(leg) is not None:
            self._read(signal, fields, leg)

    # Responses

    def _invite_answered(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        status = fields.status
        if status == 100:
            return
        tag = fields.to_tag
        if tag and status < 300:
            learn_tag(leg, tag, answered=status >= 200)
        if status < 200:
            self._legs.alerting(leg)
        elif status < 300:
            if leg.state < LegState.ANSWERED:
                self._correlator.leg_answered(leg, seen(signal, leg, side_of(fields, leg)))
        elif leg.state < LegState.ANSWERED and status not in _TRY_AGAIN:
            self._not_answered(signal, fields, leg)

    def _not_answered(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if fields.status < 400:
            self._read(signal, fields, leg, invoker=fields.to_tag, transaction=str(fields.cseq_number))
        self._correlator.leg_released(
            leg, seen(signal, leg, side_of(fields, leg)), _reason(signal, fields), fields.status
        )

    def _refer_answered(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        if fields.status >= 200:
            self._read(signal, fields, leg, invoker=fields.from_tag, transaction=str(fields.cseq_number))

    def _bye_answered(self, signal: Signal, fields: Scan, leg: Leg) -> None:
        """Of a BYE with Also the answer says whether it was accepted; what came of it is never told."""
        self._note_only(signal, fields, leg)
        transfer = self._correlator.transfer_of(leg)
        if transfer is not None and transfer.kind is TransferKind.BYE_ALSO and fields.status < 300:
            transfer.accepted = signal.time

    def _note_only(self, signal: Signal, _fields: Scan, leg: Leg) -> None:
        transfer = self._correlator.transfer_of(leg)
        if transfer is not None:
            transfer.note(signal.frame)

    # Events

    def _read(self, signal: Signal, fields: Scan, leg: Leg, invoker: str = "", transaction: str = "") -> None:
        told = {"invoker": invoker, "transaction": transaction, "dialect": "sip", "message": self._name(fields)}
        sight = seen(signal, leg, side_of(fields, leg), **told)
        for event in dialect("sip").read(signal.octets, _CONTEXT):
            self._correlator.observe(event, sight)
            self._target_dialog(event, sight)

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
    return "caller" if from_caller is (fields.status == 0) else "callee"


def learn_tag(leg: Leg, tag: str, answered: bool) -> None:
    """A To tag of the dialog set; the one that answers is the call's, those of other forks stay findable."""
    known = leg.keys.get("to_tag")
    if known is None:
        leg.keys["to_tag"] = tag
    elif known != tag and tag not in leg.keys.get("to_tags", "").split():
        leg.keys["to_tags"] = " ".join(filter(None, (leg.keys.get("to_tags", known), tag)))
        if answered and leg.state < LegState.ANSWERED:
            leg.keys["to_tag"] = tag


def address(value: bytes) -> str:
    """The URI in a From or To value (octets), without display name and header parameters."""
    _, bracket, rest = value.partition(b"<")
    uri = rest.partition(b">")[0] if bracket else value.partition(b";")[0]
    return uri.strip().decode("utf-8", "replace")


def _reason(signal: Signal, fields: Scan) -> Cause | None:
    """The Q.850 cause of a Reason header, if there is one."""
    if not has_field(fields, "reason"):
        return None
    return q850_cause(reasons(parse(signal.octets).headers))
