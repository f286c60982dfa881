"""Others' clients read what real servers were recorded to say, and get what its golden transcripts have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.folders import data_folder
from harness.runner.results import read_run

HARNESS = Path(sys.executable).with_name("harness")


@pytest.mark.third_party
@pytest.mark.parametrize(
    ("system", "dialect"), [("openai-python", "openai-chat"), ("anthropic-python", "anthropic-messages")]
)
def test_a_vendors_client_reads_recorded_answers_as_they_were_reviewed(
    system: str, dialect: str, tmp_path: Path
) -> None:
    command: list[str | Path] = [HARNESS, "replay", "--system", system, "--cassette", str(data_folder("cassettes"))]
    wanted = ["--scenario", "cassette/llama-cpp/*", "--dialect", dialect, "--speed", "instant"]
    ran = subprocess.run(
        [*command, *wanted, "--results", str(tmp_path / "r.jsonl")], capture_output=True, text=True, check=False
    )
    results = read_run(tmp_path / "r.jsonl").results
    assert ran.returncode == 0, ran.stdout
    assert len(results) >= 5
    assert {result.verdict for result in results} <= {"pass", "unsupported"}
