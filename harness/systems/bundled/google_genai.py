# /// script
# dependencies = ["google-genai==3.4.0"]
# ///
"""Google's Gen AI SDK for Python: `models.generate_content_stream`, and a chat where the caller's tools answer.

The async client of the Gemini API, on httpx2 as the SDK installs it. A user reads the parts of each chunk's candidates,
as its documentation shows; a stop after calls is `STOP` in this API, and told as `tool_calls`. The SDK repeats nothing
unless `HttpRetryOptions` ask for it, and looks at no Retry-After.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from google import genai
from google.genai import errors, types
from harness_kit import Case, Event, Finish, Other, Reasoning, Signature, Start, Text, ToolCall, Usage, serve

REASONS = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "pause"}
FILTERS = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR")
LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH", "max": "HIGH"}
MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
KINDS = {
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAVAILABLE": "overloaded",
    "DEADLINE_EXCEEDED": "timeout",
    "INTERNAL": "server",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "NOT_FOUND": "not_found",
    "INVALID_ARGUMENT": "invalid_request",
}


class Reader:
    """Turns the chunks of one answer into events; `calls` are those that it made, and `begun` were made before it."""

    def __init__(self, begun: int = 0) -> None:
        self.calls: list[types.FunctionCall] = []
        self._begun = begun
        self._started = False

    def read(self, chunk: types.GenerateContentResponse) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield Start(chunk.response_id, chunk.model_version)
        for candidate in chunk.candidates or ():
            number = candidate.index or 0
            for part in (candidate.content.parts if candidate.content else None) or ():
                yield from self._part(part, number)
            if candidate.finish_reason:
                yield self._finish(candidate.finish_reason.value, number)
        feedback = chunk.prompt_feedback
        if feedback and feedback.block_reason:
            yield Finish("content_filter", raw=feedback.block_reason.value)
        if chunk.usage_metadata:
            yield usage(chunk.usage_metadata)

    def _part(self, part: types.Part, number: int) -> Iterator[Event]:
        if part.text:
            yield Reasoning(part.text, choice=number) if part.thought else Text(part.text, choice=number)
        call_index = None
        if part.function_call:
            call_index = self._begun + len(self.calls)
            self.calls.append(part.function_call)
            arguments = json.dumps(part.function_call.args or {}, ensure_ascii=False)
            yield ToolCall(call_index, part.function_call.id, part.function_call.name, arguments, choice=number)
        if part.thought_signature:
            signature = base64.b64encode(part.thought_signature).decode()
            yield Signature(signature, choice=number, tool_index=call_index)
        if part.executable_code or part.code_execution_result or part.inline_data:
            yield Other("part", part.model_dump(mode="json", exclude_none=True))

    def _finish(self, raw: str, number: int) -> Finish:
        reason = "content_filter" if raw in FILTERS or raw.startswith("IMAGE_") else REASONS.get(raw, "other")
        return Finish("tool_calls" if reason == "stop" and self.calls else reason, raw=raw, choice=number)


def usage(counted: types.GenerateContentResponseUsageMetadata) -> Usage:
    return Usage(
        input_tokens=counted.prompt_token_count,
        output_tokens=counted.candidates_token_count,
        reasoning_tokens=counted.thoughts_token_count,
        cache_read_tokens=counted.cached_content_token_count,
    )


async def run(case: Case) -> AsyncIterator[Event]:
    request, options = case.request, case.options
    retries, timeout_s = options.get("max_retries"), options.get("timeout_s")
    http_options = types.HttpOptions(
        base_url=case.base_url,
        timeout=round(timeout_s * 1000) if timeout_s else None,
        retry_options=None if retries is None else types.HttpRetryOptions(attempts=retries + 1),
    )
    async with genai.Client(api_key=case.api_key, http_options=http_options).aio as client:
        asked = {"model": request["model"], "config": config(request)}
        results = options.get("tool_results")
        if not results:
            reader = Reader()
            async for chunk in await client.models.generate_content_stream(contents=contents(request), **asked):
                for event in reader.read(chunk):
                    yield event
            return
        *before, last = contents(request)
        chat = client.chats.create(history=before, **asked)
        made, message = 0, last.parts
        while message:
            reader = Reader(made)
            async for chunk in await chat.send_message_stream(message):
                for event in reader.read(chunk):
                    yield event
            made += len(reader.calls)
            message = [answer(call, results) for call in reader.calls]


def answer(call: types.FunctionCall, results: dict[str, str]) -> types.Part:
    """What the caller's tool says, under the call's id where the model gave one."""
    response = {"output": results[call.name]} if call.name in results else {"error": f"there is no tool {call.name}"}
    return types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=response))


def config(request: dict[str, Any]) -> types.GenerateContentConfig:
    tools = [
        types.FunctionDeclaration(
            name=tool["name"], description=tool.get("description"), parameters_json_schema=tool.get("parameters")
        )
        for tool in request.get("tools") or ()
    ]
    asides = [turn for turn in request["messages"] if turn["role"] in ("system", "developer")]
    system = [request.get("system"), *(part["text"] for turn in asides for part in turn["content"])]
    return types.GenerateContentConfig(
        system_instruction="\n\n".join(text for text in system if text) or None,
        tools=[types.Tool(function_declarations=tools)] if tools else None,
        tool_config=tool_config(request.get("tool_choice")),
        max_output_tokens=request.get("max_output_tokens"),
        temperature=request.get("temperature"),
        top_p=request.get("top_p"),
        stop_sequences=request.get("stop"),
        thinking_config=thinking(request.get("reasoning") or {}),
    )


def tool_config(choice: Any) -> types.ToolConfig | None:
    if choice is None:
        return None
    named = [choice["name"]] if isinstance(choice, dict) else None
    mode = "ANY" if named else MODES[choice]
    return types.ToolConfig(
        function_calling_config=types.FunctionCallingConfig(mode=mode, allowed_function_names=named)
    )


def thinking(asked: dict[str, Any]) -> types.ThinkingConfig | None:
    """A budget as it is asked for, or else a level: the API refuses both at once."""
    effort, budget = asked.get("effort"), asked.get("budget_tokens")
    if budget is not None or effort == "none":
        return types.ThinkingConfig(include_thoughts=bool(budget), thinking_budget=budget or 0)
    return types.ThinkingConfig(include_thoughts=True, thinking_level=LEVELS[effort]) if effort else None


def contents(request: dict[str, Any]) -> list[types.Content]:
    """The turns; the results of tools in a row are one, since a turn's calls are answered together."""
    turns = [turn for turn in request["messages"] if turn["role"] not in ("system", "developer")]
    names = {part["id"]: part["name"] for turn in turns for part in turn["content"] if part["type"] == "tool_call"}
    made: list[types.Content] = []
    previous = None
    for turn in turns:
        parts = [spoken for part in turn["content"] if (spoken := content_part(part, names))]
        if turn["role"] == previous == "tool":
            made[-1].parts += parts
        elif parts:
            made.append(types.Content(role="model" if turn["role"] == "assistant" else "user", parts=parts))
        previous = turn["role"]
    return made


