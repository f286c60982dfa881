"""Finds systems by what a user calls them, and starts them.

A bundled system is one file in `bundled`: a script with a PEP 723 block and a script for Node run in environments of
their own, a manifest says how a program is started, and any other module holds an in-process system under the name
SYSTEM.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from harness.origin.server import Origin
from harness.systems import environment, gateway_install, node
from harness.systems.base import Description, Driver, System, SystemBroken
from harness.systems.environment import python_for, read_block
from harness.systems.gateway import GatewayDriver
from harness.systems.gateway_manifest import GatewayManifest
from harness.systems.gateway_process import Launch
from harness.systems.in_process import InProcessDriver
from harness.systems.manifest import ClientManifest, command_of, load_manifest
from harness.systems.process import Command, Limits
from harness.systems.worker import WorkerDriver

BUNDLED = Path(__file__).parent / "bundled"

SCRIPT_SUFFIXES = (".py", ".mjs")
MANIFEST_SUFFIXES = (".yaml", ".yml")


class UnknownSystem(ValueError):
    """No system is called so, or what is called so is none; the message says what would do."""


@dataclass(frozen=True, slots=True)
class InProcessSpec:
    """A system that runs in this process. `target` is `pkg.module:attr`."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class ScriptSpec:
    """An adapter script, in Python (`.py`) or for Node (`.mjs`)."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class ManifestSpec:
    """A system that a manifest describes."""

    name: str
    path: Path
    manifest: ClientManifest | GatewayManifest


SystemSpec: TypeAlias = InProcessSpec | ScriptSpec | ManifestSpec


def bundled_names() -> tuple[str, ...]:
    """The names of all bundled systems, sorted."""
    return tuple(sorted(path.stem.replace("_", "-") for path in _bundled_files()))


def _bundled_files() -> Iterable[Path]:
    return (
        path
        for path in BUNDLED.iterdir()
        if path.suffix in (*SCRIPT_SUFFIXES, *MANIFEST_SUFFIXES) and path.name[0] != "_"
    )


def resolve(spec: str) -> SystemSpec:
    """The system that `spec` names: a bundled name, a path to a script or a manifest, or `pkg.module:attr`.

    Raises UnknownSystem, and UnreadableManifest for a manifest that is wrong. Nothing is started or built yet.
    """
    for path in _bundled_files():
        if path.stem.replace("_", "-") == spec:
            return _bundled(spec, path)
    path = Path(spec)
    if path.is_file():
        return _file(path)
    if path.suffix in (*SCRIPT_SUFFIXES, *MANIFEST_SUFFIXES) or "/" in spec:
        raise UnknownSystem(f"there is no file {spec}")
    if re.fullmatch(r"[\w.]+:[\w.]+", spec):
        return InProcessSpec(spec, spec)
    names = bundled_names()
    close = difflib.get_close_matches(spec, names, 1)
    meant = f"did you mean {close[0]}?" if close else f"the bundled ones are {', '.join(names)}."
    raise UnknownSystem(
        f"unknown system {spec!r}; {meant} A path to an adapter script or a manifest, or pkg.module:attr, will do too; "
        "`harness systems list` says what there is"
    )


def _bundled(name: str, path: Path) -> SystemSpec:
    if path.suffix != ".py" or read_block(path) is not None:
        return _file(path, name)
    return InProcessSpec(name, f"{__package__}.bundled.{path.stem}:SYSTEM")


def _file(path: Path, name: str | None = None) -> SystemSpec:
    if path.suffix in SCRIPT_SUFFIXES:
        return ScriptSpec(name or path.stem, path)
    if path.suffix in MANIFEST_SUFFIXES:
        manifest = load_manifest(path)
        return ManifestSpec(name or manifest.name or path.stem, path, manifest)
    raise UnknownSystem(f"{path} is neither an adapter script (.py, .mjs) nor a manifest (.yaml)")


def is_gateway(spec: SystemSpec) -> bool:
    """Whether it is a server between a client and its provider, rather than a client."""
    return isinstance(spec, ManifestSpec) and spec.manifest.kind == "gateway"


def is_built(spec: SystemSpec) -> bool:
    """Whether an environment is made for it, rather than what is there used as it is."""
    return isinstance(spec, ScriptSpec) or is_gateway(spec)


def installed(spec: SystemSpec) -> bool:
    """Whether that system could be started at once, without building anything for it."""
    match spec:
        case ScriptSpec(_, path):
            return node.is_built(path) if path.suffix == ".mjs" else environment.is_built(path)
        case ManifestSpec(_, path, manifest):
            if isinstance(manifest, GatewayManifest):
                return gateway_install.installation(manifest, path) is not None
            program = manifest.command[0]
            return shutil.which(program) is not None or (path.parent / program).is_file()
    return True


def prepare(specs: Iterable[SystemSpec]) -> dict[str, SystemBroken]:
    """Does what needs the network before a run may be cut off from it: builds the environments of scripts and gateways.

    Returns what could not be built, by the system's name; opening that system raises the same again.
    """
    buildable = [spec for spec in specs if not isinstance(spec, InProcessSpec)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = list(pool.map(_prepared, buildable))
    return {spec.name: outcome for spec, outcome in zip(buildable, outcomes, strict=True) if outcome is not None}


def _prepared(spec: ScriptSpec | ManifestSpec) -> SystemBroken | None:
    try:
        match spec:
            case ScriptSpec():
                _command(spec)
            case ManifestSpec(_, path, GatewayManifest() as manifest):
                gateway_install.install(manifest, path)
    except SystemBroken as error:
        return error
    return None


def _command(spec: ScriptSpec) -> Command:
    """How a script is started, its environment built if need be. Raises SystemBroken."""
    if spec.path.suffix == ".mjs":
        command = node.command_for(spec.path)
        return Command(spec.name, command.argv, command.env)
    return Command(spec.name, (str(python_for(spec.path)), "-m", "harness_kit", str(spec.path.resolve())))


async def open_driver(spec: SystemSpec, limits: Limits | None = None, *, origin: Origin | None = None) -> Driver:
    """Starts a system. Its driver must be closed. `origin`: what stands behind a gateway in processes of its own.

    Raises SystemBroken where it cannot be started, and UnknownSystem where `pkg.module:attr` holds no system.
    """
    match spec:
        case InProcessSpec(_, target):
            return InProcessDriver(load_system(target))
        case ScriptSpec():
            return await WorkerDriver.start(_command(spec), limits)
        case ManifestSpec(name, path, manifest):
            if isinstance(manifest, ClientManifest):
                return await WorkerDriver.start(command_of(manifest, path), limits)
            if origin is None:
                raise SystemBroken(f"{name}: a gateway in processes of its own is run over sockets, never in process")
            installed = gateway_install.install(manifest, path)
            launch = Launch(name, manifest, path.resolve().parent, installed, limits or Limits())
            return await GatewayDriver.start(launch, origin)


def description_without_start(spec: SystemSpec) -> Description | None:
    """What is known of a gateway from its manifest and its package; None for systems that say it themselves."""
    match spec:
        case ManifestSpec(name, path, GatewayManifest() as manifest):
            return gateway_install.describe(manifest, name, gateway_install.installation(manifest, path))
    return None


def load_system(target: str) -> System:
    """The system object at `pkg.module:attr`; a class or a function there is called for it. Raises UnknownSystem."""
    module_name, _, attribute = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
        if isinstance(found, type) or not hasattr(found, "description"):
            found = found()
    except Exception as error:  # the user's own module: whatever it raises, it cannot be loaded
        raise UnknownSystem(f"{target} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(found, "run", None)) or not hasattr(found, "description"):
        raise UnknownSystem(f"{target} is no system: it needs a description and run(case)")
    system: System = found
    return system
