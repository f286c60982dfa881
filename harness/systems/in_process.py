"""Drives a system that runs in this process: an object with `description` and `run(case)`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, End, ErrorInfo, Failure, Reasoning, Status, Text, ToolCall
from harness.systems.base import Case, System
from harness.systems.kit.harness_kit import error_of, raised_name

CONTENT = (Text, Reasoning, ToolCall)
"""The events that the option `cancel_after_events` counts."""


class InProcessDriver:
    """A driver that only calls `run`. What the system raises is how its user learns that it failed."""

    def __init__(self, system: System) -> None:
        self.description = system.description
        self._system = system

    @property
    def http(self) -> str:
        """The library whose transport the system takes: what it says itself, `httpx` where it says nothing."""
        return str(getattr(self._system, "http", "httpx"))

    async def ready(self) -> None:
        """There is nothing to start."""

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end; calls `emit` for every event but End as it comes."""
        limit = case.options.get("cancel_after_events") if "cancel" in self.description.claims(case.dialect) else None
        return await deliver(self._system.run(case), emit, limit)

    async def cancel(self, case_id: str) -> bool:
        """Whoever asks this runs beside the system, so the system's process is alive: always True."""
        return True

    async def close(self) -> None:
        """Stops what the system may have started: one that has `aclose` is closed."""
        aclose = getattr(self._system, "aclose", None)
        if aclose is not None:
            await aclose()


async def deliver(
    events: AsyncIterator[AnyEvent], emit: Callable[[AnyEvent], None], cancel_after: int | None = None
) -> CallerEnd:
    """Hands every event but End to `emit`, and says how the caller learnt that it was over.

    After `cancel_after` events with content the events are closed, as a caller who has enough does it.
    """
    failure: ErrorInfo | None = None
    content = 0
    try:
        async for event in events:
            match event:
                case End(status):
                    return _end(status, failure)
                case Failure(error):
                    failure = failure or error
            emit(event)
            content += isinstance(event, CONTENT)
            if cancel_after is not None and content >= cancel_after:
                return CallerEnd("cancelled")
    except Exception as error:
        return CallerEnd("error", ErrorInfo(**error_of(error)), raised_name(error))
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
    return _end("completed", failure)


def _end(status: Status, failure: ErrorInfo | None) -> CallerEnd:
    if status == "failed" or (status == "completed" and failure is not None):
        return CallerEnd("error", failure or ErrorInfo("unknown", "the stream failed"))
    return CallerEnd(status, failure)
