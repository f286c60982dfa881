"""Time for in-process play: a clock that moves only when everybody waits for it, and costs no wall time."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Protocol

IDLE_TURNS = 32
"""Turns of the event loop without a word to the clock after which everybody is taken to be waiting.

A hand-over between two tasks costs one turn; the deepest chain of them in the house is about five."""


class Clock(Protocol):
    """Time in seconds since some fixed moment, and a way to wait for it."""

    def now(self) -> float:
        """Seconds; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Returns when `seconds` have passed on this clock."""


class VirtualClock:
    """A clock for code that waits on nothing but this clock and other tasks of the same loop.

    Sleepers wake in the order of their times, and time jumps to the next of them once the event loop has turned
    IDLE_TURNS times without anybody using the clock. Real sockets, threads and `asyncio.sleep` are not waited for.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._idle = 0
        self._watching = False

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Returns when `seconds` have passed; with 0 the loop turns once, as with `asyncio.sleep`."""
        self._idle = 0
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        self._watch(loop)
        await woken

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._watching:
            self._watching = True
            loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watching = False
        self._idle += 1
        if self._idle > IDLE_TURNS:
            self._jump()
        if self._sleepers:
            self._watch(loop)

    def _jump(self) -> None:
        """Moves time to the next sleeper that still waits, and wakes it."""
        self._idle = 0
        while self._sleepers:
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():  # a cancelled sleep does not move time
                self._now = at
                woken.set_result(None)
                return
