"""TEI management on a basic access, point to multipoint (Q.921 5.3), message by message and with all ends ours."""

from collections.abc import Callable
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import lapd_frame, tei_message
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_table import MdlError, State
from gateway.isdn.data_link_user import DataLinkSettings, DataLinkUser
from gateway.isdn.data_links import DataLinks, Terminal
from gateway.isdn.lapd_frame import BROADCAST_TEI, MANAGEMENT_SAPI, Kind
from gateway.isdn.side import Side
from gateway.isdn.tei_message import TeiMessage, TeiMessageType
from gateway.isdn.tei_table import NETWORK, USER, TeiAction, TeiEvent, TeiState, UserAction, UserEvent, UserState
from gateway.model.errors import DecodeError
from gateway.model.timers import TimerQueue
from tests.isdn.line import Fate, Layer3, Line, hostile, sound

SETTINGS = DataLinkSettings(tei=None, k=1)


def tokens(name: str = "") -> Callable[[], str]:
    numbers = count()
    return lambda: f"{name}{next(numbers)}"


# -- the tables ------------------------------------------------------------------------------------------------------


def test_tables_have_no_hole() -> None:
    assert set(USER) == {(state, event) for state in UserState for event in UserEvent}
    assert set(NETWORK) == {(state, event) for state in TeiState for event in TeiEvent}


def test_every_procedure_ends() -> None:
    assert USER[UserState.REQUESTING, UserEvent.T202_LAST] == (UserAction.REFUSE, UserState.IDLE, False)
    assert USER[UserState.VERIFYING, UserEvent.T202_LAST] == (UserAction.REMOVE, UserState.IDLE, False)
    assert NETWORK[TeiState.CHECKING_AGAIN, TeiEvent.T201] == (TeiAction.FREE, TeiState.UNASSIGNED, False)


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "side", "octets"),
    [
        (TeiMessage(TeiMessageType.IDENTITY_REQUEST, 0x1234, (127,)), Side.USER, "fcff03 0f1234 01 ff"),
        (TeiMessage(TeiMessageType.IDENTITY_ASSIGNED, 0x1234, (64,)), Side.NETWORK, "feff03 0f1234 02 81"),
        (TeiMessage(TeiMessageType.IDENTITY_DENIED, 0x1234, (127,)), Side.NETWORK, "feff03 0f1234 03 ff"),
        (TeiMessage(TeiMessageType.IDENTITY_CHECK_REQUEST, 0, (64,)), Side.NETWORK, "feff03 0f0000 04 81"),
        (TeiMessage(TeiMessageType.IDENTITY_CHECK_RESPONSE, 7, (64, 65)), Side.USER, "fcff03 0f0007 05 80 83"),
        (TeiMessage(TeiMessageType.IDENTITY_REMOVE, 0, (127,)), Side.NETWORK, "feff03 0f0000 06 ff"),
        (TeiMessage(TeiMessageType.IDENTITY_VERIFY, 0, (64,)), Side.USER, "fcff03 0f0000 07 81"),
    ],
)
def test_messages_of_table_8(message: TeiMessage, side: Side, octets: str) -> None:
    assert message.frame(side) == bytes.fromhex(octets)
    assert tei_message.decode(lapd_frame.decode(bytes.fromhex(octets))) == message


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("fcff03 0e1234 01 ff", id="another entity"),
        pytest.param("fcff03 0f1234 08 ff", id="no such type"),
        pytest.param("fcff03 0f1234 01", id="no action indicator"),
        pytest.param("fcff03 0f1234 01 fe", id="action indicators without an end"),
        pytest.param("feff03 0f1234 01 ff", id="identity request of the network"),
        pytest.param("fcff03 0f1234 02 81", id="identity assigned by a user"),
        pytest.param("fcff7f 0f1234 01 ff", id="no UI"),
    ],
)
def test_what_is_no_message(octets: str) -> None:
    with pytest.raises(DecodeError):
        tei_message.decode(lapd_frame.decode(bytes.fromhex(octets)))


