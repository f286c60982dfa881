"""Gateways that translate requests wrongly: each has a mistake that a real one had."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from harness.request import ImagePart, Message, Part, ReasoningPart, Request, TextPart, ToolCallPart, ToolResultPart
from tests.mutants.asking import parts, without
from tests.mutants.gateway_machine import MutantGateway

Payload = dict[str, Any]
ANTHROPIC, CHAT, GEMINI = ("anthropic-messages",), ("openai-chat",), ("gemini",)
_CONTROLS = ("max_output_tokens", "temperature", "top_p", "stop")
_RARE = ("top_k", "seed", "presence_penalty", "frequency_penalty", "response_format")


def _request(*slugs: str) -> tuple[str, ...]:
    return tuple(f"translate-request/{slug}" for slug in slugs)


def _unset(*names: str) -> Any:
    return lambda request: replace(request, **dict.fromkeys(names))


def _demanded(body: Payload) -> Payload:
    return body | {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}}


def _cut(request: Request) -> Request:
    """Ids with the letters that are taken, and no longer than they may be."""

    def each(part: Part) -> list[Part]:
        match part:
            case ToolCallPart(id=id):
                return [replace(part, id=_stem(id))]
            case ToolResultPart(tool_call_id=id):
                return [replace(part, tool_call_id=_stem(id))]
        return [part]

    return parts(each)(request)


def _stem(id: str) -> str:
    return re.sub(r"_[0-9a-f]{8}$", "", id)[:24]


def _without_words(body: Payload) -> Payload:
    """A turn with results is those results."""
    for said in body["messages"]:
        if isinstance(said["content"], list) and any(block["type"] == "tool_result" for block in said["content"]):
            said["content"] = [block for block in said["content"] if block["type"] == "tool_result"]
    return body


def _images_as_letters(part: Part) -> list[Part]:
    return [TextPart(part.url or part.data) if isinstance(part, ImagePart) else part]


def _plain_declarations(body: Payload) -> Payload:
    for tool in body.get("tools", []):
        for declaration in tool["functionDeclarations"]:
            if "parametersJsonSchema" in declaration:
                declaration["parameters"] = declaration.pop("parametersJsonSchema")
    return body


def _stripped_declarations(body: Payload) -> Payload:
    for tool in body.get("tools", []):
        for declaration in tool["functionDeclarations"]:
            schema = declaration.get("parametersJsonSchema", {})
            fields = schema.get("properties", {})
            schema["properties"] = {name: field for name, field in fields.items() if "const" not in field}
    return body


def _signed_by_nobody(body: Payload) -> Payload:
    thought = {"type": "thinking", "thinking": "They greet me.", "signature": "skip_thought_signature_validator"}
    for said in body["messages"]:
        if said["role"] == "assistant":
            said["content"] = [thought, *said["content"]]
    return body


def _typed_items_alone(body: Payload) -> Payload:
    items = body["input"] if isinstance(body["input"], list) else []
    return body | {"input": [item for item in items if item.get("type") == "message"] or "Hello"}


def _text_arguments(body: Payload) -> Payload:
    for said in body["messages"]:
        for call in said.get("tool_calls", []):
            call["function"]["arguments"] = "{}"
    return body


def _without_developers(body: Payload) -> Payload:
    talk = "messages" if "messages" in body else "input"
    if isinstance(body[talk], list):
        body[talk] = [said for said in body[talk] if said.get("role") != "developer"]
    return body


def _cut_names(request: Request) -> Request:
    return replace(request, tools=[replace(tool, name=tool.name[:10]) for tool in request.tools or []])


def _long_names(body: Payload) -> Payload:
    for tool in body.get("tools", []):
        tool["function"]["name"] += "_and_a_tool_with_a_longer_name_than_any"
    return body


def _letters(body: Payload) -> Payload:
    return body | {"stop_sequences": [*"".join(body.get("stop_sequences", []))]}


def _big_budget(body: Payload) -> Payload:
    return body | {"thinking": {"type": "enabled", "budget_tokens": 16384}}


def _heard_without(name: str) -> Any:
    return lambda body: {key: value for key, value in body.items() if key != name}


def _sent_with(**fields: Any) -> Any:
    return lambda body: body | fields


def _no_rounds(request: Request) -> Request:
    return without(ToolCallPart, ToolResultPart, ImagePart)(request)


def _last_system(request: Request) -> Request:
    talk = [said for said in request.messages if said.role not in ("system", "developer")]
    return replace(request, system=None, messages=talk or [Message("user", [TextPart("Hello")])])


BRIDGES = (
    MutantGateway(
        "demands-a-tool-for-the-switch",
        "has to make a choice up to hold the switch, and makes up the strongest",
        kills=_request("parallel-switch-demands-no-tool"),
        sends=_demanded,
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "drops-the-switch",
        "does not know that calls can be asked for one at a time",
        kills=_request("parallel-switch-demands-no-tool", "parallel-switch-beside-a-named-tool"),
        asks=_unset("parallel_tool_calls"),
    ),
    MutantGateway(
        "forwards-the-talk-alone",
        "forwards the model, the messages and the tools",
        kills=_request(
            "every-control-arrives",
            "nucleus-beside-a-temperature",
            "top-k-and-seed",
            "penalties",
            "answer-by-a-schema",
            "limit-under-its-old-name",
            "stop-as-one-text",
        ),
        asks=_unset(*_CONTROLS, *_RARE),
        serves=("openai-chat", "anthropic-messages", "gemini"),
    ),
    MutantGateway(
        "one-of-two-samplings",
        "drops the nucleus beside a temperature, as a vendor's manual advises",
        kills=_request("every-control-arrives", "nucleus-beside-a-temperature"),
        asks=lambda request: request if request.temperature is None else replace(request, top_p=None),
    ),
    MutantGateway(
        "knows-the-common-settings",
        "has a table of settings that ends with the stop sequences",
        kills=_request("top-k-and-seed", "penalties", "answer-by-a-schema"),
        asks=_unset(*_RARE),
        serves=("openai-chat", "gemini", "ollama"),
    ),
    MutantGateway(
        "reads-the-new-limit-alone",
        "reads the limit of the output under its present name",
        kills=_request("limit-under-its-old-name"),
        hears=_heard_without("max_tokens"),
        serves=CHAT,
    ),
    MutantGateway(
        "passes-small-limits-on",
        "sends a limit as it came",
        kills=_request("limit-below-the-least"),
        sends=_sent_with(max_output_tokens=8),
        upstreams=("openai-responses",),
    ),
    MutantGateway(
        "sends-no-limit",
        "sends a limit where one was asked for, and none where none was",
        kills=_request("no-limit-where-one-is-demanded"),
        sends=_heard_without("max_tokens"),
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "one-scale-for-all",
        "takes a temperature for the same number everywhere",
        kills=_request("temperature-above-the-highest"),
        sends=_sent_with(temperature=1.5),
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "a-text-is-a-list",
        "goes through the stop sequences one by one, and through the letters of a text",
        kills=_request("stop-as-one-text"),
        sends=_letters,
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "counts-no-stop-sequences",
        "sends all stop sequences that there are",
        kills=_request("more-stop-sequences-than-taken"),
        sends=_sent_with(stop=[*"abcdef"]),
        upstreams=CHAT,
    ),
    MutantGateway(
        "budget-by-a-table",
        "has a number of tokens for each effort, and does not look at the limit",
        kills=_request("thinking-within-a-small-limit"),
        sends=_big_budget,
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "knows-three-roles",
        "skips messages of a role that it does not know",
        kills=_request("developer-speaks"),
        hears=_without_developers,
        serves=("openai-chat", "openai-responses"),
    ),
    MutantGateway(
        "loses-the-system",
        "takes the system text for the upstream's own affair",
        kills=_request(
            "developer-speaks", "no-limit-where-one-is-demanded", "tool-round-with-words", "items-of-every-shape"
        ),
        asks=_last_system,
        serves=("openai-chat", "openai-responses"),
    ),
    MutantGateway(
        "dots-are-lines",
        "writes a line for each letter that is not taken in a tool's name",
        kills=_request("tool-name-with-dots"),
        asks=_cut_names,
        upstreams=ANTHROPIC,
        serves=("gemini", "ollama"),
    ),
    MutantGateway(
        "names-have-no-limit",
        "sends a tool's name however long it is",
        kills=_request("tool-names-too-long"),
        sends=_long_names,
        upstreams=CHAT,
        serves=("openai-responses", "anthropic-messages"),
    ),
    MutantGateway(
        "cuts-ids",
        "replaces strange letters of an id and cuts off what is too long",
        kills=_request("call-ids-with-strange-letters", "call-ids-too-long"),
        asks=_cut,
    ),
    MutantGateway(
        "forwards-texts-alone",
        "knows blocks of text, and skips all others",
        kills=_request(
            "tool-round-with-words",
            "words-beside-a-result",
            "image-that-a-tool-gave",
            "image-by-its-address",
            "items-of-every-shape",
            "call-ids-with-strange-letters",
            "arguments-that-are-no-object",
        ),
        asks=_no_rounds,
        serves=("openai-chat", "openai-responses", "anthropic-messages"),
    ),
    MutantGateway(
        "a-result-is-the-whole-turn",
        "takes a user's turn with a result in it for that result",
        kills=_request("words-beside-a-result"),
        hears=_without_words,
        serves=ANTHROPIC,
    ),
    MutantGateway(
        "writes-images-out",
        "puts an image's letters into the text",
        kills=_request("image-that-a-tool-gave", "image-by-its-address"),
        asks=parts(_images_as_letters),
    ),
    MutantGateway(
        "knows-images-by-their-bytes",
        "skips images that are not in the request itself",
        kills=_request("image-by-its-address"),
        asks=parts(lambda part: [] if isinstance(part, ImagePart) and part.url else [part]),
    ),
    MutantGateway(
        "sends-any-schema",
        "takes a vendor's own schemas for JSON schemas",
        kills=_request("schema-beyond-the-subset"),
        sends=_plain_declarations,
        upstreams=GEMINI,
    ),
    MutantGateway(
        "strips-schemas",
        "strips out of each schema what once was refused, with the fields that it stands in",
        kills=_request("schema-beyond-the-subset"),
        sends=_stripped_declarations,
        upstreams=GEMINI,
    ),
    MutantGateway(
        "signs-by-itself",
        "writes a word for a signature where there is none",
        kills=_request("thinking-that-nobody-signed"),
        sends=_signed_by_nobody,
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "has-no-place-for-thinking",
        "sends words and calls back, and not what the model thought",
        kills=_request("thinking-goes-back"),
        asks=without(ReasoningPart),
        upstreams=("openai-chat", "ollama"),
    ),
    MutantGateway(
        "items-have-a-type",
        "reads the items of an input by a type that messages may leave out",
        kills=_request("items-of-every-shape"),
        hears=_typed_items_alone,
        serves=("openai-responses",),
    ),
    MutantGateway(
        "arguments-are-a-text",
        "sends the arguments of a call as the text that they were",
        kills=_request("arguments-that-are-no-object"),
        sends=_text_arguments,
        upstreams=("ollama",),
        serves=CHAT,
    ),
)
