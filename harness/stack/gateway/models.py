"""The lists of models that clients ask for, in the form of each vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.stack.gateway.settings import GatewaySettings

_CREATED = 1767225600  # the first second of 2026, as in the answers
_CREATED_AT = "2026-01-01T00:00:00Z"
OLLAMA_VERSION = "0.12.0"
"""The version of Ollama's interface that is spoken."""


def model_names(settings: GatewaySettings) -> list[str]:
    """The models that the gateway knows by name: its aliases, and what its upstreams were told to use."""
    fixed = [target.model for target in settings.upstreams if target.model]
    return list(dict.fromkeys([*settings.models, *fixed]))


def openai_list(names: Sequence[str]) -> dict[str, Any]:
    """The list as OpenAI has it."""
    return {"object": "list", "data": [openai_model(name) for name in names]}


def openai_model(name: str) -> dict[str, Any]:
    """A model as OpenAI has it."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "harness"}


def anthropic_list(names: Sequence[str]) -> dict[str, Any]:
    """The list as Anthropic has it."""
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return {"data": [anthropic_model(name) for name in names], "has_more": False, **ends}


def anthropic_model(name: str) -> dict[str, Any]:
    """A model as Anthropic has it."""
    return {"type": "model", "id": name, "display_name": name, "created_at": _CREATED_AT}


def gemini_list(names: Sequence[str]) -> dict[str, Any]:
    """The list as Gemini has it."""
    return {"models": [gemini_model(name) for name in names]}


def gemini_model(name: str) -> dict[str, Any]:
    """A model as Gemini has it."""
    methods = ["generateContent", "streamGenerateContent"]
    return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}


def ollama_list(names: Sequence[str]) -> dict[str, Any]:
    """The list as Ollama has it."""
    return {"models": [{"name": name, "model": name, "modified_at": _CREATED_AT, "size": 0} for name in names]}


def listed(path: str, headers: Mapping[str, str], names: Sequence[str]) -> dict[str, Any]:
    """The list in the form that goes with the path and the headers."""
    if path.startswith("/v1beta/"):
        return gemini_list(names)
    if path.startswith("/api/"):
        return ollama_list(names)
    return anthropic_list(names) if "anthropic-version" in headers else openai_list(names)


def described(path: str, headers: Mapping[str, str], name: str) -> dict[str, Any]:
    """One model in the form that goes with the path and the headers."""
    if path.startswith("/v1beta/"):
        return gemini_model(name)
    return anthropic_model(name) if "anthropic-version" in headers else openai_model(name)