@given(st.binary(max_size=12))
def test_any_octets_are_a_message_or_a_decode_error(octets: bytes) -> None:
    try:
        message = tei_message.decode(lapd_frame.decode(b"\xfe\xff\x03" + octets))
    except DecodeError:
        return
    assert octets.startswith(message.frame(Side.NETWORK)[3:])


# -- the user side ---------------------------------------------------------------------------------------------------


class UserDesk:
    """A terminal of ours, without a network."""

    def __init__(self, settings: DataLinkSettings = SETTINGS) -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.above = Layer3()
        self._sent: list[bytes] = []
        self.terminal = Terminal(self.timers, self._sent.append, tokens(), self.above, settings)

    @property
    def link(self) -> DataLink:
        return self.terminal.link

    def get(self, kind: TeiMessageType, reference: int, tei: int) -> None:
        self.terminal.receive(TeiMessage(kind, reference, (tei,)).frame(Side.NETWORK), self.now)

    def sent(self) -> list[TeiMessage]:
        frames = [lapd_frame.decode(octets) for octets in self._sent]
        self._sent.clear()
        return [tei_message.decode(frame) for frame in frames if frame.sapi == MANAGEMENT_SAPI]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.timers.run(self.now)


def assigned(tei: int = 64) -> UserDesk:
    desk = UserDesk()
    desk.link.establish(0.0)
    (request,) = desk.sent()
    desk.get(TeiMessageType.IDENTITY_ASSIGNED, request.reference, tei)
    assert desk.link.tei == tei
    return desk


def test_establishment_asks_for_a_tei_first() -> None:
    desk = UserDesk()
    desk.link.establish(0.0)
    (request,) = desk.sent()
    assert (request.kind, request.teis) == (TeiMessageType.IDENTITY_REQUEST, (127,))
    desk.get(TeiMessageType.IDENTITY_ASSIGNED, request.reference ^ 1, 70)
    assert desk.link.state is State.ESTABLISH_AWAITING_TEI
    desk.get(TeiMessageType.IDENTITY_ASSIGNED, request.reference, 70)
    assert desk.link.tei == 70


def test_request_is_repeated_with_another_reference() -> None:
    desk = UserDesk()
    desk.link.establish(0.0)
    for _ in range(5):
        desk.wait(2.0)
    requests = desk.sent()
    assert len({request.reference for request in requests}) == len(requests) == 3
    assert desk.above.heard == ["down"]
    assert desk.link.state is State.TEI_UNASSIGNED


def test_refused_request_is_repeated_when_t202_is_over() -> None:
    desk = UserDesk()
    desk.link.establish(0.0)
    (request,) = desk.sent()
    desk.get(TeiMessageType.IDENTITY_DENIED, request.reference, 127)
    assert desk.sent() == []
    desk.wait(2.0)
    assert [message.kind for message in desk.sent()] == [TeiMessageType.IDENTITY_REQUEST]


def test_unit_data_asks_for_a_tei_and_waits_for_it() -> None:
    desk = UserDesk()
    desk.link.send_unit_data(b"\x08", 0.0, broadcast=False)
    (request,) = desk.sent()
    desk.get(TeiMessageType.IDENTITY_ASSIGNED, request.reference, 64)
    assert desk.link.state is State.TEI_ASSIGNED


@pytest.mark.parametrize("tei", [64, 127])
def test_identity_check_is_answered_for_our_tei(tei: int) -> None:
    desk = assigned()
    desk.get(TeiMessageType.IDENTITY_CHECK_REQUEST, 0, tei)
    (response,) = desk.sent()
    assert (response.kind, response.teis) == (TeiMessageType.IDENTITY_CHECK_RESPONSE, (64,))


def test_identity_check_of_another_is_not_ours() -> None:
    desk = assigned()
    desk.get(TeiMessageType.IDENTITY_CHECK_REQUEST, 0, 65)
    assert desk.sent() == []


