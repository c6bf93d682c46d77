"""What a caller on the ISDN is told (RFC 4497 §8.2.1): every state and input, and what a message promises."""

from itertools import product

from gateway.ends.isdn_progress import TABLE, Description, Said, Tell, Told, descriptions, has_media, indicator, said
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.causes import Location


def test_every_state_knows_every_input() -> None:
    assert set(TABLE) == set(product(Told, Said))


def test_alerting_is_said_once_and_progress_not_after_it() -> None:
    for (told, _), (tell, after) in TABLE.items():
        assert (tell is Tell.NOTHING) is (after is told)
        if told is Told.ALERTING:
            assert tell is Tell.NOTHING


def test_statuses() -> None:
    assert [said(status) for status in (100, 180, 181, 183, 199)] == [
        Said.TRYING,
        Said.RINGING,
        Said.OTHER,
        Said.OTHER,
        Said.OTHER,
    ]


def test_something_can_be_heard_with_descriptions_1_and_8() -> None:
    for description in Description:
        message = Message(MessageType.ALERTING, 1, elements=(indicator(description, Location.USER),))
        assert descriptions(message) == {description}
        assert has_media(message) is (description in (1, 8))


def test_a_broken_indicator_says_nothing() -> None:
    broken = InformationElement(Identifier.PROGRESS_INDICATOR, b"\x80")
    assert not has_media(Message(MessageType.ALERTING, 1, elements=(broken,)))
