"""Calls between a phone and the ISDN whose B channels osmo-mgw ends: what it holds, and where it sends to."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.isdn_border import IsdnBorder
from tests.live.test_gateway_isdn import killed_and_started
from tests.peers.osmo_mgw import OsmoMgw
from tests.peers.ports import free_ports

pytestmark = pytest.mark.live
BOARD = ("127.0.0.9", 30_000)


class _Border(IsdnBorder):
    """With a media gateway of the name `mgw`."""

    def __init__(self, folder: Path, media: dict[str, Any], **more: Any) -> None:
        self._media = media
        super().__init__(folder, isdn={"media": "mgw"}, **more)

    def _settings(self, *rest: Any) -> dict[str, Any]:
        return {**super()._settings(*rest), "media": [self._media]}


@contextmanager
def border(folder: Path, mgw: OsmoMgw, board: tuple[str, int] | None = None, **more: Any) -> Iterator[_Border]:
    (local,) = free_ports(1)
    media: dict[str, Any] = {
        "name": "mgw",
        "address": f"udp:127.0.0.1:{mgw.port}",
        "local": f"udp:127.0.0.1:{local}",
        "codecs": ["PCMA"],
        "audit": 1.0,
    }
    if board is not None:
        media["board"] = f"udp:{board[0]}:{board[1]}"
    here = _Border(folder, media, **more)
    try:
        yield here
    finally:
        here.close()


def until(condition: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def peers(mgw: OsmoMgw) -> list[str]:
    """Where each connection sends to."""
    return sorted(re.findall(r"ip:([^,]+), rtp:[1-9]", mgw.ask("show mgcp active")))


def test_a_call_has_a_b_channel_at_the_media_gateway_until_its_end(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw, BOARD) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        until(lambda: peers(mgw) == ["127.0.0.2", BOARD[0]])
        media = phone.media(out, "sendrecv")
        phone.hold(out)
        phone.media(out, "sendonly")
        phone.resume(out)
        assert phone.media(out, "sendrecv")["remote"] == media["remote"]
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        until(lambda: mgw.connections() == 0)


def boards(mgw: OsmoMgw) -> list[list[int]]:
    """The ports of the board that the connections of each endpoint send to."""
    found = mgw.ask("show mgcp active").split("endpoint rtpbridge/")[1:]
    of_board = re.compile(rf"ip:{re.escape(BOARD[0])}, rtp:(\d+)")
    return sorted([sorted(map(int, of_board.findall(each))) for each in found], reverse=True)


def test_two_b_channels_that_talk_to_each_other_meet_at_one_endpoint(tmp_path: Path) -> None:
    """The ISDN calls the ISDN through us: channel 1 to channel 2. A hold parts them."""
    with OsmoMgw() as mgw, border(tmp_path, mgw, BOARD, side="network") as here:
        one = BOARD[1] + 2
        here.peer.send("call A 5551 chan=1")
        there = str(here.peer.wait("ring", called="5551")["id"])
        for command in ("proceed", "alert", "answer"):
            here.peer.send(f"{command} {there}")
        here.peer.wait("answer", id="A")
        until(lambda: any({one, other} <= set(ports) for ports in boards(mgw) for other in ports if other != one))
        assert mgw.connections() == 4
        here.gateway.wait_log("media.meet")
        here.peer.send("hold A")
        here.peer.wait("hold_ack", id="A")
        until(lambda: all(len(ports) == 1 for ports in boards(mgw)))
        here.peer.send("hangup A")
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        until(lambda: mgw.connections() == 0)
        here.call_out("5552")


def test_a_call_of_the_isdn(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw) as here:
        name, incoming = here.call_in()
        assert peers(mgw) == ["127.0.0.2"]
        here.peer.send(f"hangup {name}")
        here.phones["1001"].state(incoming, "DISCONNECTED")
        until(lambda: mgw.connections() == 0)


def test_a_transferred_call_is_cut_over(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw, BOARD, phones=2) as here:
        a, c = here.phones.values()
        out, there = here.call_out("5551")
        a.refer(out, here.uri("1002"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        c.state(target, "CONFIRMED")
        a.notified(out, 200)
        a.hang_up(out)
        until(lambda: peers(mgw) == ["127.0.0.3", BOARD[0]])
        c.hang_up(target)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        until(lambda: mgw.connections() == 0)


def test_a_call_whose_media_gateway_restarts_goes_on_there(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        mgw.kill()
        mgw.start()
        until(lambda: peers(mgw) == ["127.0.0.2"])
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        until(lambda: mgw.connections() == 0)


def test_a_kill_of_the_gateway_leaves_the_media_where_it_is(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw, BOARD) as here:
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        before = mgw.ask("show mgcp active")
        killed_and_started(here.gateway, 1)
        phone.hold(out)
        phone.media(out, "sendonly")
        assert mgw.ask("show mgcp active") == before
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        until(lambda: mgw.connections() == 0)


def test_without_the_media_gateway_calls_are_refused(tmp_path: Path) -> None:
    with OsmoMgw() as mgw, border(tmp_path, mgw) as here:
        mgw.kill()
        here.gateway.wait_log("media.lost")
        phone = here.phones["1001"]
        phone.call("out", here.uri("5551"))
        assert phone.state("out", "DISCONNECTED")["status"] == 503
        mgw.start()
        here.gateway.wait_log("media.found")
        here.call_out("5552", name="again")
