"""A served report in a browser: the same pages, each cell laid out when it is asked for, with scripts and without."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from harness.report.server import serve_site
from harness.runner.results import read_run, write_run

from ..sample import small_run
from .watched import Watched

CELL = "cell.html?ending/closed-mid-text/openai-python@3.52.0/openai-chat"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a sample report is served."""
    run = small_run()
    assert run.footer is not None
    results = tmp_path_factory.mktemp("served") / "r.jsonl"
    write_run(results, [run.header, *run.results, run.footer])
    with serve_site([read_run(results, evidence=False)]) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()


def left(window: Watched, address: str) -> list[str]:
    """Requests to anywhere else; the window's own watch is for pages from a disk."""
    return [url for url in window.requests if not url.startswith(address)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_one_gets_from_the_overview_to_the_bytes(
    scripts: bool,
    browse: Callable[..., Watched],
    address: str,
) -> None:
    window = browse(java_script_enabled=scripts)
    page = window.page
    page.goto(address)
    page.get_by_role("link", name="The connection closes mid-answer").first.click()
    page.get_by_role("link", name="openai-chat").first.click()
    page.locator("#reproduce").wait_for()
    assert page.locator("h1").inner_text() == "The connection closes mid-answer, with no stop reason"
    assert "silent-truncation" in page.locator("main").inner_text()
    assert page.locator(".chunks > li").count() == 5
    page.get_by_role("link", name="Matrix").click()
    assert page.locator("h1").inner_text() == "Matrix"
    assert left(window, address) == []
    assert window.complaints == []
    window.forgive()


def test_a_cell_that_is_served_needs_no_script_and_keeps_its_address(
    browse: Callable[..., Watched], address: str
) -> None:
    window = browse(java_script_enabled=False)
    window.page.goto(address + CELL)
    assert window.page.locator("main").inner_text().startswith("The connection closes mid-answer")
    assert window.page.url == address + CELL
    assert window.complaints == []
    window.forgive()
