"""Calls and transfers between PJSIP softphones and libpri, an independent ISDN stack, through the running gateway."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.isdn_border import SWITCHES, IsdnBorder, isdn_border
from tests.peers import tshark
from tests.peers.process import PATIENCE
from tests.peers.refergate import Refergate

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("side", ["user", "network"])
@pytest.mark.parametrize("variant", SWITCHES)
def test_calls_both_ways(tmp_path: Path, variant: str, side: str) -> None:
    with isdn_border(tmp_path, variant, side) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")


def test_a_busy_phone_and_one_that_is_given_up(tmp_path: Path) -> None:
    """RFC 3398 §8.2.6.1: 486 is cause 17; and who gives up hears nothing more."""
    with isdn_border(tmp_path) as here:
        phone = here.phones["1001"]
        here.peer.send("call one 1001")
        phone.answer(str(phone.wait("incoming")["call"]), 486)
        assert here.peer.wait("hangup_req", id="one")["cause"] == 17
        here.peer.send("hangup one")
        here.peer.send("call two 1001")
        incoming = str(phone.wait("incoming")["call"])
        phone.answer(incoming, 180)
        here.peer.wait("alerting", id="two")
        here.peer.send("hangup two 16")
        assert phone.state(incoming, "DISCONNECTED")["status"] == 487


def test_a_cause_becomes_a_status(tmp_path: Path) -> None:
    with isdn_border(tmp_path) as here:
        phone = here.phones["1001"]
        for cause, status in ((1, 404), (17, 486), (21, 403), (34, 503), (28, 484), (88, 503)):
            name, number = f"out{cause}", f"5{cause:03}"
            phone.call(name, here.uri(number))
            there = here.peer.wait("ring", called=number)["id"]
            here.peer.send(f"proceed {there}")
            here.peer.send(f"hangup {there} {cause}")
            assert phone.state(name, "DISCONNECTED")["status"] == status


def test_the_phone_holds_and_the_isdn_is_told(tmp_path: Path) -> None:
    """NOTIFY with remote hold and remote retrieval (EN 300 141)."""
    with isdn_border(tmp_path, side="network") as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hold(out)
        assert here.peer.wait("notify", id=there)["info"] == 0x79
        phone.media(out, "sendonly")
        phone.resume(out)
        assert here.peer.wait("notify", id=there)["info"] == 0x7A
        phone.media(out, "sendrecv")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")


def test_the_isdn_holds_and_retrieves(tmp_path: Path) -> None:
    with isdn_border(tmp_path, side="network") as here:
        phone = here.phones["1001"]
        name, incoming = here.call_in()
        here.peer.send(f"hold {name}")
        here.peer.wait("hold_ack", id=name)
        phone.media(incoming, "inactive")
        here.peer.send(f"retrieve {name}")
        here.peer.wait("retrieve_ack", id=name)
        phone.media(incoming, "sendrecv")
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")


def test_refer_of_an_isdn_call_to_another_phone(tmp_path: Path) -> None:
    with isdn_border(tmp_path, phones=2) as here:
        a, c = here.phones.values()
        out, there = here.call_out("5551")
        a.refer(out, here.uri("1002"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(out, 200)
        a.hang_up(out)
        c.hang_up(target)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"], record["sip_status"]) == ("blind", "succeeded", 200)


def test_refer_of_a_phone_to_the_isdn(tmp_path: Path) -> None:
    """An attended transfer: a phone's call to another phone and its call to the ISDN are joined."""
    with isdn_border(tmp_path, phones=2) as here:
        a, b = here.phones.values()
        a.call("first", here.uri("1002"))
        theirs = str(b.wait("incoming")["call"])
        b.answer(theirs)
        a.state("first", "CONFIRMED")
        a.hold("first")
        second, there = here.call_out("5552", name="second")
        a.refer_replacing("first", second)
        a.notified("first", 200)
        a.state(second, "DISCONNECTED")
        b.media(theirs, "sendrecv")
        here.peer.send(f"hangup {there}")
        b.state(theirs, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")


@pytest.mark.parametrize("variant", ["euroisdn", "ni2", "5ess", "4ess", "dms100"])
def test_libpri_joins_its_two_calls(tmp_path: Path, variant: str) -> None:
    """ETSI explicit call transfer, two B-channel transfer, release link trunk: the phones talk to each other."""
    with isdn_border(tmp_path, variant, "network", phones=2) as here:
        a, b = here.phones.values()
        first, one = here.call_in("1001", "A")
        second, other = here.call_in("1002", "B", rest="chan=2")
        here.peer.send("transfer A B")
        here.peer.wait("hangup_req", id=first)
        here.peer.wait("hangup_req", id=second)
        here.peer.send("hangup A")
        here.peer.send("hangup B")
        assert str(a.media(one, "sendrecv")["remote"])
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["method"], record["outcome"]) == ("attended", "join", "succeeded")
        a.hang_up(one)
        b.state(other, "DISCONNECTED")


