"""A page in Debian's Chromium, with everything that it complains of or asks for beyond its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class Watched:
    """One page in a context of its own. `faults` says what it did that no page of ours may do."""

    def __init__(self, browser: sync_api.Browser, **options: Any) -> None:
        """`options` are those of the context: `viewport`, `color_scheme`, `reduced_motion` …"""
        self.context = browser.new_context(**{**DESKTOP, **options})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"not loaded: {request.url}"))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, site: Path, address: str, ready: str = "main h1") -> sync_api.Page:
        """Opens a page of a site on the disk, and waits for what its script puts in."""
        path, mark, query = address.partition("?")
        self.page.goto((site / path).as_uri() + mark + query)
        self.page.locator(ready).first.wait_for(state="attached")
        return self.page

    def forgive(self) -> None:
        """Forgets what it has complained of and asked for so far: the test provoked it."""
        self.complaints.clear()
        self.requests.clear()

    @property
    def faults(self) -> list[str]:
        """Complaints, and requests that left the disk."""
        return [*self.complaints, *(url for url in self.requests if urlsplit(url).scheme not in ("file", "data"))]


def overflows(page: sync_api.Page) -> bool:
    """Whether the page as a whole scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
