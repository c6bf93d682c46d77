"""Ladders fit the width there is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.ladder import Rung, coloured, ladder
from gateway.console.picture import Pin
from gateway.diagnosis.case import Severity

names = st.sampled_from(("192.0.2.1:5060", "192.0.2.2:5060", "alice", "198.51.100.200:5061", "D channel"))
pins = st.lists(st.builds(Pin, st.integers(1, 99), st.sampled_from(Severity)), max_size=3).map(tuple)
legs = st.none() | st.integers(0, 9)
words = st.text("REFER ()0123456789", max_size=40)
silences = st.sampled_from((0.0, 30.0))
rungs = st.lists(st.builds(Rung, st.floats(0, 999), names, names, words, st.booleans(), legs, pins, silences))

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


def test_where_words_do_not_fit_on_the_arrows_they_stand_beside_them() -> None:
    assert ladder(FOUR, 72) == [
        "         A transferor",
        "         B gateway",
        "         C transferee",
        "         D target",
        "              A         B         C         D",
        "   0.000      │────────▶│         │         │    REFER (blind transfer)",
        "   0.100      │         │────────▶│         │    INVITE",
        "   0.200      │         │         │────────▶│    ACK",
    ]


def test_where_no_columns_fit_messages_are_listed_in_words() -> None:
    assert ladder(FOUR, 40) == [
        "   0.000 REFER (blind transfer): transfe",
        "   0.100 INVITE: gateway → transferee",
        "   0.200 ACK: transferee → target",
    ]


def test_parties_that_cannot_be_told_apart_in_columns_go_by_letters() -> None:
    message = Rung(0.0, "198.51.100.200:5060", "198.51.100.200:5061", "REFER")
    assert ladder([message], 42)[-1] == "   0.000       │──────────▶│     REFER"
    assert "5061" in ladder([message], 60)[0]


def test_twelve_hosts_fit_a_terminal() -> None:
    names = [f"192.0.2.{number}:5060" for number in range(12)]
    lines = ladder([Rung(at, *pair, "INVITE") for at, pair in enumerate(pairwise(names))], 80)
    assert lines[12].split() == list("ABCDEFGHIJKL")
    assert all(line.endswith("INVITE") for line in lines[13:])


def test_the_transfer_is_drawn_with_heavy_arrows() -> None:
    lines = ladder([Rung(0.0, "a", "b", "REFER", is_strong=True), Rung(0.1, "b", "a", "202")], 80)
    assert "━━ REFER ━━" in lines[1]
    assert "── 202 ──" in lines[2]


def test_columns_may_be_put_in_order() -> None:
    head, _ = ladder([Rung(0.0, "a", "b", "REFER")], 120, ("b", "c"))
    assert head.split() == ["b", "c", "a"]


def test_a_leg_has_a_number_and_a_colour() -> None:
    _, first, second = coloured([Rung(0.0, "a", "b", "REFER", leg=0), Rung(0.1, "b", "c", "INVITE", leg=1)], 100)
    assert (first.plain[:11], second.plain[:11]) == ("   0.000 1 ", "   0.100 2 ")
    assert {str(span.style) for span in first.spans} != {str(span.style) for span in second.spans}


def test_a_finding_is_pinned_to_its_arrow_even_where_the_words_are_cut() -> None:
    pins = (Pin(1, Severity.ERROR), Pin(12, Severity.WARNING))
    for width in (80, 48, 30):
        assert "✖1 ▲12" in ladder([Rung(0.0, "a", "b", "REFER with a long name", pins=pins)], width)[-1]
    (_, line) = coloured([Rung(0.0, "a", "b", "REFER", pins=pins)], 80)
    found = {line.plain[span.start : span.end]: span.style for span in line.spans}
    assert (found["✖1"], found["▲12"]) == ("bold red", "yellow")


def test_a_silence_is_a_line_of_its_own() -> None:
    lines = ladder([Rung(0.0, "a", "b", "REFER"), Rung(30.0, "b", "a", "NOTIFY", silence=30.0)], 80)
    assert lines[2].startswith("  30.0 s ")
    assert lines[2].count("┊") == 2


def test_what_a_peer_wrote_does_not_steer_the_terminal() -> None:
    rung = Rung(0.0, "a\x1b[2J", "b", "RE\x1b[31mFER\n")
    for width in (80, 40, 20):
        assert all(line.isprintable() for line in ladder([rung], width))


def test_a_message_to_oneself_leaves_the_other_columns_in_place() -> None:
    _, arrow, note = ladder([Rung(0, "a", "b", "REFER"), Rung(1, "a", "a", "x")], 80)
    assert arrow.index("│") == note.index("│")
    assert note.rindex("│") == arrow.rindex("│")


@given(rungs, st.integers(1, 200))
def test_no_line_is_longer_than_the_width(rungs: list[Rung], width: int) -> None:
    lines = ladder(rungs, width)
    assert len(lines) >= len(rungs)
    assert all(len(line) <= width for line in lines)
    assert [line.plain for line in coloured(rungs, width)] == lines
