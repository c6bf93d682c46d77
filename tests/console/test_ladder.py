"""Ladders fit the width there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.ladder import Rung, ladder

names = st.sampled_from(("192.0.2.1:5060", "192.0.2.2:5060", "alice", "198.51.100.200:5061", "D channel"))
rungs = st.lists(st.builds(Rung, st.floats(0, 999), names, names, st.text("REFER ()0123456789", max_size=40)))

FOUR = [
    Rung(0.0, "transferor", "gateway", "REFER (blind transfer)"),
    Rung(0.1, "gateway", "transferee", "INVITE"),
    Rung(0.2, "transferee", "target", "ACK"),
]


def test_a_column_for_each_party_and_an_arrow_for_each_message() -> None:
    assert ladder([Rung(0.0, "a", "b", "REFER"), Rung(1.5, "b", "a", "202")], 80) == [
        "                       a                             b",
        "   0.000                │─────────── REFER ──────────▶│",
        "   1.500                │◀─────────── 202 ────────────│",
    ]


@pytest.mark.parametrize("width", [73, 80, 120, 200])
def test_columns_shrink_to_the_width(width: int) -> None:
    lines = ladder(FOUR, width)
    assert max(map(len, lines)) <= width
    assert all(name in lines[0] for name in ("transferor", "gateway", "transferee", "target"))
    assert "REFER" in lines[1]


def test_where_no_columns_fit_messages_are_listed_in_words() -> None:
    assert ladder(FOUR, 72) == [
        "   0.000 REFER (blind transfer): transferor → gateway",
        "   0.100 INVITE: gateway → transferee",
        "   0.200 ACK: transferee → target",
    ]


def test_parties_that_cannot_be_told_apart_in_columns_are_listed_in_words() -> None:
    message = Rung(0.0, "198.51.100.200:5060", "198.51.100.200:5061", "REFER")
    assert ladder([message], 42) == ["   0.000 REFER: 198.51.100.200:5060 → 198."]
    assert "5061" in ladder([message], 60)[0]


def test_a_message_to_oneself_leaves_the_other_columns_in_place() -> None:
    _, arrow, note = ladder([Rung(0, "a", "b", "REFER"), Rung(1, "a", "a", "x")], 80)
    assert arrow.index("│") == note.index("│")
    assert note.rindex("│") == arrow.rindex("│")


@given(rungs, st.integers(1, 200))
def test_no_line_is_longer_than_the_width(rungs: list[Rung], width: int) -> None:
    lines = ladder(rungs, width)
    assert len(lines) >= len(rungs)
    assert all(len(line) <= width for line in lines)
