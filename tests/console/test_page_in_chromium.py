"""The page in a real browser: opened from disk, looked at, clicked and steered with the keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from gateway.console.page import page
from gateway.diagnosis.case import Case
from tests.console.browser import Viewer, chromium
from tests.console.cases import EVIL, REFER, diagnosis, long_case, three_protocols

pytestmark = pytest.mark.live

Open = Callable[..., Viewer]


@pytest.fixture(scope="module")
def viewer() -> Iterator[Viewer]:
    with chromium() as browser:
        yield Viewer(browser)


@pytest.fixture
def opened(viewer: Viewer, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of some transfers; whatever else a test looks at, the page was quiet and kept to itself."""
    files: list[Path] = []
    viewer.said.clear()
    viewer.asked_for.clear()

    def open_page(*cases: Case, **how: Any) -> Viewer:
        files.append(tmp_path / f"report {len(files)}.html")
        viewer.show(page(diagnosis(*cases)), files[-1], **how)
        return viewer

    yield open_page
    assert viewer.said == []
    assert set(viewer.asked_for) == {file.as_uri() for file in files}


def test_it_shows_the_transfer_with_its_parties_and_its_outcome(opened: Open) -> None:
    view = opened(three_protocols())
    assert view.text("#case h2") == "Transfer 1: blind, failed 486"
    assert "sip:bob@example.com" in view.text("#case dl")
    assert view.text("#summary") == "1234 packets, 1 transfer, 1 error, 1 warning, 2 notes"


def test_sip_isdn_and_h323_stand_in_one_drawing(opened: Open) -> None:
    view = opened(three_protocols())
    assert view.page.locator(".host").all_inner_texts() == [
        "192.0.2.1",
        "192.0.2.9",
        "network lapd:0/sapi0/tei64",
        "user lapd:0/sapi0/tei64",
        "198.51.100.7",
    ]
    labels = view.page.locator(".row .label").all_text_contents()
    assert labels[:4] == ["sip INVITE", "q931 SETUP", "sip 200 OK", "sip REFER"]


def test_each_leg_has_its_colour_and_the_transfer_is_heavier(opened: Open) -> None:
    view = opened(three_protocols())
    look = "shafts => shafts.map(each => [getComputedStyle(each).stroke, getComputedStyle(each).strokeWidth])"
    drawn = view.page.locator(".row .shaft").evaluate_all(look)
    assert len({colour for colour, _ in drawn}) == 4  # three legs, and one message of none
    assert (drawn[0][1], drawn[3][1]) == ("1.2px", "3px")


def test_a_click_on_an_arrow_opens_the_whole_message(opened: Open) -> None:
    view = opened(three_protocols())
    view.page.get_by_role("button", name="5.000 seconds, REFER").click()
    said = view.page.locator("#message pre").text_content()
    assert said is not None
    assert said.rstrip("\n") == REFER.replace("\r\n", "\n").rstrip("\n")
    assert "192.0.2.1:5060 → 192.0.2.9:5060" in view.text("#message dl")


def test_what_a_message_says_never_becomes_part_of_the_page(opened: Open) -> None:
    view = opened(three_protocols())
    view.page.locator(".row.transfer").first.click()
    assert EVIL in view.text("#message pre")
    assert EVIL in view.text("#case dl")
    assert view.page.locator("img, b, iframe").count() == 0
    assert view.page.title() == "<calls>.pcap: transfers"


def test_findings_are_listed_and_pinned_to_their_arrows(opened: Open) -> None:
    view = opened(three_protocols())
    assert view.page.locator("#case .what").all_inner_texts()[0] == "The target is busy, so the transfer fails."
    row = view.page.get_by_role("button", name="35.200 seconds, NOTIFY")
    assert row.locator(".pin.error").text_content() == "1"
    row.click()
    assert view.text("#message .what") == "The target is busy, so the transfer fails."


def test_a_frame_of_a_finding_leads_to_its_arrow(opened: Open) -> None:
    view = opened(long_case())
    view.page.get_by_role("button", name="231", exact=True).click()
    assert view.text("#message dl").startswith("frame\n231,")
    assert view.page.locator('.row[aria-pressed="true"]').evaluate("row => row === document.activeElement")


def test_the_header_that_a_finding_is_about_is_marked_in_the_message(opened: Open) -> None:
    view = opened(three_protocols(), place="#1.4")
    assert view.text("#message mark.warning").startswith("Referred-By:")
    assert view.page.locator("#message mark").first.inner_text().startswith("r: sip:carol")


