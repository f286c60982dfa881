"""What the adapters of LangChain's chat models share: the canonical turns as its messages, and its chunks as events.

Text and reasoning are those of each chunk's `content_blocks`. A tool call is named as soon as a chunk names it; its
arguments come once the stream is over, as those of the message that the chunks add up to, which is how LangChain's
documentation gathers calls and what its agents execute.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from harness_kit import Case, Event, Finish, Other, Reasoning, Refusal, Signature, Text, ToolCall, Usage, chat
from harness_kit.messages import tool_input
from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage


async def talk(case: Case, model: BaseChatModel, provider: str, reasons: dict[str, str]) -> AsyncIterator[Event]:
    """The events of the talk: of one answer, or of all turns where the caller's tools answer."""
    runnable = with_tools(model, case.request, provider)
    history = messages(case.request, provider)
    results = case.options.get("tool_results") or {}
    calls = 0
    while True:
        answer = Answer(calls, provider, reasons)
        async for event in answer.events(runnable.astream(history)):
            yield event
        gathered = answer.message
        if gathered is None or not results or not gathered.tool_calls:
            return
        calls += len(gathered.tool_call_chunks)
        answers = [
            ToolMessage(results.get(call["name"], ""), tool_call_id=call["id"] or "") for call in gathered.tool_calls
        ]
        history = [*history, gathered, *answers]


class Answer:
    """One answer: `message` is what its chunks add up to. Its calls are numbered from `first_call` on."""

    def __init__(self, first_call: int, provider: str, reasons: dict[str, str]) -> None:
        self.message: AIMessageChunk | None = None
        self._first_call = first_call
        self._provider = provider
        self._reasons = reasons
        self._named = 0

    async def events(self, chunks: AsyncIterator[AIMessageChunk]) -> AsyncIterator[Event]:
        """What the caller sees; of a stream that breaks off, the arguments as far as the chunks had them."""
        try:
            async for chunk in chunks:
                self.message = chunk if self.message is None else self.message + chunk
                for event in [*read(chunk, self._provider, self._reasons), *self._new_calls()]:
                    yield event
        except Exception:
            for number, fragment in enumerate(self.message.tool_call_chunks if self.message else ()):
                yield ToolCall(self._first_call + number, arguments=fragment["args"] or "")
            raise
        for number, (call, arguments) in enumerate(called(self.message)):
            yield ToolCall(self._first_call + number, call["id"], call["name"], arguments)

    def _new_calls(self) -> list[ToolCall]:
        fragments = self.message.tool_call_chunks if self.message else []
        new = fragments[self._named :]
        first, self._named = self._first_call + self._named, len(fragments)
        return [ToolCall(first + number, fragment["id"], fragment["name"]) for number, fragment in enumerate(new)]


def with_tools(model: BaseChatModel, request: dict[str, Any], provider: str) -> Any:
    """The model with the request's tools bound to it; Anthropic's takes any word but two for the name of a tool."""
    if not request.get("tools"):
        return model
    asked = request.get("tool_choice")
    choice = asked["name"] if isinstance(asked, dict) else {"required": "any"}.get(asked, asked)
    if choice == "none" and provider == "anthropic":
        choice = {"type": "none"}
    parallel = request.get("parallel_tool_calls")
    more = {} if parallel is None else {"parallel_tool_calls": parallel}
    return model.bind_tools(chat.tools(request), tool_choice=choice, **more)


def messages(request: dict[str, Any], provider: str) -> list[BaseMessage]:
    """The system text and all turns, in standard content blocks."""
    system = [SystemMessage(request["system"])] if request.get("system") else []
    return system + [message for turn in request["messages"] for message in _turn(turn, provider)]


def _turn(turn: dict[str, Any], provider: str) -> list[BaseMessage]:
    made: list[BaseMessage] = [
        ToolMessage(
            part["content"],
            tool_call_id=part["tool_call_id"],
            status="error" if part.get("is_error") else "success",
        )
        for part in turn["content"]
        if part["type"] == "tool_result"
    ]
    blocks = [block for part in turn["content"] if (block := _block(part, provider))]
    if not blocks:
        return made
    if turn["role"] == "assistant":
        standard = {"output_version": "v1", "model_provider": provider}
        return [*made, AIMessage(content_blocks=blocks, response_metadata=standard)]
    kind = SystemMessage if turn["role"] in ("system", "developer") else HumanMessage
    plain = blocks[0]["text"] if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks
    return [*made, kind(plain)]


