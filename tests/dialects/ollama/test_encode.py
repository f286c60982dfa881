"""Canonical events as Ollama's records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.base import Loss
from harness.dialects.ollama.encode import Encoder
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

from ..decoded import transcript
from .sdk import Reading, ollama, read, stream


def records(frames: list[bytes]) -> list[dict[str, Any]]:
    assert all(frame.endswith(b"\n") and frame.count(b"\n") == 1 for frame in frames)
    return [json.loads(frame) for frame in frames]


def encode(*events: AnyEvent) -> tuple[list[bytes], list[Loss]]:
    encoder = Encoder()
    frames = [frame for event in events for frame in encoder.feed(event)]
    return frames + encoder.close(), encoder.losses


FULL = (
    Start("ignored", "qwen"),
    Reasoning("Let me "),
    Reasoning("think"),
    Text("Héllo"),
    ToolCall(0, "call_a", "get_weather", '{"city": '),
    ToolCall(1, "call_b", "add", '{"n": '),
    ToolCall(0, arguments='"Oslo"}'),
    ToolCall(1, arguments="12345678901234567890123}"),
    Finish("tool_calls", "tool_calls"),
    Usage(9, 4),
)


def test_the_vendors_sdk_reads_every_event() -> None:
    frames, losses = encode(*FULL)
    assert losses == []
    assert read(b"".join(frames)) == Reading(
        text="Héllo",
        reasoning="Let me think",
        calls=[("get_weather", {"city": "Oslo"}), ("add", {"n": 12345678901234567890123})],
        finish="stop",
        usage={"input_tokens": 9, "output_tokens": 4},
    )


def test_our_decoder_reads_every_event() -> None:
    result = transcript("ollama", b"".join(encode(*FULL)[0]))
    assert (result.model, result.status, result.finish) == ("qwen", "completed", "tool_calls")
    assert [(call.id, call.name) for call in result.tool_calls] == [("call_a", "get_weather"), ("call_b", "add")]
    assert (result.usage, result.warnings) == (Usage(9, 4), ())


def test_content_goes_out_with_its_own_event() -> None:
    encoder = Encoder()
    (record,) = records(encoder.feed(Text("a")))
    assert record == {
        "model": "test-model",
        "created_at": "2025-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": "a"},
        "done": False,
    }


def test_the_last_record_has_the_reason_and_the_counts() -> None:
    for events in ((Usage(3, 1), Finish("length")), (Finish("length"), Usage(3, 1))):
        frames, _ = encode(Text("a"), *events)
        assert len(frames) == 2
        last = records(frames)[-1]
        assert (last["done"], last["done_reason"]) == (True, "length")
        assert (last["prompt_eval_count"], last["eval_count"]) == (3, 1)


def test_parallel_calls_come_in_one_record() -> None:
    frames, _ = encode(ToolCall(0, "a", "f", "{}"), ToolCall(5, None, "g", '{"x": 1}'), Finish("tool_calls"))
    assert records(frames)[0]["message"]["tool_calls"] == [
        {"id": "a", "function": {"index": 0, "name": "f", "arguments": {}}},
        {"function": {"index": 1, "name": "g", "arguments": {"x": 1}}},
    ]


def test_text_between_the_fragments_of_a_call_does_not_break_it() -> None:
    frames, losses = encode(
        ToolCall(0, "a", "f", '{"x"'), Text("wait"), ToolCall(0, arguments=": 1}"), Finish("tool_calls")
    )
    assert losses == []
    assert read(b"".join(frames)).calls == [("f", {"x": 1})]


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1]", "null", "not json", ""])
def test_arguments_that_are_no_object_are_a_loss_and_no_call(arguments: str) -> None:
    frames, losses = encode(ToolCall(0, "a", "f", arguments), Finish("length"))
    assert [loss.what for loss in losses] == ["tool-arguments-not-object"]
    assert b"tool_calls" not in b"".join(frames)


def test_no_arguments_are_an_empty_object_at_a_good_end() -> None:
    assert read(b"".join(encode(ToolCall(0, "a", "f"), Finish("tool_calls"))[0])).calls == [("f", {})]


@pytest.mark.parametrize(
    ("finish", "name", "losses"),
    [
        (Finish("stop", "end_turn"), "stop", []),
        (Finish("length", "MAX_TOKENS"), "length", []),
        (Finish("other", "load"), "load", []),
        (Finish("other"), "other", ["finish-reason"]),
        (Finish("content_filter", "SAFETY"), "content_filter", ["finish-reason"]),
        (Finish("refusal"), "refusal", ["finish-reason"]),
        (Finish("tool_calls"), "stop", ["finish-reason"]),
    ],
)
def test_every_reason_has_a_name(finish: Finish, name: str, losses: list[str]) -> None:
    frames, lost = encode(Text("a"), finish)
    assert records(frames)[-1]["done_reason"] == name
    assert [loss.what for loss in lost] == losses


def test_the_first_reason_goes_out() -> None:
    assert records(encode(Finish("length"), Finish("stop"))[0])[-1]["done_reason"] == "length"


def test_an_end_without_a_reason_has_none() -> None:
    frames, losses = encode(Text("a"))
    assert "done_reason" not in records(frames)[-1]
    assert losses == []
    assert transcript("ollama", b"".join(frames)).status == "completed"


def test_an_error_is_an_error_record_and_nothing_follows_it() -> None:
    frames, _ = encode(Text("a"), Failure(ErrorInfo("server", "boom", 500)))
    assert records(frames)[1:] == [{"error": "internal server error: boom"}]
    assert transcript("ollama", b"".join(frames)).status == "failed"
    with pytest.raises(ollama.ResponseError, match="boom"):
        list(stream(b"".join(frames)))


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (Refusal("no"), "refusal-as-text"),
        (Signature("c2ln"), "signature"),
        (Text("b", choice=1), "choices"),
        (Other("web_search_call", {}), "extras"),
        (Usage(1, 2, reasoning_tokens=3), "reasoning-tokens"),
        (Usage(1, 2, cache_read_tokens=3), "cache-read-tokens"),
    ],
)
def test_what_ollama_cannot_say_is_a_loss(event: AnyEvent, what: str) -> None:
    assert [loss.what for loss in encode(event, Finish("stop"))[1]] == [what]


def test_the_vendors_own_evidence_comes_back() -> None:
    frames, losses = encode(Other("status", "loading"), Text("a"), Finish("stop"))
    assert losses == []
    assert transcript("ollama", b"".join(frames)).others == (Other("status", "loading"),)


def test_empty_deltas_and_warnings_give_nothing() -> None:
    encoder = Encoder()
    for event in (Text(""), Reasoning(""), Warning("x", "y")):
        assert encoder.feed(event) == []


def test_what_follows_a_call_that_was_sent_is_no_other_call() -> None:
    encoder = Encoder()
    encoder.feed(ToolCall(0, "c", "f", '{"a": 1}'))
    assert len(encoder.settle()) == 1
    assert encoder.feed(ToolCall(0, arguments=" \n")) == encoder.settle() == []
    assert encoder.losses == []
    encoder.feed(ToolCall(0, arguments='{"a": 2}'))
    assert [loss.what for loss in encoder.losses] == ["tool-call-closed"]


def test_no_call_goes_before_one_that_began_earlier() -> None:
    encoder = Encoder()
    for event in (ToolCall(0, "a", "f", '{"n"'), ToolCall(1, "b", "g", '{"n": 2}')):
        encoder.feed(event)
    assert encoder.settle() == []
    encoder.feed(ToolCall(0, arguments=": 1}"))
    frames = encoder.settle()
    assert b"".join(frames).index(b'"f"') < b"".join(frames).index(b'"g"')


def test_a_call_that_is_never_whole_holds_no_other_back_for_good() -> None:
    frames, losses = encode(ToolCall(0, "a", "f", '{"n"'), ToolCall(1, "b", "g", '{"n": 2}'), Finish("length"))
    assert b'"g"' in b"".join(frames)
    assert [loss.what for loss in losses] == ["tool-arguments-not-object"]
