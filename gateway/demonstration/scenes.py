"""The calls that are made: each scene yields, step by step, what has happened."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.demonstration.phone import Phone
from gateway.demonstration.stage import USERS, Stage

_A, _B, _C = USERS


@dataclass(frozen=True, slots=True)
class Scene:
    """`kind` is what the record has to call the transfer. `play` raises PeerError when a phone waits in vain."""

    kind: str
    title: str
    play: Callable[[Stage], Iterator[str]]


def blind(stage: Stage) -> Iterator[str]:
    """1001 calls 1002 and sends it to 1003 unannounced."""
    a, b, c = (stage.phones[user] for user in USERS)
    theirs = _call(stage, _A, _B, "first")
    yield f"{_A} calls {_B}, who answers"
    a.refer("first", stage.uri(_C))
    yield f"{_A} sends REFER: {_B} shall speak to {_C}; the gateway calls {_C}"
    target = _ring(c)
    a.notified("first", 180)
    _answer(c, target)
    yield f"{_C} answers; the gateway joins {_B} and {_C}"
    a.notified("first", 200)
    yield f"{_A} is told by NOTIFY 200, and hangs up"
    hang_up(a, "first")
    b.media(theirs, "sendrecv")
    _end(b, theirs, c, target)
    yield f"{_B} and {_C} have talked, and hang up"


def attended(stage: Stage) -> Iterator[str]:
    """1001 calls 1002, puts it on hold, asks 1003 first, and joins the two."""
    a, b, c = (stage.phones[user] for user in USERS)
    theirs = _call(stage, _A, _B, "one")
    a.hold("one")
    b.media(theirs, "recvonly")
    a.media("one", "sendonly")
    yield f"{_A} calls {_B}, who answers, and puts the call on hold"
    target = _call(stage, _A, _C, "two")
    yield f"{_A} calls {_C} to ask, who answers"
    a.refer_replacing("one", "two")
    yield f"{_A} sends REFER with Replaces: {_B} shall have its call to {_C}"
    a.notified("one", 200)
    a.state("two", "DISCONNECTED")
    yield f"the gateway joins {_B} and {_C}, tells {_A} by NOTIFY 200 and releases its call to {_C}"
    hang_up(a, "one")
    b.media(theirs, "sendrecv")
    _end(c, target, b, theirs)
    yield f"{_A} is gone; {_B} and {_C} have talked, and hang up"


SCENES = (
    Scene("blind", "Blind transfer", blind),
    Scene("attended", "Attended transfer", attended),
)


def _call(stage: Stage, caller: str, called: str, name: str) -> str:
    """A call that is answered; its name at the phone that was called."""
    stage.phones[caller].call(name, stage.uri(called))
    there = _ring(stage.phones[called])
    _answer(stage.phones[called], there)
    stage.phones[caller].state(name, "CONFIRMED")
    stage.phones[called].media(there, "sendrecv")
    return there


def _ring(phone: Phone) -> str:
    incoming = str(phone.wait("incoming")["call"])
    phone.answer(incoming, 180)
    return incoming


def _answer(phone: Phone, call: str) -> None:
    phone.answer(call)
    phone.state(call, "CONFIRMED")


def _end(phone: Phone, call: str, other: Phone, others_call: str) -> None:
    hang_up(phone, call)
    other.state(others_call, "DISCONNECTED")


def hang_up(phone: Phone, call: str) -> None:
    """Its BYE has been answered when this returns."""
    phone.hang_up(call)
    phone.state(call, "DISCONNECTED")