def test_implicit_explicit_call_transfer(tmp_path: Path) -> None:
    """EctExecute on the held call (EN 300 369-1 §9.2.1)."""
    with isdn_border(tmp_path, side="network", phones=2) as here:
        a, b = here.phones.values()
        _, one = here.call_in("1001", "A")
        here.peer.send("hold A")
        here.peer.wait("hold_ack", id="A")
        _, other = here.call_in("1002", "B")
        here.peer.send("facility A 91a106020101020106")
        here.peer.wait("hangup_req", id="A")
        here.peer.wait("hangup_req", id="B")
        here.peer.send("hangup A")
        here.peer.send("hangup B")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")
        a.hang_up(one)
        b.state(other, "DISCONNECTED")


@pytest.mark.parametrize("variant", ["euroisdn", "qsig"])
def test_libpri_deflects(tmp_path: Path, variant: str) -> None:
    """callRerouteing before the answer: the caller's call goes on to the new number (RFC 3398 §8.2.6: 302)."""
    with isdn_border(tmp_path, variant, "network", phones=2) as here:
        a, b = here.phones.values()
        a.call("out", here.uri("5551"))
        there = here.peer.wait("ring", called="5551")["id"]
        here.peer.send(f"proceed {there}")
        here.peer.send(f"deflect {there} to=1002 from=5551 reason=15")
        incoming = str(b.wait("incoming")["call"])
        b.answer(incoming)
        a.state("out", "CONFIRMED")
        a.hang_up("out")
        b.state(incoming, "DISCONNECTED")


def two_calls_referred(here: IsdnBorder) -> tuple[str, str]:
    """A phone calls the ISDN twice and refers one to the other; libpri's names of both calls."""
    phone = here.phones["1001"]
    first, one = here.call_out("5551", name="first")
    phone.hold(first)
    phone.media(first, "sendonly")
    second, other = here.call_out("5552", name="second")
    here.peer.fence()
    phone.refer_replacing(first, second)
    return one, other


def changed_ladder(folder: Path, before: str, after: str) -> dict[str, str]:
    """A ladder of one's own, as settings of the gateway."""
    text = (ROOT / "mappings/transfer_ladder.yaml").read_text()
    assert text.count(before)
    ladder = folder / "ladder.yaml"
    ladder.write_text(text.replace(before, after))
    return {"ladder": str(ladder)}


def is_told(here: IsdnBorder, method: str, kind: str = "attended") -> None:
    """The phone hears 200 and its calls are over; the record says how it was done."""
    phone = here.phones["1001"]
    phone.notified("first", 200)
    if kind == "attended":
        phone.state("second", "DISCONNECTED")
    (record,) = here.gateway.wait_records(1)
    assert (record["kind"], record["method"], record["outcome"]) == (kind, method, "succeeded")
    assert record["sip_status"] == 200


