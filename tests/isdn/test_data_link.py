"""The procedures of Q.921 5, frame by frame: what our user side sends upon what the network sends."""

import pytest

from gateway.isdn.data_link_table import MdlError, State
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.lapd_frame import BROADCAST_TEI
from gateway.isdn.side import Side
from gateway.model.errors import LocalProtocolError
from tests.isdn.line import Sides
from tests.isdn.link_desk import DISC, SABME, UA, Desk, up

# -- 5.5 establishment and release -----------------------------------------------------------------------------------


def test_establishment_by_us() -> None:
    desk = up()
    assert desk.link.state is State.ESTABLISHED


def test_establishment_by_the_peer() -> None:
    desk = Desk()
    desk.get("02017f")
    assert desk.sent() == ["020173"]
    assert desk.above.heard == ["up"]


def test_commands_of_the_network_side_have_their_bit_set() -> None:
    desk = Desk(Side.NETWORK)
    desk.link.establish(0.0)
    desk.get("00017f")
    assert desk.sent() == ["02017f", "000173"]
    desk.get("020173")
    assert desk.above.heard == ["up"]


def test_sabme_is_sent_n200_times_more() -> None:
    desk = Desk()
    desk.link.establish(0.0)
    for _ in range(10):
        desk.wait(1.0)
    assert desk.sent() == [SABME] * 4
    assert desk.above.heard == ["down"]
    assert desk.link.errors == {MdlError.NO_UA_TO_SABME: 1}
    assert desk.link.state is State.TEI_ASSIGNED


def test_peer_that_is_not_able_answers_dm() -> None:
    desk = Desk()
    desk.link.establish(0.0)
    desk.get("00010f")
    assert desk.above.heard == []
    desk.get("00011f")
    assert desk.above.heard == ["down"]


def test_both_send_sabme_at_once() -> None:
    desk = Desk()
    desk.link.establish(0.0)
    desk.get("02017f", UA)
    assert desk.sent() == [SABME, "020173"]
    assert desk.above.heard == ["up"]


def test_sabme_and_disc_cross() -> None:
    desk = Desk()
    desk.link.establish(0.0)
    desk.get("020153", "00011f")
    assert desk.sent() == [SABME, "02011f"]
    assert desk.above.heard == ["down"]


def test_release_by_us() -> None:
    desk = up()
    desk.link.release(0.0)
    assert desk.sent() == [DISC]
    desk.get(UA)
    assert desk.above.heard == ["down"]
    assert desk.link.state is State.TEI_ASSIGNED


def test_release_by_the_peer() -> None:
    desk = up()
    desk.get("020153")
    assert desk.sent() == ["020173"]
    assert desk.above.heard == ["down"]


def test_disc_that_nobody_answers() -> None:
    desk = up()
    desk.link.release(0.0)
    for _ in range(10):
        desk.wait(1.0)
    assert desk.sent() == [DISC] * 4
    assert desk.above.heard == ["down"]
    assert desk.link.errors == {MdlError.NO_UA_TO_DISC: 1}


def test_release_before_the_peer_has_accepted() -> None:
    desk = Desk()
    desk.link.establish(0.0)
    desk.link.release(0.0)
    desk.get(UA)
    assert desk.sent() == [SABME, DISC]
    assert desk.above.heard == []
    desk.get(UA)
    assert desk.above.heard == ["down"]


def test_establishment_asked_for_during_release_follows_it() -> None:
    desk = up()
    desk.link.release(0.0)
    desk.link.establish(0.0)
    desk.get(UA)
    assert desk.above.heard == ["down"]
    assert desk.sent() == [DISC, SABME]


def test_release_of_a_link_that_is_down_is_confirmed() -> None:
    desk = Desk()
    desk.link.release(0.0)
    assert desk.above.heard == ["down"]
    assert desk.sent() == []


def test_disc_on_a_link_that_is_down_is_answered_dm() -> None:
    desk = Desk()
    desk.get("020153", "020143")
    assert desk.sent() == ["02011f", "02010f"]


def test_unsolicited_dm_asks_for_the_link() -> None:
    desk = Desk()
    desk.get("00010f")
    assert desk.sent() == [SABME]


def test_a_lost_link_is_tried_again_after_the_pause() -> None:
    desk = up(DataLinkSettings(retry=5))
    desk.get("020153")
    desk.sent()
    desk.wait(4.9)
    assert desk.sent() == []
    desk.wait(0.2)
    assert desk.sent() == [SABME]


def test_a_link_that_was_released_by_us_is_not() -> None:
    desk = up(DataLinkSettings(retry=5))
    desk.link.release(0.0)
    desk.get(UA)
    desk.sent()
    desk.wait(60)
    assert desk.sent() == []


