"""Plain calls between PJSIP softphones through the running gateway, over each transport, read by tshark."""

from pathlib import Path

import pytest

from tests.live.border import border

pytestmark = pytest.mark.live


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_call_hold_resume_and_hang_up(tmp_path: Path, transport: str) -> None:
    with border(tmp_path, transport, phones=2) as here:
        a, b = here.phones.values()
        ours, theirs = here.call("1001", "1002")
        b.media(theirs, "sendrecv")
        a.hold(ours)
        b.media(theirs, "recvonly")
        a.media(ours, "sendonly")  # its re-INVITE is over: before that it could not send another one
        a.resume(ours)
        b.media(theirs, "sendrecv")
        b.hang_up(theirs)
        a.state(ours, "DISCONNECTED")


def test_a_busy_phone_and_one_that_is_given_up(tmp_path: Path) -> None:
    with border(tmp_path, phones=2) as here:
        a, b = here.phones.values()
        a.call("one", here.uri("1002"))
        b.answer(str(b.wait("incoming")["call"]), 486)
        assert a.state("one", "DISCONNECTED")["status"] == 486
        a.call("two", here.uri("1002"))
        incoming = str(b.wait("incoming")["call"])
        b.answer(incoming, 180)
        a.state("two", "EARLY")
        a.hang_up("two")
        assert b.state(incoming, "DISCONNECTED")["status"] == 487
        assert a.state("two", "DISCONNECTED")["status"] == 487


def test_nobody_there_and_no_route(tmp_path: Path) -> None:
    with border(tmp_path, phones=2) as here:
        a = here.phones["1001"]
        a.call("one", here.uri("7777"))
        assert a.state("one", "DISCONNECTED")["status"] == 404