def invoked(here: IsdnBorder, one: str, other: str) -> tuple[str, int]:
    """The call and the invokeId of a FACILITY that libpri does not answer."""
    asked = here.peer.wait("facility_ie", dir="rx", msg="FACILITY")
    invoke = int(asked["ie"].split("a1", 1)[1][6:8], 16)
    return one if asked["cr"] == 1 else other, invoke


def are_cleared(here: IsdnBorder, *calls: str) -> None:
    for call in calls:
        here.peer.send(f"hangup {call} 16")


def is_joined_here(here: IsdnBorder, one: str, other: str) -> None:
    """Who hangs up takes the other along."""
    here.peer.send(f"hangup {one}")
    here.peer.wait("hangup_req", id=other)
    here.peer.send(f"hangup {other}")


def test_a_refer_becomes_explicit_call_transfer(tmp_path: Path) -> None:
    """EctLinkIdRequest, ExplicitEctExecute; libpri takes both calls over and clears them."""
    with isdn_border(tmp_path, options=["--set", "transfer=okclear"]) as here:
        one, other = two_calls_referred(here)
        is_told(here, "ect-explicit")
        here.peer.wait("hangup", id=one)
        here.peer.wait("hangup", id=other)


def test_a_refer_becomes_implicit_call_transfer(tmp_path: Path) -> None:
    """HOLD, and EctExecute on the held call (EN 300 369-1 §9.2.1)."""
    more = changed_ladder(tmp_path, "[ect-explicit, ect-implicit,", "[ect-implicit,")
    options = ["--set", "transfer=okclear", "--set", "hold=ack"]
    with isdn_border(tmp_path, more=more, options=options) as here:
        one, other = two_calls_referred(here)
        is_told(here, "ect-implicit")
        here.peer.wait("hangup", id=one)
        here.peer.wait("hangup", id=other)


def test_a_refer_is_carried_out_here_when_the_network_refuses(tmp_path: Path) -> None:
    """Explicit, implicit, then the gateway; one 200, after the last."""
    options = ["--set", "transfer=fail", "--set", "hold=ack", "--set", "retrieve=ack"]
    with isdn_border(tmp_path, options=options) as here:
        one, other = two_calls_referred(here)
        is_told(here, "join")
        assert len(here.gateway.log("transfer.network")) == 2
        is_joined_here(here, one, other)


def test_a_refer_becomes_two_b_channel_transfer(tmp_path: Path) -> None:
    """libpri reads no initiateTransfer: its answer is made by hand. 5ESS and 4ESS have the same operations."""
    with isdn_border(tmp_path, "5ess") as here:
        one, other = two_calls_referred(here)
        call, invoke = invoked(here, one, other)
        here.peer.send(f"facility {call} 91a2030201{invoke:02x}")
        is_told(here, "tbct")
        are_cleared(here, one, other)


def test_a_network_that_only_clears_has_joined_them(tmp_path: Path) -> None:
    """No result at all: DISCONNECT with cause 16 on both calls."""
    with isdn_border(tmp_path, "ni2") as here:
        one, other = two_calls_referred(here)
        invoked(here, one, other)
        are_cleared(here, one, other)
        is_told(here, "tbct")


def test_a_network_that_says_nothing(tmp_path: Path) -> None:
    """After T-RESPONSE, here 1 s, the gateway joins the two."""
    more = changed_ladder(tmp_path, "tbct: {response: 4,", "tbct: {response: 1,")
    with isdn_border(tmp_path, "4ess", more=more) as here:
        one, other = two_calls_referred(here)
        is_told(here, "join")
        is_joined_here(here, one, other)


def test_a_refer_becomes_release_link_trunk(tmp_path: Path) -> None:
    """RLT_OPERATION_IND in each SETUP; libpri's answers, the callIds and the result, are made by hand."""
    with isdn_border(tmp_path, "dms100") as here:
        phone = here.phones["1001"]
        first, one = here.call_out("5551", name="first")
        here.peer.send(f"facility {one} 11bea20d02010130080201018003000011")
        phone.hold(first)
        phone.media(first, "sendonly")
        second, other = here.call_out("5552", name="second")
        here.peer.send(f"facility {other} 11bea20d02010130080201018003000022")
        here.peer.fence()
        phone.refer_replacing(first, second)
        call, _ = invoked(here, one, other)
        here.peer.send(f"facility {call} 11bea203020102")
        is_told(here, "rlt")
        are_cleared(here, one, other)


