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


class Opened:
    """A page from disk, and what it said and asked for while it was open."""

    def __init__(self, browser: "Browser", html: str, file: Path, *, dark: bool = False, place: str = "") -> None:
        file.write_text(html, encoding="utf-8")
        self.said: list[str] = []
        self.asked_for: list[str] = []
        self._context = browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": 1400, "height": 900}
        )
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked_for.append(request.url))
        self.address = file.as_uri()
        self.page.goto(self.address + place)
        self.page.wait_for_selector("#case h2")

    def _dismiss(self, dialog: "Dialog") -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        """Nobody looks at it any more."""
        self._context.close()
