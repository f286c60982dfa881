"""A UI message stream: everything opened is closed, whatever happens to the answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects import dialect
from harness.events import (
    FINISH_REASONS,
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
)

from ..decoded import encoded, transcript
from .chunks import imbalance, kinds, read, written

BROKE = Failure(ErrorInfo("overloaded", "busy", 529, "overloaded_error", True, 7.0))
_WORDS = st.text(max_size=4)
_IDS = st.none() | st.sampled_from(["call_a", "call_b", ""])
_NAMES = st.none() | st.sampled_from(["add", "get_weather", ""])
_PIECES = st.sampled_from(["", "{}", '{"a": 1}', '{"a"', ": 1}", " ", "nonsense", '{"__proto__": 1}'])
_OTHERS: list[Other] = [
    Other("tool-output-available", {"toolCallId": "call_a", "output": 3}),
    Other("citation", {"url": "https://example.com/", "title": "Example"}),
    Other("data-weather", {"data": {"city": "Oslo"}}),
    Other("source-url", {"sourceId": "s", "url": 3}),
    Other("odd", [1]),
    Other("tool_result", {"index": 1, "name": "add", "content": "2"}),
    Other("tool_result", [1]),
]
ANYTHING: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Start, _WORDS | st.none(), _WORDS | st.none()),
    st.builds(Text, _WORDS, st.integers(0, 1)),
    st.builds(Reasoning, _WORDS),
    st.builds(Refusal, _WORDS),
    st.builds(Signature, _WORDS, st.sampled_from(["signature", "redacted", "encrypted"]), st.just(0), st.none()),
    st.builds(Signature, _WORDS, st.just("signature"), st.just(0), st.integers(0, 2)),
    st.builds(ToolCall, st.integers(0, 2), _IDS, _NAMES, _PIECES),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    st.builds(Finish, st.sampled_from(FINISH_REASONS), st.none() | _WORDS),
    st.builds(Retry, st.integers(2, 3), st.none(), st.just(0.5), _WORDS),
    st.sampled_from(_OTHERS),
)
ENDINGS: list[AnyEvent] = [End("completed"), End("cancelled"), BROKE]


@settings(max_examples=400, deadline=None)
@given(st.lists(ANYTHING, max_size=14), st.sampled_from(ENDINGS))
def test_whatever_happens_parts_calls_and_steps_are_balanced(said: list[AnyEvent], ending: AnyEvent) -> None:
    closed = ending == End("completed")
    chunks, _ = written(*said, *([] if closed else [ending]), closed=closed)
    last: dict[AnyEvent, list[str]] = {
        End("completed"): ["finish", "[DONE]"],
        End("cancelled"): ["finish-step", "abort"],
    }
    assert kinds(chunks)[-2:] == last.get(ending, ["data-error", "error"])
    assert imbalance(chunks) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(ANYTHING, max_size=10), st.sampled_from(ENDINGS), st.lists(ANYTHING, max_size=4))
def test_nothing_comes_after_the_end(said: list[AnyEvent], ending: AnyEvent, late: list[AnyEvent]) -> None:
    encoder = dialect("ai-sdk-ui").encoder()
    for event in said:
        encoder.feed(event)
    assert encoder.close() if ending == End("completed") else encoder.feed(ending)
    assert [frame for event in [*late, BROKE, End("cancelled")] for frame in encoder.feed(event)] == []
    assert (encoder.close(), encoder.settle(), encoder.keep_alive()) == ([], [], b"")


def test_a_plain_answer() -> None:
    chunks, encoder = written(Start("r1", "m1"), Text("Hi"), Finish("stop", "end_turn"), Usage(9, 4, 1, 3, 2))
    usage = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13, "reasoningTokens": 1}
    assert chunks == [
        {"type": "start", "messageId": "r1", "messageMetadata": {"model": "m1"}},
        {"type": "start-step"},
        {"type": "text-start", "id": "text-1"},
        {"type": "text-delta", "id": "text-1", "delta": "Hi"},
        {"type": "text-end", "id": "text-1"},
        {"type": "finish-step"},
        {
            "type": "finish",
            "finishReason": "stop",
            "messageMetadata": {
                "usage": {**usage, "cachedInputTokens": 3, "cacheWriteInputTokens": 2},
                "rawFinishReason": "end_turn",
            },
        },
        {"type": "[DONE]"},
    ]
    assert encoder.losses == []


def test_every_frame_is_a_data_line_without_a_name() -> None:
    frames = dialect("ai-sdk-ui").encoder().feed(Text("Hi"))
    assert [frame.count(b"\n") for frame in frames] == [2, 2, 2, 2]
    assert all(frame.startswith(b"data: {") for frame in frames)


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool-calls"),
        ("content_filter", "content-filter"),
        ("refusal", "content-filter"),
        ("pause", "other"),
        ("context_overflow", "length"),
        ("other", "other"),
    ],
)
def test_stop_reasons_are_those_of_the_sdk_and_come_back_as_they_were(reason: FinishReason, raw: str) -> None:
    chunks, _ = written(Text("x"), Finish(reason, "own"))
    assert (chunks[-2]["type"], chunks[-2]["finishReason"]) == ("finish", raw)
    result = transcript("ai-sdk-ui", encoded("ai-sdk-ui", [Text("x"), Finish(reason, "own")]))
    assert (result.finish, result.finish_raw) == (reason, "own")


def test_an_answer_that_never_said_why_it_stopped_says_no_reason() -> None:
    chunks, _ = written(Text("x"))
    assert chunks[-2:] == [{"type": "finish"}, {"type": "[DONE]"}]


def test_a_call_is_handed_over_once_its_arguments_are_whole() -> None:
    chunks, _ = written(
        ToolCall(0, "c1", "add", '{"a": 1e2,'), ToolCall(0, arguments=' "b": []}'), ToolCall(1, "c2", "now")
    )
    assert chunks[2:] == [
        {"type": "tool-input-start", "toolCallId": "c1", "toolName": "add"},
        {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '{"a": 1e2,'},
        {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": ' "b": []}'},
        {"type": "tool-input-available", "toolCallId": "c1", "toolName": "add", "input": {"a": 100.0, "b": []}},
        {"type": "tool-input-start", "toolCallId": "c2", "toolName": "now"},
        {"type": "tool-input-available", "toolCallId": "c2", "toolName": "now", "input": {}},
        {"type": "finish-step"},
        {"type": "finish"},
        {"type": "[DONE]"},
    ]


def test_input_is_spelled_as_the_model_spelled_it() -> None:
    frames = encoded("ai-sdk-ui", [ToolCall(0, "c", "f", '{"n":\n 12345678901234567890123.50}')])
    assert b'"input":{"n":\ndata:  12345678901234567890123.50}' in frames
    assert transcript("ai-sdk-ui", frames).tool_calls[0].arguments == '{"n":\n 12345678901234567890123.50}'


CUT: list[tuple[list[AnyEvent], str]] = [
    ([ToolCall(0, "c", "f", '{"a": '), Finish("length")], '{"a": '),
    ([ToolCall(0, "c", "f"), Finish("length")], ""),
    ([ToolCall(0, "c", "f", '{"a": 1}'), BROKE], '{"a": 1}'),
    ([ToolCall(0, "c", "f", '{"a": '), End("cancelled")], '{"a": '),
    ([ToolCall(0, "c", "f", '{"a": 1}'), End("cancelled")], '{"a": 1}'),
    ([ToolCall(0, "c", "f", '{"a": '), Retry(2, 3, 0.5, "again")], '{"a": '),
    ([ToolCall(0, "c", "f", "[1]"), Finish("tool_calls")], "[1]"),
    ([ToolCall(0, "c", "f", '{"__proto__": {"a": 1}}'), Finish("tool_calls")], '{"__proto__": {"a": 1}}'),
    (
        [ToolCall(0, "c", "f", '{"x": [{"constructor": {"prototype": 1}}]}')],
        '{"x": [{"constructor": {"prototype": 1}}]}',
    ),
]


@pytest.mark.parametrize(("said", "arguments"), CUT)
def test_a_call_that_cannot_be_used_ends_as_an_input_error(said: list[AnyEvent], arguments: str) -> None:
    chunks, _ = written(*said)
    found = [chunk for chunk in chunks if chunk["type"] in ("tool-input-available", "tool-input-error")]
    assert [(chunk["type"], chunk["input"]) for chunk in found] == [("tool-input-error", arguments)]


def test_a_call_with_a_harmless_constructor_is_handed_over() -> None:
    chunks, _ = written(ToolCall(0, "c", "f", '{"constructor": "prototype"}'))
    assert "tool-input-available" in kinds(chunks)


def test_calls_whose_fragments_alternate_keep_apart() -> None:
    said = [ToolCall(0, "a", "f", '{"x"'), ToolCall(1, "b", "g", '{"y"'), ToolCall(0, arguments=":1}")]
    result = transcript("ai-sdk-ui", encoded("ai-sdk-ui", [*said, ToolCall(1, arguments=":2}")]))
    assert [(call.id, call.name, call.input) for call in result.tool_calls] == [
        ("a", "f", {"x": 1}),
        ("b", "g", {"y": 2}),
    ]


def test_missing_and_repeated_ids_are_made() -> None:
    chunks, encoder = written(ToolCall(0, None, "f"), ToolCall(1, "x", "g"), ToolCall(2, "x", "h"))
    started = [chunk["toolCallId"] for chunk in chunks if chunk["type"] == "tool-input-start"]
    assert started == ["call_harness_0", "x", "call_harness_2"]
    assert [loss.what for loss in encoder.losses] == ["tool-call-id-made"]


def test_a_repeated_id_is_made_anew_and_named_as_a_loss() -> None:
    chunks, encoder = written(ToolCall(0, "x", "f"), ToolCall(1, "x", "g"))
    assert [chunk["toolCallId"] for chunk in chunks if chunk["type"] == "tool-input-start"] == ["x", "call_harness_1"]
    assert [loss.what for loss in encoder.losses] == ["tool-call-id-made"]


def test_the_first_stop_reason_of_a_turn_stands() -> None:
    chunks, _ = written(Text("x"), Finish("length"), Finish("stop"))
    assert chunks[-2]["finishReason"] == "length"


def test_a_call_waits_for_its_name() -> None:
    chunks, encoder = written(ToolCall(0, "c", arguments='{"a"'), ToolCall(0, name="f", arguments=":1}"))
    assert chunks[3] == {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": '{"a":1}'}
    assert encoder.losses == []


def test_a_talk_with_tools_is_a_message_of_several_steps() -> None:
    chunks, encoder = written(
        Start("r1", "m1"),
        ToolCall(0, "c1", "add", '{"a": 1}'),
        Usage(10, 5),
        Finish("tool_calls"),
        Other("tool-output-available", {"toolCallId": "c1", "output": "2"}),
        Start("r2", "m1"),
        Usage(20),
        Text("It is 2."),
        Usage(None, 7),
        Finish("stop"),
    )
    assert kinds(chunks) == [
        *("start", "start-step", "tool-input-start", "tool-input-delta", "tool-input-available"),
        *("tool-output-available", "finish-step", "start-step", "text-start", "text-delta", "text-end"),
        *("finish-step", "finish", "[DONE]"),
    ]
    usage = {"inputTokens": 30, "outputTokens": 12, "totalTokens": 42}
    assert chunks[-2] == {"type": "finish", "finishReason": "stop", "messageMetadata": {"usage": usage}}
    assert encoder.losses == []


def test_what_a_tool_answered_to_a_call_goes_out_under_the_calls_id() -> None:
    said: list[AnyEvent] = [ToolCall(0, None, "add", '{"a": 1}'), ToolCall(1, "c2", "look", "{}"), Finish("tool_calls")]
    answers: list[AnyEvent] = [
        Other("tool_result", {"index": 0, "name": "add", "content": "2"}),
        Other("tool_result", {"index": 1, "name": "look", "content": "no eyes", "is_error": True}),
    ]
    chunks, _ = written(*said, *answers, Start("r2"), Text("2"), Finish("stop"))
    assert [chunk for chunk in chunks if chunk["type"].startswith("tool-output")] == [
        {"type": "tool-output-available", "toolCallId": "call_harness_0", "output": "2"},
        {"type": "tool-output-error", "toolCallId": "c2", "errorText": "no eyes"},
    ]
    assert imbalance(chunks) == []


def test_what_a_tool_said_is_told_only_of_calls_that_are_there() -> None:
    chunks, encoder = written(Text("x"), Other("tool-output-error", {"toolCallId": "c9", "errorText": "no"}))
    assert "tool-output-error" not in kinds(chunks)
    assert [loss.what for loss in encoder.losses] == ["extras"]


def test_a_start_that_says_more_is_metadata_and_no_new_turn() -> None:
    chunks, _ = written(Start("r1"), Text("a"), Start("r1", "m1"), Text("b"), Finish("stop"), Start("r1", "m1"))
    assert kinds(chunks).count("start-step") == 1
    assert [chunk for chunk in chunks if chunk["type"] == "message-metadata"] == [
        {"type": "message-metadata", "messageMetadata": {"model": "m1"}}
    ]
    assert chunks[-2]["finishReason"] == "stop"


def test_a_retry_is_told_as_passing_data_and_begins_another_step() -> None:
    retry = Retry(2, 4, 0.5, "503 busy")
    chunks, _ = written(retry, Text("a"), retry, Text("b"))
    assert kinds(chunks)[:3] == ["start", "data-retry", "start-step"]
    assert chunks[1] == {
        "type": "data-retry",
        "data": {"attempt": 2, "max_attempts": 4, "delay_s": 0.5, "reason": "503 busy"},
        "transient": True,
    }
    assert kinds(chunks).count("start-step") == kinds(chunks).count("finish-step") == 2


def test_an_error_is_last_and_what_is_known_of_it_goes_before() -> None:
    chunks, _ = written(Text("so far"), BROKE)
    assert chunks[-3:] == [
        {"type": "finish-step"},
        {
            "type": "data-error",
            "data": {
                "kind": "overloaded",
                "status": 529,
                "code": "overloaded_error",
                "retryable": True,
                "retry_after_s": 7.0,
            },
            "transient": True,
        },
        {"type": "error", "errorText": "busy"},
    ]


def test_a_cancelled_answer_is_marked_and_aborted() -> None:
    chunks, _ = written(Start("r"), Text("so f"), End("cancelled"))
    assert chunks[4:] == [
        {"type": "text-end", "id": "text-1"},
        {"type": "text-start", "id": "text-2"},
        {"type": "text-delta", "id": "text-2", "delta": "[interrupted]"},
        {"type": "text-end", "id": "text-2"},
        {"type": "finish-step"},
        {"type": "abort"},
    ]


@pytest.mark.parametrize(
    ("signature", "metadata"),
    [
        (Signature("s"), {"anthropic": {"signature": "s"}}),
        (Signature("s", "redacted"), {"anthropic": {"redactedData": "s"}}),
        (Signature("s", "encrypted", id="rs_1"), {"openai": {"itemId": "rs_1", "reasoningEncryptedContent": "s"}}),
    ],
)
def test_signatures_go_out_with_the_end_of_reasoning(signature: Signature, metadata: dict[str, Any]) -> None:
    chunks, encoder = written(Reasoning("hm"), signature, Text("x"))
    assert chunks[4] == {"type": "reasoning-end", "id": "reasoning-1", "providerMetadata": metadata}
    assert encoder.losses == []
    kept = transcript("ai-sdk-ui", encoded("ai-sdk-ui", [Reasoning("hm"), signature, Text("x")])).parts
    assert [part.signature for part in kept] == [None, signature, None]


def test_the_signature_of_a_call_goes_out_with_the_call() -> None:
    said: list[AnyEvent] = [ToolCall(0, "c", "f", "{}"), Signature("s", tool_index=0)]
    chunks, _ = written(*said)
    assert chunks[4]["providerMetadata"] == {"google": {"thoughtSignature": "s"}}
    result = transcript("ai-sdk-ui", encoded("ai-sdk-ui", said))
    assert [part.signature for part in result.parts if part.signature] == [Signature("s", tool_index=0)]


@pytest.mark.parametrize(
    "evidence",
    [
        Other("citation", {"type": "web_search_result_location", "url": "https://example.com/a", "title": "A"}),
        Other("annotation", {"type": "url_citation", "url": "https://example.com/a", "title": "A"}),
        Other(
            "annotations", [{"type": "url_citation", "url_citation": {"url": "https://example.com/a", "title": "A"}}]
        ),
        Other("search_results", [{"url": "https://example.com/a", "title": "A", "date": None}]),
        Other("groundingMetadata", {"groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}]}),
    ],
)
def test_what_vendors_cite_is_a_source_given_once(evidence: Other) -> None:
    chunks, encoder = written(Text("x"), evidence, evidence)
    found = [chunk for chunk in chunks if chunk["type"] == "source-url"]
    assert found == [{"type": "source-url", "sourceId": "source-1", "url": "https://example.com/a", "title": "A"}]
    assert encoder.losses == []


def test_an_address_that_is_no_web_page_is_no_source() -> None:
    chunks, encoder = written(Text("x"), Other("citation", {"url": "javascript:alert(1)", "title": "A"}))
    assert "source-url" not in kinds(chunks)
    assert [loss.what for loss in encoder.losses] == ["extras"]


def test_what_a_message_cannot_say_has_a_name() -> None:
    said: list[AnyEvent] = [
        Text("x", 1),
        Reasoning("y", summary=True),
        Refusal("no"),
        ToolCall(0, "c", "f", "{}"),
        Text("z"),
    ]
    late: list[AnyEvent] = [ToolCall(0, "d", "g", "{}"), ToolCall(1), Finish("stop"), BROKE, Text("late")]
    _, encoder = written(*said, *late)
    assert [loss.what for loss in encoder.losses] == [
        *("choices", "reasoning-summary", "refusal-as-text", "tool-call-id-late", "tool-call-name-late"),
        *("tool-call-closed", "after-error"),
    ]


def test_half_a_surrogate_pair_goes_out_as_its_escape() -> None:
    frames = dialect("ai-sdk-ui").encoder().feed(Text("\ud83d"))
    assert b'"delta":"\\ud83d"' in frames[-1]
    assert read(frames)[-1]["delta"] == "\ud83d"
