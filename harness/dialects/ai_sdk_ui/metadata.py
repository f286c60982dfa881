"""What a UI message carries beside its parts: usage in the AI SDK's words, signatures under its providers' names."""

from __future__ import annotations

from typing import Any, Literal

from harness.dialects.decoding import as_count, as_dict
from harness.events import Signature, Usage

SIGNATURES: tuple[tuple[str, str, Literal["signature", "redacted", "encrypted"]], ...] = (
    ("anthropic", "signature", "signature"),
    ("anthropic", "redactedData", "redacted"),
    ("openai", "reasoningEncryptedContent", "encrypted"),
    ("google", "thoughtSignature", "signature"),
    ("vertex", "thoughtSignature", "signature"),
)
"""(provider, field, form): where the AI SDK's providers keep what a vendor wants back.
Of a form, the first is written."""


def provider_metadata(signature: Signature) -> dict[str, dict[str, str]]:
    """The `providerMetadata` that carries a signature; that of a call under Google's name, which alone has some."""
    if signature.tool_index is not None:
        return {"google": {"thoughtSignature": signature.data}}
    vendor, field = next((vendor, field) for vendor, field, form in SIGNATURES if form == signature.form)
    item = {"itemId": signature.id} if signature.id and vendor == "openai" else {}
    return {vendor: {**item, field: signature.data}}


def usage_object(usage: Usage) -> dict[str, Any]:
    """Usage in the AI SDK's words: input includes what was cached, output includes what was thought."""
    total = None
    if usage.input_tokens is not None and usage.output_tokens is not None:
        total = usage.input_tokens + usage.output_tokens
    counts = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": total,
        "reasoningTokens": usage.reasoning_tokens,
        "cachedInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}


def read_usage(value: Any) -> Usage:
    """The counts of a `usage` in the message's metadata, in the forms of the AI SDK's last versions."""
    said = as_dict(value)
    inputs, outputs = as_dict(said.get("inputTokenDetails")), as_dict(said.get("outputTokenDetails"))
    return Usage(
        as_count(said.get("inputTokens")),
        as_count(said.get("outputTokens")),
        _first(said.get("reasoningTokens"), outputs.get("reasoningTokens")),
        _first(said.get("cachedInputTokens"), inputs.get("cacheReadTokens")),
        _first(said.get("cacheWriteInputTokens"), inputs.get("cacheWriteTokens")),
    )


def _first(*values: Any) -> int | None:
    return next((count for value in values if (count := as_count(value)) is not None), None)