def test_layer_1_goes() -> None:
    desk = up()
    desk.give(b"lost")
    desk.link.deactivate(0.0)
    assert desk.above.heard == ["down"]
    assert (desk.link.state, desk.link.waiting) == (State.TEI_ASSIGNED, 0)
    assert not desk.link.send_data(b"too late", 0.0)


# -- 5.7 re-establishment, 5.8 exceptions ----------------------------------------------------------------------------


def test_reset_by_the_peer_without_loss_is_not_told() -> None:
    desk = up()
    desk.give(b"a")
    desk.get("00010102")
    desk.get("02017f")
    assert desk.above.heard == []
    desk.give(b"b")
    assert desk.sent() == ["0001000061", "020173", "0001000062"]


def test_reset_by_the_peer_with_loss_is_told() -> None:
    desk = up()
    desk.give(b"a")
    desk.get("02017f")
    assert desk.above.heard == ["up"]
    assert desk.link.waiting == 0
    assert desk.link.errors == {MdlError.SABME: 1}


def test_messages_given_during_re_establishment_follow_it() -> None:
    desk = up()
    desk.get("00010f")
    desk.give(b"a")
    assert desk.sent() == [SABME]
    desk.get(UA)
    assert desk.sent() == ["0001000061"]
    assert desk.above.heard == []


def test_establishment_asked_for_while_up_drops_what_was_under_way() -> None:
    desk = up()
    desk.give(b"a")
    desk.link.establish(0.0)
    desk.get(UA)
    assert desk.link.waiting == 0
    assert desk.above.heard == ["up"]


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        pytest.param("00010102", MdlError.SEQUENCE, id="N(R) of RR"),
        pytest.param("0201000208", MdlError.SEQUENCE, id="N(R) of I"),
        pytest.param("000187 0001000008", MdlError.FRMR, id="FRMR"),
        pytest.param("00010f", MdlError.DM, id="DM"),
        pytest.param("0201e3", MdlError.UNDEFINED, id="undefined control field"),
        pytest.param("02010d00", MdlError.UNDEFINED, id="undefined supervisory frame"),
        pytest.param("0001000008", MdlError.UNDEFINED, id="I as response"),
        pytest.param("00017f", MdlError.UNDEFINED, id="SABME as response"),
        pytest.param("020173", MdlError.UNDEFINED, id="UA as command"),
        pytest.param("02010100 55", MdlError.NOT_PERMITTED, id="RR with information"),
        pytest.param("02017f 55", MdlError.NOT_PERMITTED, id="SABME with information"),
        pytest.param("000187 00", MdlError.WRONG_SIZE, id="FRMR of wrong size"),
        pytest.param("02010000" + "55" * 261, MdlError.TOO_LONG, id="information beyond N201"),
    ],
)
def test_frames_upon_which_the_link_is_re_established(frame: str, error: MdlError) -> None:
    desk = up()
    desk.get(frame.replace(" ", ""))
    assert desk.sent()[-1] == SABME
    assert desk.link.errors == {error: 1}
    desk.get(UA)
    assert desk.link.state is State.ESTABLISHED


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        pytest.param("000173", MdlError.UA_FINAL, id="UA, F=1"),
        pytest.param("000163", MdlError.UA, id="UA, F=0"),
        pytest.param("00011f", MdlError.DM_FINAL, id="DM, F=1"),
        pytest.param("00010101", MdlError.SUPERVISORY_FINAL, id="RR, F=1"),
    ],
)
def test_frames_that_are_only_counted(frame: str, error: MdlError) -> None:
    desk = up()
    desk.get(frame)
    assert desk.sent() == []
    assert desk.link.errors == {error: 1}
    assert desk.link.state is State.ESTABLISHED


def test_dm_during_timer_recovery_re_establishes() -> None:
    desk = up()
    desk.wait(10.0)
    desk.get("00011f")
    assert desk.sent() == ["00010101", SABME]


def test_bad_frames_do_not_matter_on_a_link_that_is_down() -> None:
    desk = Desk()
    desk.get("0201e3", "02010000" + "55" * 261, "02010105")
    assert desk.sent() == []
    assert desk.link.state is State.TEI_ASSIGNED


