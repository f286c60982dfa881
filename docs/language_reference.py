"""The scenario language, key by key, from the models that read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_type_hints

from described import about, cell, parts_of, table, type_in_words

from harness import request
from harness.catalogue.canonical import DEFAULT_PROMPT, EVENT_TYPES, MODEL, STANDARD_TOOLS
from harness.catalogue.models import FEATURES, LACKS, Expectation, Response, Scenario
from harness.catalogue.records import Record
from harness.catalogue.requests import RequestExpectation
from harness.dialects import dialect_names
from harness.events import ErrorInfo

_AS_ASKED = "as in the [request](#request)"
_EXPECTED = get_type_hints(Expectation, include_extras=True)
_CANONICAL = ("messages", "last_messages", "tools", "tool_choice", "response_format")
WORDS: Mapping[type, Mapping[str, str]] = {
    Scenario: {
        "request": "[Request](#request)",
        "responses": "list of [Response](#response), or a mapping by dialect to one or to a list",
        "expect_in": "mapping by dialect to keys of [Expectation](#expectation)",
        "subjects": "`client`, `gateway`, or a list of both",
    },
    Response: {
        "events": "list of [events](#events)",
        "frames": "list of text or of a mapping",
        "body": "text or bytes",
    },
    Expectation: {name: f"{type_in_words(_EXPECTED[name])}; or one of them" for name in ("ending", "finish")},
    RequestExpectation: dict.fromkeys(_CANONICAL, _AS_ASKED),
    request.Request: {
        "messages": "list of [Message](#message), or text",
        "tools": "list of [Tool](#tool), or of names of [standard tools](#standard-tools)",
    },
}
"""Types that a file may write otherwise than the model holds them."""
IN_CODE_ALONE = {Response: frozenset({"wire"}), Scenario: frozenset({"id"})}
_PARTS = (
    *(request.TextPart, request.ImagePart, request.FilePart),
    *(request.ReasoningPart, request.ToolCallPart, request.ToolResultPart),
)
"""The parts of a message, which its `type` tells apart."""


def language() -> Iterator[str]:
    """The page."""
    yield from ("# Scenario language", "")
    yield "Every key of a scenario file, as the code that reads it says. [How to write one](../scenarios.md) shows them"
    yield "in use. Keys that are not here are refused, with what was probably meant."
    for kind in _sections(Scenario, Record):
        yield from _section(kind, 2)
    yield from _events()
    yield from _names()
    yield from _request()


def _sections(root: type, base: type) -> list[type]:
    """A model, and all that it is made of, each once, as they are met."""
    found: list[type] = []
    waiting = [root]
    while waiting:
        kind = waiting.pop(0)
        if kind not in found and issubclass(kind, base):
            found.append(kind)
            waiting += parts_of(kind)
    return found


def _section(kind: type, level: int) -> Iterator[str]:
    yield from ("", f"{'#' * level} {kind.__name__}", "", about(kind), "")
    yield from table(kind, WORDS.get(kind), IN_CODE_ALONE.get(kind, frozenset()))


def _events() -> Iterator[str]:
    yield from ("", "## Events", "")
    yield "What a server says, whatever the dialect. An event is a mapping with one key, its type:"
    yield "`{usage: {input_tokens: 9}}`; where one key matters most, its value will do: `{text: Hello}`. A list of"
    yield "texts stands for as many events."
    for name, kind in EVENT_TYPES.items():
        yield from ("", f"### {name}", "", about(kind), "")
        yield from table(kind, {"data": "JSON"} if name == "other" else None)
    yield from _section(ErrorInfo, 3)


def _names() -> Iterator[str]:
    yield from ("", "## Names", "", "### Dialects", "", ", ".join(f"`{name}`" for name in dialect_names()) + ".")
    yield from (
        "",
        "### Features",
        "",
        "What a system claims. What it does not claim is `unsupported`, never a failure.",
    )
    yield from ("", "| feature | a system that claims it |", "| --- | --- |")
    yield from (f"| `{name}` | {cell(words)} |" for name, words in FEATURES.items())
    yield from ("", "Among its features a system may also say what it does not have:", "")
    yield from (f"- `{name}`: {words}" for name, words in LACKS.items())
    yield from ("", "### Standard tools", "", "| tool | what it does | its parameters |", "| --- | --- | --- |")
    for name, tool in STANDARD_TOOLS.items():
        parameters = ", ".join(f"`{each}`" for each in tool["parameters"]["properties"])
        yield f"| `{name}` | {tool['description']} | {parameters} |"


def _request() -> Iterator[str]:
    yield from ("", "## Request", "")
    yield "The canonical request: what a scenario asks, and what an adapter is given. In a scenario `model` is"
    yield f"`{MODEL}` and `messages` is `{DEFAULT_PROMPT}` unless it says otherwise."
    yield from ("", *table(request.Request, WORDS[request.Request]))
    yield from ("", "### Message", "", about(request.Message), "")
    yield from table(request.Message, {"content": "list of parts (below), or text"})
    for kind in _PARTS:
        tag = kind.__struct_config__.tag
        yield from ("", f"### {kind.__name__}", "", about(kind), f"Its `type` is `{tag}`.", "")
        yield from table(kind)
    for kind in (request.Tool, request.NamedTool, request.ReasoningSettings, request.ResponseFormat):
        yield from _section(kind, 3)
