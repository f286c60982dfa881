"""What the messages of each dialect say: careful readers by hand, who know nothing of the harness's own decoders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from harness.events import AnyEvent, Finish, FinishReason, Reasoning, Refusal, Text, ToolCall, Usage
from tests.mutants.decoders.pipeline import Broken, Message

REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "completed": "stop",
}


def parsed(data: str) -> dict[str, Any]:
    """The object that a message is. Raises Broken."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Broken(f"a message is no JSON: {data[:40]!r}") from error
    if not isinstance(value, dict):
        raise Broken("a message is no object")
    return cast("dict[str, Any]", value)


def finish(raw: str) -> Finish:
    """A stop reason."""
    return Finish(REASONS.get(raw, "other"), raw)


def failed(value: Any) -> None:
    """Raises Broken for an error in the stream."""
    if value:
        raise Broken(str(value))


def openai_chat(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """OpenAI's chat completions."""
    finished = False
    for message in messages:
        if message.data == "[DONE]":
            break
        chunk = parsed(message.data)
        failed(chunk.get("error"))
        for choice in chunk.get("choices") or ():
            yield from chat_delta(choice.get("delta") or {})
            if choice.get("finish_reason"):
                finished = True
                yield finish(choice["finish_reason"])
        if chunk.get("usage"):
            yield chat_usage(chunk["usage"])
    if not finished:
        raise Broken("no finish_reason came")


def chat_delta(delta: dict[str, Any]) -> Iterator[AnyEvent]:
    """One delta of a choice."""
    if delta.get("reasoning_content"):
        yield Reasoning(delta["reasoning_content"])
    if delta.get("content"):
        yield Text(delta["content"])
    if delta.get("refusal"):
        yield Refusal(delta["refusal"])
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        yield ToolCall(call["index"], call.get("id"), function.get("name"), function.get("arguments") or "")


def chat_usage(usage: dict[str, Any]) -> Usage:
    """The counts of an answer."""
    return Usage(usage.get("prompt_tokens"), usage.get("completion_tokens"))


def anthropic_messages(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Anthropic's messages."""
    calls: dict[int, int] = {}
    reason, stopped = None, False
    for message in messages:
        event = parsed(message.data)
        kind = event.get("type")
        if kind == "error":
            failed(event.get("error") or "error")
        elif kind == "message_start":
            yield from message_usage(event["message"])
        elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
            block = event["content_block"]
            calls[event["index"]] = len(calls)
            yield ToolCall(calls[event["index"]], block["id"], block["name"])
        elif kind == "content_block_delta":
            yield from block_delta(event["delta"], calls.get(event["index"], -1))
        elif kind == "message_delta":
            reason = event["delta"].get("stop_reason") or reason
            yield from message_usage(event)
            if event["delta"].get("stop_reason"):
                yield finish(event["delta"]["stop_reason"])
        elif kind == "message_stop":
            stopped = True
            break
    if not (stopped and reason):
        raise Broken("the message did not end")


def block_delta(delta: dict[str, Any], call: int) -> Iterator[AnyEvent]:
    """One delta of a content block, which may be a call's."""
    kind = delta.get("type")
    if kind == "text_delta":
        yield Text(delta["text"])
    elif kind == "thinking_delta":
        yield Reasoning(delta["thinking"])
    elif kind == "input_json_delta" and call >= 0:
        yield ToolCall(call, arguments=delta["partial_json"])


def message_usage(holder: dict[str, Any]) -> Iterator[AnyEvent]:
    """The counts that an event has."""
    if usage := holder.get("usage"):
        yield Usage(usage.get("input_tokens"), usage.get("output_tokens"))


def openai_responses(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """OpenAI's responses."""
    calls: dict[str, int] = {}
    ended = False
    for message in messages:
        event = parsed(message.data)
        kind = str(event.get("type"))
        if kind in ("error", "response.failed"):
            failed(event)
        elif kind == "response.output_text.delta":
            yield Text(event["delta"])
        elif kind == "response.refusal.delta":
            yield Refusal(event["delta"])
        elif kind.startswith("response.reasoning") and kind.endswith("_text.delta"):
            yield Reasoning(event["delta"])
        elif kind == "response.output_item.added" and event["item"]["type"] == "function_call":
            item = event["item"]
            calls[item["id"]] = len(calls)
            yield ToolCall(calls[item["id"]], item["call_id"], item["name"])
        elif kind == "response.function_call_arguments.delta":
            yield ToolCall(calls[event["item_id"]], arguments=event["delta"])
        elif kind in ("response.completed", "response.incomplete"):
            ended = True
            yield from response_end(event["response"], calls)
            break
    if not ended:
        raise Broken("the response did not end")


def response_end(response: dict[str, Any], calls: dict[str, int]) -> Iterator[AnyEvent]:
    """What the last event of a response says of all of it."""
    if usage := response.get("usage"):
        yield Usage(usage.get("input_tokens"), usage.get("output_tokens"))
    if response.get("status") == "incomplete":
        yield finish("length")
    else:
        yield finish("tool_calls" if calls else "stop")


def gemini(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Gemini's GenerateContent."""
    made, finished = 0, False
    for message in messages:
        chunk = parsed(message.data)
        failed(chunk.get("error"))
        for candidate in chunk.get("candidates") or ():
            for part in (candidate.get("content") or {}).get("parts") or ():
                if part.get("text"):
                    yield Reasoning(part["text"]) if part.get("thought") else Text(part["text"])
                if call := part.get("functionCall"):
                    yield ToolCall(
                        made, f"call_{made}", call["name"], json.dumps(call.get("args") or {}, sort_keys=True)
                    )
                    made += 1
            if candidate.get("finishReason"):
                finished = True
                yield finish(candidate["finishReason"])
        if usage := chunk.get("usageMetadata"):
            yield Usage(usage.get("promptTokenCount"), usage.get("candidatesTokenCount"))
    if not finished:
        raise Broken("no finishReason came")


def ollama(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Ollama's chat."""
    made, done = 0, False
    for message in messages:
        line = parsed(message.data)
        failed(line.get("error"))
        said = line.get("message") or {}
        if said.get("thinking"):
            yield Reasoning(said["thinking"])
        if said.get("content"):
            yield Text(said["content"])
        for call in said.get("tool_calls") or ():
            function = call["function"]
            yield ToolCall(made, f"call_{made}", function["name"], json.dumps(function["arguments"], sort_keys=True))
            made += 1
        if line.get("done"):
            done = True
            yield Usage(line.get("prompt_eval_count"), line.get("eval_count"))
            yield finish(line.get("done_reason") or "stop")
            break
    if not done:
        raise Broken("no line was the last")
