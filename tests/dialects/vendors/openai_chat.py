"""The `openai` package over Chat Completions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from ..openai_chat import sdk
from .said import Said, counts, refused, sse_payloads, value

openai = sdk.openai


@cache
def _adapter(whole: bool) -> Any:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from pydantic import TypeAdapter

    return TypeAdapter(ChatCompletion if whole else ChatCompletionChunk)


def problems(body: bytes) -> list[str]:
    """What the SDK's types say against a stream. Its types have no errors."""
    payloads = [payload for payload in sse_payloads(body) if not payload.startswith(b'{"error"')]
    return refused(_adapter(whole=False), payloads)


def document_problems(body: bytes) -> list[str]:
    """What the SDK's types say against a document."""
    return refused(_adapter(whole=True), [body])


def streamed(pieces: Iterable[bytes]) -> Said:
    """What the SDK's own stream helper accumulates; that helper refuses answers which did not end by themselves."""
    pieces = list(pieces)
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {}, iter(pieces)
    said = Said()
    try:
        with sdk.client().chat.completions.stream(**sdk.ASKED) as stream:
            for event in stream:
                if event.type == "chunk":
                    _chunk(event.chunk, said)
            completion = stream.get_final_completion()
    except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
        return _chunk_by_chunk(pieces)
    except openai.APIError as error:
        said.error = (type(error).__name__, error.message)
        return said
    words = (said.text, said.refusal)
    _completion(completion, said)
    assert (said.text, said.refusal) == words
    return said


def _chunk_by_chunk(pieces: list[bytes]) -> Said:
    """What the SDK's plain iterator gives, put together by index."""
    sdk.SERVER.body = iter(pieces)
    said = Said()
    calls: dict[int, list[str]] = {}
    for chunk in sdk.client().chat.completions.create(**sdk.ASKED, stream=True):
        _chunk(chunk, said)
        _usage(chunk.usage, said)
        for choice in chunk.choices:
            said.finish = said.finish or choice.finish_reason
            for fragment in [] if choice.index else choice.delta.tool_calls or []:
                call = calls.setdefault(fragment.index, ["", ""])
                call[0] += fragment.function.name or ""
                call[1] += fragment.function.arguments or ""
    said.calls = [(name, value(arguments)) for name, arguments in calls.values()]
    return said


def whole(body: bytes) -> Said:
    """What the SDK makes of a document."""
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {"content-type": "application/json"}, body
    said = Said()
    completion = sdk.client().chat.completions.create(**sdk.ASKED)
    said.reasoning = getattr(completion.choices[0].message, "reasoning_content", None) or ""
    _completion(completion, said)
    return said


def _chunk(chunk: Any, said: Said) -> None:
    for choice in chunk.choices:
        if not choice.index:
            said.text += choice.delta.content or ""
            said.refusal += choice.delta.refusal or ""
            said.reasoning += getattr(choice.delta, "reasoning_content", None) or ""


def _completion(completion: Any, said: Said) -> None:
    choice = next(choice for choice in completion.choices if not choice.index)
    said.text, said.refusal = choice.message.content or "", choice.message.refusal or ""
    said.finish = choice.finish_reason
    calls = [call.function for call in choice.message.tool_calls or []]
    said.calls = [(call.name, value(call.arguments)) for call in calls]
    _usage(completion.usage, said)


def _usage(usage: Any, said: Said) -> None:
    if usage:
        made, read = usage.completion_tokens_details, usage.prompt_tokens_details
        said.usage = counts(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            reasoning_tokens=made and made.reasoning_tokens,
            cache_read_tokens=read and read.cached_tokens,
        )


def refusal(status: int, headers: Any, body: bytes) -> tuple[str, int, str]:
    """The exception for an HTTP error: its type, status and words. The body must be of the SDK's error type."""
    from openai.types.shared import ErrorObject
    from pydantic import TypeAdapter

    assert refused(TypeAdapter(ErrorObject), [json.dumps(json.loads(body)["error"]).encode()]) == []
    error = sdk.error_of(status, headers, body)
    return type(error).__name__, error.status_code, error.body["message"]
