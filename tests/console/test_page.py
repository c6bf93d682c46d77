"""The page as a file: one document, nothing from outside, every text in it just text."""

import json
import re
import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.page import page
from gateway.console.page.contents import as_transfer, dscp_name
from tests.console.cases import diagnosis, long_case, three_protocols

PACKED = re.compile(r'<script type="text/plain" id="transfer-(\d+)">([^<]*)</script>')


def unpacked(html: str) -> list[Any]:
    return [json.loads(zlib.decompress(b64decode(packed))) for _, packed in PACKED.findall(html)]


def test_every_transfer_is_in_it_with_all_its_messages() -> None:
    first, second = unpacked(page(diagnosis(three_protocols(), long_case(240))))
    assert [arrow["title"] for arrow in first["arrows"]][3:6] == ["REFER", "202 Accepted", "SETUP"]
    assert len(second["arrows"]) == 240


def test_nothing_in_it_leads_outside() -> None:
    html = page(diagnosis(three_protocols()))
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!data:,)""", html) == []
    assert re.findall(r"https?://[^\"]*", html) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert "@import" not in html
    assert "url(" not in html


def test_only_its_own_script_and_style_may_run() -> None:
    html = page(diagnosis(three_protocols()))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    for element in ("style", "script"):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]


@given(st.text(st.characters(), max_size=60))
def test_whatever_a_message_says_comes_back_and_ends_no_element(said: str) -> None:
    case = three_protocols()
    case = replace(case, messages=tuple(replace(each, text=said, title=said) for each in case.messages))
    case.transfer.name_target(said)
    found = replace(diagnosis(case), problems=((1, said),), capture=f"{said}.pcap")
    html = page(found)
    html.encode("utf-8")
    assert html.count("</script") == html.count("<script") == 3
    assert html.count("<!--") == 0
    (document,) = unpacked(html)
    assert document["arrows"][0]["text"] == said


def test_a_recording_without_transfers_has_a_page() -> None:
    assert unpacked(page(diagnosis())) == []


def test_a_clock_that_no_calendar_has_is_told_in_seconds() -> None:
    case = three_protocols()
    case = replace(case, messages=(replace(case.messages[0], time=1e18),))
    assert as_transfer(case)["arrows"][0]["clock"] == "1000000000000000000.000000"


@pytest.mark.parametrize(
    ("value", "name"),
    [(46, "EF (46)"), (0, "CS0 (0)"), (24, "CS3 (24)"), (34, "AF41 (34)"), (14, "AF13 (14)"), (45, "45"), (50, "50")],
)
def test_a_dscp_has_the_name_of_its_class(value: int, name: str) -> None:
    assert dscp_name(value) == name


def test_every_colour_can_be_read_on_its_ground() -> None:
    # WCAG 2.2 success criterion 1.4.3 asks for 4.5:1.
    html = page(diagnosis())
    for block in re.findall(r":root \{(.*?)\}", html, re.DOTALL):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        inks = [name for name in colours if name.startswith("leg-") or name in ("text", "faint", "error", "warning")]
        inks += ["note", "good"]
        assert {
            ink for ink in inks for ground in ("page", "panel") if contrast(colours[ink], colours[ground]) < 4.5
        } == set()
        badges = ("error", "warning", "note")
        assert all(contrast(colours["on-badge"], colours[badge]) >= 4.5 for badge in badges)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
