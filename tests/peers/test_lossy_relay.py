import socket
import time
from pathlib import Path

import pytest

from tests.peers.lossy_relay import LossyRelay
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate
from tests.peers.sipp import Sipp, expect, pause, receive, send

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Ends:
    """A server and two phones, as plain sockets."""

    def __init__(self) -> None:
        self.server, self.phone, self.other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
        for end, host in zip((self.server, self.phone, self.other), HOSTS, strict=True):
            end.bind((host, 0))
            end.settimeout(20)
        self.places = [end.getsockname() for end in (self.server, self.phone, self.other)]


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_each_end_sees_the_relay_in_place_of_the_other_inside_the_messages_too(ends: Ends) -> None:
    (_, server), (_, phone), (_, other) = ends.places
    with LossyRelay(*ends.places, loss=0, doubling=0, delaying=0) as relay:
        stands_for_phone, stands_for_other = (relay.stand_ins[place][1] for place in ends.places[1:])
        request = (
            b"REFER sip:127.0.0.1:%d SIP/2.0\r\nContact: <sip:127.0.0.2:%d>\r\nRefer-To: <sip:c@127.0.0.3%%3A%d>"
        )
        ends.phone.sendto(request % (relay.front[1], phone, other), relay.front)
        octets, source = ends.server.recvfrom(9999)
        assert octets == request % (server, stands_for_phone, stands_for_other)
        assert source == ("127.0.0.2", stands_for_phone)
        answer = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.2:%d;rport=%d\r\nContact: <sip:127.0.0.1:%d>"
        ends.server.sendto(answer % (source[1], source[1], server), source)
        octets, source = ends.phone.recvfrom(9999)
        assert octets == answer % (phone, phone, relay.front[1])
        assert source == relay.front


def test_datagrams_are_lost_and_doubled_as_often_as_is_said_and_the_same_ones_each_time(ends: Ends) -> None:
    def arrived() -> list[bytes]:
        with LossyRelay(*ends.places, seed=7, loss=0.2, doubling=0.2, delaying=0) as relay:
            for number in range(150):
                ends.phone.sendto(b"%d" % number, relay.front)
            while relay.told["lost"] + relay.told["passed"] < 150:
                time.sleep(0.001)
            came = [ends.server.recv(99) for _ in range(150 - relay.told["lost"] + relay.told["doubled"])]
            assert 15 < relay.told["lost"] < 45
            assert 10 < relay.told["doubled"] < 45
            return came

    assert arrived() == arrived()


def test_what_is_delayed_comes_behind_what_was_sent_after_it(ends: Ends) -> None:
    with LossyRelay(*ends.places, loss=0, doubling=0, delaying=0.3) as relay:
        for number in range(50):
            ends.server.sendto(b"%d" % number, relay.stand_ins[ends.places[2]])
        came = [int(ends.other.recv(99)) for _ in range(50)]
        assert sorted(came) == list(range(50))
        assert came != sorted(came)
        assert relay.told["delayed"] > 5


REQUEST = """
{0} sip:b@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:a@[local_ip]:[local_port]>;tag=a[call_number]
To: <sip:b@[remote_ip]:[remote_port]>{1}
Call-ID: [call_id]
CSeq: {2} {0}
Contact: <sip:a@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

"""
SESSION = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
"""
ANSWER = """
SIP/2.0 {0}
[last_Via:]
[last_From:]
[last_To:];tag=b[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:b@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

"""
BYE = REQUEST.replace("Content-Type: application/sdp\n", "")
CALLER = [
    send(REQUEST.format("INVITE", "", 1) + SESSION),
    expect(100, optional=True),
    expect(180, optional=True),
    expect(200),
    send(REQUEST.format("ACK", "[peer_tag_param]", 1), retransmit=0),
    pause(300),
    send(BYE.format("BYE", "[peer_tag_param]", 2)),
    expect(200),
]
CALLEE = [
    receive("INVITE"),
    send(ANSWER.format("200 OK") + SESSION).replace("<send>", '<send retrans="500">'),
    receive("ACK"),
    receive("BYE"),
    send(ANSWER.format("200 OK").replace(";tag=b[call_number]", "")),
]


@pytest.mark.live
def test_a_call_through_refergate_goes_well_over_the_relay(tmp_path: Path) -> None:
    caller, callee = zip(HOSTS[1:], free_ports(2), strict=True)
    with (
        Refergate(tmp_path, {}, start=False) as server,
        LossyRelay((HOSTS[0], server.port), caller, callee, seed=11, loss=0.1, doubling=0.2) as relay,
    ):
        peers = {name: ["udp:{}:{}".format(*relay.stand_ins[end])] for name, end in (("a", caller), ("b", callee))}
        trunks = [{"name": name, "peers": own} for name, own in peers.items()]
        server.configure({"trunks": trunks, "routes": [{"match": "*", "to": "b"}]})
        server.start()
        front = "{}:{}".format(*relay.front)
        with Sipp("callee", CALLEE, *callee) as answering, Sipp("caller", CALLER, *caller, front) as asking:
            asking.wait()
            answering.wait()
        assert relay.told["lost"] + relay.told["doubled"] > 0
        assert not server.faults()
