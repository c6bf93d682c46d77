"""Two B channels with boards at one media gateway that are told of each other meet at one endpoint."""

import json

from gateway.media.mgcp_endpoint import MgcpEndpoint
from gateway.media.mgcp_settings import MgcpSettings
from gateway.sip.sdp import Direction
from tests.media.scene import Scene, sdp

BOARD = ("192.0.2.77", 30_000)
ONE, TWO = "rtpbridge/1@mgw", "rtpbridge/2@mgw"


class Call:
    """B channel 1 calls B channel 2: `one` was offered, `two` answers, `one` gets the answer."""

    def __init__(self, settings: MgcpSettings | None = None) -> None:
        self.scene = Scene(settings or MgcpSettings(board=BOARD))
        self.one, _ = self.scene.reserve(channel=1)
        self.two, _ = self.scene.reserve(self.one.local, channel=2)
        self.scene.modify(self.one, self.two.local)
        self.scene.run(0.5)

    def sends_to(self, name: str, place: int) -> str:
        """Where a connection sends to: its mode, and the port."""
        remote = self.scene.model.remote(name, place)
        return f"{self.scene.model.mode(name, place)} {remote.partition('m=audio ')[2].split()[0]}"

    @property
    def have_met(self) -> bool:
        """One endpoint has both boards, and the other one rests."""
        boards = {"sendrecv 30002", "sendrecv 30004"}
        resting = [self._modes(name) == {"inactive"} for name in (ONE, TWO)]
        return any(resting) and boards in ({self.sends_to(n, 0), self.sends_to(n, 1)} for n in (ONE, TWO))

    @property
    def are_apart(self) -> bool:
        """Each has its own board."""
        return self.sends_to(ONE, 1) == "sendrecv 30002" and self.sends_to(TWO, 1) == "sendrecv 30004"

    def _modes(self, name: str) -> set[str]:
        return {self.scene.model.mode(name, place) for place in (0, 1)}


def test_two_channels_meet() -> None:
    call = Call()
    assert call.have_met
    assert {call.one.is_guest, call.two.is_guest} == {True, False}
    assert "media.meet" in call.scene.notes.events


def test_what_they_are_described_as_stays() -> None:
    call = Call(MgcpSettings(board=BOARD, cross_connect=False))
    assert call.are_apart
    assert not call.have_met
    apart = call.one.local, call.two.local
    met = Call()
    assert [b"m=audio 16000 " in met.one.local, b"m=audio 16004 " in met.two.local] == [True, True]
    assert [each.partition(b"m=")[2] for each in apart] == [
        each.local.partition(b"m=")[2] for each in (met.one, met.two)
    ]


def test_without_boards_nobody_meets() -> None:
    call = Call(MgcpSettings())
    assert not call.one.across
    assert call.scene.model.total == 2


def test_a_hold_parts_them_and_a_retrieval_has_them_meet_again() -> None:
    call = Call()
    call.one.modify(b"", Direction.INACTIVE, lambda session, now: None, call.scene.now)
    call.scene.modify(call.two, call.one.local.replace(b"a=sendrecv", b"a=inactive"))
    call.scene.run(0.5)
    assert call.are_apart
    assert call.sends_to(ONE, 0).startswith("inactive")
    assert call.sends_to(TWO, 0).startswith("inactive")
    call.one.modify(b"", Direction.SENDRECV, lambda session, now: None, call.scene.now)
    call.scene.modify(call.two, call.one.local.replace(b"a=inactive", b"a=sendrecv"))
    call.scene.run(0.5)
    assert call.have_met


def test_one_of_them_is_transferred_away() -> None:
    for mover in ("one", "two"):
        call = Call()
        endpoint: MgcpEndpoint = getattr(call, mover)
        name = ONE if mover == "one" else TWO
        call.scene.modify(endpoint, sdp(port=4_000))
        call.scene.run(0.5)
        assert call.are_apart
        assert call.sends_to(name, 0) == "sendrecv 4000"


def test_one_of_them_ends() -> None:
    for ended, other in (("one", "two"), ("two", "one")):
        call = Call()
        getattr(call, ended).release(call.scene.now)
        call.scene.run(0.5)
        assert call.scene.model.total == 2
        name = TWO if other == "two" else ONE
        assert call.sends_to(name, 1) in ("sendrecv 30002", "sendrecv 30004")
        assert not getattr(call, other).across
        getattr(call, other).release(call.scene.now)
        call.scene.run(0.5)
        assert call.scene.model.total == 0


def test_a_look_whether_they_are_there_changes_nothing() -> None:
    call = Call()
    call.scene.run(60)
    assert call.have_met
    assert "media.gone" not in call.scene.notes.events


def test_the_same_offer_once_more_changes_nothing() -> None:
    call = Call()
    assert call.scene.modify(call.one, call.two.local) == call.one.local
    assert call.have_met


def test_a_gateway_that_restarts_has_them_meet_anew() -> None:
    call = Call()
    call.scene.model.first_port = 17_000
    call.scene.model.restart()
    call.scene.say(b"RSIP 1 *@mgw MGCP 1.0\r\nRM: restart\r\n")
    call.scene.run(30)
    # Each has told its peer where it is now; in the whole gateway the hub carries that to the other one.
    call.scene.modify(call.one, call.two.local)
    call.scene.modify(call.two, call.one.local)
    call.scene.run(1)
    assert call.scene.model.total == 4
    assert call.one.across == call.two.call


def test_they_are_together_after_a_restart_of_ours() -> None:
    call = Call()
    snapshots = [json.loads(json.dumps(each.snapshot())) for each in (call.one, call.two)]
    again = Scene(MgcpSettings(board=BOARD), start=False, seed=9)
    again.model = call.scene.model
    one, two = (again.media.restore(each, again.now) for each in snapshots)
    again.media.start(again.now)
    again.run(5)
    call.scene, call.one, call.two = again, one, two
    assert call.have_met
    again.modify(one, sdp(port=4_000))
    again.run(0.5)
    assert call.are_apart


def test_a_gateway_that_refuses_leaves_them_apart() -> None:
    call = Call(MgcpSettings(board=BOARD, cross_connect=False))
    refused = call.scene.model._carry_out

    def carry_out(command):  # type: ignore[no-untyped-def]
        board_of_other = command.verb == "MDCX" and command.endpoint == ONE and b"audio 30004 " in command.session
        board_of_other |= command.verb == "MDCX" and command.endpoint == TWO and b"audio 30002 " in command.session
        return (402, (), b"") if board_of_other else refused(command)

    call.scene.model._carry_out = carry_out  # type: ignore[method-assign]
    call.one.meet(call.two, call.scene.now)
    call.scene.run(60)
    assert call.are_apart
    assert not call.one.across
    assert len(call.scene.model.received) < 60
