"""A built wheel is whole: installed elsewhere, it runs the catalogue in an empty folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import uv

ROOT = Path(__file__).parents[1]
UV = uv.find_uv_bin()


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_installed_wheel_runs_the_catalogue_in_an_empty_folder(tmp_path: Path) -> None:
    source, empty = tmp_path / "source", tmp_path / "empty"
    source.mkdir()
    empty.mkdir()
    for name in ("harness", "specs", "cassettes"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source / name)
    run(UV, "build", "--wheel", "--out-dir", tmp_path / "dist", cwd=source)
    (wheel,) = (tmp_path / "dist").glob("llm_stream_harness-*.whl")
    run(UV, "venv", "--python", sys.executable, tmp_path / "venv", cwd=empty)
    python = tmp_path / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--python", python, "-c", ROOT / "constraints.txt", wheel, cwd=empty)
    shutil.rmtree(source)
    harness = python.with_name("harness")
    said = run(harness, "replay", "--in-process", "--report", "report", cwd=empty)
    assert "reference" in said
    assert (empty / "report" / "index.html").is_file()
    assert (empty / "report" / "static" / "report.css").is_file()
    listed = run(harness, "systems", "list", cwd=empty)
    assert all(name in listed for name in ("reference", "openai-python", "anthropic-python"))
    thinks = "from harness.stack.thinking import thinking_facts; thinking_facts()"
    run(python, "-c", thinks, cwd=empty)
