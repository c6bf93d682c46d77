"""Calls and transfers between PJSIP softphones, each behind a gateway of its own, over H.323 between the gateways."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from tests.live.h323_border import USERS, H323Border, h323_border

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[H323Border]:
    folder: Path = tmp_path_factory.mktemp("h323")
    with h323_border(folder) as here:
        yield here


@pytest.mark.parametrize(("caller", "callee"), list(permutations(USERS, 2)))
def test_call_hold_resume_and_hang_up(border: H323Border, caller: str, callee: str) -> None:
    """Each pair has its own way of H.245: see WAYS."""
    a, b = border.phones[caller], border.phones[callee]
    ours, theirs = border.call(caller, callee, f"plain{caller}{callee}")
    b.media(theirs, "sendrecv")
    a.hold(ours)
    b.media(theirs, "recvonly")
    a.media(ours, "sendonly")
    a.resume(ours)
    b.media(theirs, "sendrecv")
    b.hang_up(theirs)
    a.state(ours, "DISCONNECTED")


def test_a_busy_phone(border: H323Border) -> None:
    a, b = border.phones["1001"], border.phones["1002"]
    a.call("busy", border.uri("1001", "1002"))
    b.answer(str(b.wait("incoming")["call"]), 486)
    assert a.state("busy", "DISCONNECTED")["status"] == 486


def test_blind_transfer_by_h450(border: H323Border) -> None:
    """The first gateway is the transferring endpoint, the second the transferred, the third the transferred-to."""
    a, b, c = border.phones.values()
    before = len(border.gateways["1001"].records())
    ours, theirs = border.call("1001", "1002", "blind")
    a.refer(ours, border.uri("1001", "1003"))
    target = str(c.wait("incoming")["call"])
    c.answer(target)
    c.state(target, "CONFIRMED")
    a.notified(ours, 200)
    a.hang_up(ours)
    a.state(ours, "DISCONNECTED")
    b.media(theirs, "sendrecv")
    c.hang_up(target)
    b.state(theirs, "DISCONNECTED")
    record = border.gateways["1001"].wait_records(before + 1)[before]
    assert (record["kind"], record["method"], record["outcome"]) == ("blind", "h450", "succeeded")


def test_attended_transfer_by_h450(border: H323Border) -> None:
    """The third gateway names its call, and takes the second one's for it."""
    a, b, c = border.phones.values()
    before = len(border.gateways["1001"].records())
    first, theirs = border.call("1001", "1002", "first")
    a.hold(first)
    b.media(theirs, "recvonly")
    second, target = border.call("1001", "1003", "second")
    a.refer_replacing(first, second)
    a.notified(first, 200)
    a.state(second, "DISCONNECTED")
    b.media(theirs, "sendrecv")
    c.media(target, "sendrecv")
    b.hang_up(theirs)
    c.state(target, "DISCONNECTED")
    record = border.gateways["1001"].wait_records(before + 1)[before]
    assert (record["kind"], record["method"], record["outcome"]) == ("attended", "h450", "succeeded")
    assert border.gateways["1003"].wait_records(1)[-1]["method"] == "replaces"
