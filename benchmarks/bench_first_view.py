"""How soon the overview and the matrix are there, from a disk, and how soon the matrix answers: in Chromium.

Verdicts are made up over the real catalogue's scenarios, the same each time. A first view is there when the browser has
painted it and its scripts have run; a filter has answered when its rows are laid out and painted. Each is the middle of
several runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from harness.catalogue.findings import FAILURE_KINDS, Finding, Verdict
from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Scenario
from harness.report.site.front_page import write_front_page
from harness.report.site.matrix_page import write_matrix
from harness.report.site.navigation import places
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.runner.results import Header, Result, Run, read_run

CHROMIUM = "/usr/bin/chromium"
DIALECTS = ("openai-chat", "anthropic-messages", "gemini", "openai-responses", "ollama")
VIEW_MS, FILTER_MS, BYTES = 1000, 200, 6_000_000
FILTERS: dict[str, str] = {
    "silent failures": "{result: new Set(['silent'])}",
    "passes": "{result: new Set(['pass'])}",
    "a search": "{scenario: 'the'}",
    "one dialect, unfolded": "{dialect: new Set(['openai-chat']), unfold: 'all'}",
    "everything, unfolded": "{unfold: 'all'}",
}
ANSWER = """
async (changed) => {
  const page = HarnessMatrix.page;
  const rest = HarnessMatrix.readState(page.facets, "");
  page.change(rest, true);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const start = performance.now();
  page.change({ ...rest, ...changed }, true);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}
"""
VIEW = """
async () => {
  while (!performance.getEntriesByName("first-contentful-paint").length) await new Promise(requestAnimationFrame);
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return Math.max(painted, performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
}
"""


def made_up(systems: int, cells: int) -> Run:
    """So many verdicts of so many systems, in one to five dialects each; one in eight is a failure."""
    catalogue = load_catalogue()
    results: list[Result] = []
    columns = [(number, dialect) for number in range(systems) for dialect in DIALECTS[: 1 + number % 5]]
    for place, (scenario, (number, dialect)) in enumerate(pairs(list(catalogue.scenarios), columns)):
        results.append(verdict_of(scenario, f"system-{number:02}", dialect, (place * 7919 + number * 104729) % 997))
        if len(results) == cells:
            break
    header = Header(1, "0.0.0", catalogue.version, "2026-01-01T00:00:00Z", "sockets", "3.11", "made up", {})
    return Run(header, tuple(results), (), None)


def pairs(scenarios: list[Scenario], columns: list[tuple[int, str]]) -> Iterator[tuple[Scenario, tuple[int, str]]]:
    """Every scenario in every column, spread so that any number of them covers all of both."""
    for shift in range(len(columns)):
        for place, scenario in enumerate(scenarios):
            yield scenario, columns[(place + shift) % len(columns)]


def verdict_of(scenario: Scenario, system: str, dialect: str, chance: int) -> Result:
    """A verdict that `chance`, below 997, decides."""
    verdict: Verdict = "fail" if chance < 125 else "unsupported" if chance > 900 else "pass"
    kind = FAILURE_KINDS[chance % len(FAILURE_KINDS)]
    finding = Finding(kind, kind, "ending" if chance % 2 else "content", chance % 3 == 0, f"made up, no. {chance}")
    return Result(
        system=system,
        system_version="1.0.0",
        dialect=dialect,
        scenario=scenario.id,
        family=scenario.id.partition("/")[0],
        title=scenario.title,
        level=scenario.level,
        verdict=verdict,
        content=verdict if verdict != "fail" or chance % 2 == 0 else "pass",
        ending=verdict if verdict != "fail" or chance % 2 else "pass",
        failures=[finding] if verdict == "fail" else [],
        attempts=1,
        duration_s=0.1,
        reproduce="",
        known="made up" if verdict == "fail" and chance % 4 == 0 else None,
    )


def write_pages(run: Run, folder: Path) -> None:
    """The overview and the matrix, with what they need."""
    site = Site.over([run], folder)
    site.environment.globals["nav"] = places(site)
    write_page(folder / "static" / "report.css", asset("report.css"))
    write_matrix(site)
    write_front_page(site)


def opened(browser: Browser, address: str) -> Page:
    """A page in a window of its own, when it has loaded."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    return page


def first_view(browser: Browser, address: str, times: int) -> float:
    """Milliseconds until a page is painted and its scripts have run."""
    found: list[float] = []
    for _ in range(times):
        page = opened(browser, address)
        found.append(page.evaluate(VIEW))
        page.close()
    return median(found)


def answers(browser: Browser, address: str, times: int) -> dict[str, float]:
    """Milliseconds from each choice until the matrix shows it."""
    page = opened(browser, address)
    found = {
        words: median(page.evaluate(f"() => ({ANSWER})({changed})") for _ in range(times))
        for words, changed in FILTERS.items()
    }
    page.close()
    return found


def measured(run: Run, times: int) -> dict[str, Any]:
    """Everything that is measured of one run's pages."""
    with tempfile.TemporaryDirectory(prefix="bench-first-view-") as name, sync_playwright() as playwright:
        folder = Path(name)
        write_pages(run, folder)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pages = {page: (folder / page).as_uri() for page in ("index.html", "matrix.html")}
        return {
            "cells": len(run.results),
            "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            "first view, ms": {page: round(first_view(browser, at, times)) for page, at in pages.items()},
            "filters, ms": {words: round(ms) for words, ms in answers(browser, pages["matrix.html"], times).items()},
        }


def within(found: dict[str, Any]) -> bool:
    """Whether all that was measured is within what we promise of 20,000 cells."""
    slowest = max(found["first view, ms"].values()), max(found["filters, ms"].values()), found["bytes"]
    return all(took < promised for took, promised in zip(slowest, (VIEW_MS, FILTER_MS, BYTES), strict=True))


def main() -> int:
    """Measures, and says so; the exit status tells whether 20,000 cells keep what is promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="a file of real results instead of made-up ones")
    parser.add_argument("--times", type=int, default=5, help="how often each is measured")
    wanted = parser.parse_args()
    if not Path(CHROMIUM).exists():
        print(f"{CHROMIUM} is not there: nothing is measured; `make browser` installs it")
        return 0
    if wanted.results:
        print(json.dumps(measured(read_run(wanted.results, evidence=False), wanted.times), indent=1))
        return 0
    small, large = measured(made_up(40, 20_000), wanted.times), measured(made_up(60, 41_000), wanted.times)
    for found in (small, large):
        print(json.dumps(found, indent=1))
    print(
        f"20,000 cells: {'within' if within(small) else 'NOT within'} {VIEW_MS} ms, {FILTER_MS} ms and {BYTES:,} bytes"
    )
    return 0 if within(small) else 1


if __name__ == "__main__":
    sys.exit(main())
