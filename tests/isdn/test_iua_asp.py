"""Us as an application server process (RFC 4233 §4.3), against a gateway that the test plays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import iua_message
from gateway.isdn.iua_asp import Asp, AspTimes
from gateway.isdn.iua_message import ErrorCode, IuaMessage, Kind, Status, Tag, of_interface, of_link, of_number
from gateway.isdn.iua_table import ASP_TABLE, LINK_TABLE, AspInput, AspState, LinkInput, LinkState
from gateway.model.timers import TimerQueue

SETUP = bytes.fromhex("080200010504038090a3")


class User:
    """An interface that writes down."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def opened(self, now: float) -> None:
        self.heard.append("open")

    def closed(self, now: float) -> None:
        self.heard.append("closed")

    def indicated(self, kind: Kind, tei: int, octets: bytes, now: float) -> None:
        self.heard.append((kind, tei, octets))


class Scene:
    """An association with interfaces 7 and "e1". `said` is what we sent, read."""

    def __init__(self, heartbeat: float = 0.0) -> None:
        self.timers = TimerQueue()
        self.now = 0.0
        self.said: list[IuaMessage] = []
        self.told: list[tuple[str, int]] = []
        self.asp = Asp(
            self.timers, lambda octets: self.said.append(iua_message.decode(octets)), AspTimes(2, heartbeat)
        )
        self.asp.told = lambda what, code: self.told.append((what, code))
        self.seven, self.named = User(), User()
        self.asp.attach(7, self.seven)
        self.asp.attach("e1", self.named)

    def hear(self, kind: int, *parameters: tuple[int, bytes]) -> None:
        self.asp.receive(IuaMessage(kind, parameters).encoded(), self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = due
            self.timers.run(due)
        self.now = end

    def kinds(self) -> list[int]:
        found = [message.kind for message in self.said]
        self.said.clear()
        return found

    def active(self) -> "Scene":
        self.asp.line_changed(True, self.now)
        self.hear(Kind.ASP_UP_ACK)
        self.hear(Kind.ASP_ACTIVE_ACK)
        assert self.asp.state is AspState.ACTIVE
        self.said.clear()
        return self


@pytest.mark.parametrize("state", AspState)
@pytest.mark.parametrize("input", AspInput)
def test_no_hole_in_the_table_of_the_process(state: AspState, input: AspInput) -> None:
    step = ASP_TABLE[state, input]
    assert (step.state is AspState.UNREACHABLE) == (
        input is AspInput.LOST or (state is AspState.UNREACHABLE and input is not AspInput.ASSOCIATED)
    )


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("input", LinkInput)
def test_no_hole_in_the_table_of_a_data_link(state: LinkState, input: LinkInput) -> None:
    assert LINK_TABLE[state, input].state in LinkState


def test_asp_up_asp_active_and_traffic_may_flow() -> None:
    scene = Scene()
    scene.asp.line_changed(True, 0.0)
    assert scene.kinds() == [Kind.ASP_UP]
    scene.hear(Kind.ASP_UP_ACK)
    (message,) = scene.said
    assert message.kind == Kind.ASP_ACTIVE
    assert message.parameters == (of_number(Tag.TRAFFIC_MODE, 1), of_interface(7), of_interface("e1"))
    assert scene.seven.heard == []
    scene.hear(Kind.ASP_ACTIVE_ACK)
    assert scene.seven.heard == scene.named.heard == ["open"]


def test_what_is_not_answered_is_sent_again_after_t_ack() -> None:
    scene = Scene()
    scene.asp.line_changed(True, 0.0)
    scene.run(5)
    assert scene.kinds() == [Kind.ASP_UP] * 3
    scene.hear(Kind.ASP_UP_ACK)
    scene.run(5)
    assert scene.kinds() == [Kind.ASP_ACTIVE] * 3
    scene.hear(Kind.ASP_ACTIVE_ACK)
    scene.run(50)
    assert scene.kinds() == []


def test_the_end_of_the_association_is_the_end_of_traffic() -> None:
    scene = Scene().active()
    scene.asp.line_changed(False, scene.now)
    assert scene.seven.heard == ["open", "closed"]
    scene.run(50)
    assert scene.kinds() == []
    scene.asp.line_changed(True, scene.now)
    assert scene.kinds() == [Kind.ASP_UP]


def test_indications_go_to_their_interface() -> None:
    scene = Scene().active()
    scene.hear(Kind.ESTABLISH_INDICATION, of_interface("e1"), of_link(64))
    scene.hear(Kind.DATA_INDICATION, of_interface("e1"), of_link(64), (Tag.PROTOCOL_DATA, SETUP))
    scene.hear(Kind.RELEASE_INDICATION, of_interface(7), of_link(0), of_number(Tag.RELEASE_REASON, 2))
    assert scene.named.heard[1:] == [(Kind.ESTABLISH_INDICATION, 64, b""), (Kind.DATA_INDICATION, 64, SETUP)]
    assert scene.seven.heard[1:] == [(Kind.RELEASE_INDICATION, 0, b"")]


def test_requests_carry_interface_link_and_message() -> None:
    scene = Scene().active()
    scene.asp.request(Kind.DATA_REQUEST, 7, 0, SETUP)
    assert scene.said == [
        IuaMessage(Kind.DATA_REQUEST, (of_interface(7), of_link(0), (int(Tag.PROTOCOL_DATA), SETUP)))
    ]


def test_nothing_is_requested_before_traffic_may_flow() -> None:
    scene = Scene()
    scene.asp.request(Kind.DATA_REQUEST, 7, 0, SETUP)
    assert scene.kinds() == []


def test_another_process_takes_the_traffic_and_gives_it_back() -> None:
    """NTFY Alternate ASP Active (§4.3.4.3), then AS-PENDING: it has failed."""
    scene = Scene().active()
    scene.hear(Kind.NOTIFY, of_number(Tag.STATUS, Status.ALTERNATE_ASP_ACTIVE))
    assert scene.seven.heard == ["open", "closed"]
    scene.run(50)
    assert scene.kinds() == []
    scene.hear(Kind.NOTIFY, of_number(Tag.STATUS, Status.AS_PENDING))
    assert scene.kinds() == [Kind.ASP_ACTIVE]
    scene.hear(Kind.ASP_ACTIVE_ACK)
    assert scene.seven.heard == ["open", "closed", "open"]
    assert scene.told == [("notify", Status.ALTERNATE_ASP_ACTIVE), ("notify", Status.AS_PENDING)]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.ASP_UP_ACK, Kind.ASP_ACTIVE),
        (Kind.ASP_INACTIVE_ACK, Kind.ASP_ACTIVE),
        (Kind.ASP_DOWN_ACK, Kind.ASP_UP),
    ],
)
def test_a_gateway_that_takes_us_for_less_than_active(kind: Kind, answer: Kind) -> None:
    """We go back to what we were (§4.3.4.1)."""
    scene = Scene().active()
    scene.hear(kind)
    assert scene.seven.heard == ["open", "closed"]
    assert scene.kinds() == [answer]


