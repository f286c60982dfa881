"""The `google-genai` package."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from ..gemini import sdk
from .said import Said, counts, refused, sse_payloads

genai = sdk.genai


@cache
def _adapter() -> Any:
    from google.genai.types import GenerateContentResponse
    from pydantic import TypeAdapter

    return TypeAdapter(GenerateContentResponse)


def problems(body: bytes) -> list[str]:
    """What the SDK's types say against a stream; they know every field there is. They have no errors."""
    return refused(_adapter(), [payload for payload in sse_payloads(body) if not payload.startswith(b'{"error"')])


def document_problems(body: bytes) -> list[str]:
    """What the SDK's types say against a document."""
    return refused(_adapter(), [body])


def streamed(pieces: Iterable[bytes]) -> Said:
    """The chunks that the SDK gives, put together, since it does not do so itself."""
    said = Said()
    try:
        for chunk in sdk.stream(iter(pieces)):
            _chunk(chunk, said)
    except genai.errors.APIError as error:
        said.error = (type(error).__name__, error.message)
    return said


def whole(body: bytes) -> Said:
    """What the SDK makes of a document."""
    said = Said()
    _chunk(sdk.answer(body), said)
    return said


def _chunk(chunk: Any, said: Said) -> None:
    for candidate in chunk.candidates or []:
        if not candidate.index:
            _candidate(candidate, said)
    if usage := chunk.usage_metadata:
        said.usage |= counts(
            input_tokens=usage.prompt_token_count,
            output_tokens=usage.candidates_token_count,
            reasoning_tokens=usage.thoughts_token_count,
            cache_read_tokens=usage.cached_content_token_count,
        )


def _candidate(candidate: Any, said: Said) -> None:
    for part in (candidate.content and candidate.content.parts) or []:
        if part.text and part.thought:
            said.reasoning += part.text
        elif part.text:
            said.text += part.text
        if part.function_call:
            said.calls.append((part.function_call.name, part.function_call.args or {}))
    if candidate.finish_reason:
        said.finish = candidate.finish_reason.name


def refusal(status: int, headers: Any, body: bytes) -> tuple[str, int, str]:
    """The exception for an HTTP error: its type, status and words."""
    sdk.SERVER.status = status
    try:
        with pytest.raises(genai.errors.APIError) as caught:
            list(sdk.stream(body))
    finally:
        sdk.SERVER.status = 200
    return type(caught.value).__name__, caught.value.code, caught.value.message
