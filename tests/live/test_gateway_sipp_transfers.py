"""Transfers that a SIPp player asks the running gateway for, each step as written, read by tshark."""

from pathlib import Path

import pytest

from tests.live.players import TRYING, WITH_SDP, Callee, Caller, ack, over, refused, sdp
from tests.live.stage import WORDS, all_done, cast, stage, to_carol, told_to, writes
from tests.peers.sipp import expect, pause, receive, send

pytestmark = pytest.mark.live


@pytest.mark.parametrize("transport", WORDS)
def test_blind(tmp_path: Path, transport: str) -> None:
    with stage(tmp_path, transport) as here:
        alice, bob, carol = cast(here)
        by = "<sip:alice@example.net;x=a%3Db>"
        target = here.plays(
            "carol",
            [
                carol.rung({"Referred-By": f"^ *{by}", "": "m=audio 5000 "}),
                send(carol.opening("180 Ringing")),
                pause(1500),
                send(carol.opening("200 OK", WITH_SDP, body=sdp(6000))),
                receive("ACK"),
                *carol.hung_up(),
            ],
        )
        transferee = here.plays(
            "bob",
            [
                *bob.called(body=sdp(5000)),
                *bob.offered(port=5000, having={"": "m=audio 6000 "}),
                pause(300),
                *bob.hangs_up(1),
            ],
        )
        ringing = {**TRYING, "": "SIP/2.0 180 "}
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, to_carol(here), f"Referred-By: {by}"),
                *alice.notified(TRYING),
                *alice.notified(ringing),
                *alice.notified(over(200)),
                *alice.hangs_up(3),
            ],
        )
        all_done(transferor, transferee, target)
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("blind", "succeeded")


def test_blind_to_somebody_who_is_busy_and_then_to_somebody_who_is_not(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob, carol = cast(here)
        refusing = [
            receive("INVITE"),
            send(carol.opening("486 Busy Here")),
            receive("ACK"),
        ]
        with here.plays("carol", refusing) as busy:
            transferee = here.plays(
                "bob",
                [*bob.called(body=sdp(5000)), *bob.offered(port=5000), pause(300), *bob.hangs_up(1)],
            )
            transferor = here.plays(
                "alice",
                [
                    *alice.calls("2"),
                    *alice.refers(2, to_carol(here)),
                    *alice.notified(TRYING),
                    *alice.notified(over(486)),
                    pause(1500),
                    *alice.refers(3, to_carol(here)),
                    *alice.notified({**TRYING, "Event": "refer;id=3"}),
                    *alice.notified({**over(200), "Event": "refer;id=3"}),
                    *alice.hangs_up(4),
                ],
            )
            busy.wait()
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *carol.hung_up()])
        all_done(transferor, transferee, target)
        assert [record["sip_status"] for record in here.gateway.wait_records(2)] == [486, 200]


def test_bye_of_the_transferor_crosses_the_end_of_its_transfer(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob, carol = cast(here)
        target = here.plays(
            "carol",
            [
                carol.rung(),
                pause(500),
                send(carol.opening("200 OK", WITH_SDP, body=sdp(6000))),
                receive("ACK"),
                *carol.hung_up(),
            ],
        )
        transferee = here.plays(
            "bob", [*bob.called(body=sdp(5000)), *bob.offered(port=5000), pause(500), *bob.hangs_up(1)]
        )
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, to_carol(here)),
                *alice.notified(TRYING),
                *alice.hangs_up(3),
                *alice.notified(over(200)),
            ],
        )
        all_done(transferor, transferee, target)


def test_the_transferor_waits_for_our_bye(tmp_path: Path) -> None:
    with stage(tmp_path, timing={"bye_guard": 1.0}) as here:
        alice, bob, carol = cast(here)
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *carol.hung_up()])
        transferee = here.plays(
            "bob", [*bob.called(body=sdp(5000)), *bob.offered(port=5000), pause(2500), *bob.hangs_up(1)]
        )
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, to_carol(here)),
                *alice.notified(TRYING),
                *alice.notified(over(200)),
                *alice.hung_up(),
            ],
        )
        all_done(transferor, transferee, target)


