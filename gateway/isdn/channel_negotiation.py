"""Which B-channel a call gets: what the SETUP asks for, what the first response says (Q.931 5.1.2, 5.2.3, 5.7)."""

from typing import TYPE_CHECKING

from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import decode_channel
from gateway.isdn.q931 import Identifier, Message
from gateway.isdn.side import Side

if TYPE_CHECKING:
    from gateway.isdn.call import IsdnCall
    from gateway.isdn.call_control import CallControl


def award(control: "CallControl", call: "IsdnCall", setup: Message, now: float) -> int:
    """Gives a call that is offered its channel; the cause for which it has to be refused, or 0."""
    contents = setup.contents(Identifier.CHANNEL_IDENTIFICATION)
    wanted = None if contents is None else decode_channel(contents)
    if wanted is None or wanted.any_channel:
        call.channel = control.channels.seize(call)
        return 0 if call.channel is not None else CauseValue.NO_CHANNEL
    named = control.channels.named(wanted)
    if not named:
        call.is_independent = True
        return 0
    refusal = _awarded(control, call, named[0], wanted.exclusive)
    holder = control.channels.holder(named[0])
    if holder is not None and holder is not call and holder.is_active:
        holder.audit(now)  # The peer thinks the channel idle: it may have lost the call.
    return refusal


def _awarded(control: "CallControl", call: "IsdnCall", channel: BChannel, exclusive: bool) -> int:
    channels = control.channels
    if channel not in channels:
        return CauseValue.NO_SUCH_CHANNEL
    call.channel = channels.seize(call, channel)
    if call.channel is None and _outbids(control, channel):
        holder = channels.holder(channel)
        channels.pass_on(channel, call)
        call.channel = channel
        if holder is not None:
            holder.outbid()
    if call.channel is None and not exclusive:
        call.channel = channels.seize(call)
    return 0 if call.channel is not None else CauseValue.CHANNEL_NOT_AVAILABLE


def _outbids(control: "CallControl", channel: BChannel) -> bool:
    """Whether both sides want the channel at once and the call is the network's, which then gets it (5.7)."""
    holder = control.channels.holder(channel)
    if holder is None or control.settings.side is Side.NETWORK:
        return False
    return holder.is_originating and holder.state is control.numbers.originating.setup


def agree(control: "CallControl", call: "IsdnCall", response: Message) -> bool:
    """Takes the channel that the first response to our SETUP names; False when we cannot have it, or it names none
    where it had to.
    """
    channels = control.channels
    contents = response.contents(Identifier.CHANNEL_IDENTIFICATION)
    named = () if contents is None else channels.named(decode_channel(contents))
    wanted = named[0] if named else call.channel
    if wanted is None:
        return False
    if wanted != call.channel:
        if channels.seize(call, wanted) is None:
            return False
        channels.free(call.channel, call)
        call.channel = wanted
    return True
