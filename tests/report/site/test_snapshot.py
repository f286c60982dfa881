"""The snapshot that is published: whole, small, the same each time, and silent about the machine that made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_fields

from harness.report.site.snapshot import render_snapshot
from harness.runner.results import Result, Run

from ..sample import SITUATIONS, large_run, run_of, small_run
from ..sample_hostile import BIDI, SCRIPT, hostile_run
from .test_html import Page

KNOWN = {"known": "It reads on.", "known_proof": "docs/findings/openai-python.md#reads-on"}


def pages_of(folder: Path) -> list[Page]:
    return [Page(path) for path in sorted(folder.rglob("*.html"))]


def changed(run: Run, system: str, **fields: object) -> Run:
    """The run in which every failure of that system has these fields."""
    return replace(run, results=tuple(_changed(run.results, system, fields)))


def _changed(results: Iterable[Result], system: str, fields: dict[str, object]) -> Iterable[Result]:
    for result in results:
        yield replace_fields(result, **fields) if result.system == system and result.verdict == "fail" else result


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    run = changed(without_failing_canary(small_run()), "openai-python", **KNOWN)
    header = replace_fields(run.header, left_out={"a-gateway": "gateways are not driven yet"})
    return render_snapshot(replace(run, header=header), root / "reports" / "matrix", root=root).parent


def without_failing_canary(run: Run) -> Run:
    return replace(run, results=tuple(each for each in run.results if each.scenario != "canary/plain-text"))


def page(folder: Path, name: str) -> Page:
    return Page(folder / name)


def test_there_is_a_page_for_every_system_and_each_is_linked_to(snapshot: Path) -> None:
    assert sorted(path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()) == [
        "README.md",
        "dialects.html",
        "dialects/anthropic-messages.html",
        "dialects/gemini.html",
        "dialects/ollama.html",
        "dialects/openai-chat.html",
        "dialects/openai-responses.html",
        "index.html",
        "static/dialect.css",
        "static/overview.css",
        "static/report.css",
        "static/system.css",
        "systems/anthropic-python.html",
        "systems/openai-python.html",
        "systems/reference.html",
        "verdicts.json",
    ]
    hrefs = {each["href"].partition("#")[0] for each in page(snapshot, "index.html").all("a") if "href" in each}
    assert {"systems/anthropic-python.html", "systems/openai-python.html", "systems/reference.html"} <= hrefs


def test_every_page_is_sound(snapshot: Path) -> None:
    for each in pages_of(snapshot):
        assert each.open == [] and each.crossed == []
        assert len(each.ids) == len(set(each.ids))
        assert each.all("script") == [] and each.all("img") == []
        [policy] = [meta for meta in each.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert policy["content"].startswith("default-src 'none'; style-src 'self'")


def test_every_link_within_the_snapshot_leads_somewhere(snapshot: Path) -> None:
    for each in pages_of(snapshot):
        for link in [*each.all("a"), *each.all("link")]:
            target, _, anchor = link["href"].partition("#")
            path = (each.path.parent / target).resolve() if target else each.path
            if path.is_relative_to(snapshot):
                assert path.is_file(), link
                assert not anchor or anchor in Page(path).ids, link


def test_a_failure_has_its_reason_its_proof_and_its_command(snapshot: Path) -> None:
    its = page(snapshot, "systems/openai-python.html")
    assert "A cut inside a three-byte character" in its.text
    assert "It reads on." in its.text
    assert "../../../docs/findings/openai-python.md#reads-on" in {each["href"] for each in its.all("a")}
    assert (
        "harness replay --system openai-python --scenario chunking/inside-a-character --dialect openai-chat "
        "--dialect openai-responses" in its.text
    )


def test_the_bytes_of_the_wire_are_not_in_it(snapshot: Path) -> None:
    assert "chat.completion.chunk" not in "".join(path.read_text() for path in snapshot.rglob("*.html"))


def test_what_was_left_out_is_said_with_its_reason(snapshot: Path) -> None:
    assert "gateways are not driven yet" in page(snapshot, "index.html").text
    assert "- `a-gateway`: `gateways are not driven yet`\n" in (snapshot / "README.md").read_text()


def test_a_system_whose_canary_does_not_pass_stands_apart_and_is_counted_nowhere(tmp_path: Path) -> None:
    trusted = Page(render_snapshot(without_failing_canary(small_run()), tmp_path / "trusted"))
    suspected = Page(render_snapshot(small_run(), tmp_path / "suspected"))
    words = "The adapter or the harness is suspected first"
    assert words not in trusted.text
    assert words in suspected.text
    assert "Not whole." not in suspected.text
    assert "A must failed in 2 of 3 systems" in trusted.text
    assert "A must failed in 1 of 2 systems" in suspected.text
    its = Page(tmp_path / "suspected" / "systems" / "openai-python.html")
    assert "In openai-chat a canary fails: suspect the adapter or the harness first." in its.text


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        render_snapshot(small_run(), tmp_path / name)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_order_in_which_results_came_does_not_matter(tmp_path: Path) -> None:
    run = small_run()
    backwards = replace(run, results=run.results[::-1])
    for name, each in (("one", run), ("two", backwards)):
        render_snapshot(each, tmp_path / name)
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_a_new_snapshot_leaves_no_page_of_the_old_one(tmp_path: Path) -> None:
    render_snapshot(small_run(), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    render_snapshot(run_of(("reference",), SITUATIONS, {}), tmp_path)
    assert [path.name for path in (tmp_path / "systems").iterdir()] == ["reference.html"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_two_versions_of_a_system_have_a_page_each(tmp_path: Path) -> None:
    run = small_run()
    newer = tuple(
        replace_fields(each, system_version="4.0.0") for each in run.results if each.system == "openai-python"
    )
    render_snapshot(replace(run, results=(*run.results, *newer)), tmp_path)
    names = sorted(path.name for path in (tmp_path / "systems").glob("openai-python*"))
    assert [name[:20] for name in names] == ["openai-python-3.52.0", "openai-python-4.0.0-"]


def test_outside_its_project_a_proof_is_named_and_not_linked_to(tmp_path: Path) -> None:
    render_snapshot(changed(small_run(), "openai-python", **KNOWN), tmp_path, root=tmp_path / "elsewhere")
    its = Page(tmp_path / "systems" / "openai-python.html")
    assert KNOWN["known_proof"] in its.text
    assert [each["href"] for each in its.all("a") if "docs" in each["href"]] == []


def test_a_large_matrix_stays_small(tmp_path: Path) -> None:
    run = large_run()
    render_snapshot(run, tmp_path)
    pages = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name not in ("static", "dialects")]
    assert sum(path.stat().st_size for path in tmp_path.glob("dialects/*")) < 75_000
    size = sum(path.stat().st_size for path in pages)
    assert size / len(run.results) < 200  # bytes a case where every fourth fails: 20,000 fit into four megabytes


def test_hostile_results_stay_text(tmp_path: Path) -> None:
    render_snapshot(hostile_run(), tmp_path)
    for each in pages_of(tmp_path):
        assert each.all("script") == [] and each.open == []
        assert BIDI not in each.path.read_text()
    assert SCRIPT not in (tmp_path / "index.html").read_text()


def test_a_run_that_is_not_whole_says_so(tmp_path: Path) -> None:
    assert "Not whole." in Page(render_snapshot(replace(small_run(), footer=None), tmp_path)).text


def test_a_run_without_results_is_a_page_without_systems(tmp_path: Path) -> None:
    run = small_run()
    assert "No case ran." in Page(render_snapshot(Run(run.header, (), (), run.footer), tmp_path)).text


def test_every_page_leads_to_the_overview_and_to_the_dialects(snapshot: Path) -> None:
    for each in pages_of(snapshot):
        up = "../" if each.path.parent != snapshot else ""
        hrefs = [link["href"] for link in each.all("a")]
        assert {f"{up}index.html", f"{up}dialects.html"} <= set(hrefs)


def test_what_a_system_sends_is_in_it_and_no_page_of_a_cell(tmp_path: Path) -> None:
    render_snapshot(small_run(), tmp_path)
    its = Page(tmp_path / "systems" / "openai-python.html")
    assert "requests" in its.ids and "POST /v1/chat/completions" in its.path.read_text()
    assert "cell.html" not in its.path.read_text()


def test_families_are_drawn_without_the_columns_under_suspicion(tmp_path: Path) -> None:
    index = render_snapshot(small_run(), tmp_path).read_text()
    assert index.count('<svg class="heat"') == 1
    assert "7 families, the hardest first: " in index
    assert 'href="static/overview.css"' in index
