"""The adapters in the guide work, and the guide tells the truth about them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.catalogue.models import FEATURES
from harness.runner.results import Result, read_run
from harness.systems.gateway_manifest import GatewayManifest
from harness.systems.manifest import load_manifest

GUIDE = Path(__file__).parents[1] / "docs" / "adapters.md"
HARNESS = Path(sys.executable).with_name("harness")


def example(language: str) -> str:
    """The guide's whole example in that language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def verdicts(folder: Path, system: str, *scenarios: str) -> dict[str, Result]:
    wanted = [word for scenario in scenarios for word in ("--scenario", scenario)]
    command = [HARNESS, "replay", "--system", system, *wanted, "--results", "r.jsonl"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    return {result.scenario: result for result in read_run(folder / "r.jsonl").results}


CUT = "disconnects/clean-end-before-stop-reason"


def test_the_python_adapter_passes_its_canary_and_swallows_cut_answers(tmp_path: Path) -> None:
    (tmp_path / "my_adapter.py").write_text(example("python"))
    seen = verdicts(tmp_path, "my_adapter.py", "canary/plain-text", CUT)
    assert seen["canary/plain-text"].verdict == "pass"
    assert (seen[CUT].verdict, seen[CUT].silent, seen[CUT].system) == ("fail", True, "my-client")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_the_javascript_adapter_passes_its_canary_and_swallows_cut_answers(tmp_path: Path) -> None:
    (tmp_path / "my_adapter.mjs").write_text(example("js"))
    seen = verdicts(tmp_path, "my_adapter.mjs", "canary/plain-text", CUT)
    assert seen["canary/plain-text"].verdict == "pass"
    assert (seen[CUT].verdict, seen[CUT].silent, seen[CUT].system) == ("fail", True, "my-js-client")


@pytest.mark.skipif(shutil.which("perl") is None, reason="there is no Perl")
def test_the_perl_adapter_notices_cut_answers_and_cannot_put_lines_together(tmp_path: Path) -> None:
    (tmp_path / "perl_client.pl").write_text(example("perl"))
    (tmp_path / "perl_client.yaml").write_text(example("yaml"))
    lines = "framing/data-over-several-lines"
    seen = verdicts(tmp_path, "perl_client.yaml", "canary/plain-text", "canary/refused-key", CUT, lines)
    assert {name for name, result in seen.items() if result.verdict == "fail"} == {lines}
    assert len(seen) == 4
    assert {result.system for result in seen.values()} == {"perl-client"}


def test_the_guide_lists_every_feature() -> None:
    text = GUIDE.read_text()
    assert not [feature for feature in FEATURES if f"`{feature}`" not in text]


def test_the_gateway_manifest_is_one(tmp_path: Path) -> None:
    path = tmp_path / "my_gateway.yaml"
    manifests = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    path.write_text(next(each for each in manifests if "kind: gateway" in each))
    manifest = load_manifest(path)
    assert isinstance(manifest, GatewayManifest)
    assert (manifest.upstream, [*manifest.serves], manifest.cases_at_once) == ("openai-chat", ["anthropic-messages"], 4)
