from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import elements
from gateway.isdn.elements import CallState, ChannelIdentification, Notification, ProgressIndicator
from gateway.model.causes import Cause, Location
from gateway.model.errors import DecodeError


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        ("8090", Cause(16, Location.USER)),
        ("8291", Cause(17, Location.LOCAL_NETWORK)),
        ("81e0 18", Cause(96, Location.LOCAL_PRIVATE_NETWORK, b"\x18")),
        ("8a95", Cause(21, Location.BEYOND_INTERWORKING)),
    ],
)
def test_cause(octets: str, cause: Cause) -> None:
    assert elements.decode_cause(bytes.fromhex(octets)) == cause
    assert elements.encode_cause(cause) == bytes.fromhex(octets)


def test_cause_with_a_recommendation_octet() -> None:
    assert elements.decode_cause(bytes.fromhex("00 80 90")) == Cause(16, Location.USER)


def test_cause_without_a_location_is_the_users() -> None:
    assert elements.encode_cause(Cause(16)) == bytes.fromhex("8090")


def test_call_state() -> None:
    assert elements.decode_call_state(b"\x0a") is CallState.ACTIVE
    assert elements.decode_call_state(b"\x1f") == 31
    assert elements.encode_call_state(CallState.CALL_DELIVERED) == b"\x04"


@pytest.mark.parametrize(
    ("octets", "channel"),
    [
        ("a98385", ChannelIdentification((5,))),
        ("a18381", ChannelIdentification((1,), exclusive=False)),
        ("a9830182", ChannelIdentification((1, 2))),
        ("a993ffff0001", ChannelIdentification(slot_map=bytes.fromhex("ffff0001"))),
        ("e9 81 8384", ChannelIdentification((4,), interface=b"\x81")),
        ("89", ChannelIdentification((1,), primary=False)),
        ("82", ChannelIdentification((2,), exclusive=False, primary=False)),
        ("83", ChannelIdentification(exclusive=False, primary=False, any_channel=True)),
        ("80", ChannelIdentification(exclusive=False, primary=False)),
        ("ac", ChannelIdentification(d_channel=True)),
        ("a3", ChannelIdentification(exclusive=False, any_channel=True)),
    ],
)
def test_channel_identification(octets: str, channel: ChannelIdentification) -> None:
    assert elements.decode_channel(bytes.fromhex(octets)) == channel
    assert elements.encode_channel(channel) == bytes.fromhex(octets)


def test_progress_indicator() -> None:
    in_band = ProgressIndicator(8, Location.LOCAL_PRIVATE_NETWORK)
    assert elements.decode_progress(bytes.fromhex("8188")) == in_band
    assert elements.encode_progress(in_band) == bytes.fromhex("8188")


@pytest.mark.parametrize(
    ("octet", "notification"),
    [
        ("e9", Notification.CALL_TRANSFER_ALERTING),
        ("ea", Notification.CALL_TRANSFER_ACTIVE),
        ("f9", Notification.REMOTE_HOLD),
        ("fb", Notification.CALL_IS_DIVERTING),
        ("c1", 0x41),
    ],
)
def test_notification_indicator(octet: str, notification: Notification | int) -> None:
    assert elements.decode_notification(bytes.fromhex(octet)) == notification
    assert elements.encode_notification(notification) == bytes.fromhex(octet)


def test_display_is_iso_8859_1() -> None:
    assert elements.decode_display(b"J\xf6rg") == "Jörg"
    assert elements.encode_display("Jörg") == b"J\xf6rg"


def test_display_may_say_its_kind_first() -> None:
    assert elements.decode_display(b"\xb1Alice") == "Alice"


def test_keypad_facility() -> None:
    assert elements.decode_keypad(b"*21#") == "*21#"
    assert elements.encode_keypad("*21#") == b"*21#"


def test_user_user() -> None:
    assert elements.decode_user_user(b"\x04hello") == (4, b"hello")
    assert elements.encode_user_user(4, b"hello") == b"\x04hello"


def test_common_bearers_have_names() -> None:
    assert elements.bearer_name(bytes.fromhex("8090a3")) == "speech A-law"
    assert elements.bearer_name(bytes.fromhex("9090a3")) == "3.1 kHz audio A-law"
    assert elements.bearer_name(bytes.fromhex("8890")) == "unrestricted digital information"
    assert elements.bearer_name(bytes.fromhex("8090")) is None


DECODERS: list[Callable[[bytes], object]] = [
    elements.decode_cause,
    elements.decode_call_state,
    elements.decode_channel,
    elements.decode_progress,
    elements.decode_notification,
    elements.decode_display,
    elements.decode_keypad,
    elements.decode_user_user,
]


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(octets=st.binary(max_size=12))
def test_random_octets_raise_nothing_but_decode_errors(decode: Callable[[bytes], object], octets: bytes) -> None:
    try:
        decode(octets)
    except DecodeError as error:
        assert error.cause == 100


@given(st.builds(Cause, st.integers(0, 127), st.sampled_from(Location), st.binary(max_size=8)))
def test_every_cause_comes_back(cause: Cause) -> None:
    assert elements.decode_cause(elements.encode_cause(cause)) == cause
