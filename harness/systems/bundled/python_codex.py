# /// script
# dependencies = ["python-codex==0.1.6", "requests==2.34.2", "fastapi==0.165.0", "uvicorn==0.54.0"]
# ///
"""python-codex, a coding agent (`pycodex`): its model client, in the three modes of its command line.

The client speaks the responses protocol. For chat completions and messages the command line starts the package's own
`responses_server` in between, and so does this adapter, one for each case. The text comes as it is streamed; reasoning
and the arguments of calls are handed over when the answer is whole. Why an answer stopped it does not tell: one that
returns was completed, and is gone on with if it has calls. Tools are its own objects and run by its own registry; no
tool of the agent itself is registered. It always says whether calls may be parallel; the agent is never without tools,
the harness is, and says null then.

In messages mode its requests carry neither `x-api-key` nor `anthropic-version`, without which the vendor refuses them
(servers that imitate it may not). They are added here, for else nothing more could be said of that mode.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from harness_kit import Case, Event, Finish, Reasoning, Retry, Signature, Text, ToolCall, Usage, error_of, serve
from harness_kit import responses as responses_form
from harness_kit.chat import data_url
from harness_kit.fields import plain
from pycodex import (
    AssistantMessage,
    BaseTool,
    ContextMessage,
    Prompt,
    ReasoningItem,
    ResponsesModelClient,
    ResponsesProviderConfig,
    ToolContext,
    ToolRegistry,
    ToolResult,
    UserMessage,
)
from pycodex import ToolCall as ItsCall
from responses_server.app import ManagedResponseServer
from responses_server.config import CompatServerConfig
from responses_server.stream_router import StreamRouter

KEY_NAME = "PYCODEX_KEY"
APIS = {"openai-chat": "chat_completions", "anthropic-messages": "messages"}


class MessagesRouter(StreamRouter):
    """The package's own, with the headers that the messages API asks for."""

    def _build_headers(self, accept: str) -> dict[str, str]:
        headers = super()._build_headers(accept)
        return {**headers, "x-api-key": os.environ[KEY_NAME], "anthropic-version": "2023-06-01"}


class OwnServer(ManagedResponseServer):
    """The package's own server, with that router in messages mode."""

    @staticmethod
    def build_app(config: CompatServerConfig, session_store: Any = None, stream_router: Any = None) -> Any:
        if config.outcomming_api == "messages":
            stream_router = MessagesRouter(config)
        return ManagedResponseServer.build_app(config, session_store, stream_router)


@contextlib.asynccontextmanager
async def endpoint(case: Case) -> AsyncIterator[str]:
    """The base URL that the client is to use: the origin's, or that of a server of the package's own in between."""
    if case.dialect == "openai-responses":
        yield f"{case.base_url}/v1"
        return
    config = CompatServerConfig.from_base_url(f"{case.base_url}/v1", KEY_NAME, "local", APIS[case.dialect])
    server = OwnServer(config)
    await asyncio.to_thread(server.start)
    try:
        yield server.base_url
    finally:
        server._server.should_exit = True  # as its `stop` does, which would wait for requests under way besides
        server._server.force_exit = True


def client(case: Case, base_url: str) -> ResponsesModelClient:
    timeout_s = case.options.get("timeout_s")
    config = ResponsesProviderConfig(
        model=case.request["model"],
        provider_name="local",
        base_url=base_url,
        api_key_env=KEY_NAME,
        reasoning_effort=(case.request.get("reasoning") or {}).get("effort"),
        stream_max_retries=case.options.get("max_retries"),
        stream_idle_timeout_ms=None if timeout_s is None else int(timeout_s * 1000),
    )
    return ResponsesModelClient(config, **({} if timeout_s is None else {"timeout_seconds": timeout_s}))


async def run(case: Case) -> AsyncIterator[Event]:
    os.environ[KEY_NAME] = case.api_key
    asyncio.get_running_loop().set_default_executor(THREADS)
    results = case.options.get("tool_results") or {}
    registry = ToolRegistry()
    for tool in case.request.get("tools") or ():
        registry.register(Tool(tool, results.get(tool["name"], "")))
    history = [item for turn in case.request["messages"] for item in items(turn)]
    calls = 0
    async with endpoint(case) as base_url:
        talk = client(case, base_url)
        while True:
            prompt = Prompt(
                history,
                registry.model_visible_specs(),
                case.request.get("parallel_tool_calls", True if case.request.get("tools") else None),
                case.request.get("system"),
            )
            turn = Turn(calls)
            async for event in turn.events(talk, prompt):
                yield event
            if not turn.calls or not results:
                return
            calls += len(turn.calls)
            context = ToolContext("turn", tuple(history))
            history += [*turn.items, *[await registry.execute(call, context) for call in turn.calls]]


