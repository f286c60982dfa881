"""Readers that do not tell their user that something is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from harness.events import AnyEvent, ToolCall
from tests.mutants.decoders import answers
from tests.mutants.decoders.careful import CHAT, GEMINI, MESSAGES, OLLAMA, planted
from tests.mutants.decoders.deltas import chunk
from tests.mutants.decoders.pipeline import Answer, Broken, Headers, Message, Reads, unpacked


def ends_quietly(answer: Answer) -> Answer:
    """The same answer, without complaint if it is not whole."""

    def quiet(messages: Iterable[Message]) -> Iterator[AnyEvent]:
        try:
            yield from answer(messages)
        except Broken as broken:
            if "came" not in str(broken) and "end" not in str(broken) and "last" not in str(broken):
                raise

    return quiet


def reset_is_the_end(headers: Headers, reads: Reads) -> Iterator[bytes]:
    try:
        yield from unpacked(headers, reads)
    except ConnectionError:
        return


def cut_json_skipped(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    def whole() -> Iterator[Message]:
        for message in messages:
            try:
                chunk(message)
            except Broken:
                continue
            yield message

    return answers.openai_chat(whole())


def errors_skipped(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    return answers.openai_chat(each for each in messages if "error" not in chunk(each))


def events_picked(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    known = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta")
    return answers.anthropic_messages(each for each in messages if each.event in (*known, "message_stop"))


def arguments_mended(messages: Iterable[Message]) -> Iterator[AnyEvent]:
    """Closes what is open in the arguments of a call that was cut, so that it can be made."""
    arguments = ""
    try:
        for event in answers.openai_chat(messages):
            if isinstance(event, ToolCall):
                arguments += event.arguments
            yield event
    except (Broken, ConnectionError):
        if not arguments:
            raise
        for missing in ("}", '"}', "null}", ':""}'):
            try:
                json.loads(arguments + missing)
            except ValueError:
                continue
            yield ToolCall(0, arguments=missing)
            yield answers.finish("tool_calls")
            return
        raise


ENDINGS = (
    planted(
        "end-is-success",
        "takes the end of the body for the end of the answer",
        "damage",
        "short",
        CHAT,
        answer=ends_quietly(answers.openai_chat),
    ),
    planted(
        "message-without-stop",
        "takes the end of the body for the end of the message",
        "damage",
        "messages",
        MESSAGES,
        answer=ends_quietly(answers.anthropic_messages),
    ),
    planted(
        "gemini-without-reason",
        "does not look for the reason why the model stopped",
        "damage",
        "gemini",
        GEMINI,
        answer=ends_quietly(answers.gemini),
    ),
    planted(
        "line-without-done",
        "does not look for the line that is the last",
        "damage",
        "ollama",
        OLLAMA,
        answer=ends_quietly(answers.ollama),
    ),
    planted(
        "reset-is-the-end",
        "takes a lost connection for the end of the body, and that for the end of the answer",
        "damage",
        "short",
        CHAT,
        unpack=reset_is_the_end,
        answer=ends_quietly(answers.openai_chat),
    ),
    planted(
        "cut-json-skipped",
        "skips messages that it cannot parse",
        "damage",
        "short",
        CHAT,
        answer=cut_json_skipped,
    ),
    planted("errors-skipped", "skips errors in the stream", "damage", "short", CHAT, answer=errors_skipped),
    planted(
        "error-event-skipped",
        "skips events that it does not know, errors among them",
        "damage",
        "messages",
        MESSAGES,
        answer=events_picked,
    ),
    planted(
        "arguments-mended",
        "closes the arguments of a call that was cut, so that it can be made",
        "damage",
        "call-in-pieces",
        CHAT,
        answer=arguments_mended,
    ),
)
