"""The `anthropic` package."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ..anthropic_messages import sdk
from .said import Said, counts, refused, sse_payloads

anthropic = sdk.anthropic
_PING = b'{"type":"ping"}'


@cache
def _adapter(what: str) -> Any:
    from anthropic.types import ErrorResponse, Message, RawMessageStreamEvent
    from pydantic import TypeAdapter

    kinds: dict[str, Any] = {"message": Message, "event": RawMessageStreamEvent, "error": ErrorResponse}
    return TypeAdapter(kinds[what])


def problems(body: bytes) -> list[str]:
    """What the SDK's types say against a stream. A ping has none: the SDK skips it."""
    payloads = [payload for payload in sse_payloads(body) if payload != _PING]
    errors = [payload for payload in payloads if payload.startswith(b'{"type":"error"')]
    events = [payload for payload in payloads if payload not in errors]
    return [*refused(_adapter("event"), events), *refused(_adapter("error"), errors)]


def document_problems(body: bytes) -> list[str]:
    """What the SDK's types say against a document."""
    return refused(_adapter("message"), [body])


def streamed(pieces: Iterable[bytes]) -> Said:
    """What the SDK's own stream helper accumulates."""
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {}, iter(pieces)
    said = Said()
    try:
        with sdk.client().messages.stream(**sdk.ASKED) as stream:
            for event in stream:
                said.text += event.text if event.type == "text" else ""
                said.reasoning += event.thinking if event.type == "thinking" else ""
            message = stream.get_final_message()
    except anthropic.APIStatusError as error:
        said.error = (type(error).__name__, error.body["error"]["message"])
        return said
    except ValueError as error:  # the input of a call cannot be parsed
        said.error = (type(error).__name__, str(error))
        return said
    final = _message(message)
    assert (said.text, said.reasoning) == (final.text, final.reasoning)
    return final


def whole(body: bytes) -> Said:
    """What the SDK makes of a document."""
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {"content-type": "application/json"}, body
    return _message(sdk.client().messages.create(**sdk.ASKED))


def _message(message: Any) -> Said:
    said = Said(finish=message.stop_reason)
    for block in message.content:
        match block.type:
            case "text":
                said.text += block.text
            case "thinking":
                said.reasoning += block.thinking
            case "tool_use":
                said.calls.append((block.name, block.input))
    usage = message.usage
    said.usage = counts(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.output_tokens_details and usage.output_tokens_details.thinking_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=usage.cache_creation_input_tokens,
    )
    return said


def refusal(status: int, headers: Any, body: bytes) -> tuple[str, int, str]:
    """The exception for an HTTP error: its type, status and words. The body must be of the SDK's error type."""
    assert refused(_adapter("error"), [body]) == []
    error = sdk.error_of(status, headers, body)
    return type(error).__name__, error.status_code, error.body["error"]["message"]
