"""A built wheel is whole: installed elsewhere, it runs the catalogue and an adapter in an empty folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

from harness import __version__, load_catalogue

ROOT = Path(__file__).parents[1]
UV = uv.find_uv_bin()
DATA = ("specs", "cassettes")
ADAPTER = """\
from harness_kit import serve
serve(name="silent", version="1", dialects=["ollama"], run=lambda case: iter(()))
"""


def run(*command: str | Path, cwd: Path, status: int = 0) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A wheel built from a source distribution, in a copy of the checkout that is gone afterwards."""
    folder = tmp_path_factory.mktemp("packaging")
    source = folder / "source"
    for name in ("harness", *DATA):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source / name)
    run(UV, "build", "--quiet", "--out-dir", folder / "dist", cwd=source)
    shutil.rmtree(source)
    (built,) = (folder / "dist").glob(f"llm_stream_harness-{__version__}-*.whl")
    yield built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `harness` command of a fresh environment that holds nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, "-c", ROOT / "constraints.txt", wheel, cwd=folder)
    return python.with_name("harness")


def files(name: str) -> set[str]:
    """All files of the project below a folder, as paths in the checkout."""
    found = (path for path in (ROOT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_every_file_of_the_project_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    data = {f"harness/_data/{name}" for folder in DATA for name in files(folder)}
    assert inside == files("harness") | data
    for needed in ("report/templates/index.html", "report/static/report.css", "systems/kit/harness_kit/worker.py",
                   "systems/known/openai-python.yaml", "systems/bundled/openai_python.py"):  # fmt: skip
        assert f"harness/{needed}" in inside


def test_it_runs_its_own_catalogue_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "--version", cwd=tmp_path) == f"harness {__version__}\n"
    assert "reference" in run(installed, "replay", "--in-process", "--report", "report", cwd=tmp_path)
    assert (tmp_path / "report" / "index.html").is_file()
    assert (tmp_path / "report" / "static" / "report.css").is_file()
    said = json.loads(run(installed, "scenarios", "list", "--json", cwd=tmp_path))
    assert said["catalogue"] == load_catalogue().version
    thinks = "from harness.stack.thinking import thinking_facts; thinking_facts()"
    run(installed.with_name("python"), "-c", thinks, cwd=tmp_path)


def test_it_has_its_systems_and_drives_an_adapter(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, "systems", "list", cwd=tmp_path)
    assert all(name in listed for name in ("reference", "openai-python", "anthropic-python"))
    (tmp_path / "silent.py").write_text(ADAPTER)
    plain = ("--scenario", "canary/plain-text", "--system", "silent.py")
    assert "error: silent canary/plain-text (ollama)\n" in run(installed, "replay", *plain, cwd=tmp_path, status=3)
