"""A system that stands by is started when its turn comes, and stopped for good when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, Text
from harness.origin.server import Origin
from harness.systems import standby
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.registry import InProcessSpec, SystemSpec, resolve
from harness.systems.standby import StandbyDriver

from .conftest import case

SPEC = InProcessSpec("made", "a:made")
MADE = Description("made", "1", "python", ("openai-chat",))


@dataclass
class Starts:
    """Starts drivers, and notes what becomes of them. `failing` says which starts fail, counted from 1."""

    failing: tuple[int, ...] = ()
    said: list[str] = field(default_factory=list)

    async def __call__(self, spec: SystemSpec, *, origin: Origin | None = None) -> Made:
        number = sum(word.startswith("start") for word in self.said) + 1
        self.said.append(f"start {number}")
        await asyncio.sleep(0)
        if number in self.failing:
            raise SystemBroken(f"made: start {number} failed", stderr="why")
        return Made(self.said)


@dataclass
class Made:
    said: list[str]
    description: Description = MADE

    async def ready(self) -> None:
        self.said.append("ready")

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        emit(Text("Hello"))
        return CallerEnd("completed")

    async def cancel(self, case_id: str) -> bool:
        return case_id == "alive"

    async def close(self) -> None:
        self.said.append("close")


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Starts:
    made = Starts()
    monkeypatch.setattr(standby, "open_driver", made)
    return made


def test_it_is_stopped_once_it_is_known_and_started_again_for_its_first_case(starts: Starts) -> None:
    async def main() -> None:
        driver = await StandbyDriver.describe(SPEC, stay=False)
        assert driver.description == MADE
        assert starts.said == ["start 1", "close"]
        assert not await driver.cancel("alive")
        await asyncio.gather(driver.ready(), driver.ready(), driver.ready())
        assert starts.said[2:] == ["start 2", "ready", "ready", "ready"]
        events: list[AnyEvent] = []
        assert await driver.run(case("one"), events.append) == CallerEnd("completed")
        assert events == [Text("Hello")]
        assert await driver.cancel("alive")
        assert not await driver.cancel("dead")
        await driver.close()
        await driver.close()
        assert starts.said[6:] == ["close"]

    asyncio.run(main())


def test_one_that_stays_is_started_once(starts: Starts) -> None:
    async def main() -> None:
        driver = await StandbyDriver.describe(SPEC, stay=True)
        await driver.ready()
        await driver.close()

    asyncio.run(main())
    assert starts.said == ["start 1", "ready", "close"]


def test_what_cannot_be_started_says_so_at_once(starts: Starts) -> None:
    starts.failing = (1,)
    with pytest.raises(SystemBroken, match="start 1 failed"):
        asyncio.run(StandbyDriver.describe(SPEC, stay=False))


def test_what_failed_when_its_turn_came_fails_again_without_another_try(starts: Starts) -> None:
    starts.failing = (2,)

    async def main() -> None:
        driver = await StandbyDriver.describe(SPEC, stay=False)
        for _ in range(3):
            with pytest.raises(SystemBroken, match="start 2 failed"):
                await driver.ready()
        await driver.close()

    asyncio.run(main())
    assert starts.said == ["start 1", "close", "start 2"]


def test_a_closed_one_does_not_start_again(starts: Starts) -> None:
    async def main() -> None:
        driver = await StandbyDriver.describe(SPEC, stay=True)
        await driver.close()
        with pytest.raises(SystemBroken, match="made: the driver was closed"):
            await driver.ready()

    asyncio.run(main())


def test_a_gateway_is_known_before_it_is_started(starts: Starts, tmp_path: Path) -> None:
    path = tmp_path / "relay.yaml"
    path.write_text("{kind: gateway, command: [x], version: '7', upstream: gemini, serves: [ollama], processes: 3}")

    async def main() -> Description:
        driver = await StandbyDriver.describe(resolve(str(path)), stay=False)
        await driver.close()
        return driver.description

    said = asyncio.run(main())
    assert (said.name, said.version, said.upstream, said.dialects, said.at_once) == (
        "relay",
        "7",
        "gemini",
        ("ollama",),
        2,
    )
    assert starts.said == []
