"""A user's own project and its pipeline, in a copy: it passes as it is, and stops at a regression with its reason.

The pipeline is a shell script that calls programs; nothing of this checkout but the installed package is in its reach.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

SAMPLE = Path(__file__).parent / "sample_project"
BIN = Path(sys.executable).parent
WHOLE_LINES = "waiting + read)"
EACH_READ_BY_ITSELF = 'waiting + read.decode("utf-8", "replace").encode())'
UNCHECKED_END = "            yield from pieces(json.loads(data))\n"
CHECKED_END = """\
            for piece in pieces(json.loads(data)):
                finished = finished or isinstance(piece, Finish)
                yield piece
        if not finished:
            raise ConnectionError("the answer was cut off before its stop reason")
"""


@dataclass(frozen=True)
class Pipeline:
    """What one run of the pipeline did, and the files that it left."""

    status: int
    said: str
    build: Path

    def failures(self, name: str) -> dict[str, str]:
        """What a JUnit file calls a failure: the case, and the message."""
        cases = ElementTree.parse(self.build / name).iter("testcase")
        found = ((case.get("name", ""), case.find("failure")) for case in cases)
        return {name: failure.get("message", "") for name, failure in found if failure is not None}


def run(project: Path, *arguments: str) -> Pipeline:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    environment = {**kept, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "ci.sh", *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=180
    )
    return Pipeline(done.returncode, done.stdout + done.stderr, project / "build")


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a baseline of what its client does."""
    project = tmp_path_factory.mktemp("user") / "pocket-chat"
    shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", "build", "baseline.jsonl"))
    said = run(project, "accept")
    assert said == Pipeline(0, "baseline.jsonl says how pocket-chat does now\n", project / "build")
    return project


@pytest.fixture
def changed(accepted: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """A copy of it with one change to its client."""

    def change(old: str, new: str) -> Path:
        project = tmp_path / "pocket-chat"
        shutil.copytree(accepted, project)
        client = project / "pocket_chat" / "client.py"
        code = client.read_text(encoding="utf-8")
        assert code.count(old) == 1
        client.write_text(code.replace(old, new), encoding="utf-8")
        return project

    return change


@pytest.fixture(scope="module")
def as_it_is(accepted: Path) -> Pipeline:
    return run(accepted)


def test_the_pipeline_passes_with_the_one_bug_that_was_accepted(as_it_is: Pipeline) -> None:
    assert as_it_is.status == 0, as_it_is.said
    assert "1 xfailed" in as_it_is.said
    assert "0 changes" in as_it_is.said


def test_the_accepted_bug_is_shown_but_is_no_failure_of_the_test_page(as_it_is: Pipeline) -> None:
    assert " 0 fail, 10 fail as known (" in as_it_is.said
    assert as_it_is.failures("conformance.xml") == {}
    assert as_it_is.failures("tests.xml") == {}
    skipped = ElementTree.parse(as_it_is.build / "conformance.xml").getroot().iter("skipped")
    reasons = [each.get("message", "") for each in skipped]
    assert sum(reason.startswith("known failure: it failed in the baseline of ") for reason in reasons) == 10


def test_it_leaves_a_report_a_summary_and_results(as_it_is: Pipeline) -> None:
    assert (as_it_is.build / "report" / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (as_it_is.build / "summary.md").read_text(encoding="utf-8").startswith("## LLM streaming compatibility")
    lines = [json.loads(line) for line in (as_it_is.build / "tests.jsonl").read_bytes().splitlines()]
    assert {line["system"] for line in lines if line.get("record") == "result"} == {"pocket-chat"}


def test_a_regression_stops_it_with_a_reason_that_can_be_read(changed: Callable[[str, str], Path]) -> None:
    ran = run(changed(WHOLE_LINES, EACH_READ_BY_ITSELF))
    assert ran.status == 1, ran.said
    _, _, against = ran.said.partition("against the baseline:")
    assert "passed before, and fails now: 2\n" in against
    assert "pocket-chat 1.0.0 framing/cut-inside-utf8-character (openai-chat), must: pass → fail" in against
    assert "replacement characters (U+FFFD) stand for characters that were sent" in ran.said
    assert "pytest 'tests/test_client.py::test_the_client_reads_every_framing[framing/cut-inside-utf8-" in ran.said
    told = ran.failures("conformance.xml")
    assert {"framing/cut-inside-utf8-character", "framing/one-byte-per-chunk"} <= told.keys()
    assert not any(name.startswith("disconnects/") for name in told)
    assert all("replacement characters" in message for message in told.values())


def test_a_bug_that_is_mended_asks_for_its_mark_to_be_taken_away(changed: Callable[[str, str], Path]) -> None:
    project = changed(UNCHECKED_END, CHECKED_END)
    client = project / "pocket_chat" / "client.py"
    code = client.read_text(encoding="utf-8")
    client.write_text(
        code.replace("        for data in events(", "        finished = False\n        for data in events(")
    )
    ran = run(project)
    assert ran.status == 1
    assert "[XPASS(strict)] known: nothing looks whether a stop reason came" in ran.said
    assert "failed before, and passes now: 6\n" in ran.said


def test_a_pipeline_without_the_harness_does_not_pass(accepted: Path) -> None:
    without = subprocess.run(
        ["/bin/sh", "ci.sh", "accept"], cwd=accepted, env={"PATH": ""}, capture_output=True, timeout=60
    )
    assert without.returncode == 1


def test_it_uses_only_what_is_public() -> None:
    imported = set()
    for path in SAMPLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names == {"harness_kit", "httpx", "pocket_chat", "pytest"}
