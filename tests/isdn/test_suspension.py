"""SUSPEND and RESUME on a basic access, as its network (Q.931 5.6)."""

from typing import Any

from gateway.isdn.elements import CallState
from gateway.isdn.q931 import Identifier, MessageType
from gateway.isdn.side import Side
from tests.isdn.interface import BEARER, CALLED, NORMAL, Peer, element

NAME = element(Identifier.CALL_IDENTITY, "4131")
OTHER = element(Identifier.CALL_IDENTITY, "42")
CAUSE = element(Identifier.CAUSE, "8090")


def terminal(**more: Any) -> Peer:
    """A network whose terminal has called, and is connected, as call 1."""
    peer = Peer(Side.NETWORK, **{"access": "basic", "call_reference_octets": 2, "count": 2, **more})
    call(peer, 1)
    return peer


def call(peer: Peer, reference: int) -> None:
    """Another call of the terminal that is up."""
    peer.says(MessageType.SETUP, reference, BEARER, CALLED)
    peer.owner.offered().connect(peer.now)


def told(peer: Peer) -> tuple[str, int]:
    """What the network has said last, and its cause."""
    contents = peer.answer.contents(Identifier.CAUSE)
    return peer.answer.name, contents[1] & 0x7F if contents else 0


def test_a_call_is_put_aside_with_its_channel_and_taken_up_again() -> None:
    peer = terminal()
    call = peer.owner.offered()
    peer.says(MessageType.SUSPEND, 1, NAME)
    assert told(peer) == ("SUSPEND ACKNOWLEDGE", 0)
    assert peer.owner.names[-1] == "suspended"
    assert call.channel is not None
    assert not peer.control.channels.is_idle(call.channel)
    peer.says(MessageType.RESUME, 9, NAME)
    assert told(peer) == ("RESUME ACKNOWLEDGE", 0)
    assert (peer.answer.call_reference, peer.answer.flag) == (9, True)
    assert peer.answer.contents(Identifier.CHANNEL_IDENTIFICATION)
    assert (call.state, call.call_reference) == (CallState.ACTIVE, 9)
    assert peer.owner.names[-1] == "resumed"
    peer.says(MessageType.RELEASE, 9, CAUSE)
    assert told(peer)[0] == "RELEASE COMPLETE"
    assert peer.control.calls == ()


def test_a_call_without_an_identity_can_be_suspended() -> None:
    """5.6.2: the identity is optional."""
    peer = terminal()
    peer.says(MessageType.SUSPEND, 1)
    peer.says(MessageType.RESUME, 2)
    assert told(peer) == ("RESUME ACKNOWLEDGE", 0)


def test_the_call_reference_of_a_suspended_call_is_free() -> None:
    peer = terminal()
    peer.says(MessageType.SUSPEND, 1, NAME)
    peer.says(MessageType.STATUS_ENQUIRY, 1)
    assert peer.answer.contents(Identifier.CALL_STATE) == b"\x00"


def test_resume_of_what_was_never_suspended() -> None:
    """5.6.6: 85 when no call is suspended, 83 when another one is."""
    peer = terminal()
    peer.says(MessageType.RESUME, 9, NAME)
    assert told(peer) == ("RESUME REJECT", 85)
    peer.says(MessageType.SUSPEND, 1, NAME)
    peer.says(MessageType.RESUME, 9, OTHER)
    assert told(peer) == ("RESUME REJECT", 83)


def test_an_identity_is_given_once() -> None:
    """5.6.3: cause 84, and the second call goes on."""
    peer = terminal()
    call(peer, 2)
    peer.says(MessageType.SUSPEND, 1, NAME)
    peer.says(MessageType.SUSPEND, 2, NAME)
    assert told(peer) == ("SUSPEND REJECT", 84)
    assert peer.owner.offered().is_active


def test_a_call_that_the_other_side_has_cleared_meanwhile() -> None:
    """5.6.6: cause 86."""
    peer = terminal()
    peer.says(MessageType.SUSPEND, 1, NAME)
    assert peer.owner.offered().disconnect(NORMAL, peer.now)
    assert peer.owner.names[-1] == "released"
    assert peer.control.channels.idle == 2
    peer.says(MessageType.RESUME, 9, NAME)
    assert told(peer) == ("RESUME REJECT", 86)


def test_nobody_takes_it_up() -> None:
    """T307: the other party's side hears 102."""
    peer = terminal()
    peer.says(MessageType.SUSPEND, 1, NAME)
    peer.run(181)
    assert peer.owner.cause() == 102
    assert peer.control.channels.idle == 2


def test_a_call_on_hold_is_not_suspended() -> None:
    peer = terminal()
    peer.says(MessageType.HOLD, 1)
    peer.says(MessageType.SUSPEND, 1, NAME)
    assert told(peer) == ("SUSPEND REJECT", 101)


def test_a_primary_access_has_no_bus() -> None:
    """Cause 50."""
    peer = terminal(access="primary")
    peer.says(MessageType.SUSPEND, 1, NAME)
    assert told(peer) == ("SUSPEND REJECT", 50)