def test_a_heartbeat_is_answered_with_its_data() -> None:
    scene = Scene().active()
    scene.hear(Kind.HEARTBEAT, (Tag.HEARTBEAT_DATA, b"beat 1"))
    assert scene.said == [IuaMessage(Kind.HEARTBEAT_ACK, ((int(Tag.HEARTBEAT_DATA), b"beat 1"),))]


def test_a_gateway_that_leaves_two_heartbeats_unanswered_is_asked_from_the_start() -> None:
    scene = Scene(heartbeat=10.0).active()
    scene.run(10)
    assert scene.kinds() == [Kind.HEARTBEAT]
    scene.hear(Kind.HEARTBEAT_ACK)
    scene.run(20.5)
    assert scene.kinds() == [Kind.HEARTBEAT] * 2
    scene.run(10)
    assert scene.kinds()[0] == Kind.ASP_UP
    assert scene.seven.heard == ["open", "closed"]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("02000301 00000008", ErrorCode.INVALID_VERSION),
        ("01000901 00000008", ErrorCode.UNSUPPORTED_CLASS),
        ("01000309 00000008", ErrorCode.UNSUPPORTED_TYPE),
        ("01000501 00000008", ErrorCode.UNEXPECTED_MESSAGE),
        ("01000502 00000018 00010008 00000063 00050008 00010000", ErrorCode.INVALID_INTERFACE),
        ("01000502 00000018 00010008 00000007 00050008 40010000", ErrorCode.UNRECOGNIZED_SAPI),
        ("01000502 0000000c 00010009", ErrorCode.PROTOCOL_ERROR),
    ],
)
def test_what_cannot_be_used_is_answered_with_an_error(octets: str, code: ErrorCode) -> None:
    scene = Scene().active()
    scene.asp.receive(bytes.fromhex(octets.replace(" ", "")), scene.now)
    (message,) = scene.said
    assert (message.kind, message.number(Tag.ERROR_CODE)) == (Kind.ERROR, code)


def test_an_error_is_told_and_never_answered() -> None:
    scene = Scene().active()
    scene.hear(Kind.ERROR, of_number(Tag.ERROR_CODE, ErrorCode.INVALID_INTERFACE))
    scene.asp.receive(bytes.fromhex("010000000000000c00010009"), scene.now)
    assert scene.kinds() == []
    assert scene.told == [("error", 2)]


@given(
    st.lists(st.one_of(st.sampled_from(Kind), st.binary(max_size=30), st.booleans(), st.floats(0, 20)), max_size=30)
)
def test_anything_in_any_order(course: list[object]) -> None:
    """Whatever comes, users hear open and closed in turns, and afterwards it can be made to work."""
    scene = Scene(heartbeat=5.0)
    for each in course:
        if isinstance(each, Kind):
            scene.hear(each, of_interface(7), of_link(0), of_number(Tag.STATUS, Status.ALTERNATE_ASP_ACTIVE))
        elif isinstance(each, bytes):
            scene.asp.receive(each, scene.now)
        elif isinstance(each, bool):
            scene.asp.line_changed(each, scene.now)
        else:
            assert isinstance(each, float)
            scene.run(each)
    turns = [each for each in scene.seven.heard if isinstance(each, str)]
    assert turns == ["open", "closed"] * (len(turns) // 2) + ["open"] * (len(turns) % 2)
    scene.asp.line_changed(False, scene.now)
    scene.active()
