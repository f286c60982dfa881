"""The two lanes in which a case is carried out: over real sockets and real time, or in process on a virtual clock."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import httpx

from harness.catalogue.observation import Attempt, CallerEnd, FrontLog, Observation, TimedEvent
from harness.events import AnyEvent
from harness.origin.caller import Caller
from harness.origin.case import FALLBACK_PREFIX, CasePlan
from harness.origin.clock import VirtualClock
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.request import to_dict
from harness.runner.front_side import read_strictly
from harness.runner.plan import PlannedCase
from harness.systems.base import Case, Clock, Driver, SystemBroken

LaneName: TypeAlias = Literal["sockets", "in-process"]

API_KEY = "sk-test-0123456789"
"""The key that systems are given: good for nothing, and accepted by the origin."""

GRACE_S = 15.0
"""How long a client may take, after it has ended, to close the connection that the origin still plays on."""

VIRTUAL_DEADLINE_S = 60.0
"""Wall time after which a case in process counts as hung: virtual time does not pass while a system computes."""


class Lane(Protocol):
    """Carries out one case after another, many at once."""

    name: LaneName

    async def observe(self, driver: Driver, planned: PlannedCase) -> Observation:
        """Runs the case to its end or its deadline. Never raises for what the system does."""


@dataclass(slots=True)
class _Watch:
    """Collects what the caller sees, with times, and tells the origin of it. All sides count from `began`."""

    now: Callable[[], float]
    caller: Caller
    began: float
    events: list[TimedEvent] = field(default_factory=list)

    def emit(self, event: AnyEvent) -> None:
        self.events.append(TimedEvent(self.now() - self.began, event))
        self.caller.heard(event)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How the driver's part of a case ended."""

    end: CallerEnd | None = None
    hung: bool = False
    broken: str | None = None
    stderr: str = ""


MANY_CHUNKS = 200
"""An answer of so many chunks keeps the origin busy for as long as it is played."""

MANY_AT_ONCE = 4
"""How many such answers are played at once, to all systems together: more of them would only be slower, each one, until
clients lose their patience with a stream that is whole."""

PATIENCE_S = 30.0
"""How long such a case waits for its turn; systems that hang keep their places for longer than that."""


class SocketLane:
    """Real sockets, real time: what every system can be run through."""

    name: LaneName = "sockets"

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._numbers = itertools.count(1)
        self._places = asyncio.Semaphore(MANY_AT_ONCE)

    async def observe(self, driver: Driver, planned: PlannedCase) -> Observation:
        """Serves the case at a prefix of its own while the system runs it."""
        if not _has_many_chunks(planned):
            return await self._observe(driver, planned)
        took_place = await _within(PATIENCE_S, self._places.acquire())
        try:
            return await self._observe(driver, planned)
        finally:
            if took_place:
                self._places.release()

    async def _observe(self, driver: Driver, planned: PlannedCase) -> Observation:
        unready = await _unready(driver)  # before the case begins, for the origin as well: its times count from there
        case_id = f"c{next(self._numbers)}"
        base_url = self.origin.add(_plan(case_id, planned))
        log = self.origin.log(case_id)
        watch = _Watch(time.monotonic, log.listen(), log.began)
        case = _case(case_id, planned, base_url, watch.began)
        outcome = unready or await _drive(driver, case, watch, planned.scenario.deadline_s)
        ended = time.monotonic() - watch.began
        if outcome.end is not None:
            await _within(GRACE_S, log.wait_until(lambda each: all(one.ended_s is not None for one in each.attempts)))
        attempts = self.origin.log(case_id).attempts
        self.origin.remove(case_id)
        return _observation(watch, outcome, attempts, ended, case, planned)


