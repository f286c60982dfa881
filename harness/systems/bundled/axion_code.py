# /// script
# dependencies = ["axion-code==1.0.1", "httpx==0.28.1"]
# ///
"""axion-code, a coding agent: the streaming clients of its package `axion.api`, one for each wire protocol.

They all give the events of Anthropic's stream. Texts, calls and the stop reason are put together as its conversation
runtime does it, and as there a turn is over once the stop reason is `end_turn`, calls or none. Thinking goes back to
no model, so that signatures are not claimed. How long it waits for a silent server cannot be set.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from axion.api.anthropic import AnthropicClient, AuthCredentials
from axion.api.client import max_tokens_for_model
from axion.api.error import RetriesExhaustedError
from axion.api.openai_compat import OpenAiCompatClient, OpenAiCompatConfig
from axion.api.openai_responses import OpenAiResponsesClient
from axion.api.types import (
    ContentBlockDeltaEvent,
    ContentBlockStartEvent,
    ImageInputBlock,
    InputJsonDelta,
    InputMessage,
    MessageDeltaEvent,
    MessageRequest,
    MessageStartEvent,
    StreamEvent,
    TextDelta,
    TextInputBlock,
    ThinkingBlock,
    ThinkingDelta,
    ToolChoice,
    ToolDefinition,
    ToolResultBlock,
    ToolResultTextContent,
    ToolUseInputBlock,
    ToolUseOutputBlock,
)
from harness_kit import Case, Event, Finish, Other, Reasoning, Start, Text, ToolCall, Usage, error_of, serve
from harness_kit.messages import REASONS, tool_input


def client(case: Case) -> Any:
    retries = case.options.get("max_retries")
    given = {} if retries is None else {"max_retries": retries}
    match case.dialect:
        case "anthropic-messages":
            return AnthropicClient(AuthCredentials.from_api_key(case.api_key), base_url=case.base_url, **given)
        case "openai-responses":
            return OpenAiResponsesClient(case.api_key, base_url=f"{case.base_url}/v1", **given)
    config = OpenAiCompatConfig.openai()
    return OpenAiCompatClient(case.api_key, config, base_url=f"{case.base_url}/v1", **given)


async def run(case: Case) -> AsyncIterator[Event]:
    talk = client(case)
    try:
        async for event in conversation(talk, case):
            yield event
    finally:
        await talk.close()


async def conversation(talk: Any, case: Case) -> AsyncIterator[Event]:
    """One answer, or with tools that answer as many as it takes."""
    asked = message_request(case.request)
    results = case.options.get("tool_results") or {}
    calls = 0
    while True:
        turn = Turn(calls)
        async with aclosing(talk.stream_message(asked)) as stream:
            async for event in stream:
                for canonical in turn.read(event):
                    yield canonical
        if not turn.calls or turn.stop_reason == "end_turn" or not results:
            return
        calls += len(turn.calls)
        asked.messages += turn.messages(results)


class Turn:
    """What came of one answer, put together as the runtime's `_stream_model_response` does it."""

    def __init__(self, calls_before: int) -> None:
        self.calls: dict[int, dict[str, Any]] = {}
        self.stop_reason: str | None = None
        self._text = ""
        self._before = calls_before

    def read(self, event: StreamEvent) -> list[Event]:
        match event:
            case MessageStartEvent(message=message) if message is not None:
                return [Start(message.id or None, message.model), *usage(message.usage, with_output=False)]
            case ContentBlockStartEvent(index=index, content_block=ToolUseOutputBlock() as block):
                whole = json.dumps(block.input, ensure_ascii=False) if block.input else ""
                number = self._before + len(self.calls)
                self.calls[index] = {"number": number, "id": block.id, "name": block.name, "arguments": whole}
                return [ToolCall(number, block.id or None, block.name or None, whole)]
            case ContentBlockStartEvent(content_block=ThinkingBlock(thinking=thought)) if thought:
                return [Reasoning(thought)]
            case ContentBlockDeltaEvent(index=index, delta=delta):
                return self._delta(index, delta)
            case MessageDeltaEvent(delta=delta, usage=counted):
                self.stop_reason = delta.stop_reason
                finish = [Finish(reason(delta.stop_reason), raw=delta.stop_reason)] if delta.stop_reason else []
                return [*usage(counted), *finish]
            case _ if type(event) is StreamEvent:
                return [Other("unknown")]
        return []

    def _delta(self, index: int, delta: Any) -> list[Event]:
        match delta:
            case TextDelta(text=text) if text:
                self._text += text if isinstance(text, str) else ""
                return [Text(text) if isinstance(text, str) else Other("text", text)]
            case ThinkingDelta(thinking=thought) if thought:
                return [Reasoning(thought)]
            case InputJsonDelta(partial_json=piece) if index in self.calls:
                self.calls[index]["arguments"] += piece
                return [ToolCall(self.calls[index]["number"], arguments=piece)]
        return []

    def messages(self, results: dict[str, str]) -> list[InputMessage]:
        """The answer and the tools' results, as the runtime's `_build_api_messages` makes them."""
        said: list[Any] = [TextInputBlock(self._text)] if self._text else []
        done = []
        for call in self.calls.values():
            said.append(ToolUseInputBlock(call["id"], call["name"], tool_input(call["arguments"])))
            done.append(InputMessage.user_tool_result(call["id"], results.get(call["name"], "")))
        return [InputMessage("assistant", said), *done]


