"""A trunk to Microsoft Teams, with a scripted proxy over mutual TLS in Teams' place, and SIPp in the PSTN's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.sip.message import Message
from tests.live.front import GATEWAY
from tests.live.players import Caller, sdp
from tests.live.stage import Stage, all_done, cast, stage, told_to, writes
from tests.live.teams_proxy import TeamsCall, TeamsProxy
from tests.peers.authority import Authority
from tests.peers.process import PATIENCE
from tests.peers.sipp import expect, pause

pytestmark = pytest.mark.live

NAME = "sbc.example.net"
HOST, ANOTHER = "127.0.0.5", "127.0.0.6"
X_TT = "aHR0cHM6Ly9hcGktZHUtYS1ldXdlLnBzdG5odWIubWljcm9zb2Z0LmNvbS92MS9uZ2M%3D"
USER = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:0a1B2c3D-4e5f-6789-abcd-ef0123456789"
NUMBER = "sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone;transport=tls"
REFERRED_BY = (
    "<sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:9A8b7C6d-0000-1111-2222-333344445555;"
    f"x-t=00001111-AAAA-bbbb-2222-cccc3333DDDD;x-ti=0d0b1f5c-1111-4c1e-8d3b-5a5a5a5a5a5a;x-tt={X_TT}>"
)


@contextmanager
def office(folder: Path, **more: Any) -> Iterator[tuple[Stage, TeamsProxy]]:
    """Beside SIPp's trunks, one to Teams."""
    authority = Authority(folder / "authority")
    teams = authority.issue("teams", "DNS:sip.pstnhub.microsoft.com", f"IP:{HOST}")
    ours = authority.issue("ours", f"DNS:{NAME}")
    proxy = TeamsProxy(HOST, teams, NAME)
    port = proxy.place[1]
    trunk = {"peers": [f"tls:{HOST}:{port}"], "profile": "teams", "fqdn": NAME, **more.pop("teams", {})}
    certificates = {"certificate": str(ours.certificate), "key": str(ours.key), "verify": "require"}
    with (
        proxy,
        stage(
            folder,
            others={"teams": proxy.place},
            transports=("udp", "tls"),
            trunks={"teams": trunk, **more.pop("trunks", {})},
            routes=[
                {"from": "teams", "match": "+15550100002", "to": "bob"},
                {"from": "teams", "match": "+15550100003", "to": "carol"},
            ],
            tls={**certificates, "authorities": str(authority.certificate)},
            **more,
        ) as here,
    ):
        proxy.server = (GATEWAY, here.gateway.ports["tls"])
        yield here, proxy


def raw(message: Message, name: str) -> bytes:
    """The value of that header field, octet for octet."""
    (line,) = [
        line for line in message.octets.split(b"\r\n") if line.lower().startswith(name.lower().encode() + b":")
    ]
    return line.partition(b":")[2].strip()


def shown_to_teams(message: Message) -> None:
    """Our name in Contact, and no address."""
    assert raw(message, "Contact").startswith(f"<sip:{NAME}:".encode())
    assert b"transport=tls" in raw(message, "Contact")


@pytest.mark.parametrize("target", [USER, NUMBER], ids=["user", "number"])
def test_a_transfer_goes_back_to_teams_as_it_was_asked_for(tmp_path: Path, target: str) -> None:
    """The REFER comes by another connection, from another address, than the INVITE did."""
    with office(tmp_path) as (here, proxy):
        _, bob, _ = cast(here)
        moved = bob.offered(port=5000, having={"": "m=audio 50036 RTP/SAVP"})
        pstn = here.plays("bob", [*bob.called(body=sdp(5000)), *moved, *bob.hung_up()])
        first = TeamsCall(proxy, proxy.connect())
        shown_to_teams(first.invite())
        another = proxy.connect(ANOTHER)
        first.request("REFER", f"REFER-TO: <{target}>", f"REFERRED-BY: {REFERRED_BY}", by=another)
        _, accepted = proxy.expect("202 REFER")
        shown_to_teams(accepted)
        first.notified(100)
        connection, invite = proxy.expect("INVITE")
        assert invite.octets.startswith(f"INVITE {target} SIP/2.0\r\n".encode())
        assert raw(invite, "Referred-By") == REFERRED_BY.encode()
        assert "replaces" not in invite.headers
        assert b"m=audio 5000 " in invite.body
        shown_to_teams(invite)
        second = TeamsCall(proxy, connection, invite)
        second.answer("180 Ringing")
        second.answer("200 OK")
        first.notified(200)
        proxy.expect_none("BYE", 1)
        first.hang_up()
        second.hang_up()
        pstn.wait()
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("blind", "succeeded")


