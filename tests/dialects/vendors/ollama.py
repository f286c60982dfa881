"""The `ollama` package."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from ..ollama import sdk
from .said import Said, counts, refused


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(sdk.ollama.ChatResponse)


def problems(body: bytes) -> list[str]:
    """What the SDK's types say against a stream. They have no errors."""
    return refused(_adapter(), [line for line in body.splitlines() if not line.startswith(b'{"error"')])


def document_problems(body: bytes) -> list[str]:
    """What the SDK's types say against a document."""
    return refused(_adapter(), [body])


def streamed(pieces: Iterable[bytes]) -> Said:
    """The parts that the SDK gives, put together, since it does not do so itself."""
    said = Said()
    try:
        for part in sdk.stream(iter(pieces)):
            _part(part, said)
    except sdk.ollama.ResponseError as error:
        said.error = (type(error).__name__, error.error)
    return said


def whole(body: bytes) -> Said:
    """What the SDK makes of a document."""
    said = Said()
    _part(sdk.answer(body), said)
    return said


def _part(part: Any, said: Said) -> None:
    said.text += part.message.content or ""
    said.reasoning += part.message.thinking or ""
    said.calls += [(call.function.name, call.function.arguments) for call in part.message.tool_calls or []]
    said.finish = part.done_reason or said.finish
    said.usage |= counts(input_tokens=part.prompt_eval_count, output_tokens=part.eval_count)


def refusal(status: int, headers: Any, body: bytes) -> tuple[str, int, str]:
    """The exception for an HTTP error: its type, status and words."""
    assert type(json.loads(body)["error"]) is str
    sdk.SERVER.status = status
    try:
        with pytest.raises(sdk.ollama.ResponseError) as caught:
            list(sdk.stream(body))
    finally:
        sdk.SERVER.status = 200
    return type(caught.value).__name__, caught.value.status_code, caught.value.error
