"""The matrix of endpoints and rules, and what it tells of each rule that was broken."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.lint.standing import lint_record
from harness.report.site.endpoints import dialect_matrices
from harness.report.site.html import render_report

from ..sample import small_run
from ..sample_hostile import SCRIPT
from ..sample_lint import FRAME, hostile_lint, small_lint, stream_of


class Table(HTMLParser):
    """The rows of a page's tables, as the texts of their cells; and where its links lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.inside = False
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td") and self.rows:
            self.rows[-1].append("")
            self.inside = True
        elif tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += " ".join(data.split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("endpoints")
    render_report([small_run()], folder, linted=small_lint())
    return folder


def findings(site: Path, dialect: str) -> str:
    [page] = (site / "endpoints").glob(f"{dialect}-*.html")
    return page.read_text("utf-8")


def test_a_row_says_how_many_streams_broke_each_rule_and_how_many_could(site: Path) -> None:
    rows = Table(site / "endpoints.html").rows
    head = ["Endpoint", "Streams", "Keep all", "done-missingmust", "field-typemust", "role-missingshould"]
    assert head in rows
    broke = "1/2streams of acme broke"
    assert ["acme", "2", "1", "·all 2 streams kept it", f"{broke} field-type", f"{broke} role-missing"] in rows
    zeta = ["1stream of zeta broke done-missing", "·all 1 stream kept it", "1stream of zeta broke role-missing"]
    assert ["zeta", "1", "0", *zeta] in rows
    assert ["payloads", "1", "1", "–not judged", "·all 1 stream kept it", "·all 1 stream kept it"] in rows


def test_a_count_leads_to_the_place_with_its_bytes(site: Path) -> None:
    links = Table(site / "endpoints.html").links
    [page] = (site / "endpoints").glob("openai-chat-*.html")
    assert f"endpoints/{page.name}#at-acme-field-type" in links
    assert 'id="at-acme-field-type"' in page.read_text("utf-8")


def test_a_rule_leads_to_what_the_dialect_s_page_says_of_it(site: Path) -> None:
    assert "dialects/openai-chat.html#rules-done-missing" in Table(site / "endpoints.html").links
    assert 'id="rules-done-missing"' in (site / "dialects/openai-chat.html").read_text("utf-8")


def test_the_first_violation_has_place_authority_text_and_hexadecimal(site: Path) -> None:
    page = findings(site, "openai-chat")
    assert "First: field-type at 0" in page
    assert "(heard.jsonl, exchange 0, byte 0)" in page
    assert "/somewhere/else" not in page
    assert "Fields have the types that the vendor&#39;s types give them." in page
    assert "(PyPI openai 3.52.0, types/chat/chat_completion_chunk.py; read 2026-11-21 in the package)" in page
    assert 'data: {"id": "c", "choices": [{"delta": {"content": "Hi"}}]}<i>\\n\\n</i>' in page
    assert "000000  64 61 74 61 3a 20 7b 22 69 64 22 3a 20 22 63 22  data: {&#34;id&#34;: &#34;c&#34;" in page


def test_rules_that_every_endpoint_keeps_are_listed_and_what_was_left_out_is_told(site: Path) -> None:
    page = (site / "endpoints.html").read_text("utf-8")
    assert "<code>frame-cut</code>" in page
    assert "<code>done-missing</code>" not in page
    assert "<li>1: it was answered with status 400</li>" in page


def test_the_head_of_every_page_leads_there(site: Path) -> None:
    assert '<a href="endpoints.html">Endpoints</a>' in (site / "index.html").read_text("utf-8")


def test_without_findings_there_is_no_page_and_an_old_one_is_removed(site: Path, tmp_path: Path) -> None:
    render_report([small_run()], tmp_path, linted=small_lint())
    assert (tmp_path / "endpoints.html").exists()
    render_report([small_run()], tmp_path)
    assert not (tmp_path / "endpoints.html").exists()
    assert not list((tmp_path / "endpoints").glob("*.html"))
    assert "endpoints.html" not in (tmp_path / "index.html").read_text("utf-8")


def test_hostile_names_and_bytes_are_shown_and_do_nothing(tmp_path: Path) -> None:
    render_report([small_run()], tmp_path, linted=hostile_lint())
    for page in [tmp_path / "endpoints.html", *(tmp_path / "endpoints").glob("*.html")]:
        text = page.read_text("utf-8")
        assert SCRIPT not in text
        assert "&lt;script&gt;" in text
        assert not set(text) & {"\x00", "\x07", "\x1b", "\u202e", "\u2028"}


def test_the_gravest_rules_come_first_then_those_that_most_endpoints_broke() -> None:
    streams = [
        stream_of("a", ("role-missing", "should", 0), ("field-usual", "may", 0), ("id-changed", "must", 0)),
        stream_of("b", ("role-missing", "should", 0), ("done-missing", "must", len(FRAME))),
        stream_of("c", ("id-changed", "must", 0), ("finish-twice", "should", 0)),
    ]
    [matrix] = dialect_matrices(lint_record(streams).endpoints)
    assert [rule.name for rule in matrix.rules] == [
        "id-changed",
        "done-missing",
        "role-missing",
        "finish-twice",
        "field-usual",
    ]


def test_endpoints_whose_names_come_out_alike_have_anchors_of_their_own() -> None:
    matrices = dialect_matrices(hostile_lint().endpoints)
    anchors = [row.anchor for matrix in matrices for row in matrix.rows if matrix.dialect == "openai-chat"]
    assert len(anchors) == len(set(anchors)) == 3
    assert "at-main" in anchors
