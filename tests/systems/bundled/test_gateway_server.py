"""Our own gateway over real sockets: one server for all cases, each with a gateway of its own."""

from __future__ import annotations

import asyncio

import httpx

from harness.catalogue.loader import load_catalogue
from harness.origin.server import Origin
from harness.runner.case import SocketLane
from harness.runner.evidence import Subject, result_of
from harness.runner.plan import plan_pairs
from harness.systems.bundled._gateway import ReferenceOver
from harness.systems.in_process import InProcessDriver

CATALOGUE = load_catalogue()


def test_several_cases_at_once_pass_and_both_sides_are_written_down() -> None:
    scenarios = CATALOGUE.select(families=["canary"])

    async def main() -> list[tuple[str, str, int, int]]:
        driver = InProcessDriver(ReferenceOver("anthropic-messages"))
        subject = Subject("x", driver.description, "sockets")
        planned = plan_pairs(scenarios, "anthropic-messages", ["openai-chat", "ollama"])
        async with Origin() as origin:
            lane = SocketLane(origin)
            seen = await asyncio.gather(*(lane.observe(driver, case) for case in planned))
            await driver.close()
        results = [result_of(case, subject, each, None) for case, each in zip(planned, seen, strict=True)]
        return [
            (result.dialect, result.verdict, len(each.attempts), len(each.front))
            for result, each in zip(results, seen, strict=True)
        ]

    outcomes = asyncio.run(main())
    assert {dialect for dialect, *_ in outcomes} == {"openai-chat", "ollama"}
    assert {tuple(rest) for _, *rest in outcomes} == {("pass", 1, 1)}


def test_an_address_that_is_no_cases_is_not_there() -> None:
    from harness.systems.bundled._gateway import _Server

    async def main() -> int:
        server = _Server()
        url = await server.add("c1", None)
        server.remove("c1")
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{url}/v1/models")
        await server.stop()
        return answer.status_code

    assert asyncio.run(main()) == 503


def test_a_system_without_a_server_has_nothing_to_stop() -> None:
    system = ReferenceOver("gemini")
    assert asyncio.run(system.aclose()) is None
