"""Requests of every shape, sound and unsound, and what of a request two dialects must agree on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec
from hypothesis import strategies as st

from harness.request import (
    FilePart,
    ImagePart,
    Message,
    NamedTool,
    ReasoningPart,
    ReasoningSettings,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from harness.transcript import parse_arguments

EFFORTS = [None, "none", "minimal", "low", "medium", "high", "xhigh", "max"]
SCHEMAS: list[Any] = [
    None,
    {},
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": ["string", "null"], "const": 1}}, "$schema": "x"},
    {"type": "string"},
]

texts = st.sampled_from(["", "  ", "\n", "hi", "a b", "x ", "☃", "\ud800"]) | st.text(max_size=5)
ids = st.sampled_from(["", "call_1", "call_2", "functions.Bash:0", "a" * 70, "call_made_0", "é"])
names = st.sampled_from(["f", "get_weather", "mcp.server/tool", "t" * 90, "1x", "", "é", "a b"])
arguments = st.sampled_from(["{}", "", '{"a":1}', "[1]", "not json", '{"a":', '"x"', "null", " {}"])
data = st.sampled_from(["aGk=", "", "not base64", "aGk"])
types = st.sampled_from(["image/png", "image/bmp", "", "application/pdf", "audio/wav", "text/plain"])
urls = st.none() | st.sampled_from(["https://example.org/a.png", "gs://x/y", "ftp://x", "data:,x", ""])
tokens = st.sampled_from([None, "", "c2ln"])

images = st.builds(ImagePart, types, data, urls, st.sampled_from([None, "low"]))
files = st.builds(FilePart, types, data, urls, st.sampled_from([None, "a.pdf"]))
reasoning = st.builds(ReasoningPart, texts, tokens, tokens, tokens, st.sampled_from([None, "rs_1"]))
calls = st.builds(ToolCallPart, ids, names, arguments, st.sampled_from([None, "c2ln"]))
results = st.builds(ToolResultPart, ids, texts, st.booleans(), st.lists(images | files, max_size=2))
words = st.builds(TextPart, texts)
parts = words | images | files | reasoning | calls | results
messages = (
    st.builds(
        Message, st.sampled_from(["user", "assistant", "tool", "system", "developer"]), st.lists(parts, max_size=4)
    )
    | st.builds(Message, st.just("assistant"), st.lists(calls | words, max_size=3))
    | st.builds(Message, st.just("tool"), st.lists(results, max_size=2))
    | st.builds(Message, st.just("user"), st.lists(words, max_size=2))
)
tools = st.builds(
    Tool, names, st.sampled_from([None, "", "d"]), st.sampled_from(SCHEMAS), st.sampled_from([None, True, False])
)
numbers = st.none() | st.floats(-3, 3)
counts = st.none() | st.integers(-1, 200)
formats = st.builds(
    ResponseFormat,
    st.sampled_from(["json", "json_schema"]),
    st.sampled_from([None, {}, {"type": "object"}]),
    st.sampled_from([None, "n"]),
    st.sampled_from([None, True]),
)
any_requests = st.builds(
    Request,
    st.just("m"),
    st.lists(messages, max_size=6),
    system=st.none() | texts,
    stream=st.booleans(),
    tools=st.none() | st.lists(tools, max_size=3),
    tool_choice=st.sampled_from([None, "auto", "required", "none"]) | st.builds(NamedTool, names),
    parallel_tool_calls=st.sampled_from([None, True, False]),
    max_output_tokens=st.none() | st.integers(-1, 2000),
    temperature=numbers,
    top_p=numbers,
    stop=st.none() | st.lists(texts, max_size=6),
    reasoning=st.none() | st.builds(ReasoningSettings, st.sampled_from(EFFORTS), st.none() | st.integers(-1, 3000)),
    response_format=st.none() | formats,
    top_k=counts,
    seed=counts,
    presence_penalty=numbers,
    frequency_penalty=numbers,
    choices=counts,
    user=st.sampled_from([None, "", "u"]),
    metadata=st.sampled_from([None, {}, {"a": "b"}]),
)

EXCUSES = {
    "temperature": ("temperature",),
    "top-p": ("top_p",),
    "top-k": ("top_k",),
    "seed": ("seed",),
    "presence-penalty": ("presence_penalty",),
    "frequency-penalty": ("frequency_penalty",),
    "choices": ("choices",),
    "user": ("user",),
    "metadata": ("metadata",),
    "stop": ("stop",),
    "max-output-tokens": ("max_output_tokens",),
    "response-format": ("response_format",),
    "tool-choice": ("tool_choice",),
    "parallel-tool-calls": ("parallel_tool_calls",),
    "strict-tools": ("strict",),
    "reasoning-effort": ("reasoning",),
    "reasoning-budget": ("reasoning",),
    "reasoning-unsigned": ("reasoning",),
}
"""By the name of a loss, what of the settings it takes away."""

_SETTINGS = {
    "temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "choices", "user", "metadata",
    "stop", "max_output_tokens", "parallel_tool_calls",
}  # fmt: skip


def settings_of(asked: Request, lost: Iterable[str]) -> dict[str, Any]:
    """The settings in words that all dialects share, without those that a loss has taken away."""
    form, thinking = asked.response_format, asked.reasoning
    said: dict[str, Any] = {name: getattr(asked, name) for name in _SETTINGS}
    said["tools"] = sorted((tool.name, tool.description or "") for tool in asked.tools or [])
    said["strict"] = sorted(tool.name for tool in asked.tools or [] if tool.strict)
    choice = asked.tool_choice if asked.tools else None
    said["tool_choice"] = None if choice == "auto" else msgspec.to_builtins(choice)
    said["reasoning"] = None if thinking is None else thinking.effort != "none" and thinking.budget_tokens != 0
    said["response_format"] = None if form is None else (bool(form.schema), form.schema or None)
    if choice == "none":  # some dialects leave out the tools instead
        said |= {"tools": [], "strict": [], "tool_choice": None, "parallel_tool_calls": None}
    if said["parallel_tool_calls"]:
        said["parallel_tool_calls"] = None  # that is what all do by themselves
    excused = {field for name in lost for field in EXCUSES.get(name, ())}
    return {name: value for name, value in said.items() if name not in excused}


def talk_of(asked: Request, lost: Iterable[str]) -> list[tuple[str, Any]]:
    """Who says what, by turns: letters, media, calls and results, apart from each other; not what was lost."""
    gone = frozenset(lost)
    spoken = [
        ("user" if said.role == "tool" else said.role, part)
        for said in asked.messages
        for part in said.content
        if said.role not in ("system", "developer") and not _is_gone(part, gone)
    ]
    calls = [part.id for _, part in spoken if isinstance(part, ToolCallPart)]
    places = {id: place for place, id in enumerate(calls)}
    turns = [(side, [part for _, part in run]) for side, run in groupby(spoken, key=lambda pair: pair[0])]
    return [(side, _turn(turn, places, gone)) for side, turn in turns]


def _is_gone(part: Any, lost: frozenset[str]) -> bool:
    match part:
        case TextPart():
            return not part.text.strip()
        case ImagePart() | FilePart():
            return any(name.startswith(("image-", "file-")) for name in lost) or "assistant-image" in lost
        case ReasoningPart():
            return not part.text or any(name.startswith("reasoning-") for name in lost)
    return False


def _turn(turn: list[Any], places: dict[str, int], lost: frozenset[str]) -> dict[str, Any]:
    results = [part for part in turn if isinstance(part, ToolResultPart)]
    return {
        "letters": letters(part.text for part in turn if isinstance(part, TextPart)),
        "media": [part.url or part.data for part in turn if isinstance(part, ImagePart | FilePart)],
        "calls": [(part.name, _input(part.arguments)) for part in turn if isinstance(part, ToolCallPart)],
        "results": [
            (
                places.get(part.tool_call_id),
                letters([part.content]),
                [each.url or each.data for each in part.media if not _is_gone(each, lost)],
            )
            for part in results
        ],
        "errors": [] if "tool-result-error" in lost else [part.is_error for part in results],
        "reasoning": letters(part.text for part in turn if isinstance(part, ReasoningPart)),
    }


def _input(text: str) -> Any:
    found = parse_arguments(text or "{}")
    return {"arguments": text} if found is None else found  # as some dialects must say it


def letters(said: Iterable[str]) -> str:
    """The texts without white space; what is no character has become a mark."""
    return "".join("".join(said).split()).encode("utf-8", "replace").decode().replace("\ufffd", "?")


def instructions_of(asked: Request) -> str:
    """The letters of everything that the system and the developer say."""
    spoken = [said for said in asked.messages if said.role in ("system", "developer")]
    return letters(
        [asked.system or "", *(part.text for said in spoken for part in said.content if isinstance(part, TextPart))]
    )
