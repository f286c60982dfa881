"""What of a chat completion request is read; everything else is named."""

from __future__ import annotations

from collections.abc import Mapping

from harness.dialects.base import Loss
from harness.dialects.decoding import read_json
from harness.dialects.unread import READ, Each, Grammar, Kinds, Only, unread_of

_PART = Kinds(
    {
        "text": {"type": READ, "text": READ},
        "refusal": {"type": READ, "refusal": READ},
        "image_url": {"type": READ, "image_url": {"url": READ, "detail": READ}},
        "input_audio": {"type": READ, "input_audio": {"data": READ, "format": Only(("wav", "mp3"))}},
        "file": {"type": READ, "file": {"file_data": READ, "filename": READ}},
    }
)
_CALL: Grammar = {
    "id": READ,
    "index": READ,
    "type": Only(("function", "custom")),
    "function": {"name": READ, "arguments": READ},
    "custom": {"name": READ, "input": READ},
    "extra_content": {"google": {"thought_signature": READ}},
}
_INSTRUCTION: Grammar = {"role": READ, "content": Each(_PART)}
_ASSISTANT: Grammar = {
    "role": READ,
    "content": Each(_PART),
    "refusal": READ,
    "reasoning_content": READ,
    "reasoning": READ,
    "reasoning_details": READ,
    "tool_calls": Each(_CALL),
    "function_call": READ,
    "annotations": READ,
}
_RESULT: Grammar = {"role": READ, "content": Each(_PART), "tool_call_id": READ, "name": READ}
_MESSAGES = Kinds(
    {
        **dict.fromkeys(("user", "system", "developer"), _INSTRUCTION),
        "assistant": _ASSISTANT,
        **dict.fromkeys(("tool", "function"), _RESULT),
    },
    field="role",
)
_FUNCTION: Grammar = {"name": READ, "description": READ, "parameters": READ, "strict": READ}
_BODY: Grammar = {
    **dict.fromkeys(
        ("model", "stream", "parallel_tool_calls", "max_completion_tokens", "max_tokens", "temperature", "top_p",
         "stop", "reasoning_effort", "top_k", "seed", "presence_penalty", "frequency_penalty", "n", "user",
         "safety_identifier", "metadata"),
        READ,
    ),
    "messages": Each(_MESSAGES),
    "stream_options": {"include_usage": READ, "include_obfuscation": READ},
    "tools": Each(Kinds({"function": {"type": READ, "function": _FUNCTION}})),
    "tool_choice": {"type": Only(("function",)), "function": {"name": READ}},
    "reasoning": {"effort": READ, "max_tokens": READ, "enabled": READ},
    "response_format": {
        "type": Only(("json_object", "json_schema", "text")),
        "json_schema": {"name": READ, "schema": READ, "strict": READ},
    },
    "modalities": Only((["text"],)),
    "service_tier": Only(("auto", "default")),
    "verbosity": Only(("medium",)),
}  # fmt: skip


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of the request the canonical request has no word for."""
    return unread_of(read_json(body), _BODY)
