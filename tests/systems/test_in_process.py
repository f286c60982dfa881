"""A system in this process is driven as one in a worker is, and what it raises is data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, End, ErrorInfo, Failure, Finish, Text, Usage
from harness.systems.base import Case, Description
from harness.systems.in_process import InProcessDriver

from .conftest import case

LOST = ErrorInfo("connection", "lost")


class Scripted:
    """Gives the events that it was made with, and raises those that are exceptions."""

    description = Description("scripted", "1", "python", ("openai-chat",), frozenset({"cancel"}))

    def __init__(self, *script: AnyEvent | Exception) -> None:
        self._script = script
        self.closed = False

    async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        try:
            for step in self._script:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed = True


def drive(system: Scripted, **options: object) -> tuple[CallerEnd, list[AnyEvent]]:
    events: list[AnyEvent] = []
    return asyncio.run(InProcessDriver(system).run(case(**options), events.append)), events


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ([], CallerEnd("completed")),
        ([Finish("stop")], CallerEnd("completed")),
        ([End("completed")], CallerEnd("completed")),
        ([End("truncated")], CallerEnd("truncated")),
        ([Failure(LOST), End("truncated")], CallerEnd("truncated", LOST)),
        ([Failure(LOST), End("failed")], CallerEnd("error", LOST)),
        ([Failure(LOST)], CallerEnd("error", LOST)),
        ([End("failed")], CallerEnd("error", ErrorInfo("unknown", "the stream failed"))),
        ([End("cancelled")], CallerEnd("cancelled")),
        ([ConnectionResetError("gone")], CallerEnd("error", ErrorInfo("connection", "gone"), "ConnectionResetError")),
    ],
)
def test_how_it_ends_is_how_its_user_learns_that_it_is_over(script: list[AnyEvent | Exception], end: CallerEnd) -> None:
    assert drive(Scripted(Text("so far"), *script))[0] == end


def test_events_are_handed_on_as_they_are_but_for_the_end() -> None:
    events = [Text("a"), Usage(1, 2), Finish("stop"), Failure(LOST)]
    assert drive(Scripted(*events, End("failed")))[1] == events


def test_it_is_stopped_after_so_many_content_events() -> None:
    system = Scripted(Text("a"), Usage(1), Text("b"), Text("c"))
    assert drive(system, cancel_after_events=2) == (CallerEnd("cancelled"), [Text("a"), Usage(1), Text("b")])
    assert system.closed


def test_a_case_that_its_caller_gives_up_on_is_closed_and_the_system_counts_as_alive() -> None:
    class Waiting(Scripted):
        async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
            try:
                yield Text("so far")
                await asyncio.Event().wait()
            finally:
                self.closed = True

    async def main() -> None:
        system = Waiting()
        driver = InProcessDriver(system)
        begun = asyncio.Event()
        running = asyncio.create_task(driver.run(case(), lambda _: begun.set()))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert system.closed
        assert await driver.cancel("c1") is True
        await driver.close()

    asyncio.run(main())
