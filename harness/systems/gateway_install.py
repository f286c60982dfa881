"""What a gateway's manifest asks to have installed: where it lies, and what version of it that is."""

from __future__ import annotations

import email
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from harness.systems.base import Description
from harness.systems.environment import BuildFailed, EnvironmentBroken, built_python_with, python_with
from harness.systems.gateway_manifest import GatewayManifest, Requires
from harness.systems.node import Packages, built_node_with, node_with, packages_of

UNKNOWN = "unknown"
"""The version of a gateway of which neither a package nor its manifest says one."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where things lie: an interpreter, and a Node with the folder of its packages, where there is one."""

    python: Path
    node: Path | None = None
    packages: Path | None = None

    def places(self) -> dict[str, str]:
        """As templates name them: `python`, `bin`, `node`, `modules`."""
        modules = str(self.packages / "node_modules") if self.packages else ""
        return {
            "python": str(self.python),
            "bin": str(self.python.parent),
            "node": str(self.node or ""),
            "modules": modules,
        }


def install(manifest: GatewayManifest, path: Path) -> Installation:
    """Installs what the manifest at `path` requires, unless it is there. Raises EnvironmentBroken."""
    requires = manifest.requires
    try:
        python = _python(requires, build=True)
        node = node_with(requires.node, _packages(requires, path)) if requires.npm else (None, None)
    except BuildFailed as error:
        raise EnvironmentBroken(f"{path}: what it requires could not be installed: {error}") from None
    except OSError as error:
        raise EnvironmentBroken(f"{path}: its lock file cannot be read: {error}") from None
    assert python is not None
    return Installation(python, *node)


def installation(manifest: GatewayManifest, path: Path) -> Installation | None:
    """Where it lies if it is installed; None if it is not."""
    requires = manifest.requires
    try:
        python = _python(requires, build=False)
        node = built_node_with(requires.node, _packages(requires, path)) if requires.npm else (None, None)
    except (BuildFailed, OSError):
        return None
    return Installation(python, *node) if python and node else None


def _python(requires: Requires, *, build: bool) -> Path | None:
    """The interpreter; the harness's own where nothing is asked for."""
    if not requires.python and requires.python_version is None:
        return Path(sys.executable)
    find = python_with if build else built_python_with
    return find(*requires.python, requires_python=requires.python_version)


def _packages(requires: Requires, path: Path) -> Packages:
    lock = (path.resolve().parent / requires.lock).read_bytes() if requires.lock else None
    return packages_of(requires.npm, lock)


def describe(manifest: GatewayManifest, name: str, installed: Installation | None) -> Description:
    """What the manifest says of the gateway; nothing is started for it."""
    return Description(
        name=name,
        version=version_of(manifest, installed),
        language=_language(manifest),
        dialects=tuple(manifest.serves),
        features=frozenset(manifest.features),
        kind="gateway",
        features_in={dialect: frozenset(served.features) for dialect, served in manifest.serves.items()},
        default_retries=dict.fromkeys(manifest.serves, manifest.default_retries),
        upstream=manifest.upstream,
        at_once=manifest.cases_at_once,
    )


def version_of(manifest: GatewayManifest, installed: Installation | None) -> str:
    """As the installed package has it, else as the manifest has it, else UNKNOWN."""
    if manifest.version is not None:
        return manifest.version
    requires = manifest.requires
    if installed is None:
        return UNKNOWN
    if requires.npm and installed.packages is not None:
        name = manifest.distribution or next(iter(requires.npm))
        return _npm_version(installed.packages / "node_modules" / name / "package.json")
    name = manifest.distribution or (Requirement(requires.python[0]).name if requires.python else "")
    return _python_version(installed.python, name) if name else UNKNOWN


def _npm_version(package: Path) -> str:
    try:
        return str(json.loads(package.read_bytes())["version"])
    except (OSError, ValueError, KeyError):
        return UNKNOWN


def _python_version(python: Path, name: str) -> str:
    """From the metadata in the interpreter's environment, which is not asked: it would have to be started."""
    wanted = _normal(name)
    for metadata in python.parents[1].glob("lib*/python*/site-packages/*.dist-info/METADATA"):
        said = email.message_from_bytes(metadata.read_bytes())
        if _normal(said["Name"] or "") == wanted:
            return said["Version"] or UNKNOWN
    return UNKNOWN


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _language(manifest: GatewayManifest) -> str:
    if manifest.requires.npm:
        return "node"
    is_python = manifest.requires.python or manifest.distribution or "python" in manifest.command[0]
    return "python" if is_python else UNKNOWN
