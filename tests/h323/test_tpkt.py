"""TPKT framing, RFC 1006 clause 6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import tpkt
from gateway.model.errors import DecodeError, LocalProtocolError


def test_a_payload_is_framed_with_version_3_and_the_length_of_all() -> None:
    assert tpkt.frame(b"\x08\x02") == bytes.fromhex("03000006 0802")


def test_a_payload_longer_than_65531_octets_is_refused() -> None:
    assert len(tpkt.frame(bytes(65531))) == 65535
    with pytest.raises(LocalProtocolError, match="65532 octets"):
        tpkt.frame(bytes(65532))


def test_two_payloads_in_one_segment() -> None:
    assert tpkt.Unframer().feed(tpkt.frame(b"one") + tpkt.frame(b"two")) == [b"one", b"two"]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 9))
def test_payloads_come_out_whole_however_the_octets_are_cut(payloads: list[bytes], size: int) -> None:
    stream = b"".join(map(tpkt.frame, payloads))
    unframer = tpkt.Unframer()
    pieces = (stream[at : at + size] for at in range(0, len(stream), size))
    assert [payload for piece in pieces for payload in unframer.feed(piece)] == payloads
    assert unframer.pending == 0


def test_a_keep_alive_without_payload_is_left_out() -> None:
    assert tpkt.Unframer().feed(bytes.fromhex("03000004") + tpkt.frame(b"x")) == [b"x"]


@pytest.mark.parametrize("header", ["04000008", "03010008", "03000003", "16030100"])
def test_what_is_no_header_is_named_with_its_place(header: str) -> None:
    unframer = tpkt.Unframer()
    unframer.feed(tpkt.frame(b"x"))
    with pytest.raises(DecodeError, match=f"octet 5: no TPKT header: {header}"):
        unframer.feed(bytes.fromhex(header))


def test_half_a_payload_waits() -> None:
    unframer = tpkt.Unframer()
    assert unframer.feed(tpkt.frame(b"payload")[:6]) == []
    assert unframer.pending == 6
