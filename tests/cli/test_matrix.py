"""`harness matrix` as its users run it: whoever is installed runs, and nobody's breakdown stops the others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.report.site.packs import unpack
from harness.runner.results import Run, read_run
from tests.cli.conftest import MINIATURES, SCENARIO, Harness, Ran, the_result

PLAIN = ["--scenario", "canary/plain-text", "--dialect", "openai-chat"]
SHORT = SCENARIO + "deadline_s: 6\n"
MARKS = "# Mine\n<!-- matrix:begin -->\n<!-- matrix:end -->\n"
MAYBE = """\
import random
from harness_kit import Finish, Text, serve
import httpx

def run(case):
    with open({counter!r}, "a+") as file:
        file.write("x")
        file.seek(0)
        turn = len(file.read())
    httpx.post(f"{{case.base_url}}/v1/chat/completions", headers={{"authorization": f"Bearer {{case.api_key}}"}},
               json={{"model": "m", "messages": [{{"role": "user", "content": "Hi"}}], "stream": True}})
    yield Text("Hello" if turn != 2 else "Hell")
    yield Finish("stop")

serve(name="maybe", version="1", dialects=["openai-chat"], run=run)
"""


def matrix(harness: Harness, *arguments: str | Path, status: int) -> tuple[Ran, Run]:
    ran = harness("matrix", *arguments, "--results", "r.jsonl", status=status)
    return ran, read_run(harness.folder / "r.jsonl")


def systems(*names: str) -> list[str | Path]:
    return [word for name in names for word in ("--system", MINIATURES / f"{name}.py")]


@pytest.fixture
def own(harness: Harness) -> list[str]:
    """A catalogue of two short scenarios, of which one is a canary."""
    harness.write("own/canary/word.yaml", SHORT)
    harness.write("own/greetings/word.yaml", SHORT)
    return ["--catalogue", "own", "--dialect", "openai-chat"]


def test_a_system_that_crashes_hangs_or_does_not_start_costs_the_others_nothing(
    harness: Harness, own: list[str]
) -> None:
    broken = systems("dies_at_start", "dies_in_case", "prints_garbage", "waits_for_ever")
    ran, run = matrix(harness, *broken, "--system", "reference", *own, "--systems-at-once", "1", status=1)
    assert run.footer is not None and not run.footer.interrupted
    verdicts = {(each.system, each.scenario): each.verdict for each in run.results}
    assert verdicts == {
        ("dies_at_start", "canary/word"): "error",
        ("prints_garbage", "canary/word"): "error",
        ("dies-in-case", "canary/word"): "error",
        ("dies-in-case", "greetings/word"): "error",
        ("waits-for-ever", "canary/word"): "fail",
        ("waits-for-ever", "greetings/word"): "fail",
        ("reference", "canary/word"): "pass",
        ("reference", "greetings/word"): "pass",
    }
    trusted, _, suspects = ran.out.partition(
        "A canary did not pass: of these the adapter or the harness is suspected first, and not the system\n"
    )
    table = trusted.partition("\nsystem ")[2]
    assert "reference" in table and "waits-for-ever" not in table
    assert "dies_at_start" in suspects and "dies-in-case" in suspects and "waits-for-ever" in suspects


NEEDS_MORE = """\
# /// script
# dependencies = ["six==1.17.0"]
# ///
from harness_kit import serve
serve(name="needs-more", version="1", dialects=["openai-chat"], run=None)
"""


def test_a_system_that_is_not_installed_is_left_out_and_nothing_is_installed_for_it(harness: Harness) -> None:
    script = harness.write("needs_more.py", NEEDS_MORE)
    cache = harness.folder / "cache"
    arguments = ["--system", script, "--system", "reference", *PLAIN, "--results", "r.jsonl"]
    ran = harness("matrix", *arguments, env={"HARNESS_CACHE": str(cache)})
    assert f"left out: 1 system\n  {script}: it is not installed: harness systems install {script}\n" in ran.out
    run = read_run(harness.folder / "r.jsonl")
    assert {each.system for each in run.results} == {"reference"}
    assert run.header.left_out == {str(script): f"it is not installed: harness systems install {script}"}
    assert not (cache / "environments").exists()


def test_a_gateway_that_cannot_be_started_stops_nobody_else(harness: Harness) -> None:
    gateway = harness.write("gate.yaml", "{kind: gateway, command: [x], upstream: openai-chat, serves: [openai-chat]}")
    ran, _ = matrix(harness, "--system", gateway, "--system", "reference", *PLAIN, status=3)
    assert "gate could not be started: gate: it could not be started: x: No such file or directory" in ran.err
    assert re.search(r"reference +\S+ +openai-chat +1 +0 ", ran.out)


def test_without_anybody_there_is_nothing_to_run(harness: Harness) -> None:
    ran = harness.inside("matrix", "--system", "reference", "--except", "ref*", *PLAIN, status=2)
    assert ran.error == "nothing to run: reference: --except names it"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--system", "refrence"], "unknown system 'refrence'; did you mean reference?"),
        (["--except", "nobody"], "--except nobody fits no system of this run"),
        (["--system", "reference", "--family", "nonsense"], ""),
        (["--system", "reference", "--catalogue", "nowhere"], ""),
    ],
)
def test_a_wrong_call_is_refused(harness: Harness, arguments: list[str], error: str) -> None:
    assert harness.inside("matrix", *arguments, status=2).error.startswith(error)


def test_a_verdict_that_flips_is_named_and_fails_the_run(harness: Harness, own: list[str]) -> None:
    script = harness.write("maybe.py", MAYBE.format(counter=str(harness.folder / "turns")))
    arguments = ["--system", script, *own, "--family", "greetings", "--repeat", "3"]
    ran, first = matrix(harness, *arguments, status=1)
    assert the_result(first, "maybe").verdict == "pass"
    assert the_result(read_run(harness.folder / "r-2.jsonl"), "maybe").verdict == "fail"
    assert the_result(read_run(harness.folder / "r-3.jsonl"), "maybe").verdict == "pass"
    fine, lost = "pass (content pass, ending pass)", "fail (content fail, ending pass: loss)"
    assert f"3 runs: 1 verdict flipped\n  maybe greetings/word (openai-chat): {fine}, {lost}, {fine}\n" in ran.out
    assert f"    harness replay --system {script} --scenario greetings/word" in ran.out


def test_what_is_known_to_be_flaky_may_flip(harness: Harness, own: list[str]) -> None:
    script = harness.write("maybe.py", MAYBE.format(counter=str(harness.folder / "turns")))
    entry = "{scenarios: [greetings/*], reason: It answers every other time., until: 2999-01-31}"
    harness.write("known.yaml", f"systems: {{maybe: {{flaky: [{entry}]}}}}\n")
    arguments = ["--system", script, *own, "--family", "greetings", "--repeat", "3", "--known", "known.yaml"]
    ran, _ = matrix(harness, *arguments, status=0)
    assert "3 runs: 1 verdict flipped\n" in ran.out
    assert "\n    known to be flaky: It answers every other time.\n" in ran.out


def test_verdicts_that_stay_are_said_to(harness: Harness) -> None:
    ran, _ = matrix(harness, "--system", "reference", *PLAIN, "--repeat", "2", status=0)
    assert "2 runs: no verdicts flipped\n" in ran.out


def test_the_snapshot_and_the_table_are_written(harness: Harness) -> None:
    readme = harness.write("README.md", MARKS)
    options = ["--snapshot", "pages", "--readme", readme, "--quiet"]
    ran = harness("matrix", "--system", "reference", *PLAIN, *options)
    assert (ran.out, ran.err) == ("", "")
    pages = harness.folder / "pages"
    assert "1 system" in (pages / "index.html").read_text()
    assert (pages / "systems" / "reference.html").is_file()
    [column] = json.loads((pages / "verdicts.json").read_text())["columns"]
    assert (column["system"], column["dialect"], column["content"]) == ("reference", "openai-chat", "p")
    table = readme.read_text().splitlines()
    assert table[:2] == ["# Mine", "<!-- matrix:begin -->"]
    assert table[4].startswith("| `reference ")


def test_a_file_without_a_place_for_the_table_is_refused_before_anything_runs(harness: Harness) -> None:
    readme = harness.write("README.md", "# Mine\n")
    ran = harness.inside("matrix", "--system", "reference", *PLAIN, "--readme", "README.md", status=2)
    assert "README.md has no <!-- matrix:begin -->" in ran.error
    assert readme.read_text() == "# Mine\n"


def test_it_says_whether_systems_are_cut_off_from_the_network(harness: Harness) -> None:
    ran, _ = matrix(harness, *systems("swallows_cuts"), *PLAIN, status=0)
    assert ran.err.startswith(("systems run where they can reach nothing but", "systems are not cut off from the"))


def test_as_json_it_prints_the_results_file(harness: Harness) -> None:
    ran, run = matrix(harness, "--system", "reference", *PLAIN, "--json", status=0)
    assert ran.out == (harness.folder / "r.jsonl").read_text()
    assert len(run.results) == 1


def test_the_report_has_the_evidence_though_the_memory_does_not(harness: Harness) -> None:
    harness("matrix", "--system", "reference", *PLAIN, "--report", "report", "--quiet")
    [packed] = (harness.folder / "report" / "cells").iterdir()
    [cell] = unpack(packed.read_text())[1].values()
    assert "Wire log" in cell
