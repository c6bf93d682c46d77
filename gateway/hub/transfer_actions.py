"""What a transfer does: the actions of its table."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.hub import ringback
from gateway.hub import transfer_consumed as consumed
from gateway.hub import transfer_ending as ending
from gateway.hub import transfer_network as network
from gateway.hub import transfer_passed as passed
from gateway.hub import transfer_recall as recalling
from gateway.hub.transfer_table import Action

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer


def _nothing(transfer: "Transfer", news: object, now: float) -> None:
    """It is only the state that changes."""


ACTIONS: Mapping[Action, Callable[["Transfer", Any, float], None]] = {
    Action.NOTHING: _nothing,
    Action.NOTE: ending.note,
    Action.DIAL: consumed.dial,
    Action.JOIN_CALLS: consumed.join_calls,
    Action.CONNECT: consumed.connect,
    Action.CONNECT_AGAIN: consumed.connect_again,
    Action.CLEAR_ANSWERED: consumed.clear_answered,
    Action.KEEP_TRANSFEREE: consumed.keep_transferee,
    Action.KEEP_TRANSFEROR: consumed.keep_transferor,
    Action.RELAY_PROGRESS: ending.relay_progress,
    Action.ASK_TRANSFEREE: passed.ask_transferee,
    Action.ACCEPT: passed.accept,
    Action.ACCEPT_AND_KEEP: passed.accept_and_keep,
    Action.REFUSE: passed.refuse,
    Action.REFUSE_DESERTED: passed.refuse_deserted,
    Action.PASSED_ON: passed.passed_on,
    Action.INITIATE: network.initiate,
    Action.HAND_OVER: network.hand_over,
    Action.NOTE_ANSWER: network.note_answer,
    Action.RESUME: network.resume,
    Action.HANDED_OVER: network.handed_over,
    Action.DESERTED_HANDING: network.deserted,
    Action.GIVE_UP: ending.give_up,
    Action.PLAY: ringback.play,
    Action.GIVE_BACK: ending.give_back,
    Action.UNDO: ending.undo,
    Action.DESERTED: ending.deserted,
    Action.DESERTED_JOINING: ending.deserted_joining,
    Action.ABANDON: ending.abandon,
    Action.SUCCEED: ending.succeed,
    Action.FAIL_APART: ending.fail_apart,
    Action.WITHDRAW: ending.withdraw,
    Action.RELEASE_OWED: ending.release_owed,
    Action.RELEASE: ending.release,
    Action.RECALL: recalling.recall,
    Action.RECALLED: recalling.recalled,
    Action.DROP: recalling.drop,
}
