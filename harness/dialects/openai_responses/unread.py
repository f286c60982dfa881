"""What of a Responses request is read; everything else is named."""

from __future__ import annotations

from collections.abc import Mapping

from harness.dialects.base import Loss
from harness.dialects.decoding import read_json
from harness.dialects.unread import READ, Each, Grammar, Kinds, Only, unread_of

_TEXT: Grammar = {"type": READ, "text": READ, "annotations": READ, "logprobs": READ}
_PART = Kinds(
    {
        **dict.fromkeys(("input_text", "output_text", "text"), _TEXT),
        "refusal": {"type": READ, "refusal": READ},
        "input_image": {"type": READ, "image_url": READ, "detail": READ},
        "input_file": {"type": READ, "file_data": READ, "file_url": READ, "filename": READ},
    }
)
_MARKS: dict[str, Grammar] = {"type": READ, "id": READ, "status": READ}
_CALL: Grammar = {**_MARKS, "call_id": READ, "name": READ, "arguments": READ, "input": READ}
_OUTPUT: Grammar = {**_MARKS, "call_id": READ, "output": Each(_PART)}
_ITEM = Kinds(
    {
        "message": {**_MARKS, "role": READ, "content": Each(_PART), "phase": READ},
        "reasoning": {**_MARKS, "summary": READ, "content": READ, "encrypted_content": READ},
        **dict.fromkeys(("function_call", "custom_tool_call"), _CALL),
        **dict.fromkeys(("function_call_output", "custom_tool_call_output"), _OUTPUT),
    },
    default="message",
)
_BODY: Grammar = {
    **dict.fromkeys(
        ("model", "instructions", "stream", "stream_options", "parallel_tool_calls", "max_output_tokens",
         "temperature", "top_p", "user", "safety_identifier", "metadata"),
        READ,
    ),
    "input": Each(_ITEM),
    "tools": Each(Kinds({"function": dict.fromkeys(("type", "name", "description", "parameters", "strict"), READ)})),
    "tool_choice": {"type": Only(("function",)), "name": READ},
    "reasoning": {"effort": READ, "summary": Only(("auto",)), "generate_summary": Only(("auto",))},
    "text": {
        "format": {"type": Only(("text", "json_object", "json_schema")), "name": READ, "schema": READ, "strict": READ},
        "verbosity": Only(("medium",)),
    },
    "include": Only((["reasoning.encrypted_content"],)),
    "truncation": Only(("disabled",)),
    "service_tier": Only(("auto", "default")),
}  # fmt: skip


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of the request the canonical request has no word for. A continued response is one such thing."""
    return unread_of(read_json(body), _BODY)
