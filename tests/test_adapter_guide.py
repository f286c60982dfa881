"""The adapter in the guide works, and the guide tells the truth about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from harness.catalogue.models import FEATURES
from harness.runner.results import read_run

GUIDE = Path(__file__).parents[1] / "docs" / "adapters.md"
HARNESS = Path(sys.executable).with_name("harness")


def test_the_guides_adapter_passes_its_canary_and_swallows_cut_answers(tmp_path: Path) -> None:
    script = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert script is not None
    (tmp_path / "my_adapter.py").write_text(script[1])
    wanted = ["--scenario", "canary/plain-text", "--scenario", "disconnects/clean-end-before-stop-reason"]
    command = [HARNESS, "replay", "--system", "my_adapter.py", *wanted, "--results", "r.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    verdicts = {result.scenario: result for result in read_run(tmp_path / "r.jsonl").results}
    assert verdicts["canary/plain-text"].verdict == "pass"
    cut = verdicts["disconnects/clean-end-before-stop-reason"]
    assert (cut.verdict, cut.silent, cut.system) == ("fail", True, "my-client")


def test_the_guide_lists_every_feature() -> None:
    text = GUIDE.read_text()
    assert not [feature for feature in FEATURES if f"`{feature}`" not in text]
