"""Either side may leave at any time: the other one learns of it at once, and the gateway serves on."""

from __future__ import annotations

import asyncio
import json

import pytest

from harness.events import Failure, Text
from harness.stack.client import Client
from harness.stack.fallback import Target
from harness.stack.policy import Policy

from .behind import PATHS, PLAIN, REQUEST, TALKS, Stack, Talk, frames, run, stack

CHAT = "openai-chat"


async def _leaves(behind: Stack, ready: asyncio.Event, *, stream: bool = True) -> None:
    """A client that asks, waits until the upstream is ready, and hangs up."""
    async with behind.client() as client:
        asking = asyncio.ensure_future(client.post(PATHS[CHAT], json={**TALKS[CHAT], "stream": stream}))
        await ready.wait()
        asking.cancel()
        await asyncio.wait([asking])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("progress", ["before the head", "before the content", "after some content"])
def test_a_client_that_leaves_ends_the_request_upstream(progress: str, stream: bool) -> None:
    async def talk_of_it() -> tuple[bool, bool]:
        ready, left = asyncio.Event(), asyncio.Event()

        async def answer(talk: Talk) -> None:
            if progress != "before the head":
                await talk.head("text/event-stream")
            if progress == "after some content":
                for frame in frames(CHAT)[:2]:
                    await talk.chunk(frame)
            ready.set()
            await talk.left()
            left.set()

        async with stack(CHAT, answer) as behind:
            await _leaves(behind, ready, stream=stream)
            await left.wait()
            await behind.idle()
            return left.is_set(), await behind.serves_on(CHAT)

    assert run(talk_of_it()) == (True, True)


def test_a_client_that_leaves_while_a_retry_is_waited_for_ends_it() -> None:
    async def requests() -> int:
        async with stack(CHAT, _busy, policy=Policy(backoff_s=30.0)) as behind:
            asked = asyncio.Event()

            async def busy(talk: Talk) -> None:
                await _busy(talk)
                asked.set()

            behind.answer = busy
            await _leaves(behind, asked)
            await behind.idle()
            return len(behind.talks)

    assert run(requests()) == 1


async def _busy(talk: Talk) -> None:
    await talk.head("application/json", "503 Service Unavailable")
    await talk.chunk(b'{"error": {"message": "busy"}}')
    await talk.end()


@pytest.mark.parametrize("served", list(PATHS))
def test_an_upstream_that_dies_within_the_answer_is_an_error_in_the_stream(served: str) -> None:
    async def answer(talk: Talk) -> None:
        await talk.head("text/event-stream")
        for frame in frames(CHAT)[:3]:
            await talk.chunk(frame)
        talk.writer.transport.abort()

    async def seen() -> tuple[list[str], str, bool]:
        async with stack(CHAT, answer) as behind:
            async with Client(served, behind.url, api_key="k", policy=PLAIN) as client:
                events = [event async for event in client.stream(REQUEST)]
            texts = [event.text for event in events if isinstance(event, Text)]
            failures = [event.error.message for event in events if isinstance(event, Failure)]
            return texts, failures[0], await behind.serves_on(CHAT)

    texts, message, serves_on = run(seen())
    assert "".join(texts) == "Hello"
    assert "the connection to the upstream was lost" in message
    assert serves_on


@pytest.mark.parametrize("stream", [True, False])
def test_an_upstream_that_dies_before_the_content_is_an_http_error(stream: bool) -> None:
    async def answer(talk: Talk) -> None:
        talk.writer.transport.abort()

    async def answered() -> tuple[int, object, bool]:
        async with stack(CHAT, answer) as behind, behind.client() as client:
            got = await client.post(PATHS[CHAT], json={**TALKS[CHAT], "stream": stream})
            return got.status_code, got.json()["error"]["message"], await behind.serves_on(CHAT)

    assert run(answered()) == (502, "the connection to the upstream was lost", True)


