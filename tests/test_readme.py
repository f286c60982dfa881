"""The README is true: its commands run, and its Python does what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import harness
from tests.systems.test_known import anchors

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "adapters.md").read_text()
HARNESS = Path(sys.executable).with_name("harness")
ANSWER = (
    'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
)


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


COMMANDS = [
    line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")
]


OWN_GATEWAY = Path(harness.__file__).parent / "systems" / "bundled" / "harness_gateway.yaml"

SERVERS = {"--port": "0", "--listen": "127.0.0.1:0"}
"""The options of commands that run until they are stopped, and how each is told to take any free port."""


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the README's commands speak of."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "my_adapter.py").write_text(blocks("python", GUIDE)[0])
    (folder / "my_gateway.yaml").write_text(OWN_GATEWAY.read_text())
    (folder / "answer.sse").write_text(ANSWER)
    imported = ["import", "answer.sse", "--dialect", "openai-chat", "--out", "cassettes"]
    subprocess.run([HARNESS, *imported], cwd=folder, check=True, timeout=60)
    made = ["replay", "--in-process", "--family", "canary", "--results", "results.jsonl", "--quiet"]
    subprocess.run([HARNESS, *made], cwd=folder, check=True, timeout=60)
    return folder


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("harness ")])
def test_each_command_runs(command: str, surroundings: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(surroundings, tmp_path / "here")
    words = shlex.split(command)
    is_server = bool(SERVERS.keys() & set(words))
    for option in SERVERS.keys() & set(words):
        words[words.index(option) + 1] = SERVERS[option]  # the port that the README names may be taken here
    running = subprocess.Popen(
        [HARNESS, *words[1:]], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if is_server:
        assert running.stdout is not None and "http://" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
    said, problem = running.communicate(timeout=120)
    # the guide's adapter is honest about its faults: a must fails
    assert running.returncode == (1 if "my_adapter.py" in words else 0), problem
    assert said or is_server or WRITTEN.keys() & set(words) or "--github" in words
    if "--json" in words:
        json.loads(said)
    for option, path in pairwise(words):
        if option in WRITTEN:
            WRITTEN[option](folder / path)


def is_page(folder: Path) -> None:
    assert "<!doctype html>" in (folder / "index.html").read_text()


def is_junit(path: Path) -> None:
    assert ElementTree.parse(path).getroot().tag == "testsuites"


def is_markdown(path: Path) -> None:
    assert path.read_text().startswith("## ")


def is_sarif(path: Path) -> None:
    assert json.loads(path.read_text())["version"] == "2.1.0"


def is_table(path: Path) -> None:
    assert path.read_text().startswith("system,version,")


def is_badges(folder: Path) -> None:
    assert (folder / "reference.svg").is_file()


WRITTEN = {
    "--report": is_page,
    "--html": is_page,
    "--junit": is_junit,
    "--markdown": is_markdown,
    "--sarif": is_sarif,
    "--csv": is_table,
    "--badges": is_badges,
}


def test_every_verb_is_shown() -> None:
    shown = {words[1] for words in map(shlex.split, COMMANDS) if words[0] == "harness"}
    listed = subprocess.run([HARNESS, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    verbs = re.findall(r"^  (\w+) ", listed.partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE)
    assert len(verbs) >= 6
    assert set(verbs) - shown <= {"systems"}


def test_the_make_targets_are_there() -> None:
    for command in COMMANDS:
        if command.startswith("make "):
            subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)
    assert {"make replay", "make test"} <= set(COMMANDS)


def test_the_files_that_it_speaks_of_are_there() -> None:
    paths = re.findall(r"`((?:docs|specs|harness|tests|cassettes)/[\w./-]+)`", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_findings_that_it_names_are_there() -> None:
    links = re.findall(r"\]\((docs/[\w/-]+\.md)#([\w-]+)\)", README)
    assert len(links) >= 10
    assert [link for link in links if link[1] not in anchors((ROOT / link[0]).read_text(encoding="utf-8"))] == []


def test_the_python_does_what_it_says() -> None:
    for code in blocks("python"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == ""
    assert done.stdout.startswith("Hi completed ")
