"""Every command in the documentation is one that there is, and what a page has a reader start starts."""

from __future__ import annotations

import re
import shlex
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import click
import pytest
import typer

from harness.cli.main import app
from tests.cli.conftest import Harness, started, stdout_of

__all__ = ["started"]

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = sorted(path for path in DOCS.glob("*.md"))
COMMAND = re.compile(r"^(?:\$ )?(harness [a-z].*)$", re.MULTILINE)
BLOCK = re.compile(r"^```(.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    shown = [block for language, block in blocks if language in ("", "console")]
    return [line.partition("  #")[0].strip() for block in shown for line in COMMAND.findall(block)]


ALL = [(page.name, command) for page in GUIDES for command in commands(page)]


@pytest.mark.parametrize(("page", "command"), ALL, ids=[f"{page}: {command}" for page, command in ALL])
def test_every_command_of_the_guides_is_one_that_there_is(page: str, command: str) -> None:
    group: Any = typer.main.get_command(app)
    words = shlex.split(command)[1:]
    context = click.Context(group)
    while hasattr(group, "commands"):
        name, *words = words
        assert name in group.commands, f"{page}: there is no {name}"
        group = group.commands[name]
    parsed = group.make_context(group.name, words, parent=context)
    assert parsed.params.keys() >= {each.name for each in group.params if each.required}


def test_there_are_commands_in_every_guide_to_doing_something() -> None:
    having = {page for page, _ in ALL}
    assert {"adapters.md", "ci.md", "fuzzing.md", "gateway.md", "recording.md", "tutorial.md"} <= having
    assert len(ALL) >= 30


def test_the_draft_of_the_guide_to_adapters_passes_its_check(tmp_path: Path) -> None:
    harness = Harness(tmp_path)
    new, check = commands(DOCS / "adapters.md")[:2]
    assert (new, check) == (
        "harness systems new my-client --dialect openai-chat --package my-client==1.2.3",
        "harness systems check my_client.py",
    )
    harness.inside(*shlex.split(new)[1:])
    draft = tmp_path / "my_client.py"
    assert '"my-client==1.2.3"' in draft.read_text(encoding="utf-8")
    draft.unlink()
    harness.inside(*shlex.split(new.partition(" --package")[0])[1:])
    assert harness(*shlex.split(check)[1:]).status == 0


def test_the_gateway_of_its_guide_starts_and_answers(started: Callable[..., Popen[bytes]]) -> None:
    [command] = commands(DOCS / "gateway.md")
    words = shlex.split(command)[1:]
    words[words.index("--listen") + 1] = "127.0.0.1:0"
    process = started(*words)
    address = re.findall(r"http://127\.0\.0\.1:\d+", stdout_of(process).readline().decode())[0]
    for path in ("/health", "/v1/models", "/v1beta/models", "/api/tags"):
        with urllib.request.urlopen(address + path, timeout=20) as answer:
            assert answer.status == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
