"""Whole answers: the one document that a request for no stream is answered with, in every dialect."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect
from harness.dialects.base import Dialect
from harness.events import (
    ERROR_KINDS,
    AnyEvent,
    End,
    ErrorInfo,
    ErrorKind,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Status,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import Transcript, fold

from .decoded import encoded, transcript
from .odd_values import ODD_VALUES, places
from .said import DIALECTS, FULL, answers

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_dialect = pytest.mark.parametrize("name", DIALECTS)
ENDED = End("completed")


def read(name: str, body: bytes | Any) -> Transcript:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return fold(name, dialect(name).read_answer(data))


def written(name: str, *events: AnyEvent) -> Any:
    return json.loads(dialect(name).write_answer([*events, ENDED]).body)


def losses(name: str, *events: AnyEvent) -> list[str]:
    return [loss.what for loss in dialect(name).write_answer([*events, ENDED]).losses]


def said(result: Transcript) -> dict[str, Any]:
    """What a document says, with arguments by their value: some dialects give objects."""
    everything = result.to_dict()
    for choice in (everything, *everything["other_choices"]):
        for call in choice["tool_calls"]:
            del call["arguments"]
    return everything


DOCUMENTS: dict[str, Any] = {
    "openai-chat": {
        "id": "r1",
        "object": "chat.completion",
        "model": "m1",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "reasoning_content": "Hm.",
                    "content": "Hé",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                        {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    },
    "openai-responses": {
        "id": "r1",
        "object": "response",
        "model": "m1",
        "status": "completed",
        "error": None,
        "output": [
            {"id": "rs1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"id": "m1", "type": "message", "content": [{"type": "output_text", "text": "Hé", "annotations": []}]},
            {"id": "f1", "type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'},
            {"id": "f2", "type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        ],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 13,
        },
    },
    "anthropic-messages": {
        "id": "r1",
        "type": "message",
        "role": "assistant",
        "model": "m1",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": ""},
            {"type": "text", "text": "Hé"},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 4},
    },
    "gemini": {
        "responseId": "r1",
        "modelVersion": "m1",
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "Hm.", "thought": True},
                        {"text": "Hé"},
                        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
                        {"functionCall": {"id": "c2", "name": "g"}},
                    ],
                },
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13},
    },
    "ollama": {
        "model": "m1",
        "created_at": "2025-01-01T00:00:00Z",
        "message": {
            "role": "assistant",
            "thinking": "Hm.",
            "content": "Hé",
            "tool_calls": [
                {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}},
                {"id": "c2", "function": {"name": "g", "arguments": {}}},
            ],
        },
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 9,
        "eval_count": 4,
    },
}
"""The same answer as each vendor gives it, with what every dialect can say."""


@every_dialect
@pytest.mark.parametrize("layout", ["compact", "indented", "after blanks", "after a byte order mark"])
def test_a_document_is_read(name: str, layout: str) -> None:
    plain = json.dumps(DOCUMENTS[name], ensure_ascii=False, indent=2 if layout == "indented" else None).encode()
    before = {"after blanks": b"\n  \r\n\t", "after a byte order mark": b"\xef\xbb\xbf"}.get(layout, b"")
    result = read(name, before + plain)
    assert (result.status, result.finish, result.error, result.warnings) == ("completed", "tool_calls", None, ())
    assert (result.text, result.reasoning, result.refusal) == ("Hé", "Hm.", None)
    calls = [(call.id, call.name, call.input) for call in result.tool_calls]
    assert calls == [("c1", "f", {"a": 1}), ("c2", "g", {})]
    assert (result.usage.input_tokens, result.usage.output_tokens) == (9, 4)
    assert (result.id, result.model) == (None if name == "ollama" else "r1", "m1")


@every_dialect
def test_every_value_of_a_document_may_be_of_any_type(name: str) -> None:
    for number in range(len(places(DOCUMENTS[name]))):
        for odd in (None, True, -1, 2.5, 10**30, "", "x", "\ud800", [], [None], {}, {"x": 1}):
            document = deepcopy(DOCUMENTS[name])
            holder, key = places(document)[number]
            holder[key] = odd
            events = dialect(name).read_answer(json.dumps(document).encode())
            assert [event for event in events if isinstance(event, End)] == events[-1:]


@every_dialect
@EXAMPLES
@given(data=st.data())
def test_a_document_and_a_stream_of_the_same_answer_say_the_same(name: str, data: st.DataObject) -> None:
    events = data.draw(answers(name))
    answer = dialect(name).write_answer([*events, ENDED])
    assert answer.losses == ()
    assert said(read(name, answer.body)) == said(transcript(name, encoded(name, events)))


@every_dialect
def test_a_full_answer_is_written_as_it_is_read(name: str) -> None:
    answer = dialect(name).write_answer([*FULL, ENDED])
    result = read(name, answer.body)
    assert (answer.losses, result.warnings) == ((), ())
    assert (result.reasoning, result.text, result.finish) == ("Thinking… é", "Héllo 😀", "tool_calls")
    calls = [(call.id, call.name, call.input) for call in result.tool_calls]
    assert calls == [("call_a", "get_weather", {"city": "Oslo"}), ("call_b", "add", {"n": 12345678901234567890123})]
    assert (result.usage.input_tokens, result.usage.output_tokens, result.model) == (9, 4, "test-model")


@every_dialect
def test_fragments_of_calls_may_come_in_any_order(name: str) -> None:
    result = read(
        name,
        dialect(name)
        .write_answer(
            [
                ToolCall(1, arguments='{"b"'),
                ToolCall(0, "c0", "f", '{"a"'),
                ToolCall(1, "c1", "g", ": 2"),
                ToolCall(0, arguments=": 1}"),
                Warning("odd", "of no matter"),
                Retry(2, 3, 1.0, "of no matter"),
                ToolCall(1, arguments="}"),
                Finish("tool_calls"),
                ENDED,
            ]
        )
        .body,
    )
    calls = [(call.id, call.name, call.input) for call in result.tool_calls]
    assert sorted(calls) == [("c0", "f", {"a": 1}), ("c1", "g", {"b": 2})]


@every_dialect
@pytest.mark.parametrize(
    "events",
    [
        [Text("so far"), Failure(ErrorInfo("overloaded", "busy")), End("failed")],
        [Text("so far"), Failure(ErrorInfo("overloaded", "busy")), Finish("stop"), ENDED],
        [Text("so far"), End("truncated")],
        [Text("so far"), End("cancelled")],
        [Text("so far"), End("failed")],
        [Text("all of it"), Finish("stop")],
    ],
)
def test_what_did_not_end_well_is_no_document(name: str, events: list[AnyEvent]) -> None:
    with pytest.raises(ValueError, match="an answer that"):
        dialect(name).write_answer(events)


@every_dialect
def test_an_answer_without_a_word_is_a_document(name: str) -> None:
    result = read(name, dialect(name).write_answer([Finish("stop"), ENDED]).body)
    assert (result.status, result.text, result.finish, result.tool_calls) == ("completed", "", "stop", ())


@every_dialect
def test_a_call_that_the_limit_cut_off_never_looks_executable(name: str) -> None:
    events: list[AnyEvent] = [Text("I will."), ToolCall(0, "c0", "f", '{"city": "Os'), Finish("length"), ENDED]
    answer = dialect(name).write_answer(events)
    result = read(name, answer.body)
    assert (result.text, result.finish) == ("I will.", "length")
    assert [call.input for call in result.tool_calls] in ([], [None])
    can_say_it = name.startswith("openai")
    assert [loss.what for loss in answer.losses] == ([] if can_say_it else ["tool-arguments-not-object"])


@every_dialect
@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"{}", b"[]", b"[{}]", b"null", b"7", b'"x"', b"<html>", b"\xff\xfe"]
)
def test_what_is_no_answer_is_a_failure(name: str, body: bytes) -> None:
    result = read(name, body)
    assert (result.status, result.text) == ("failed", "")
    assert result.error is not None
    assert (result.error.kind, result.error.retryable) == ("protocol", False)


@every_dialect
@pytest.mark.parametrize("kind", ["rate_limit", "overloaded", "context_overflow", "server"])
def test_an_error_object_is_a_failure(name: str, kind: ErrorKind) -> None:
    result = read(name, dialect(name).write_error(ErrorInfo(kind, "it broke")).body)
    assert result.error is not None
    assert (result.status, result.error.kind, result.error.message[-8:]) == ("failed", kind, "it broke")


def is_told_how_it_ended(events: list[AnyEvent]) -> bool:
    """One End, which is last; a failure where it failed, and of a kind that there is."""
    ends = [event for event in events if isinstance(event, End)]
    failures = [event.error.kind for event in events if isinstance(event, Failure)]
    failed = ends[0].status == "failed"
    return ends == events[-1:] and bool(failures) == failed and all(kind in ERROR_KINDS for kind in failures)


@every_dialect
@EXAMPLES
@given(body=st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ \r\n\ufeff\x00é1e', max_size=80).map(str.encode))
def test_arbitrary_bytes_are_read(name: str, body: bytes) -> None:
    assert is_told_how_it_ended(dialect(name).read_answer(body))


@every_dialect
@EXAMPLES
@given(data=st.data())
def test_documents_with_values_of_another_type_are_read(name: str, data: st.DataObject) -> None:
    document = deepcopy(DOCUMENTS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        holder, key = data.draw(st.sampled_from(places(document)))
        holder[key] = deepcopy(data.draw(ODD_VALUES))
        if not places(document):
            break
    events = dialect(name).read_answer(json.dumps(document).encode())
    assert is_told_how_it_ended(events)


@every_dialect
def test_a_document_that_nests_without_end_is_no_answer(name: str) -> None:
    assert read(name, b'{"choices":' + b"[" * 100_000).status == "failed"


def test_choices_of_a_completion_are_told_apart() -> None:
    events: list[AnyEvent] = [Text("a", 1), Text("b"), Text("c", 1), Finish("stop"), Finish("length", choice=1)]
    document = written("openai-chat", *events)
    contents = [(each["index"], each["message"]["content"], each["finish_reason"]) for each in document["choices"]]
    assert contents == [(0, "b", "stop"), (1, "ac", "length")]
    assert read("openai-chat", document).other_choices[0].text == "ac"


def test_candidates_are_told_apart() -> None:
    events: list[AnyEvent] = [Text("a", 1), Text("b"), Text("c", 1), Finish("stop"), Finish("length", choice=1)]
    document = written("gemini", *events)
    texts = [(each["index"], each["content"]["parts"], each["finishReason"]) for each in document["candidates"]]
    assert texts == [(0, [{"text": "b"}], "STOP"), (1, [{"text": "ac"}], "MAX_TOKENS")]


@pytest.mark.parametrize("name", ["anthropic-messages", "ollama", "openai-responses"])
def test_other_choices_are_a_loss(name: str) -> None:
    assert losses(name, Text("a"), Text("b", 1), Finish("stop"), Finish("stop", choice=1)) == ["choices"]


def test_calls_of_a_completion_are_apart_whatever_they_are_called() -> None:
    calls = [
        {"index": 0, "id": "same", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"index": 0, "id": "same", "function": {"name": "f", "arguments": '{"a": 2}'}},
        {"function": {"name": "f", "arguments": '{"a": 3}'}},
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    result = read("openai-chat", {"choices": [{"message": message, "finish_reason": "tool_calls"}]})
    assert [call.input for call in result.tool_calls] == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_completion_without_a_stop_reason_is_whole_with_a_warning() -> None:
    result = read("openai-chat", {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})
    assert (result.status, result.text, result.finish) == ("completed", "Hi", None)
    assert [warning.rule for warning in result.warnings] == ["finish-missing"]


def test_a_completion_always_has_a_stop_reason() -> None:
    assert written("openai-chat", Text("Hi"))["choices"][0]["finish_reason"] == "stop"
    assert losses("openai-chat", Text("Hi")) == ["finish-missing"]


def test_a_completion_of_calls_or_a_refusal_has_no_content() -> None:
    call = written("openai-chat", ToolCall(0, "c", "f", "{}"), Finish("tool_calls"))["choices"][0]["message"]
    assert (call["content"], call["tool_calls"][0]["id"]) == (None, "c")
    refusal = written("openai-chat", Refusal("No."), Finish("stop"))["choices"][0]["message"]
    assert (refusal["content"], refusal["refusal"]) == (None, "No.")
    assert written("openai-chat", Finish("stop"))["choices"][0]["message"]["content"] == ""


def test_a_completion_keeps_reasoning_with_what_must_be_sent_back() -> None:
    events: list[AnyEvent] = [
        Reasoning("Hm."),
        Signature("sig=="),
        Signature("enc==", "encrypted", id="rs_1"),
        Text("Hi"),
        ToolCall(0, "c", "f", "{}"),
        Signature("thought==", tool_index=0),
        Finish("tool_calls"),
    ]
    result = read("openai-chat", written("openai-chat", *events))
    signatures = [part.signature for part in result.parts if part.signature]
    assert result.reasoning == "Hm."
    assert signatures == [
        Signature("sig=="),
        Signature("enc==", "encrypted", id="rs_1"),
        Signature("thought==", tool_index=0),
    ]


def test_a_message_keeps_thinking_with_its_signatures_in_order() -> None:
    events: list[AnyEvent] = [
        Reasoning("Hm."),
        Signature("one"),
        Signature("hidden", "redacted"),
        Reasoning("So."),
        Signature("two"),
        Text("Hi"),
        Finish("stop"),
    ]
    document = written("anthropic-messages", *events)
    assert document["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "one"},
        {"type": "redacted_thinking", "data": "hidden"},
        {"type": "thinking", "thinking": "So.", "signature": "two"},
        {"type": "text", "text": "Hi"},
    ]
    parts = read("anthropic-messages", document).parts
    assert [part.signature.data if part.signature else part.text for part in parts] == [
        *("Hm.", "one", "hidden", "So.", "two", "Hi")
    ]


def test_a_message_that_the_limit_ended_before_a_call_had_its_input() -> None:
    document = {**DOCUMENTS["anthropic-messages"], "stop_reason": "max_tokens"}
    inputs = [call.input for call in read("anthropic-messages", document).tool_calls]
    assert inputs == [{"a": 1}, None]


def test_a_message_may_lack_its_type_and_its_stop_reason() -> None:
    result = read("anthropic-messages", {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]})
    assert (result.status, result.text, result.finish) == ("completed", "Hi", None)
    assert [warning.rule for warning in result.warnings] == ["finish-missing"]


def test_a_message_keeps_what_the_vendor_adds() -> None:
    citation = {"type": "char_location", "cited_text": "x"}
    document = {
        **DOCUMENTS["anthropic-messages"],
        "content": [
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
            {"type": "text", "text": "Hi", "citations": [citation]},
        ],
        "stop_reason": "refusal",
        "stop_details": {"type": "refusal"},
    }
    result = read("anthropic-messages", document)
    assert [other.kind for other in result.others] == ["server_tool_use", "citation", "stop_details"]
    assert (result.text, result.finish) == ("Hi", "refusal")


def test_a_response_keeps_reasoning_items() -> None:
    events: list[AnyEvent] = [
        Reasoning("Hm.", summary=True),
        Signature("enc==", "encrypted", id="rs_1"),
        Text("Hi"),
        Refusal("No."),
        Finish("stop"),
        Usage(9, 4, 2, 3),
    ]
    document = written("openai-responses", *events)
    result = read("openai-responses", document)
    assert "enc==" in [item.get("encrypted_content") for item in document["output"]]
    assert (result.reasoning, result.text, result.refusal, result.usage) == ("Hm.", "Hi", "No.", Usage(9, 4, 2, 3, 0))


@pytest.mark.parametrize(("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_an_incomplete_response_is_whole_with_its_reason(reason: str, finish: str) -> None:
    changes = {"status": "incomplete", "incomplete_details": {"reason": reason}}
    result = read("openai-responses", {**DOCUMENTS["openai-responses"], **changes})
    assert (result.status, result.finish, result.finish_raw, result.text) == ("completed", finish, reason, "Hé")


@pytest.mark.parametrize("status", ["in_progress", "queued", "cancelled"])
def test_a_response_that_is_not_over_is_a_failure_that_keeps_what_came(status: str) -> None:
    result = read("openai-responses", {**DOCUMENTS["openai-responses"], "status": status})
    assert (result.status, result.text, result.finish) == ("failed", "Hé", None)
    assert result.error is not None
    assert (result.error.kind, result.error.message) == ("protocol", f"the response is {status}, not completed")


def test_a_failed_response_is_a_failure_of_its_kind() -> None:
    error = {"code": "server_error", "message": "it broke"}
    result = read("openai-responses", {"object": "response", "status": "failed", "error": error, "output": []})
    assert result.error is not None
    assert (result.status, result.error.kind, result.error.message) == ("failed", "server", "it broke")


def test_a_response_may_lack_what_says_that_it_is_one() -> None:
    document = {name: DOCUMENTS["openai-responses"][name] for name in ("output", "usage")}
    assert read("openai-responses", document).finish == "tool_calls"


def test_an_array_of_chunks_is_read_as_the_answer_that_it_streams() -> None:
    chunks = [
        {"candidates": [{"content": {"parts": [{"text": "He"}]}}]},
        {"candidates": [{"content": {"parts": [{"text": "llo"}]}, "finishReason": "STOP"}]},
    ]
    result = read("gemini", chunks)
    assert (result.status, result.text, result.finish) == ("completed", "Hello", "stop")


def test_a_gemini_response_without_a_finish_reason_is_not_whole() -> None:
    result = read("gemini", {"candidates": [{"content": {"parts": [{"text": "He"}]}}]})
    assert (result.status, result.text) == ("truncated", "He")


def test_a_blocked_prompt_is_a_whole_answer() -> None:
    feedback = Other("promptFeedback", {"blockReason": "SAFETY"})
    document = written("gemini", feedback, Finish("content_filter", "SAFETY"))
    assert document["promptFeedback"] == {"blockReason": "SAFETY"}
    assert read("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}).finish == "content_filter"


def test_signatures_of_gemini_stay_with_their_parts() -> None:
    events: list[AnyEvent] = [
        ToolCall(0, "c0", "f", "{}"),
        ToolCall(1, "c1", "g", "{}"),
        Signature("c2ln", tool_index=0),
        Text("Hi"),
        Signature("dGV4dA=="),
        Finish("tool_calls"),
    ]
    parts = written("gemini", *events)["candidates"][0]["content"]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == ["c2ln", None, None, "dGV4dA=="]
    assert read("gemini", written("gemini", *events)).text == "Hi"


def test_a_record_of_ollama_that_is_not_done_is_not_whole() -> None:
    document = {**DOCUMENTS["ollama"], "done": False}
    del document["done_reason"]
    assert read("ollama", document).status == "truncated"


def test_what_ollama_has_no_words_for_is_a_loss() -> None:
    events: list[AnyEvent] = [Refusal("No."), Signature("x"), Finish("content_filter"), Usage(1, 2, 3)]
    assert losses("ollama", *events) == ["refusal-as-text", "signature", "reasoning-tokens", "finish-reason"]


def test_a_dialect_may_have_no_documents() -> None:
    plain = dialect("openai-chat")
    bare = Dialect(
        **{
            name: getattr(plain, name)
            for name in ("content_type", "decoder", "encoder", "build_request", "read_request", "matches", "validate")
        },
        name="streams-only",
        read_error=plain.read_error,
        write_error=plain.write_error,
        split_frames=plain.split_frames,
    )
    status: Status = "failed"
    assert bare.read_answer(b"{}")[-1] == End(status)
    with pytest.raises(ValueError, match="no answers but streams"):
        bare.write_answer([Start(), ENDED])
    with pytest.raises(ValueError, match="no answers but streams"):
        bare.join_frames([])
