# /// script
# dependencies = ["axion-code==1.0.1", "httpx==0.28.1"]
# ///
"""axion-code, a coding agent: its client for Ollama, which reads OpenAI's chat stream as Ollama serves it.

It is a client of its own, apart from the one for OpenAI, and the rest is as in `axion_code`. Its documentation claims
no retries, and there is nothing to set. Ollama wants no key; the harness does, so that the header is added here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from axion.api.ollama import OllamaClient
from axion_code import conversation
from harness_kit import Case, Event, serve


async def run(case: Case) -> AsyncIterator[Event]:
    talk = OllamaClient(case.base_url)
    talk._http.headers["authorization"] = f"Bearer {case.api_key}"
    try:
        async for event in conversation(talk, case):
            yield event
    finally:
        await talk.close()


serve(
    name="axion-code-ollama",
    distribution="axion-code",
    dialects=["openai-chat"],
    features=["cancel", "tool_calls", "tool_loop", "usage", "history"],
    run=run,
)
