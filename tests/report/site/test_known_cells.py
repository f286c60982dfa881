"""The page of a cell says what lists of known failures have to do with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.report.site.html import render_report
from harness.runner.results import Run

from ..sample import small_run
from ..sample_cells import cell_page as cell_html


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"known": "it drops deltas"}, "Known failure. it drops deltas"),
        (
            {"known": "it depends", "flaky": True, "known_until": "2027-01-31"},
            "Known to be flaky: it may pass or fail. it depends This may stand until 2027-01-31.",
        ),
        (
            {"expired": "it drops deltas", "known_until": "2026-01-31"},
            "No longer excused: it was known until 2026-01-31. it drops deltas",
        ),
    ],
)
def test_a_cell_says_how_a_list_of_known_failures_has_it(tmp_path: Path, entry: dict[str, Any], words: str) -> None:
    run = small_run()
    [failed, *_] = [each for each in run.results if each.verdict == "fail"]
    render_report([Run(run.header, (replace(failed, **entry),), (), run.footer)], tmp_path)
    said = " ".join(re.sub(r"<[^>]+>", " ", cell_html(tmp_path, failed.scenario)).split())
    assert words in said
