"""An origin on an event loop of its own, in a thread: for tests that are plain functions, or have their own loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from harness.catalogue.observation import Attempt
from harness.events import AnyEvent
from harness.origin.caller import Caller
from harness.origin.case import CasePlan, Script
from harness.origin.log import CaseLog
from harness.origin.server import Origin

Answer = TypeVar("Answer")

PATIENCE_S = 10.0
"""How long a call may take: none of them does more than to look something up, or to wait for a client that is done."""


class OriginThread:
    """A context manager; everything may be called from any thread but the origin's own, and blocks."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="harness-origin", daemon=True)
        self._thread.start()
        self._origin = Origin()
        self._run(self._origin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._origin.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where the origin listens."""
        return self._origin.url

    def add(self, plan: CasePlan) -> str:
        """Begins to serve a case; gives its base URL. Raises OriginError for one that cannot be played."""
        return self._call(lambda: self._origin.add(plan))

    def mount(self, case_id: str, script: Script) -> str:
        """Begins to serve a script of any kind; gives its base URL."""
        return self._call(lambda: self._origin.mount(case_id, script))

    def listen(self, case_id: str) -> Listening:
        """Whom to tell of everything that reaches the case's caller: its gates wait for that."""
        log = self._origin.log(case_id)
        return Listening(self._loop, log, self._call(log.listen))

    def remove(self, case_id: str, grace_s: float) -> tuple[Attempt, ...]:
        """Stops serving a case once its answers have ended, or after `grace_s`; gives what came to it."""
        return self._run(self._finish(case_id, grace_s)).attempts

    async def _finish(self, case_id: str, grace_s: float) -> CaseLog:
        return await self._origin.finish(case_id, grace_s)

    def _call(self, function: Callable[[], Answer]) -> Answer:
        async def called() -> Answer:
            return function()

        return self._run(called())

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


class Listening:
    """Tells the origin, from any thread, what has reached the caller; `now` is the time since the case was opened."""

    def __init__(self, loop: asyncio.AbstractEventLoop, log: CaseLog, caller: Caller) -> None:
        self._loop, self._log, self._caller = loop, log, caller

    def now(self) -> float:
        """Seconds since the case was opened."""
        return self._log.now() - self._log.began

    def heard(self, event: AnyEvent) -> None:
        """An event reached the caller."""
        with suppress(RuntimeError):  # the origin is closed already
            self._loop.call_soon_threadsafe(self._caller.heard, event)

    def ended(self) -> None:
        """The caller has learnt that it is over."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._caller.ended)