@pytest.mark.parametrize("tei", [64, 127])
def test_tei_that_is_removed_is_gone_with_the_link(tei: int) -> None:
    desk = assigned()
    desk.get(TeiMessageType.IDENTITY_REMOVE, 0, tei)
    assert (desk.link.tei, desk.link.state) == (None, State.TEI_UNASSIGNED)
    assert desk.above.heard == ["down"]


def test_a_tei_of_one_s_own_choice_is_not_removed() -> None:
    desk = UserDesk(DataLinkSettings(tei=5))
    desk.get(TeiMessageType.IDENTITY_REMOVE, 0, 127)
    assert desk.link.tei == 5


def test_our_tei_given_to_another_is_verified() -> None:
    desk = assigned()
    desk.get(TeiMessageType.IDENTITY_ASSIGNED, 1, 64)
    assert desk.sent() == [TeiMessage(TeiMessageType.IDENTITY_VERIFY, 0, (64,))]
    desk.get(TeiMessageType.IDENTITY_CHECK_REQUEST, 0, 64)
    assert [message.kind for message in desk.sent()] == [TeiMessageType.IDENTITY_CHECK_RESPONSE]
    desk.wait(2.0)
    assert desk.sent() == []
    assert desk.link.tei == 64


def test_tei_that_the_network_does_not_verify_is_given_up() -> None:
    desk = assigned()
    desk.terminal.teis.link_error(desk.link, MdlError.UA_FINAL, 0.0)
    for _ in range(4):
        desk.wait(2.0)
    assert [message.kind for message in desk.sent()] == [TeiMessageType.IDENTITY_VERIFY] * 3
    assert desk.link.tei is None


# -- the network side ------------------------------------------------------------------------------------------------