def test_a_number_as_target_comes_back_as_a_call_of_teams(tmp_path: Path) -> None:
    """Teams answers the INVITE once the PSTN has answered the call that it makes for it."""
    with office(tmp_path) as (here, proxy):
        _, bob, carol = cast(here)
        transferee = here.plays("bob", [*bob.called(), *bob.offered(), pause(500), *bob.hangs_up(1)])
        target = here.plays("carol", [*carol.called(), *carol.hung_up()])
        first = TeamsCall(proxy, proxy.connect())
        first.invite()
        first.request("REFER", f"REFER-TO: <{NUMBER}>", f"REFERRED-BY: {REFERRED_BY}")
        proxy.expect("202 REFER")
        second = TeamsCall(proxy, *proxy.expect("INVITE"))
        third = TeamsCall(proxy, proxy.connect())
        third.target = "sip:+15550100003@sbc.example.net:5061;user=phone;transport=tls"
        third.invite()
        second.answer("200 OK")
        first.notified(200)
        first.hang_up()
        second.hung_up()
        third.hang_up()
        all_done(transferee, target)


def test_a_target_that_fails_leaves_the_call_as_it_was(tmp_path: Path) -> None:
    with office(tmp_path) as (here, proxy):
        _, bob, _ = cast(here)
        pstn = here.plays("bob", [*bob.called(), *bob.hung_up()])
        call = TeamsCall(proxy, proxy.connect())
        call.invite()
        call.request("REFER", f"REFER-TO: <{USER}>", f"REFERRED-BY: {REFERRED_BY}")
        proxy.expect("202 REFER")
        TeamsCall(proxy, *proxy.expect("INVITE")).answer("603 Decline", 'REASON: Q.850;cause=21;text="0d0b;Declined"')
        proxy.expect("ACK")
        call.notified(603)
        proxy.expect_none("INVITE", 0.5)
        call.hang_up()
        pstn.wait()


def test_options_both_ways(tmp_path: Path) -> None:
    with office(tmp_path, timing={"options": 0.5}) as (_, proxy):
        lines = (
            "FROM: <sip:sip.pstnhub.microsoft.com:5061>;tag=1",
            f"TO: <sip:{NAME}>",
            "CALL-ID: o1",
            "CSEQ: 1 OPTIONS",
        )
        proxy.request(proxy.connect(), "OPTIONS", f"sip:{NAME}:5061;transport=tls", *lines)
        answer = proxy.expect("200 OPTIONS")[1]
        assert "REFER" in (answer.headers.get("allow") or "")
        deadline = time.monotonic() + PATIENCE
        while len(proxy.options) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(proxy.options) >= 2
        for request in proxy.options[:2]:
            assert "@" not in request.request_uri
            assert request.headers.get("max-forwards") == "70"
            shown_to_teams(request)


@pytest.mark.parametrize("policy", ["consume", "pass"])
def test_teams_gets_no_refer_and_no_replaces(tmp_path: Path, policy: str) -> None:
    """alice transfers Teams to carol, blind: Teams is made to talk to carol by a re-INVITE with an offer."""
    with office(tmp_path, trunks={"alice": {"transfer": policy}}) as (here, proxy):
        _, _, carol = cast(here)
        alice = Caller("alice")
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *carol.hung_up()])
        number = "+15550100009"
        transferor = here.plays(
            "alice",
            [
                *alice.calls(number),
                pause(300),
                *alice.refers(2, f"<sip:3@{here.gateway.address}>"),
                *alice.hears(200),
                *alice.hangs_up(3),
            ],
        )
        call = TeamsCall(proxy, *proxy.expect("INVITE"))
        assert call.asked is not None
        assert call.asked.request_uri.startswith(f"sip:{number}@")
        shown_to_teams(call.asked)
        call.answer("200 OK")
        assert b"m=audio 6000 " in call.offered().body
        transferor.wait()
        proxy.expect_none("REFER", 0.1)
        call.hang_up()
        target.wait()


def test_an_attended_transfer_to_teams_is_put_together_here(tmp_path: Path) -> None:
    with office(tmp_path) as (here, proxy):
        _, bob, _ = cast(here)
        alice, second = Caller("alice"), Caller("alice", "consult2")
        told = tmp_path / "to"
        calls = second.calls("+15550100009")
        calls[-2] = expect(200, keep={"To": "them"}, then=writes("[$them]", told))
        consulting = here.plays_at("alice", [*calls, *second.hung_up()], "-cid_str", "x%%@%s")
        call = TeamsCall(proxy, *proxy.expect("INVITE"))
        call.answer("200 OK")
        transferee = here.plays("bob", [*bob.called(body=sdp(5000)), *bob.offered(port=5000), *bob.hung_up()])
        replaces = f"x%25%40127.0.0.2%3Bto-tag%3D{told_to(told)}%3Bfrom-tag%3Dconsult2"
        transferor = here.plays(
            "alice",
            [
                *alice.calls("2"),
                *alice.refers(2, f"<sip:+15550100009@{here.gateway.address}?Replaces={replaces}>"),
                *alice.hears(200),
                *alice.hangs_up(3),
            ],
        )
        offer = call.offered()
        assert "replaces" not in offer.headers
        assert b"m=audio 5000 " in offer.body
        all_done(transferor, consulting)
        call.hang_up()
        transferee.wait()
