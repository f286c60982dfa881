"""What the tests of bundled adapters share: a real adapter in a worker, in front of a real origin."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from harness.catalogue.observation import Attempt, CallerEnd
from harness.dialects import dialect as dialect_named
from harness.events import AnyEvent
from harness.origin.case import CasePlan
from harness.origin.server import Origin
from harness.systems.base import Case
from harness.systems.process import Command, Limits
from harness.systems.registry import BUNDLED
from harness.systems.worker import WorkerDriver
from harness.wire.response import Chunk, WireResponse

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}

HISTORY: dict[str, Any] = {
    "model": "test-model",
    "system": "You are terse.",
    "stream": True,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather?"},
                {"type": "image", "media_type": "image/png", "data": "aGk="},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": '{"city":"Oslo"}'},
                {"type": "tool_call", "id": "call_2", "name": "get_weather", "arguments": '{"city":"Rome"}'},
            ],
        },
        {
            "role": "tool",
            "content": [
                {"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C"},
                {"type": "tool_result", "tool_call_id": "call_2", "content": "no such city", "is_error": True},
            ],
        },
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
    ],
    "tools": [{"name": "get_weather", "description": "Looks out.", "parameters": CITY}],
    "tool_choice": {"name": "get_weather"},
    "parallel_tool_calls": False,
    "max_output_tokens": 256,
    "temperature": 0,
}
"""A request with everything in it that every dialect can say."""


@dataclass(frozen=True)
class Seen:
    """What a case showed: the caller's side and the wire's."""

    end: CallerEnd
    events: list[AnyEvent]
    attempts: tuple[Attempt, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the first request, which the vendor would have taken."""
        assert [fault for attempt in self.attempts for fault in attempt.faults] == []
        body: dict[str, Any] = json.loads(self.attempts[0].body)
        return body


def answer(dialect: str, events: Iterable[AnyEvent]) -> WireResponse:
    """A whole answer, in the dialect's own words."""
    record = dialect_named(dialect)
    encoder = record.encoder()
    frames = [frame for event in events for frame in encoder.feed(event)] + encoder.close()
    return WireResponse(200, (("content-type", record.content_type),), tuple(map(Chunk, frames)))


Ask = Callable[..., Seen]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all tests of a module, since the worker that they share lives on it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def driver(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[WorkerDriver]:
    """The adapter that the test module names as SCRIPT, started once, with the libraries that are installed here."""
    script = request.module.SCRIPT
    command = Command(script, (sys.executable, str(BUNDLED / f"{script}.py")))
    driver = runner.run(WorkerDriver.start(command, Limits(close_s=0.5)))
    yield driver
    runner.run(driver.close())


@pytest.fixture
def ask(driver: WorkerDriver, runner: asyncio.Runner) -> Ask:
    """Puts one case to the adapter, with an origin behind it."""

    async def drive(dialect: str, request: dict[str, Any], responses: tuple[WireResponse, ...], options: Any) -> Seen:
        async with Origin() as origin:
            base_url = origin.add(CasePlan("c1", dialect, responses))
            events: list[AnyEvent] = []
            end = await driver.run(Case("c1", dialect, base_url, "sk-test", request, options), events.append)
            log = await origin.finish("c1")
            return Seen(end, events, log.attempts)

    def ask(dialect: str, request: dict[str, Any], *responses: WireResponse, **options: Any) -> Seen:
        return runner.run(drive(dialect, request, responses, options))

    return ask
