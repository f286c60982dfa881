"""Whatever a worker does, its driver says what happened, goes on, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, ErrorInfo, Finish, Other, Text, Usage
from harness.systems.base import SystemBroken
from harness.systems.process import Command, Limits
from harness.systems.worker import WorkerDriver

from .conftest import MARK, MINIATURES, case, processes_with

Make = Callable[..., Command]

QUICK = Limits(start_s=20, probe_s=0.5, close_s=0.3)


@asynccontextmanager
async def started(command: Command, limits: Limits = QUICK) -> AsyncIterator[WorkerDriver]:
    driver = await WorkerDriver.start(command, limits)
    try:
        async with asyncio.timeout(20):  # where a bound is broken, a flood must not take the whole machine
            yield driver
    finally:
        await driver.close()


async def run_one(driver: WorkerDriver, text: str = "one two", **options: object) -> tuple[CallerEnd, list[AnyEvent]]:
    events: list[AnyEvent] = []
    return await driver.run(case(text, **options), events.append), events


def drive(command: Command, text: str = "one two", **options: object) -> tuple[CallerEnd, list[AnyEvent]]:
    async def main() -> tuple[CallerEnd, list[AnyEvent]]:
        async with started(command) as driver:
            return await run_one(driver, text, **options)

    return asyncio.run(main())


def breaks(command: Command, text: str, limits: Limits = QUICK) -> SystemBroken:
    async def main() -> SystemBroken:
        async with started(command, limits) as driver:
            with pytest.raises(SystemBroken) as caught:
                await run_one(driver, text)
            return caught.value

    return asyncio.run(main())


def refuses_to_start(command: Command, limits: Limits = QUICK) -> SystemBroken:
    with pytest.raises(SystemBroken) as caught:
        asyncio.run(WorkerDriver.start(command, limits))
    return caught.value


def test_it_hands_on_events_and_the_end(miniature: Make) -> None:
    end, events = drive(miniature("echo"))
    assert events == [Text("one "), Text("two "), Usage(2, 2), Finish("stop", raw="done")]
    assert end == CallerEnd("completed")


def test_it_knows_who_the_worker_is(miniature: Make) -> None:
    async def main() -> None:
        async with started(miniature("echo")) as driver:
            description = driver.description
            assert (description.name, description.version, description.language) == ("echo", "1.2.3", "python")
            assert description.dialects == ("anthropic-messages",)
            assert description.features == {"usage", "cancel"}

    asyncio.run(main())


@pytest.mark.parametrize("name", ["echo", "echo_in_threads"])
def test_it_runs_many_cases_at_once_and_keeps_them_apart(miniature: Make, name: str) -> None:
    async def main() -> list[tuple[CallerEnd, list[AnyEvent]]]:
        async with started(miniature(name)) as driver:
            return await asyncio.gather(*(run_one(driver, f"word{number}") for number in range(50)))

    for number, (end, events) in enumerate(asyncio.run(main())):
        assert end.status == "completed"
        assert [event for event in events if isinstance(event, Text)] == [Text(f"word{number} ")]


def test_a_plain_generator_runs_in_a_thread_of_its_own(miniature: Make) -> None:
    _, events = drive(miniature("echo_in_threads"))
    assert events == [Other("thread", True), Text("one "), Text("two "), Finish("stop")]


def test_a_coroutine_may_return_all_events_at_the_end(miniature: Make) -> None:
    assert drive(miniature("echo_at_once")) == (CallerEnd("completed"), [Text("one two")])


def test_a_system_may_say_that_the_answer_was_cut_off(miniature: Make) -> None:
    assert drive(miniature("echo_at_once"), status="truncated") == (CallerEnd("truncated"), [Text("one two")])


@pytest.mark.parametrize(
    ("what", "raised", "error"),
    [
        ("status", "__main__.RateLimitError", ErrorInfo("rate_limit", "too fast", 429, "slow_down")),
        ("class name", "__main__.ReadTimeout", ErrorInfo("timeout", "ReadTimeout")),
        ("failed", "harness_kit.Failed", ErrorInfo("content_filter", "it said so", 451, "blocked")),
        ("classify", "__main__.Odd", ErrorInfo("quota", "odd")),
        ("unknown", "ValueError", ErrorInfo("unknown", "bad value")),
        ("exit", "SystemExit", ErrorInfo("unknown", "3")),
    ],
)
def test_what_a_system_raises_is_how_the_case_ends(miniature: Make, what: str, raised: str, error: ErrorInfo) -> None:
    end, events = drive(miniature("raises"), what)
    assert events == [Text("before")]
    assert end == CallerEnd("error", error, raised)


@pytest.mark.parametrize("name", ["echo", "echo_in_threads"])
def test_it_stops_a_case_after_so_many_content_events(miniature: Make, name: str) -> None:
    end, events = drive(miniature(name), "one two three", cancel_after_events=2)
    assert [event for event in events if isinstance(event, Text)] == [Text("one "), Text("two ")]
    assert end == CallerEnd("cancelled")


def test_a_system_that_does_not_claim_to_be_stoppable_is_not_stopped(miniature: Make) -> None:
    assert drive(miniature("echo_at_once"), cancel_after_events=0)[0] == CallerEnd("completed")


def test_a_worker_that_ends_at_start_says_why(miniature: Make) -> None:
    error = refuses_to_start(miniature("crashes_at_start"))
    assert str(error) == (
        "crashes_at_start: it exited with status 1; its stderr ends with: "
        "ModuleNotFoundError: No module named 'a_module_that_is_not_there' (before it described itself)"
    )
    assert "Traceback" in error.stderr


def test_a_command_that_is_not_there_is_told_apart(mark: str) -> None:
    error = refuses_to_start(Command("gone", ("no-such-command-here",), {MARK: mark}))
    assert "it could not be started: no-such-command-here: No such file or directory" in str(error)


def test_a_folder_that_is_not_there_is_told_apart(mark: str) -> None:
    error = refuses_to_start(Command("gone", ("true",), {MARK: mark}, Path("/no/such/folder")))
    assert str(error) == "gone: its folder /no/such/folder does not exist"


def test_a_worker_that_never_describes_itself_is_given_up(miniature: Make) -> None:
    error = refuses_to_start(miniature("never_describes"), Limits(start_s=0.5, close_s=0.1))
    assert "it did not describe itself within 0.5 s; its stderr ends with: still loading" in str(error)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("hello", "is not JSON: 'hello'"),
        ('{"op": "described"}', "missing required field `name`"),
        (
            '{"op": "described", "protocol": 2, "name": "x", "version": "1", "language": "c", "dialects": []}',
            "version 2",
        ),
    ],
)
def test_a_worker_that_describes_itself_badly_is_refused(miniature: Make, said: str, message: str) -> None:
    assert message in str(refuses_to_start(miniature("describes", said)))


def test_a_crash_breaks_the_case_and_the_next_one_gets_a_new_worker(miniature: Make) -> None:
    async def main() -> None:
        async with started(miniature("crashes_in_case")) as driver:
            with pytest.raises(SystemBroken) as caught:
                await run_one(driver, "exit")
            assert str(caught.value) == (
                "crashes_in_case: it exited with status 7; its stderr ends with: about to leave"
            )
            assert caught.value.in_flight == ("c1",)
            assert await run_one(driver, "nothing special") == (CallerEnd("completed"), [Text("so far")])

    asyncio.run(main())


def test_a_crash_names_every_case_that_was_under_way(miniature: Make) -> None:
    async def main() -> None:
        async with started(miniature("crashes_in_case")) as driver:
            begun = asyncio.Event()
            waiting = asyncio.create_task(driver.run(case("wait", "bystander"), lambda _: begun.set()))
            await begun.wait()
            with pytest.raises(SystemBroken) as culprit:
                await driver.run(case("abort", "culprit"), lambda _: None)
            with pytest.raises(SystemBroken) as bystander:
                await waiting
        for caught in (culprit, bystander):
            assert "it was ended by SIGABRT (2 cases were under way: bystander, culprit)" in str(caught.value)
            assert caught.value.in_flight == ("bystander", "culprit")

    asyncio.run(main())


@pytest.mark.parametrize(("text", "alive"), [("wait", True), ("block", False)])
def test_a_case_that_hangs_is_told_apart_from_a_worker_that_does(miniature: Make, text: str, alive: bool) -> None:
    async def main() -> None:
        async with started(miniature("hangs")) as driver:
            begun = asyncio.Event()
            hanging = asyncio.create_task(driver.run(case(text), lambda _: begun.set()))
            await begun.wait()
            assert await driver.cancel("c1") is alive
            if alive:
                assert await hanging == CallerEnd("cancelled")
            else:
                with pytest.raises(SystemBroken, match=r"it did not answer within 0\.5 s"):
                    await hanging

    asyncio.run(main())


def test_a_caller_that_gives_up_on_a_case_can_still_ask_whether_the_worker_lives(miniature: Make) -> None:
    async def main() -> None:
        async with started(miniature("hangs")) as driver:
            begun = asyncio.Event()
            hanging = asyncio.create_task(driver.run(case("wait"), lambda _: begun.set()))
            await begun.wait()
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)
            assert await driver.cancel("c1") is True

    asyncio.run(main())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Segmentation fault", "its stdout has a line that is not JSON: 'Segmentation fault'"),
        ("[1, 2]", "no message of the protocol: '[1, 2]'"),
        ('{"case": "{case}", "event": {"type": "text"}}', "its text event cannot be read"),
        ('{"case": "{case}", "event": {"type": "end", "status": "completed"}}', "not by an event"),
        ('{"case": "{case}", "event": "text"}', "an event is an object with a type, not 'text'"),
        ('{"case": "{case}", "end": {"status": "fine"}}', "one of completed, truncated, cancelled, error"),
        ('{"case": "{case}", "end": {"status": "error", "error": {"kind": "odd"}}}', "its error cannot be read"),
    ],
)
def test_garbage_breaks_the_case_and_is_shown(miniature: Make, line: str, message: str) -> None:
    error = breaks(miniature("prints"), line)
    assert message in str(error)
    assert error.in_flight == ("c1",)


def test_unknown_events_are_kept_and_unknown_operations_skipped(miniature: Make) -> None:
    lines = (
        '{"op": "progress"}\n{"case": "{case}", "event": {"type": "hologram", "depth": 3}}\n'
        '{"case": "someone else", "event": {"type": "text", "text": "no"}}\n'
        '{"case": "{case}", "event": {"type": "retry", "attempt": 2, "delay_s": 0.5}}\n'
        '{"case": "{case}", "event": {"type": "text", "text": "half \\ud83d"}}\n\n'
        '{"case": "{case}", "end": {"status": "completed", "mood": "good"}}'
    )
    end, events = drive(miniature("prints"), lines)
    assert end == CallerEnd("completed")
    assert events[0] == Other("hologram", {"depth": 3})
    assert [type(event).__name__ for event in events] == ["Other", "Retry", "Text"]


@pytest.mark.parametrize(
    ("flood", "message"),
    [("events", "it said more than 100000 bytes of the case c1"), ("line", "a line of more than 100000 bytes")],
)
def test_a_flood_is_stopped(miniature: Make, flood: str, message: str) -> None:
    assert message in str(breaks(miniature("floods"), flood, Limits(bytes_per_case=100_000, close_s=0.1)))


def test_only_the_end_of_stderr_is_kept(miniature: Make) -> None:
    async def main() -> str:
        async with started(miniature("floods"), Limits(stderr_bytes=1000, close_s=0.1)) as driver:
            assert await run_one(driver, "stderr") == (CallerEnd("completed"), [])
        return driver.stderr

    stderr = asyncio.run(main())
    assert len(stderr) < 200_000
    assert stderr.endswith("last words\n")


def test_a_worker_that_ignores_signals_is_ended(miniature: Make, mark: str) -> None:
    async def main() -> None:
        async with started(miniature("ignores_signals")):
            assert len(processes_with(mark)) == 2
        assert processes_with(mark) == []

    asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt its descendants")
@pytest.mark.parametrize("leave", [False, True])
def test_what_a_worker_leaves_behind_is_ended_with_it(miniature: Make, mark: str, leave: bool) -> None:
    async def main() -> None:
        events: list[AnyEvent] = []
        async with started(miniature("leaks_children")) as driver:
            running = driver.run(case("go", leave=leave), events.append)
            if leave:
                with pytest.raises(SystemBroken, match="it exited with status 0"):
                    await running
            else:
                await running
                assert len(processes_with(mark)) == 4
        assert [len(event.data) for event in events if isinstance(event, Other)] == [2]
        assert processes_with(mark) == []

    asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt its descendants")
def test_nothing_is_left_when_the_harness_itself_is_killed(mark: str) -> None:
    program = f"""
