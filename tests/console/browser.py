"""Chromium without a window, as a person's browser would open a page from disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser; skips the test where there is none, or nothing to steer it with."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian package chromium)")
    steering = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (PyPI)")
    with steering.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Viewer:
    """A window in which one page after the other is opened from disk; what they say and ask for is written down."""

    def __init__(self, browser: "Browser") -> None:
        self.said: list[str] = []
        self.asked_for: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": 1400, "height": 900})
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked_for.append(request.url.partition("#")[0]))

    def show(self, html: str, file: Path, *, dark: bool = False, place: str = "") -> None:
        """Opens the page; `place` is the part of the address behind #, with it."""
        file.write_text(html, encoding="utf-8")
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.goto(file.as_uri() + place)
        self.page.wait_for_selector("#case h2")

    def text(self, selector: str) -> str:
        """What a person reads in the first element of that kind."""
        return self.page.locator(selector).first.inner_text()

    def _dismiss(self, dialog: "Dialog") -> None:
        self.said.append(dialog.message)
        dialog.dismiss()
