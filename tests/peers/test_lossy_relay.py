import socket
import time

import pytest

from tests.peers.lossy_relay import LossyRelay


@pytest.fixture
def ends() -> "Ends":
    return Ends()


class Ends:
    """A server and two phones, as plain sockets."""

    def __init__(self) -> None:
        self.server, self.phone, self.other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
        for end in (self.server, self.phone, self.other):
            end.bind(("127.0.0.1", 0))
            end.settimeout(20)
        self.ports = [end.getsockname()[1] for end in (self.server, self.phone, self.other)]


def test_each_end_sees_the_relay_in_place_of_the_other_inside_the_messages_too(ends: Ends) -> None:
    server, phone, other = ends.ports
    with LossyRelay(*ends.ports, loss=0, doubling=0, delaying=0) as relay:
        request = b"REFER sip:127.0.0.1:%d SIP/2.0\r\nContact: <sip:127.0.0.1:%d>\r\nRefer-To: <sip:c@127.0.0.1:%d>"
        ends.phone.sendto(request % (relay.front, phone, other), ("127.0.0.1", relay.front))
        octets, source = ends.server.recvfrom(9999)
        assert octets == request % (server, relay.stand_ins[phone], relay.stand_ins[other])
        assert source[1] == relay.stand_ins[phone]
        answer = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;rport=%d\r\nContact: <sip:127.0.0.1:%d>"
        ends.server.sendto(answer % (source[1], source[1], server), source)
        octets, source = ends.phone.recvfrom(9999)
        assert octets == answer % (phone, phone, relay.front)
        assert source[1] == relay.front


def test_datagrams_are_lost_and_doubled_as_often_as_is_said_and_the_same_ones_each_time(ends: Ends) -> None:
    def arrived() -> list[bytes]:
        with LossyRelay(*ends.ports, seed=7, loss=0.2, doubling=0.2, delaying=0) as relay:
            for number in range(150):
                ends.phone.sendto(b"%d" % number, ("127.0.0.1", relay.front))
            while relay.told["lost"] + relay.told["passed"] < 150:
                time.sleep(0.001)
            came = [ends.server.recv(99) for _ in range(150 - relay.told["lost"] + relay.told["doubled"])]
            assert 15 < relay.told["lost"] < 45
            assert 10 < relay.told["doubled"] < 45
            return came

    assert arrived() == arrived()


def test_what_is_delayed_comes_behind_what_was_sent_after_it(ends: Ends) -> None:
    with LossyRelay(*ends.ports, loss=0, doubling=0, delaying=0.3) as relay:
        for number in range(50):
            ends.server.sendto(b"%d" % number, ("127.0.0.1", relay.stand_ins[ends.ports[2]]))
        came = [int(ends.other.recv(99)) for _ in range(50)]
        assert sorted(came) == list(range(50))
        assert came != sorted(came)
        assert relay.told["delayed"] > 5
