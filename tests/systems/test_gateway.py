"""A gateway in processes of its own: started, pointed at the origin, driven, and stopped whatever it does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import __version__
from harness.catalogue.observation import CallerEnd
from harness.events import AnyEvent, ErrorInfo, Text
from harness.origin.server import Origin
from harness.systems.base import Case, SystemBroken
from harness.systems.gateway import GatewayDriver
from harness.systems.gateway_install import Installation
from harness.systems.gateway_manifest import GatewayManifest, SlotPlace
from harness.systems.gateway_process import GatewayProcess, Launch
from harness.systems.process import Limits
from harness.systems.registry import description_without_start, resolve

from ..origin.wire import Always, response
from .conftest import MARK, MINIATURES, case

CONFIG = (
    '{ {% for slot in slots %}"{{ slot.model }}": "{{ slot.upstream }}"{{ "" if loop.last else ", " }}{% endfor %} }'
)

SLOTS = (SlotPlace(1, "m1", "http://127.0.0.1:9"),)


class PlainFront:
    """A client of a few lines in front of a gateway; it says which model it asked for."""

    def __init__(self, base_url: str, api_key: str, model: str | None) -> None:
        self._base_url = base_url
        self._headers = {"authorization": f"Bearer {api_key}"}
        self._model = model

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        body = {"model": self._model, "said": case.request["messages"][0]["content"][0]["text"]}
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                answer = await client.post(f"{self._base_url}/v1/chat/completions", json=body, headers=self._headers)
        except httpx.TransportError as error:
            return CallerEnd("error", ErrorInfo("connection", str(error)))
        emit(Text(f"{self._model}: {answer.text}"))
        return CallerEnd("completed")


def launch(mark: str, *habits: str, **fields: Any) -> Launch:
    relay = MINIATURES / "relay_gateway.py"
    manifest = {
        "kind": "gateway",
        "upstream": "openai-chat",
        "serves": ["anthropic-messages"],
        "version": "7",
        "command": ["{{ python }}", str(relay), "{{ port }}", "{{ home }}/etc/relay.json", *habits],
        "env": {MARK: mark},
        "config": {"etc/relay.json": CONFIG},
        "ready": {"path": "/health"},
        "model": "m{{ slot }}",
        "stop_s": 0.3,
        **fields,
    }
    installed = Installation(Path(sys.executable))
    return Launch("relay", GatewayManifest.model_validate(manifest), MINIATURES, installed, Limits(probe_s=0.3))


async def served(origin: Origin, driver: GatewayDriver, name: str, text: str = "hello") -> tuple[CallerEnd, list[str]]:
    """Runs a case that the origin answers with its own name; its end, and the texts that the client got."""
    origin.mount(name, Always(response(name.encode())))
    events: list[AnyEvent] = []
    try:
        end = await driver.run(case(text, name), events.append)
    finally:
        origin.remove(name)
    return end, [event.text for event in events if isinstance(event, Text)]


def test_each_case_has_a_slot_of_its_own_and_slots_go_round(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=3), origin, PlainFront)
            try:
                outcomes = [await served(origin, driver, name) for name in ("a", "b")]
                outcomes += await asyncio.gather(*(served(origin, driver, name) for name in ("c", "d", "e", "f", "g")))
            finally:
                await driver.close()
            assert {end.status for end, _ in outcomes} == {"completed"}
            texts = [text for _, [text] in outcomes]
            assert texts[:5] == ["m1: a", "m2: b", "m3: c", "m1: d", "m2: e"]
            assert sorted(text[-1] for text in texts[5:]) == ["f", "g"]

    asyncio.run(main())


def test_several_processes_have_slots_of_their_own(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, processes=2), origin, PlainFront)
            try:
                outcomes = await asyncio.gather(*(served(origin, driver, name) for name in ("a", "b", "c")))
            finally:
                await driver.close()
            assert [texts for _, texts in outcomes] == [["m1: a"], ["m1: b"], ["m1: c"]]

    asyncio.run(main())


def test_the_manifest_says_who_it_is(mark: str) -> None:
    async def main() -> GatewayDriver:
        async with Origin() as origin:
            started = launch(mark, processes=2, slots=3, features=["usage"], default_retries=2)
            return GatewayDriver(started, origin, PlainFront)

    said = asyncio.run(main()).description
    assert (said.name, said.version, said.kind, said.language) == ("relay", "7", "gateway", "python")
    assert (said.upstream, said.dialects) == ("openai-chat", ("anthropic-messages",))
    assert said.features == {"usage"}
    assert said.retries_by_default("anthropic-messages") == 2
    assert said.at_once == 3


def test_a_crash_is_what_its_client_saw_and_the_next_case_finds_it_up_again(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=2), origin, PlainFront)
            try:
                end, texts = await served(origin, driver, "a", "crash")
                assert (end.status, texts) == ("error", [])
                await driver.ready()
                assert (await served(origin, driver, "b"))[1] == ["m2: b"]
            finally:
                await driver.close()

    asyncio.run(main())


def test_a_crash_with_several_cases_under_way_is_nobodys_yet(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=2), origin, PlainFront)
            origin.mount("waits", Always(response(b"one", ending="stall")))
            try:
                waiting = asyncio.create_task(driver.run(case("hello", "waits"), lambda _: None))
                await origin.log("waits").wait_for_attempt(1)
                with pytest.raises(SystemBroken, match="relay: it exited with status 3 while it had several") as caught:
                    await served(origin, driver, "b", "crash")
                assert "it was too much" in caught.value.stderr
                with pytest.raises(SystemBroken):
                    await waiting
            finally:
                await driver.close()

    asyncio.run(main())


@pytest.mark.parametrize("alone", [True, False])
def test_one_that_stops_answering_is_ended_and_started_again(mark: str, alone: bool) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=3), origin, PlainFront)
            origin.mount("waits", Always(response(b"one", ending="stall")))
            try:
                if not alone:
                    other = asyncio.create_task(driver.run(case("hello", "waits"), lambda _: None))
                    await origin.log("waits").wait_for_attempt(1)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(served(origin, driver, "b", "freeze"), 0.5)
                assert await driver.cancel("b") is alone
                if not alone:
                    with pytest.raises(SystemBroken):
                        await other
                await driver.ready()
                end, [text] = await served(origin, driver, "c")
                assert (end.status, text[-1]) == ("completed", "c")
            finally:
                await driver.close()

    asyncio.run(main())


def test_giving_up_on_a_case_leaves_a_sound_gateway_alone(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=2), origin, PlainFront)
            origin.mount("waits", Always(response(b"one", ending="stall")))
            try:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(driver.run(case("hello", "waits"), lambda _: None), 0.5)
                assert await driver.cancel("waits")
                assert (await served(origin, driver, "b"))[1] == ["m2: b"]
            finally:
                await driver.close()

    asyncio.run(main())


def test_one_that_ignores_sigterm_is_gone_with_its_children(mark: str) -> None:
    async def main() -> httpx.Response:
        process = await GatewayProcess.start(launch(mark, "stay"), SLOTS)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{process.url}/health")
        await process.stop()
        assert await process.ended(0) == "it was stopped"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{process.url}/health", trust_env=False)
        return answer

    assert asyncio.run(main()).text == "well"  # that nothing of it is left, the fixture `mark` sees


def test_one_that_leaves_when_asked_is_not_killed(mark: str) -> None:
    async def main() -> str | None:
        process = await GatewayProcess.start(launch(mark, stop_s=30), SLOTS)
        await process.stop()
        return await process.ended(0)

    assert asyncio.run(main()) == "it was ended by SIGTERM"


@pytest.mark.parametrize(
    ("habit", "fields", "message"),
    [
        ("die", {}, "relay: it exited with status 1 before it was ready; its log ends with: no mood for it"),
        ("sulk", {"start_s": 0.5}, "relay: it was not ready within 0.5 s: GET /health: All connection attempts failed"),
        ("", {"start_s": 3, "ready": {"path": "/x"}}, "not ready within 3 s: GET /x was answered 404"),
        ("", {"command": ["/no/such/program"]}, "it could not be started: /no/such/program: No such file"),
    ],
)
def test_what_does_not_come_up_says_why(mark: str, habit: str, fields: dict[str, Any], message: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            await GatewayDriver.start(launch(mark, *filter(None, [habit]), **fields), origin, PlainFront)

    with pytest.raises(SystemBroken) as caught:
        asyncio.run(main())
    assert message in str(caught.value)


def test_one_that_cannot_come_back_is_not_tried_for_ever(mark: str, tmp_path: Path) -> None:
    once = tmp_path / "once"
    script = f'[ -e "{once}" ] && exit 5; touch "{once}"; exec "$@"'
    command = launch(mark).manifest.command

    async def main() -> list[str]:
        async with Origin() as origin:
            fragile = launch(mark, command=["sh", "-c", script, "sh", *command])
            driver = await GatewayDriver.start(fragile, origin, PlainFront)
            said = []
            try:
                await served(origin, driver, "a", "crash")
                for _ in range(3):
                    with pytest.raises(SystemBroken) as caught:
                        await driver.ready()
                    said.append(str(caught.value))
            finally:
                await driver.close()
            return said

    first, second, third = asyncio.run(main())
    assert "it exited with status 5 before it was ready" in first
    assert first == second
    assert third == "relay: it could not be started 2 times in a row"


def test_a_closed_one_takes_no_case(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark), origin, PlainFront)
            await driver.close()
            with pytest.raises(SystemBroken, match="relay: the driver was closed"):
                await served(origin, driver, "a")

    asyncio.run(main())


def test_a_case_that_fails_while_the_process_stands_still_for_another_is_nobodys_yet(mark: str) -> None:
    async def main() -> None:
        async with Origin() as origin:
            driver = await GatewayDriver.start(launch(mark, slots=4), origin, PlainFront)
            try:
                holds = asyncio.create_task(served(origin, driver, "a", "hold everybody"))
                fails = asyncio.create_task(served(origin, driver, "b", "drop me"))
                with pytest.raises(SystemBroken, match="relay: it stood still while it had several cases"):
                    await fails
                end, _ = await holds
                assert end.status == "completed"
            finally:
                await driver.close()

    asyncio.run(main())


def test_our_own_gateway_as_a_process_says_its_version_and_language() -> None:
    said = description_without_start(resolve("harness-gateway"))
    assert said is not None
    assert (said.version, said.language, said.kind, said.upstream) == (__version__, "python", "gateway", "openai-chat")
