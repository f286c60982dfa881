"""The vendor's own SDK as a reader and a writer: what it makes of a body, and what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

openai = pytest.importorskip("openai")
httpx2 = pytest.importorskip("httpx2")

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


class _Server(httpx2.BaseTransport):
    """Answers every request with `body`, and keeps the last request."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: Any = b""
        self.request: Any = None

    def handle_request(self, request: Any) -> Any:
        self.request = request
        headers = {"content-type": "text/event-stream", **self.headers}
        return httpx2.Response(self.status, headers=headers, content=self.body)


SERVER = _Server()


@cache
def client() -> Any:
    http_client = httpx2.Client(transport=SERVER)
    return openai.OpenAI(api_key="key", base_url="http://vendor/v1", http_client=http_client, max_retries=0)


@dataclass
class Reading:
    """What the SDK's chunks amount to, for its first choice; `error` is the type of what it raised."""

    text: str = ""
    refusal: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    finish: str | None = None
    usage: tuple[int, int] | None = None
    error: str | None = None


def read(body: bytes) -> Reading:
    """The chunks that the SDK parses out of a body, put together by index."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, body
    reading, calls = Reading(), dict[Any, list[str]]()
    try:
        for chunk in client().chat.completions.create(**ASKED, stream=True):
            _take(chunk, reading, calls)
    except (openai.OpenAIError, ValueError) as error:
        reading.error = type(error).__name__
    reading.calls = [(id, name, arguments) for id, name, arguments in calls.values()]
    return reading


def _take(chunk: Any, reading: Reading, calls: dict[Any, list[str]]) -> None:
    if chunk.usage:
        reading.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
    for choice in chunk.choices or []:
        if choice.index:
            continue
        reading.finish = reading.finish or choice.finish_reason
        content = choice.delta.content
        reading.text += content if isinstance(content, str) else "[LIST]" if content else ""
        reading.refusal += choice.delta.refusal or ""
        for fragment in choice.delta.tool_calls or []:
            call = calls.setdefault(fragment.index, ["", "", ""])
            call[0] = call[0] or fragment.id or ""
            call[1] += (fragment.function and fragment.function.name) or ""
            call[2] += (fragment.function and fragment.function.arguments) or ""


def completion(body: bytes) -> Any:
    """The message that the SDK's own accumulator makes of a body."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, body
    with client().chat.completions.stream(**ASKED) as stream:
        return stream.get_final_completion()


def validated_chunks(body: bytes) -> list[Any]:
    """The chunks of a body, each checked strictly against the SDK's own type for it."""
    from openai.types.chat import ChatCompletionChunk
    from pydantic import TypeAdapter

    payloads = [line[6:] for line in body.splitlines() if line.startswith(b"data: ") and line != b"data: [DONE]"]
    return [TypeAdapter(ChatCompletionChunk).validate_python(json.loads(payload)) for payload in payloads]


def sent(**changes: Any) -> Any:
    """The request that the SDK sends."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, b""
    list(client().chat.completions.create(**{**ASKED, "stream": True, **changes}))
    return SERVER.request


def error_of(status: int, headers: Any, body: bytes) -> Any:
    """The exception that the SDK raises for an error response."""
    SERVER.status, SERVER.headers, SERVER.body = status, dict(headers), body
    with pytest.raises(openai.APIStatusError) as caught:
        client().chat.completions.create(**ASKED, stream=True)
    return caught.value
