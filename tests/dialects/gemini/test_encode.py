"""Canonical events as Gemini's frames."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.base import Loss
from harness.dialects.gemini.encode import Encoder
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
from .sdk import Reading, read


def payloads(frames: list[bytes]) -> list[dict[str, Any]]:
    assert all(frame.startswith(b"data: ") and frame.endswith(b"\r\n\r\n") for frame in frames)
    return [json.loads(frame[6:]) for frame in frames]


def encode(*events: AnyEvent) -> tuple[list[bytes], list[Loss]]:
    encoder = Encoder()
    frames = [frame for event in events for frame in encoder.feed(event)]
    return frames + encoder.close(), encoder.losses


def parts(frames: list[bytes]) -> list[dict[str, Any]]:
    return [
        part
        for payload in payloads(frames)
        for candidate in payload.get("candidates", [])
        for part in candidate["content"]["parts"]
    ]


FULL = (
    Start("resp-1", "gemini-test"),
    Reasoning("Let me "),
    Reasoning("think"),
    Signature("c2ln"),
    Text("Héllo"),
    ToolCall(0, "call_a", "get_weather", '{"city": '),
    ToolCall(1, "call_b", "add", '{"n": '),
    ToolCall(0, arguments='"Oslo"}'),
    ToolCall(1, arguments="12345678901234567890123}"),
    Signature("dG9vbA==", tool_index=1),
    Usage(9, 4, 2, 1),
    Finish("tool_calls", "tool_calls"),
)


def test_the_vendors_sdk_reads_every_event() -> None:
    frames, losses = encode(*FULL)
    assert losses == []
    assert read(b"".join(frames)) == Reading(
        text="Héllo",
        reasoning="Let me think",
        calls=[("get_weather", {"city": "Oslo"}), ("add", {"n": 12345678901234567890123})],
        finish="STOP",
        usage={"input_tokens": 9, "output_tokens": 4, "reasoning_tokens": 2, "cache_read_tokens": 1},
    )


def test_our_decoder_reads_every_event() -> None:
    frames, _ = encode(*FULL)
    result = transcript("gemini", b"".join(frames))
    assert (result.id, result.model, result.status) == ("resp-1", "gemini-test", "completed")
    assert [part.signature for part in result.parts if part.signature] == [
        Signature("c2ln"),
        Signature("dG9vbA==", tool_index=1),
    ]
    assert [(call.id, call.name) for call in result.tool_calls] == [("call_a", "get_weather"), ("call_b", "add")]
    assert (result.finish, result.usage) == ("tool_calls", Usage(9, 4, 2, 1))


def test_content_goes_out_with_its_own_event() -> None:
    encoder = Encoder()
    assert encoder.feed(Start("r", "m")) == []
    (payload,) = payloads(encoder.feed(Text("a")))
    assert payload == {
        "candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "index": 0}],
        "modelVersion": "m",
        "responseId": "r",
    }


def test_a_stream_without_a_start_has_defaults() -> None:
    (payload, *_) = payloads(encode(Text("a"))[0])
    assert (payload["modelVersion"], payload["responseId"]) == ("test-model", "resp-harness")


def test_parallel_calls_come_in_one_frame() -> None:
    frames, _ = encode(ToolCall(0, "a", "f", "{}"), ToolCall(1, "b", "g", "{}"), Finish("tool_calls"))
    assert parts(frames[:1]) == [
        {"functionCall": {"id": "a", "name": "f", "args": {}}},
        {"functionCall": {"id": "b", "name": "g", "args": {}}},
    ]


def test_text_between_the_fragments_of_a_call_does_not_break_it() -> None:
    frames, losses = encode(
        ToolCall(0, "a", "f", '{"x"'), Text("wait"), ToolCall(0, arguments=": 1}"), Finish("tool_calls")
    )
    assert losses == []
    assert [part for part in parts(frames) if part.get("text") != ""] == [
        {"text": "wait"},
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
    ]


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1]", "null", "3", "not json"])
def test_arguments_that_are_no_object_are_a_loss_and_no_call(arguments: str) -> None:
    frames, losses = encode(ToolCall(0, "a", "f", arguments), Finish("length"))
    assert [loss.what for loss in losses] == ["tool-arguments-not-object"]
    assert b"functionCall" not in b"".join(frames)


def test_no_arguments_are_an_empty_object_only_at_a_good_end() -> None:
    assert b'"args":{}' in b"".join(encode(ToolCall(0, "a", "f"), Finish("tool_calls"))[0])
    frames, losses = encode(ToolCall(0, "a", "f"), Finish("length"))
    assert b"functionCall" not in b"".join(frames)
    assert [loss.what for loss in losses] == ["tool-arguments-not-object"]


@pytest.mark.parametrize(
    ("finish", "name", "losses"),
    [
        (Finish("stop", "stop"), "STOP", []),
        (Finish("length", "max_tokens"), "MAX_TOKENS", []),
        (Finish("content_filter", "content_filter"), "SAFETY", []),
        (Finish("content_filter", "RECITATION"), "RECITATION", []),
        (Finish("other", "MALFORMED_FUNCTION_CALL"), "MALFORMED_FUNCTION_CALL", []),
        (Finish("other", "eos"), "OTHER", []),
        (Finish("pause", "pause_turn"), "CONTINUATION", []),
        (Finish("refusal"), "SAFETY", ["finish-reason"]),
        (Finish("context_overflow"), "MAX_TOKENS", ["finish-reason"]),
        (Finish("tool_calls"), "STOP", ["finish-reason"]),
    ],
)
def test_every_reason_has_a_name(finish: Finish, name: str, losses: list[str]) -> None:
    frames, lost = encode(Text("a"), finish)
    assert payloads(frames)[-1]["candidates"][0]["finishReason"] == name
    assert [loss.what for loss in lost] == losses


def test_stop_after_calls_is_a_loss_since_it_reads_as_tool_calls() -> None:
    assert [loss.what for loss in encode(ToolCall(0, "a", "f", "{}"), Finish("stop"))[1]] == ["finish-reason"]


def test_only_the_first_reason_of_a_choice_goes_out() -> None:
    frames, _ = encode(Text("a"), Finish("length"), Finish("stop"))
    assert [payload["candidates"][0].get("finishReason") for payload in payloads(frames)] == [None, "MAX_TOKENS"]


def test_a_blocked_prompt_comes_back_without_a_reason_of_its_own() -> None:
    feedback = Other("promptFeedback", {"blockReason": "SAFETY"})
    frames, losses = encode(feedback, Finish("content_filter", "SAFETY"))
    assert (len(frames), losses) == (1, [])
    result = transcript("gemini", b"".join(frames))
    assert (result.status, result.finish, result.others) == ("completed", "content_filter", (feedback,))


def test_usage_goes_with_the_next_frame_or_in_one_of_its_own() -> None:
    before = payloads(encode(Text("a"), Usage(3, 1), Finish("stop"))[0])
    assert [payload.get("usageMetadata") for payload in before] == [
        None,
        {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4},
    ]
    after = payloads(encode(Text("a"), Finish("stop"), Usage(3, 1))[0])
    assert [("candidates" in payload, "usageMetadata" in payload) for payload in after] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_usage_is_cumulative() -> None:
    last = payloads(encode(Usage(3), Text("a"), Usage(None, 5, 7), Finish("stop"))[0])[-1]
    assert last["usageMetadata"] == {
        "promptTokenCount": 3,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 15,
    }


def test_an_error_is_an_error_frame_and_nothing_follows_it() -> None:
    frames, _ = encode(Text("a"), Failure(ErrorInfo("overloaded", "high demand", 503, retry_after_s=2.5)))
    assert payloads(frames)[-1] == {
        "error": {
            "code": 503,
            "message": "high demand",
            "status": "UNAVAILABLE",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}],
        }
    }
    result = transcript("gemini", b"".join(frames))
    assert (result.status, result.text) == ("failed", "a")
    assert result.error is not None
    assert (result.error.kind, result.error.retry_after_s) == ("overloaded", 2.5)


def test_choices_are_candidates() -> None:
    frames, losses = encode(Text("a"), Text("b", choice=1), Finish("stop"), Finish("length", choice=1))
    result = transcript("gemini", b"".join(frames))
    assert losses == []
    assert (result.text, result.other_choices[0].text, result.other_choices[0].finish) == ("a", "b", "length")


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (Refusal("no"), "refusal-as-text"),
        (Signature("x", form="encrypted"), "signature"),
        (Signature("x", form="redacted"), "signature"),
        (Signature("not base64!"), "signature"),
        (Other("web_search_call", {"id": 1}), "extras"),
        (Usage(1, cache_write_tokens=5), "cache-write-tokens"),
    ],
)
def test_what_gemini_cannot_say_is_a_loss(event: AnyEvent, what: str) -> None:
    assert [loss.what for loss in encode(event, Finish("stop"))[1]] == [what]


def test_a_stream_that_ends_well_without_a_reason_gets_one_and_says_so() -> None:
    frames, losses = encode(Text("a"))
    assert [loss.what for loss in losses] == ["finish-missing"]
    assert transcript("gemini", b"".join(frames)).status == "completed"


@pytest.mark.parametrize(
    "other",
    [
        Other("executableCode", {"executableCode": {"code": "1"}}),
        Other("inlineData", {"inlineData": {"mimeType": "image/png", "data": "aGk="}}),
    ],
)
def test_the_vendors_own_parts_come_back(other: Other) -> None:
    frames, losses = encode(other, Finish("stop"))
    assert losses == []
    assert transcript("gemini", b"".join(frames)).others == (other,)


def test_the_vendors_own_evidence_comes_back() -> None:
    grounding = Other("groundingMetadata", {"webSearchQueries": ["q"]})
    frames, losses = encode(Text("a"), grounding, Finish("stop"))
    assert losses == []
    assert transcript("gemini", b"".join(frames)).others == (grounding,)


def test_empty_deltas_and_warnings_give_nothing() -> None:
    encoder = Encoder()
    for event in (Text(""), Reasoning(""), Warning("x", "y")):
        assert encoder.feed(event) == []


def test_lone_surrogates_are_mended() -> None:
    frames, _ = encode(Text("a\ud83d"), Finish("stop"))
    assert transcript("gemini", b"".join(frames)).text == "a\N{REPLACEMENT CHARACTER}"


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
