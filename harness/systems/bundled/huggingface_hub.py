# /// script
# dependencies = ["huggingface_hub==2.4.0"]
# ///
"""Hugging Face's `AsyncInferenceClient.chat_completion(stream=True)`, against a base URL of one's own.

Inputs and outputs are those of OpenAI's client, as its guide says, and what it has no parameter for goes into
`extra_body`. Reasoning is a delta's `reasoning` there, which is not where this dialect's own answers have it, so it is
read but not claimed. It repeats nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from harness_kit import Case, Event, chat, serve
from huggingface_hub import AsyncInferenceClient

OWN = ("model", "messages", "stream", "stream_options", "tools", "tool_choice", "temperature", "top_p", "stop")


async def run(case: Case) -> AsyncIterator[Event]:
    timeout_s = case.options.get("timeout_s")
    asked, results, calls = parameters(case.request), case.options.get("tool_results") or {}, 0
    async with AsyncInferenceClient(base_url=f"{case.base_url}/v1", api_key=case.api_key, timeout=timeout_s) as client:
        while True:
            reader, turn = chat.Reader(reasoning="reasoning", calls=calls), []
            async for chunk in await client.chat_completion(**asked):
                for event in reader.read(chunk):
                    turn.append(event)
                    yield event
            if not (more := chat.replies(turn, results)):
                return
            asked["messages"] += more
            calls = reader.calls


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    asked = chat.parameters(request)
    if "max_completion_tokens" in asked:
        asked["max_tokens"] = asked.pop("max_completion_tokens")
    own = {name: value for name, value in asked.items() if name in (*OWN, "max_tokens")}
    return {**own, "extra_body": {name: value for name, value in asked.items() if name not in own} or None}


serve(
    name="huggingface-hub",
    distribution="huggingface_hub",
    dialects=["openai-chat"],
    features=["timeouts", "cancel", "tool_calls", "usage", "history", "images", "settings", "tool_loop"],
    run=run,
)
