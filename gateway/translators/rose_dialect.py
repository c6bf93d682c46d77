"""A dialect whose services are remote operations in Facility elements (Q.932, ISO/IEC 11582), read and written by
table.

A component that our own writing of the event would not give again octet for octet is kept beside the event, and
is used again as long as the event says the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.isdn import facility, operations, q931, rose
from gateway.isdn.elements import BEARERS
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import MessageType
from gateway.model.errors import GatewayError, LocalProtocolError, UntranslatableError
from gateway.model.legs import SignallingProtocol
from gateway.model.remote_operations import PROBLEM_KINDS, Component, Invoke, Reject, ReturnError, ReturnResult
from gateway.model.transfer import (
    IdentityGranted,
    Kept,
    OtherOperation,
    Outcome,
    PartyUpdate,
    TransferEvent,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.translators import call_elements, facility_message, other_operation
from gateway.translators.dialect import Context, Written
from gateway.translators.facility_message import PRIMARY, SECONDARY, Draft
from gateway.translators.losses import SUCCESS, losses
from gateway.translators.procedures import Grant, Procedure, Say, Service, directly

_COMPONENT, _HEADER, _REST = "component", "facilityHeader", "rest"

_NO_CONTEXT = Context()
_INVOKE_IDS = range(-32768, 32768)  # Q.932 invokeId, two octets

_WHY = {
    "uri": "ISDN names parties by number",
    "aliases": "ISDN names parties by number",
    "name_presentation": "it is lost with the name",
    "notify": "whoever invokes an operation is always answered",
    "await_connect": "only single step transfer asks whether to await the answer of the target",
    "reason": "ISDN tells busy, no answer, deflection and unconditional diversion apart, and no more",
    "count": "callDeflection has no counter, and that of callRerouteing ends at 5, in QSIG at 15",
    "redirecting": "callDeflection does not say who redirected the call",
    "presentation": "a number that is given is either allowed or restricted",
    "plan": "a PartyNumber has a type of number in the public and the private plan only",
    "type_of_number": "a PartyNumber has a type of number in the public and the private plan only",
}
_ANSWERS = {
    "status": "a component has no SIP status; result or error name stands for it",
    "reason": "a component carries no text",
    "cause": "a component carries no Q.850 cause",
    "outcome": "a returnError does not tell a refusal from a failure",
    "error": "the error has no counterpart here, and one that says less stands for it",
}


@dataclass(frozen=True, slots=True)
class RoseDialect:
    """A Dialect by tables.

    `home` is the name that what is kept goes by, the same for dialects that read the same messages; `variant` the
    operation table; `header` the Facility element without components; `services` its invokes, tried in order;
    `answered` the operation by which a transfer of another dialect is asked for here, and which its outcome answers;
    `failure` the error that stands for one without a name here, `errors` the names here of errors that others name
    differently; `bearer` the capability of a call that we set up; `fixed_ids` the invokeIds that the dialect
    prescribes; `why` the reasons for losses.
    """

    name: str
    home: str
    variant: str
    header: Facility
    services: tuple[Service, ...]
    answered: str
    failure: str
    bearer: bytes = BEARERS["speech A-law"]
    grant: Grant | None = None
    procedure: Callable[[TransferEvent, Context], Procedure] = directly
    updates_by_notify: bool = False
    fixed_ids: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    _rows: Mapping[type[Any], tuple[Service, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = {row.event: tuple(each for each in self.services if each.event is row.event) for row in self.services}
        object.__setattr__(self, "_rows", kinds)

    @property
    def protocol(self) -> SignallingProtocol:
        """ISDN."""
        return SignallingProtocol.ISDN

    # -- reading -----------------------------------------------------------------------------------------------------

    def read(self, octets: bytes, context: Context) -> tuple[TransferEvent, ...]:
        """The events in one Q.931 message. Raises DecodeError when it cannot be read."""
        return self.heard(q931.decode(octets), context)

    def heard(self, message: q931.Message, context: Context) -> tuple[TransferEvent, ...]:
        """The events in a message that has been read. Raises DecodeError when what it carries cannot be."""
        facilities = (each for each in message.facilities() if self._is_ours(each))
        events = [self._event(item, each, message, context) for each in facilities for item in each.components]
        update = call_elements.notified(message.elements)
        if update is not None:
            events.append(update)
        if events:
            events[0] = self._with_surroundings(events[0], message)
        return tuple(events)

    def _is_ours(self, each: Facility) -> bool:
        same_profile = each.profile & 0x1F == self.header.profile & 0x1F
        return same_profile and each.service_discriminator == self.header.service_discriminator

    def _event(self, item: Component, each: Facility, message: q931.Message, context: Context) -> TransferEvent:
        event = self._meaning(item, context.pending)
        kept = (*self._kept_component(item, event), *self._kept_header(each, event))
        told = call_elements.with_call(event, message)
        return replace(told, kept=kept) if kept or told.kept else told

    def _with_surroundings(self, event: TransferEvent, message: q931.Message) -> TransferEvent:
        usual = self._usual_message(event)
        if message.message_type is usual and facility_message.is_bare(message):
            return event
        own = call_elements.of_call(event, message.message_type, self.bearer)
        kept = facility_message.surroundings(message, usual, own, self.home)
        return replace(event, kept=event.kept + kept) if kept else event

    def _meaning(self, item: Component, pending: Mapping[int, str]) -> TransferEvent:
        if isinstance(item, Invoke):
            return replace(self._invoked(item), invoke_id=item.invoke_id)
        invoked = "" if item.invoke_id is None else pending.get(item.invoke_id, "")
        event = self._result(item, invoked) if isinstance(item, ReturnResult) else self._failed(item, invoked)
        return event if event.invoke_id == item.invoke_id else replace(event, invoke_id=item.invoke_id)

    def _invoked(self, item: Invoke) -> TransferEvent:
        operation = operations.operation(self.variant, item.operation)
        service = next((row for row in self.services if operation and row.operation == operation.name), None)
        if service is None:
            return other_operation.read(self.variant, item)
        return service.read(operations.decode_argument(self.variant, service.operation, item.argument))

    def _result(self, item: ReturnResult, invoked: str) -> TransferEvent:
        operation = None if item.operation is None else operations.operation(self.variant, item.operation)
        name = operation.name if operation else invoked
        if self.grant and name == self.grant.operation and item.result is not None:
            return self.grant.read(operations.decode_result(self.variant, name, item.result))
        return TransferOutcome(Outcome.SUCCEEDED, operation=name, invoke_id=item.invoke_id)

    def _failed(self, item: ReturnError | Reject, invoked: str) -> TransferEvent:
        if isinstance(item, Reject):
            name = operations.problem_name(item.kind, item.problem)
            return TransferOutcome(Outcome.FAILED, error=name, rejected=True, operation=invoked)
        name = operations.error_name(self.variant, item.error)
        return TransferOutcome(Outcome.FAILED, error=name, operation=invoked)

    def _kept_component(self, item: Component, event: TransferEvent) -> tuple[Kept, ...]:
        try:
            same = self._component(event, _NO_CONTEXT) == item
        except GatewayError:  # what we read without complaint we need not be able to write anew
            same = False
        return () if same else (Kept(self.home, _COMPONENT, rose.encode(item).hex()),)

    def _kept_header(self, each: Facility, event: TransferEvent) -> tuple[Kept, ...]:
        kept: tuple[Kept, ...] = ()
        if not facility.same_header(each, self._header(event)):
            header = replace(each, components=(), rest=b"")
            kept = (Kept(self.home, _HEADER, facility.encode(header).hex()),)
        return (*kept, Kept(self.home, _REST, each.rest.hex())) if each.rest else kept

    # -- writing -----------------------------------------------------------------------------------------------------

    def write(self, event: TransferEvent, context: Context) -> Written:
        """The messages that say `event`. Raises UntranslatableError when the dialect cannot say it."""
        try:
            return self._written(event, context)
        except LocalProtocolError as error:
            raise UntranslatableError(f"{self.name}: {error}") from error

    def messages(self, event: TransferEvent, context: Context) -> tuple[q931.Message, ...]:
        """The same messages for somebody who sends them and does not ask what was lost. Raises as `write`."""
        try:
            steps = self.procedure(event, context).steps
            return tuple(facility_message.message(each, self.home, context) for each in self._drafts(steps, context))
        except LocalProtocolError as error:
            raise UntranslatableError(f"{self.name}: {error}") from error

    def _drafts(self, steps: tuple[Say | Draft, ...], context: Context) -> list[Draft]:
        return [step if isinstance(step, Draft) else self._draft(step, context) for step in steps]

    def _written(self, event: TransferEvent, context: Context) -> Written:
        procedure = self.procedure(event, context)
        drafts = self._drafts(procedure.steps, context)
        said = procedure.said
        if said is None and isinstance(step := procedure.steps[0], Say):
            said = self._said(step.event, drafts[0])
        messages = tuple(facility_message.encode(draft, self.home, context) for draft in drafts)
        why = _ANSWERS if isinstance(event, TransferOutcome) else {**_WHY, **self.why}
        why = {**why, **procedure.why}
        return Written(messages, losses(event, said or event, self.name, self.home, why))

    def _draft(self, step: Say, context: Context) -> Draft:
        event = step.event
        if isinstance(event, PartyUpdate) and self._by_notify(event):
            return Draft(MessageType.NOTIFY, step.leg or PRIMARY, None, call_elements.notification(event), event.kept)
        kind = facility_message.message_type(self._usual_message(event), event.kept, self.home)
        beside = call_elements.of_call(event, kind, self.bearer) if step.elements is None else step.elements
        return Draft(kind, step.leg or self._usual_leg(event), self._facility(event, context), beside, event.kept)

    def _facility(self, event: TransferEvent, context: Context) -> Facility:
        item = self._unchanged_component(event) or self._component(event, context)
        header = facility_message.octets(event.kept, self.home, _HEADER)
        rest = facility_message.octets(event.kept, self.home, _REST) or b""
        start = self._header(event) if header is None else facility.decode(header)
        return Facility(
            start.profile,
            (item,),
            start.nfe,
            start.network_protocol_profile,
            start.interpretation,
            start.service_discriminator,
            rest,
        )

    def _unchanged_component(self, event: TransferEvent) -> Component | None:
        """The component that the event was read from, unless the event says something else by now."""
        octets = facility_message.octets(event.kept, self.home, _COMPONENT)
        if octets is None:
            return None
        item = rose.decode(octets)[0]
        invoked = {} if event.invoke_id is None else {event.invoke_id: getattr(event, "operation", "")}
        before, now = self._meaning(item, invoked), replace(event, kept=())
        return item if call_elements.without_call(before) == call_elements.without_call(now) else None

    def _component(self, event: TransferEvent, context: Context) -> Component:
        match event:
            case TransferProgress() | TransferOutcome(outcome=Outcome.PENDING):
                raise UntranslatableError(f"{self.name} answers only when the transfer has ended")
            case TransferOutcome():
                return self._answer(event, context)
            case IdentityGranted():
                return self._granted(event, context)
            case OtherOperation(operation) if any(row.operation == operation for row in self.services):
                raise UntranslatableError(f"{operation} is about a transfer here: it is said by an event of its own")
            case OtherOperation(operation):
                return other_operation.write(self.variant, event, self._invoke_id(event, context, operation))
        service = self._service(event)
        if service is None:
            raise UntranslatableError(f"{self.name} has no message for {type(event).__name__}")
        code = operations.named(self.variant, service.operation).code
        argument = operations.encode_argument(self.variant, service.operation, service.write(event))
        return Invoke(self._invoke_id(event, context, service.operation), code, argument or None)

    def _granted(self, event: IdentityGranted, context: Context) -> Component:
        if self.grant is None:
            raise UntranslatableError(f"{self.name} gives calls no names")
        operation = operations.named(self.variant, self.grant.operation)
        result = operations.encode_result(self.variant, operation.name, self.grant.write(event))
        return ReturnResult(self._invoke_id(event, context, operation.name), operation.code, result)

    def _answer(self, event: TransferOutcome, context: Context) -> Component:
        invoked = self._answered_operation(event, context)
        refused = event.outcome is not Outcome.SUCCEEDED and self._is_refusable(invoked)
        if not (refused or self._is_confirmed(invoked)):
            raise UntranslatableError(f"{invoked} is not confirmed: no component says how the transfer ended")
        invoke_id = self._invoke_id(event, context, invoked)
        if event.outcome is Outcome.SUCCEEDED:
            return self._success(invoke_id, invoked)
        if event.rejected:
            return _reject(invoke_id, event.error)
        return ReturnError(invoke_id, operations.error_code(self.variant, self._error(event)))

    def is_answered(self, event: TransferOutcome, context: Context) -> bool:
        """Whether a component says the outcome: the one that it was read from, or the answer to what is confirmed."""
        read = self._unchanged_component(event) is not None
        return read or self._is_confirmed(self._answered_operation(event, context))

    def _is_refusable(self, name: str) -> bool:
        return bool(name) and operations.named(self.variant, name).refusable

    def _is_confirmed(self, name: str) -> bool:
        return not name or operations.named(self.variant, name).confirmed

    def _answered_operation(self, event: TransferOutcome, context: Context) -> str:
        """The operation that an outcome answers; "" for a result that does not say it, as it was read."""
        if context.asked is not None:
            return self._asking_operation(context.asked, context)
        waiting = "" if event.invoke_id is None else context.pending.get(event.invoke_id, "")
        for name in (event.operation, waiting):
            if other_operation.is_known(self.variant, name):
                return name
        is_bare = event.invoke_id is not None and not event.operation
        return "" if is_bare and self._is_confirmed(self.answered) else self.answered

    def _asking_operation(self, request: TransferRequest, context: Context) -> str:
        """The last operation that is invoked to carry the request out."""
        steps = (step.event for step in self.procedure(request, context).steps if isinstance(step, Say))
        services = [service for service in map(self._service, steps) if service]
        return services[-1].operation if services else self.answered

    def _success(self, invoke_id: int, invoked: str) -> ReturnResult:
        operation = operations.named(self.variant, invoked) if invoked else None
        if operation is None or operation.result is None:
            return ReturnResult(invoke_id)
        empty = operations.encode_result(self.variant, invoked, ("null", None))
        return ReturnResult(invoke_id, operation.code, empty)

    def _error(self, event: TransferOutcome) -> str:
        name = self.errors.get(event.error, event.error)
        return name if operations.has_error(self.variant, name) else self.failure

    def _said(self, event: TransferEvent, draft: Draft) -> TransferEvent:
        """The event as its receiver reads it."""
        if isinstance(event, TransferOutcome):
            return call_elements.with_cause(self._outcome(event), draft.elements)
        if isinstance(event, IdentityGranted) and self.grant:
            return self.grant.read(self.grant.write(event))
        if isinstance(event, PartyUpdate) and self._by_notify(event):
            return call_elements.notified(draft.elements) or event
        service = self._service(event)
        if service is None:
            return event
        return call_elements.with_setup(service.read(service.write(event)), draft.elements)

    def _outcome(self, event: TransferOutcome) -> TransferOutcome:
        """An outcome as a component says it: a result success, an error only its name."""
        if event.outcome is Outcome.SUCCEEDED:
            return SUCCESS
        same = event.rejected or event.error in self.errors or self._error(event) == event.error
        return TransferOutcome(Outcome.FAILED, error=event.error if same else "", rejected=event.rejected)

    # -- rows --------------------------------------------------------------------------------------------------------

    def _service(self, event: TransferEvent) -> Service | None:
        for row in self._rows.get(type(event), ()):
            if row.when(event):
                return row
        return None

    def _usual_message(self, event: TransferEvent) -> MessageType:
        service = self._service(event)
        if service is None:
            notify = self.updates_by_notify and isinstance(event, PartyUpdate)
            return MessageType.NOTIFY if notify else MessageType.FACILITY
        return service.message_type

    def _usual_leg(self, event: TransferEvent) -> str:
        service = self._service(event)
        return SECONDARY if isinstance(event, IdentityGranted) else service.leg if service else PRIMARY

    def _by_notify(self, event: PartyUpdate) -> bool:
        return self.updates_by_notify or facility_message.is_notify(event.kept, self.home)

    def _header(self, event: TransferEvent) -> Facility:
        service = self._service(event)
        if service is None or service.interpretation is self.header.interpretation:
            return self.header
        return replace(self.header, interpretation=service.interpretation)

    def _invoke_id(self, event: TransferEvent, context: Context, operation: str) -> int:
        """An invokeId that has no room here is another protocol's: the context's stands for it."""
        fixed = self.fixed_ids.get(operation, event.invoke_id)
        return fixed if fixed is not None and fixed in _INVOKE_IDS else context.invoke_id


def _reject(invoke_id: int, problem: str) -> Reject:
    """A Reject of an invoke where the problem may be one of several kinds.

    Raises UntranslatableError when no kind has it.
    """
    for kind in ("invoke", *PROBLEM_KINDS):
        try:
            return Reject(invoke_id, kind, operations.problem_code(kind, problem))
        except GatewayError:
            continue
    raise UntranslatableError(f"ROSE has no problem {problem!r} to reject with")
