"""Transfers between two libpri peers; the capture is the network side's view (link type 177).

The served user (transferor) has the calls A and B. What libpri never sends itself is put on the wire by
`facility`; the scenario beside the capture says where.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.peers.libpri_peer import LibpriPair, LibpriPeer, libpri_pair, place_call

ECT_EXECUTE = "91a106020115020106"
TBCT_RESULT = "91a203020101"
TBCT_ERROR = "91a306020101020119"
RLT_RESULT = "11bea20d0201013008020101" + "8003"
RLT_DONE = "11bea203020102"


@dataclass(frozen=True, slots=True)
class Recording:
    """A flow: the switch type, and what the two peers do once layer 2 is up."""

    switch: str
    play: Callable[[LibpriPair], None]
    network_options: tuple[str, ...] = ()


RECORDINGS: dict[str, Recording] = {}


def recording(
    switch: str, *network_options: str
) -> Callable[[Callable[[LibpriPair], None]], Callable[[LibpriPair], None]]:
    """Registers a flow; its capture has the function's name."""

    def register(play: Callable[[LibpriPair], None]) -> Callable[[LibpriPair], None]:
        RECORDINGS[play.__name__] = Recording(switch, play, network_options)
        return play

    return register


def two_calls(
    served: LibpriPeer, other: LibpriPeer, *, held: bool = False, alerting: bool = False
) -> tuple[str, str]:
    """Calls A (to 5551) and B (to 5552) of the served side; returns the other side's names for them."""
    first = place_call(served, other, "A", "5551", "chan=1 calling=100")
    if held:
        served.send("hold A")
        served.wait("hold_ack", id="A")
    return first, place_call(served, other, "B", "5552", "chan=2 calling=100", answer=not alerting)


def cleared(side: LibpriPeer, *names: str) -> None:
    """Those calls are gone."""
    for name in names:
        side.wait("hangup_ack", id=name)


def hang_up(side: LibpriPeer, *names: str) -> None:
    """Clears those calls (RELEASE has come)."""
    for name in names:
        side.send(f"hangup {name}")
        side.wait("hangup", id=name)


@recording("euroisdn_e1", "--set", "transfer=okclear")
def etsi_explicit(p: LibpriPair) -> None:
    """EctLinkIdRequest, its result, ExplicitEctExecute; the result rides in DISCONNECT, both calls are cleared."""
    two_calls(p.user, p.network)
    p.user.send("transfer A B")
    cleared(p.user, "A", "B")


@recording("euroisdn_e1", "--set", "transfer=okclear")
def etsi_explicit_alerting(p: LibpriPair) -> None:
    """The same with the first call held and the second one only alerting."""
    two_calls(p.user, p.network, held=True, alerting=True)
    p.user.send("transfer A B")
    cleared(p.user, "A", "B")


@recording("euroisdn_e1", "--set", "transfer=fail")
def etsi_explicit_refused(p: LibpriPair) -> None:
    """The network refuses with notAvailable; both calls stay until the user clears them."""
    two_calls(p.user, p.network)
    p.user.send("transfer A B")
    p.user.wait("facility_ie", dir="rx", ie="1c0991a306020102020103")
    hang_up(p.user, "A", "B")


@recording("euroisdn_e1", "--off", "transfer")
def etsi_link_id_refused(p: LibpriPair) -> None:
    """No link id is given: EctLinkIdRequest gets resourceUnavailable."""
    two_calls(p.user, p.network)
    p.user.send("transfer A B")
    p.user.wait("facility_ie", dir="rx", ie="1c0991a30602010102010b")
    hang_up(p.user, "A", "B")


@recording("euroisdn_e1", "--set", "transfer=okclear")
def etsi_implicit(p: LibpriPair) -> None:
    """EctExecute (hand made) on the held call; libpri's result rides in that call's DISCONNECT."""
    two_calls(p.user, p.network, held=True)
    p.user.send(f"facility A {ECT_EXECUTE}")
    cleared(p.user, "A", "B")


@recording("euroisdn_e1")
def etsi_implicit_refused(p: LibpriPair) -> None:
    """EctExecute (hand made) on the active call: invalidCallState."""
    two_calls(p.user, p.network, held=True)
    p.user.send(f"facility B {ECT_EXECUTE}")
    p.user.wait("facility_ie", dir="rx", ie="1c0991a306020115020107")
    hang_up(p.user, "A", "B")