def content_part(part: dict[str, Any], names: dict[str, str]) -> types.Part | None:
    signature = base64.b64decode(part["signature"]) if part.get("signature") else None
    match part["type"]:
        case "text":
            return types.Part(text=part["text"]) if part["text"] else None
        case "image":
            return types.Part.from_bytes(data=base64.b64decode(part["data"]), mime_type=part["media_type"])
        case "reasoning" if part.get("text"):
            return types.Part(text=part["text"], thought=True, thought_signature=signature)
        case "reasoning" if signature:
            return types.Part(text="", thought_signature=signature)
        case "tool_call":
            call = types.FunctionCall(id=part["id"], name=part["name"], args=arguments_of(part["arguments"]))
            return types.Part(function_call=call, thought_signature=signature)
        case "tool_result":
            said = {"error" if part.get("is_error") else "output": part["content"]}
            call_id = part["tool_call_id"]
            name = names.get(call_id, call_id)
            return types.Part(function_response=types.FunctionResponse(id=call_id, name=name, response=said))
    return None


def arguments_of(arguments: str) -> dict[str, Any]:
    """The arguments as an object, which is all that the API takes."""
    try:
        parsed = json.loads(arguments or "{}")
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"arguments": arguments}


def classify(error: BaseException) -> str | None:
    """The SDK reads the API's own word for an error, and has the HTTP status as `code`."""
    if not isinstance(error, errors.APIError):
        return None
    return KINDS.get(error.status or "") or {429: "rate_limit", 503: "overloaded", 504: "timeout"}.get(error.code)


serve(
    name="google-genai",
    distribution="google-genai",
    dialects=["gemini"],
    features=[
        *("retries", "timeouts", "cancel", "tool_calls", "usage", "reasoning", "signatures", "parallel_choices"),
        *("history", "images", "settings", "tool_loop"),
    ],
    run=run,
    classify=classify,
)
