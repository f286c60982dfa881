"""The canonical request: what a scenario asks, and what an adapter is given. Absent means: not asked for.

`read_request` turns JSON data into it and says where the data is wrong; `to_dict` gives the JSON form back, without
the fields that were not asked for.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec


class _Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Frozen, and strict about unknown fields."""


class TextPart(_Record, frozen=True, tag_field="type", tag="text"):
    """Text of any role."""

    text: str


class ImagePart(_Record, frozen=True, tag_field="type", tag="image"):
    """An image: `data` is base64, or else `url` says where it is. The type may be empty for a `url`."""

    media_type: str = ""
    data: str = ""
    url: str | None = None
    detail: Literal["auto", "low", "high"] | None = None


class FilePart(_Record, frozen=True, tag_field="type", tag="file"):
    """A document or a sound, told apart by its type: `data` is base64, or else `url` says where it is."""

    media_type: str = ""
    data: str = ""
    url: str | None = None
    name: str | None = None


class ReasoningPart(_Record, frozen=True, tag_field="type", tag="reasoning"):
    """An assistant's earlier reasoning, with what its vendor wants back: a signature, redacted or encrypted data."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    encrypted: str | None = None
    id: str | None = None


class ToolCallPart(_Record, frozen=True, tag_field="type", tag="tool_call"):
    """An assistant's earlier tool call; `arguments` is the exact JSON string."""

    id: str
    name: str
    arguments: str
    signature: str | None = None


class ToolResultPart(_Record, frozen=True, tag_field="type", tag="tool_result"):
    """What a tool answered: its text, and behind it the images and files that it gave."""

    tool_call_id: str
    content: str
    is_error: bool = False
    media: list[ImagePart | FilePart] = []


Part: TypeAlias = TextPart | ImagePart | FilePart | ReasoningPart | ToolCallPart | ToolResultPart


class Message(_Record, frozen=True):
    """One turn. A string as `content` is read as one text part, an empty one as no part."""

    role: Literal["user", "assistant", "tool", "system", "developer"]
    content: list[Part]


class Tool(_Record, frozen=True):
    """A tool on offer; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    """Whether the arguments must keep to the schema."""


class NamedTool(_Record, frozen=True):
    """The tool choice that demands one tool."""

    name: str


class ReasoningSettings(_Record, frozen=True):
    """How much the model may think: an effort word, a token budget, or both."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    budget_tokens: int | None = None


class ResponseFormat(_Record, frozen=True):
    """The form of the answer's text: any JSON object, or what a JSON schema says. `name` and `strict` go with it."""

    type: Literal["json", "json_schema"]
    schema: dict[str, Any] | None = None
    name: str | None = None
    strict: bool | None = None


class Request(_Record, frozen=True):
    """A whole canonical request."""

    model: str
    messages: list[Message]
    system: str | None = None
    stream: bool = True
    tools: list[Tool] | None = None
    tool_choice: Literal["auto", "required", "none"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: list[str] | None = None
    reasoning: ReasoningSettings | None = None
    response_format: ResponseFormat | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    choices: int | None = None
    """How many answers are wanted."""
    user: str | None = None
    """Who asks, in a word that the vendor may know them by."""
    metadata: dict[str, str] | None = None


def read_request(data: Any) -> Request:
    """The request that JSON `data` describes.

    Raises `msgspec.ValidationError`, whose message names the field (`$.messages[0].role`).
    """
    return msgspec.convert(_with_part_lists(data), Request)


def to_dict(request: Request) -> dict[str, Any]:
    """The JSON form, without the fields that were not asked for (`stream` is always there)."""
    builtins: dict[str, Any] = msgspec.to_builtins(request)
    return {**builtins, "stream": request.stream}


def _with_part_lists(data: Any) -> Any:
    match data:
        case {"messages": list(messages)}:
            return {**data, "messages": [_with_part_list(message) for message in messages]}
    return data


def _with_part_list(message: Any) -> Any:
    match message:
        case {"content": str(text)}:
            return {**message, "content": [{"type": "text", "text": text}] if text else []}
    return message
