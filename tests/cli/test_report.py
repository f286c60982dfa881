"""`harness report`: every view of a results file, whole or not, and what cannot be read is named."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Harness


@pytest.fixture
def results(harness: Harness) -> bytes:
    """The results of the reference's canaries, also in `r.jsonl`."""
    harness.inside("replay", "-f", "canary", "-d", "gemini", "--in-process", "--quiet", "--results", "r.jsonl")
    return (harness.folder / "r.jsonl").read_bytes()


@pytest.mark.usefixtures("results")
def test_every_view_at_once(harness: Harness) -> None:
    ran = harness("report", "r.jsonl", "--html", "out/html", "--junit", "out/x/j.xml", "--markdown", "out/y/m.md")
    assert (ran.out, ran.err) == ("report: out/html/index.html\n", "")
    assert "reference" in (harness.folder / "out/html/index.html").read_text()
    suites = ElementTree.parse(harness.folder / "out/x/j.xml").getroot()
    assert {"canary/plain-text", "canary/tool-call"} <= {case.get("name") for case in suites.iter("testcase")}
    assert "`reference 0.1.0`" in (harness.folder / "out/y/m.md").read_text()


@pytest.mark.usefixtures("results")
def test_without_a_view_it_says_what_replay_said(harness: Harness) -> None:
    said = harness.inside("replay", "-f", "canary", "-d", "gemini", "--in-process").out
    assert harness.inside("report", "r.jsonl").out == said


def test_a_run_that_broke_off_is_said_in_every_view(harness: Harness, results: bytes) -> None:
    harness.write("r.jsonl", results.rpartition(b'{"record":"footer"')[0])
    assert "not whole: the run did not come to its end" in harness.inside("report", "r.jsonl").out
    harness.inside("report", "r.jsonl", "--html", "html", "--junit", "j.xml", "--markdown", "m.md")
    assert "results may be missing" in (harness.folder / "m.md").read_text()
    assert "did not come to its end" in (harness.folder / "html/index.html").read_text()


def test_a_stopped_run_is_said_too(harness: Harness, results: bytes) -> None:
    harness.write("r.jsonl", results.replace(b'"interrupted":false', b'"interrupted":true'))
    assert "not whole: the run did not come to its end" in harness.inside("report", "r.jsonl").out


def test_two_runs_share_one_report(harness: Harness, results: bytes) -> None:
    harness.write("s.jsonl", results.replace(b'"0.1.0"', b'"0.2.0"'))
    harness.inside("report", "r.jsonl", "s.jsonl", "--html", "html")
    page = (harness.folder / "html/index.html").read_text()
    assert "0.1.0" in page and "0.2.0" in page


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "r.jsonl: line 1: a results file begins with a header line"),
        (b'{"record":"footer","results":0,"duration_s":0}\n', "r.jsonl: line 1: a results file begins with "),
        (b"data: {}\n", "r.jsonl: line 1: JSON is malformed"),
        (b"\x00\xff\xfe", "r.jsonl: line 1: "),
        (b'{"record":"verdict"}\n', "r.jsonl: line 1: Invalid value 'verdict'"),
    ],
)
def test_what_is_no_results_file_is_refused_with_its_line(harness: Harness, content: bytes, error: str) -> None:
    harness.write("r.jsonl", content)
    assert harness.inside("report", "r.jsonl", status=2).error.startswith(error)


def test_a_line_that_was_cut_is_named(harness: Harness, results: bytes) -> None:
    first, second, _ = results.split(b"\n", 2)
    harness.write("r.jsonl", first + b"\n" + second[:500])
    assert harness("report", "r.jsonl", status=2).error == "r.jsonl: line 2: Input data was truncated"


def test_files_that_cannot_be_are_named(harness: Harness, results: bytes) -> None:
    assert harness.inside("report", "gone.jsonl", status=2).error == "gone.jsonl: No such file or directory"
    for view in ("--html", "--junit", "--markdown", "--history"):
        assert harness.inside("report", "r.jsonl", view, "r.jsonl/x", status=2).error.startswith("r.jsonl")