def reason(raw: str) -> str:
    """Reasons that it does not translate are OpenAI's."""
    others = {"length": "length", "content_filter": "content_filter"}
    return REASONS.get(raw) or others.get(raw, "other")


def usage(counted: Any, with_output: bool = True) -> list[Event]:
    """What the runtime takes of the counts; nothing where there is nothing but zeros."""
    written, read = counted.cache_creation_input_tokens, counted.cache_read_input_tokens
    if not (counted.input_tokens or (with_output and counted.output_tokens) or written or read):
        return []
    return [
        Usage(
            counted.input_tokens or None,
            counted.output_tokens if with_output else None,
            cache_read_tokens=read or None,
            cache_write_tokens=written or None,
        )
    ]


def message_request(request: dict[str, Any]) -> MessageRequest:
    turns = [turn for turn in request["messages"] if turn["role"] in ("user", "assistant", "tool")]
    tools = request.get("tools") if request.get("tool_choice") != "none" else None
    return MessageRequest(
        model=request["model"],
        max_tokens=request.get("max_output_tokens") or max_tokens_for_model(request["model"]),
        messages=[message for turn in turns if (message := its_message(turn)).content],
        system=request.get("system"),
        tools=[definition(tool) for tool in tools] if tools else None,
        tool_choice=tool_choice(request.get("tool_choice")) if tools else None,
        stream=True,
    )


def definition(tool: dict[str, Any]) -> ToolDefinition:
    schema = tool.get("parameters") or {"type": "object", "properties": {}}
    return ToolDefinition(tool["name"], schema, tool.get("description"))


def tool_choice(choice: Any) -> ToolChoice:
    if isinstance(choice, dict):
        return ToolChoice.tool(choice["name"])
    return ToolChoice.any() if choice == "required" else ToolChoice.auto()


def its_message(turn: dict[str, Any]) -> InputMessage:
    role = "assistant" if turn["role"] == "assistant" else "user"
    return InputMessage(role, [made for part in turn["content"] if (made := block(part))])


def block(part: dict[str, Any]) -> Any:
    match part["type"]:
        case "text" if part["text"]:  # the runtime, too, keeps no empty text
            return TextInputBlock(part["text"])
        case "image":
            return ImageInputBlock(part["media_type"], part["data"])
        case "tool_call":
            return ToolUseInputBlock(part["id"], part["name"], tool_input(part["arguments"]))
        case "tool_result":
            content = [ToolResultTextContent(part["content"])]
            return ToolResultBlock(part["tool_call_id"], content, bool(part.get("is_error")))
    return None


def classify(error: BaseException) -> str | None:
    """Tries that ran out are of the kind of the last one, which the error names."""
    return error_of(error.last_error)["kind"] if isinstance(error, RetriesExhaustedError) else None


if __name__ == "__main__":
    serve(
        name="axion-code",
        distribution="axion-code",
        dialects=["anthropic-messages", "openai-chat", "openai-responses"],
        features=["retries", "cancel", "tool_calls", "tool_loop", "usage", "history", "images"],
        features_in={"anthropic-messages": ["reasoning"]},
        default_retries={"anthropic-messages": 2, "openai-chat": 2, "openai-responses": 3},
        run=run,
        classify=classify,
    )