def test_qsig_ends_hear_of_each_other(tmp_path: Path) -> None:
    """callTransferComplete to both (ISO/IEC 13869)."""
    with isdn_border(tmp_path, "qsig") as here:
        one, other = two_calls_referred(here)
        is_told(here, "qsig-join")
        for call, number in ((one, "5552"), (other, "5551")):
            told = here.peer.wait("facility", id=call)["subcmds"][0]
            assert told["cmd"] == "CONNECTED_LINE"
            assert number in str(told)
        is_joined_here(here, one, other)


def test_a_blind_refer_on_qsig_is_carried_out_here(tmp_path: Path) -> None:
    """libpri says nothing to ssctInitiate: after its time the gateway calls the target."""
    more = changed_ladder(tmp_path, "ssct: {response: 30}", "ssct: {response: 1}")
    with isdn_border(tmp_path, "qsig", more=more) as here:
        phone = here.phones["1001"]
        first, one = here.call_out("5551", name="first")
        phone.refer(first, here.uri("5552"))
        other = here.peer.wait("ring", called="5552")["id"]
        here.peer.send(f"proceed {other}")
        here.peer.send(f"answer {other}")
        is_told(here, "qsig-join", "blind")
        is_joined_here(here, one, other)


@pytest.mark.parametrize("variant", ["euroisdn", "qsig"])
def test_a_party_of_the_isdn_changes(tmp_path: Path, variant: str) -> None:
    """EctInform and callTransferComplete: the phone is told (RFC 4916)."""
    with isdn_border(tmp_path, variant) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        here.peer.send(f"connected {there} party=4711 partyname=Bob_B")
        here.gateway.wait_log("isdn.updated")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")


def killed_and_started(gateway: Refergate, entries: int) -> None:
    """As soon as so much is in the store."""
    deadline = time.monotonic() + PATIENCE
    while _stored(gateway.store_path) < entries:
        assert time.monotonic() < deadline, "not stored"
        time.sleep(0.05)
    gateway.kill()
    gateway.start()
    gateway.wait_log("restored", entries=entries, lost=0)


def _stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
        return count


