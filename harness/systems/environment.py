"""The environment that an adapter script asks for in its PEP 723 block, built by uv and kept in a cache.

An environment is known by what it was built from: the requirements, the Python, the platform. It is built beside its
place and then moved there, so that what is found in the cache is whole; two runs that want the same one wait for each
other. A script without a block runs on the harness's own interpreter, which is also the way to test a working tree.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.systems.base import SystemBroken

BUILD_S = 900
"""How long uv may take for one step of a build."""

SHOWN_LINES = 12
"""How many of uv's last lines a message shows."""


class EnvironmentBroken(SystemBroken):
    """The environment of an adapter could not be built; the message says of what, why, and what would mend it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a script asks for."""

    requirements: tuple[str, ...] = ()
    requires_python: str | None = None


def cache_folder() -> Path:
    """Where environments are kept: HARNESS_CACHE, or the platform's folder for caches."""
    if folder := os.environ.get("HARNESS_CACHE"):
        return Path(folder)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "harness"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness"


def python_for(script: Path) -> Path:
    """The interpreter that `script` is to run on, its environment built if need be.

    Raises EnvironmentBroken; what failed once in this process fails again without another try.
    """
    wanted = read_block(script)
    if wanted is None:
        return Path(sys.executable)
    outcome = _outcome(wanted, cache_folder())
    if isinstance(outcome, str):
        raise EnvironmentBroken(f"{script}: {outcome}")
    return outcome


def is_built(script: Path) -> bool:
    """Whether `script` could run at once: it needs no environment, or its environment lies in the cache."""
    try:
        wanted = read_block(script)
        return wanted is None or os.access(_place(wanted, cache_folder())[1] / "bin" / "python", os.X_OK)
    except (EnvironmentBroken, BuildFailed, OSError):
        return False


def read_block(script: Path) -> Wanted | None:
    """What the script's PEP 723 block asks for; None where it has none. Raises EnvironmentBroken for a wrong one."""
    try:
        blocks = _BLOCK.findall(script.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentBroken(f"{script}: cannot be read: {error}") from None
    if not blocks:
        return None
    if len(blocks) > 1:
        raise EnvironmentBroken(f"{script}: has {len(blocks)} script blocks; PEP 723 allows one")
    lines = [line.removeprefix("#").removeprefix(" ") for line in blocks[0].splitlines()]
    try:
        return _wanted(tomllib.loads("\n".join(lines)))
    except (ValueError, InvalidRequirement, InvalidSpecifier) as error:
        raise EnvironmentBroken(f"{script}: its script block is wrong: {error}") from None


_BLOCK = re.compile(r"^# /// script$\n((?:^#(?: .*)?$\n)+)^# ///$", re.MULTILINE)
"""PEP 723: the last closing line of a run of comments closes the block."""


def _wanted(block: dict[str, Any]) -> Wanted:
    requirements, requires_python = block.get("dependencies", []), block.get("requires-python")
    if not isinstance(requirements, list) or not all(isinstance(item, str) for item in requirements):
        raise ValueError(f"dependencies is a list of strings, not {requirements!r}")
    for item in requirements:
        Requirement(item)
    if requires_python is not None:
        SpecifierSet(requires_python)
    return Wanted(tuple(sorted(requirements)), requires_python)


@functools.cache
def _outcome(wanted: Wanted, cache: Path) -> Path | str:
    """The interpreter, or why there is none."""
    try:
        return _build(wanted, cache)
    except BuildFailed as error:
        what = ", ".join(wanted.requirements) or "nothing"
        on = f" on Python {wanted.requires_python}" if wanted.requires_python else ""
        return f"its environment ({what}{on}) could not be built: {error}"


class BuildFailed(Exception):
    """A step of a build did not work."""


def python_with(*requirements: str, requires_python: str | None = None) -> Path:
    """The interpreter of an environment that holds these, built if need be. Raises BuildFailed."""
    return _build(Wanted(tuple(sorted(requirements)), requires_python), cache_folder())


def built_python_with(*requirements: str, requires_python: str | None = None) -> Path | None:
    """The same, but only if it was built before."""
    wanted = Wanted(tuple(sorted(requirements)), requires_python)
    python = _place(wanted, cache_folder())[1] / "bin" / "python"
    return python if os.access(python, os.X_OK) else None


def _build(wanted: Wanted, cache: Path) -> Path:
    base, place = _place(wanted, cache)
    folder = place.parent
    python = place / "bin" / "python"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(place.with_name(place.name + ".lock")):
            if not os.access(python, os.X_OK):  # also a link to an interpreter that is gone
                shutil.rmtree(place, ignore_errors=True)
                _build_at(place, base, wanted)
    except OSError as error:
        raise BuildFailed(f"{folder} cannot be used: {error}; HARNESS_CACHE may name another folder") from None
    return python


def _place(wanted: Wanted, cache: Path) -> tuple[str, Path]:
    """The interpreter that the environment is built on, and the environment's folder in the cache."""
    base = _base_python(wanted.requires_python)
    return base, cache / "environments" / _key(wanted, base)


def _build_at(place: Path, base: str, wanted: Wanted) -> None:
    with tempfile.TemporaryDirectory(prefix="build-", dir=place.parent) as temporary:
        draft = Path(temporary) / "environment"
        _uv("venv", "--quiet", "--relocatable", "--python", base, str(draft))
        if wanted.requirements:
            _uv(
                "pip",
                "install",
                "--quiet",
                "--compile-bytecode",
                "--python",
                str(draft / "bin" / "python"),
                *wanted.requirements,
            )
        draft.rename(place)


def _key(wanted: Wanted, base: str) -> str:
    parts = [*wanted.requirements, wanted.requires_python or "", base, sys.version, platform.platform()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _base_python(requires: str | None) -> str:
    """The interpreter to build on: ours if it will do, else the oldest installed one that does, else uv's to find."""
    if requires is None or SpecifierSet(requires).contains(platform.python_version(), prereleases=True):
        return str(Path(sys.executable).resolve())  # python and python3, which are one, give one environment
    listed = json.loads(_uv("python", "list", "--only-installed", "--output-format", "json"))
    installed = [(Version(entry["version"]), entry["path"]) for entry in listed if entry["implementation"] == "cpython"]
    fitting = [entry for entry in (*installed, *_pyenv_pythons()) if SpecifierSet(requires).contains(entry[0])]
    return min(fitting)[1] if fitting else requires


def _pyenv_pythons() -> Iterator[tuple[Version, str]]:
    """The interpreters that pyenv holds: those that it has not switched on cannot be found by their names."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for python in root.glob("versions/3.*/bin/python"):
        try:
            yield Version(python.parts[-3]), str(python)
        except InvalidVersion:
            continue


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else, in any process, is inside for the same file meanwhile."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _uv(*arguments: str) -> str:
    """Runs uv with the user's own settings; returns its stdout."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        run = subprocess.run(
            [_uv_program(), *arguments], env=environment, capture_output=True, text=True, timeout=BUILD_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"uv {arguments[0]} took longer than {BUILD_S} s") from None
    if run.returncode != 0:
        last = "\n".join(run.stderr.strip().splitlines()[-SHOWN_LINES:])
        raise BuildFailed(f"uv {arguments[0]} says:\n{last}")
    return run.stdout


def _uv_program() -> str:
    try:
        import uv
    except ImportError:
        raise BuildFailed("uv, which builds the environments of adapters, is missing: pip install uv") from None
    try:
        return uv.find_uv_bin()
    except FileNotFoundError:
        raise BuildFailed("the program of the package uv is missing: pip install --force-reinstall uv") from None
