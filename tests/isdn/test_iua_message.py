"""Messages of RFC 4233 as octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import iua_message
from gateway.isdn.iua_message import IuaMessage, Kind, Tag, of_interface, of_link, of_number
from gateway.model.errors import DecodeError, LocalProtocolError

ASP_ACTIVE = bytes.fromhex("010004010000001800 0b 0008 00000001 0001 0008 00000007".replace(" ", ""))
DATA_REQUEST = bytes.fromhex(
    "01000501 00000024 0001 0008 00000007 0005 0008 00010000 000e 0009 0802000145 000000".replace(" ", "")
)


def test_asp_active_of_an_interface() -> None:
    message = IuaMessage(Kind.ASP_ACTIVE, (of_number(Tag.TRAFFIC_MODE, 1), of_interface(7)))
    assert message.encoded() == ASP_ACTIVE
    assert iua_message.decode(ASP_ACTIVE) == message


def test_data_is_filled_up_to_four_octets_and_its_length_says_how_much_counts() -> None:
    """§3.1.5: the padding is not part of the parameter's length, but of the message's."""
    data = (int(Tag.PROTOCOL_DATA), bytes.fromhex("0802000145"))
    message = IuaMessage(Kind.DATA_REQUEST, (of_interface(7), of_link(0), data))
    assert message.encoded() == DATA_REQUEST
    assert iua_message.decode(DATA_REQUEST) == message


def test_the_dlci_of_a_terminal() -> None:
    assert of_link(64) == (Tag.DLCI, bytes.fromhex("00810000"))
    assert IuaMessage(Kind.ESTABLISH_INDICATION, (of_link(64),)).tei == 64


def test_another_sapi_is_none_of_ours() -> None:
    assert IuaMessage(Kind.DATA_INDICATION, ((Tag.DLCI, bytes.fromhex("40810000")),)).tei is None


def test_an_interface_with_a_text_for_a_name() -> None:
    message = IuaMessage(Kind.ESTABLISH_REQUEST, (of_interface("s1/e1-0"), of_link(0)))
    assert iua_message.decode(message.encoded()).interface == "s1/e1-0"


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "02000301 00000008",
        "01000301 00000007",
        "01000301 00000010",
        "01000301 0000000c 0001 0003",
        "01000301 0000000c 0001 0009",
    ],
)
def test_what_is_no_message(octets: str) -> None:
    with pytest.raises(DecodeError):
        iua_message.decode(bytes.fromhex(octets.replace(" ", "")))


def test_a_number_of_another_size_is_no_number() -> None:
    message = IuaMessage(Kind.ERROR, ((Tag.ERROR_CODE, b"\x01"),))
    with pytest.raises(DecodeError):
        message.number(Tag.ERROR_CODE)


def test_a_message_that_is_too_long_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        IuaMessage(Kind.DATA_REQUEST, tuple((int(Tag.PROTOCOL_DATA), bytes(60_000)) for _ in range(2))).encoded()


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        message = iua_message.decode(octets)
        assert message.interface is None or isinstance(message.interface, int | str)
        message.number(Tag.STATUS)
    except DecodeError:
        pass


def test_the_stream_of_data_is_not_that_of_management() -> None:
    assert iua_message.stream(DATA_REQUEST) == 1
    assert iua_message.stream(ASP_ACTIVE) == 0