@recording("euroisdn_e1")
def etsi_inform(p: LibpriPair) -> None:
    """The network tells the remaining party whom it talks to: EctInform, active, with number."""
    there = place_call(p.user, p.network, "A", "5551", "chan=1 calling=100")
    p.network.send(f"connected {there} party=5550777")
    p.user.wait("facility")
    hang_up(p.user, "A")


@recording("euroisdn_e1", "--set", "reroute=clear")
def etsi_call_rerouteing(p: LibpriPair) -> None:
    """The called user sends the call elsewhere before answer: callRerouteing; the result rides in DISCONNECT."""
    deflect(p, reason=3)


def deflect(p: LibpriPair, reason: int) -> None:
    """A call to the user, deflected to 5550888, accepted and cleared by the network."""
    p.network.send("call A 5551 chan=1 calling=100")
    there = str(p.user.wait("ring")["id"])
    p.user.send(f"alert {there}")
    p.network.wait("alerting", id="A")
    p.user.send(f"deflect {there} to=5550888 from=5551 reason={reason}")
    p.network.wait("auto", did="rerouting_rsp")
    hang_up(p.network, "A")


@recording("qsig")
def qsig_join(p: LibpriPair) -> None:
    """callTransferComplete on both calls: primaryEnd and secondaryEnd, number restricted, alerting (libpri's way)."""
    two_calls(p.user, p.network)
    p.user.send("transfer A B")
    for reference in (1, 2):
        p.network.wait("facility_ie", dir="rx", cr=reference)
    hang_up(p.user, "A", "B")


@recording("qsig")
def qsig_complete_with_parties(p: LibpriPair) -> None:
    """callTransferComplete with number and name on both calls, each learning who the other end is."""
    two_calls(p.user, p.network)
    p.user.send("connected A party=5552 partyname=Carol_C")
    p.network.wait("facility", id="in1")
    p.user.send("connected B party=100 partyname=Bob_B")
    p.network.wait("facility", id="in2")
    hang_up(p.user, "A", "B")


@recording("qsig", "--set", "reroute=clear")
def qsig_call_rerouteing(p: LibpriPair) -> None:
    """The called user sends the call elsewhere before answer: callRerouteing of QSIG call diversion."""
    deflect(p, reason=15)


@recording("ni2")
def ni2_tbct(p: LibpriPair) -> None:
    """InitiateTransfer on the first call; result (hand made) and clearing come from the network side."""
    first, second = two_calls(p.user, p.network)
    p.user.send("transfer A B")
    p.network.wait("facility_ie", dir="rx")
    p.network.send(f"facility {first} {TBCT_RESULT}")
    p.network.send(f"hangup {first}")
    p.network.send(f"hangup {second}")
    cleared(p.user, "A", "B")


@recording("ni2")
def ni2_tbct_refused(p: LibpriPair) -> None:
    """InitiateTransfer answered by a returnError callFailure (hand made): both calls stay."""
    first, _ = two_calls(p.user, p.network)
    p.user.send("transfer A B")
    p.network.wait("facility_ie", dir="rx")
    p.network.send(f"facility {first} {TBCT_ERROR}")
    p.user.wait("facility_ie", dir="rx")
    hang_up(p.user, "A", "B")


@recording("dms100")
def dms_rlt(p: LibpriPair) -> None:
    """RLT_OPERATION_IND in each SETUP, results with call ids (hand made), RLT_THIRD_PARTY; then clearing."""
    first, second = two_calls(p.user, p.network)
    for there, call_id in ((first, "000011"), (second, "000022")):
        p.network.send(f"facility {there} {RLT_RESULT}{call_id}")
        p.user.wait("facility_ie", dir="rx")
        p.user.fence()
    p.user.send("transfer A B")
    p.network.wait("facility_ie", dir="rx", msg="FACILITY")
    p.network.send(f"facility {first} {RLT_DONE}")
    p.network.send(f"hangup {first}")
    p.network.send(f"hangup {second}")
    cleared(p.user, "A", "B")


def record(name: str, capture: Path) -> None:
    """Plays the flow `name` and writes the network side's frames to `capture`."""
    chosen = RECORDINGS[name]
    with libpri_pair(chosen.switch, capture=capture, network_options=chosen.network_options) as pair:
        chosen.play(pair)
        for side in (pair.user, pair.network):
            side.fence()
