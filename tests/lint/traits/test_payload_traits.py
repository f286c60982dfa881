"""Each trait of payloads: the smallest stream that has it, and a plain one that has none of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.lint.linter import lint
from harness.lint.traits import DETECTORS, DIALECT_WORDS, RULE, stream_traits

from ...dialects.odd_values import ODD_VALUES, places
from .bodies import COUNTS, ENVELOPE, block, call, chat, chunk, gemini, item, messages, ollama, responses, sse

FIRST = chunk({"role": "assistant", "content": "Hi"})
WHOLE = call('{"a": 1}', id="call_1", type="function", name="add")
TWO = [WHOLE, {**WHOLE, "index": 1, "id": "call_2"}]
BEGUN = chunk({"tool_calls": [call("", id="call_1", type="function", name="add")]})
TOOL = {"type": "tool_use", "id": "t", "name": "add", "input": {}}
JSON = {"type": "input_json_delta", "partial_json": "{}"}
TEXT = {"type": "text", "text": ""}
FUNCTION = {"functionCall": {"name": "add", "args": {}}}
ADD = {"function": {"name": "add", "arguments": {}}}
SAID = {"type": "response.output_text.delta", "content_index": 0, "delta": "Hi"}
DONE = {"type": "response.output_text.done", "content_index": 0, "text": "Hi"}
ARGS = {"type": "response.function_call_arguments.delta", "delta": "{}"}
SUMMARY = {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "Hm"}


def deltas(*given: dict[str, Any]) -> bytes:
    return chat(*(chunk(delta) for delta in given))


def ended(*chunks: Any) -> bytes:
    return sse(FIRST, *chunks, "[DONE]")


CHAT: dict[str, bytes] = {
    "usage-own-chunk": chat(),
    "usage-with-finish": ended(chunk({}, "stop", usage=COUNTS)),
    "usage-running": ended(chunk({"content": "x"}, usage=COUNTS), chunk({}, "stop")),
    "usage-after-finish": ended(chunk({}, "stop"), chunk({}, usage=COUNTS)),
    "usage-null": chat(chunk({"content": "x"}, usage=None)),
    "usage-null-after-counts": ended(chunk({}, "stop", usage=COUNTS), chunk({}, usage=None)),
    "usage-missing": ended(chunk({}, "stop")),
    "usage-details-null": ended(chunk({}, "stop", usage={**COUNTS, "prompt_tokens_details": None})),
    "usage-other-fields": ended(chunk({}, "stop", usage={**COUNTS, "cost": 0.1})),
    "choices-empty": chat({**ENVELOPE, "choices": []}),
    "choices-several": chat({**ENVELOPE, "choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}),
    "content-null": deltas({"content": None, "refusal": None}),
    "content-list-thinking": deltas({"content": [{"type": "thinking", "thinking": []}]}),
    "content-list-text": deltas({"content": [{"type": "text", "text": "x"}]}),
    "content-empty": deltas({"content": ""}),
    "reasoning-content": deltas({"reasoning_content": "Hm"}),
    "reasoning-field": deltas({"reasoning": "Hm"}),
    "reasoning-details": deltas({"reasoning_details": [{"text": "Hm"}]}),
    "reasoning-mirrored": deltas({"reasoning": "Hm", "reasoning_content": "Hm"}),
    "reasoning-beside-details": deltas({"reasoning": "Hm", "reasoning_details": [{"text": "Hm"}]}),
    "think-tags": deltas({"content": "<think>"}, {"content": "Hm"}, {"content": "</think>"}),
    "think-tag-cut": deltas({"content": "<thi"}, {"content": "nk>"}, {"content": "</think>"}),
    "think-tag-beside-text": deltas({"content": "<think>Hm</think>"}),
    "think-never-closed": deltas({"content": "<think>"}),
    "think-several": deltas({"content": "<think>a</think>b<think>c</think>"}),
    "tool-calls": deltas({"tool_calls": [WHOLE]}),
    "tool-calls-parallel": deltas({"tool_calls": TWO}),
    "tool-call-whole": deltas({"tool_calls": [WHOLE]}),
    "tool-calls-in-one-delta": deltas({"tool_calls": TWO}),
    "tool-calls-interleaved": deltas({"tool_calls": TWO}, {"tool_calls": [call("")]}),
    "tool-id-repeated": chat(BEGUN, chunk({"tool_calls": [call("{}", id="call_1")]})),
    "tool-name-repeated": chat(BEGUN, chunk({"tool_calls": [call("{}", name="add")]})),
    "tool-type-missing": deltas({"tool_calls": [call("{}", id="call_1", name="add")]}),
    "tool-nulls": chat(BEGUN, chunk({"tool_calls": [call("{}", id=None)]})),
    "tool-arguments-empty": chat(BEGUN),
    "tool-calls-empty-list": deltas({"content": "x", "tool_calls": []}),
    "tool-calls-null": deltas({"content": "x", "tool_calls": None}),
    "text-and-tool-calls": deltas({"content": "x"}, {"tool_calls": [WHOLE]}),
    "finish-length": ended(chunk({}, "length", usage=COUNTS)),
    "finish-content-filter": ended(chunk({}, "content_filter", usage=COUNTS)),
    "finish-never": ended(chunk({"content": "x"}, usage=COUNTS)),
    "finish-changes": ended(chunk({}, "tool_calls"), chunk({}, "stop")),
    "finish-empty": chat(chunk({"content": "x"}, "")),
    "finish-alone-missing": ended(chunk({"content": "x"}, "stop", usage=COUNTS)),
    "refusal": deltas({"refusal": "No."}),
    "logprobs": chat({**ENVELOPE, "choices": [{"index": 0, "delta": {}, "finish_reason": None, "logprobs": {"a": 1}}]}),
    "annotations": deltas({"annotations": [{"type": "url_citation"}]}),
    "role-repeated": deltas({"role": "assistant", "content": "x"}),
    "error-in-stream": ended({"error": {"message": "busy"}}),
    "error-named": sse(FIRST) + b'event: error\ndata: {"error": {"message": "busy"}}\n\n',
    "error-beside-choices": ended({**chunk({"content": ""}, "error"), "error": {"message": "busy"}}),
    "error-in-choice": ended({**ENVELOPE, "choices": [{"index": 0, "delta": {}, "error": {"message": "busy"}}]}),
    "unknown-fields": chat(chunk({"content": "x", "mood": "calm"})),
}  # fmt: skip
ANTHROPIC: dict[str, bytes] = {
    "ping": messages({"type": "ping"}),
    "thinking-block": messages(*block(0, {"type": "thinking", "thinking": "", "signature": ""})),
    "thinking-signature": messages(*block(0, {"type": "thinking"}, {"type": "signature_delta", "signature": "x"})),
    "thinking-redacted": messages(*block(0, {"type": "redacted_thinking", "data": "x"})),
    "tool-calls": messages(*block(0, TOOL, JSON), stop="tool_use"),
    "tool-calls-parallel": messages(*block(0, TOOL, JSON), *block(1, {**TOOL, "id": "u"}, JSON), stop="tool_use"),
    "tool-input-at-start": messages(*block(0, {**TOOL, "input": {"a": 1}}), stop="tool_use"),
    "tool-input-empty": messages(*block(0, TOOL, {**JSON, "partial_json": ""}), stop="tool_use"),
    "tool-of-server": messages(*block(0, {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
    "text-and-tool-calls": messages(*block(0, TEXT), *block(1, TOOL, JSON), stop="tool_use"),
    "text-after-tool-call": messages(*block(0, TOOL, JSON), *block(1, TEXT), stop="tool_use"),
    "text-blocks-several": messages(*block(0, TEXT), *block(1, TEXT)),
    "text-at-start": messages(*block(0, {"type": "text", "text": "Hi"})),
    "blocks-interleaved": messages(block(0, TEXT)[0], *block(1, TEXT), block(0, TEXT)[-1]),
    "citations": messages(*block(0, TEXT, {"type": "citations_delta", "citation": {}})),
    "usage-input-last": messages(usage={"input_tokens": 9, "output_tokens": 2}),
    "usage-input-grows": messages(usage={"input_tokens": 12, "output_tokens": 2}),
    "usage-input-zero-first": messages().replace(b'"input_tokens": 9', b'"input_tokens": 0'),
    "usage-cache": messages(usage={"output_tokens": 2, "cache_read_input_tokens": 7}),
    "usage-missing": messages().replace(b'{"input_tokens": 9, "output_tokens": 1}', b"{}").replace(
        b'{"output_tokens": 2}', b"{}"),
    "message-delta-several": messages({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 1}}),
    "message-delta-without-reason": messages(stop=None),
    "stop-max-tokens": messages(stop="max_tokens"),
    "stop-refusal": messages(stop="refusal"),
    "stop-pause": messages(stop="pause_turn"),
    "stop-sequence": messages(stop="stop_sequence"),
    "stop-never": messages(stop=None),
    "stop-unusual": messages(stop="bored"),
    "event-unknown": messages({"type": "mood"}),
    "block-unknown": messages(*block(0, {"type": "mood"})),
    "error-in-stream": messages({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
    "unknown-fields": messages({"type": "ping", "cost": 1}),
}  # fmt: skip
RESPONSES: dict[str, bytes] = {
    "text-only-in-done": responses(*item(0, "message", DONE)),
    "text-empty-deltas": responses(*item(0, "message", {**SAID, "delta": ""}, SAID)),
    "arguments-only-in-done": responses(*item(0, "function_call", arguments="{}")),
    "arguments-at-start": responses(
        {"type": "response.output_item.added", "output_index": 0,
         "item": {"id": "i0", "type": "function_call", "arguments": "{}"}}),
    "summary-only-in-done": responses(*item(0, "reasoning", summary=[{"type": "summary_text", "text": "Hm"}])),
    "tool-calls": responses(*item(0, "function_call", ARGS, arguments="{}")),
    "tool-calls-parallel": responses(*item(0, "function_call", ARGS), *item(1, "function_call", ARGS)),
    "items-interleaved": responses(*item(0, "message", SAID)[:2], *item(1, "message"), *item(0, "message")[-1:]),
    "messages-several": responses(*item(0, "message", SAID), *item(1, "message", SAID)),
    "text-and-tool-calls": responses(*item(0, "message", SAID), *item(1, "function_call", ARGS)),
    "reasoning-item": responses(*item(0, "reasoning")),
    "reasoning-summary": responses(*item(0, "reasoning", SUMMARY)),
    "reasoning-summary-several": responses(*item(
        0, "reasoning", *[{"type": "response.reasoning_summary_part.added", "summary_index": n} for n in (0, 1)])),
    "reasoning-text": responses(*item(0, "reasoning", {"type": "response.reasoning_text.delta", "delta": "Hm"})),
    "reasoning-encrypted": responses(*item(0, "reasoning", encrypted_content="x")),
    "refusal": responses(*item(0, "message", {"type": "response.refusal.delta", "delta": "No"})),
    "annotations": responses(*item(0, "message", {"type": "response.output_text.annotation.added", "annotation": {}})),
    "logprobs": responses(*item(0, "message", {**SAID, "logprobs": [{"token": "Hi"}]})),
    "tool-of-server": responses(*item(0, "web_search_call")),
    "custom-tool": responses(*item(0, "custom_tool_call")),
    "final-output-empty": responses(*item(0, "message", SAID), output=[]),
    "final-output-null": responses(*item(0, "message", SAID), output=None),
    "usage-missing": responses(usage=None),
    "usage-details-missing": responses(usage={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}),
    "incomplete-limit": responses(end="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    "incomplete-filter": responses(end="incomplete", incomplete_details={"reason": "content_filter"}),
    "incomplete-unusual": responses(end="incomplete", incomplete_details={"reason": "bored"}),
    "failed": responses(end="failed", error={"code": "server_error", "message": "busy"}),
    "error-in-stream": responses({"type": "error", "message": "busy", "code": None, "param": None}),
    "error-nested": responses({"type": "error", "error": {"message": "busy"}}),
    "queued": responses({"type": "response.queued"}),
    "event-unknown": responses({"type": "response.mood"}),
    "item-unknown": responses(*item(0, "mood")),
}  # fmt: skip
GEMINI: dict[str, bytes] = {
    "one-event": gemini(),
    "thought-part": gemini([{"text": "Hm", "thought": True}]),
    "signature-on-call": gemini([{**FUNCTION, "thoughtSignature": "x"}]),
    "signature-on-text": gemini([{"text": "Hi", "thoughtSignature": "x"}]),
    "signature-on-empty-part": gemini([{"text": "", "thoughtSignature": "x"}]),
    "tool-calls": gemini([FUNCTION]),
    "tool-calls-parallel": gemini([FUNCTION], [FUNCTION]),
    "tool-calls-in-one-event": gemini([FUNCTION, FUNCTION]),
    "tool-call-id": gemini([{"functionCall": {"name": "add", "args": {}, "id": "c"}}]),
    "tool-call-without-args": gemini([{"functionCall": {"name": "add"}}]),
    "text-and-tool-calls": gemini([{"text": "Hi"}], [FUNCTION]),
    "text-empty": gemini([{"text": ""}]),
    "content-missing": sse({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 1}}),
    "parts-missing": gemini([]),
    "candidates-missing": sse({"modelVersion": "m"}) + gemini(),
    "candidates-several": sse({"candidates": [{"content": {"role": "model", "parts": []}, "index": 1}]}) + gemini(),
    "prompt-blocked": sse({"promptFeedback": {"blockReason": "SAFETY"}}),
    "usage-running": sse({"candidates": [{}], "usageMetadata": {"totalTokenCount": 1}}) + gemini(),
    "usage-missing": gemini(usageMetadata={}),
    "usage-thoughts": gemini(usageMetadata={"thoughtsTokenCount": 5}),
    "usage-cache": gemini(usageMetadata={"cachedContentTokenCount": 5}),
    "finish-max-tokens": sse({"candidates": [{"finishReason": "MAX_TOKENS"}]}),
    "finish-safety": sse({"candidates": [{"finishReason": "SAFETY"}]}),
    "finish-unusual": sse({"candidates": [{"finishReason": "RECITATION"}]}),
    "finish-number": sse({"candidates": [{"finishReason": 1}]}),
    "role-missing": sse({"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}),
    "grounding": sse({"candidates": [{"groundingMetadata": {"a": 1}}]}),
    "citations": sse({"candidates": [{"citationMetadata": {"a": 1}}]}),
    "code-parts": gemini([{"executableCode": {"language": "PYTHON", "code": "1"}}]),
    "inline-data": gemini([{"inlineData": {"mimeType": "image/png", "data": ""}}]),
    "logprobs": sse({"candidates": [{"logprobsResult": {"a": 1}}]}),
    "error-in-stream": sse({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}),
    "unknown-fields": gemini(mood="calm"),
}  # fmt: skip
OLLAMA: dict[str, bytes] = {
    "thinking-field": ollama({"thinking": "Hm"}),
    "think-tags": ollama({"content": "<think>"}, {"content": "</think>"}),
    "think-tag-cut": ollama({"content": "<thi"}, {"content": "nk></think>"}),
    "think-tag-beside-text": ollama({"content": "<think>Hm</think>"}),
    "think-never-closed": ollama({"content": "<think>"}),
    "think-several": ollama({"content": "<think>a</think><think>b</think>"}),
    "tool-calls": ollama({"tool_calls": [ADD]}),
    "tool-calls-parallel": ollama({"tool_calls": [ADD]}, {"tool_calls": [ADD]}),
    "tool-calls-in-one-line": ollama({"tool_calls": [ADD, ADD]}),
    "tool-call-in-last-line": ollama(last={"tool_calls": [ADD]}),
    "tool-call-id": ollama({"tool_calls": [{**ADD, "id": "c"}]}),
    "tool-call-index": ollama({"tool_calls": [{"function": {"name": "add", "arguments": {}, "index": 0}}]}),
    "text-and-tool-calls": ollama({"content": "Hi"}, {"tool_calls": [ADD]}),
    "text-in-last-line": ollama(last={"content": "Hi"}),
    "content-empty": ollama({"content": ""}),
    "one-line": ollama(),
    "usage-prompt-missing": ollama(prompt_eval_count=None),
    "usage-missing": ollama(eval_count=None),
    "done-reason-missing": ollama(done_reason=None),
    "done-length": ollama(done_reason="length"),
    "done-unusual": ollama(done_reason="load"),
    "logprobs": ollama(logprobs=[{"token": "Hi"}]),
    "error-in-stream": ollama({"content": "Hi"}) + b'{"error": "busy"}\n',
    "unknown-fields": ollama(mood="calm"),
}
EXAMPLES = {
    "openai-chat": CHAT,
    "anthropic-messages": ANTHROPIC,
    "openai-responses": RESPONSES,
    "gemini": GEMINI,
    "ollama": OLLAMA,
}
PLAIN = {
    "openai-chat": (chat(chunk({"content": "Hi"})), {"usage-own-chunk"}),
    "anthropic-messages": (messages(*block(0, TEXT, {"type": "text_delta", "text": "Hi"})), set()),
    "openai-responses": (responses(*item(0, "message", SAID, DONE)), set()),
    "gemini": (gemini([{"text": "Hi"}]), set()),
    "ollama": (ollama({"content": "Hi"}), set()),
}


def traits_of(dialect: str, body: bytes) -> dict[str, int]:
    return stream_traits(dialect, body, lint(dialect, body))


@pytest.mark.parametrize(("dialect", "trait"), [(name, trait) for name in EXAMPLES for trait in EXAMPLES[name]])
def test_each_trait_is_found_where_it_is_and_not_in_a_plain_stream(dialect: str, trait: str) -> None:
    assert trait in traits_of(dialect, EXAMPLES[dialect][trait])
    plain, usual = PLAIN[dialect]
    assert {found for found in traits_of(dialect, plain) if not found.startswith(RULE)} == usual


@pytest.mark.parametrize("dialect", sorted(DETECTORS))
def test_every_trait_that_has_words_has_an_example(dialect: str) -> None:
    assert sorted(EXAMPLES[dialect]) == sorted(DIALECT_WORDS[dialect])


def test_a_call_without_an_index_is_another_one_by_its_id() -> None:
    one = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    twice = deltas({"tool_calls": [one]}, {"tool_calls": [{**one, "id": "call_2"}]})
    assert "tool-calls-parallel" in traits_of("openai-chat", twice)
    assert "tool-calls-parallel" not in traits_of("openai-chat", deltas({"tool_calls": [one]}))


def test_a_trait_keeps_the_byte_at_which_it_was_first_seen() -> None:
    body = chat(chunk({"reasoning": "Hm"}), chunk({"reasoning": "so"}))
    assert traits_of("openai-chat", body)["reasoning-field"] == len(sse(chunk({"role": "assistant", "content": ""})))


@pytest.mark.parametrize("dialect", sorted(DETECTORS))
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_no_payload_is_too_odd(dialect: str, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(sorted(EXAMPLES[dialect].values())))
    lines = [line.removeprefix(b"data: ") for line in body.splitlines() if line.startswith((b"data: {", b"{"))]
    payloads = [json.loads(line) for line in lines]
    holder, key = data.draw(st.sampled_from([place for payload in payloads for place in places(payload)]))
    holder[key] = deepcopy(data.draw(ODD_VALUES))
    start = b"" if dialect == "ollama" else b"data: "
    odd = b"".join(start + json.dumps(payload).encode() + b"\n\n" for payload in payloads)
    found = traits_of(dialect, odd)
    assert all(0 <= offset <= len(odd) for offset in found.values())
