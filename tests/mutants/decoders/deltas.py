"""Readers that think that what a delta brings is whole, first, last, or known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from harness.events import AnyEvent, Finish, Reasoning, Text, ToolCall, Usage
from tests.mutants.decoders import answers
from tests.mutants.decoders.careful import CHAT, GEMINI, MESSAGES, OLLAMA, planted
from tests.mutants.decoders.pipeline import Broken, Message


def tag_is_a_delta(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    inside = False
    for event in answers.openai_chat(messages):
        if isinstance(event, Text) and event.text in ("<think>", "</think>"):
            inside = event.text == "<think>"
        elif isinstance(event, Text) and inside:
            yield Reasoning(event.text)
        else:
            yield event


def tag_in_a_delta(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    inside = False
    for event in answers.openai_chat(messages):
        if not isinstance(event, Text):
            yield event
            continue
        before, opened, rest = event.text.partition("<think>")
        inside = inside or bool(opened)
        said, closed, after = (rest if opened else before).partition("</think>")
        if opened and before:
            yield Text(before)
        if said:
            yield Reasoning(said) if inside else Text(said)
        inside = inside and not closed
        if after:
            yield Text(after)


def empty_is_the_end(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    begun = False
    for event in messages:
        said = [choice["delta"].get("content") for choice in chunk(event).get("choices") or ()]
        if begun and "" in said:
            break
        begun = begun or any(said)
        yield from quietly(answers.openai_chat, [event])


def words_stripped(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    for event in answers.openai_chat(messages):
        yield Text(event.text.strip()) if isinstance(event, Text) else event


def arguments_parsed_per_delta(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    for event in answers.openai_chat(messages):
        if isinstance(event, ToolCall) and event.arguments:
            json.loads(event.arguments)
        yield event


def arguments_with_the_last(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    last: ToolCall | None = None
    for event in answers.openai_chat(messages):
        if isinstance(event, ToolCall) and event.arguments:
            last = event
        elif isinstance(event, Finish) and last:
            yield last
            yield event
        else:
            yield event


def fragments_by_position(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Each delta with calls is the next call, unless it says what the one before did not."""
    made = -1
    for event in answers.openai_chat(messages):
        if isinstance(event, ToolCall):
            made += 1 if event.id or not event.arguments.strip() else 0
            yield ToolCall(max(made, 0), event.id, event.name, event.arguments)
        else:
            yield event


def usage_is_the_end(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    for event in answers.gemini(messages):
        yield event
        if isinstance(event, Usage):
            return


def first_usage_stands(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Takes the usage from the chunk that has no choices, and knows no other place."""
    for message in messages:
        told = chunk(message)
        if told.get("usage") and told.get("choices"):
            del told["usage"]
        yield from quietly(answers.openai_chat, [Message(None, json.dumps(told))])


def finish_is_the_end(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Reads the chunk with the stop reason to its end, and no chunk behind it."""
    for message in messages:
        said = list(quietly(answers.openai_chat, [message]))
        yield from said
        if any(isinstance(event, Finish) for event in said):
            return


def chunk(message: Message) -> dict[str, Any]:
    """The chunk of a chat completion; empty for the end marker."""
    return {} if message.data == "[DONE]" else answers.parsed(message.data)


def quietly(answer: Any, messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """What an answer says before it complains of its end."""
    try:
        yield from answer(messages)
    except Broken as broken:
        if "came" not in str(broken):
            raise


def pings_unknown(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    def known() -> Iterator[Message]:
        for message in messages:
            if message.event == "ping":
                raise KeyError(message.event)
            yield message

    return answers.anthropic_messages(known())


def events_unknown(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    def known() -> Iterator[Message]:
        for message in messages:
            if not answers.parsed(message.data)["type"].startswith(("message_", "content_block_", "ping")):
                raise KeyError(message.event)
            yield message

    return answers.anthropic_messages(known())


def fields_unknown(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    def known() -> Iterator[Message]:
        for message in messages:
            extra = set(chunk(message)) - {"id", "object", "created", "model", "choices", "usage", "error"}
            if extra:
                raise TypeError(f"unexpected {sorted(extra)}")
            yield message

    return answers.openai_chat(known())


def first_key(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Tells what a line is by its first field."""

    def begun_with_model() -> Iterator[Message]:
        for message in messages:
            if next(iter(answers.parsed(message.data))) == "model":
                yield message

    return answers.ollama(begun_with_model())


def last_key(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Takes the last field of an event for what it is about."""
    for message in messages:
        told = answers.parsed(message.data)
        if list(told)[-1] == "delta" and "text" in told["delta"]:
            yield Text(told["delta"]["text"])


def first_part(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    for message in messages:
        candidate = answers.parsed(message.data)["candidates"][0]
        yield Text(candidate["content"]["parts"][0]["text"])
        if candidate.get("finishReason"):
            yield answers.finish(candidate["finishReason"])


def empty_content_is_done(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    for message in messages:
        line = answers.parsed(message.data)
        if not line["message"]["content"]:
            break
        yield Text(line["message"]["content"])


DELTAS = (
    planted("tag-is-a-delta", "knows a tag when it is a delta", "neutral", "thinking", CHAT, answer=tag_is_a_delta),
    planted("tag-in-a-delta", "looks for tags in each delta", "neutral", "thinking", CHAT, answer=tag_in_a_delta),
    planted(
        "empty-is-the-end", "takes a delta without words for the end", "neutral", "short", CHAT, answer=empty_is_the_end
    ),
    planted("words-stripped", "strips each delta", "neutral", "letters", CHAT, answer=words_stripped),
    planted(
        "arguments-per-delta",
        "parses the arguments of each delta",
        "neutral",
        "call",
        CHAT,
        answer=arguments_parsed_per_delta,
    ),
    planted(
        "arguments-of-the-last",
        "keeps the arguments that came last",
        "neutral",
        "call",
        CHAT,
        answer=arguments_with_the_last,
    ),
    planted(
        "fragments-by-position",
        "counts fragments to know whose they are",
        "neutral",
        "call",
        CHAT,
        answer=fragments_by_position,
    ),
    planted("usage-is-the-end", "stops at the usage", "neutral", "gemini", GEMINI, answer=usage_is_the_end),
    planted(
        "usage-in-its-own-chunk",
        "looks for the usage in a chunk of its own",
        "neutral",
        "short",
        CHAT,
        answer=first_usage_stands,
    ),
    planted(
        "finish-is-the-end",
        "stops at the stop reason, wherever the usage comes",
        "neutral",
        "counted",
        CHAT,
        answer=finish_is_the_end,
    ),
    planted("pings-unknown", "fails on pings", "neutral", "messages", MESSAGES, answer=pings_unknown),
    planted("events-unknown", "fails on events that are new", "neutral", "messages", MESSAGES, answer=events_unknown),
    planted("fields-unknown", "fails on fields that are new", "neutral", "short", CHAT, answer=fields_unknown),
    planted("first-key", "tells lines apart by their first field", "neutral", "ollama", OLLAMA, answer=first_key),
    planted("last-key", "tells events apart by their last field", "neutral", "messages", MESSAGES, answer=last_key),
    planted("first-part", "takes the first part of each chunk", "neutral", "gemini", GEMINI, answer=first_part),
    planted(
        "empty-line-is-done",
        "takes a line without words for the last",
        "neutral",
        "ollama",
        OLLAMA,
        answer=empty_content_is_done,
    ),
)