THREADS = ThreadPoolExecutor(max_workers=128)
"""The client blocks a thread of the loop's pool for each answer; the pool must not make cases wait for each other."""


class Turn:
    """One answer, as it comes and as it is handed over at the end."""

    def __init__(self, calls_before: int) -> None:
        self.items: list[Any] = []
        self.calls: list[ItsCall] = []
        self._told = False
        self._before = calls_before
        self._named: dict[str, int] = {}

    async def events(self, talk: ResponsesModelClient, prompt: Prompt) -> AsyncIterator[Event]:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Any]()

        def handle(event: Any) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        answer = asyncio.ensure_future(talk.complete(prompt, handle))
        answer.add_done_callback(lambda _: queue.put_nowait(None))
        while (event := await queue.get()) is not None:
            for canonical in self._read(event):
                yield canonical
        self.items = (await answer).items
        for canonical in self._whole():
            yield canonical

    def _read(self, event: Any) -> Iterator[Event]:
        payload = event.payload
        match event.kind:
            case "assistant_delta" if payload["delta"]:
                self._told = True
                yield Text(payload["delta"])
            case "tool_call":
                number = self._named.setdefault(payload["call_id"], self._before + len(self._named))
                yield ToolCall(number, payload["call_id"] or None, payload["tool_name"])
            case "token_count" if payload["usage"]:
                yield usage(payload["usage"])
            case "stream_error":
                most = payload["max_retries"] + 1
                yield Retry(payload["attempt"] + 1, payload["delay_seconds"], payload["error"], most)

    def _whole(self) -> Iterator[Event]:
        for item in self.items:
            match item:
                case ReasoningItem():
                    yield from reasoning(item.payload)
                case AssistantMessage() if item.text and not self._told:
                    yield Text(item.text)
                case ItsCall():
                    self.calls.append(item)
                    number = self._named.setdefault(item.call_id, self._before + len(self._named))
                    given = item.arguments
                    arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
                    yield ToolCall(number, item.call_id or None, item.name, arguments)
        yield Finish("tool_calls" if self.calls else "stop")


def usage(counted: dict[str, Any]) -> Usage:
    """The counts as the responses protocol has them; what messages says of the cache stands beside under its names."""
    said, details = responses_form.usage(counted), counted.get("input_tokens_details") or {}
    read = details.get("cache_read_input_tokens", said.cache_read_tokens)
    return replace(said, cache_read_tokens=read, cache_write_tokens=details.get("cache_creation_input_tokens"))


def reasoning(payload: dict[str, Any]) -> Iterator[Event]:
    for name, summary in (("summary", True), ("content", False)):
        for part in payload.get(name) or ():
            if text := plain(part).get("text"):
                yield Reasoning(text, summary=summary)
    if encrypted := payload.get("encrypted_content"):
        yield Signature(encrypted, "encrypted", id=payload.get("id"))


class Tool(BaseTool):
    """A tool of the caller's, which answers what the scenario says."""

    def __init__(self, tool: dict[str, Any], result: str) -> None:
        self.name = tool["name"]
        self.description = tool.get("description") or ""
        self.input_schema = tool.get("parameters") or {"type": "object", "properties": {}}
        self._result = result

    def raw_payload(self) -> None:
        return None

    async def run(self, context: ToolContext, args: Any) -> str:
        return self._result


def items(turn: dict[str, Any]) -> Iterator[Any]:
    """A turn as items of its history."""
    role = turn["role"]
    for part in turn["content"]:
        match part["type"]:
            case "text" if role == "assistant":
                yield AssistantMessage(part["text"])
            case "text" if role in ("system", "developer"):
                yield ContextMessage(part["text"], "developer")
            case "text":
                yield UserMessage(part["text"])
            case "image":
                yield ContextMessage(content_items=({"type": "input_image", "image_url": data_url(part)},))
            case "tool_call":
                yield ItsCall(part["id"], part["name"], json.loads(part["arguments"] or "{}"))
            case "tool_result":
                yield ToolResult(part["tool_call_id"], "", part["content"], is_error=bool(part.get("is_error")))
            case "reasoning" if part.get("encrypted"):
                (item,) = responses_form.items({"messages": [{"role": role, "content": [part]}]})
                yield ReasoningItem(item)


def classify(error: BaseException) -> str | None:
    """What it wraps says more than the one class that it raises."""
    return error_of(error.__cause__)["kind"] if error.__cause__ is not None else None


serve(
    name="python-codex",
    distribution="python-codex",
    dialects=["openai-responses", "openai-chat", "anthropic-messages"],
    features=["retries", "timeouts", "tool_calls", "tool_loop", "usage", "reasoning", "history"],
    features_in={"openai-responses": ["signatures", "images"]},
    default_retries=5,
    run=run,
    classify=classify,
)
