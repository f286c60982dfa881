"""An adapter may bear the name of the library that it drives, and still import what lies beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, Text
from harness.systems.base import Driver
from harness.systems.registry import ScriptSpec, open_driver

from ..conftest import case

ADAPTER = """
import httpx
from harness_kit import Text, serve

from beside_the_adapter import WORD


def run(case):
    yield Text(f"{WORD} {httpx.Client.__module__} {__name__}")


serve(name="httpx", version="1", dialects=["openai-chat"], run=run)
"""


def run(path: Path) -> tuple[CallerEnd, list[AnyEvent]]:
    async def main() -> tuple[CallerEnd, list[AnyEvent]]:
        driver: Driver = await open_driver(ScriptSpec("httpx", path))
        events: list[AnyEvent] = []
        try:
            return await driver.run(case(), events.append), events
        finally:
            await driver.close()

    return asyncio.run(main())


def test_the_library_is_found_before_the_adapter_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text(ADAPTER)
    (tmp_path / "beside_the_adapter.py").write_text("WORD = 'beside'\n")
    end, events = run(tmp_path / "httpx.py")
    assert end == CallerEnd("completed")
    assert events == [Text("beside httpx __main__")]
