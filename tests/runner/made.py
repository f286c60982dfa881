"""Scenarios, cases and drivers made by hand, for running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.catalogue.models import FEATURES, Scenario
from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, Finish, Text
from harness.runner.case import InProcessLane
from harness.runner.plan import PlannedCase, plan_cases
from harness.runner.results import Result
from harness.runner.run import SystemRun, run_systems
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.known import KnownFailures

CLAIMS_ALL = Description("made", "1", "python", ("openai-chat",), frozenset(FEATURES))
COMPLETED = CallerEnd("completed")

Run = Callable[[Case, Callable[[AnyEvent], None]], Awaitable[CallerEnd]]


def scenario(name: str = "made/up", **fields: Any) -> Scenario:
    """A scenario whose answer is `Hello`."""
    usual = {
        "title": "A word",
        "why": "For a test.",
        "responses": [{"events": [{"text": "Hello"}, {"finish": "stop"}]}],
        "expect": {"text": "Hello", "finish": "stop"},
    }
    return Scenario.model_validate({"id": name, **usual, **fields})


def planned(name: str = "made/up", dialect: str = "openai-chat", **fields: Any) -> PlannedCase:
    """That scenario in one dialect."""
    [case] = plan_cases([scenario(name, **fields)], [dialect])
    return case


async def ask(case: Case) -> None:
    """Sends a request that a vendor would take, and reads the whole answer."""
    import httpx

    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    headers = {"authorization": f"Bearer {case.api_key}"}
    async with httpx.AsyncClient(base_url=case.base_url, transport=case.transport, headers=headers) as client:
        await client.post("/v1/chat/completions", json=body)


async def well_behaved(case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
    """Does what every scenario made here expects."""
    await ask(case)
    emit(Text("Hello"))
    emit(Finish("stop"))
    return COMPLETED


@dataclass
class Scripted:
    """A driver whose cases go as a function says; it notes the order in which cases begin and end."""

    run_case: Run = well_behaved
    description: Description = CLAIMS_ALL
    alive: bool = True
    began: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    unready: SystemBroken | None = None
    closed: bool = False

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        self.began.append(case.id)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self.run_case(case, emit)
        finally:
            self.under_way -= 1

    async def ready(self) -> None:
        if self.unready is not None:
            raise self.unready

    async def cancel(self, case_id: str) -> bool:
        return self.alive

    async def close(self) -> None:
        self.closed = True


def system(driver: Scripted, cases: Iterable[PlannedCase], known: KnownFailures | None = None) -> SystemRun:
    """That driver with its cases."""
    return SystemRun(f"{driver.description.name}.py", driver, known or KnownFailures(), [*cases])


def results_of(*systems: SystemRun, jobs: int = 8, systems_at_once: int = 4) -> list[Result]:
    """What comes of them in process, in the order in which it comes."""
    results: list[Result] = []
    lane = InProcessLane()
    asyncio.run(run_systems(systems, lane, jobs=jobs, systems_at_once=systems_at_once, on_result=results.append))
    return results
