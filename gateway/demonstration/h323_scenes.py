"""The calls that are made between a phone and the H.323 world."""

from collections.abc import Iterator

from gateway.demonstration.scenes import Scene, hang_up
from gateway.demonstration.stage import USERS, Stage

_A, _B, _C = USERS


def blind(stage: Stage) -> Iterator[str]:
    """1001 calls 1002 and sends it to 1003 unannounced: 1002 is asked to call there itself."""
    a, c = stage.phones[_A], stage.phones[_C]
    theirs = _call(stage, _B, "first")
    yield f"{_A} calls {_B} in the H.323 world, who answers"
    a.refer("first", stage.uri(_C))
    yield f"{_A} sends REFER; the gateway asks {_B} by callTransferInitiate to call {_C}"
    target = str(c.wait("incoming")["call"])
    c.answer(target)
    c.state(target, "CONFIRMED")
    a.notified("first", 200)
    yield f"{_B} has called {_C}, and clears its call with the result; {_A} is told by NOTIFY 200"
    _end(stage, "first", _B, theirs, target)
    yield f"{_A} is gone; {_B} and {_C} have talked without refergate, and hang up"


def attended(stage: Stage) -> Iterator[str]:
    """1001 calls both, and joins them: 1003 gives its call a name, by which 1002 takes its place."""
    a = stage.phones[_A]
    theirs = _call(stage, _B, "one")
    a.hold("one")
    a.media("one", "sendonly")
    yield f"{_A} calls {_B}, and puts the call on hold: an empty capability set"
    target = _call(stage, _C, "two")
    yield f"{_A} calls {_C} to ask, who answers"
    a.refer_replacing("one", "two")
    yield f"{_A} sends REFER with Replaces: callTransferIdentify to {_C}, callTransferInitiate to {_B}"
    a.notified("one", 200)
    a.state("two", "DISCONNECTED")
    yield f"{_B} has taken the place of {_A}; both calls are cleared, NOTIFY 200"
    _end(stage, "one", _B, theirs, target)
    yield f"{_A} is gone; {_B} and {_C} have talked, and hang up"


H323_SCENES = (
    Scene("blind", "Blind transfer by H.450.2", blind),
    Scene("attended", "Attended transfer by H.450.2", attended),
)


def _call(stage: Stage, called: str, name: str) -> str:
    phone = stage.phones[called]
    stage.phones[_A].call(name, stage.uri(called))
    there = str(phone.wait("incoming")["call"])
    phone.answer(there)
    phone.state(there, "CONFIRMED")
    stage.phones[_A].state(name, "CONFIRMED")
    phone.media(there, "sendrecv")
    return there


def _end(stage: Stage, name: str, user: str, call: str, target: str) -> None:
    a = stage.phones[_A]
    if not a.seen("state", call=name, state="DISCONNECTED"):
        hang_up(a, name)
    hang_up(stage.phones[user], call)
    stage.phones[_C].state(target, "DISCONNECTED")