@pytest.mark.usefixtures("results")
def test_a_table_alerts_and_badges(harness: Harness) -> None:
    ran = harness("report", "r.jsonl", "--csv", "out/t.csv", "--sarif", "out/s.sarif", "--badges", "out/badges")
    assert (ran.out, ran.err) == ("", "")
    assert (harness.folder / "out/t.csv").read_text().count("\nreference,0.1.0,gemini,") == 4
    assert json.loads((harness.folder / "out/s.sarif").read_text())["version"] == "2.1.0"
    badge = json.loads((harness.folder / "out/badges/reference.json").read_text())
    assert (badge["label"], badge["color"]) == ("reference", "brightgreen")
    assert ElementTree.parse(harness.folder / "out/badges/reference.svg").getroot().tag.endswith("svg")


def test_github_gets_annotations_and_a_summary(harness: Harness, results: bytes) -> None:
    failed = results.replace(b'"verdict":"pass"', b'"verdict":"fail"', 1)
    harness.write("r.jsonl", failed)
    summary = harness.write("summary.md", "before\n")
    told = harness("report", "r.jsonl", "--github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert told.out.startswith("::error title=must failure%3A reference in gemini::canary/")
    assert summary.read_text().startswith("before\n## LLM streaming compatibility: 1 case not conformant")


def test_the_schema_of_results_files_is_printed(harness: Harness) -> None:
    assert json.loads(harness.inside("report", "--schema").out)["title"] == "One line of a results file"


def test_without_a_results_file_there_is_nothing_to_report(harness: Harness) -> None:
    error = harness.inside("report", status=2).error
    assert error == "name a results file, such as `harness replay --results FILE` writes"


def test_shards_are_one_run_in_every_view(harness: Harness) -> None:
    for part in ("1/2", "2/2"):
        harness.inside(
            "replay", "-f", "canary", "-d", "gemini", "--in-process", "--quiet", "--shard", part, "--results", part[0]
        )
    told = harness.inside("report", "1", "2", "--csv", "t.csv", "--junit", "j.xml", "--html", "html")
    assert (told.out, told.err) == ("report: html/index.html\n", "")
    assert (harness.folder / "t.csv").read_text().count("\nreference,") == 4
    cases = ElementTree.parse(harness.folder / "j.xml").getroot().iter("testcase")
    assert len({case.get("name") for case in cases}) == 4
    assert "Not whole" not in (harness.folder / "html/index.html").read_text()


def test_a_part_alone_is_said_to_be_a_part(harness: Harness) -> None:
    one = ("--shard", "1/2", "--results", "1.jsonl")
    harness.inside("replay", "-f", "canary", "-d", "gemini", "--in-process", "--quiet", *one)
    harness.inside("report", "1.jsonl", "--html", "html", "--markdown", "m.md")
    for page in ("html/index.html", "m.md"):
        assert "Not all parts of the run are here: 2/2 is missing." in (harness.folder / page).read_text()


def test_what_does_not_go_together_is_said(harness: Harness, results: bytes) -> None:
    harness.write("s.jsonl", results.replace(b'"0.1.0"', b'"0.2.0"'))
    told = harness.inside("report", "r.jsonl", "s.jsonl", "--csv", "t.csv").err
    assert "these are of different versions of the harness: 0.1.0, 0.2.0" in told
    assert "reference is there in different versions: 0.1.0, 0.2.0" in told


HISTORY = ("--history", "runs.sqlite", "--report", "report")


def failing(results: bytes, day: str) -> bytes:
    """The same run on another day of November, in which the first case fails."""
    header, _, rest = results.replace(b'"verdict":"pass"', b'"verdict":"fail"', 1).partition(b"\n")
    fields = json.loads(header) | {"started": f"2026-11-{day}T08:00:00+00:00"}
    return json.dumps(fields).encode() + b"\n" + rest


def test_a_history_says_what_changed_since_the_run_before(harness: Harness, results: bytes) -> None:
    harness.write("bad.jsonl", failing(results, "02"))
    first = harness.inside("report", "bad.jsonl", "--history", "h/runs.sqlite", "--csv", "t.csv")
    assert first.out == "history: h/runs.sqlite, added to it\n"
    told = harness.inside("report", "r.jsonl", "--history", "h/runs.sqlite").out
    assert told.startswith("history: h/runs.sqlite, added to it\n")
    assert "\n2026-11-02 08:00 UTC: harness 0.1.0, catalogue " in told
    assert "failed before, and passes now: 1" in told
    assert told.endswith("3 cases as before, 1 change\n")
    assert "had it already" in harness.inside("report", "r.jsonl", "--history", "h/runs.sqlite").out


def test_a_replay_may_keep_its_history_itself(harness: Harness, results: bytes) -> None:
    harness.write("bad.jsonl", failing(results, "02"))
    harness.inside("report", "bad.jsonl", "--history", "runs.sqlite", "--csv", "t.csv")
    told = harness.inside("replay", "-f", "canary", "-d", "gemini", "--in-process", *HISTORY)
    assert "history: runs.sqlite, added to it\n" in told.err
    overview = (harness.folder / "report" / "index.html").read_text()
    assert "2026-11-02 08:00 UTC" in overview
    assert "Nothing broke, 1 was fixed. 3 cases came out as before." in overview


def test_a_replay_whose_history_is_none_says_so_before_it_runs(harness: Harness) -> None:
    harness.write("runs.sqlite", "my notes, and no database\n" * 40)
    asked = ("replay", "--in-process", "--scenario", "canary/plain-text", "--results", "r.jsonl")
    error = harness.inside(*asked, *HISTORY, status=2).error
    assert error.startswith("runs.sqlite: no history of the harness, or a damaged one")
    assert not (harness.folder / "r.jsonl").exists()


def test_a_run_that_broke_off_is_not_added(harness: Harness, results: bytes) -> None:
    harness.write("r.jsonl", results.rpartition(b'{"record":"footer"')[0])
    told = harness.inside("report", "r.jsonl", "--history", "h.sqlite", "--csv", "t.csv")
    assert told.err.startswith("not added to h.sqlite: The run of ")
    assert told.out == ""


@pytest.mark.usefixtures("results")
def test_a_file_that_is_no_history_is_left_alone_and_named(harness: Harness) -> None:
    harness.write("h.sqlite", "my notes, and no database\n" * 40)
    error = harness.inside("report", "r.jsonl", "--history", "h.sqlite", status=2).error
    assert error.startswith("h.sqlite: no history of the harness, or a damaged one")
    assert (harness.folder / "h.sqlite").read_text().startswith("my notes")


def test_a_baseline_says_what_changed_since_it(harness: Harness, results: bytes) -> None:
    harness.write("bad.jsonl", failing(results, "30"))
    told = harness.inside("report", "bad.jsonl", "--baseline", "r.jsonl").out
    assert "passed before, and fails now: 1" in told
    assert (
        harness.inside("report", "r.jsonl", "--baseline", "gone", status=2).error == "gone: No such file or directory"
    )


@pytest.mark.usefixtures("results")
def test_the_report_is_opened_in_a_browser(harness: Harness) -> None:
    browser = harness.write("browser", '#!/bin/sh\nprintf %s "$1" > opened\n')
    browser.chmod(0o755)
    harness("report", "r.jsonl", "--html", "html", "--open", env={"BROWSER": f"{browser} %s"})
    assert (harness.folder / "opened").read_text() == (harness.folder / "html/index.html").resolve().as_uri()


def test_the_summary_for_a_pull_request_says_what_changed_since_the_baseline(harness: Harness, results: bytes) -> None:
    harness.write("bad.jsonl", failing(results, "30"))
    summary = harness.write("summary.md", "")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    harness("report", "bad.jsonl", "--baseline", "r.jsonl", "--markdown", "m.md", "--github", env=env)
    for file in ("m.md", "summary.md"):
        assert "UTC: 1 case broke\n" in (harness.folder / file).read_text()


@pytest.mark.usefixtures("results")
def test_what_lint_said_of_endpoints_has_pages(harness: Harness) -> None:
    harness.write("bad.sse", b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n')
    harness.write("lint.json", harness("lint", "bad.sse", "--json", status=1).out.encode())
    harness("report", "r.jsonl", "--html", "html", "--lint", "lint.json")
    assert "stream of unknown broke done-missing" in (harness.folder / "html/endpoints.html").read_text("utf-8")
    ran = harness("report", "r.jsonl", "--html", "html", "--lint", "r.jsonl", status=2)
    assert ran.error.startswith("r.jsonl: ")
    assert ran.error.endswith("; `harness lint FILES --json` writes such a file")