import asyncio, os, signal, sys
from harness.systems.process import Command
from harness.systems.worker import WorkerDriver
from tests.systems.conftest import case

async def main():
    command = Command("leaks", (sys.executable, {str(MINIATURES / "leaks_children.py")!r}), {{"MARK": {mark!r}}})
    driver = await WorkerDriver.start(command)
    await driver.run(case("go"), lambda event: None)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    root = str(Path(__file__).parents[2])
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == b"ready\n"
        left = [process for process in processes_with(mark) if process != harness.pid]
        assert len(left) == 4
        watched = [os.pidfd_open(process) for process in left]
        os.kill(harness.pid, signal.SIGKILL)
        for process in watched:
            assert _has_ended(process, within_s=10)


def _has_ended(process: int, within_s: float) -> bool:
    import select

    with os.fdopen(process, "rb", closefd=True) as pidfd:
        return bool(select.select([pidfd], [], [], within_s)[0])


def test_a_worker_sees_no_secrets_and_writes_nowhere_of_ours(miniature: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    _, events = drive(miniature("tells_environment"))
    told = {event.kind: event.data for event in events if isinstance(event, Other)}
    environment = told["environment"]
    assert not [name for name in environment if "KEY" in name or name.lower().endswith("s_proxy")]
    assert environment["NO_PROXY"] == "*"
    home = environment["HOME"]
    assert home not in ("", os.environ.get("HOME"))
    assert told["cwd"] == home
    assert not Path(home).exists()
    assert told["stdin"] == ""
    assert told["memory"] == QUICK.memory_bytes
    assert told["group"][0] == told["group"][1]


def test_what_an_adapter_prints_goes_to_stderr(miniature: Make) -> None:
    async def main() -> str:
        async with started(miniature("tells_environment")) as driver:
            await run_one(driver)
        return driver.stderr

    assert asyncio.run(main()) == "not for the protocol\nnor this\n"


def test_a_worker_cannot_take_more_memory_than_it_may(miniature: Make) -> None:
    async def main() -> CallerEnd:
        async with started(miniature("tells_environment"), Limits(memory_bytes=256 * 1024**2)) as driver:
            return (await run_one(driver, allocate=512 * 1024**2))[0]

    assert asyncio.run(main()).raised == "MemoryError"


def test_a_driver_that_was_closed_refuses_cases(miniature: Make) -> None:
    async def main() -> None:
        async with started(miniature("echo")) as driver:
            pass
        with pytest.raises(SystemBroken, match="echo: the driver was closed"):
            await run_one(driver)
        assert await driver.cancel("c1") is False

    asyncio.run(main())


def test_what_our_own_listener_raises_is_ours_and_the_worker_goes_on(miniature: Make) -> None:
    def stumble(event: AnyEvent) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with started(miniature("echo")) as driver:
            with pytest.raises(ZeroDivisionError):
                await driver.run(case(), stumble)
            assert (await run_one(driver))[0] == CallerEnd("completed")

    asyncio.run(main())


DIES_AND_STAYS_DEAD = """\
import os, sys
from harness_kit import serve
counter = {counter!r}
with open(counter, "a") as file:
    file.write("x")
if os.path.getsize(counter) > 1:
    sys.exit("not again")
def run(case):
    os._exit(7)
serve(name="once", version="1", dialects=["openai-chat"], run=run)
"""


def test_a_worker_that_does_not_come_back_is_not_asked_for_ever(tmp_path: Path) -> None:
    counter = tmp_path / "starts"
    script = tmp_path / "once.py"
    script.write_text(DIES_AND_STAYS_DEAD.format(counter=str(counter)))

    async def main() -> None:
        async with started(Command("once", (sys.executable, str(script)))) as driver:
            with pytest.raises(SystemBroken, match="it exited with status 7"):
                await run_one(driver)
            for _ in range(2):
                with pytest.raises(SystemBroken, match="not again"):
                    await driver.ready()
            for _ in range(3):
                with pytest.raises(SystemBroken, match="it broke down and did not come back 2 times in a row"):
                    await driver.ready()

    asyncio.run(main())
    assert counter.read_text() == "xxx"