def test_nobody_upstream_is_an_http_error_that_names_no_address() -> None:
    async def answered() -> tuple[int, str]:
        nobody = (Target(CHAT, "http://127.0.0.1:1", "sk-upstream-secret"),)
        async with stack(CHAT, _busy, upstreams=nobody) as behind, behind.client() as client:
            got = await client.post(PATHS[CHAT], json=TALKS[CHAT])
            return got.status_code, got.json()["error"]["message"]

    assert run(answered()) == (502, "the connection to the upstream was lost")


def test_a_slow_client_holds_the_upstream_back_and_loses_nothing() -> None:
    """More is sent than sockets hold; while the client reads nothing, the upstream cannot get rid of it."""
    words = [f"{number}:" + "x" * 4000 + " " for number in range(6000)]  # 24 MB
    sent = 0

    async def answer(talk: Talk) -> None:
        nonlocal sent
        await talk.head("text/event-stream")
        for word in words:
            choice = {"index": 0, "delta": {"content": word}}
            await talk.chunk(b"data: " + json.dumps({"id": "r", "choices": [choice]}).encode() + b"\n\n")
            sent += 1
        for frame in frames(CHAT)[-3:]:
            await talk.chunk(frame)
        await talk.end()

    async def read() -> tuple[bool, str]:
        async with stack(CHAT, answer) as behind, behind.client() as client:
            async with client.stream("POST", PATHS[CHAT], json=TALKS[CHAT]) as response:
                before = -1
                while before != sent:  # until everything between us is full
                    before = sent
                    for _ in range(200):
                        await asyncio.sleep(0)
                held = sent < len(words)
                text = "".join([line async for line in response.aiter_lines()])
            return held, text

    held, text = run(read())
    assert held
    places = [text.find(f'"{number}:x') for number in (0, 1, 2999, 5999)]
    assert places == sorted(places) and places[0] > 0
    assert text.endswith("data: [DONE]")
    assert text.count('"content":"') >= 6000


def test_a_killed_client_is_no_trouble_for_the_others() -> None:
    async def finished() -> list[int]:
        go = asyncio.Event()

        async def answer(talk: Talk) -> None:
            await talk.head("text/event-stream")
            await talk.chunk(frames(CHAT)[0])
            await talk.chunk(frames(CHAT)[1])
            await go.wait()
            for frame in frames(CHAT)[2:]:
                await talk.chunk(frame)
            await talk.end()

        async with stack(CHAT, answer) as behind, behind.client() as client:
            asking = [asyncio.ensure_future(client.post(PATHS[CHAT], json=TALKS[CHAT])) for _ in range(4)]
            while len(behind.talks) < 4:
                await asyncio.sleep(0)
            asking[1].cancel()
            go.set()
            answers = [await one for one in asking if one is not asking[1]]
            return [answer.status_code for answer in answers if "data: [DONE]" in answer.text]

    assert run(finished()) == [200, 200, 200]


def test_a_client_that_leaves_while_it_sends_its_request_is_forgotten() -> None:
    async def served() -> tuple[int, bool]:
        async with stack(CHAT, lambda talk: talk.whole(CHAT)) as behind:
            host, port = behind.url.removeprefix("http://").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
            await writer.drain()
            writer.transport.abort()
            return len(behind.talks), await behind.serves_on(CHAT)

    assert run(served()) == (0, True)


def test_the_gateway_is_no_stricter_with_time_than_its_policy() -> None:
    async def answer(talk: Talk) -> None:
        await talk.left()

    async def answered() -> tuple[int, str]:
        policy = Policy(max_retries=0, max_overloads=0, first_byte_s=0.05)
        async with stack(CHAT, answer, policy=policy) as behind, behind.client() as client:
            got = await client.post(PATHS[CHAT], json=TALKS[CHAT])
            return got.status_code, got.json()["error"]["message"]

    assert run(answered()) == (504, "the upstream did not answer in time")
