"""Chromium, and the sites that the tests of all kinds of pages look at: each is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .sites import hostile_site, snapshot_site, whole_site
from .watched import CHROMIUM, FLAGS, Watched, sync_api

SITES = {"whole": whole_site, "hostile": hostile_site, "snapshot": snapshot_site}


@pytest.fixture(scope="package")
def chromium() -> Iterator[sync_api.Browser]:
    """For the tests of this folder alone: while it lives an event loop runs, which others could not start theirs in."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a site, by its name."""
    return cache(lambda name: SITES[name](tmp_path_factory.mktemp(name)))


@pytest.fixture
def browse(chromium: sync_api.Browser) -> Iterator[Callable[..., Watched]]:
    """Opens windows; none may complain or ask for anything from elsewhere until its test is over."""
    opened: list[Watched] = []

    def window(**options: Any) -> Watched:
        opened.append(Watched(chromium, **options))
        return opened[-1]

    yield window
    faults = [fault for each in opened for fault in each.faults]
    for each in opened:
        each.context.close()
    assert faults == []