def _block(part: dict[str, Any], provider: str) -> dict[str, Any] | None:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]}
        case "image":
            return {"type": "image", "base64": part["data"], "mime_type": part["media_type"]}
        case "tool_call":
            arguments = tool_input(part["arguments"])
            return {"type": "tool_call", "id": part["id"], "name": part["name"], "args": arguments}
        case "reasoning" if part.get("redacted"):
            return {"type": "non_standard", "value": {"type": "redacted_thinking", "data": part["redacted"]}}
        case "reasoning":
            return _reasoning(part, provider)
    return None


def _reasoning(part: dict[str, Any], provider: str) -> dict[str, Any] | None:
    """Reasoning is sent back with its signature, as the vendors want it; without one it is not."""
    block = {"type": "reasoning", "reasoning": part.get("text", "")}
    if provider == "anthropic" and part.get("signature"):
        return {**block, "extras": {"signature": part["signature"]}}
    if provider == "openai" and part.get("encrypted"):
        named = {"id": part["id"]} if part.get("id") else {}
        return {**block, **named, "encrypted_content": part["encrypted"]}
    return None


def read(chunk: AIMessageChunk, provider: str, reasons: dict[str, str]) -> list[Event]:
    """What one chunk says, but for its fragments of tool calls."""
    events = [event for block in chunk.content_blocks for event in _standard(block)]
    if refused := chunk.additional_kwargs.get("refusal"):
        events.append(Refusal(refused))
    if chunk.usage_metadata:
        events.append(_usage(chunk.usage_metadata, provider))
    return [*events, *_finish(chunk.response_metadata, reasons)]


def _standard(block: dict[str, Any]) -> list[Event]:
    match block["type"]:
        case "text":
            return [Text(block["text"])] if block.get("text") else []
        case "reasoning":
            extras = block.get("extras") or block
            signed, sealed = extras.get("signature"), extras.get("encrypted_content")
            thought = [Reasoning(block["reasoning"])] if block.get("reasoning") else []
            signature = [Signature(signed)] if signed else []
            return [*thought, *signature, *([Signature(sealed, "encrypted", id=block.get("id"))] if sealed else [])]
        case "non_standard":
            return _other(block["value"])
        case "tool_call" | "tool_call_chunk" | "invalid_tool_call":
            return []
    return [Other(block["type"], block)]


def _other(value: dict[str, Any]) -> list[Event]:
    match value.get("type"):
        case "refusal":
            return [Refusal(value.get("refusal") or "")]
        case "redacted_thinking":
            return [Signature(value.get("data") or "", "redacted")]
    return [Other(str(value.get("type")), value)]


def _usage(counted: dict[str, Any], provider: str) -> Usage:
    """LangChain's input counts what a cache had; on Anthropic's wire it does not."""
    read, written = counted.get("input_token_details") or {}, counted.get("output_token_details") or {}
    cached = [read.get("cache_read"), read.get("cache_creation")]
    given = counted.get("input_tokens")
    if provider == "anthropic" and given is not None:
        given -= sum(count or 0 for count in cached)
    return Usage(given, counted.get("output_tokens"), written.get("reasoning"), *cached)


def _finish(told: dict[str, Any], reasons: dict[str, str]) -> list[Finish]:
    """The stop reason: under the name that the vendor has for it."""
    if raw := told.get("finish_reason") or told.get("stop_reason"):
        return [Finish(reasons.get(raw, "other"), raw=raw)]
    status, details = told.get("status"), told.get("incomplete_details") or {}
    if status == "incomplete":
        raw = details.get("reason")
        return [Finish(reasons.get(raw, "other"), raw=raw)]
    return [Finish("stop", raw=status)] if status == "completed" else []


def called(message: AIMessageChunk | None) -> list[tuple[Any, str]]:
    """The calls of a gathered message with their arguments as JSON; as they came where LangChain cannot read them."""
    if message is None:
        return []
    calls, broken = list(message.tool_calls), list(message.invalid_tool_calls)
    found: list[tuple[Any, str]] = []
    for fragment in message.tool_call_chunks:  # it sorts them into the two lists, each in order
        if broken and all(broken[0][key] == fragment[key] for key in ("name", "args", "id")):
            found.append((broken.pop(0), fragment["args"] or ""))
        elif calls:
            call = calls.pop(0)
            found.append((call, json.dumps(call["args"], ensure_ascii=False)))
    return found


def classify(error: BaseException) -> str | None:
    """LangChain tells its callers of a context overflow by a class of its own."""
    return "context_overflow" if isinstance(error, ContextOverflowError) else None
