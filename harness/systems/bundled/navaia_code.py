# /// script
# requires-python = ">=3.12"
# dependencies = ["navaia-code==1.0.65", "openai==3.52.0"]
# ///
"""navaia-code, a coding agent: the function that all its answers come through, `stream_message`.

The client is built by its own factory for an endpoint of one's own, the profile called `internal`, and calls are put
together by its own `finalise_tool_calls`, as its query engine does. Where the function ends the answer with the reason
`error`, its engine tells the user of an error and runs nothing, so that the calls are handed on as they were cut off;
in every other case the engine would run them. Retries cannot be set: it makes five of its own, whatever is asked for.
It always splits think tags. What a turn costs is asked for nowhere, and there is no place to ask for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from typing import Any

from harness_kit import Case, Event, Failed, Finish, Reasoning, Retry, Text, ToolCall, Usage, serve
from harness_kit.chat import REASONS
from navaia.api.client import create_client
from navaia.api.errors import AuthenticationError, ContextLengthExceededError, InsufficientCreditsError
from navaia.api.streaming import accumulate_tool_calls, finalise_tool_calls, stream_message
from navaia.api.types import (
    AssistantMessage,
    FinishEvent,
    RetryEvent,
    TextBlock,
    TextDeltaEvent,
    ThinkingBlock,
    ThinkingDeltaEvent,
    ToolCallAccumulator,
    ToolCallDeltaEvent,
    ToolResultBlock,
    ToolUseBlock,
    UsageEvent,
    UserMessage,
)

PROFILE = "internal"


def client(case: Case) -> Any:
    """The client of its own factory, which reads the endpoint from the environment."""
    settings = {"BASE_URL": f"{case.base_url}/v1", "MODEL": case.request["model"]}
    settings["TIMEOUT"] = str(case.options.get("timeout_s") or "")
    os.environ.update({f"NAVAIA_{PROFILE.upper()}_{name}": value for name, value in settings.items() if value})
    made = create_client(PROFILE)
    if made.base_url.host != "127.0.0.1":
        raise RuntimeError(f"it would talk to {made.base_url}")
    return made


async def run(case: Case) -> AsyncIterator[Event]:
    talk = client(case)
    messages = [message for turn in case.request["messages"] if (message := its_message(turn))]
    results = case.options.get("tool_results") or {}
    calls = 0
    while True:
        turn = Turn(calls)
        async for event in stream_message(
            talk,
            case.request["model"],
            messages,
            case.request.get("system") or "",
            [Tool(tool) for tool in case.request.get("tools") or ()],
            temperature=case.request.get("temperature") or 0,
            **({"max_tokens": limit} if (limit := case.request.get("max_output_tokens")) else {}),
        ):
            for canonical in turn.read(event):
                yield canonical
        uses = finalise_tool_calls(turn.accumulators)
        for canonical in turn.calls(uses):
            yield canonical
        if turn.broken:
            raise Failed("connection", "the answer ended with the reason error")
        if not uses or not results:
            break
        calls += len(uses)
        messages.append(AssistantMessage([*([TextBlock(turn.text)] if turn.text else []), *uses]))
        messages.append(UserMessage([ToolResultBlock(use.id, results.get(use.name, "")) for use in uses]))
    await talk.close()  # not after a cancel: the application keeps its client then


class Turn:
    """What came of one answer."""

    def __init__(self, calls_before: int) -> None:
        self.accumulators: dict[int, ToolCallAccumulator] = {}
        self.text = ""
        self.broken = False
        self._numbers: dict[int, int] = {}
        self._before = calls_before

    def read(self, event: Any) -> list[Event]:
        match event:
            case TextDeltaEvent():
                return [self._told(event.text)]
            case ThinkingDeltaEvent():
                return [Reasoning(event.text)]
            case ToolCallDeltaEvent():
                return self._fragment(event)
            case UsageEvent():
                counted = event.usage
                cached = counted.cached_tokens or None
                return [Usage(counted.input_tokens, counted.output_tokens, cache_read_tokens=cached)]
            case RetryEvent():
                return [Retry(event.attempt + 1, event.delay_seconds, event.error_message, event.max_retries + 1)]
            case FinishEvent(reason="error"):
                self.broken = True
            case FinishEvent():
                return [Finish(REASONS.get(event.reason, "other"), raw=event.reason)]
        return []

    def _told(self, text: Any) -> Text:
        if not isinstance(text, str):  # the engine appends it to a string, and gives the turn up
            raise Failed("protocol", f"the text is a {type(text).__name__}")
        self.text += text
        return Text(text)

    def _fragment(self, event: ToolCallDeltaEvent) -> list[Event]:
        """The name is told as soon as it is known, as the engine does; the arguments once the answer has ended."""
        accumulate_tool_calls(self.accumulators, event)
        call = self.accumulators[event.index]
        if not call.name or event.index in self._numbers:
            return []
        number = self._numbers[event.index] = self._before + len(self._numbers)
        return [ToolCall(number, call.id or None, call.name)]

    def calls(self, uses: list[ToolUseBlock]) -> list[Event]:
        """What the engine would run; cut off as they are where it would not."""
        made = []
        for (index, raw), use in zip(sorted(self.accumulators.items()), uses, strict=True):
            number = self._numbers.setdefault(index, self._before + len(self._numbers))
            arguments = raw.args_str if self.broken else json.dumps(use.input, ensure_ascii=False)
            made.append(ToolCall(number, raw.id or None, raw.name or None, arguments))
        return made


class Tool:
    """A tool, as far as `stream_message` asks one."""

    def __init__(self, tool: dict[str, Any]) -> None:
        self.tool = tool

    def to_openai_schema(self) -> dict[str, Any]:
        return {"type": "function", "function": self.tool}


def its_message(turn: dict[str, Any]) -> Any:
    """A turn in its own types; None for a system text within the conversation, which they have no place for."""
    blocks = [made for part in turn["content"] if (made := block(part))]
    if turn["role"] == "assistant":
        return AssistantMessage(blocks)
    return UserMessage(blocks) if turn["role"] in ("user", "tool") else None


def block(part: dict[str, Any]) -> Any:
    match part["type"]:
        case "text":
            return TextBlock(part["text"])
        case "reasoning":
            return ThinkingBlock(part.get("text") or "")
        case "tool_call":
            return ToolUseBlock(part["name"], json.loads(part["arguments"] or "{}"), part["id"])
        case "tool_result":
            return ToolResultBlock(part["tool_call_id"], part["content"], bool(part.get("is_error")))
    return None


def classify(error: BaseException) -> str | None:
    """The kinds that its own errors stand for."""
    match error:
        case ContextLengthExceededError():
            return "context_overflow"
        case AuthenticationError():
            return "auth"
        case InsufficientCreditsError():
            return "quota"
    return None


serve(
    name="navaia-code",
    distribution="navaia-code",
    dialects=["openai-chat"],
    features=[
        *("retries", "timeouts", "cancel", "tool_calls", "tool_loop", "history"),
        *("usage", "reasoning", "think_tags", "overflow"),
    ],
    default_retries=5,
    run=run,
    classify=classify,
)
