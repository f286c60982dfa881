# /// script
# dependencies = ["any-llm-sdk[anthropic,gemini,ollama,openai]==1.40.2"]
# ///
"""Mozilla's any-llm: `acompletion(stream=True)` of a provider, whose chunks have the form of OpenAI's chat.

OpenAI's responses are reached by `aresponses`, whose events have the vendor's own form. Exceptions are the providers'
SDKs', which is what any-llm raises unless told otherwise. Retries are the SDKs' too, and Ollama's has none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from any_llm import AnyLLM
from harness_kit import Case, Event, Reasoning, Signature, ToolCall, Usage, chat, responses, serve
from harness_kit.fields import field, plain

PROVIDERS = {"openai-chat": "openai", "anthropic-messages": "anthropic", "gemini": "gemini", "ollama": "ollama"}


class Reader(chat.Reader):
    """Reads chunks with what any-llm adds to them, and keeps the answer as the history wants it."""

    def __init__(self, provider: str, first_call: int) -> None:
        super().__init__(calls=first_call)
        self._provider = provider
        self._first_call = first_call
        self.text = self.thought = ""
        self.extra: dict[str, Any] = {}
        self.made: dict[Any, dict[str, Any]] = {}

    def read(self, chunk: Any) -> list[Event]:
        deltas = [field(choice, "delta") for choice in field(chunk, "choices") or ()]
        before = [event for delta in deltas for event in _added(delta, self._first_call)]
        for delta in deltas:
            self._keep(delta)
        written = field(field(field(chunk, "usage"), "prompt_tokens_details"), "cache_write_tokens")
        return [*before, *(self._translated(event, written) for event in super().read(chunk))]

    def _translated(self, event: Event, written: int | None) -> Event:
        """What a cache had counts as input here, but not on Anthropic's wire."""
        if not isinstance(event, Usage):
            return event
        cached = (event.cache_read_tokens or 0) + (written or 0) if self._provider == "anthropic" else 0
        given = None if event.input_tokens is None else event.input_tokens - cached
        return replace(event, input_tokens=given, cache_write_tokens=written)

    def _keep(self, delta: Any) -> None:
        self.text += field(delta, "content") or ""
        self.thought += field(field(delta, "reasoning"), "content") or ""
        self.extra.update(field(delta, "extra_content") or {})
        for fragment in field(delta, "tool_calls") or ():
            empty = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
            call = self.made.setdefault(field(fragment, "index"), empty)
            function = field(fragment, "function")
            call["id"] = field(fragment, "id") or call["id"]
            call["function"]["name"] = field(function, "name") or call["function"]["name"]
            call["function"]["arguments"] += field(function, "arguments") or ""
            if extra := field(fragment, "extra_content"):
                call["extra_content"] = extra

    def message(self) -> dict[str, Any]:
        """The answer, as OpenAI's documentation puts it together, with what any-llm wants back."""
        kept = {"reasoning": self.thought, "extra_content": self.extra} if self.extra else {}
        return {"role": "assistant", "content": self.text or None, "tool_calls": list(self.made.values()), **kept}


def _added(delta: Any, first_call: int) -> list[Event]:
    """Reasoning and signatures, which any-llm's deltas have besides OpenAI's fields."""
    thought, kept = field(delta, "reasoning"), field(delta, "extra_content") or {}
    signed = (kept.get("anthropic") or {}).get("signature") or (kept.get("google") or {}).get("thought_signature")
    of_calls = [
        (
            first_call + (field(call, "index") or 0),
            ((field(call, "extra_content") or {}).get("google") or {}).get("thought_signature"),
        )
        for call in field(delta, "tool_calls") or ()
    ]
    return [
        *([Reasoning(field(thought, "content"))] if field(thought, "content") else []),
        *([Signature(signed)] if signed else []),
        *(Signature(data, tool_index=index) for index, data in of_calls if data),
    ]


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages; an assistant's with its text as one string, and with what any-llm wants back of its reasoning."""
    made = chat.messages(request)
    turns = (turn for turn in request["messages"] if turn["role"] == "assistant")
    for message, turn in zip((each for each in made if each["role"] == "assistant"), turns, strict=False):
        if isinstance(content := message.get("content"), list):
            message["content"] = "".join(part.get("text", "") for part in content)
        for part in turn["content"]:
            if part["type"] == "reasoning" and part.get("signature"):
                message["reasoning"] = part.get("text", "")
                message["extra_content"] = {"anthropic": {"signature": part["signature"]}}
        signed = {part["id"]: part["signature"] for part in turn["content"] if _is_signed_call(part)}
        for call in message.get("tool_calls", ()):
            if call["id"] in signed:
                call["extra_content"] = {"google": {"thought_signature": signed[call["id"]]}}
    return made