class InProcessLane:
    """No sockets and no wall time: for systems that run in this process and take a transport and a clock."""

    name: LaneName = "in-process"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    async def observe(self, driver: Driver, planned: PlannedCase) -> Observation:
        """Plays the case through a transport on a clock of its own."""
        case_id = f"c{next(self._numbers)}"
        clock = VirtualClock()
        unready = await _unready(driver)
        transport = _transport(driver, _plan(case_id, planned), clock)
        watch = _Watch(clock.now, transport.log.listen(), transport.log.began)
        case = _case(case_id, planned, transport.base_url, watch.began, transport, clock)
        outcome = unready or await _drive(driver, case, watch, VIRTUAL_DEADLINE_S)
        ended = clock.now() - watch.began
        attempts, deadline = transport.log.attempts, planned.scenario.deadline_s
        if ended > deadline:  # nobody would have looked on for longer
            outcome, ended = _Outcome(hung=True), deadline
            attempts = tuple(each for each in attempts if each.at_s <= deadline)
            watch.events = [each for each in watch.events if each.at_s <= deadline]
        return _observation(watch, outcome, attempts, ended, case, planned)


def _transport(driver: Driver, plan: CasePlan, clock: Clock) -> Any:
    """What answers the system instead of a socket: a transport of httpx, or of its successor for who asks for that."""
    if getattr(driver, "http", "httpx") != "httpx2":
        return InProcessTransport(plan, clock)
    from harness.origin.transport_httpx2 import InProcessTransport2  # it comes with those SDKs that need it

    return InProcessTransport2(plan, clock)


async def _unready(driver: Driver) -> _Outcome | None:
    """Why the system cannot take a case; None where it can."""
    try:
        await driver.ready()
    except SystemBroken as error:
        return _Outcome(broken=str(error), stderr=error.stderr)
    return None


async def _drive(driver: Driver, case: Case, watch: _Watch, deadline_s: float) -> _Outcome:
    try:
        async with asyncio.timeout(deadline_s):
            return _Outcome(end=await driver.run(case, watch.emit))
    except TimeoutError:
        if await driver.cancel(case.id):
            return _Outcome(hung=True)
        return _Outcome(broken=f"the system stopped answering, and this case did not end within {deadline_s:g} s")
    except SystemBroken as error:
        return _Outcome(broken=str(error), stderr=error.stderr)
    finally:
        watch.caller.ended()


def _has_many_chunks(planned: PlannedCase) -> bool:
    return sum(len(response.chunks) for response in planned.rendered.responses) >= MANY_CHUNKS


async def _within(seconds: float, awaited: Awaitable[object]) -> bool:
    """Waits for it, but no longer than that; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await awaited
    except TimeoutError:
        return False
    return True


def _plan(case_id: str, planned: PlannedCase) -> CasePlan:
    rendered = planned.rendered
    return CasePlan(
        case_id,
        planned.wire_dialect,
        rendered.responses,
        rendered.fallback_responses,
        streams=planned.scenario.request.stream,
        other_form=planned.other_form,
    )


def _case(
    case_id: str,
    planned: PlannedCase,
    base_url: str,
    began: float,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
) -> Case:
    scenario = planned.scenario
    return Case(
        id=case_id,
        dialect=planned.dialect,
        base_url=base_url,
        api_key=API_KEY,
        request=to_dict(scenario.request),
        options=scenario.options.model_dump(mode="json"),
        fallback_base_url=f"{base_url}{FALLBACK_PREFIX}" if scenario.fallback_responses else None,
        transport=transport,
        clock=clock,
        front=None if planned.upstream is None else FrontLog(began=began),
        front_request=None if scenario.front is None else scenario.front.model_dump(mode="json"),
    )


def _observation(
    watch: _Watch, outcome: _Outcome, attempts: tuple[Attempt, ...], duration_s: float, case: Case, planned: PlannedCase
) -> Observation:
    front: tuple[Attempt, ...] = ()
    if case.front is not None:
        same = planned.upstream == planned.dialect
        front = read_strictly(case.front.attempts, planned.dialect, attempts if same else ())
    return Observation(
        events=tuple(watch.events),
        end=outcome.end,
        attempts=attempts,
        duration_s=duration_s,
        hung=outcome.hung,
        broken=outcome.broken,
        stderr=outcome.stderr,
        front=front,
    )