def test_calls_survive_a_kill(tmp_path: Path) -> None:
    """After kill -9 the link comes back, STATUS ENQUIRY finds the call, and a REFER on it still works."""
    with isdn_border(tmp_path, phones=2) as here:
        a, c = here.phones.values()
        out, there = here.call_out("5551")
        killed_and_started(here.gateway, 1)
        a.refer(out, here.uri("1002"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(out, 200)
        c.hang_up(target)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
    kinds = [row[0] for row in tshark.fields(here.frames, ["q931.message_type"], where="q931")]
    assert kinds.index("0x75") < kinds.index("0x7d")  # STATUS ENQUIRY, STATUS


def test_calls_that_survive_a_kill_are_joined_for_libpri(tmp_path: Path) -> None:
    """We are the network: the ECT that libpri asks for after kill -9 has its result, and both calls are cleared."""
    with isdn_border(tmp_path, side="network", phones=2) as here:
        a, b = here.phones.values()
        _, one = here.call_in("1001", "A")
        _, other = here.call_in("1002", "B", rest="chan=2")
        before = len(here.gateway.log("isdn.data_link", up=True))
        killed_and_started(here.gateway, 2)
        here.gateway.until(lambda: len(here.gateway.log("isdn.data_link", up=True)) > before)
        here.peer.send("transfer A B")
        here.peer.wait("hangup_req", id="A")
        here.peer.wait("hangup_req", id="B")
        here.peer.send("hangup A")
        here.peer.send("hangup B")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["method"], record["outcome"]) == ("attended", "join", "succeeded")
        a.hang_up(one)
        b.state(other, "DISCONNECTED")


def test_a_blind_refer_of_an_isdn_call_to_the_isdn(tmp_path: Path) -> None:
    """The gateway calls the target on the same trunk; then the network takes both calls (ECT)."""
    with isdn_border(tmp_path, options=["--set", "transfer=okclear"]) as here:
        phone = here.phones["1001"]
        first, there = here.call_out("5551", name="first")
        phone.refer(first, here.uri("5552"))
        target = here.peer.wait("ring", called="5552")["id"]
        here.peer.send(f"proceed {target}")
        here.peer.send(f"answer {target}")
        is_told(here, "ect-explicit", "blind")
        here.peer.wait("hangup", id=there)
        here.peer.wait("hangup", id=target)


def test_a_blind_refer_to_a_target_that_rings(tmp_path: Path) -> None:
    """EN 300 369-1 lets the second call be alerting: the network has both before anybody answers."""
    with isdn_border(tmp_path, options=["--set", "transfer=okclear"]) as here:
        phone = here.phones["1001"]
        first, there = here.call_out("5551", name="first")
        phone.refer(first, here.uri("5552"))
        target = here.peer.wait("ring", called="5552")["id"]
        here.peer.send(f"proceed {target}")
        here.peer.send(f"alert {target}")
        is_told(here, "ect-explicit", "blind")
        here.peer.wait("hangup", id=there)
        here.peer.wait("hangup", id=target)


def test_who_is_transferred_is_notified(tmp_path: Path) -> None:
    """We are the network: EctInform and NOTIFY, 0x69 while the target rings, 0x6A when it has answered. libpri takes
    both for a new connected line.
    """
    with isdn_border(tmp_path, side="network", phones=2) as here:
        a, c = here.phones.values()
        out, there = here.call_out("5551")
        a.refer(out, here.uri("1002"))
        target = str(c.wait("incoming")["call"])
        c.answer(target, 180)
        rings = here.peer.wait("facility", id=there)["subcmds"][0]
        c.answer(target)
        talks = here.peer.wait("facility", id=there)["subcmds"][0]
        assert rings["cmd"] == talks["cmd"] == "CONNECTED_LINE"
        assert "1002" in str(talks)
        a.notified(out, 200)
        a.hang_up(out)
        c.hang_up(target)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
    kinds = [row[0] for row in tshark.fields(here.frames, ["q931.message_type"], where="q931")]
    assert kinds.count("0x6e") == 2


def test_libpri_joins_two_qsig_calls_itself(tmp_path: Path) -> None:
    """callTransferComplete on both, without a number: the phones stay where they are."""
    with isdn_border(tmp_path, "qsig", "network", phones=2) as here:
        a, b = here.phones.values()
        _, one = here.call_in("1001", "A")
        _, other = here.call_in("1002", "B", rest="chan=2")
        here.peer.send("transfer A B")
        here.peer.fence()
        here.peer.send("hangup A")
        here.peer.send("hangup B")
        a.state(one, "DISCONNECTED")
        b.state(other, "DISCONNECTED")


def test_a_call_by_referral_says_so_on_qsig(tmp_path: Path) -> None:
    """A REFER between phones to the ISDN: ssctSetup with Referred-By in the SETUP; tshark reads it."""
    with isdn_border(tmp_path, "qsig", phones=2) as here:
        a, b = here.phones.values()
        a.call("out", here.uri("1002"))
        incoming = str(b.wait("incoming")["call"])
        b.answer(incoming)
        a.state("out", "CONFIRMED")
        b.refer(incoming, here.uri("5551"))
        there = here.peer.wait("ring", called="5551")["id"]
        here.peer.send(f"proceed {there}")
        here.peer.send(f"answer {there}")
        b.notified(incoming, 200)
        b.hang_up(incoming)
        a.hang_up("out")
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
    assert "100" in [row[0] for row in tshark.fields(here.frames, ["qsig.operation"], where="qsig")]
