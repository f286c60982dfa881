"""What a system says of itself is learnt once, and again when its adapter changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.systems.base import Description, SystemBroken
from harness.systems.descriptions import describe
from harness.systems.registry import resolve

ADAPTER = """
from pathlib import Path

from harness_kit import serve

with Path({log!r}).open("a") as log:
    log.write("started\\n")
serve(name="mine", version={version!r}, dialects=["openai-chat"], default_retries=2, run=print)
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "mine.py"


def said(adapter: Path, version: str) -> Description:
    adapter.write_text(ADAPTER.format(log=str(adapter.with_name("log")), version=version))
    answer = describe([resolve(str(adapter))])["mine"]
    assert isinstance(answer, Description)
    return answer


def test_it_is_started_once(adapter: Path) -> None:
    assert said(adapter, "1") == said(adapter, "1")
    assert adapter.with_name("log").read_text() == "started\n"


def test_a_change_is_seen(adapter: Path) -> None:
    assert (said(adapter, "1").version, said(adapter, "2").version) == ("1", "2")


def test_all_of_it_is_kept(adapter: Path) -> None:
    said(adapter, "1")
    assert said(adapter, "1").retries_by_default("openai-chat") == 2


def test_one_that_cannot_be_started_says_why(adapter: Path) -> None:
    adapter.write_text("raise SystemExit('no licence')")
    answer = describe([resolve(str(adapter))])["mine"]
    assert isinstance(answer, SystemBroken)
    assert "no licence" in str(answer)
