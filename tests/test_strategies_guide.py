"""docs/strategies.md is true: its examples pass with a reader that is right, and find what is wrong with another."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from harness import decode
from tests.test_strategies import BODY, CutOff, read_hastily

GUIDE = Path(__file__).parents[1] / "docs" / "strategies.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
TESTS = [program for program in PROGRAMS if "def test_" in program]


def run(program: str, monkeypatch: pytest.MonkeyPatch, reader: Any) -> None:
    """Runs the test of a program whose client is that reader."""
    client = ModuleType("my_client")
    client.__dict__.update(BODY=BODY, BrokenAnswer=CutOff, read=reader)
    monkeypatch.setitem(sys.modules, "my_client", client)
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(program, str(GUIDE), "exec"), names)
    [test] = [value for name, value in names.items() if name.startswith("test_")]
    settings(max_examples=60, derandomize=True, database=None, deadline=None)(test)()


def careful(reads: list[bytes]) -> Any:
    """Our own decoder, in the clothes of a client."""
    transcript = decode("openai-chat", reads)
    if transcript.status != "completed":
        raise CutOff
    return transcript.text, [call.arguments for call in transcript.tool_calls]


@pytest.mark.parametrize("number", range(4))
def test_the_examples_of_the_guide_pass_with_a_careful_reader(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(TESTS) == 4
    run(TESTS[number], monkeypatch, careful)


@pytest.mark.parametrize("number", [0, 2, 3])
def test_they_fail_with_a_hasty_one(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((AssertionError, ValueError, BaseExceptionGroup)) as failed:
        run(TESTS[number], monkeypatch, read_hastily)
    assert failed.value


def test_what_the_guide_says_of_a_place_holds() -> None:
    [program] = [each for each in PROGRAMS if "describe(" in each]
    names: dict[str, Any] = {}
    exec(compile(program, str(GUIDE), "exec"), names)
    assert names["BODY"][16:18] == "é".encode()


def test_the_tests_of_the_guide_are_ten_lines_at_most() -> None:
    lines = [[line for line in program.splitlines() if line.strip()] for program in TESTS]
    assert max(map(len, lines)) <= 10
