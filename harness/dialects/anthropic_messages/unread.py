"""What of a Messages request is read; everything else is named."""

from __future__ import annotations

from collections.abc import Mapping

from harness.dialects.base import Loss
from harness.dialects.decoding import read_json
from harness.dialects.unread import READ, Each, Grammar, Kinds, Only, unread_of

_BETA = "anthropic-beta"
_BASE64: Grammar = {"type": READ, "media_type": READ, "data": READ}
_URL: Grammar = {"type": READ, "url": READ}
_MEDIA: dict[str, Grammar] = {
    "text": {"type": READ, "text": READ, "citations": READ},
    "image": {"type": READ, "source": Kinds({"base64": _BASE64, "url": _URL})},
    "document": {"type": READ, "title": READ, "source": Kinds({"base64": _BASE64, "url": _URL, "text": _BASE64})},
}
_RESULT: Grammar = {"type": READ, "tool_use_id": READ, "is_error": READ, "content": Each(Kinds(_MEDIA))}
_BLOCK = Kinds(
    {
        **_MEDIA,
        "thinking": {"type": READ, "thinking": READ, "signature": READ},
        "redacted_thinking": {"type": READ, "data": READ},
        "tool_use": {"type": READ, "id": READ, "name": READ, "input": READ},
        "tool_result": _RESULT,
    }
)
_TOOL: Grammar = dict.fromkeys(("type", "name", "description", "input_schema", "strict"), READ)
_BODY: Grammar = {
    **dict.fromkeys(
        ("model", "stream", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences"),
        READ,
    ),
    "messages": Each({"role": Only(("user", "assistant", "system")), "content": Each(_BLOCK)}),
    "system": Each(Kinds({"text": {"type": READ, "text": READ}})),
    "tools": Each(Kinds({"custom": _TOOL}, default="custom")),
    "tool_choice": {"type": READ, "name": READ, "disable_parallel_tool_use": READ},
    "thinking": {"type": Only(("enabled", "disabled")), "budget_tokens": READ},
    "output_config": {"effort": READ, "format": {"type": Only(("json_schema",)), "schema": READ}},
    "output_format": {"type": Only(("json_schema",)), "schema": READ},
    "metadata": {"user_id": READ},
    "service_tier": Only(("auto",)),
}


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of the request the canonical request has no word for; the betas that its header asks for are one thing."""
    betas = (Loss(f"unread-{_BETA}", headers[_BETA][:120]),) if headers.get(_BETA) else ()
    return (*unread_of(read_json(body), _BODY), *betas)
