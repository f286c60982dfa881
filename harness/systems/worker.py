"""Drives a system that runs in a worker process of its own, through the adapter protocol.

A worker that crashes, hangs or prints garbage is ended; its cases raise SystemBroken, which says what happened and
which cases were under way; and the next case gets a new worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent
from harness.systems import protocol
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.process import Command, Limits, WorkerProcess
from harness.systems.protocol import BadCase, CaseEnd, CaseEvent, Said

START_TRIES = 2
"""How often in a row a worker that broke down may fail to come back, until no further case asks it to."""

LAST_WORD_S = 1.0
"""How long we wait, once a worker's stdout has ended, to learn how the worker did."""

T = TypeVar("T")


@dataclass(slots=True)
class _Flight:
    """One case under way."""

    case_id: str
    emit: Callable[[AnyEvent], None]
    end: asyncio.Future[CallerEnd]
    said_bytes: int = 0

    def settle(self, outcome: CallerEnd | Exception) -> None:
        """Ends the wait for it; does nothing if nobody waits any more."""
        _settle(self.end, outcome)


@dataclass(slots=True)
class _Session:
    """One worker from its start to its end. Once `over` is set, nothing new may be asked of it."""

    name: str
    process: WorkerProcess
    limits: Limits
    flights: dict[str, _Flight] = field(default_factory=dict)
    descriptions: list[asyncio.Future[Description]] = field(default_factory=list)
    sending: set[asyncio.Task[None]] = field(default_factory=set)
    over: SystemBroken | None = None
    started: int = 0
    reader: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self.reader = asyncio.create_task(self._read())

    async def describe(self, within_s: float) -> Description | None:
        """What it says of itself; None if it says nothing within that time. Raises SystemBroken."""
        if self.over is not None:
            raise self.over
        answer: asyncio.Future[Description] = asyncio.get_running_loop().create_future()
        self.descriptions.append(answer)
        sending = asyncio.create_task(self.process.send(protocol.DESCRIBE))
        try:
            return await asyncio.wait_for(answer, within_s)
        except TimeoutError:
            return None
        finally:
            sending.cancel()

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        self.started += 1
        name = f"{case.id}~{self.started}"
        flight = self.flights[name] = _Flight(case.id, emit, asyncio.get_running_loop().create_future())
        try:
            await self.process.send(protocol.encode_run(case, name))
            return await flight.end
        finally:
            if self.flights.pop(name, None) and self.over is None:  # given up by our caller
                self._tell(protocol.encode_cancel(name))

    async def cancel(self, case_id: str) -> bool:
        for name, flight in self.flights.items():
            if flight.case_id == case_id:
                self._tell(protocol.encode_cancel(name))
        try:
            alive = await self.describe(self.limits.probe_s) is not None
        except SystemBroken:
            return False
        if not alive:
            await self.give_up(f"it did not answer within {self.limits.probe_s:g} s")
        return alive

    async def give_up(self, why: str) -> None:
        """Ends the worker; every case that is under way raises SystemBroken."""
        self._break(why)
        self.process.kill()
        await self.reader

    async def leave(self, within_s: float) -> None:
        """Tells the worker to quit, and ends it if it does not."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.send(protocol.QUIT), within_s)
        self.process.hang_up()
        await self.process.ended(within_s)
        await self.give_up("the driver was closed")

    def _tell(self, line: bytes) -> None:
        task = asyncio.create_task(self.process.send(line))
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    async def _read(self) -> None:
        try:
            async for line in self.process.lines():
                if self.over is None:
                    self._take(line)
            why = await self.process.ended(LAST_WORD_S) or "it closed its stdout"
        except SystemBroken as error:
            why = str(error)
        self._break(why)
        self.process.kill()
        await self.process.bury()

    def _take(self, line: bytes) -> None:
        try:
            said = protocol.read_line(line)
        except BadCase as error:
            self._bad_case(error)
        else:
            self._act(said, len(line))

    def _act(self, said: Said, size: int) -> None:
        match said:
            case Description():
                for answer in self.descriptions:
                    _settle(answer, said)
                self.descriptions.clear()
            case CaseEvent(name, event):
                if flight := self.flights.get(name):
                    self._hand_on(name, flight, event, size)
            case CaseEnd(name, end):
                if flight := self.flights.pop(name, None):
                    flight.settle(end)

    def _hand_on(self, name: str, flight: _Flight, event: AnyEvent, size: int) -> None:
        flight.said_bytes += size
        if flight.said_bytes > self.limits.bytes_per_case:
            raise SystemBroken(f"it said more than {self.limits.bytes_per_case} bytes of the case {flight.case_id}")
        try:
            flight.emit(event)
        except Exception as error:  # our caller's own, and its caller's to see; the worker must be read on
            self._drop(name, error)

    def _bad_case(self, error: BadCase) -> None:
        if flight := self.flights.get(error.case):
            self._drop(error.case, self._broken(str(error), (flight.case_id,)))

    def _drop(self, name: str, error: Exception) -> None:
        self.flights.pop(name).settle(error)
        self._tell(protocol.encode_cancel(name))

    def _break(self, why: str) -> None:
        if self.over is not None:
            return
        under_way = tuple(flight.case_id for flight in self.flights.values())
        self.over = self._broken(why, under_way)
        for flight in self.flights.values():
            flight.settle(self.over)
        for answer in self.descriptions:
            _settle(answer, self.over)
        self.flights.clear()
        self.descriptions.clear()

    def _broken(self, why: str, under_way: tuple[str, ...]) -> SystemBroken:
        stderr = self.process.stderr
        last = next((line.strip() for line in reversed(stderr.splitlines()) if line.strip()), "")
        said = f"; its stderr ends with: {last[:300]}" if last else ""
        cases = f" ({len(under_way)} cases were under way: {', '.join(under_way[:10])})" if len(under_way) > 1 else ""
        return SystemBroken(f"{self.name}: {why}{cases}{said}", in_flight=under_way, stderr=stderr)


def _settle(answer: asyncio.Future[T], outcome: T | Exception) -> None:
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
        answer.exception()  # counts as seen, even if nobody waits any more
    else:
        answer.set_result(outcome)


class WorkerDriver:
    """A system in a worker process. Use `start`, and `close` whatever happened."""

    def __init__(self, command: Command, limits: Limits) -> None:
        self._command = command
        self._limits = limits
        self._session: _Session | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        self._failed_starts = 0
        self.description: Description

    @classmethod
    async def start(cls, command: Command, limits: Limits | None = None) -> WorkerDriver:
        """Starts the worker and learns who it is; raises SystemBroken."""
        driver = cls(command, limits or Limits())
        await driver._live()
        return driver

    @property
    def stderr(self) -> str:
        """The end of what the present worker wrote to stderr."""
        return self._session.process.stderr if self._session else ""

    async def ready(self) -> None:
        """Returns once a worker waits for cases; raises SystemBroken where none can be had."""
        await self._live()

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end; calls `emit` for every event as it comes. Raises SystemBroken."""
        return await (await self._live()).run(case, emit)

    async def cancel(self, case_id: str) -> bool:
        """Gives up on a case; True when the worker was still alive, False when it is dead or was ended now."""
        session = self._session
        return session is not None and session.over is None and await session.cancel(case_id)

    async def close(self) -> None:
        """Stops the worker and everything that it started."""
        self._closed = True
        if self._session is not None:
            await self._session.leave(self._limits.close_s)

    async def _live(self) -> _Session:
        async with self._starting:
            if self._closed:
                raise SystemBroken(f"{self._command.name}: the driver was closed")
            if self._session is not None and self._session.over is not None:
                await self._session.reader  # the last worker is gone before the next one comes
                self._session = None
            if self._session is None:
                self._session = await self._open()
            return self._session

    async def _open(self) -> _Session:
        if self._failed_starts >= START_TRIES:
            raise SystemBroken(
                f"{self._command.name}: it broke down and did not come back {START_TRIES} times in a row"
            )
        self._failed_starts += 1
        session = await self._open_once()
        self._failed_starts = 0
        return session

    async def _open_once(self) -> _Session:
        process = await WorkerProcess.start(self._command, self._limits)
        session = _Session(self._command.name, process, self._limits)
        try:
            description = await session.describe(self._limits.start_s)
        except SystemBroken as error:
            await session.reader
            raise SystemBroken(f"{error} (before it described itself)", stderr=error.stderr) from None
        except BaseException:
            await session.give_up("its start was given up")
            raise
        if description is None:
            await session.give_up(f"it did not describe itself within {self._limits.start_s:g} s")
            assert session.over is not None
            raise session.over
        self.description = description
        return session
