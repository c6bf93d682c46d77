"""RFC 5806 9.1 with errata 3081 to 3083, RFC 7544: ISDN and ISUP number the same reasons differently."""

import pytest

from gateway.interworking.redirecting import Numbering, code_of, reason_of
from gateway.isdn.numbers import Redirecting, decode_redirecting, encode_redirecting
from gateway.model.parties import Number, Party
from gateway.sip.diversion import HistoryEntry

ROWS = [
    ("unknown", 0, 0, 404),
    ("user-busy", 1, 1, 486),
    ("no-answer", 2, 2, 408),
    ("unconditional", 15, 3, 302),
    ("deflection", 4, 5, 480),
    ("unavailable", 9, 6, 503),
]


@pytest.mark.parametrize(("reason", "isdn", "isup", "history"), ROWS)
def test_codes_of_a_reason(reason: str, isdn: int, isup: int, history: int) -> None:
    assert (code_of(reason, "isdn"), code_of(reason, "isup"), code_of(reason, "history")) == (isdn, isup, history)


@pytest.mark.parametrize(("reason", "isdn", "isup", "history"), ROWS)
def test_reason_of_a_code(reason: str, isdn: int, isup: int, history: int) -> None:
    assert (reason_of(isdn, "isdn"), reason_of(isup, "isup"), reason_of(history, "history")) == (reason,) * 3


@pytest.mark.parametrize("code", [3, 4, 10])
def test_three_codes_are_deflection_on_an_isdn_trunk(code: int) -> None:
    assert reason_of(code, "isdn") == "deflection"


def test_three_is_unconditional_in_isup_only() -> None:
    assert (reason_of(3, "isup"), reason_of(3, "isdn")) == ("unconditional", "deflection")


@pytest.mark.parametrize("numbering", ["isdn", "isup", "history"])
def test_every_code_and_every_word_comes_to_something(numbering: Numbering) -> None:
    for code in range(1000):
        assert code_of(reason_of(code, numbering), numbering) >= 0
    assert reason_of(code_of("time-of-day", numbering), numbering) == "unknown"
    assert reason_of(code_of("whatever", numbering), numbering) == "unknown"
    assert code_of("User-Busy", numbering) == code_of("user-busy", numbering)


def test_the_isdn_codec_reads_the_same() -> None:
    for code in range(16):
        assert decode_redirecting(bytes((0x21, 0x01, 0x80 | code)) + b"4711").reason == reason_of(code, "isdn")


def test_the_isdn_codec_writes_the_same() -> None:
    for reason, *_ in ROWS:
        contents = encode_redirecting(Redirecting(Party(Number("4711")), reason))
        assert contents[2] & 0x0F == code_of(reason, "isdn")


def test_the_sip_codec_reads_the_same() -> None:
    for status in range(300, 700):
        entry = HistoryEntry.parse(f"<sip:bob@example.com;cause={status}>;index=1")
        assert entry.diversion_reason == reason_of(status, "history")
