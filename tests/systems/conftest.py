"""What the tests of systems share: small workers to drive, and the proof that none of them leaves a process behind."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.systems.base import Case
from harness.systems.process import Command

MINIATURES = Path(__file__).parent / "miniatures"
MARK = "HARNESS_TEST_MARK"


def processes_with(mark: str) -> list[int]:
    """The processes whose environment holds the mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def mark() -> Iterator[str]:
    """A word in the environment of everything that a test starts; none of it may be there once the test is over."""
    word = uuid.uuid4().hex
    yield word
    assert processes_with(word) == []


@pytest.fixture
def miniature(mark: str) -> Callable[..., Command]:
    """Makes the command of a miniature."""

    def make(name: str, *arguments: str) -> Command:
        return Command(name, (sys.executable, str(MINIATURES / f"{name}.py"), *arguments), {MARK: mark})

    return make


def case(text: str = "one two", name: str = "c1", **options: Any) -> Case:
    """A case whose only message is that text."""
    request = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}
    return Case(name, "anthropic-messages", "http://127.0.0.1:9", "sk-test", request, options)
