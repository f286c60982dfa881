"""The two lanes: each carries a case out to its end or its deadline, and says what caller and wire saw."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from harness.catalogue.observation import CallerEnd, Observation
from harness.events import AnyEvent, Finish, Text
from harness.origin.case import CasePlan
from harness.origin.server import Origin
from harness.runner import case as lanes
from harness.runner.case import API_KEY, InProcessLane, Lane, SocketLane
from harness.runner.plan import PlannedCase
from harness.systems.base import Case, SystemBroken
from harness.systems.process import Command, Limits
from harness.systems.registry import InProcessSpec
from harness.systems.standby import StandbyDriver
from harness.systems.worker import WorkerDriver
from tests.runner.made import CLAIMS_ALL, COMPLETED, Scripted, ask, planned, well_behaved
from tests.systems.conftest import MARK, MINIATURES, processes_with

Emit = Callable[[AnyEvent], None]
BOTH = pytest.mark.parametrize("name", ["sockets", "in-process"])


@asynccontextmanager
async def lane(name: str) -> AsyncIterator[Lane]:
    if name == "in-process":
        yield InProcessLane()
        return
    async with Origin() as origin:
        yield SocketLane(origin)


def observe(name: str, driver: Any, case: PlannedCase) -> Observation:
    async def main() -> Observation:
        async with asyncio.timeout(20), lane(name) as chosen:
            return await chosen.observe(driver, case)

    return asyncio.run(main())


@BOTH
def test_a_case_that_ends_tells_what_caller_and_wire_saw(name: str) -> None:
    seen = observe(name, Scripted(), planned())
    assert [each.event for each in seen.events] == [Text("Hello"), Finish("stop")]
    assert (seen.end, seen.hung, seen.broken) == (COMPLETED, False, None)
    [attempt] = seen.attempts
    assert (attempt.path, attempt.faults, attempt.ended_s is None) == ("/v1/chat/completions", (), False)
    assert attempt.response is not None and len(attempt.sent_s) == len(attempt.response.chunks)


class SlowToBeReady(Scripted):
    async def ready(self) -> None:
        await asyncio.sleep(0.2)


def test_wire_and_caller_count_from_one_moment_however_long_a_system_takes_to_be_ready() -> None:
    seen = observe("sockets", SlowToBeReady(), planned())
    [attempt] = seen.attempts
    assert 0 <= attempt.at_s <= attempt.sent_s[-1] <= seen.events[0].at_s


@BOTH
@pytest.mark.parametrize("streams", [True, False])
def test_the_origin_holds_a_gate_until_the_caller_has_what_came_before(name: str, streams: bool) -> None:
    async def read(case: Case, emit: Emit) -> CallerEnd:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        headers = {"authorization": f"Bearer {case.api_key}"}
        async with (
            httpx.AsyncClient(base_url=case.base_url, transport=case.transport, headers=headers) as client,
            client.stream("POST", "/v1/chat/completions", json=body) as answer,
        ):
            async for piece in answer.aiter_text():
                if streams and "Hel" in piece:
                    emit(Text("Hel"))
        return COMPLETED

    gate = {"after_events": 1, "until_text": "Hel", "at_most_s": 600 if streams else 0.02}
    response = {"events": [{"text": ["Hel", "lo"]}, {"finish": "stop"}], "faults": [{"gate": gate}]}
    [attempt] = observe(name, Scripted(read), planned(responses=[response])).attempts
    assert (len(attempt.given_up), attempt.client_left) == (0 if streams else 1, False)


@BOTH
def test_a_gate_does_not_outlive_its_caller(name: str) -> None:
    async def leave(case: Case, emit: Emit) -> CallerEnd:
        asking = asyncio.create_task(ask(case))
        await asyncio.wait((asking,), timeout=0.01)
        abandoned.append(asking)
        return COMPLETED

    abandoned: list[asyncio.Task[None]] = []
    gate = {"after_events": 1, "until_events": 1, "at_most_s": 600}
    response = {"events": [{"text": ["Hel", "lo"]}, {"finish": "stop"}], "faults": [{"gate": gate}]}
    assert observe(name, Scripted(leave), planned(responses=[response])).end == COMPLETED


@BOTH
def test_a_case_is_given_all_that_its_scenario_says(name: str) -> None:
    got: list[Case] = []

    async def look(case: Case, emit: Emit) -> CallerEnd:
        got.append(case)
        return await well_behaved(case, emit)

    fields: dict[str, Any] = {"request": {"messages": "What now?"}, "options": {"max_retries": None, "timeout_s": 7}}
    observe(name, Scripted(look), planned(**fields))
    [case] = got
    assert (case.dialect, case.api_key) == ("openai-chat", API_KEY)
    assert case.request["messages"][0]["content"] == [{"type": "text", "text": "What now?"}]
    assert (case.options["max_retries"], case.options["timeout_s"]) == (None, 7)
    assert case.fallback_base_url is None
    assert (case.transport is None, case.clock is None) == (name == "sockets", name == "sockets")


@BOTH
def test_a_second_provider_has_an_address_of_its_own(name: str) -> None:
    async def turn(case: Case, emit: Emit) -> CallerEnd:
        assert case.fallback_base_url is not None
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        headers = {"authorization": f"Bearer {case.api_key}"}
        async with httpx.AsyncClient(transport=case.transport, headers=headers) as client:
            await client.post(f"{case.fallback_base_url}/v1/chat/completions", json=body)
        return COMPLETED

    spare = {"fallback_responses": [{"events": [{"text": "Spare"}, {"finish": "stop"}]}]}
    [attempt] = observe(name, Scripted(turn), planned(**spare)).attempts
    assert attempt.fallback
    assert attempt.response is not None and b"Spare" in attempt.response.body


@BOTH
def test_a_worker_that_breaks_leaves_what_came_before(name: str) -> None:
    async def break_down(case: Case, emit: Emit) -> CallerEnd:
        await ask(case)
        emit(Text("Hel"))
        raise SystemBroken("it exited with status 7", stderr="last words")

    seen = observe(name, Scripted(break_down), planned())
    assert (seen.broken, seen.stderr, seen.end) == ("it exited with status 7", "last words", None)
    assert ([each.event for each in seen.events], len(seen.attempts)) == ([Text("Hel")], 1)


@pytest.mark.parametrize(("alive", "hung"), [(True, True), (False, False)])
def test_a_case_without_an_end_is_given_up_at_its_deadline(alive: bool, hung: bool) -> None:
    async def wait(case: Case, emit: Emit) -> CallerEnd:
        await asyncio.Event().wait()
        return COMPLETED

    seen = observe("sockets", Scripted(wait, alive=alive), planned(deadline_s=0.05))
    assert (seen.end, seen.hung) == (None, hung)
    assert (seen.broken is None) is alive
    assert seen.duration_s >= 0.05


def test_a_case_in_process_may_not_wait_for_ever_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(case: Case, emit: Emit) -> CallerEnd:
        await asyncio.Event().wait()
        return COMPLETED

    monkeypatch.setattr(lanes, "VIRTUAL_DEADLINE_S", 0.05)
    assert observe("in-process", Scripted(wait), planned()).hung


def test_time_in_process_is_virtual() -> None:
    async def be_patient(case: Case, emit: Emit) -> CallerEnd:
        assert case.clock is not None
        await case.clock.sleep(3600)
        return await well_behaved(case, emit)

    seen = observe("in-process", Scripted(be_patient), planned(deadline_s=4000))
    assert (seen.duration_s >= 3600, seen.hung, seen.events[0].at_s >= 3600) == (True, False, True)


def test_virtual_time_beyond_the_deadline_is_a_hang() -> None:
    async def be_too_patient(case: Case, emit: Emit) -> CallerEnd:
        assert case.clock is not None
        await case.clock.sleep(31)
        return await well_behaved(case, emit)

    seen = observe("in-process", Scripted(be_too_patient), planned(deadline_s=30))
    assert (seen.hung, seen.end) == (True, None)


def test_of_virtual_time_nothing_is_seen_beyond_the_deadline() -> None:
    async def ask_again_later(case: Case, emit: Emit) -> CallerEnd:
        assert case.clock is not None
        await well_behaved(case, emit)
        await case.clock.sleep(31)
        return await well_behaved(case, emit)

    seen = observe("in-process", Scripted(ask_again_later), planned(deadline_s=30))
    assert (seen.hung, seen.duration_s, len(seen.attempts)) == (True, 30, 1)
    assert [each.event for each in seen.events] == [Text("Hello"), Finish("stop")]


def test_a_case_begins_for_the_origin_when_the_system_is_ready_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    add, driver = Origin.add, Scripted()

    async def make_ready() -> None:
        order.append("ready")

    def begin(self: Origin, plan: CasePlan) -> str:
        order.append("begun")
        return add(self, plan)

    monkeypatch.setattr(Origin, "add", begin)
    monkeypatch.setattr(driver, "ready", make_ready)
    assert observe("sockets", driver, planned()).end == COMPLETED
    assert order == ["ready", "begun"]


def test_each_case_over_sockets_has_a_prefix_of_its_own_that_goes_with_it() -> None:
    urls: list[str] = []

    async def note(case: Case, emit: Emit) -> CallerEnd:
        urls.append(case.base_url)
        return await well_behaved(case, emit)

    async def main() -> tuple[list[Observation], int]:
        async with asyncio.timeout(20), Origin() as origin:
            chosen = SocketLane(origin)
            seen = [await chosen.observe(Scripted(note), planned()) for _ in range(2)]
            async with httpx.AsyncClient() as client:
                late = await client.post(f"{urls[0]}/v1/chat/completions", json={})
            return seen, late.status_code

    seen, status = asyncio.run(main())
    assert len(set(urls)) == 2
    assert [len(each.attempts) for each in seen] == [1, 1]
    assert status == 404


def test_a_worker_whose_process_is_blocked_is_ended_and_replaced() -> None:
    mark = uuid.uuid4().hex
    command = Command("hangs", (sys.executable, str(MINIATURES / "hangs.py")), {MARK: mark})

    async def main() -> tuple[Observation, Observation]:
        async with asyncio.timeout(30), Origin() as origin:
            driver = await WorkerDriver.start(command, Limits(start_s=20, probe_s=0.2, close_s=0.3))
            try:
                blocked = planned(dialect="anthropic-messages", request={"messages": "block"}, deadline_s=0.5)
                waiting = planned(dialect="anthropic-messages", request={"messages": "wait"}, deadline_s=0.5)
                chosen = SocketLane(origin)
                return await chosen.observe(driver, blocked), await chosen.observe(driver, waiting)
            finally:
                await driver.close()

    blocked, waiting = asyncio.run(main())
    assert blocked.broken is not None and "stopped answering" in blocked.broken
    assert [each.event for each in blocked.events] == [Text("so far")]
    assert (waiting.hung, waiting.broken) == (True, None)
    assert processes_with(mark) == []


def many_chunks(number: int) -> PlannedCase:
    events = [{"text": "Hello"}, {"finish": "stop"}]
    return planned(f"made/long-{number}", responses=[{"events": events, "faults": [{"chunks": {"every": 1}}]}])


def observe_together(driver: Scripted, cases: list[PlannedCase]) -> list[Observation]:
    async def main() -> list[Observation]:
        async with asyncio.timeout(60), lane("sockets") as chosen:
            return await asyncio.gather(*(chosen.observe(driver, case) for case in cases))

    return asyncio.run(main())


def test_only_a_few_answers_of_many_chunks_are_played_at_once() -> None:
    driver = Scripted()
    seen = observe_together(driver, [many_chunks(number) for number in range(7)])
    assert {observation.end for observation in seen} == {COMPLETED}
    assert driver.most_under_way == lanes.MANY_AT_ONCE


def test_other_answers_are_not_held_back() -> None:
    driver = Scripted()
    observe_together(driver, [planned(f"made/{number}") for number in range(7)])
    assert driver.most_under_way == 7


def test_systems_that_hang_hold_the_others_back_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.05)
    together = asyncio.Barrier(lanes.MANY_AT_ONCE + 1)

    async def wait_for_one_more(case: Case, emit: Emit) -> CallerEnd:
        await together.wait()
        return await well_behaved(case, emit)

    cases = [many_chunks(number) for number in range(lanes.MANY_AT_ONCE + 1)]
    assert {observation.end for observation in observe_together(Scripted(wait_for_one_more), cases)} == {COMPLETED}


class TellsItsTransport:
    """An in-process system that only says what it was given."""

    description = CLAIMS_ALL

    async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        yield Text(f"{type(case.transport).__module__}.{type(case.transport).__name__}")


class NewerTransport(TellsItsTransport):
    http = "httpx2"


@pytest.mark.parametrize(
    ("system", "given"),
    [
        ("TellsItsTransport", "harness.origin.transport.InProcessTransport"),
        ("NewerTransport", "harness.origin.transport_httpx2.InProcessTransport2"),
    ],
)
@pytest.mark.parametrize("stay", [True, False])
def test_in_process_a_system_is_given_a_transport_of_its_own_library(system: str, given: str, stay: bool) -> None:
    async def main() -> Observation:
        driver = await StandbyDriver.describe(InProcessSpec(system, f"{__name__}:{system}"), stay=stay)
        return await InProcessLane().observe(driver, planned())

    [told] = [timed.event for timed in asyncio.run(main()).events]
    assert told == Text(given)
