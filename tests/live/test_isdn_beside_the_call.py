"""What goes along with calls between raw SIP and libpri: user-user data, keypad digits, names, digits one by one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.sip.address import Address
from gateway.sip.message import Message
from tests.live.isdn_border import SWITCHES
from tests.peers import tshark
from tests.peers.libpri_peer import LibpriPeer
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate
from tests.runtime.phone import SDP, Phone

pytestmark = pytest.mark.live

HELLO = b"\x04hello".hex()
"""Protocol discriminator 4: IA5 characters, which is what libpri takes user-user data for."""
SAID = f"User-to-User: {HELLO};encoding=hex;purpose=isdn-uui;content=isdn-uui"
PATIENCE = 20.0


@dataclass
class Border:
    """A phone, the gateway, libpri."""

    phone: Phone
    gateway: Refergate
    peer: LibpriPeer
    frames: Path

    def uri(self, user: str) -> str:
        return f"sip:{user}@127.0.0.1:{self.gateway.port}"

    def invite(self, user: str, *lines: str, cseq: int = 1) -> None:
        self.phone.request("INVITE", self.uri(user), *lines, call_id="c1", tag="a1", cseq=cseq, body=SDP)

    def ring(self, **match: object) -> dict[str, Any]:
        """The call as libpri has it."""
        return self.peer.wait("ring", PATIENCE, **match)

    def answered(self, user: str, there: object, *lines: str) -> Message:
        """libpri answers what the phone has called: the 200."""
        for command in ("proceed", "alert", "answer"):
            self.peer.send(f"{command} {there}")
        answer = self.phone.wait(200)
        self.within("ACK", answer)
        return answer

    def within(self, method: str, answer: Message, *lines: str, cseq: int = 1, body: bytes = b"") -> None:
        """A request in the dialog that the phone has begun."""
        to = str(answer.headers.get("to"))
        self.phone.request(method, self.uri("x"), *lines, call_id="c1", tag="a1", to=to, cseq=cseq, body=body)


@contextmanager
def border(
    folder: Path,
    variant: str = "euroisdn",
    side: str = "user",
    routes: Sequence[dict[str, str]] = ({"match": "1*", "to": "sip"},),
    **isdn: object,
) -> Iterator[Border]:
    ours, theirs, port = free_ports(3)
    trunk = {
        "name": "isdn",
        "protocol": "isdn",
        "link": f"udp:127.0.0.1:{ours}>127.0.0.1:{theirs}",
        "side": side,
        "variant": variant,
        "channels": "1-15",
        "trusted": True,
        **isdn,
    }
    sip = {"name": "sip", "peers": [f"udp:127.0.0.9:{port}"], "trusted": True, "reliable": "off"}
    settings = {"trunks": [sip, trunk], "routes": [{"from": "sip", "to": "isdn"}, *routes]}
    frames = folder / "d_channel.pcap"
    node = "network" if side == "user" else "cpe"
    with (
        LibpriPeer(node=node, switch=SWITCHES[variant], port=theirs, remote=ours, capture=frames) as peer,
        Refergate(folder, settings, transports=("udp",)) as gateway,
        Phone(port, gateway.port, "127.0.0.9") as phone,
    ):
        peer.start()
        peer.wait("dchan_up")
        yield Border(phone, gateway, peer, frames)
        assert gateway.faults() == []
    assert tshark.malformed(frames, options=() if variant == "qsig" else tshark.ETSI) == []


def uui(message: Message) -> str:
    """The data of its User-to-User."""
    return (message.headers.get("user-to-user") or "").partition(";")[0]


def test_user_to_user_of_calls_to_the_isdn_and_from_it(tmp_path: Path) -> None:
    with border(tmp_path) as here:
        here.invite("5551", SAID)
        ring = here.ring(called="5551")
        assert ring["uui"] == "hello"
        here.peer.send(f"uui {ring['id']} servus")
        answer = here.answered("5551", ring["id"])
        told = [uui(each) for each in here.phone.seen if each.status in (180, 200)]
        assert b"\x04servus".hex() in told
        here.within("BYE", answer, SAID, cseq=2)
        assert here.peer.wait("hangup_req", PATIENCE, id=ring["id"])["uui"] == "hello"
        here.peer.send(f"hangup {ring['id']}")
        here.peer.send("call A 1001 chan=9 uui=hello")
        invite = here.phone.wait("INVITE")
        assert uui(invite) == HELLO
        here.phone.respond(invite, "180 Ringing", SAID)
        assert here.peer.wait("alerting", PATIENCE, id="A")["uui"] == "hello"
        here.phone.respond(invite, "200 OK", SAID, body=SDP)
        assert here.peer.wait("answer", PATIENCE, id="A")["uui"] == "hello"
        here.peer.send("hangup A")
        here.phone.respond(here.phone.wait("BYE"), "200 OK")


def test_keypad_digits_both_ways(tmp_path: Path) -> None:
    """We are the user: both directions are defined."""
    with border(tmp_path) as here:
        here.invite("5551")
        ring = here.ring(called="5551")
        answer = here.answered("5551", ring["id"])
        body = b"Signal=7\r\nDuration=160\r\n"
        here.within("INFO", answer, "Content-Type: application/dtmf-relay", cseq=2, body=body)
        assert here.peer.wait("keypad", PATIENCE, id=ring["id"])["digits"] == "7"
        here.peer.send(f"keypad {ring['id']} 5#")
        for digit in "5#":
            info = here.phone.wait("INFO")
            assert info.body.startswith(f"Signal={digit}\r\n".encode())
            here.phone.respond(info, "200 OK")
        here.within("BYE", answer, cseq=3)
        here.peer.wait("hangup_req", PATIENCE, id=ring["id"])


def display(message: Message, field: str) -> str:
    return Address.parse(message.headers.get(field) or "").display


def test_names_on_a_qsig_trunk(tmp_path: Path) -> None:
    with border(tmp_path, "qsig") as here:
        here.invite("5551", 'P-Asserted-Identity: "Zoe Z" <sip:+4989123@127.0.0.9>')
        ring = here.ring(called="5551")
        assert ring["callingname"] == "Zoe Z"
        answer = here.answered("5551", ring["id"])
        here.within("BYE", answer, cseq=2)
        here.peer.wait("hangup_req", PATIENCE, id=ring["id"])
        here.peer.send(f"hangup {ring['id']}")
        here.peer.send("call A 1001 chan=9 calling=5551 callingname=Ann_A")
        invite = here.phone.wait("INVITE")
        assert display(invite, "from") == "Ann A"
        here.phone.respond(invite, "200 OK", 'P-Asserted-Identity: "Bea B" <sip:1001@127.0.0.9>', body=SDP)
        parties = here.peer.wait("answer", PATIENCE, id="A").get("subcmds", [])
        assert "Bea B" in str(parties)
        here.peer.send("hangup A")
        here.phone.respond(here.phone.wait("BYE"), "200 OK")
    field = "qsig.na.namePresentationAllowedSimple"
    assert [row[0] for row in tshark.fields(here.frames, [field], where=field)] == ["Zoe Z", "Ann A", "Bea B"]


def test_digits_one_by_one_to_the_isdn(tmp_path: Path) -> None:
    """RFC 3578: libpri asks for more with SETUP ACKNOWLEDGE."""
    with border(tmp_path, overlap=True) as here:
        here.invite("55")
        ring = here.ring(called="55")
        here.peer.send(f"setupack {ring['id']}")
        here.invite("5551", cseq=2)
        assert here.phone.wait(484).cseq == 1
        assert digits(here.peer, ring["id"], 2) == "51"
        answer = here.answered("5551", ring["id"])
        assert answer.cseq == 2
        here.within("BYE", answer, cseq=3)
        here.peer.wait("hangup_req", PATIENCE, id=ring["id"])


def digits(peer: LibpriPeer, call: object, count: int) -> str:
    """That many digits, in however many INFORMATION messages they come; libpri gives each with those before."""
    found = ""
    while len(found) < count:
        found = str(peer.wait("info", PATIENCE, id=call)["digits"])
    return found[-count:]


def test_digits_one_by_one_from_the_isdn(tmp_path: Path) -> None:
    """RFC 4497 §8.2.2: the number is complete when it fits a route of that length."""
    with border(tmp_path, routes=[{"match": "1xxx", "to": "sip"}], overlap=True) as here:
        here.peer.send("set overlap 1")
        here.peer.send("call A 10")
        here.peer.wait("setup_ack", PATIENCE, id="A")
        here.peer.send("info A 01")
        invite = here.phone.wait("INVITE")
        assert invite.request_uri.startswith("sip:1001@")
        here.phone.respond(invite, "200 OK", body=SDP)
        here.peer.wait("answer", PATIENCE, id="A")
        here.peer.send("hangup A")
        here.phone.respond(here.phone.wait("BYE"), "200 OK")
