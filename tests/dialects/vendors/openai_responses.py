"""The `openai` package over Responses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from ..openai_responses import sdk
from . import openai_chat
from .said import Said, counts, refused, sse_payloads, value

openai = sdk.openai
refusal = openai_chat.refusal


@cache
def _adapters() -> dict[str, Any]:
    """The SDK's types for events, by the event's own type."""
    from openai.types.responses import Response, ResponseStreamEvent
    from pydantic import TypeAdapter

    kinds = get_args(get_args(ResponseStreamEvent)[0])
    events = {get_args(kind.model_fields["type"].annotation)[0]: TypeAdapter(kind) for kind in kinds}
    return {**events, "": TypeAdapter(Response)}


def problems(body: bytes) -> list[str]:
    """What the SDK's types say against a stream."""
    events = [json.loads(payload) for payload in sse_payloads(body)]
    return [problem for event in events for problem in refused(_adapters()[event["type"]], [_known(event)])]


def _known(event: dict[str, Any]) -> bytes:
    """The event, where a failed response has a code that the SDK's types know: the vendor sends others as well."""
    if event["type"] == "response.failed" and type(event["response"]["error"]["code"]) is str:
        event["response"]["error"]["code"] = "server_error"
    return json.dumps(event).encode()


def document_problems(body: bytes) -> list[str]:
    """What the SDK's types say against a document."""
    return refused(_adapters()[""], [body])


def streamed(pieces: Iterable[bytes]) -> Said:
    """What the SDK's own stream helper accumulates, which demands every event in its place."""
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {}, iter(pieces)
    said = Said()
    final = None
    try:
        with sdk.client().responses.stream(model="m", input="x") as stream:
            for event in stream:
                _event(event, said)
                if event.type in ("response.completed", "response.incomplete"):
                    final = event.response
    except openai.APIError as error:
        said.error = (type(error).__name__, error.message)
        return said
    assert final is not None
    deltas, finished = said, _response(final)
    assert (deltas.text, deltas.refusal, deltas.reasoning) == (finished.text, finished.refusal, finished.reasoning)
    return finished


def whole(body: bytes) -> Said:
    """What the SDK makes of a document."""
    sdk.SERVER.status, sdk.SERVER.headers, sdk.SERVER.body = 200, {"content-type": "application/json"}, body
    return _response(sdk.client().responses.create(model="m", input="x"))


def _event(event: Any, said: Said) -> None:
    match event.type:
        case "response.output_text.delta":
            said.text += event.delta
        case "response.refusal.delta":
            said.refusal += event.delta
        case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
            said.reasoning += event.delta


def _response(response: Any) -> Said:
    said = Said(finish=response.status)
    for item in response.output:
        match item.type:
            case "message":
                for part in item.content:
                    said.text += part.text if part.type == "output_text" else ""
                    said.refusal += part.refusal if part.type == "refusal" else ""
            case "reasoning":
                said.reasoning += "".join(part.text for part in [*item.summary, *(item.content or [])])
            case "function_call":
                said.calls.append((item.name, value(item.arguments)))
    if response.incomplete_details and response.incomplete_details.reason:
        said.finish = response.incomplete_details.reason
    if usage := response.usage:
        said.usage = counts(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            reasoning_tokens=usage.output_tokens_details.reasoning_tokens,
            cache_read_tokens=usage.input_tokens_details.cached_tokens,
        )
    return said
