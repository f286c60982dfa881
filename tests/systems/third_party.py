"""Runs a proof: a script that drives a plain third-party library, against a server of plain bytes.

The script runs in the environment that its PEP 723 block asks for, if that was built before (a run of the harness with
the system builds it) or if what the tests run in satisfies it; nothing is built here. It gets no kit, no secrets, a
HOME of its own, no way to any other host, and its whole process group ends with it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from harness.systems import node
from harness.systems.environment import Wanted, is_built, python_for, read_block
from harness.systems.registry import BUNDLED

from .proofs.situations import Situation, situation
from .raw_server import RawServer

PROOFS = Path(__file__).parent / "proofs"

LIMIT_S = 60.0
"""How long a script may take, unless its row says otherwise."""

NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there: what does not go to 127.0.0.1 is refused at once."""


@dataclass(frozen=True)
class Row:
    """One proof: a system's script, a situation, and what is printed. Read from `proofs/<system>.yaml`."""

    system: str
    name: str
    dialect: str
    situation: str
    prints: list[dict[str, Any]]
    requests: int | None = None
    """How many requests come; None: it is not what the row is about."""
    arguments: list[str] = field(default_factory=list)
    """What the script gets besides the base URL and the dialect."""
    limit_s: float = LIMIT_S
    hangs: bool = False
    """The script prints that and is still there after `limit_s`, because it waits for something that never comes."""

    @property
    def id(self) -> str:
        """As in the id of the test: `<system>/<name>`."""
        return f"{self.system}/{self.name}"


@dataclass(frozen=True)
class Shown:
    """What a script printed, how many requests came, and whether it had to be stopped."""

    lines: list[dict[str, Any]]
    requests: int
    stderr: str
    hung: bool = False


def all_rows() -> list[Row]:
    """The rows of every system."""
    return [row for path in sorted(PROOFS.glob("*.yaml")) for row in rows_of(path)]


def rows_of(path: Path) -> list[Row]:
    """The rows of one file; a wrong key raises TypeError."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Row(system=path.stem.replace("_", "-"), name=name, **row) for name, row in rows.items()]


def script_of(system: str) -> Path:
    """The proof script of a system, in Python or for Node."""
    stem = PROOFS / system.replace("-", "_")
    return next(path for path in (stem.with_suffix(".py"), stem.with_suffix(".mjs")) if path.is_file())


def show(row: Row) -> Shown:
    """Plays the row's situation to its script. Skips the test where the script's environment is not there."""
    script = script_of(row.system)
    return play(command_for(script), situation(row.situation, row.dialect), row)


def play(command: list[str], answers: Situation, row: Row) -> Shown:
    """Plays the answers to the command, which gets the base URL, the row's dialect and its arguments."""
    with RawServer(*answers) as server:
        stdout, stderr, hung = _run([*command, server.url, row.dialect, *row.arguments], row.limit_s)
        return Shown([json.loads(line) for line in stdout.splitlines()], server.requests, stderr, hung)


def command_for(script: Path) -> list[str]:
    """How the script is started; skips the test where that cannot be done without installing something."""
    if script.suffix == ".mjs":
        return _node_command(script)
    wanted = read_block(script)
    if wanted is None:
        return [sys.executable, str(script)]
    if is_built(script):
        return [str(python_for(script)), str(script)]
    if _satisfied_here(wanted):
        return [sys.executable, str(script)]
    pytest.skip(f"{script.name}: the environment with {', '.join(wanted.requirements)} is not built")


def _node_command(script: Path) -> list[str]:
    """The adapter's own Node and packages, with the proof in the adapter's place."""
    adapter = BUNDLED / script.name
    if not node.is_built(adapter):
        pytest.skip(f"{script.name}: the Node environment of {adapter.name} is not built")
    command = node.command_for(adapter)
    return ["env", *(f"{name}={value}" for name, value in command.env.items()), *command.argv[:-1], str(script)]


def _satisfied_here(wanted: Wanted) -> bool:
    """Whether what the tests run in has all that a script asks for."""
    if wanted.requires_python is not None:
        return False
    try:
        found = [(item, importlib.metadata.version(item.name)) for item in map(Requirement, wanted.requirements)]
    except importlib.metadata.PackageNotFoundError:
        return False
    return all(item.specifier.contains(version, prereleases=True) and not item.extras for item, version in found)


def _run(command: list[str], limit_s: float) -> tuple[str, str, bool]:
    """Runs the command in a process group that is gone when this returns; stdout, stderr, whether it was stopped."""
    with tempfile.TemporaryDirectory(prefix="harness-proof-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=_environment(home),
            text=True,
            start_new_session=True,
        )
        try:
            return *process.communicate(timeout=limit_s), False
        except subprocess.TimeoutExpired:
            _end_group(process.pid)
            return *process.communicate(), True
        finally:
            _end_group(process.pid)


def _end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _environment(home: str) -> dict[str, str]:
    proxies = {name: NOWHERE for each in ("http_proxy", "https_proxy", "all_proxy") for name in (each, each.upper())}
    direct = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    python = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}
    python["PYTHONSAFEPATH"] = "1"  # a script may bear the name of the library that it drives
    return {**kept, **proxies, **direct, **python, "HOME": home, "TMPDIR": home}


def matches(expected: dict[str, Any], printed: dict[str, Any]) -> bool:
    """Whether a printed line is the expected one: `message` is a part of it, everything else is equal."""
    return expected.keys() <= printed.keys() and all(
        str(value) in str(printed[key]) if key == "message" else printed[key] == value
        for key, value in expected.items()
    )