def _is_signed_call(part: dict[str, Any]) -> bool:
    return part["type"] == "tool_call" and bool(part.get("signature"))


def client(case: Case, provider: str) -> AnyLLM:
    base = f"{case.base_url}/v1" if provider == "openai" else case.base_url
    options: dict[str, Any] = {"max_retries": case.options.get("max_retries")}
    if provider == "ollama":  # which repeats nothing, and takes its timeout here alone
        options = {"timeout": case.options.get("timeout_s")}
    given = {name: value for name, value in options.items() if value is not None}
    return AnyLLM.create(provider, api_key=case.api_key, api_base=base, **given)


def limits(case: Case, provider: str) -> dict[str, Any]:
    timeout = case.options.get("timeout_s")
    return {} if timeout is None or provider == "ollama" else {"timeout": timeout}


async def completion(case: Case) -> AsyncIterator[Event]:
    """The chunks of all turns."""
    provider, results = PROVIDERS[case.dialect], case.options.get("tool_results") or {}
    llm, asked = client(case, provider), {**chat.parameters(case.request), **limits(case, provider)}
    asked["messages"] = messages(case.request)
    if provider != "openai":  # the rest take the one name of the limit that any-llm's documentation has first
        asked.pop("stream_options")
        asked |= {"max_tokens": asked.pop("max_completion_tokens", None)}
    first_call = 0
    while True:
        reader = Reader(provider, first_call)
        async with aclosing(await llm.acompletion(**asked)) as stream:
            async for chunk in stream:
                for event in reader.read(chunk):
                    yield event
        if not results or not reader.made:
            return
        first_call += len(reader.made)
        answers = [
            {"role": "tool", "tool_call_id": call["id"], "content": results.get(call["function"]["name"], "")}
            for call in reader.made.values()
        ]
        asked["messages"] = [*asked["messages"], reader.message(), *answers]


async def response(case: Case) -> AsyncIterator[Event]:
    """The events of all turns; what the model gave goes back into the input."""
    results, llm, made = case.options.get("tool_results") or {}, client(case, "openai"), 0
    asked = {**responses.parameters(case.request), **limits(case, "openai")}
    asked["input_data"] = asked.pop("input")
    while True:
        reader, given = responses.Reader(), []
        async with aclosing(await llm.aresponses(**asked)) as stream:
            async for event in stream:
                if field(event, "type") == "response.completed":
                    given = list(field(field(event, "response"), "output") or ())
                for canonical in reader.read(event):
                    yield moved(canonical, made)
        calls = [item for item in given if field(item, "type") == "function_call"]
        if not results or not calls:
            return
        made += len(calls)
        answers = [(field(call, "call_id"), results.get(field(call, "name"), "")) for call in calls]
        outputs = [{"type": "function_call_output", "call_id": call_id, "output": said} for call_id, said in answers]
        asked["input_data"] = [*asked["input_data"], *map(plain, given), *outputs]


def moved(event: Event, made: int) -> Event:
    """Calls are numbered through all turns."""
    return replace(event, index=event.index + made) if isinstance(event, ToolCall) else event


async def run(case: Case) -> AsyncIterator[Event]:
    turns = response(case) if case.dialect == "openai-responses" else completion(case)
    async with aclosing(turns) as events:
        async for event in events:
            yield event


serve(
    name="any-llm",
    distribution="any-llm-sdk",
    dialects=[*PROVIDERS, "openai-responses"],
    features=[
        *("timeouts", "cancel", "tool_calls", "tool_loop", "usage", "reasoning"),
        *("history", "images", "settings"),
    ],
    features_in={
        "openai-chat": ["retries", "parallel_choices"],
        "openai-responses": ["retries", "signatures", "refusals"],
        "anthropic-messages": ["retries", "signatures"],
        "gemini": ["retries", "signatures"],
    },
    run=run,
)
