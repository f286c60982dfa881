"""Drives a gateway that runs in processes of its own: the origin behind it, our client in front of it.

A gateway knows its upstream by an address that is fixed when it starts, so each upstream of each process is a slot: an
alias of the origin, which a case points at itself while it has the slot. Slots go round, so that each rests before its
next case, and what comes late from the last one meets nobody.

A process that breaks down or stops answering while it serves a single case did so because of that case: the case is
judged by what its client saw. Where others were under way in it, all of them end with SystemBroken, and each is run
again alone; so is a case that failed while the process stood still for another one.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent
from harness.origin.server import Origin
from harness.systems.base import Case, SystemBroken
from harness.systems.gateway_install import describe
from harness.systems.gateway_manifest import SlotPlace
from harness.systems.gateway_process import GatewayProcess, Launch
from harness.systems.worker import START_TRIES

LAST_WORD_S = 0.5
"""How long we wait, after a connection to it broke, to learn whether the gateway has ended."""

LOOK_EVERY_S = 0.5
"""How often we ask a process that has several cases whether it still answers."""

STARVED_S = 2.0
"""An answer to that which takes longer says that one of its cases keeps the process from serving the others."""

BROKEN_CONNECTION = ("connection", "protocol", "timeout")
"""Kinds of errors by which a client learns that its server is gone."""

_NUMBERS = itertools.count(1)
"""Aliases are never used twice in one process of ours."""


class Front(Protocol):
    """Our client in front of a gateway."""

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end."""


FrontMaker = Callable[[str, str, str | None], Front]
"""A base URL, an API key, and the model to ask for instead of the request's own -> a client."""


def front_client(base_url: str, api_key: str, model: str | None) -> Front:
    """The client that stands in front of every gateway."""
    from harness.systems.front import FrontClient

    return FrontClient(base_url=base_url, api_key=api_key, model=model)


