"""Information transfer in multiple frame operation, frame by frame (Q.921 5.6)."""

from gateway.isdn.data_link_table import MdlError, State
from tests.isdn.link_desk import SABME, UA, up

# -- 5.6 information transfer ----------------------------------------------------------------------------------------


def test_messages_are_numbered_and_acknowledged() -> None:
    desk = up()
    desk.give(b"\x08", b"\x09")
    assert desk.sent() == ["0001000008", "0001020009"]
    desk.get("00010104")
    assert desk.link.waiting == 0


def test_a_message_that_comes_is_acknowledged() -> None:
    desk = up()
    desk.get("0201000008")
    assert desk.above.heard == [b"\x08"]
    assert desk.sent() == ["02010102"]


def test_the_answer_of_layer_3_carries_the_acknowledgement() -> None:
    desk = up()
    desk.above.react = lambda octets, now: desk.link.send_data(b"\x09", now)
    desk.get("0201000008")
    assert desk.sent() == ["0001000209"]


def test_poll_in_an_i_frame_is_answered_at_once() -> None:
    desk = up()
    desk.get("0201000108")
    assert desk.sent() == ["02010103"]


def test_no_more_than_k_frames_are_unacknowledged() -> None:
    desk = up()
    desk.give(*(bytes((number,)) for number in range(9)))
    assert [frame[4:6] for frame in desk.sent()] == ["00", "02", "04", "06", "08", "0a", "0c"]
    desk.get("00010104")
    assert desk.sent() == ["00010e0007", "0001100008"]


def test_numbers_go_round_at_128() -> None:
    desk = up()
    for number in range(130):
        desk.give(b"x")
        desk.get(f"000101{(number + 1) % 128 << 1:02x}")
        desk.get(f"0201{number % 128 << 1:02x}{(number + 1) % 128 << 1:02x}79")
    assert desk.sent()[-2:] == ["0001020278", "02010104"]
    assert desk.above.heard == [b"y"] * 130
    assert desk.link.errors == {}


def test_a_gap_is_rejected_once() -> None:
    desk = up()
    desk.get("0201020008", "0201040008")
    assert desk.sent() == ["02010900"]
    desk.get("0201000008")
    assert desk.sent() == ["02010102"]
    desk.get("0201040008")
    assert desk.sent() == ["02010902"]


def test_rejected_frames_are_sent_again() -> None:
    desk = up()
    desk.give(b"a", b"b", b"c")
    desk.sent()
    desk.get("00010902")
    assert desk.sent() == ["0001020062", "0001040063"]


def test_rejection_with_a_poll_is_answered() -> None:
    desk = up()
    desk.give(b"a")
    desk.sent()
    desk.get("02010901")
    assert desk.sent() == ["02010101", "0001000061"]


def test_peer_that_is_busy_gets_nothing_until_it_is_ready() -> None:
    desk = up()
    desk.get("00010500")
    desk.give(b"a")
    assert desk.sent() == []
    desk.get("00010100")
    assert desk.sent() == ["0001000061"]


def test_busy_peer_is_polled() -> None:
    desk = up()
    desk.get("00010500")
    desk.wait(1.0)
    assert desk.sent() == ["00010101"]
    desk.get("00010501")
    assert desk.link.state is State.ESTABLISHED
    desk.wait(1.0)
    assert desk.sent() == ["00010101"]
    desk.give(b"a")
    assert desk.sent() == []
    desk.get("00010101")
    assert desk.sent() == ["0001000061"]


def test_own_receiver_busy() -> None:
    desk = up()
    desk.link.set_busy(True, 0.0)
    desk.get("0201000008", "0201020109")
    assert desk.above.heard == []
    assert desk.sent() == ["02010500", "02010501"]
    desk.link.set_busy(False, 0.0)
    assert desk.sent() == ["02010900"]
    desk.get("0201000008")
    assert desk.above.heard == [b"\x08"]


def test_own_receiver_ready_again_without_loss() -> None:
    desk = up()
    desk.link.set_busy(True, 0.0)
    desk.link.set_busy(False, 0.0)
    assert desk.sent() == ["02010500", "02010100"]


def test_own_busy_outlives_a_reset() -> None:
    desk = up()
    desk.link.set_busy(True, 0.0)
    desk.sent()
    desk.get("02017f")
    assert desk.sent() == ["020173", "02010500"]


# -- 5.6.7 timer recovery, 5.10 monitoring ---------------------------------------------------------------------------


def test_lost_frame_is_found_by_a_poll_and_sent_again() -> None:
    desk = up()
    desk.give(b"a", b"b")
    desk.sent()
    desk.wait(1.0)
    assert desk.sent() == ["00010101"]
    assert desk.link.state is State.TIMER_RECOVERY
    desk.give(b"c")
    assert desk.sent() == []
    desk.get("00010103")
    assert desk.sent() == ["0001020062", "0001040063"]
    desk.give(b"d")
    assert desk.sent() == ["0001060064"]


def test_acknowledgement_without_the_final_bit_does_not_end_timer_recovery() -> None:
    desk = up()
    desk.give(b"a")
    desk.wait(1.0)
    desk.get("00010102")
    assert (desk.link.state, desk.link.waiting) == (State.TIMER_RECOVERY, 0)


def test_messages_pass_during_timer_recovery() -> None:
    desk = up()
    desk.give(b"a")
    desk.wait(1.0)
    desk.sent()
    desk.get("0201000208")
    assert desk.above.heard == [b"\x08"]
    assert desk.sent() == ["02010102"]
    assert desk.link.waiting == 0


def test_peer_that_does_not_answer_polls_is_reset() -> None:
    desk = up()
    desk.give(b"a")
    desk.sent()
    for _ in range(5):
        desk.wait(1.0)
    assert desk.sent() == ["00010101"] * 4 + [SABME]
    assert desk.link.errors == {MdlError.NO_STATUS: 1}
    desk.get(UA)
    assert desk.above.heard == ["up"]
    assert desk.link.waiting == 0


def test_idle_link_is_polled_after_t203() -> None:
    desk = up()
    desk.wait(9.9)
    assert desk.sent() == []
    desk.wait(0.1)
    assert desk.sent() == ["00010101"]
    desk.get("00010101")
    assert desk.link.state is State.ESTABLISHED


def test_poll_of_the_peer_is_answered() -> None:
    desk = up()
    desk.get("02010101")
    assert desk.sent() == ["02010101"]
