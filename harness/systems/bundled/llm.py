# /// script
# dependencies = ["llm==0.36"]
# ///
"""Simon Willison's `llm`: its own OpenAI models on another `api_base`, prompted for a stream of events.

The async models, as its Python API has them. Where the caller's tools answer, a chain calls them. It has no settings
for time-outs and repetitions, so OpenAI's SDK below it goes by its own. Tools can be offered, but not demanded or
forbidden, and so `tool_choice` and `parallel_tool_calls` are not sent. Nor can a response be given up.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

os.environ["LLM_USER_PATH"] = tempfile.mkdtemp(prefix="llm-")  # its logs, keys and settings

import llm
from harness_kit import Case, Event, Finish, Reasoning, Signature, Start, Text, ToolCall, Usage, serve
from harness_kit.chat import REASONS
from harness_kit.fields import given
from harness_kit.messages import tool_input
from llm.default_plugins.openai_models import AsyncChat, AsyncResponses
from llm.parts import AttachmentPart, Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

FULL_STOPS = {"max_output_tokens": "length", "content_filter": "content_filter"}


def model_of(case: Case) -> Any:
    kind = AsyncChat if case.dialect == "openai-chat" else AsyncResponses
    skills = {"vision": True, "reasoning": True, "supports_tools": True}
    return kind(case.request["model"], model_name=case.request["model"], api_base=f"{case.base_url}/v1", **skills)


def options(case: Case) -> dict[str, Any]:
    request = case.request
    stops = request.get("stop") or []
    effort = (request.get("reasoning") or {}).get("effort")
    asked = {
        "temperature": request.get("temperature"),
        "max_tokens": request.get("max_output_tokens"),
        "top_p": request.get("top_p"),
        "stop": stops[0] if len(stops) == 1 else None,  # it takes one only
        "reasoning_effort": effort,
        "reasoning_summary": "auto" if effort and case.dialect == "openai-responses" else None,
    }
    return given(asked)


async def run(case: Case) -> AsyncIterator[Event]:
    request, results = case.request, case.options.get("tool_results")
    asked = {
        "messages": messages(request),
        "tools": [tool_of(tool, results) for tool in request.get("tools") or ()] or None,
        "options": options(case),
        "key": case.api_key,
    }
    reader = Reader()
    if results:
        async for response in model_of(case).chain(**asked).responses():
            async with aclosing(told(response, reader, case.dialect)) as events:
                async for event in events:
                    yield event
    else:
        async with aclosing(told(model_of(case).prompt(**asked), reader, case.dialect)) as events:
            async for event in events:
                yield event


async def told(response: Any, reader: Reader, dialect: str) -> AsyncIterator[Event]:
    """The events of one response, and what is known of it then."""
    async with aclosing(response.astream_events()) as events:
        async for event in events:
            for read in reader.read(event):
                yield read
    calls = await response.tool_calls()
    for read in reader.end(calls):
        yield read
    whole = await response.json() or {}
    yield Start(whole.get("id"), whole.get("model"))
    if (counted := await response.usage()).output is not None:
        yield usage(counted)
    if finish := finish_of(whole, dialect, bool(calls)):
        yield finish


class Reader:
    """Turns its events into ours: a call's name, and then its arguments, both under the call's id."""

    def __init__(self) -> None:
        self._calls: list[str | None] = []
        self._before = 0
        self._told: set[int] = set()
        self._sealed: set[str] = set()

    def read(self, event: Any) -> Iterator[Event]:
        if event.type == "text":
            yield Text(event.chunk)
        elif event.type == "reasoning":
            if event.chunk:
                yield Reasoning(event.chunk)
            sealed = (event.provider_metadata or {}).get("openai", {})
            signed = sealed.get("encrypted_content")
            if signed and signed not in self._sealed:  # it comes again, with what the final response has besides
                self._sealed.add(signed)
                yield Signature(signed, "encrypted", id=sealed.get("id"))
        elif event.type == "tool_call_name":
            self._calls.append(event.tool_call_id)
            yield ToolCall(len(self._calls) - 1, event.tool_call_id, event.chunk)
        elif event.type == "tool_call_args" and event.tool_call_id in self._calls:
            newest = len(self._calls) - 1 - self._calls[::-1].index(event.tool_call_id)
            self._told.add(newest)
            yield ToolCall(newest, arguments=event.chunk)

    def end(self, calls: list[Any]) -> Iterator[Event]:
        """The arguments of those calls that it tells only once the response is over."""
        for index, call in enumerate(calls, self._before):
            if index < len(self._calls) and index not in self._told and call.arguments:
                yield ToolCall(index, arguments=json.dumps(call.arguments, ensure_ascii=False))
        self._before = len(self._calls)


def usage(counted: Any) -> Usage:
    details = counted.details or {}
    read = details.get("prompt_tokens_details") or details.get("input_tokens_details") or {}
    written = details.get("completion_tokens_details") or details.get("output_tokens_details") or {}
    return Usage(counted.input, counted.output, written.get("reasoning_tokens"), read.get("cached_tokens"))


def finish_of(whole: dict[str, Any], dialect: str, called: bool) -> Finish | None:
    """The stop reason of the final JSON that it keeps."""
    if dialect == "openai-chat":
        raw = whole.get("finish_reason")
        return Finish(REASONS.get(raw, "other"), raw=raw) if raw else None
    status, why = whole.get("status"), (whole.get("incomplete_details") or {}).get("reason")
    if status == "completed":
        return Finish("tool_calls" if called else "stop", raw=status)
    return Finish(FULL_STOPS.get(why, "other"), raw=why) if why else None


def tool_of(tool: dict[str, Any], results: dict[str, str] | None) -> llm.Tool:
    def answer(**_: Any) -> str:
        return (results or {})[tool["name"]]

    schema = tool.get("parameters") or {"type": "object", "properties": {}}
    return llm.Tool(tool["name"], tool.get("description"), schema, answer)


def messages(request: dict[str, Any]) -> list[Message]:
    names = {
        part["id"]: part["name"]
        for turn in request["messages"]
        for part in turn["content"]
        if part["type"] == "tool_call"
    }
    system = [Message("system", [TextPart(request["system"])])] if request.get("system") else []
    return system + [message for turn in request["messages"] for message in _turn(turn, names)]


def _turn(turn: dict[str, Any], names: dict[str, str]) -> Iterator[Message]:
    """A turn as messages: the results of tools are one of their own."""
    results = [part for part in turn["content"] if part["type"] == "tool_result"]
    if results:
        said = [(names.get(part["tool_call_id"], ""), part["content"], part["tool_call_id"]) for part in results]
        yield Message("tool", [ToolResultPart(*each) for each in said])
    parts = [spoken for part in turn["content"] if (spoken := _part(part))]
    if parts:
        role = {"developer": "system", "tool": "user"}.get(turn["role"], turn["role"])
        yield Message(role, parts)


def _part(part: dict[str, Any]) -> Any:
    match part["type"]:
        case "text":
            return TextPart(part["text"])
        case "image":
            return AttachmentPart(llm.Attachment(type=part["media_type"], content=base64.b64decode(part["data"])))
        case "tool_call":
            return ToolCallPart(part["name"], tool_input(part["arguments"]), part["id"])
        case "reasoning" if part.get("encrypted"):
            sealed = given({"id": part.get("id"), "encrypted_content": part["encrypted"]})
            return ReasoningPart(part.get("text") or "", provider_metadata={"openai": sealed})
    return None


serve(
    name="llm",
    distribution="llm",
    dialects=["openai-chat", "openai-responses"],
    features=["retries", "tool_calls", "usage", "tool_loop", "history", "images"],
    features_in={"openai-responses": ["reasoning", "signatures"]},
    run=run,
)
