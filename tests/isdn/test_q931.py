import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import q931
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Invoke
from tests.isdn.strategies import messages


def both_ways(octets: str, expected: Message) -> None:
    assert q931.decode(bytes.fromhex(octets)) == expected
    assert q931.encode(expected) == bytes.fromhex(octets)


def test_notify_that_a_call_was_transferred() -> None:
    both_ways(
        "08 02 8006 6e 2701ea",
        Message(MessageType.NOTIFY, 6, True, (InformationElement(Identifier.NOTIFICATION_INDICATOR, b"\xea"),)),
    )


def test_call_reference_of_a_basic_access_has_one_octet() -> None:
    both_ways("08 01 85 24", Message(MessageType.HOLD, 5, True, (), 1))


def test_dummy_call_reference() -> None:
    both_ways("08 00 62 1c0391a100", Message(MessageType.FACILITY, 0, False, (element("1c", "91a100"),), 0))


def test_global_call_reference() -> None:
    both_ways("08 02 0000 46 79 01 86", Message(MessageType.RESTART, 0, False, (element("79", "86"),)))


def test_an_unknown_message_type_is_kept_as_a_number() -> None:
    message = Message(0x3B, 1)
    both_ways("08 02 0001 3b", message)
    assert message.name == "0x3b"


def test_a_national_message_type_follows_the_escape() -> None:
    both_ways("08 02 0001 00 42", Message(0x142, 1))


def test_elements_of_one_octet_have_no_length() -> None:
    both_ways(
        "08 02 0001 05 a1 70 03 803132",
        Message(MessageType.SETUP, 1, False, (element("a1"), element("70", "803132"))),
    )


def test_an_unknown_element_is_kept() -> None:
    both_ways("08 02 0001 05 5a 02 0102", Message(MessageType.SETUP, 1, False, (element("5a", "0102"),)))


def test_a_locking_shift_holds_for_the_rest_of_the_message() -> None:
    both_ways(
        "08 02 0001 05 96 01 01 41 02 01 42",
        Message(MessageType.SETUP, 1, False, (element("96"), element("01", "41", 6), element("02", "42", 6))),
    )


def test_a_non_locking_shift_holds_for_one_element() -> None:
    both_ways(
        "08 02 0001 05 9d 01 01 41 28 01 42",
        Message(MessageType.SETUP, 1, False, (element("9d"), element("01", "41", 5), element("28", "42"))),
    )


def test_shifts_that_are_missing_are_put() -> None:
    message = Message(
        MessageType.SETUP, 1, False, (element("01", "41", 6), element("28", "42"), element("02", "43", 6))
    )
    octets = q931.encode(message)
    assert octets == bytes.fromhex("0802000105 96 010141 98 280142 020143")
    assert [e for e in q931.decode(octets).elements if e.identifier & 0xF0 != 0x90] == list(message.elements)


def test_service_messages_of_north_america_have_a_discriminator_of_their_own() -> None:
    both_ways("03 02 0000 0f", Message(MessageType.CONNECT_ACKNOWLEDGE, 0, protocol_discriminator=3))


def test_every_facility_element_is_read() -> None:
    message = q931.decode(bytes.fromhex("08020001 62 1c0791a10402010102 0106".replace("1c0791a104", "1c0991a106")))
    assert message.facilities() == (Facility(0x91, (Invoke(1, 6),)),)


def test_elements_are_found_by_identifier_and_codeset() -> None:
    message = q931.decode(bytes.fromhex("0802000105 280141 96 280142"))
    assert message.contents(Identifier.DISPLAY) == b"A"
    assert message.element(Identifier.DISPLAY, 6) == element("28", "42", 6)
    assert message.contents(Identifier.CAUSE) is None


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "0802",
        "080200",
        "08020001",
        "0702000105",
        "0812000105",
        "080200010504",
        "08020001050403 8090",
        "0802000100",
    ],
)
def test_octets_that_are_no_message_are_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        q931.decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "message",
    [
        Message(MessageType.SETUP, 0x8000),
        Message(MessageType.SETUP, -1),
        Message(MessageType.SETUP, 1, call_reference_octets=0),
        Message(MessageType.SETUP, 1, call_reference_octets=16),
        Message(0x242, 1),
        Message(MessageType.SETUP, 1, False, (InformationElement(0x28, bytes(256)),)),
        Message(MessageType.SETUP, 1, False, (InformationElement(0x128, b""),)),
        Message(MessageType.SETUP, 1, False, (InformationElement(0x28, b"", 8),)),
    ],
)
def test_what_does_not_fit_its_field_is_not_written(message: Message) -> None:
    with pytest.raises(LocalProtocolError):
        q931.encode(message)


@given(messages())
def test_every_message_comes_back(message: Message) -> None:
    read = q931.decode(q931.encode(message))
    shifts = (0x90, 0x9F)
    kept = tuple(e for e in read.elements if not shifts[0] <= e.identifier <= shifts[1])
    assert kept == message.elements
    assert q931.encode(read) == q931.encode(message)


@given(st.sampled_from((b"", b"\x08", b"\x08\x02\x00\x01", b"\x08\x00\x62")), st.binary(max_size=60))
def test_whatever_can_be_read_is_written_back_octet_for_octet(start: bytes, octets: bytes) -> None:
    try:
        message = q931.decode(start + octets)
    except DecodeError:
        return
    assert q931.encode(message) == start + octets


def element(identifier: str, contents: str = "", codeset: int = 0) -> InformationElement:
    return InformationElement(int(identifier, 16), bytes.fromhex(contents), codeset)
