"""Messages longer than a frame (Q.931 annex H)."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import q931
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.isdn.q931 import Message, MessageType
from gateway.isdn.segmentation import Reassembly, is_segment, segments
from gateway.isdn.side import Side
from tests.isdn.interface import Pair

LONG = InformationElement(Identifier.FACILITY, bytes(200))


@given(st.binary(min_size=1, max_size=1500), st.integers(30, 260))
def test_the_segments_of_a_message_make_the_message(body: bytes, most: int) -> None:
    whole = b"\x08\x02\x00\x07\x62" + body
    parts = segments(whole, most)
    assert all(len(part) <= most for part in parts)
    if len(parts) > 1:
        reassembly = Reassembly()
        assert all(is_segment(part) for part in parts)
        assert [reassembly.add(part) for part in parts] == [None] * (len(parts) - 1) + [whole]


def test_more_than_eight_segments_cannot_be_sent() -> None:
    assert segments(b"\x08\x02\x00\x07\x62" + bytes(3000), 260) == ()


def test_each_segment_says_how_many_follow() -> None:
    parts = segments(b"\x08\x02\x00\x07\x62" + bytes(600), 260)
    assert [part[4:9].hex() for part in parts] == ["6000028262", "6000020162", "6000020062"]


def test_a_long_message_arrives_whole() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    ours.facility(pair.now, LONG, LONG, LONG)
    pair.run()
    message = pair.owners[Side.NETWORK].last("facility_received")[1]
    assert message.elements == (LONG, LONG, LONG)
    assert pair.wire.names(Side.USER)[-3:] == ["SEGMENT"] * 3


def test_a_trunk_without_segmentation_cannot_send_it() -> None:
    pair = Pair("ni2")
    ours, _ = pair.connected()
    before = len(pair.wire.sent)
    ours.facility(pair.now, LONG, LONG)
    assert len(pair.wire.sent) == before
    assert pair.controls[Side.USER].counters["oversized"] == 1


def test_a_segment_out_of_order_spoils_the_message() -> None:
    whole = q931.encode(Message(MessageType.FACILITY, 7, False, (LONG, LONG, LONG)))
    first, second, third = segments(whole, 260)
    for order in ([second, third], [first, third], [third], [first, second, second]):
        reassembly = Reassembly()
        assert all(reassembly.add(part) is None for part in order)
    reassembly = Reassembly()
    assert [reassembly.add(part) for part in (first, first, second, third)][-1] == whole