@pytest.mark.parametrize(
    ("frame", "report"),
    [
        pytest.param("0201e3", "020187 e300 0200 01", id="undefined control field"),
        pytest.param("02011155", "020197 1155 0200 08", id="N(R)"),
        pytest.param("0001010200", "020187 0102 0201 03", id="RR with information"),
    ],
)
def test_a_peer_made_for_lapb_gets_frmr_first(frame: str, report: str) -> None:
    desk = up(DataLinkSettings(sends_frmr=True))
    desk.give(b"a")
    desk.sent()
    desk.get(frame)
    assert desk.sent()[-2:] == [report.replace(" ", ""), SABME]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("02", id="no frame"),
        pytest.param("0203000008", id="another TEI"),
        pytest.param("4201000008", id="SAPI 16"),
        pytest.param("0201bf", id="XID"),
        pytest.param("00ff0308", id="UI as response"),
        pytest.param("02ff03" + "55" * 261, id="UI beyond N201"),
    ],
)
def test_frames_that_are_dropped(frame: str) -> None:
    desk = up()
    desk.get(frame)
    assert (desk.sent(), desk.above.heard, desk.above.unit_data, desk.link.errors) == ([], [], [], {})
    assert desk.link.discarded == 1


# -- 5.2 unacknowledged information ----------------------------------------------------------------------------------


def test_broadcast_goes_to_all() -> None:
    desk = Desk(Side.NETWORK)
    desk.link.send_unit_data(b"\x08", 0.0)
    assert desk.sent() == [f"02{BROADCAST_TEI << 1 | 1:02x}0308"]


def test_broadcast_is_heard_in_every_state() -> None:
    desk = Desk(settings=DataLinkSettings(tei=None))
    desk.get("02ff0308")
    assert desk.above.unit_data == [b"\x08"]


def test_unit_data_to_the_peer_alone() -> None:
    desk = Desk()
    desk.link.send_unit_data(b"\x08", 0.0, broadcast=False)
    assert desk.sent() == ["00010308"]
    desk.get("02010309")
    assert desk.above.unit_data == [b"\x09"]


def test_what_is_longer_than_n201_is_not_sent() -> None:
    desk = up()
    with pytest.raises(LocalProtocolError):
        desk.link.send_data(bytes(261), 0.0)
    with pytest.raises(LocalProtocolError):
        desk.link.send_unit_data(bytes(261), 0.0)


# -- layer 3 acts from within --------------------------------------------------------------------------------------


def test_release_from_within_a_message() -> None:
    desk = up()
    desk.above.react = lambda octets, now: desk.link.release(now)
    desk.get("0201000008")
    assert desk.sent() == [DISC]


def test_establishment_from_within_a_message() -> None:
    desk = up()
    desk.above.react = lambda octets, now: desk.link.establish(now)
    desk.get("0201000208")
    assert desk.sent() == [SABME]
    assert desk.link.errors == {}


# -- over datagrams --------------------------------------------------------------------------------------------------


def test_sabme_that_comes_twice_resets_once() -> None:
    desk = Desk(settings=DataLinkSettings(over_datagrams=True))
    desk.get("02017f")
    desk.give(b"a")
    desk.wait(0.1)
    desk.get("02017f")
    assert desk.sent() == ["020173", "0001000061"]
    desk.wait(1.0)
    desk.get("02017f")
    assert desk.sent()[-1] == "020173"


def test_late_frames_are_no_errors() -> None:
    desk = up(DataLinkSettings(over_datagrams=True))
    desk.give(b"a", b"b")
    desk.get("00010104", "00010102", "0201000408", "0201000008")
    assert desk.above.heard == [b"\x08"]
    assert desk.sent()[2:] == ["02010102", "02010102"]
    assert desk.link.errors == {}


def test_sides_whose_numbers_differ_find_out_by_a_poll() -> None:
    desk = up(DataLinkSettings(over_datagrams=True))
    desk.give(b"a")
    desk.get("00010102")
    desk.give(b"b")
    desk.sent()
    desk.wait(1.0)
    desk.get("00010101")
    assert desk.sent() == ["00010101", SABME]


# -- both sides ------------------------------------------------------------------------------------------------------


def test_two_sides_talk() -> None:
    sides = Sides().up()
    for number in range(300):
        sides.user.send_data(b"u%d" % number, sides.line.now)
        sides.network.send_data(b"n%d" % number, sides.line.now)
    sides.line.run(10)
    assert sides.above[Side.NETWORK].data == [b"u%d" % number for number in range(300)]
    assert sides.above[Side.USER].data == [b"n%d" % number for number in range(300)]
    assert sides.user.errors == sides.network.errors == {}


def test_two_users_notice_that_they_are_two_users() -> None:
    """The commands of one are responses to the other: no link, and the error says why."""
    other = Desk()
    sides = Sides()
    sides.line.receivers[Side.NETWORK] = [other.link.receive]
    sides.user.establish(0.0)
    sides.line.run(10)
    assert sides.above[Side.USER].heard == ["down"]
    assert other.link.errors == {MdlError.UNDEFINED: 4}
