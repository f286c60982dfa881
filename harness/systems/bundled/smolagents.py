# /// script
# dependencies = ["smolagents[openai]==1.26.0", "openai==3.52.0"]
# ///
"""smolagents' `OpenAIModel.generate_stream`, the deltas that its agents read.

A delta has text, fragments of calls and counts, and never a stop reason: how an answer ended is told by returning or
raising alone. Its messages keep no calls of earlier turns, which its agents write into the text, so histories are not
claimed. Tools go through the keywords that it hands on to the API. It repeats rate limits itself besides what the SDK
below it does; where repeats are counted, its own are switched off by its `retry`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness_kit import Case, Event, Text, ToolCall, Usage, chat, serve
from harness_kit.fields import field, given
from smolagents import OpenAIModel


def model(case: Case) -> OpenAIModel:
    retries = case.options.get("max_retries")
    client = {"timeout": case.options.get("timeout_s"), "max_retries": retries}
    return OpenAIModel(
        model_id=case.request["model"],
        api_base=f"{case.base_url}/v1",
        api_key=case.api_key,
        client_kwargs={name: value for name, value in client.items() if value is not None},
        **({} if retries is None else {"retry": False}),
    )


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    said = request.get("system")
    system = [{"role": "system", "content": [{"type": "text", "text": said}]}] if said else []
    turns = [
        {"role": turn["role"], "content": [part for part in turn["content"] if part["type"] == "text"]}
        for turn in request["messages"]
    ]
    return system + turns


def run(case: Case) -> Iterator[Event]:
    parameters = chat.parameters(case.request)
    passed_on = ("tools", "tool_choice", "parallel_tool_calls", "max_completion_tokens", "temperature", "top_p")
    keywords = given({name: parameters.get(name) for name in passed_on})
    calls: dict[Any, int] = {}
    stream = model(case).generate_stream(messages(case.request), stop_sequences=case.request.get("stop"), **keywords)
    for delta in stream:
        if delta.content:
            yield Text(delta.content)
        for call in delta.tool_calls or ():
            index = calls.setdefault(call.index, len(calls))
            function = call.function
            name, arguments = field(function, "name"), field(function, "arguments")
            yield ToolCall(index, call.id or None, name or None, arguments or "")
        if delta.token_usage:
            yield Usage(input_tokens=delta.token_usage.input_tokens, output_tokens=delta.token_usage.output_tokens)


serve(
    name="smolagents",
    distribution="smolagents",
    dialects=["openai-chat"],
    features=["retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "no_stop_reasons"],
    run=run,
)
