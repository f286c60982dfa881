from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from harness.origin.case import CasePlan, ReceivedRequest
from harness.origin.serve import (
    Listening,
    RequestSeen,
    ScenarioScript,
    ServedScenario,
    ServeEvent,
    Unused,
    serve,
    serving,
)
from harness.origin.server import OriginError
from harness.recording.cassette import Cassette, Exchange, RecordedRequest
from harness.recording.folder import NamedCassette

from .wire import CHAT, response

GEMINI = b'{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}'
GEMINI_PATH = "/v1beta/models/m:streamGenerateContent?alt=sse&key=sk-test"
SCENARIO = ServedScenario(
    "overload/once",
    "An overload that passes",
    (
        CasePlan("ollama", "ollama", (response(b"busy"), response(b"fine")), (response(b"spare"),)),
        CasePlan("gemini", "gemini", (response(b"G busy"), response(b"G fine"))),
    ),
)
RECORDED = Cassette(
    Path("some.yaml"), (Exchange(RecordedRequest("POST", "http://x/api/chat", (), CHAT), response(b"recorded")),)
)
OTHER = Cassette(
    Path("other.yaml"), (Exchange(RecordedRequest("POST", "http://x/api/chat", (), CHAT), response(b"other")),)
)
Talk = Callable[[httpx.AsyncClient, str], Awaitable[None]]


def served(talk: Talk, *cassettes: NamedCassette) -> list[ServeEvent]:
    """What is told of while a client talks to the server; it plays one cassette unless others are given."""
    events: list[ServeEvent] = []

    async def main() -> None:
        async with (
            serving(
                [SCENARIO], cassettes=cassettes or [NamedCassette("some", RECORDED)], on_event=events.append
            ) as origin,
            httpx.AsyncClient() as client,
        ):
            await talk(client, origin.url)

    asyncio.run(main())
    return events


def test_a_scenario_is_served_in_each_of_its_dialects_with_attempts_counted_apart() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        async def ask(path: str, body: bytes = CHAT) -> str:
            return (await client.post(f"{url}/overload/once{path}", content=body)).text

        assert [await ask("/api/chat") for _ in range(3)] == ["busy", "fine", "fine"]
        assert [await ask(GEMINI_PATH, GEMINI) for _ in range(2)] == ["G busy", "G fine"]
        assert await ask("/fallback/api/chat") == "spare"

    served(talk)


def test_a_scenario_begins_anew_when_it_is_reset() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        base_url = f"{url}/overload/once"
        assert (await client.post(f"{base_url}/api/chat", content=CHAT)).text == "busy"
        assert (await client.get(f"{base_url}/reset")).status_code == 200
        assert (await client.post(f"{base_url}/api/chat", content=CHAT)).text == "busy"

    served(talk)


def test_a_scenario_begins_anew_after_an_idle_time() -> None:
    now = 0.0
    script = ScenarioScript(SCENARIO, idle_s=60, now=lambda: now)

    def ask() -> bytes:
        return script.answer(ReceivedRequest("POST", "/api/chat", (), CHAT)).response.body

    assert ask() == b"busy"
    now = 60.0
    assert ask() == b"fine"
    now = 120.5
    assert ask() == b"busy"


def test_a_cassette_is_served_beside_the_scenarios() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        assert (await client.post(f"{url}/cassette/api/chat", content=CHAT)).text == "recorded"

    served(talk)


def test_several_cassettes_play_together_and_each_alone() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        async def ask(base: str) -> str:
            return (await client.post(f"{url}/{base}/api/chat", content=CHAT)).text

        assert [await ask("cassette") for _ in range(3)] == ["recorded", "other", "other"]
        assert [await ask("cassettes/some"), await ask("cassettes/a/b/c-d")] == ["recorded", "other"]
        index = (await client.get(url)).text
        assert f"{url}/cassette\n    2 recorded exchanges of some.yaml and 1 more\n" in index
        assert f"{url}/cassettes/some\n    1 recorded exchange of some.yaml\n" in index

    served(talk, NamedCassette("some", RECORDED), NamedCassette("a/b/c/d", OTHER))


