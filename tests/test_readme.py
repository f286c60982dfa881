"""The README is true: its commands run, and its Python does what it says."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "adapters.md").read_text()
CHOICE = '{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}'


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


COMMANDS = [
    line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")
]


def written(folder: Path) -> None:
    """The files that the README's commands speak of."""
    (folder / "my_adapter.py").write_text(blocks("python", GUIDE)[0])
    (folder / "answer.sse").write_text(f'data: {{"choices":[{CHOICE}]}}\n\n')
    made = ["replay", "--in-process", "--family", "canary", "--results", "results.jsonl", "--quiet"]
    subprocess.run([harness(), *made], cwd=folder, check=True, timeout=60)


def harness() -> Path:
    return Path(sys.executable).with_name("harness")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("harness ")])
def test_each_command_runs(command: str, tmp_path: Path) -> None:
    written(tmp_path)
    words = shlex.split(command)
    if words[1] == "serve":
        words[words.index("--port") + 1] = "0"  # the one that the README names may be taken here
    running = subprocess.Popen(
        [harness(), *words[1:]], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if words[1] == "serve":
        assert running.stdout is not None and "serving" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
    said, problem = running.communicate(timeout=120)
    assert running.returncode in ((0, 1) if "my_adapter.py" in command else (0,)), problem
    assert said or words[1] == "serve"


def test_the_make_targets_are_there() -> None:
    for command in COMMANDS:
        if command.startswith("make "):
            subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)
    assert {"make replay", "make test"} <= set(COMMANDS)


def test_the_python_does_what_it_says() -> None:
    (code,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("Hi completed ")
