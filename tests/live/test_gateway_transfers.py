"""Transfers between PJSIP softphones through the running gateway, over each transport, read by tshark."""

from pathlib import Path

import pytest

from tests.live.border import Border, border

pytestmark = pytest.mark.live

TRANSPORTS = ("udp", "tcp", "tls")


def talk(one: Border, caller: str, call: str, other: str) -> None:
    """The audio of that call goes to the phone of `other`."""
    remote = one.phones[caller].media(call, "sendrecv")["remote"]
    assert str(remote).startswith(one.addresses[other])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_blind(tmp_path: Path, transport: str) -> None:
    with border(tmp_path, transport) as here:
        a, b, c = (here.phones[user] for user in here.users)
        ours, theirs = here.call("1001", "1002")
        talk(here, "1002", theirs, "1001")
        a.refer(ours, here.uri("1003"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(ours, 200)
        talk(here, "1003", target, "1002")
        talk(here, "1002", theirs, "1003")
        a.hang_up(ours)
        b.hang_up(theirs)
        c.state(target, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"], record["sip_status"]) == ("blind", "succeeded", 200)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_attended(tmp_path: Path, transport: str) -> None:
    with border(tmp_path, transport) as here:
        a, b, c = (here.phones[user] for user in here.users)
        first, theirs = here.call("1001", "1002", "first")
        a.hold(first)
        second, target = here.call("1001", "1003", "second")
        a.refer_replacing(first, second)
        a.notified(first, 200)
        talk(here, "1003", target, "1001")
        talk(here, "1003", target, "1002")
        a.state(second, "DISCONNECTED")
        c.hang_up(target)
        b.state(theirs, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")


def test_semi_attended(tmp_path: Path) -> None:
    with border(tmp_path) as here:
        a, b, c = (here.phones[user] for user in here.users)
        first, theirs = here.call("1001", "1002", "first")
        a.hold(first)
        a.call("second", here.uri("1003"))
        target = str(c.wait("incoming")["call"])
        c.answer(target, 180)
        a.state("second", "EARLY")
        a.refer_replacing(first, "second")
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(first, 200)
        talk(here, "1003", target, "1001")  # whose call it answers
        talk(here, "1003", target, "1002")
        b.hang_up(theirs)
        c.state(target, "DISCONNECTED")


def test_blind_to_a_busy_phone_and_back_to_the_first_call(tmp_path: Path) -> None:
    with border(tmp_path) as here:
        a, b, c = (here.phones[user] for user in here.users)
        ours, theirs = here.call("1001", "1002")
        a.hold(ours)
        a.refer(ours, here.uri("1003"))
        c.answer(str(c.wait("incoming")["call"]), 486)
        a.notified(ours, 486)
        a.resume(ours)
        b.media(theirs, "sendrecv")
        a.hang_up(ours)
        b.state(theirs, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert (record["outcome"], record["sip_status"], record["cause"]) == ("failed", 486, 17)


def test_pass_lets_the_phone_carry_it_out(tmp_path: Path) -> None:
    with border(tmp_path, trunks={"1001": {"transfer": "pass"}}) as here:
        a, b, c = (here.phones[user] for user in here.users)
        ours, theirs = here.call("1001", "1002")
        a.refer(ours, here.uri("1003"))
        assert "1003" in str(b.wait("refer", call=theirs)["target"])
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        a.notified(ours, 200)
        a.hang_up(ours)
        b.state(theirs, "DISCONNECTED")
        c.hang_up(target)
        (record,) = here.gateway.wait_records(1)
        assert (record["decision"], record["method"], record["outcome"]) == ("pass", "refer", "succeeded")


def test_reject(tmp_path: Path) -> None:
    with border(tmp_path, trunks={"1001": {"transfer": "reject"}}) as here:
        a = here.phones["1001"]
        ours, theirs = here.call("1001", "1002")
        a.refer(ours, here.uri("1003"))
        a.notified(ours, 603)
        a.hang_up(ours)
        here.phones["1002"].state(theirs, "DISCONNECTED")
