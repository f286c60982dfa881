import base64
from pathlib import Path

from harness.report.site.html import render_report
from harness.runner.results import Alteration, Footer, Run

from ..sample import header_of
from ..sample_search import BODY, finding_of, search_of


def page_of(folder: Path, *altered: Alteration) -> str:
    finding = finding_of(family="comment", cuts=(), altered=list(altered))
    search = search_of("junior", "neutral", finding)
    render_report([Run(header_of((), {}), (), (), Footer(1, 1.0), searches=(search,))], folder)
    [page] = (folder / "searches").glob("junior*neutral*.html")
    return page.read_text()


def test_the_page_of_a_search_marks_what_was_changed_and_says_what_the_marks_mean(tmp_path: Path) -> None:
    place = BODY.index(b"Oslo")
    html = page_of(tmp_path, Alteration(place, place + 4, base64.b64encode(b"Rome").decode(), 4))
    assert '<del class="altered">Rome</del><ins class="altered">Oslo</ins>' in html
    assert "is what the intact stream has there instead." in html


def test_where_nothing_was_changed_nothing_is_said_of_marks(tmp_path: Path) -> None:
    assert "altered" not in page_of(tmp_path)
