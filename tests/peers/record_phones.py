"""Transfers between three softphones: alice transfers bob to carol."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.tshark import recording

ADDRESSES = {"alice": "127.0.1.1", "bob": "127.0.1.2", "carol": "127.0.1.3"}
NUMBERS = {"alice": "+15550101", "bob": "+15550102", "carol": "+15550103"}
PORT = 5060


@dataclass(frozen=True, slots=True)
class Phones:
    """Who takes part: transferor, transferee and target in most flows."""

    alice: PjsuaPhone
    bob: PjsuaPhone
    carol: PjsuaPhone


Flow = Callable[[Phones], None]
FLOWS: dict[str, Flow] = {}


def flow(play: Flow) -> Flow:
    """Registers a flow; its capture has the function's name."""
    FLOWS[play.__name__] = play
    return play


def connect(caller: PjsuaPhone, called: PjsuaPhone, name: str) -> str:
    """An answered call that `caller` knows as `name`; returns the name `called` has for it."""
    caller.call(name, called.uri)
    there = str(called.wait("incoming")["call"])
    called.answer(there)
    caller.state(name, "CONFIRMED")
    called.state(there, "CONFIRMED")
    return there


def ring(called: PjsuaPhone) -> str:
    """The next incoming call, alerting."""
    there = str(called.wait("incoming")["call"])
    called.answer(there, 180)
    return there


def clear(phone: PjsuaPhone, name: str, other: PjsuaPhone, there: str) -> None:
    """BYE from `phone`, gone at both ends."""
    phone.hang_up(name)
    phone.state(name, "DISCONNECTED")
    other.state(there, "DISCONNECTED")


@flow
def blind_success(p: Phones) -> None:
    """REFER, 202, NOTIFY 100 / 180 / 200, BYE by the transferor; later the target hangs up."""
    connect(p.alice, p.bob, "call")
    p.alice.refer("call", p.carol.uri)
    there = ring(p.carol)
    p.alice.notified("call", 180)
    p.carol.answer(there)
    p.alice.notified("call", 200)
    clear(p.alice, "call", p.bob, "in1")
    clear(p.carol, there, p.bob, "xfer1")


@flow
def blind_busy(p: Phones) -> None:
    """The target is busy: NOTIFY 486, the first call stays (RFC 5589 6.3)."""
    connect(p.alice, p.bob, "call")
    p.alice.refer("call", p.carol.uri)
    p.carol.answer(str(p.carol.wait("incoming")["call"]), 486)
    p.alice.notified("call", 486)
    clear(p.alice, "call", p.bob, "in1")


@flow
def blind_no_subscription(p: Phones) -> None:
    """Refer-Sub: false is granted, so there is no NOTIFY (RFC 4488)."""
    connect(p.alice, p.bob, "call")
    p.alice.refer("call", p.carol.uri, "Refer-Sub:false")
    there = ring(p.carol)
    p.carol.answer(there)
    p.bob.state("xfer1", "CONFIRMED")
    clear(p.alice, "call", p.bob, "in1")
    clear(p.carol, there, p.bob, "xfer1")


@flow
def blind_early_bye(p: Phones) -> None:
    """The transferor clears as soon as the REFER is accepted; the target answers after that (RFC 5589 6)."""
    connect(p.alice, p.bob, "call")
    p.alice.refer("call", p.carol.uri)
    p.alice.notified("call", 100)
    clear(p.alice, "call", p.bob, "in1")
    there = ring(p.carol)
    p.carol.answer(there)
    p.bob.state("xfer1", "CONFIRMED")
    clear(p.carol, there, p.bob, "xfer1")


def attended(p: Phones) -> None:
    """Hold, consultation call, REFER with Replaces of the consultation dialog (RFC 5589 7)."""
    connect(p.alice, p.bob, "call")
    p.alice.hold("call")
    p.alice.wait("done", command="hold")
    connect(p.alice, p.carol, "consultation")
    p.alice.refer_replacing("call", "consultation")
    p.alice.notified("call", 200)
    p.carol.wait("replaced")
    p.carol.state("in1", "DISCONNECTED")
    clear(p.alice, "call", p.bob, "in1")
    clear(p.carol, "repl1", p.bob, "xfer1")


@flow
def attended_udp(p: Phones) -> None:
    """Attended transfer over UDP."""
    attended(p)


@flow
def attended_numbers(p: Phones) -> None:
    """Attended transfer between telephone numbers, which every protocol has a form for."""
    attended(p)


@flow
def attended_tcp(p: Phones) -> None:
    """Attended transfer over TCP."""
    attended(p)


@flow
def attended_target_calls_transferor(p: Phones) -> None:
    """The consultation call came from the target: the tags of Replaces stand the other way round."""
    connect(p.alice, p.bob, "call")
    there = connect(p.carol, p.alice, "consultation")
    p.alice.refer_replacing("call", there)
    p.alice.notified("call", 200)
    p.carol.state("consultation", "DISCONNECTED")
    clear(p.alice, "call", p.bob, "in1")
    clear(p.carol, "repl1", p.bob, "xfer1")


@flow
def semi_attended_cancelled(p: Phones) -> None:
    """The consultation call is only ringing: CANCEL, then a REFER without Replaces (RFC 5589 7.6)."""
    connect(p.alice, p.bob, "call")
    p.alice.call("consultation", p.carol.uri)
    ring(p.carol)
    p.alice.state("consultation", "EARLY")
    p.alice.hang_up("consultation")
    p.alice.state("consultation", "DISCONNECTED")
    p.alice.refer("call", p.carol.uri)
    there = ring(p.carol)
    p.carol.answer(there)
    p.alice.notified("call", 200)
    clear(p.alice, "call", p.bob, "in1")
    clear(p.carol, there, p.bob, "xfer1")


@flow
def semi_attended_early_replaces(p: Phones) -> None:
    """Replaces of a dialog that only rings at the target: it has to refuse with 481 (RFC 3891 3)."""
    connect(p.alice, p.bob, "call")
    p.alice.call("consultation", p.carol.uri)
    ring(p.carol)
    p.alice.state("consultation", "EARLY")
    p.alice.refer_replacing("call", "consultation")
    p.alice.notified("call", 481)
    p.alice.hang_up("consultation")
    p.carol.state("in1", "DISCONNECTED")
    clear(p.alice, "call", p.bob, "in1")


@flow
def redirect_302(p: Phones) -> None:
    """Bob sends alice's call to carol before he answers it: 302 with Contact."""
    p.alice.call("call", p.bob.uri)
    p.bob.answer(ring(p.bob), 302, p.carol.uri)
    p.alice.wait("redirected")
    there = ring(p.carol)
    p.carol.answer(there)
    p.alice.state("call", "CONFIRMED")
    p.carol.state(there, "CONFIRMED")
    clear(p.carol, there, p.alice, "call")


def record(name: str, capture: Path) -> None:
    """Plays the flow `name` and writes the signalling to `capture`."""
    transport = "tcp" if name.endswith("_tcp") else "udp"
    with recording(capture, f"port {PORT} and net 127.0.1.0/24"), ExitStack() as stack:
        users = NUMBERS if name.endswith("_numbers") else {who: who for who in ADDRESSES}
        named = ((users[who], address) for who, address in ADDRESSES.items())
        phones = (stack.enter_context(PjsuaPhone(user, address, PORT, transport)) for user, address in named)
        FLOWS[name](Phones(*phones))