def test_the_keyboard_walks_the_messages(opened: Open) -> None:
    view = opened(three_protocols())
    view.page.locator(".row").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        view.page.keyboard.press(key)
    assert view.text("#message h2") == "REFER"
    view.page.keyboard.press("ArrowDown")
    assert view.text("#message h2") == "202 Accepted"
    view.page.keyboard.press("Escape")
    assert view.page.locator("#message").is_hidden()
    assert view.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("5.050 seconds, 202")
    view.page.keyboard.press("End")
    assert "frame 12" in view.page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_only_one_arrow_is_on_the_way_of_the_tab_key(opened: Open) -> None:
    view = opened(long_case())
    assert view.page.locator('.row[tabindex="0"]').count() == 1


def test_host_names_and_times_stay_in_sight(opened: Open) -> None:
    view = opened(long_case(), dark=True)
    ladder = view.page.locator(".ladder")
    ladder.scroll_into_view_if_needed()
    before = view.page.locator(".hosts").bounding_box(), view.page.locator(".corner").bounding_box()
    ladder.evaluate("ladder => ladder.scrollTo(300, 4000)")
    after = view.page.locator(".hosts").bounding_box(), view.page.locator(".corner").bounding_box()
    assert before[0] and before[1] and after[0] and after[1]
    assert (before[0]["y"], before[1]["x"]) == (after[0]["y"], after[1]["x"])


def test_a_silence_is_shown_as_such(opened: Open) -> None:
    view = opened(three_protocols())
    assert view.page.locator(".silence").all_inner_texts() == ["4.1 s", "30.0 s"]


def test_the_transfers_own_messages_can_be_had_alone(opened: Open) -> None:
    view = opened(three_protocols())
    view.page.get_by_label("only the transfer's own").check()
    assert view.page.locator(".row").count() == 6
    view.page.get_by_label("only the transfer's own").uncheck()
    assert view.page.locator(".row").count() == 10


def test_a_finding_at_a_hidden_message_brings_it_back(opened: Open) -> None:
    view = opened(long_case())
    view.page.get_by_label("only the transfer's own").check()
    assert view.page.locator(".row").count() == 120
    view.page.get_by_role("button", name="11", exact=True).click()
    view.page.evaluate("location.hash = '#1.2'")
    view.page.wait_for_function("document.querySelectorAll('.row').length === 240")


def test_the_media_stand_in_a_table(opened: Open) -> None:
    view = opened(three_protocols())
    rows = view.page.locator("tbody tr").all_inner_texts()
    assert rows[0].split("\t")[:5] == ["1 first", "before", "192.0.2.1:4000 → 192.0.2.9:5000", "PCMA", "no"]
    assert "3 (3.0%)" in rows[1]
    assert "CS0 (0), AF41 (34)" in rows[1]


def test_dark_and_light_follow_the_system(opened: Open) -> None:
    colours = []
    for dark in (False, True):
        view = opened(three_protocols(), dark=dark)
        colours.append(view.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


def test_the_list_of_transfers_can_be_searched(opened: Open) -> None:
    view = opened(three_protocols(), long_case(), three_protocols())
    view.page.fill("#filter", "succeeded alice")
    assert view.text("#shown") == "1 of 3 transfers"
    view.page.locator("#transfers button").click()
    view.page.wait_for_selector("text=Transfer 2: blind, succeeded 200")
    assert view.page.locator('#transfers [aria-current="true"]').count() == 1


def test_an_address_leads_to_a_transfer_and_a_message(opened: Open) -> None:
    view = opened(three_protocols(), long_case(), place="#2.31")
    view.page.wait_for_selector("#message pre")
    assert view.text("#message dl").startswith("frame\n31,")


def test_what_belongs_to_no_transfer_is_said_too(opened: Open) -> None:
    view = opened()
    said = view.page.locator("#case").inner_text()
    assert "No transfer found" in said
    assert "A box <changes> addresses." in said
    assert "frame 17: truncated <packet>" in said


def test_ten_thousand_transfers_open_within_two_seconds(opened: Open) -> None:
    view = opened(*[three_protocols()] * 10_000)
    assert min(reopening(view) for _ in range(3)) < 2
    assert view.page.locator("#transfers li").count() < 1000


def reopening(view: Viewer) -> float:
    """Seconds until the first transfer is drawn."""
    begin = monotonic()
    view.page.reload()
    view.page.wait_for_selector(".row")
    return monotonic() - begin