@pytest.mark.parametrize("transport", WORDS)
def test_attended(tmp_path: Path, transport: str) -> None:
    """Replaces names the consultation by a Call-ID and a tag that need escaping."""
    with stage(tmp_path, transport) as here:
        alice, bob, carol = cast(here)
        told = tmp_path / "to"
        second = Caller("alice", "a+1%2", here.secure("alice"))
        target = here.plays(
            "carol",
            [
                *carol.called(body=sdp(6000)),
                *carol.offered(port=6000, having={"": "m=audio 5000 "}),
                pause(300),
                *carol.hangs_up(1),
            ],
        )
        calls = second.calls("3")
        calls[-2] = expect(200, keep={"To": "them"}, then=writes("[$them]", told))
        second_call = here.plays_at("alice", [*calls, *second.hung_up()], "-cid_str", "a=1+2?%%3@%s")
        consultation = told_to(told)
        transferee = here.plays(
            "bob",
            [*bob.called(body=sdp(5000)), *bob.offered(port=5000, having={"": "m=audio 6000 "}), *bob.hung_up()],
        )
        replaces = f"a%3D1%2B2%3F%253%40127.0.0.2%3Bto-tag%3D{consultation}%3Bfrom-tag%3Da%2B1%252"
        uri = f"{to_carol(here)[:-1]}?Replaces={replaces}>"
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, uri),
                *alice.notified(TRYING),
                *alice.notified(over(200)),
                *alice.hangs_up(3),
            ],
        )
        all_done(transferor, second_call, transferee, target)
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")


@pytest.mark.parametrize("policy", ["pass", "reject"])
def test_passed_or_rejected(tmp_path: Path, policy: str) -> None:
    with stage(tmp_path, trunks={"alice": {"transfer": policy}}) as here:
        alice, bob, _ = cast(here)
        moves = [
            receive("REFER", having={"Refer-To": "sip:3@"}),
            send(bob.reply("202 Accepted")),
            *_notifies(bob, 1, "100 Trying", "active;expires=60"),
            *_notifies(bob, 2, "200 OK", "terminated;reason=noresource"),
        ]
        taken = [*alice.notified(TRYING), *alice.notified(over(200))]
        passed = policy == "pass"
        transferee = here.plays(
            "bob", [*bob.called("Allow: INVITE, ACK, BYE, REFER, NOTIFY"), *(moves if passed else ()), *bob.hung_up()]
        )
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, to_carol(here), status=202 if passed else 603),
                *(taken if passed else ()),
                *alice.hangs_up(3),
            ],
        )
        all_done(transferor, transferee)
        (record,) = here.gateway.wait_records(1)
        assert record["decision"] == policy


def _notifies(bob: Callee, cseq: int, status: str, state: str) -> list[str]:
    fields = ("Event: refer", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0")
    return [send(bob.request("NOTIFY", cseq, *fields, body=f"SIP/2.0 {status}\n")), expect(200)]


@pytest.mark.parametrize(("trunk", "other", "status"), [("bob", "", 200), ("bob", "x", 481), ("carol", "", 403)])
def test_replaces_as_uas(tmp_path: Path, trunk: str, other: str, status: int) -> None:
    """Another phone takes bob's place in alice's call; nobody's dialog is no place, and bob's is none of carol's."""
    with stage(tmp_path) as here:
        alice, bob, _ = cast(here)
        told = tmp_path / "to"
        called = bob.called(body=sdp(5000))
        called[0] = receive("INVITE", keep={"From": "them", "To": "us"}, then=writes("[$them];[call_id]", told))
        taken = status == 200
        replaced = here.plays("bob", [*called, *bob.hung_up()])
        survivor = here.plays(
            "alice",
            [*alice.calls("2"), *(alice_offered(alice) if taken else [pause(3000)]), *alice.hangs_up(2)],
        )
        tag, _, call_id = told_to(told).partition(";")
        phone = Caller("bob2")
        replaces = f"Replaces: {call_id}{other};to-tag={tag};from-tag={bob.tag}"
        if taken:
            steps = [*phone.calls("2", replaces, body=sdp(6000)), *phone.hung_up()]
        else:
            invite = phone.first("INVITE", "2", replaces, WITH_SDP, body=sdp(6000))
            steps = [send(invite), expect(100, optional=True), refused(status), send(ack(invite))]
        all_done(here.plays_at(trunk, steps), replaced, survivor)


def alice_offered(alice: Caller) -> list[str]:
    """The new partner's media comes to her."""
    return [
        receive("INVITE", having={"": "m=audio 6000 "}),
        send(alice.reply("200 OK", WITH_SDP, body=sdp(4000, version=2))),
        receive("ACK"),
    ]
