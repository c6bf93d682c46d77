"""Q.931 call control of one D-channel: calls by their call reference, and what concerns no call in particular."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gateway.isdn import q931
from gateway.isdn.broadcast import Broadcast
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control_owner import POINT_TO_POINT, CallControlOwner, Layer2
from gateway.isdn.call_machine import CallMachine
from gateway.isdn.call_table import NUMBERS, TABLE, TIMERS, TimerName
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channel_negotiation import award
from gateway.isdn.channels import BChannel, Channels, Hunt
from gateway.isdn.composing import cause_element, in_order, state_element
from gateway.isdn.element_check import KNOWN, MANDATORY, Fault, fault_of
from gateway.isdn.elements import CallState
from gateway.isdn.nobody import NOBODY
from gateway.isdn.outbox import Outbox
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.isdn.restart import Restarts
from gateway.isdn.segmentation import Reassembly, is_segment
from gateway.isdn.side import Side
from gateway.isdn.strays import stray
from gateway.isdn.suspension import Suspensions
from gateway.isdn.variant import TrunkVariant
from gateway.model.causes import Cause, Location
from gateway.model.errors import DecodeError, GatewayError, LocalProtocolError
from gateway.model.timers import Timer, TimerQueue

_SETUP_FROM_NETWORK = (*MANDATORY[MessageType.SETUP], Identifier.CHANNEL_IDENTIFICATION)

Elements = tuple[InformationElement, ...]


@dataclass(frozen=True, slots=True)
class InterfaceSettings:
    """One D-channel and the B-channels that it controls.

    `channels` may be of several interfaces, which are named in messages when `explicit` (NFAS). `multipoint`: a basic
    access with several terminals; as the network we offer calls to all of them. `message_octets` is N201.
    `timers` win over those of the variant (seconds). What is None is as the access, the side and the variant have it.
    """

    side: Side
    variant: TrunkVariant
    channels: tuple[BChannel, ...]
    access: Literal["primary", "basic"] = "primary"
    call_reference_octets: int | None = None
    multipoint: bool = False
    explicit: bool = False
    hunt: Hunt | None = None
    exclusive: bool | None = None
    message_octets: int = 260
    timers: Mapping[TimerName, float] = field(default_factory=dict)


class CallControl:
    """The calls of one interface. All methods are given the time; nothing is sent later than asked, but by a timer.

    `counters` says what has happened to messages that were none, or belonged to no call.
    """

    def __init__(
        self, settings: InterfaceSettings, timers: TimerQueue, layer_2: Layer2, owner: CallControlOwner
    ) -> None:
        self.settings = settings
        self.variant = settings.variant
        self.timers = timers
        self.layer_2 = layer_2
        self.owner = owner
        machine = settings.variant.machine(settings.side)
        self.rows = TABLE[machine]
        self.state_timers = TIMERS[machine]
        self.numbers = NUMBERS[machine]
        self.location = Location.LOCAL_NETWORK if settings.side is Side.NETWORK else Location.USER
        self.known = KNOWN | frozenset(settings.variant.known)
        self.channels: Channels[IsdnCall] = Channels(
            settings.channels,
            primary=settings.access == "primary",
            explicit=settings.explicit,
            hunt=settings.hunt or ("descending" if settings.side is Side.NETWORK else "ascending"),
        )
        self.counters = dict.fromkeys(("received", "sent", "ignored", "stray", "faults", "oversized"), 0)
        self.call_reference_octets = settings.call_reference_octets or (2 if settings.access == "primary" else 1)
        self._durations = settings.variant.durations(settings.side) | dict(settings.timers)
        self._exclusive = settings.variant.exclusive if settings.exclusive is None else settings.exclusive
        self._ours: dict[int, IsdnCall] = {}
        self._theirs: dict[tuple[int, int], IsdnCall] = {}
        self._dismissed: dict[tuple[int, int], IsdnCall] = {}
        self._last_reference = 0
        self._outbox = Outbox(self)
        self._reassemblies: dict[int, tuple[Reassembly, Timer | None]] = {}
        self._restarts = Restarts(self)
        self.suspensions = Suspensions(self)

    @property
    def calls(self) -> tuple[IsdnCall, ...]:
        """All calls, those that are being cleared too."""
        return tuple(call for call in (*self._ours.values(), *self._theirs.values()) if call.owner is not NOBODY)

    def is_up(self, link: int = POINT_TO_POINT) -> bool:
        """Whether that data link is up."""
        return self._outbox.is_up(link)

    # What the owner asks for.

    def setup(
        self,
        elements: Iterable[InformationElement],
        now: float,
        *,
        channel: BChannel | None = None,
        exclusive: bool | None = None,
        independent: bool = False,
        context: object = None,
    ) -> IsdnCall:
        """Places a call: SETUP with these elements (bearer capability and the called number among them), the channel
        is put there. `independent`: a call independent signalling connection, without a B-channel.

        Raises GatewayError with cause 34 when no channel (or not that one) is free, LocalProtocolError for elements
        that do not fit.
        """
        call = IsdnCall(self, self.owner, self._free_reference(), POINT_TO_POINT, is_originating=True)
        call.is_independent = independent
        call.owner_context = context
        if not independent:
            call.channel = self.channels.seize(call, channel)
            if call.channel is None:
                raise GatewayError("no B-channel is free", sip_status=503, cause=CauseValue.NO_CHANNEL)
        try:
            self._place(call, (*elements, self._setup_channel(call, exclusive)), now)
        except LocalProtocolError:
            self.channels.free(call.channel, call)
            raise
        return call

    def _setup_channel(self, call: IsdnCall, exclusive: bool | None) -> InformationElement:
        if call.channel is None:
            return self.channels.no_channel()
        return self.channels.identification(
            (call.channel,), exclusive=self._exclusive if exclusive is None else exclusive
        )

    def _place(self, call: IsdnCall, elements: Elements, now: float) -> None:
        setup = self.encode(MessageType.SETUP, call, elements)
        self._ours[call.call_reference] = call
        multipoint = self.settings.multipoint and self.settings.side is Side.NETWORK
        call.begin_setup(setup, Broadcast(call, self) if multipoint else None, now)

    def facility(self, elements: Elements, now: float, link: int = POINT_TO_POINT) -> None:
        """FACILITY on the dummy call reference."""
        octets = q931.encode(Message(MessageType.FACILITY, 0, False, in_order(elements), 0))
        self._outbox.send(octets, None, link, now)

    def restart(self, now: float, channels: Iterable[BChannel] | None = None) -> None:
        """RESTART of these channels, or of the whole interface; calls on them are over at once (5.5)."""
        self._restarts.begin(None if channels is None else tuple(channels), now)

    def restore_call(self, snapshot: Mapping[str, Any], now: float) -> IsdnCall:
        """A call as it was, up; the peer is asked for it as soon as the data link is up.

        Raises DecodeError for what is no snapshot of a call that was up, or whose place is taken.
        """
        call = self._restored(snapshot, now)
        if self.is_up(call.link):
            call.enquire(now)
        else:
            call.link_released(False, now)
        return call

    def _restored(self, snapshot: Mapping[str, Any], now: float) -> IsdnCall:
        try:
            reference, link = int(snapshot["reference"]), int(snapshot["link"])
            found, held = snapshot["channel"], snapshot["hold"] == "call held"
            channel = None if found is None else BChannel(int(found[0]), int(found[1]))
            call = IsdnCall(self, self.owner, reference, link, is_originating=bool(snapshot["originating"]))
            call.is_independent = bool(snapshot["independent"])
            is_up = int(snapshot["state"]) == CallState.ACTIVE
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DecodeError(f"no call: {error!r}", where="snapshot") from error
        if not is_up or self._find(call.is_originating, reference, link) is not None:
            raise DecodeError("call was not up, or its call reference is in use", where="snapshot")
        if channel is not None:
            call.channel = self.channels.seize(call, channel)
            if call.channel is None:
                raise DecodeError(f"B-channel {channel} is not free", where="snapshot")
        self.keep(call)
        call.resume_active(held, now)
        return call

    # What layer 2 brings.

    def link_established(self, now: float, link: int = POINT_TO_POINT) -> None:
        """DL-ESTABLISH confirm or indication: the data link is up, or was reset."""
        was_up = self.is_up(link)
        self._outbox.link_established(now, link)
        for call in self._on(link):
            call.link_established(was_up, now)
        self._restarts.link_established(now)
        if not was_up:
            self.owner.data_link_changed(True, link, now)

    def link_released(self, now: float, link: int = POINT_TO_POINT) -> None:
        """DL-RELEASE: the data link is lost, or did not come up."""
        was_up = self.is_up(link)
        self._outbox.link_released(link)
        calls = self._on(link)
        for call in calls:
            call.link_released(was_up, now)
        if any(call.is_active for call in calls):
            self.layer_2.establish(now, link)
        if was_up:
            self.owner.data_link_changed(False, link, now)

    def receive(self, octets: bytes, now: float, link: int = POINT_TO_POINT) -> None:
        """One Q.931 message. Whatever it is, no exception but of the owner's comes back."""
        self.counters["received"] += 1
        if self._reassemblies or is_segment(octets):
            whole = self._reassembled(octets, link, now)
            if whole is None:
                return
            octets = whole
        try:
            message, cut_off = q931.decode_readable(octets)
        except DecodeError:
            self.counters["ignored"] += 1
            return
        if message.protocol_discriminator != q931.CALL_CONTROL:
            self._restarts.maintenance(message, link, now)
        elif message.call_reference == 0:
            self._without_call(message, cut_off, link, now)
        elif message.flag:
            self._to_ours(message, cut_off, link, now)
        else:
            call = self._theirs.get((link, message.call_reference))
            if call is None:
                self._stray(message, cut_off, link, now)
            else:
                call.receive(message, cut_off, now)

    def _to_ours(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        """A message of a call that we have placed; on a bus, of one of the terminals that were called."""
        reference = message.call_reference
        dismissed = self._dismissed.get((link, reference)) if self._dismissed else None
        call = dismissed or self._ours.get(reference)
        if call is None:
            self._stray(message, cut_off, link, now)
        elif dismissed is None and call.state is CallState.CALL_ABORT:
            self._late(message, link, now)
        elif call.broadcast is not None:
            call.broadcast.receive(message, cut_off, link, now)
        elif call.link != link and dismissed is None:
            self._late(message, link, now)
        else:
            call.receive(message, cut_off, now)

    def _late(self, message: Message, link: int, now: float) -> None:
        """A terminal that answers a call that another one has, or nobody any more."""
        kind = message.message_type
        if kind == MessageType.RELEASE:
            self.answer(MessageType.RELEASE_COMPLETE, message.call_reference, link, None, now)
        elif kind != MessageType.RELEASE_COMPLETE:
            self.dismiss(message.call_reference, link, Cause(CauseValue.NON_SELECTED_USER, self.location), now)

    def _without_call(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        if message.call_reference_octets:
            self._restarts.receive(message, cut_off, link, now)
        elif message.message_type == MessageType.FACILITY:
            self.owner.facility_received(None, message, link, now)
        else:
            self.counters["ignored"] += 1

    def _stray(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        """A call reference that nobody has: a new call, or a stray message."""
        is_resume = message.message_type == MessageType.RESUME and not message.flag
        if is_resume and self.settings.side is Side.NETWORK:
            self.suspensions.resume(message, link, now)
        elif message.message_type != MessageType.SETUP:
            self.counters["stray"] += 1
            stray(self, message, link, now)
        elif message.flag:
            self.counters["ignored"] += 1  # 5.8.3.2 d
        else:
            self._offered(message, cut_off, link, now)

    def _offered(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        """SETUP."""
        needs_channel = self.settings.side is Side.USER and not self.variant.symmetrical
        required = _SETUP_FROM_NETWORK if needs_channel else MANDATORY[MessageType.SETUP]
        fault = fault_of(message, required, self.known, cut_off)
        if fault is not None:
            if fault.grave:
                cause = Cause(fault.cause, diagnostics=fault.diagnostics)
                self.answer_stray(MessageType.RELEASE_COMPLETE, message, link, cause, now)
                return
            message = fault.message
        call = IsdnCall(self, self.owner, message.call_reference, link, is_originating=False)
        refusal = award(self, call, message, now)
        if refusal:
            self.answer_stray(MessageType.RELEASE_COMPLETE, message, link, Cause(refusal), now)
            return
        self.keep(call)
        call.begin(self.numbers.terminating.setup, now)
        self._offer(call, message, now)
        if fault is not None:
            self.report(call, fault, now)

    def _offer(self, call: IsdnCall, message: Message, now: float) -> None:
        try:
            self.owner.call_offered(call, message, now)
        except GatewayError as error:
            if not call.disconnect(Cause(error.cause, self.location), now):
                raise

    # For the calls.

    def start(self, name: TimerName, action: Callable[[float], None], now: float) -> Timer:
        """Starts a timer of the interface's duration."""
        return self.timers.start(now + self._durations[name], action)

    def encode(self, kind: MessageType, call: CallMachine, elements: Elements) -> bytes:
        """A message of a call. Raises LocalProtocolError."""
        found = in_order(elements) if len(elements) > 1 else elements
        return q931.encoded(kind, call.call_reference, not call.is_originating, found, self.call_reference_octets)

    def transmit(self, octets: bytes, call: CallMachine, now: float) -> None:
        """Sends a message, at once or when the data link is up."""
        self._outbox.send(octets, call, call.link, now)

    def say_status(self, call: IsdnCall, cause: Cause, now: float) -> None:
        """STATUS with the state of the call."""
        call.send(MessageType.STATUS, (cause_element(cause, self.location), state_element(call.state)), now)

    def report(self, call: IsdnCall, fault: Fault, now: float) -> None:
        """Says what was wrong with a message, if the call is still there and the trunk wants to hear it."""
        self.counters["faults"] += 1
        if call.state is CallState.NULL or (
            fault.cause == CauseValue.ELEMENT_UNKNOWN and not self.variant.report_unknown
        ):
            return
        self.say_status(call, Cause(fault.cause, diagnostics=fault.diagnostics), now)

    def answer_stray(
        self, kind: MessageType, message: Message, link: int, cause: Cause, now: float, *more: InformationElement
    ) -> None:
        """Answers a message that belongs to no call."""
        elements = (cause_element(cause, self.location), *more)
        octets = message.call_reference_octets
        answer = Message(kind, message.call_reference, not message.flag, elements, octets)
        self._outbox.send(q931.encode(answer), None, link, now)

    def answer(self, kind: MessageType, reference: int, link: int, cause: Cause | None, now: float) -> None:
        """A message of a call of ours to a terminal that has no part in it."""
        elements = () if cause is None else (cause_element(cause, self.location),)
        self._outbox.send(
            q931.encode(Message(kind, reference, False, elements, self.call_reference_octets)), None, link, now
        )

    def end_peers_call(self, call: IsdnCall, cause: Cause, now: float) -> None:
        """RELEASE COMPLETE for a call that is over here (5.8.9, last paragraph), as soon as the data link is back."""
        octets = self.encode(MessageType.RELEASE_COMPLETE, call, (cause_element(cause, self.location),))
        self._outbox.send(octets, None, call.link, now)

    def dismiss(self, reference: int, link: int, cause: Cause, now: float) -> None:
        """RELEASE to one of the terminals that were offered a call, seen through by itself."""
        if (link, reference) not in self._dismissed:
            call = IsdnCall(self, NOBODY, reference, link, is_originating=True)
            self._dismissed[link, reference] = call
            call.begin_release(cause, now)

    def await_late(self, reference: int, now: float) -> None:
        """The call reference of a broadcast that was taken back stays in use for T312."""
        call = IsdnCall(self, NOBODY, reference, POINT_TO_POINT, is_originating=True)
        call.begin(CallState.CALL_ABORT, now)
        self._ours[reference] = call

    def forget(self, call: CallMachine) -> None:
        """The call is over."""
        self.channels.free(call.channel, call)
        self._outbox.forget(call)
        self.suspensions.forget(call)
        self.give_back(call)

    def give_back(self, call: CallMachine) -> None:
        """Its call reference is free."""
        key = call.link, call.call_reference
        if self._ours.get(call.call_reference) is call:
            del self._ours[call.call_reference]
        elif self._theirs.get(key) is call:
            del self._theirs[key]
        elif self._dismissed.get(key) is call:
            del self._dismissed[key]

    def channel_stuck(self, channel: BChannel, now: float) -> None:
        """No answer to RELEASE: the channel is of no use before both sides have restarted it. On a bus there is
        nobody to restart it with, and it is idle: the terminal is gone, the others are here.
        """
        if self.settings.multipoint:
            self.channels.restore(channel)
        elif self.variant.restart:
            self._restarts.begin((channel,), now)

    def calls_on(self, channels: Iterable[BChannel]) -> tuple[IsdnCall, ...]:
        """Who holds one of these channels."""
        holders = (self.channels.holder(channel) for channel in channels)
        return tuple(call for call in holders if call is not None)

    def send_global(self, message: Message, link: int, now: float) -> None:
        """A message of the global call reference, or of maintenance."""
        self._outbox.send(q931.encode(message), None, link, now)

    # Call references and data links.

    def _free_reference(self) -> int:
        """The next one in turn: one that was used is left alone as long as can be."""
        limit = (1 << 8 * self.call_reference_octets - 1) - 1
        for _ in range(limit):
            self._last_reference = self._last_reference % limit + 1
            if self._last_reference not in self._ours:
                return self._last_reference
        raise GatewayError("no call reference is free", sip_status=503, cause=47)

    def _find(self, is_originating: bool, reference: int, link: int) -> IsdnCall | None:
        return self._ours.get(reference) if is_originating else self._theirs.get((link, reference))

    def keep(self, call: IsdnCall) -> None:
        """It is found by its call reference."""
        if call.is_originating:
            self._ours[call.call_reference] = call
        else:
            self._theirs[call.link, call.call_reference] = call

    def _on(self, link: int) -> list[IsdnCall]:
        return [call for call in (*self.calls, *self._dismissed.values()) if call.link == link]

    def _reassembled(self, octets: bytes, link: int, now: float) -> bytes | None:
        """`octets`, or the message whose last segment they are; None while more are due (annex H.3)."""
        reassembly, timer = self._reassemblies.pop(link, (None, None))
        self.timers.stop(timer)
        if not is_segment(octets):
            return octets
        reassembly = reassembly or Reassembly()
        whole = reassembly.add(octets)
        if reassembly.is_waiting:
            lost = self.start(TimerName.T314, lambda _: self._reassemblies.pop(link, None) and None, now)
            self._reassemblies[link] = reassembly, lost
        elif whole is None:
            self.counters["ignored"] += 1
        return whole
