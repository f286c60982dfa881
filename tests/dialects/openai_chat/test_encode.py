"""Canonical events as chat completion chunks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.base import Loss
from harness.dialects.openai_chat.encode import Encoder
from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)

from ..decoded import transcript
from .chunks import NAME
from .sdk import completion, read, validated_chunks

DONE = b"data: [DONE]\n\n"


def encode(*events: AnyEvent) -> tuple[list[bytes], list[Loss]]:
    encoder = Encoder()
    frames = [frame for event in events for frame in encoder.feed(event)]
    return frames + encoder.close(), encoder.losses


def payloads(frames: list[bytes]) -> list[dict[str, Any]]:
    assert all(frame.startswith(b"data: ") and frame.endswith(b"\n\n") for frame in frames)
    return [json.loads(frame[6:]) for frame in frames if frame != DONE]


def deltas(*events: AnyEvent) -> list[dict[str, Any]]:
    """The deltas of the first choice, without the one that opens it."""
    frames, losses = encode(*events)
    assert losses == []
    return [payload["choices"][0]["delta"] for payload in payloads(frames)][1:]


FULL = (
    Start("chat-1", "m-1"),
    Reasoning("Let me "),
    Reasoning("think"),
    Signature("c2ln"),
    Text("Grüße 😀"),
    ToolCall(0, "call_a", "get_weather", '{"city": '),
    ToolCall(1, "call_b", "add", '{"n": '),
    ToolCall(0, arguments='"Oslo"}'),
    ToolCall(1, arguments="1}"),
    Finish("tool_calls"),
    Usage(9, 4, 2, 1, 3),
)


def test_the_vendors_sdk_reads_every_event() -> None:
    frames, losses = encode(*FULL)
    assert losses == []
    reading = read(b"".join(frames))
    assert (reading.text, reading.finish, reading.usage, reading.error) == ("Grüße 😀", "tool_calls", (9, 4), None)
    assert reading.calls == [("call_a", "get_weather", '{"city": "Oslo"}'), ("call_b", "add", '{"n": 1}')]


def test_the_vendors_own_accumulator_reads_every_event() -> None:
    message = completion(b"".join(encode(*FULL)[0])).choices[0].message
    assert message.content == "Grüße 😀"
    assert [call.function.arguments for call in message.tool_calls] == ['{"city": "Oslo"}', '{"n": 1}']
    assert message.reasoning_content == "Let me think"


def test_every_chunk_is_of_the_vendors_type() -> None:
    chunks = validated_chunks(b"".join(encode(*FULL)[0]))
    assert [chunk.id for chunk in chunks] == ["chat-1"] * len(chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 13)


def test_our_decoder_reads_every_event() -> None:
    result = transcript(NAME, b"".join(encode(*FULL)[0]))
    assert (result.text, result.reasoning, result.usage) == ("Grüße 😀", "Let me think", Usage(9, 4, 2, 1, 3))
    assert [part.signature.data for part in result.parts if part.signature] == ["c2ln"]
    assert (result.status, result.warnings, result.id, result.model) == ("completed", (), "chat-1", "m-1")


def test_the_first_frame_goes_out_with_the_first_event() -> None:
    encoder = Encoder()
    (first,) = encoder.feed(Start("i", "m"))
    (payload,) = payloads([first])
    assert payload["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert len(encoder.feed(Text("a"))) == 1


def test_a_stream_may_begin_without_a_start() -> None:
    first, second = payloads(encode(Text("a"))[0])
    assert (first["id"], first["model"], first["object"]) == ("chatcmpl-harness", "test-model", "chat.completion.chunk")
    assert second["choices"] == [{"index": 0, "delta": {"content": "a"}, "logprobs": None, "finish_reason": None}]


def test_fragments_of_calls_are_rendered_one_by_one() -> None:
    assert deltas(ToolCall(0, "a", "f", "{"), ToolCall(1, None, "g"), ToolCall(0, None, None, "}")) == [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}]},
        {"tool_calls": [{"index": 1, "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
    ]


def test_a_name_that_continues_is_sent_as_the_rest() -> None:
    sent = deltas(ToolCall(0, "a", "get_"), ToolCall(0, None, "get_weather"))
    assert [delta["tool_calls"][0]["function"]["name"] for delta in sent] == ["get_", "weather"]


def test_refusals_and_reasoning_have_their_fields() -> None:
    assert deltas(Refusal("no"), Reasoning("r")) == [{"refusal": "no"}, {"reasoning_content": "r"}]


def test_signatures_go_where_others_read_them() -> None:
    assert deltas(Signature("s"), Signature("e", "encrypted", id="rs_1"), Signature("t", tool_index=1)) == [
        {"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "e", "id": "rs_1", "index": 0}]},
        {
            "tool_calls": [
                {"index": 1, "function": {"arguments": ""}, "extra_content": {"google": {"thought_signature": "t"}}}
            ]
        },
    ]


def test_choices_are_opened_one_by_one() -> None:
    sent = payloads(encode(Text("a"), Text("b", 1), Finish("stop"), Finish("length", choice=1))[0])
    assert [(one["choices"][0]["index"], one["choices"][0]["finish_reason"]) for one in sent] == [
        *((0, None), (0, None), (1, None), (1, None), (0, "stop"), (1, "length")),
    ]


@pytest.mark.parametrize(
    ("reason", "raw", "sent", "lost"),
    [
        ("stop", None, "stop", False),
        ("stop", "end_turn", "stop", False),
        ("tool_calls", "tool_use", "tool_calls", False),
        ("tool_calls", "function_call", "function_call", False),
        ("length", "MAX_TOKENS", "length", False),
        ("content_filter", "SAFETY", "content_filter", False),
        ("stop", "banana", "stop", False),
        ("refusal", None, "content_filter", True),
        ("pause", None, "stop", True),
        ("context_overflow", None, "length", True),
        ("other", None, "stop", True),
        ("other", "banana", "banana", False),
    ],
)
def test_stop_reasons(reason: FinishReason, raw: str | None, sent: str, lost: bool) -> None:
    frames, losses = encode(Finish(reason, raw))
    assert payloads(frames)[-1]["choices"][0]["finish_reason"] == sent
    assert [loss.what for loss in losses] == ["finish-reason"] * lost


def test_usage_waits_for_the_stop_reason_and_is_cumulative() -> None:
    encoder = Encoder()
    encoder.feed(Text("a"))
    assert encoder.feed(Usage(9)) == []
    encoder.feed(Finish("stop"))
    (frame,) = encoder.feed(Usage(None, 4))
    assert payloads([frame])[0]["usage"] == {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    assert encoder.close() == [DONE]


def test_usage_that_came_early_is_sent_at_the_end() -> None:
    frames, _ = encode(Usage(9, 4), Finish("stop"))
    assert payloads(frames)[-1] == {**payloads(frames)[0], "choices": [], "usage": payloads(frames)[-1]["usage"]}
    assert frames[-1] == DONE


def test_a_failure_is_the_last_frame() -> None:
    frames, _ = encode(Text("a"), Usage(1), Failure(ErrorInfo("rate_limit", "Slow down")))
    error = {"message": "Slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    assert payloads(frames)[-1] == {"error": error}
    assert DONE not in frames
    assert read(b"".join(frames)).error == "APIError"


def test_evidence_that_chat_streams_have_a_field_for_is_rendered() -> None:
    frames, losses = encode(Other("annotations", [{"type": "url_citation"}]), Other("citations", ["https://a.example"]))
    assert losses == []
    result = transcript(NAME, b"".join(frames))
    assert [one.kind for one in result.others] == ["annotations", "citations"]


def test_what_has_no_place_is_a_loss() -> None:
    frames, losses = encode(Signature("x", "redacted"), Other("web_search_call", {}))
    assert frames == [DONE]
    assert [loss.what for loss in losses] == ["redacted-reasoning", "extras"]


@pytest.mark.parametrize(
    "event", [Warning("r", "m"), Retry(2, 3, 1.0, "429"), End("completed"), Text(""), Reasoning("")]
)
def test_what_is_no_part_of_the_answer_gives_no_frame(event: AnyEvent) -> None:
    assert encode(event) == ([DONE], [])


def test_half_characters_can_be_sent() -> None:
    frames, _ = encode(Text("\ud83d"), Text("\ude00"), Finish("stop"))
    assert transcript(NAME, b"".join(frames)).text == "\U0001f600"


def test_the_last_chunk_holds_the_usage_though_words_follow_the_stop_reason() -> None:
    sent = payloads(encode(Text("a"), Finish("stop"), Usage(9, 4), Text("b"))[0])
    assert ["usage" in one for one in sent] == [False, False, False, True, False, True]
    assert sent[-1]["usage"]["total_tokens"] == 13


def test_the_signature_of_a_call_finds_it_behind_other_calls() -> None:
    frames, _ = encode(ToolCall(0, "a", "f", "{}"), ToolCall(1, "b", "g", "{}"), Signature("t", tool_index=0))
    result = transcript(NAME, b"".join(frames))
    assert [part.signature for part in result.parts if part.signature] == [Signature("t", tool_index=0)]
