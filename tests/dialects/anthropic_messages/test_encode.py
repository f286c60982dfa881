"""Encoding: the vendor's order of events, accepted by the vendor's SDK, and read back as it was meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.anthropic_messages.encode import Encoder
from harness.events import (
    AnyEvent,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)

from ..decoded import encoded, transcript
from .sdk import anthropic, event_types, read

NAME = "anthropic-messages"

ANSWER: list[AnyEvent] = [
    Start("msg_1", "claude"),
    Reasoning("Hm"),
    Reasoning("…"),
    Signature("c2ln"),
    Signature("b3BhcXVl", "redacted"),
    Text("Hel"),
    Text("lo 🙂"),
    ToolCall(0, "toolu_1", "f"),
    ToolCall(0, arguments='{"a"'),
    ToolCall(0, arguments=":1}"),
    ToolCall(1, "toolu_2", "g", "{}"),
    Usage(9, 4, 2, 3, 1),
    Finish("tool_calls"),
]


def payloads(*events: AnyEvent) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in encoded(NAME, events).splitlines() if line.startswith(b"data: ")]


def losses(*events: AnyEvent) -> list[str]:
    encoder = Encoder()
    for event in events:
        encoder.feed(event)
    encoder.close()
    return [loss.what for loss in encoder.losses]


def test_the_order_is_the_vendors() -> None:
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert event_types(encoded(NAME, ANSWER)) == [
        "message_start",
        *["content_block_start", *["content_block_delta"] * 3, "content_block_stop"],
        *["content_block_start", "content_block_stop"],
        *["content_block_start", *["content_block_delta"] * 2, "content_block_stop"],
        *["content_block_start", *["content_block_delta"] * 3, "content_block_stop"],
        *[block[0], block[1], block[1], block[2]],
        "message_delta",
        "message_stop",
    ]


def test_frames_name_their_events() -> None:
    lines = encoded(NAME, [Text("x")]).split(b"\n\n")[0].split(b"\n")
    assert lines[0] == b"event: message_start"
    assert json.loads(lines[1].removeprefix(b"data: "))["type"] == "message_start"


def test_the_sdk_reads_what_was_meant() -> None:
    reading = read(encoded(NAME, ANSWER))
    assert (reading.text, reading.reasoning, reading.signatures) == ("Hello 🙂", "Hm…", ["c2ln"])
    assert reading.calls == [("toolu_1", "f", {"a": 1}), ("toolu_2", "g", {})]
    assert reading.stop_reason == "tool_use"
    assert reading.usage == {
        "input_tokens": 9,
        "output_tokens": 4,
        "reasoning_tokens": 2,
        "cache_read_tokens": 3,
        "cache_write_tokens": 1,
    }


def test_our_decoder_reads_what_was_meant() -> None:
    result = transcript(NAME, encoded(NAME, ANSWER))
    assert (result.status, result.finish, result.text, result.id) == ("completed", "tool_calls", "Hello 🙂", "msg_1")
    assert [part.kind for part in result.parts] == [
        *("reasoning", "signature", "signature", "text", "tool_call", "tool_call")
    ]
    assert (result.usage, result.warnings) == (Usage(9, 4, 2, 3, 1), ())


def test_every_event_gives_its_frames_at_once() -> None:
    encoder = Encoder()
    assert len(encoder.feed(Start("msg_1", "claude"))) == 1
    assert len(encoder.feed(Text("a"))) == 2
    assert len(encoder.feed(Text("b"))) == 1


def test_the_stream_opens_by_itself() -> None:
    message = payloads(Text("x"))[0]["message"]
    assert (message["id"], message["model"]) == ("msg_harness", "test-model")


@pytest.mark.parametrize("order", [(Usage(9, 4), Finish("stop")), (Finish("stop"), Usage(9, 4))])
def test_stop_reason_and_usage_share_an_event_whichever_comes_first(order: tuple[AnyEvent, ...]) -> None:
    deltas = [payload for payload in payloads(Text("x"), *order) if payload["type"] == "message_delta"]
    assert deltas == [
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 4, "input_tokens": 9},
        }
    ]


def test_usage_before_the_start_stands_in_it() -> None:
    assert payloads(Usage(9, 1), Start("m", "c"), Text("x"))[0]["message"]["usage"]["input_tokens"] == 9


def test_usage_without_a_stop_reason_is_not_lost() -> None:
    assert transcript(NAME, encoded(NAME, [Text("x"), Usage(9, 4)])).usage == Usage(9, 4)


def test_interleaved_calls_stay_open_side_by_side() -> None:
    events = [
        ToolCall(0, "a", "f"),
        ToolCall(1, "b", "g"),
        ToolCall(0, arguments='{"x"'),
        ToolCall(1, arguments='{"y"'),
        ToolCall(0, arguments=":1}"),
        ToolCall(1, arguments=":2}"),
        Finish("tool_calls"),
    ]
    assert read(encoded(NAME, events)).calls == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]
    assert losses(*events) == []


def test_a_call_that_is_whole_closes_before_the_next_opens() -> None:
    starts = [
        (payload["type"], payload["index"])
        for payload in payloads(ToolCall(0, "a", "f", "{}"), ToolCall(1, "b", "g", "{}"), Finish("tool_calls"))
        if payload["type"] in ("content_block_start", "content_block_stop")
    ]
    assert starts == [
        ("content_block_start", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_stop", 1),
    ]


def test_a_call_waits_for_its_name() -> None:
    events = [ToolCall(0, arguments='{"x"'), ToolCall(0, "a", "f"), ToolCall(0, arguments=":1}"), Finish("tool_calls")]
    assert read(encoded(NAME, events)).calls == [("a", "f", {"x": 1})]


@pytest.mark.parametrize(
    ("finish", "raw"),
    [
        (Finish("stop"), "end_turn"),
        (Finish("stop", "stop_sequence"), "stop_sequence"),
        (Finish("stop", "STOP"), "end_turn"),
        (Finish("length"), "max_tokens"),
        (Finish("pause"), "pause_turn"),
        (Finish("refusal"), "refusal"),
        (Finish("context_overflow"), "model_context_window_exceeded"),
        (Finish("other", "brand_new"), "brand_new"),
    ],
)
def test_stop_reasons(finish: Finish, raw: str) -> None:
    result = transcript(NAME, encoded(NAME, [Text("x"), finish]))
    assert (result.finish, result.finish_raw, losses(Text("x"), finish)) == (finish.reason, raw, [])


@pytest.mark.parametrize(
    ("events", "lost"),
    [
        ([Text("x", choice=1)], ["choices"]),
        ([Refusal("No.")], ["refusal-as-text"]),
        ([Signature("x", "encrypted")], ["signature"]),
        ([Signature("x", tool_index=0)], ["signature"]),
        ([Finish("content_filter")], ["finish-reason"]),
        ([Finish("other")], ["finish-reason"]),
        ([Other("image", {})], ["extras"]),
        ([ToolCall(0, "a", "f"), ToolCall(0, "b")], ["tool-call-id-late"]),
        ([ToolCall(0, "a", "f"), ToolCall(0, name="fg")], ["tool-call-name-late"]),
        ([ToolCall(0, "a", arguments="{}")], ["tool-call-name-missing"]),
        ([ToolCall(0, "a", "f", "{}"), Text("x"), ToolCall(0, arguments="}")], ["tool-call-closed"]),
        ([Warning("x", "y")], []),
    ],
)
def test_what_cannot_be_said_is_a_loss(events: list[AnyEvent], lost: list[str]) -> None:
    assert losses(*events) == lost


def test_a_ping_is_one() -> None:
    assert payloads(Start(), Other("ping"))[1] == {"type": "ping"}


def test_a_failure_ends_the_stream_as_an_error_event() -> None:
    body = encoded(NAME, [Text("Hel"), Failure(ErrorInfo("overloaded", "Overloaded"))])
    assert body.endswith(b'"error":{"type":"overloaded_error","message":"Overloaded"}}\n\n')
    assert transcript(NAME, body).error == ErrorInfo(
        "overloaded", "Overloaded", code="overloaded_error", retryable=True
    )
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        read(body)


def test_half_a_surrogate_pair_passes_through() -> None:
    body = encoded(NAME, [Text("\ud83d"), Text("\ude42"), Finish("stop")])
    assert transcript(NAME, body).text == "🙂"


EVENTS = st.one_of(
    st.builds(Text, st.text(max_size=4)),
    st.builds(Reasoning, st.text(max_size=4)),
    st.builds(Signature, st.just("s"), st.sampled_from(["signature", "redacted"])),
    st.builds(ToolCall, st.integers(0, 2), st.none() | st.just("id"), st.none() | st.just("f"), st.text(max_size=3)),
    st.builds(Usage, st.integers(1, 9), st.integers(1, 9)),
    st.just(Finish("stop")),
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_any_sequence_gives_events_that_the_sdk_accepts(events: list[AnyEvent]) -> None:
    body = encoded(NAME, events)
    types = event_types(body)
    assert (types[0], types[-1]) == ("message_start", "message_stop")
    assert types.count("content_block_start") == types.count("content_block_stop")
    spoken = "".join(event.text for event in events if isinstance(event, Text))
    assert transcript(NAME, body).text == spoken
