"""What systems say of themselves, learnt by starting them once and kept until the adapter or its kit changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from harness import __version__
from harness.systems.base import Description, SystemBroken
from harness.systems.environment import cache_folder
from harness.systems.process import KIT
from harness.systems.registry import BUNDLED, InProcessSpec, SystemSpec, description_without_start, open_driver

AT_ONCE = 4
"""How many systems are started side by side."""


def describe(specs: Iterable[SystemSpec]) -> dict[str, Description | SystemBroken]:
    """By name: what each system says, or why it could not be started. Each must be installed."""
    return asyncio.run(_describe(list(specs)))


async def _describe(specs: list[SystemSpec]) -> dict[str, Description | SystemBroken]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(spec: SystemSpec) -> tuple[str, Description | SystemBroken]:
        async with places:
            return spec.name, await _described(spec)

    return dict(await asyncio.gather(*map(one, specs)))


async def _described(spec: SystemSpec) -> Description | SystemBroken:
    if (known := description_without_start(spec)) is not None:
        return known
    kept = _place(spec)
    if kept is not None and (known := _read(kept)) is not None:
        return known
    try:
        driver = await open_driver(spec)
    except SystemBroken as error:
        return error
    await driver.close()
    if kept is not None:
        _keep(kept, driver.description)
    return driver.description


def _place(spec: SystemSpec) -> Path | None:
    """Where the description is kept; None for systems in this process, which start at once."""
    if isinstance(spec, InProcessSpec):
        return None
    files = [spec.path, *sorted(KIT.rglob("*.py")), *sorted(KIT.glob("*.mjs")), *sorted(BUNDLED.glob("package*.json"))]
    seed = hashlib.sha256(f"{__version__}\0{spec.path}".encode())
    for file in files:
        seed.update(file.read_bytes())
    return cache_folder() / "descriptions" / f"{seed.hexdigest()[:20]}.json"


def _read(path: Path) -> Description | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Description)
    except (OSError, msgspec.MsgspecError):
        return None


def _keep(path: Path, description: Description) -> None:
    plain: Any = msgspec.to_builtins(description)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(plain))
    draft.replace(path)
