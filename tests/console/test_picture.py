"""What a drawing of a case shows."""

from dataclasses import replace

import pytest

from gateway.console.ladder import case_ladder
from gateway.console.picture import host, label, picture
from gateway.diagnosis.case import Case
from tests.console.cases import NOTIFY, long_case, message, three_protocols


def columns(*ways: tuple[str, str]) -> tuple[str, ...]:
    case = three_protocols()
    messages = tuple(message(number, 0.0, *way, "INVITE") for number, way in enumerate(ways))
    return picture(Case(case.transfer, messages)).columns


def test_a_host_is_one_column_whatever_its_ports() -> None:
    assert columns(("10.0.0.1:5060", "10.0.0.2:5060"), ("10.0.0.2:41000", "10.0.0.1:5060")) == (
        "10.0.0.1",
        "10.0.0.2",
    )


def test_ports_of_a_host_that_speak_to_each_other_are_columns() -> None:
    found = columns(("127.0.0.1:5060", "127.0.0.1:5061"), ("10.0.0.2:5060", "127.0.0.1:5060"))
    assert found == ("127.0.0.1:5060", "127.0.0.1:5061", "10.0.0.2")


def test_a_message_to_oneself_splits_no_host() -> None:
    assert columns(("10.0.0.1:5060", "10.0.0.1:5060"), ("10.0.0.1:40000", "10.0.0.2:5060")) == (
        "10.0.0.1",
        "10.0.0.2",
    )


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("10.0.0.1:5060", "10.0.0.1"),
        ("[2001:db8::1]:5060", "[2001:db8::1]"),
        ("user", "user"),
        ("user lapd:0/sapi0/tei64", "user lapd:0/sapi0/tei64"),
        ("network backhaul:1", "network backhaul:1"),
    ],
)
def test_what_is_the_host_of_an_endpoint(endpoint: str, address: str) -> None:
    assert host(endpoint) == address


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        ("NOTIFY", NOTIFY, "NOTIFY 486"),
        ("NOTIFY", NOTIFY.replace("\r", ""), "NOTIFY 486"),
        ("NOTIFY", "NOTIFY sip:a SIP/2.0\r\n\r\n", "NOTIFY"),
        ("INVITE", "INVITE sip:a SIP/2.0\r\nTo: <sip:a>\r\n\r\n", "INVITE"),
        ("INVITE", "INVITE sip:a SIP/2.0\r\nt: <sip:a>;tag=1\r\n\r\n", "re-INVITE"),
        ("INVITE", "INVITE sip:a SIP/2.0\nTo: <sip:a>\n\nt:x;tag=1\n", "INVITE"),
        ("200 OK", "SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n", "200 OK (BYE)"),
        ("200 OK", "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n", "200 OK"),
        ("200 OK", "", "200 OK"),
    ],
)
def test_a_label_tells_messages_of_one_title_apart(title: str, text: str, shown: str) -> None:
    assert label(message(1, 0.0, "a:1", "b:1", title, text=text)) == shown


def test_a_finding_stands_at_every_message_of_its_frames() -> None:
    pins = {arrow.message.frame: [pin.number for pin in arrow.pins] for arrow in picture(three_protocols()).arrows}
    assert {frame: numbers for frame, numbers in pins.items() if numbers} == {4: [2, 3], 11: [1], 12: [1]}


def test_only_a_long_silence_is_worth_showing() -> None:
    shown = {arrow.message.frame: round(arrow.silence, 1) for arrow in picture(three_protocols()).arrows}
    assert {frame: silence for frame, silence in shown.items() if silence} == {4: 4.1, 10: 30.0}


def test_the_terminal_shows_legs_messages_silences_and_findings() -> None:
    lines = [line.plain for line in case_ladder(three_protocols(), 130)]
    assert lines[:3] == [
        "1 first leg, sip: sip:alice@example.com → sip:bob@example.com",
        "2 relayed leg, isdn: 4930123 → 4930456",
        "3 target leg, h323: 4930456 → carol",
    ]
    refer = next(line for line in lines if "REFER" in line)
    assert refer.startswith("   5.000 1 ")
    assert "━ sip REFER ▲2 •3 ━" in refer
    assert any(line.startswith("  30.0 s") for line in lines)


def test_a_case_without_messages_has_only_its_legs() -> None:
    assert len(case_ladder(replace(three_protocols(), messages=()), 80)) == 3


@pytest.mark.parametrize("width", [20, 60, 80, 120, 200])
def test_many_messages_between_many_hosts_fit_the_width(width: int) -> None:
    lines = case_ladder(long_case(), width)
    assert len(lines) >= 240
    assert all(len(line.plain) <= width for line in lines)