@dataclass(slots=True, eq=False)
class _Flight:
    """One case under way.

    `company`: whether another one was in the same process at some time; `starved`: whether the process stood still
    meanwhile, so that what became of the case may be another one's doing.
    """

    case_id: str
    company: bool = False
    starved: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether it must be run again alone before anything is made of how it failed."""
        return self.company and self.starved


@dataclass(slots=True, eq=False)
class _Station:
    """One process with its slots, started anew where it has ended."""

    launch: Launch
    places: tuple[SlotPlace, ...]
    process: GatewayProcess | None = None
    flights: list[_Flight] = field(default_factory=list)
    failed_starts: int = 0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    watch: asyncio.Task[None] | None = None
    asked: float | None = None
    """When the process was asked whether it still answers; None while no answer is due."""
    closed: bool = False

    async def live(self) -> GatewayProcess:
        """Its process, up. Raises SystemBroken."""
        async with self.starting:
            if self.closed:
                raise SystemBroken(f"{self.launch.name}: the driver was closed")
            if self.process is not None and await self.process.ended(0):
                await self.drop()
            if self.process is None:
                self.process = await self._start()
            return self.process

    async def _start(self) -> GatewayProcess:
        if self.failed_starts >= START_TRIES:
            raise SystemBroken(f"{self.launch.name}: it could not be started {START_TRIES} times in a row")
        self.failed_starts += 1
        process = await GatewayProcess.start(self.launch, self.places)
        self.failed_starts = 0
        return process

    def board(self, flight: _Flight) -> None:
        """One more case in this process."""
        for other in self.flights:
            other.company = flight.company = True
        self.flights.append(flight)
        if len(self.flights) > 1 and (self.watch is None or self.watch.done()):
            self.watch = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """While several cases are under way: whether the process serves them all."""
        while len(self.flights) > 1 and self.process is not None:
            aboard, self.asked = [*self.flights], time.monotonic()
            answered = await self.process.answers(STARVED_S)
            if not answered:
                for flight in (*aboard, *self.flights):
                    flight.starved = True
            self.asked = None
            await asyncio.sleep(LOOK_EVERY_S)

    @property
    def stands_still(self) -> bool:
        """Whether an answer has been due for too long."""
        return self.asked is not None and time.monotonic() - self.asked > STARVED_S

    async def drop(self) -> None:
        """Ends the process, and all that is left of it."""
        process, self.process = self.process, None
        if process is not None:
            await process.kill()

    async def close(self) -> None:
        self.closed = True
        if self.watch is not None:
            self.watch.cancel()
            await asyncio.gather(self.watch, return_exceptions=True)
        async with self.starting:
            process, self.process = self.process, None
            if process is not None:
                await process.stop()


@dataclass(frozen=True, slots=True)
class _Slot:
    """One way through the gateway. `number` counts within its process."""

    station: _Station
    number: int
    alias: str


class GatewayDriver:
    """A gateway whose processes are up. Use `start`, and `close` whatever happened."""

    def __init__(self, launch: Launch, origin: Origin, front: FrontMaker = front_client) -> None:
        self.description = describe(launch.manifest, launch.name, launch.installed)
        self._launch = launch
        self._origin = origin
        self._front = front
        self._stations: list[_Station] = []
        self._free: asyncio.Queue[_Slot] = asyncio.Queue()
        self._abandoned: dict[str, tuple[_Station, GatewayProcess, _Flight]] = {}
        for _ in range(launch.manifest.processes):
            self._add_station()

    @classmethod
    async def start(cls, launch: Launch, origin: Origin, front: FrontMaker = front_client) -> GatewayDriver:
        """Starts all of its processes; raises SystemBroken."""
        driver = cls(launch, origin, front)
        try:
            await driver.ready()
        except BaseException:
            await driver.close()
            raise
        return driver

    @property
    def logs(self) -> list[str]:
        """The end of what each process wrote."""
        return [station.process.log for station in self._stations if station.process]

    async def ready(self) -> None:
        """Returns once all of its processes are up; raises SystemBroken where one cannot be had."""
        outcomes = await asyncio.gather(*(station.live() for station in self._stations), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case through a slot of its own; raises SystemBroken where others may have broken the process."""
        slot = await self._free.get()
        flight = _Flight(case.id)
        try:
            process = await slot.station.live()
            slot.station.board(flight)
            self._origin.point(slot.alias, case.id)
            return await self._run(case, emit, slot, process, flight)
        finally:
            if flight in slot.station.flights:
                slot.station.flights.remove(flight)
            self._free.put_nowait(slot)

    async def cancel(self, case_id: str) -> bool:
        """Gives up on a case; True when the process that had it answers, or stopped for this case alone."""
        if case_id not in self._abandoned:
            return True
        station, process, flight = self._abandoned.pop(case_id)
        if await process.answers(self._launch.limits.probe_s):
            return not flight.doubtful
        if station.process is process:
            await station.drop()
        return not flight.company

    async def close(self) -> None:
        """Stops all of its processes, whatever state they are in."""
        await asyncio.gather(*(station.close() for station in self._stations))

    async def _run(
        self, case: Case, emit: Callable[[AnyEvent], None], slot: _Slot, process: GatewayProcess, flight: _Flight
    ) -> CallerEnd:
        manifest = self._launch.manifest
        base_url = process.url + manifest.serves[case.dialect].path
        model = manifest.model_of(slot.number, case.dialect) or None
        key = manifest.api_key or case.api_key
        try:
            end = await self._front(base_url, key, model).run(case, emit)
        except asyncio.CancelledError:
            self._abandoned[case.id] = (slot.station, process, flight)
            raise
        broke = end.status == "truncated" or (end.error is not None and end.error.kind in BROKEN_CONNECTION)
        how = await process.ended(LAST_WORD_S if broke else 0)
        if how and flight.company:
            raise SystemBroken(
                f"{self._launch.name}: {how} while it had several cases", in_flight=(case.id,), stderr=process.log
            )
        flight.starved |= slot.station.stands_still
        if flight.doubtful and end.status != "completed":
            raise SystemBroken(f"{self._launch.name}: it stood still while it had several cases", in_flight=(case.id,))
        return end

    def _add_station(self) -> None:
        aliases = [f"slot-{next(_NUMBERS)}" for _ in range(self._launch.manifest.slots)]
        places = tuple(
            SlotPlace(number, self._launch.manifest.model_of(number), self._origin.point(alias, None))
            for number, alias in enumerate(aliases, start=1)
        )
        station = _Station(self._launch, places)
        self._stations.append(station)
        for number, alias in enumerate(aliases, start=1):
            self._free.put_nowait(_Slot(station, number, alias))
