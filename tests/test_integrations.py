"""What others' tools read at the top of the project: GitHub's action and pre-commit's hooks, run as those run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
CASSETTE = """\
version: 1
interactions:
- request: {method: POST, uri: 'https://api.example.invalid/v1/chat/completions', body: '{"stream": true}', headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream]}
    body:
      string: |+
        data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"SAID"},"finish_reason":"stop"}]}

        data: [DONE]

"""  # noqa: E501


def run_step(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One step of the action, as a runner's shell runs it."""
    [step] = [each for each in ACTION["runs"]["steps"] if each["name"] == name]
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "HOME": str(folder), **environment}
    assert set(step["env"]) <= given.keys() | {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(
        command, cwd=folder, env={**given, **files}, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_action_runs_a_system_and_leaves_its_report_and_a_summary(tmp_path: Path) -> None:
    ran = run_step(
        "replay", tmp_path, SYSTEMS="reference", ARGUMENTS="--family canary --in-process", BASELINE="", REPORT="out"
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "output").read_text() == "results=out/results.jsonl\n"
    assert (tmp_path / "summary.md").read_text().startswith("## LLM streaming compatibility: conformant")
    assert "<!doctype html>" in (tmp_path / "out" / "index.html").read_text()


def test_the_action_fails_with_the_run_and_still_tells_of_it(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import httpx\n"
        "from harness.events import End, Text\n"
        "from harness.systems.base import Description\n"
        "class System:\n"
        "    description = Description('broken', '1', 'python', ('ollama',))\n"
        "    async def run(self, case):\n"
        "        async with httpx.AsyncClient(transport=case.transport) as client:\n"
        "            await client.post(case.base_url + '/api/chat', json={'model': 'm', 'messages': "
        "case.request['messages']})\n"
        "        yield Text('something else')\n"
        "        yield End('completed')\n"
        "SYSTEM = System()\n"
    )
    ran = run_step(
        "replay",
        tmp_path,
        SYSTEMS="broken:SYSTEM",
        ARGUMENTS="--scenario canary/plain-text --in-process",
        BASELINE="",
        REPORT="out",
        PYTHONPATH=str(tmp_path),
    )
    assert ran.returncode == 1
    assert "::error title=" in ran.stdout
    assert "not conformant" in (tmp_path / "summary.md").read_text()


def test_every_input_of_the_action_is_used_and_described() -> None:
    [step] = [each for each in ACTION["runs"]["steps"] if each["name"] == "replay"]
    used = {found for value in step["env"].values() for found in re.findall(r"inputs\.(\w+)", value)}
    assert used == set(ACTION["inputs"])
    assert all(each["description"] for each in ACTION["inputs"].values())


def hooked(identity: str, files: list[Path]) -> int:
    """The status of a hook's command with those files, as pre-commit calls it."""
    [hook] = [each for each in HOOKS if each["id"] == identity]
    name, *words = shlex.split(hook["entry"])
    wanted = [str(file) for file in files if re.search(hook["files"], file.as_posix())]
    assert wanted
    return subprocess.run([BIN / name, *words, *wanted], capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize(
    ("said", "scrub", "lint"), [("Hello", 0, 0), ("sk-proj-" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ" * 2, 1, 0)]
)
def test_the_hooks_refuse_what_they_are_for(tmp_path: Path, said: str, scrub: int, lint: int) -> None:
    file = tmp_path / "cassettes" / "answer.yaml"
    file.parent.mkdir()
    file.write_text(CASSETTE.replace("SAID", said))
    assert (hooked("harness-scrub", [file]), hooked("harness-lint", [file])) == (scrub, lint)
    file.write_text(CASSETTE.replace("        data: [DONE]\n\n", ""))
    assert hooked("harness-lint", [file]) == 1
