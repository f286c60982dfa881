"""Streaming is streaming: what the upstream has said is with the client before the upstream says more."""

from __future__ import annotations

import asyncio

import pytest

from harness.dialects import dialect, dialect_names
from harness.events import End, Finish, Start, Text, Usage
from harness.stack.client import Client

from .behind import PLAIN, REQUEST, Talk, run, stack

WORDS = ("One", " two", " three")


@pytest.mark.parametrize("upstream", dialect_names())
@pytest.mark.parametrize("served", dialect_names())
def test_each_event_arrives_before_the_next_is_sent(upstream: str, served: str) -> None:
    assert run(_words(upstream, served)) == ["One", " two", " three", "completed"]


async def _words(upstream: str, served: str) -> list[str]:
    """What the client reads of an upstream that says no word before the client has the one before it."""
    arrived = [asyncio.Event() for _ in WORDS]

    async def answer(talk: Talk) -> None:
        encoder = dialect(upstream).encoder()
        await talk.head(dialect(upstream).content_type)
        for frame in encoder.feed(Start("r1", "m1")):
            await talk.chunk(frame)
        for word, read in zip(WORDS, arrived, strict=True):
            for frame in encoder.feed(Text(word)):
                await talk.chunk(frame)
            await read.wait()
        for event in (Finish("stop"), Usage(3, 4)):
            for frame in encoder.feed(event):
                await talk.chunk(frame)
        for frame in encoder.close():
            await talk.chunk(frame)
        await talk.end()

    read: list[str] = []
    async with stack(upstream, answer) as behind, Client(served, behind.url, api_key="k", policy=PLAIN) as client:
        async for event in client.stream(REQUEST):
            if isinstance(event, Text):
                arrived[len(read)].set()
                read.append(event.text)
            elif isinstance(event, End):
                read.append(event.status)
    return read
