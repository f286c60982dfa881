"""`harness systems`: what comes with the harness, what is installed of it, and the first draft of an adapter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.runner.results import read_run
from harness.systems.scaffold import FORMS
from tests.cli.conftest import MINIATURES, Harness

NOTHING_TO_INSTALL = "# /// script\n# dependencies = []\n# ///\n"
NODE = ("node", "node", "my_client.mjs")
TOO_NEW = '# /// script\n# requires-python = ">=9"\n# dependencies = []\n# ///\n'


def test_the_list_says_what_is_installed(harness: Harness, tmp_path: Path) -> None:
    ran = harness("systems", "list", env={"HARNESS_CACHE": str(tmp_path)})
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line and not line.startswith(" ")}
    assert rows["reference"].split(maxsplit=3)[2:] == [
        "installed",
        "anthropic-messages, gemini, ollama, openai-chat, openai-responses",
    ]
    assert rows["openai-python"].split(maxsplit=2)[2].strip() == "not installed"
    assert "are not installed: harness systems install NAME…, or --all" in ran.out


def test_the_list_says_what_a_system_claims(harness: Harness, tmp_path: Path) -> None:
    said = json.loads(harness("systems", "list", "--json", env={"HARNESS_CACHE": str(tmp_path)}).out)
    rows = {row["name"]: row for row in said["systems"]}
    assert list(rows) == sorted(rows)
    assert rows["reference"]["features"]["gemini"] == sorted(rows["reference"]["features"]["ollama"])
    assert (rows["openai-python"]["installed"], rows["openai-python"]["version"]) == (False, None)


def test_the_list_says_what_cannot_be_had_and_why(harness: Harness, tmp_path: Path) -> None:
    said = json.loads(harness("systems", "list", "--json", env={"HARNESS_CACHE": str(tmp_path)}).out)
    reasons = {entry["name"]: entry["reason"] for entry in said["unavailable"]}
    assert "registry of crates" in reasons["gestura-core"]
    assert not set(reasons) & {row["name"] for row in said["systems"]}


def test_environments_are_built_once_and_survive(harness: Harness, tmp_path: Path) -> None:
    script = harness.write("mine.py", NOTHING_TO_INSTALL + (MINIATURES / "waits_for_ever.py").read_text())
    cache = {"HARNESS_CACHE": str(tmp_path / "cache")}
    assert harness("systems", "install", script, env=cache).out.startswith("mine ")
    [built] = (tmp_path / "cache" / "environments").glob("*/bin/python")
    before = built.lstat()
    assert "installed" in harness("systems", "install", script, env=cache).out
    assert built.lstat() == before


def test_one_that_cannot_be_built_leaves_the_others(harness: Harness, tmp_path: Path) -> None:
    good = harness.write("good.py", NOTHING_TO_INSTALL)
    bad = harness.write("bad.py", TOO_NEW)
    ran = harness("systems", "install", bad, good, env={"HARNESS_CACHE": str(tmp_path / "cache")}, status=3)
    assert ran.out.startswith("good ")
    assert "Python >=9" in ran.err
    assert "1 of 2 systems could not be installed" in ran.err


@pytest.mark.parametrize("arguments", [(), ("openai-python", "--all")])
def test_install_wants_names_or_all(harness: Harness, arguments: tuple[str, ...]) -> None:
    assert harness("systems", "install", *arguments, status=2).error == "name the systems to install, or give --all"


def test_an_unknown_system_is_named(harness: Harness) -> None:
    assert "did you mean openai-python" in harness("systems", "install", "openai-pyton", status=2).error
    assert "did you mean openai-python" in harness("systems", "check", "openai-pyton", status=2).error


@pytest.mark.parametrize("dialect", FORMS)
@pytest.mark.parametrize(("language", "program", "file"), [("python", "python3", "my_client.py"), NODE])
def test_a_draft_passes_the_canaries_as_it_stands(
    harness: Harness, tmp_path: Path, dialect: str, language: str, program: str, file: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    said = harness("systems", "new", "my-client", "--dialect", dialect, "--language", language).out
    assert said.startswith(f"{file}\n")
    harness("replay", "--system", file, "--family", "canary", "--results", "r.jsonl")
    verdicts = {result.scenario: result.verdict for result in read_run(tmp_path / "r.jsonl").results}
    assert verdicts.pop("canary/reasoning") == "unsupported"
    assert set(verdicts.values()) == {"pass"}
    assert len(verdicts) == 3


def test_a_draft_asks_for_its_package(harness: Harness, tmp_path: Path) -> None:
    harness("systems", "new", "my-client", "--package", "my-client==1.2.3", "--folder", "adapters")
    assert '# dependencies = ["my-client==1.2.3"]' in (tmp_path / "adapters" / "my_client.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Mine!"], "not 'Mine!'"),
        (["mine", "--dialect", "gemini"], "there is no draft for gemini; there is one for openai-chat"),
        (["mine", "--language", "cobol"], "there is no draft in cobol"),
        (["mine", "--language", "node", "--package", "x"], "stand in the package.json beside it"),
    ],
)
def test_what_cannot_be_drafted(harness: Harness, arguments: list[str], said: str) -> None:
    assert said in harness("systems", "new", *arguments, status=2).error


def test_a_draft_never_replaces_a_file(harness: Harness, tmp_path: Path) -> None:
    harness.write("mine.py", "precious")
    assert "mine.py exists" in harness("systems", "new", "mine", status=2).error
    assert (tmp_path / "mine.py").read_text() == "precious"
