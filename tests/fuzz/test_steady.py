"""What a search draws does not depend on which modules are loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from harness.fuzz.steady import steady_draws


def drawn() -> list[int]:
    """What a search over many integers asks for, by one seed."""
    seen: list[int] = []

    def note(value: int) -> bool:
        seen.append(value)
        return False

    quiet = settings(max_examples=400, database=None, phases=(Phase.generate,), deadline=None)
    with steady_draws(), pytest.raises(NoSuchExample):
        find(st.integers(0, 10**6), note, settings=quiet, random=Random(7))
    return seen


def test_a_module_that_was_loaded_in_between_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    source = tmp_path / "full_of_numbers.py"
    source.write_text(f"NUMBERS = {[7919 * n for n in range(20, 60)]}\n")
    module = ModuleType("full_of_numbers")
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, "full_of_numbers", module)
    assert drawn() == before
    assert len(set(before)) > 100
