"""The client from outside: streams, cancelling, and the ways of getting a transcript."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from harness.events import AnyEvent, End, Other, Reasoning, Start, Text, ToolCall, Usage
from harness.stack.client import Client, Stream, ThinkTagMode
from harness.stack.fallback import Target

from .fakes import (
    FAKE,
    HANG,
    HELLO,
    PLAIN,
    REQUEST,
    Answer,
    Network,
    error_answer,
    fake_dialect,
    frame,
    retries,
    run,
    texts,
)

URL = "https://api.example"


def client(network: Network, **options: Any) -> Client:
    return Client(FAKE, URL, policy=PLAIN, transport=network, clock=network.clock, **options)


async def collected(stream: Stream) -> list[AnyEvent]:
    return [event async for event in stream]


def test_a_stream_gives_the_events_and_one_end() -> None:
    network = Network(Answer())
    events = run(collected(client(network).stream(REQUEST)))
    assert (texts(events), events[-1]) == ("Hello", End("completed"))
    assert [event for event in events if isinstance(event, End)] == [End("completed")]


def test_nothing_is_sent_before_the_first_event_is_asked_for() -> None:
    network = Network(Answer())

    async def look() -> None:
        async with client(network).stream(REQUEST):
            assert network.requests == []

    run(look())
    assert network.requests == []


def test_content_is_handed_on_as_it_comes() -> None:
    network = Network(Answer([HELLO[0], HANG]))

    async def first() -> AnyEvent:
        async with client(network).stream(REQUEST) as stream:
            return await anext(stream)

    assert run(first()) == Text("Hel")


def test_a_request_that_asks_for_no_stream_is_sent_as_such() -> None:
    network = Network(Answer())
    asked = type(REQUEST)(model="m", messages=REQUEST.messages, stream=False)
    client(network).transcript(asked)
    assert network.bodies[0]["stream"] is False


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        (False, "<think>a</think>b", ("", "<think>a</think>b")),
        (True, "<think>a</think>b", ("a", "b")),
        ("assume-open", "a</think>b", ("a", "b")),
    ],
)
def test_think_tags_are_split_only_when_asked_for(mode: ThinkTagMode, text: str, expected: tuple[str, str]) -> None:
    network = Network(Answer([*(frame(Text(letter)) for letter in text), *HELLO[2:]]))
    transcript = client(network, think_tags=mode).transcript(REQUEST)
    assert (transcript.reasoning, transcript.text) == expected


def test_a_repeat_starts_with_fresh_think_tags() -> None:
    network = Network(Answer([b": ping\n\n"]), Answer([frame(Text("<think>a</think>b")), *HELLO[2:]]))
    transcript = client(network, think_tags=True).transcript(REQUEST)
    assert (transcript.reasoning, transcript.text, transcript.status) == ("a", "b", "completed")


def test_half_a_tag_is_content() -> None:
    network = Network(Answer([frame(Text("<thi"))]), Answer())
    transcript = client(network, think_tags=True).transcript(REQUEST)
    assert (transcript.text, transcript.status) == ("<thi", "truncated")


class TestTranscript:
    def test_it_folds_everything(self) -> None:
        parts = [Start("r1", "m1"), Reasoning("hm"), Text("Hi"), ToolCall(0, "c", "f", "{}"), Usage(input_tokens=3)]
        network = Network(Answer([*map(frame, parts), *HELLO[2:]]))
        transcript = client(network).transcript(REQUEST)
        assert (transcript.dialect, transcript.id, transcript.reasoning, transcript.text) == ("fake", "r1", "hm", "Hi")
        assert transcript.tool_calls[0].input == {}
        assert transcript.usage.input_tokens == 3

    def test_it_can_be_asked_again(self) -> None:
        both = client(Network(Answer()))
        assert [both.transcript(REQUEST).text for _ in range(2)] == ["Hello", "Hello"]

    def test_it_names_the_dialect_that_answered(self) -> None:
        network = Network(error_answer(500), Answer())
        patience = PLAIN.limited(0)
        second = Target(fake_dialect("other"), URL)
        asked = Client(FAKE, URL, policy=patience, transport=network, clock=network.clock, fallback=[second])
        assert asked.transcript(REQUEST).dialect == "other"

    def test_it_needs_its_own_loop(self) -> None:
        async def inside() -> None:
            client(Network(Answer())).transcript(REQUEST)

        with pytest.raises(RuntimeError, match="collect"):
            run(inside())

    def test_failures_are_told_not_raised(self) -> None:
        transcript = client(Network(error_answer(401, "wrong key"))).transcript(REQUEST)
        assert transcript.status == "failed"
        assert transcript.error is not None
        assert (transcript.error.kind, transcript.error.status) == ("auth", 401)


class TestCancel:
    def test_between_events_it_keeps_what_was_handed_on(self) -> None:
        network = Network(Answer([HELLO[0] + HELLO[1], HANG]))

        async def cancel() -> list[AnyEvent]:
            stream = client(network).stream(REQUEST)
            seen: list[AnyEvent] = []
            async for event in stream:
                seen.append(event)
                stream.cancel()
            return seen

        assert run(cancel()) == [Text("Hel"), End("cancelled")]
        assert network.closed == [True]

    @pytest.mark.parametrize(
        "answer", [Answer(before_head=HANG), Answer([HELLO[0], HANG]), Answer([HANG]), Answer([HANG], 503)]
    )
    def test_while_waiting_it_interrupts(self, answer: Answer) -> None:
        network = Network(answer)

        async def cancel() -> list[AnyEvent]:
            stream = client(network).stream(REQUEST)
            asyncio.get_running_loop().call_later(0.005, stream.cancel)
            return await collected(stream)

        events = run(cancel())
        assert events[-1] == End("cancelled")
        assert len(network.requests) == 1
        assert answer.before_head is HANG or network.closed == [True]

    def test_during_a_wait_for_a_retry_no_further_request_is_sent(self) -> None:
        network = Network(error_answer(503))

        async def cancel() -> list[AnyEvent]:
            asked = Client(FAKE, URL, policy=PLAIN, transport=network)  # on the machine's clock, which would wait 1 s
            stream = asked.stream(REQUEST)
            asyncio.get_running_loop().call_later(0.01, stream.cancel)
            return await collected(stream)

        events = run(cancel())
        assert len(retries(events)) == 1
        assert events[-1] == End("cancelled")
        assert len(network.requests) == 1

    def test_before_the_first_event_nothing_is_sent(self) -> None:
        network = Network(Answer())
        stream = client(network).stream(REQUEST)
        stream.cancel()
        assert run(collected(stream)) == [End("cancelled")]
        assert network.requests == []

    def test_after_the_end_it_changes_nothing(self) -> None:
        async def cancel() -> list[AnyEvent]:
            stream = client(Network(Answer())).stream(REQUEST)
            events = await collected(stream)
            stream.cancel()
            return [*events, *await collected(stream)]

        assert run(cancel())[-1] == End("completed")

    def test_a_cancelled_stream_leaves_the_task_uncancelled(self) -> None:
        async def cancel() -> int:
            stream = client(Network(Answer([HANG]))).stream(REQUEST)
            asyncio.get_running_loop().call_later(0.005, stream.cancel)
            await collected(stream)
            await asyncio.sleep(0)
            task = asyncio.current_task()
            assert task is not None
            return task.cancelling()

        assert run(cancel()) == 0

    def test_cancelling_the_task_is_not_swallowed(self) -> None:
        network = Network(Answer([HELLO[0], HANG]))

        async def cancel() -> None:
            task = asyncio.create_task(collected(client(network).stream(REQUEST)))
            await asyncio.sleep(0.005)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            run(cancel())
        assert network.closed == [True]


class TestClosing:
    def test_leaving_the_context_stops_the_request(self) -> None:
        network = Network(Answer([HELLO[0], HANG]))

        async def leave() -> None:
            async with client(network).stream(REQUEST) as stream:
                await anext(stream)
            assert network.closed == [True]
            assert await collected(stream) == []

        run(leave())

    def test_closing_from_another_task_ends_the_iteration(self) -> None:
        network = Network(Answer([HELLO[0], HANG]))

        async def close() -> list[AnyEvent]:
            stream = client(network).stream(REQUEST)
            task = asyncio.create_task(collected(stream))
            await asyncio.sleep(0.005)
            await stream.aclose()
            return await task

        assert run(close()) == [Text("Hel")]
        assert network.closed == [True]

    def test_a_stream_that_is_dropped_is_closed(self) -> None:
        network = Network(Answer([HELLO[0], HANG]))

        async def drop() -> None:
            async for _ in client(network).stream(REQUEST):
                break
            gc.collect()
            await asyncio.sleep(0.005)

        run(drop())
        assert network.closed == [True]


def test_many_streams_run_at_once() -> None:
    network = Network(Answer())

    async def all_at_once() -> list[str]:
        async with client(network) as shared:
            results = await asyncio.gather(*(shared.collect(REQUEST) for _ in range(50)))
        return [transcript.text for transcript in results]

    assert run(all_at_once()) == ["Hello"] * 50


def test_a_fallback_is_among_the_transcripts_evidence() -> None:
    network = Network(error_answer(500), Answer())
    asked = Client(
        FAKE, URL, policy=PLAIN.limited(0), transport=network, clock=network.clock, fallback=[Target(FAKE, URL)]
    )
    assert [type(other) for other in asked.transcript(REQUEST).others] == [Other]


@pytest.mark.parametrize(("dialect", "url"), [("nonsense", URL), (FAKE, "nonsense")])
def test_a_client_that_cannot_work_is_refused(dialect: Any, url: str) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Client(dialect, url)
