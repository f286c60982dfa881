# /// script
# dependencies = ["openai-agents==0.24.0"]
# ///
"""OpenAI's Agents SDK: `Runner.run_streamed`, for chat completions and for responses, without tracing.

The raw events of a run have the form of responses in both. Where the caller's tools answer, the agent runs its own
loop; else its first calls end the run. Requests are repeated by OpenAI's SDK below it, as the client given to the model
is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import agents
import openai
from harness_kit import Case, Event, responses, serve
from harness_kit.fields import given

agents.set_tracing_disabled(True)


def model_of(case: Case) -> agents.Model:
    options = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    kept = {name: value for name, value in options.items() if value is not None}
    client = openai.AsyncOpenAI(api_key=case.api_key, base_url=f"{case.base_url}/v1", **kept)
    kind = agents.OpenAIChatCompletionsModel if case.dialect == "openai-chat" else agents.OpenAIResponsesModel
    return kind(case.request["model"], client)


def settings(case: Case) -> agents.ModelSettings:
    request, choice = case.request, case.request.get("tool_choice")
    asked = responses.parameters(request).get("reasoning")
    plain = case.dialect == "openai-chat"
    return agents.ModelSettings(
        temperature=request.get("temperature"),
        top_p=request.get("top_p"),
        tool_choice=choice["name"] if isinstance(choice, dict) else choice,
        parallel_tool_calls=request.get("parallel_tool_calls"),
        max_tokens=request.get("max_output_tokens"),
        reasoning={"effort": asked["effort"]} if asked and plain else asked,
        include_usage=True,
        store=None if plain else False,
        response_include=["reasoning.encrypted_content"] if asked and not plain else None,
        extra_args=given({"stop": request.get("stop")}) or None,
    )


def tool_of(tool: dict[str, Any], results: dict[str, str]) -> agents.FunctionTool:
    async def answer(*_: Any) -> str:
        return results.get(tool["name"], "")

    schema = tool.get("parameters") or {"type": "object", "properties": {}}
    return agents.FunctionTool(tool["name"], tool.get("description") or "", schema, answer, strict_json_schema=False)


async def run(case: Case) -> AsyncIterator[Event]:
    request, results = case.request, case.options.get("tool_results")
    agent = agents.Agent(
        "assistant",
        instructions=request.get("system"),
        model=model_of(case),
        model_settings=settings(case),
        tools=[tool_of(tool, results or {}) for tool in request.get("tools") or ()],
        tool_use_behavior="run_llm_again" if results else "stop_on_first_tool",
    )
    result = agents.Runner.run_streamed(agent, [plain(item) for item in responses.items(request)])
    reader, turn = responses.Reader(), 0
    try:
        async for event in result.stream_events():
            if event.type != "raw_response_event":
                continue
            turn += event.data.type == "response.created"
            for read in reader.read(numbered(event.data, turn, case.dialect == "openai-chat")):
                yield read
    finally:
        result.cancel()  # a run goes on by itself when nobody reads its events


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """An earlier answer in words, as a message of a role and a text, which the SDK takes for both APIs."""
    if item.get("role") != "assistant":
        return item
    return {"role": "assistant", "content": "".join(part["text"] for part in item["content"])}


def numbered(event: Any, turn: int, by_place: bool) -> Any:
    """Tells the items of all turns apart; those made of chat chunks all have one id, and only their place differs.

    The arguments of such an item come in deltas, whatever it began with.
    """
    item = getattr(event, "item", None)
    if not hasattr(event, "item_id") and (item is None or item.type == "reasoning"):
        return event
    own = event.output_index if by_place else getattr(event, "item_id", None) or getattr(item, "id", None)
    place = f"{turn}-{own}"
    if item is None:
        return event.model_copy(update={"item_id": place})
    begun = {"arguments": ""} if by_place and event.type == "response.output_item.added" else {}
    return event.model_copy(update={"item": item.model_copy(update={"id": place, **begun})})


serve(
    name="openai-agents",
    distribution="openai-agents",
    dialects=["openai-chat", "openai-responses"],
    features=[
        *(
            "retries",
            "retry_after",
            "timeouts",
            "cancel",
            "tool_calls",
            "usage",
            "reasoning",
            "refusals",
            "tool_loop",
            "history",
            "images",
            "settings",
        ),
        *("history", "images", "settings"),
    ],
    features_in={"openai-responses": ["signatures"]},
    default_retries=2,
    run=run,
)