class NetworkDesk:
    """The network side of ours, without terminals."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.users: dict[int | None, Layer3] = {}
        self._sent: list[bytes] = []
        self.links = DataLinks(self.timers, self._sent.append, self.user_of, DataLinkSettings(k=1))

    def user_of(self, link: DataLink) -> DataLinkUser:
        return self.users.setdefault(link.tei, Layer3())

    def get(self, kind: TeiMessageType, reference: int, *teis: int) -> None:
        self.links.receive(TeiMessage(kind, reference, teis).frame(Side.USER), self.now)

    def sent(self) -> list[tuple[TeiMessageType, int]]:
        frames = [lapd_frame.decode(octets) for octets in self._sent]
        self._sent.clear()
        messages = [tei_message.decode(frame) for frame in frames if frame.sapi == MANAGEMENT_SAPI]
        return [(message.kind, message.teis[0]) for message in messages]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.timers.run(self.now)


REQUEST, RESPONSE = TeiMessageType.IDENTITY_REQUEST, TeiMessageType.IDENTITY_CHECK_RESPONSE
ASSIGNED, DENIED = TeiMessageType.IDENTITY_ASSIGNED, TeiMessageType.IDENTITY_DENIED
CHECK, REMOVE = TeiMessageType.IDENTITY_CHECK_REQUEST, TeiMessageType.IDENTITY_REMOVE


def one_terminal() -> NetworkDesk:
    """TEI 64 is assigned and its link is up."""
    desk = NetworkDesk()
    desk.get(REQUEST, 1, 127)
    desk.links.receive(b"\x00\x81\x7f", 0.0)
    assert desk.sent() == [(ASSIGNED, 64)]
    assert desk.users[64].heard == ["up"]
    return desk


def test_each_terminal_gets_a_tei_of_its_own() -> None:
    desk = NetworkDesk()
    for reference in (1, 2, 3):
        desk.get(REQUEST, reference, 127)
    assert desk.sent() == [(ASSIGNED, 64), (ASSIGNED, 65), (ASSIGNED, 66)]
    assert set(desk.links.links) == {64, 65, 66}


def test_request_that_comes_twice_gets_the_same_tei() -> None:
    desk = NetworkDesk()
    desk.get(REQUEST, 1, 127)
    desk.get(REQUEST, 1, 127)
    assert desk.sent() == [(ASSIGNED, 64), (ASSIGNED, 64)]
    desk.wait(2.0)
    desk.get(REQUEST, 1, 127)
    assert desk.sent() == [(ASSIGNED, 65)]


def test_request_for_a_certain_tei_is_denied() -> None:
    desk = NetworkDesk()
    desk.get(REQUEST, 1, 64)
    assert desk.sent() == [(DENIED, 64)]


def test_when_none_is_left_all_are_checked() -> None:
    desk = NetworkDesk()
    for reference in range(63):
        desk.get(REQUEST, reference, 127)
    desk.sent()
    desk.get(REQUEST, 99, 127)
    first, *checks = desk.sent()
    assert first == (DENIED, 127)
    assert checks == [(CHECK, tei) for tei in range(64, 127)]
    for tei in range(64, 126):
        desk.get(RESPONSE, tei, tei)
    desk.wait(1.0)
    desk.wait(1.0)
    desk.sent()
    desk.get(REQUEST, 100, 127)
    assert desk.sent() == [(ASSIGNED, 126)]


def test_tei_that_nobody_answers_for_is_free() -> None:
    desk = one_terminal()
    desk.links.teis.check(64, 0.0)
    desk.wait(1.0)
    assert desk.sent() == [(CHECK, 64), (CHECK, 64)]
    desk.wait(1.0)
    assert desk.users[64].heard == ["up", "down"]
    assert desk.links.links == {}


def test_tei_that_one_answers_for_stays() -> None:
    desk = one_terminal()
    desk.links.teis.check(64, 0.0)
    desk.get(RESPONSE, 5, 64)
    desk.get(RESPONSE, 5, 64)
    desk.wait(1.0)
    desk.wait(1.0)
    assert desk.sent() == [(CHECK, 64)]
    assert desk.links.teis.state(64) is TeiState.ASSIGNED


def test_tei_that_two_answer_for_is_removed() -> None:
    desk = one_terminal()
    desk.links.teis.check(64, 0.0)
    desk.get(RESPONSE, 5, 64)
    desk.get(RESPONSE, 6, 64)
    assert desk.sent() == [(CHECK, 64), (REMOVE, 64)]
    assert desk.users[64].heard == ["up", "down"]


def test_verify_is_answered_by_a_check() -> None:
    desk = one_terminal()
    desk.get(TeiMessageType.IDENTITY_VERIFY, 0, 64)
    assert desk.sent() == [(CHECK, 64)]


@pytest.mark.parametrize("kind", [TeiMessageType.IDENTITY_VERIFY, RESPONSE])
def test_tei_that_was_never_assigned_is_removed(kind: TeiMessageType) -> None:
    desk = NetworkDesk()
    desk.get(kind, 0, 70)
    assert desk.sent() == [(REMOVE, 70)]


def test_frame_with_a_tei_that_was_never_assigned() -> None:
    desk = NetworkDesk()
    desk.links.receive(b"\x00\x8d\x7f", 0.0)
    assert desk.sent() == [(REMOVE, 70)]
    assert desk.links.discarded == 1


def test_start_has_all_ask_again() -> None:
    desk = one_terminal()
    desk.links.start(0.0)
    assert desk.sent() == [(REMOVE, 127)]
    assert desk.users[64].heard == ["up", "down"]
    assert desk.links.links == {}


def test_error_of_a_data_link_has_its_tei_checked() -> None:
    desk = one_terminal()
    desk.links.receive(b"\x02\x81\x73", 0.0)
    assert desk.sent() == [(CHECK, 64)]


def test_terminal_with_a_tei_of_its_own_choice() -> None:
    desk = NetworkDesk()
    desk.links.receive(b"\x00\x0b\x7f", 0.0)
    assert desk.users[5].heard == ["up"]
    desk.links.receive(b"\x02\x0b\x73", 0.0)
    assert desk.sent() == []


@pytest.mark.parametrize("octets", ["", "fcff030f", "4083010208", "fcff7f", "00ff0308", "000b010208"])
def test_frames_that_concern_nobody(octets: str) -> None:
    desk = NetworkDesk()
    desk.links.receive(bytes.fromhex(octets), 0.0)
    assert (desk.sent(), desk.links.links) == ([], {})


def test_layer_1_goes() -> None:
    desk = one_terminal()
    desk.links.deactivate(0.0)
    assert desk.users[64].heard == ["up", "down"]


# -- both sides ------------------------------------------------------------------------------------------------------


class Bus:
    """A network side and some terminals on one passive bus; terminals do not hear one another."""

    def __init__(self, terminals: int, fate: Fate = sound, settings: DataLinkSettings = SETTINGS) -> None:
        self.line = Line(fate)
        self.users: dict[int | None, Layer3] = {}
        timers, send = self.line.timers, self.line.sender(Side.USER)
        self.network = DataLinks(timers, self.line.sender(Side.NETWORK), self.user_of, settings)
        self.line.receivers[Side.NETWORK].append(self.network.receive)
        self.above = [Layer3() for _ in range(terminals)]
        self.terminals = [
            Terminal(timers, send, tokens(f"{number}-"), above, settings) for number, above in enumerate(self.above)
        ]
        self.line.receivers[Side.USER].extend(terminal.receive for terminal in self.terminals)

    def user_of(self, link: DataLink) -> DataLinkUser:
        self.users[link.tei] = Layer3()
        return self.users[link.tei]

    @property
    def is_up(self) -> bool:
        """Every terminal has a TEI of its own, and its link is up at both ends."""
        teis = [terminal.link.tei for terminal in self.terminals]
        ends = [self.network.links.get(tei) for tei in teis if tei is not None]
        up = all(terminal.link.is_up for terminal in self.terminals)
        return up and len(set(teis)) == len(ends) and all(end is not None and end.is_up for end in ends)


def test_terminals_on_one_bus_talk_to_the_network() -> None:
    bus = Bus(3)
    for terminal in bus.terminals:
        terminal.link.establish(0.0)
    bus.line.run(1)
    assert bus.is_up
    for number, terminal in enumerate(bus.terminals):
        terminal.link.send_data(bytes((number,)), bus.line.now)
    bus.line.run(1)
    assert sorted(user.data for user in bus.users.values()) == [[b"\0"], [b"\1"], [b"\2"]]


def test_setup_goes_to_every_terminal_and_each_answers_for_itself() -> None:
    bus = Bus(2)
    bus.network.send_unit_data(b"\x08", 0.0)
    bus.line.run(1)
    assert [above.unit_data for above in bus.above] == [[b"\x08"], [b"\x08"]]
    assert [frame.tei for _, frame in bus.line.frames if frame.kind is Kind.UI] == [BROADCAST_TEI]


def test_network_that_starts_again_gets_its_terminals_back() -> None:
    bus = Bus(2, settings=DataLinkSettings(tei=None, retry=1.0))
    for terminal in bus.terminals:
        terminal.link.establish(0.0)
    bus.line.run(1)
    bus.network.start(bus.line.now)
    bus.line.run(5)
    assert bus.is_up


@pytest.mark.parametrize("block", range(2))
def test_terminals_find_to_the_network_over_any_line(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        chance = Random(seed)
        settings = DataLinkSettings(tei=None, retry=3.0, over_datagrams=True)
        bus = Bus(3, hostile(chance, loss=0.2, doubling=0.1, delaying=0.1), settings)
        for terminal in bus.terminals:
            terminal.link.establish(0.0)
        for _ in range(10):
            bus.line.run(chance.uniform(0, 5))
            if chance.random() < 0.1:
                bus.network.start(bus.line.now)
        bus.line.fate = sound
        bus.line.run(120)
        assert bus.is_up
