import subprocess
import sys
from pathlib import Path

import pytest

from harness.report.site.cells import CellPage
from harness.report.site.html import render_report
from harness.runner.results import read_run, write_run

from ..sample import small_run

SHARED = """
import sys
from pathlib import Path
from harness.report.site import cells
from harness.report.site.html import render_report
from harness.runner.results import read_run
cells.SHARED_FROM, cells.SHARE, cells._cores = 0, 1, lambda: 3
results, folder = map(Path, sys.argv[1:])
run = read_run(results, evidence=False)
if folder.name == "broken":
    results.write_bytes(results.read_bytes().replace(b'"verdict":"fail"', b'"verdict":"pass"'))
render_report([run], folder)
"""
"""A report of whose packs each is written by one of three processes."""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    run = small_run()
    assert run.footer is not None
    write_run(tmp_path / "r.jsonl", [run.header, *run.results, run.footer])
    return tmp_path / "r.jsonl"


def shared(results: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", SHARED, str(results), str(folder)], capture_output=True, text=True, timeout=120
    )


def test_processes_write_the_packs_that_one_alone_writes(results: Path, tmp_path: Path) -> None:
    ran = shared(results, tmp_path / "shared")
    assert (ran.returncode, ran.stderr) == (0, "")
    render_report([read_run(results, evidence=False)], tmp_path / "alone")
    alone = {path.name: path.read_bytes() for path in (tmp_path / "alone" / "cells").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "shared" / "cells").iterdir()} == alone
    assert len(alone) == 12


def test_what_a_process_cannot_read_ends_the_report(results: Path, tmp_path: Path) -> None:
    ran = shared(results, tmp_path / "broken")
    assert ran.returncode == 1
    assert "UnreadableResults" in ran.stderr.splitlines()[-1]
    assert "the file has changed since it was read" in ran.stderr


def test_the_parts_of_a_page_are_told_apart() -> None:
    page = CellPage.of('<title>a</title>\n<span id="trail"> › <a href="b">b</a></span>\n<article>\nc</article>\n')
    assert (page.title, page.trail, page.main) == ("a", ' › <a href="b">b</a>', "<article>\nc</article>\n")


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with its title"):
        CellPage.of("<article></article>")
