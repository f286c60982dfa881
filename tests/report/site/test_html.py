from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from msgspec import structs

from harness.report.site.html import render_report
from harness.report.site.pages import incident_address
from harness.runner.results import Run, read_run, write_run

from ..sample import SITUATIONS, large_run, recording_of, run_of, small_run
from ..sample_cells import cell_page as cell_html
from ..sample_cells import cell_pages
from ..sample_hostile import BIDI, SCRIPT, hostile_run
from ..sample_search import searched_run

VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """A page's elements, its text, and whether every element was closed where it was opened."""

    def __init__(self, path: Path, html: str = "", cell: str = "") -> None:
        """Of a cell: `html` is its page put together, `cell` the names of its scenario and its column."""
        super().__init__()
        self.path = path
        self.html = html or path.read_text("utf-8")
        self.cell = cell
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def render(run: Run, folder: Path) -> list[Page]:
    render_report([run], folder)
    cells = [Page(folder / "cell.html", html, name) for name, html in cell_pages(folder).items()]
    return [Page(path) for path in sorted(folder.rglob("*.html"))] + cells


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    return render(small_run(), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    return render(hostile_run(), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    return render(searched_run(), tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module")
def pages(small: list[Page], hostile: list[Page], searched: list[Page]) -> list[Page]:
    return small + hostile + searched


def index_of(pages: Iterable[Page]) -> Page:
    return next(page for page in pages if page.path.name == "index.html")


def cell_page(pages: Iterable[Page], *words: str) -> Page:
    return next(page for page in pages if page.cell and all(word in page.cell for word in words))


def test_there_is_a_page_for_each_case_scenario_and_system(small: list[Page]) -> None:
    folders = [page.path.parent.name for page in small]
    cells = {page.cell for page in small if page.cell}
    assert (len(cells), folders.count("scenarios"), folders.count("systems")) == (96, 12, 3)


def test_every_link_leads_to_a_file_and_a_place_that_exist(pages: list[Page]) -> None:
    targets = {page.path.resolve(): set(page.ids) for page in pages if not page.cell}
    cells = {(page.path.parent, page.cell) for page in pages}
    for page in pages:
        for link in (*page.all("a"), *page.all("link")):
            address, _, place = link["href"].partition("#")
            if address.startswith("https://"):
                continue
            address, _, cell = address.partition("?")
            target = (page.path.parent / unquote(address)).resolve() if address else page.path.resolve()
            assert target.is_file(), f"{page.path}: {link['href']}"
            assert target.name != "cell.html" or (target.parent, cell) in cells, f"{page.path}: {link['href']}"
            assert not place or unquote(place) in (page.ids if page.cell else targets[target]), (
                f"{page.path}: {link['href']}"
            )


def test_no_page_has_a_handler_a_style_or_a_script_of_its_own(pages: list[Page]) -> None:
    for page in pages:
        for tag, attributes in page.elements:
            assert tag not in {"style", "iframe", "object", "embed", "img", "base"}
            assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")]
            if tag == "script" or "src" in attributes:
                source = page.path.parent / attributes["src"]
                assert (tag, source.suffix, source.is_file()) == ("script", ".js", True)


def test_every_page_forbids_inline_scripts_and_foreign_resources(pages: list[Page]) -> None:
    for page in pages:
        policy = next(
            meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy == (
            "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
        )


def test_elements_are_closed_in_order_and_ids_are_unique(pages: list[Page]) -> None:
    for page in pages:
        assert not page.crossed, page.path
        assert not page.open, page.path
        assert len(page.ids) == len(set(page.ids)), page.path


def test_every_page_has_its_landmarks_language_and_one_heading(pages: list[Page]) -> None:
    for page in pages:
        tags = [tag for tag, _ in page.elements]
        assert [tags.count(tag) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1], page.path
        assert page.all("html")[0]["lang"] == "en"
        assert page.all("a")[0] == {"class": "skip", "href": "#main"}


def test_every_page_names_the_versions_of_catalogue_and_harness(small: list[Page]) -> None:
    for page in small:
        assert "harness 0.1.0 · catalogue 2026.11 · 2026-11-20 10:00 UTC · over real sockets" in page.text


def test_table_headers_have_their_scope(pages: list[Page]) -> None:
    for page in pages:
        assert all(header.get("scope") for header in page.all("th")), page.path


def test_a_failing_canary_is_announced_before_everything(small: list[Page]) -> None:
    text = index_of(small).text
    assert "suspect the harness or the adapter first" in text
    assert text.index("suspect the harness") < text.index("Must passed")
    assert "suspect the harness or the adapter first" in cell_page(small, "openai-python", "framing/crlf").text


def test_a_failing_case_shows_its_finding_evidence_and_command(small: list[Page]) -> None:
    page = cell_page(small, "openai-python", "openai-chat", "inside-a-character")
    for words in (
        "corruption",
        "silent: the caller had no way to notice",
        "something reached the caller changed",
        "cut inside a UTF-8 character",
        "Hint Bytes are decoded chunk by chunk",
        '" snow ❄"',
        "harness replay --system openai-python --scenario chunking/inside-a-character --dialect openai-chat",
        "POST",
        "authorization:",
        "The same scenario elsewhere",
    ):
        assert words in page.text, words
    assert page.all("del")
    assert page.all("ins")
    assert page.all("mark")
    assert {"class": "hex"} in page.all("pre")


def test_incidents_are_links_to_public_threads(small: list[Page]) -> None:
    page = cell_page(small, "openai-python", "openai-chat", "inside-a-character")
    addresses = [link["href"] for link in page.all("a")]
    assert "https://github.com/danielmiessler/Fabric/issues/2203" in addresses


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("owner/repo#12", "https://github.com/owner/repo/issues/12"),
        ("https://example.org/thread/1?page=2#last", "https://example.org/thread/1?page=2#last"),
        ("javascript:alert(1)", ""),
        ("http://example.org/", ""),
        ('https://example.org/"><script>', ""),
        ("owner/repo#12 javascript:", ""),
        ("//example.org", ""),
    ],
)
def test_only_public_threads_become_links(reference: str, address: str) -> None:
    assert incident_address(reference) == address


def test_failures_of_one_system_are_chained(small: list[Page]) -> None:
    page = cell_page(small, "openai-python", "openai-chat", "framing/crlf")
    assert {link.get("rel") for link in page.all("a")} >= {"prev", "next"}


def test_a_system_page_sorts_by_seriousness(small: list[Page]) -> None:
    page = next(page for page in small if page.path.parent.name == "systems" and "openai" in page.path.name)
    headings = ("Silent failures", "Hangs", "Other must failures", "Should failures")
    places = [page.text.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "retries, usage" in page.text


def test_a_system_without_failures_says_so(small: list[Page]) -> None:
    page = next(page for page in small if page.path.parent.name == "systems" and "reference" in page.path.name)
    assert "Every case passed." in page.text


def test_foreign_markup_is_shown_as_text(hostile: list[Page]) -> None:
    for page in hostile:
        if page.path.name != "index.html":
            assert SCRIPT in page.text, page.path
        assert "{{7*7}}" in page.text


def test_invisible_characters_are_shown_as_escapes(hostile: list[Page]) -> None:
    for page in hostile:
        raw = page.html
        assert not set(raw) & set("\x00\x07\x1b\x7f\x85\u200b\u202e\u2066\u2069\U000e0069")
        assert BIDI not in raw
    assert "safe\\u202egnp.exe" in index_of(hostile).text


def test_long_bodies_are_shortened_in_the_page(hostile: list[Page]) -> None:
    assert all(len(page.html) < 200_000 for page in hostile)
    assert any("bytes left out" in page.text for page in hostile)


def test_pages_stay_inside_the_folder(tmp_path: Path) -> None:
    render_report([hostile_run()], tmp_path / "report")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "cell.html", "index.html", "matrix.html", "matrix-data.js", "recordings.html", "searches.html",
        "static", "cells", "dialects", "dialects.html", "scenarios", "searches", "systems", "readiness",
        "readiness.html",
    }  # fmt: skip


def test_recordings_have_a_page_of_their_own(tmp_path: Path) -> None:
    run = small_run()
    with_recordings = Run(run.header, run.results, (recording_of("a"), recording_of("b", "fail")), run.footer)
    pages = render(with_recordings, tmp_path)
    page = next(page for page in pages if page.path.name == "recordings.html")
    assert "cut into 7-byte chunks, the text differs" in page.text
    assert "1 of 2 streams" in index_of(pages).text


def test_a_run_that_did_not_end_is_announced(tmp_path: Path) -> None:
    run = small_run()
    assert "Not whole." in index_of(render(Run(run.header, run.results, (), None), tmp_path)).text


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        render_report([small_run()], tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


def test_an_earlier_report_leaves_no_page_behind_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text("kept")
    render_report([small_run()], tmp_path)
    render_report([run_of(("ollama-python",), SITUATIONS[:1], {})], tmp_path)
    assert len(list((tmp_path / "cells").iterdir())) == 1
    assert (tmp_path / "results.jsonl").read_text() == "kept"


def test_a_report_needs_a_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one run"):
        render_report([], tmp_path)


def test_a_report_of_hundreds_of_cases_stays_small(tmp_path: Path) -> None:
    run = large_run(copies=2)
    render_report([run], tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size / len(run.results) < 17_000


def test_a_long_answer_that_passed_is_said_to_have_been_left_out(tmp_path: Path) -> None:
    run = run_of(("reference",), SITUATIONS[:1], {})
    evidence = run.results[0].evidence
    assert evidence is not None
    brief = structs.replace(evidence, left_out_bytes=1_234_567)
    results = tuple(structs.replace(each, evidence=brief) for each in run.results)
    render_report([Run(run.header, results, (), run.footer)], tmp_path)
    page = Page(tmp_path / "cell.html", cell_html(tmp_path, "reference"))
    assert "This case passed, and its answer of 1,234,567 bytes was not kept." in page.text
    assert "chat.completion.chunk" not in page.text


def test_evidence_in_a_results_file_is_read_from_there(tmp_path: Path) -> None:
    run = small_run()
    assert run.footer is not None
    write_run(tmp_path / "r.jsonl", [run.header, *run.results, run.footer])
    lean = read_run(tmp_path / "r.jsonl", evidence=False)
    assert not any(each.evidence and each.evidence.wire for each in lean.results)
    render_report([run], tmp_path / "whole")
    render_report([lean], tmp_path / "lean")
    pages = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.*"))
    assert len(cell_pages(tmp_path / "lean")) == len(run.results)
    for page in pages:
        assert (tmp_path / "lean" / page).read_bytes() == (tmp_path / "whole" / page).read_bytes()


def test_the_front_page_of_searches_counts_findings_and_inputs(searched: list[Page]) -> None:
    text = index_of(searched).text
    assert "2,171 inputs made of 2 streams, in 3 systems: 5 findings, 2 of them silent, 1 known" in text
    assert "2 silent findings" in " ".join(text.split())
    assert "Matrix" not in text
    assert {"href": "searches.html"} in index_of(searched).all("a")


def test_a_search_that_found_something_has_a_page_and_no_other_has(searched: list[Page]) -> None:
    names = sorted(page.path.name.rpartition("-")[0] for page in searched if page.path.parent.name == "searches")
    assert names == [
        "absent-1.0",
        "junior-1.0",
        "junior-1.0-openai-chat-cuts-text--long",
        "junior-1.0-openai-chat-cuts-text--plain",
        "junior-1.0-openai-chat-damage-text--plain",
        "junior-1.0-openai-chat-neutral-text--plain",
        "reference-1.0",
    ]


def search_page(pages: Iterable[Page], words: str) -> Page:
    return next(page for page in pages if page.path.parent.name == "searches" and words in page.path.name)


def test_a_finding_shows_the_smallest_input_cut_where_it_is_and_how_to_play_it_again(searched: list[Page]) -> None:
    page = search_page(searched, "cuts-text--plain")
    for words in (
        "inside the second byte of °",
        "silent: the caller had no way to notice",
        "the text changed: '°' became",
        "in 2 chunks",
        "cut inside a UTF-8 character",
        "430 inputs: single 400, plan 30",
        "Intact stream",
        "harness fuzz --system junior --scenario text/plain --cuts --plan",
        "harness fuzz --system junior --scenario text/plain --cuts --seed 7",
    ):
        assert words in page.text, words
    assert page.all("ins")
    assert {"class": "hex"} in page.all("pre")


def test_a_finding_of_damage_says_what_was_demanded(searched: list[Page]) -> None:
    text = search_page(searched, "damage-text--plain").text
    assert "Demanded: no success after a cut before the stop reason" in text
    assert "A broken stream: it must not pass for a whole one." in text


def test_the_page_of_a_searched_system_tells_of_every_stream(searched: list[Page]) -> None:
    text = " ".join(search_page(searched, "reference-1.0").text.split())
    assert "passes 430 tried, proof complete" in text
    absent = search_page(searched, "absent-1.0").text
    assert "the worker died with signal 9" in absent
    assert "not searched" in absent


def test_a_system_of_the_matrix_leads_to_its_searches(tmp_path: Path) -> None:
    run = small_run()
    own = structs.replace(searched_run().searches[0], system="reference", system_version="0.1.0")
    pages = render(Run(run.header, run.results, (), run.footer, searches=(own,)), tmp_path)
    leading = [
        page.path.name
        for page in pages
        if page.path.parent.name == "systems" and any("searches/" in link["href"] for link in page.all("a"))
    ]
    assert [name.rpartition("-")[0] for name in leading] == ["reference-0.1.0"]
    assert "Matrix" in index_of(pages).text
