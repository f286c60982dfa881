"""The kit of Node adapters speaks the protocol as the Python kit does, whatever the adapter and its client do."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from harness import events as ours
from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, ErrorInfo
from harness.systems.base import Description, SystemBroken
from harness.systems.process import KIT, Command, Limits
from harness.systems.worker import WorkerDriver

from ..conftest import MARK, MINIATURES, case

NODE = shutil.which("node")
LIMITS = Limits(start_s=60, probe_s=30, close_s=10)

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node on the PATH")


@pytest.fixture
def command(mark: str) -> Command:
    """The miniature that does what it is asked."""
    return node(MINIATURES / "everything.mjs", {MARK: mark})


def node(script: Path, env: dict[str, str]) -> Command:
    assert NODE is not None
    return Command(script.stem, (NODE, "--import", (KIT / "resolve.mjs").as_uri(), str(script)), env)


async def run_on(driver: WorkerDriver, text: str, **options: object) -> tuple[CallerEnd, list[AnyEvent]]:
    seen: list[AnyEvent] = []
    return await driver.run(case(text, name=text, **options), seen.append), seen


def drive(command: Command, text: str, **options: object) -> tuple[CallerEnd, list[AnyEvent], str]:
    """How the case ended, its events, and what the worker had on its stderr."""

    async def main() -> tuple[CallerEnd, list[AnyEvent], str]:
        driver = await WorkerDriver.start(command, LIMITS)
        try:
            async with asyncio.timeout(60):
                ending, seen = await run_on(driver, text, **options)
                await run_on(driver, "events")  # the worker has outlived the case
            return ending, seen, driver.stderr
        finally:
            await driver.close()

    return asyncio.run(main())


def test_it_describes_the_adapter(command: Command) -> None:
    async def main() -> Description:
        driver = await WorkerDriver.start(command, LIMITS)
        await driver.close()
        return driver.description

    said = asyncio.run(main())
    assert (said.name, said.version, said.language, said.kind) == ("everything", "1", "node", "client")
    assert said.claims("anthropic-messages") == {"cancel", "usage"}
    assert said.default_retries == {"anthropic-messages": 2}


def test_its_events_are_ours(command: Command) -> None:
    ending, seen, _ = drive(command, "events")
    assert ending == CallerEnd("completed")
    assert seen == [
        ours.Start("id", "model"),
        ours.Reasoning("b", summary=True),
        ours.Signature("s", "redacted", tool_index=1, id="i"),
        ours.Text("a", choice=1),
        ours.Refusal("no"),
        ours.ToolCall(1, "call", "name", "{}"),
        ours.Usage(1, 2),
        ours.Retry(2, max_attempts=3, delay_s=0.5, reason="429"),
        ours.Other("kind", {"a": [1]}),
        ours.Finish("tool_calls", "tool_use"),
    ]


def test_a_client_may_say_how_it_ended(command: Command) -> None:
    assert drive(command, "truncated")[0] == CallerEnd("truncated")


def test_half_a_character_is_handed_on(command: Command) -> None:
    assert drive(command, "lone surrogate")[1] == [ours.Text("\ud800")]


@pytest.mark.parametrize(
    ("text", "raised", "error"),
    [
        ("status", "RateLimitError", ErrorInfo("rate_limit", "too fast", 429, "slow_down")),
        ("class name", "ReadTimeout", ErrorInfo("timeout", "too slow")),
        ("cause", "TypeError", ErrorInfo("connection", "terminated")),
        ("failed", "Failed", ErrorInfo("content_filter", "it said so", 451, "blocked")),
        ("classify", "Odd", ErrorInfo("quota", "odd")),
        ("says more", "Error", ErrorInfo("rate_limit", "gave up", 429, "slow_down")),
        ("no error", "object", ErrorInfo("unknown", '{"nothing":"much"}')),
    ],
)
def test_what_is_thrown_is_the_failure_of_the_case(command: Command, text: str, raised: str, error: ErrorInfo) -> None:
    assert drive(command, text)[0] == CallerEnd("error", error, raised)


def test_what_the_adapter_prints_stays_out_of_the_protocol(command: Command) -> None:
    ending, seen, stderr = drive(command, "prints")
    assert (ending, seen) == (CallerEnd("completed"), [ours.Text("quiet")])
    assert "printed by the adapter\nwritten by the adapter\n" in stderr


@pytest.mark.parametrize(("text", "message"), [("nobody catches", "lost"), ("nobody catches a callback", "lost too")])
def test_what_nobody_catches_is_the_failure_of_its_own_case(command: Command, text: str, message: str) -> None:
    async def main() -> tuple[CallerEnd, bool]:
        driver = await WorkerDriver.start(command, LIMITS)
        try:
            async with asyncio.timeout(60):
                beside = asyncio.create_task(run_on(driver, "waits"))
                ending, _ = await run_on(driver, text)
                outlived = not beside.done()
                beside.cancel()
                await asyncio.wait([beside])
                return ending, outlived
        finally:
            await driver.close()

    ending, outlived = asyncio.run(main())
    assert ending == CallerEnd("error", ErrorInfo("timeout", message), "ReadTimeout")
    assert outlived


def test_a_case_is_stopped_by_the_signal_and_by_leaving_the_loop(command: Command) -> None:
    ending, seen, stderr = drive(command, "endless", cancel_after_events=3)
    assert (ending, seen) == (CallerEnd("cancelled"), [ours.Text("more")] * 3)
    assert "aborted by the signal" in stderr


def test_a_case_that_is_given_up_leaves_the_worker_alive(command: Command) -> None:
    async def main() -> bool:
        driver = await WorkerDriver.start(command, LIMITS)
        try:
            began = asyncio.Event()
            waiting = asyncio.create_task(driver.run(case("waits", name="w"), lambda _: began.set()))
            async with asyncio.timeout(60):
                await began.wait()
                alive = await driver.cancel("w")
                assert (await waiting).status == "cancelled"
            return alive
        finally:
            await driver.close()

    assert asyncio.run(main())


@pytest.fixture
def library(mark: str, tmp_path: Path) -> Command:
    """An adapter that lies apart from the library that it drives."""
    package = tmp_path / "environment" / "node_modules" / "tiny-client"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": "tiny-client", "version": "4.5.6", "main": "main.cjs"}))
    (package / "main.cjs").write_text(
        "exports.throws = () => { throw new RangeError('the library threw'); };\n"
        "exports.parse = (json) => JSON.parse(json);\n"
        "exports.fetchSomething = () => fetch('http://127.0.0.1:9/');\n"
    )
    env = {MARK: mark, "HARNESS_NODE_ENVIRONMENT": str(tmp_path / "environment")}
    return node(MINIATURES / "drives_a_library.mjs", env)


def outcome(command: Command, text: str) -> CallerEnd | SystemBroken:
    async def main() -> CallerEnd | SystemBroken:
        driver = await WorkerDriver.start(command, LIMITS)
        try:
            assert driver.description.version == "4.5.6"
            return (await run_on(driver, text))[0]
        except SystemBroken as error:
            return error
        finally:
            await driver.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("library", "RangeError"),
        ("standard library for the library", "SyntaxError"),
        ("http client", "TypeError"),
    ],
)
def test_what_the_library_throws_is_the_clients_failure(library: Command, text: str, raised: str) -> None:
    ending = outcome(library, text)
    assert isinstance(ending, CallerEnd)
    assert (ending.status, ending.raised) == ("error", raised)


@pytest.mark.parametrize("text", ["itself", "standard library for itself"])
def test_what_the_adapters_own_lines_throw_is_no_failure_of_the_client(library: Command, text: str) -> None:
    problem = outcome(library, text)
    assert isinstance(problem, SystemBroken)
    assert re.search(r"the adapter itself failed.*Error: .* at drives_a_library\.mjs:\d+", str(problem))


def test_it_imports_nothing_but_node() -> None:
    imported = re.findall(r'from "([^"]+)"|import\("([^"]+)"\)', (KIT / "harness_kit.mjs").read_text())
    assert imported
    assert all((static or dynamic).startswith("node:") for static, dynamic in imported)
