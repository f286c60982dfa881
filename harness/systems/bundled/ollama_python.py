# /// script
# dependencies = ["ollama==0.6.3"]
# ///
"""Ollama's Python library: `AsyncClient.chat(stream=True)`, which its README shows.

It repeats nothing. Keyword arguments of the client, such as `timeout`, go to httpx, as its README says. Its calls have
no ids, and after tool calls the stop reason is told as `tool_calls`, which the API calls `stop`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import ollama
from harness_kit import Case, Event, Finish, Reasoning, Start, Text, ToolCall, Usage, serve
from harness_kit.fields import given

EFFORTS = {"none": False, "minimal": "low", "xhigh": "high", "max": "high"}
REASONS = {"stop": "stop", "length": "length"}


class Reader:
    """Turns the chunks of one answer into events, and keeps the message that they amount to for the next turn."""

    def __init__(self, begun: int = 0) -> None:
        self.content, self.thinking = "", ""
        self.calls: list[ollama.Message.ToolCall] = []
        self._begun = begun
        self._started = False

    def read(self, chunk: ollama.ChatResponse) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield Start(model=chunk.model)
        if thought := chunk.message.thinking:
            self.thinking += thought
            yield Reasoning(thought)
        if text := chunk.message.content:
            self.content += text
            yield Text(text)
        for call in chunk.message.tool_calls or ():
            arguments = json.dumps(call.function.arguments, ensure_ascii=False)
            yield ToolCall(self._begun + len(self.calls), name=call.function.name, arguments=arguments)
            self.calls.append(call)
        if chunk.done:
            yield Usage(input_tokens=chunk.prompt_eval_count, output_tokens=chunk.eval_count)
            reason = REASONS.get(chunk.done_reason or "", "other")
            if chunk.done_reason:
                yield Finish("tool_calls" if reason == "stop" and self.calls else reason, raw=chunk.done_reason)

    def message(self) -> dict[str, Any]:
        """The answer as a message of the history, with what its README adds together."""
        said = {"thinking": self.thinking, "content": self.content, "tool_calls": self.calls}
        return {"role": "assistant", **given(said)}


async def run(case: Case) -> AsyncIterator[Event]:
    headers = {"authorization": f"Bearer {case.api_key}"}
    client = ollama.AsyncClient(
        host=case.base_url, headers=headers, **given({"timeout": case.options.get("timeout_s")})
    )
    results = case.options.get("tool_results") or {}
    history, made = messages(case.request), 0
    try:
        while True:
            reader = Reader(made)
            async for chunk in await client.chat(messages=history, stream=True, **parameters(case.request)):
                for event in reader.read(chunk):
                    yield event
            if not (results and reader.calls):
                return
            made += len(reader.calls)
            history.append(reader.message())
            history += [answer(call.function.name, results) for call in reader.calls]
    finally:
        await client.close()


def answer(name: str, results: dict[str, str]) -> dict[str, Any]:
    return {"role": "tool", "tool_name": name, "content": results.get(name, f"there is no tool {name}")}


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    """What is asked besides the messages. No tools where none may be called: the API has no other choice to offer."""
    asked = request.get("reasoning") or {}
    effort, budget = asked.get("effort"), asked.get("budget_tokens")
    limits = {"num_predict": request.get("max_output_tokens")}
    settings = {name: request.get(name) for name in ("temperature", "top_p", "stop")}
    tools = [] if request.get("tool_choice") == "none" else request.get("tools") or ()
    made = {
        "model": request["model"],
        "tools": [{"type": "function", "function": tool} for tool in tools],
        "options": given({**limits, **settings}),
    }
    think = EFFORTS.get(effort, effort) if effort else None if budget is None else bool(budget)
    return given(made) if think is None else {**given(made), "think": think}


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": request["system"]}] if request.get("system") else []
    parts = [part for turn in request["messages"] for part in turn["content"]]
    names = {part["id"]: part["name"] for part in parts if part["type"] == "tool_call"}
    return system + [message for turn in request["messages"] for message in _turn(turn, names)]


def _turn(turn: dict[str, Any], names: dict[str, str]) -> Iterator[dict[str, Any]]:
    parts = turn["content"]
    calls = [part for part in parts if part["type"] == "tool_call"]
    said = {
        "content": _joined(parts, "text"),
        "thinking": _joined(parts, "reasoning"),
        "images": [part["data"] for part in parts if part["type"] == "image"],
        "tool_calls": [{"function": {"name": part["name"], "arguments": _object(part)}} for part in calls],
    }
    if given(said):
        yield {"role": "system" if turn["role"] == "developer" else turn["role"], **given(said)}
    for part in parts:
        if part["type"] == "tool_result":
            call_id = part["tool_call_id"]
            yield {"role": "tool", "tool_name": names.get(call_id, call_id), "content": part["content"]}


def _joined(parts: list[dict[str, Any]], kind: str) -> str:
    return "\n\n".join(part["text"] for part in parts if part["type"] == kind and part.get("text"))


def _object(call: dict[str, Any]) -> dict[str, Any]:
    try:
        parsed = json.loads(call["arguments"] or "{}")
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"arguments": call["arguments"]}


serve(
    name="ollama-python",
    distribution="ollama",
    dialects=["ollama"],
    features=["timeouts", "cancel", "tool_calls", "usage", "reasoning", "history", "images", "settings", "tool_loop"],
    run=run,
)