def test_what_was_never_asked_for_is_told_in_the_end_wherever_it_could_be_asked_for() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        await client.post(f"{url}/cassettes/other/api/chat", content=CHAT)

    *_, last = served(talk, NamedCassette("some", RECORDED), NamedCassette("other", OTHER))
    assert isinstance(last, Unused)
    assert ([str(each) for each in last.unused], last.recorded) == (["some.yaml#0: POST http://x/api/chat"], 2)


def test_a_request_that_is_not_the_recorded_one_is_answered_and_said_to_differ() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        await client.post(f"{url}/cassette/api/chat", content=CHAT.replace(b'"Hello"', b'"Ho"'))

    _, seen, _ = served(talk)
    assert isinstance(seen, RequestSeen)
    assert seen.answer.response.body == b"recorded"
    assert seen.answer.notes == ("messages[0].content: recorded 'Hello', sent 'Ho'",)


def test_the_index_lists_what_there_is() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        index = await client.get(url)
        assert index.headers["content-type"] == "text/plain; charset=utf-8"
        assert f"{url}/overload/once\n    An overload that passes [ollama, gemini]\n" in index.text
        assert f"{url}/cassette\n    1 recorded exchange of some.yaml\n" in index.text

    served(talk)


def test_an_address_that_there_is_not_names_the_nearest() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        answer = await client.post(f"{url}/overload/one/api/chat", content=CHAT)
        assert answer.status_code == 404
        assert answer.json()["harness_origin"]["mend"] == f"did you mean {url}/overload/once?"
        answer = await client.post(f"{url}/zzz", content=CHAT)
        assert answer.json()["harness_origin"]["mend"] == "GET / lists what there is"

    served(talk)


def test_a_dialect_that_the_scenario_has_not_is_explained() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        answer = await client.post(f"{url}/overload/once/v1/messages", content=b"{}")
        assert answer.status_code == 404
        assert "scenario overload/once has endpoints of ollama, gemini" in answer.json()["harness_origin"]["problem"]

    served(talk)


def test_every_request_is_told_of_with_what_is_wrong_with_it() -> None:
    async def talk(client: httpx.AsyncClient, url: str) -> None:
        await client.post(f"{url}/overload/once/api/chat", content=CHAT)
        await client.post(f"{url}/overload/once/api/chat", content=b'{"messages":[]}')
        await client.get(f"{url}/nowhere")

    listening, first, second, third, unused = served(talk)
    assert isinstance(unused, Unused)
    assert isinstance(listening, Listening)
    assert listening.base_urls["overload/once"] == f"{listening.url}/overload/once"
    assert isinstance(first, RequestSeen)
    assert (first.base, first.dialect, first.answer.faults) == ("overload/once", "ollama", ())
    assert isinstance(second, RequestSeen)
    assert [fault.where for fault in second.answer.faults] == ["model"]
    assert second.answer.response.status == 400
    assert isinstance(third, RequestSeen)
    assert (third.base, third.dialect, third.request.path) == (None, None, "/nowhere")


def test_it_serves_until_it_is_cancelled_and_leaves_nothing_open() -> None:
    async def main() -> None:
        ready = asyncio.Event()
        events: list[ServeEvent] = []

        def note(event: ServeEvent) -> None:
            events.append(event)
            ready.set()

        running = asyncio.create_task(serve([SCENARIO], on_event=note))
        await ready.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        (listening,) = events
        assert isinstance(listening, Listening)
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as client:
                await client.get(listening.url)

    asyncio.run(main())


def test_what_cannot_be_served_is_refused_at_once() -> None:
    broken = ServedScenario("a/b", "Broken", (CasePlan("a/b", "ollama", ()),))
    with pytest.raises(OriginError, match="has no response"):
        asyncio.run(serve([broken], on_event=lambda _: None))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OriginError, match="is in use"):
            asyncio.run(serve([SCENARIO], port=port, on_event=lambda _: None))
