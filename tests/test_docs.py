"""The documentation is true: its tutorial goes as it says, its reference is that of the code, and its site is built."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from harness.catalogue.loader import load_catalogue
from harness.systems.known_files import load_known_file
from tests.cli.conftest import Harness

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BIN = Path(sys.executable).parent
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


STEP = re.compile(
    r'```python title="(?P<file>[\w.]+)"\n(?P<code>.*?)```|^\$ (?P<command>.*?)$', re.DOTALL | re.MULTILINE
)


def carry_out(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    name, *words = shlex.split(command)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        [BIN / name, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """The tutorial from top to bottom: files are written and commands run in the order of the page."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -p no:randomly\n")
    done = {}
    for step in STEP.finditer(TUTORIAL):
        if step["file"]:
            (folder / step["file"]).write_text(step["code"], encoding="utf-8")
        elif not step["command"].startswith("pip "):
            done[step["command"]] = carry_out(folder, step["command"])
    return done


def test_the_tutorial_finds_nine_bugs_and_mends_them(walked: dict[str, subprocess.CompletedProcess[str]]) -> None:
    before, after = (walked[f"pytest -q --harness-results {name}.jsonl"] for name in ("before", "after"))
    assert "9 failed, 13 passed" in before.stdout
    quoted = TUTORIAL.partition("```text\n")[2].partition("```")[0].splitlines()
    said = [line.partition(" … ")[0] for line in quoted if not line.startswith(("attempt", "  byte 0"))]
    assert len(said) == 7
    assert [line for line in said if line not in before.stdout] == []
    assert "22 passed" in after.stdout


def test_the_tutorial_s_other_commands_do_what_they_say(walked: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert walked["harness report before.jsonl --html report"].stdout == "report: report/index.html\n"
    assert "failed before, and passes now: 9" in walked["harness compare before.jsonl after.jsonl"].stdout


def test_the_reference_is_the_code_s(tmp_path: Path) -> None:
    subprocess.run([sys.executable, DOCS / "make_reference.py", tmp_path], check=True, timeout=60)
    written, said = (
        {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
        for folder in (DOCS / "reference", tmp_path)
    )
    assert written.keys() == said.keys()
    assert [name for name in said if said[name] != written[name]] == [], "python docs/make_reference.py writes it anew"


def test_every_command_of_the_guide_to_ci_runs(harness: Harness) -> None:
    guide = (DOCS / "ci.md").read_text(encoding="utf-8")
    (harness.folder / "cassettes").symlink_to(ROOT / "cassettes" / "llama-cpp")
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        harness.inside(*shlex.split(command), status=1 if command.startswith("lint") else 0)


def test_the_list_of_the_guide_to_known_failures_is_one_and_its_commands_take_it(harness: Harness) -> None:
    guide = (DOCS / "known.md").read_text(encoding="utf-8")
    [(name, text)] = re.findall(r'```yaml title="([\w.]+)"\n(.*?)```', guide, re.DOTALL)
    listed = load_known_file(harness.write(name, text)).systems["my-client"].failures
    assert [each.scenarios[-1] for each in listed] == ["rate-limits/retry-after-*", "fuzz/cuts/*", "disconnects/slow-*"]
    assert [each.flaky for each in listed] == [False, False, True]
    patterns = [each for entry in listed for each in (*entry.scenarios, *(entry.streams or ()))]
    ids = [scenario.id for scenario in load_catalogue()]
    assert [each for each in patterns if not each.startswith("fuzz/") and not fnmatch.filter(ids, each)] == []
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert harness.inside(*shlex.split(command)).err == ""


def test_every_command_and_the_test_of_the_guide_to_fuzzing_run(harness: Harness) -> None:
    guide = (DOCS / "fuzzing.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        harness.inside(*shlex.split(command))
    assert "<!doctype html>" in (harness.folder / "report" / "index.html").read_text()
    [code] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    harness.write("test_cuts.py", code)
    ran = carry_out(harness.folder, "pytest -q -p no:cacheprovider test_cuts.py")
    assert "1 passed" in ran.stdout


def test_every_command_of_the_guide_to_linting_runs(harness: Harness) -> None:
    guide = (DOCS / "linting.md").read_text(encoding="utf-8")
    (harness.folder / "cassettes").symlink_to(ROOT / "cassettes" / "llama-cpp")
    [corrections] = re.findall(r'```yaml title="known.yaml"\n(.*?)```', guide, re.DOTALL)
    harness.write("known.yaml", corrections)
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        words, _, file = command.partition(" > ")
        ran = harness.inside(*shlex.split(words), status=1 if command.startswith("lint cassettes") else 0)
        if file:
            harness.write(file, ran.out)
    assert "<h1>Endpoints</h1>" in (harness.folder / "report" / "endpoints.html").read_text()


def test_every_command_of_the_guide_to_reports_runs(harness: Harness) -> None:
    guide = (DOCS / "report.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 9
    for command in commands:
        if command.startswith("report "):
            ran = harness(*shlex.split(command), env={"BROWSER": "true"})
            assert (ran.out.rpartition("report: ")[2], ran.err) == ("report/index.html\n", "")
        else:
            harness.inside(*shlex.split(command))
    page = (harness.folder / "report" / "index.html").read_text()
    assert "nothing broke." in page
    [query] = re.findall(r'^\$ sqlite3 history.sqlite "(.*)"$', guide, re.MULTILINE)
    with closing(sqlite3.connect(harness.folder / "history.sqlite")) as history:
        assert [silent for _, silent in history.execute(query)] == [0, 0]


def test_every_command_of_the_guide_to_readiness_runs(harness: Harness) -> None:
    guide = (DOCS / "readiness.md").read_text(encoding="utf-8")
    (harness.folder / "cassettes").symlink_to(ROOT / "cassettes" / "llama-cpp")
    commands = re.findall(r"^\$ harness (.*)$", guide, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        words, _, file = command.partition(" > ")
        ran = harness.inside(*shlex.split(words), status=1 if command.startswith("lint") else 0)
        if file:
            harness.write(file, ran.out)
    assert "<h1>Readiness</h1>" in (harness.folder / "report" / "readiness.html").read_text()


def test_the_site_is_built_and_fetches_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [BIN / "mkdocs", "build", "--quiet", "--strict", "--site-dir", tmp_path / "site"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "site" / "tutorial.html").read_text(encoding="utf-8")
    fetched = re.findall(
        r'<(?:script|img|iframe)[^>]*\ssrc="(\w+:)?//|<link[^>]*rel="(?:stylesheet|icon)"[^>]*href="//', page
    )
    assert fetched == []
    assert "fonts.g" not in page
