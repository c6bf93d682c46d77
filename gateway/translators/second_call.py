"""The call that the gateway makes itself where a service can only join calls that exist: an ordinary SETUP."""

from gateway.isdn.q931 import MessageType
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party
from gateway.model.transfer import TransferSetup
from gateway.translators import call_elements
from gateway.translators.facility_message import SECONDARY, Draft
from gateway.translators.procedures import Procedure
from gateway.translators.rose_dialect import RoseDialect

CALLED = {
    "name": "no name goes with the numbers of a SETUP",
    "presentation": "a called party number is a bare number",
    "screening": "a called party number is a bare number",
    "subaddress": "no subaddress goes with the numbers of a SETUP",
}
"""Why a SETUP does not say all of its parties."""

_ORDINARY = CALLED | {
    "transferor": "an ordinary SETUP does not say who transferred the call",
    "transferee": "only a number can be given as the calling party",
    "consultation": "an ordinary SETUP replaces no call",
}


def ordinary_call(event: TransferSetup, dialect: RoseDialect) -> Procedure:
    """The new call as a SETUP without any component. Raises UntranslatableError without a target to call."""
    if event.target is None:
        raise UntranslatableError("the new call needs a target; the message names none")
    found = call_elements.of_call(event, MessageType.SETUP, dialect.bearer)
    draft = Draft(MessageType.SETUP, SECONDARY, None, found, event.kept)
    return Procedure((draft,), call_elements.with_parties(TransferSetup(), found), _ORDINARY)


def second_call(target: Party | None, dialect: RoseDialect) -> tuple[Draft, Party]:
    """The SETUP towards `target` on the secondary call, and the target as far as the SETUP says it.

    Raises UntranslatableError when the target has no number.
    """
    if target is None:
        raise UntranslatableError(f"{dialect.name} joins two calls, and nothing names the second one")
    found = call_elements.of_call(TransferSetup(target), MessageType.SETUP, dialect.bearer)
    said = call_elements.with_parties(TransferSetup(), found).target
    return Draft(MessageType.SETUP, SECONDARY, None, found), said or target
