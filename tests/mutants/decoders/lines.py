"""Readers that know server-sent events and their JSON from one example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from harness.events import AnyEvent, Text
from tests.mutants.decoders import answers
from tests.mutants.decoders.careful import CHAT, GEMINI, MESSAGES, planted
from tests.mutants.decoders.pipeline import (
    Broken,
    Frames,
    Headers,
    Message,
    Reads,
    lines,
    messages,
    texts,
    unpacked,
)


def framed(by: Any) -> Frames:
    """The messages that `by` makes of whole lines."""
    return lambda reads: by(lines(texts(reads)))


def split_at_unicode_ends(reads: Reads) -> Iterator[Message]:
    return messages("".join(texts(reads)).splitlines())


def lf_alone(reads: Reads) -> Iterator[Message]:
    return messages("".join(texts(reads)).split("\n"))


def blank_lines_of_lf(reads: Reads) -> Iterator[Message]:
    for block in "".join(texts(reads)).split("\n\n"):
        yield from messages([*filter(None, block.splitlines()), ""])


def no_bare_cr(reads: Reads) -> Iterator[Message]:
    return messages("".join(texts(reads)).replace("\r\n", "\n").split("\n"))


def mark_not_dropped(reads: Reads) -> Iterator[Message]:
    return messages(lines(read.decode() for read in [b"".join(reads)]))


def data_with_a_space(found: Iterable[str]) -> Iterator[Message]:
    for line in found:
        if line.startswith("data: "):
            yield Message(None, line.removeprefix("data: "))


def six_letters(found: Iterable[str]) -> Iterator[Message]:
    for line in found:
        if line.startswith("data:"):
            yield Message(None, line[6:])


def every_line_is_data(found: Iterable[str]) -> Iterator[Message]:
    for line in found:
        if line:
            yield Message(None, line.removeprefix("data:").strip())


def field_and_value(found: Iterable[str]) -> Iterator[Message]:
    for line in filter(None, found):
        field, value = line.split(": ", 1)
        if field == "data":
            yield Message(None, value)


def each_data_line(found: Iterable[str]) -> Iterator[Message]:
    for line in found:
        if line.startswith("data:"):
            yield Message(None, line.removeprefix("data:").strip())


def last_data_line(found: Iterable[str]) -> Iterator[Message]:
    data = ""
    for line in found:
        if line.startswith("data:"):
            data = line.removeprefix("data:").strip()
        elif not line and data:
            yield Message(None, data)
            data = ""


def name_then_data(found: Iterable[str]) -> Iterator[Message]:
    ahead = iter(found)
    for line in ahead:
        if line.startswith("event:"):
            data = next(ahead)
            yield Message(line.removeprefix("event:").strip(), data.removeprefix("data:").strip())


def two_blank_lines_end(found: Iterable[str]) -> Iterator[Message]:
    def until_the_end() -> Iterator[str]:
        before = ""
        for number, line in enumerate(found):
            if number and not line and not before:
                return
            yield line
            before = line

    return messages(until_the_end())


def dispatched_without_data(found: Iterable[str]) -> Iterator[Message]:
    data: list[str] = []
    for line in found:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").strip())
        elif not line:
            yield Message(None, "\n".join(data))
            data = []


def line_limit(reads: Reads) -> Iterator[Message]:
    def short() -> Iterator[str]:
        for line in lines(texts(reads)):
            if len(line) > 65_536:
                raise ValueError("Separator is not found, and chunk exceed the limit")
            yield line

    return messages(short())


def header_by_its_case(headers: Headers, reads: Reads) -> Iterable[bytes]:
    if not headers["content-type"].startswith("text/event-stream"):
        raise Broken("no event stream")
    return unpacked(headers, reads)


def coding_not_asked_for(headers: Headers, reads: Reads) -> Iterable[bytes]:
    return reads


def words_by_pattern(found: Iterable[Message]) -> Iterator[AnyEvent]:
    for message in found:
        for said in re.findall(r'"content":"((?:[^"\\]|\\.)*)"', message.data):
            yield Text(json.loads(f'"{said}"'))
        if '"finish_reason":"stop"' in message.data:
            yield answers.finish("stop")


def own_escapes(found: Iterable[Message]) -> Iterator[AnyEvent]:
    """Undoes the escapes that it has seen: of quotes, backslashes, and ends of lines."""
    known = {"n": "\n", '"': '"', "\\": "\\", "t": "\t"}
    for message in found:
        for said in re.findall(r'"content": *"((?:[^"\\]|\\.)*)"', message.data):
            yield Text(re.sub(r"\\(.)", lambda escape: known.get(escape[1], escape[0]), said))


def surrogates_apart(found: Iterable[Message]) -> Iterator[AnyEvent]:
    def undone(escape: re.Match[str]) -> str:
        return chr(int(escape[1], 16)).encode("utf-8", "replace").decode()

    readable = (Message(each.event, re.sub(r"\\u([dD][89a-fA-F][0-9a-fA-F]{2})", undone, each.data)) for each in found)
    return answers.openai_chat(readable)


LINES = (
    planted(
        "unicode-line-ends",
        "splits lines as the language does, at U+2028 too",
        "neutral",
        "separators",
        CHAT,
        frames=split_at_unicode_ends,
    ),
    planted("lf-alone", "knows LF as the only line end", "neutral", "short", CHAT, frames=lf_alone),
    planted(
        "blank-lines-of-lf",
        "knows any line end, but looks for two LF to tell events apart",
        "neutral",
        "short",
        CHAT,
        frames=blank_lines_of_lf,
    ),
    planted("no-bare-cr", "does not know CR as a line end", "neutral", "short", CHAT, frames=no_bare_cr),
    planted("mark-not-dropped", "keeps the byte order mark", "neutral", "gemini", GEMINI, frames=mark_not_dropped),
    planted(
        "data-with-a-space",
        "takes the space behind the colon for a part of the field's name",
        "neutral",
        "short",
        CHAT,
        frames=framed(data_with_a_space),
    ),
    planted(
        "six-letters",
        "cuts six characters off each data line, space or none",
        "neutral",
        "short",
        CHAT,
        frames=framed(six_letters),
    ),
    planted(
        "comment-is-data",
        "takes every line that is not blank for data",
        "neutral",
        "short",
        CHAT,
        frames=framed(every_line_is_data),
    ),
    planted(
        "field-and-value",
        "takes every line apart at a colon and a space",
        "neutral",
        "short",
        CHAT,
        frames=framed(field_and_value),
    ),
    planted(
        "each-data-line",
        "takes each data line for an event",
        "neutral",
        "short",
        CHAT,
        frames=framed(each_data_line),
    ),
    planted(
        "last-data-line",
        "keeps the last data line of an event",
        "neutral",
        "messages",
        MESSAGES,
        frames=framed(last_data_line),
    ),
    planted(
        "name-then-data",
        "takes the line after the name for the data",
        "neutral",
        "messages",
        MESSAGES,
        frames=framed(name_then_data),
    ),
    planted(
        "two-blank-lines-end",
        "takes a second blank line for the end",
        "neutral",
        "short",
        CHAT,
        frames=framed(two_blank_lines_end),
    ),
    planted(
        "dispatched-without-data",
        "hands on events that have no data",
        "neutral",
        "gemini",
        GEMINI,
        frames=framed(dispatched_without_data),
    ),
    planted(
        "line-limit",
        "has sixty-four kilobytes for a line",
        "neutral",
        "wide",
        CHAT,
        frames=line_limit,
    ),
    planted(
        "header-by-its-case",
        "knows headers by the case in which it saw them",
        "neutral",
        "short",
        CHAT,
        unpack=header_by_its_case,
    ),
    planted(
        "coding-not-undone",
        "does not unpack what comes packed",
        "neutral",
        "short",
        CHAT,
        unpack=coding_not_asked_for,
    ),
    planted(
        "words-by-pattern",
        "finds words in the JSON by a pattern that knows no space",
        "neutral",
        "short",
        CHAT,
        answer=words_by_pattern,
    ),
    planted(
        "own-escapes",
        "undoes the escapes that it has seen, and no others",
        "neutral",
        "words",
        CHAT,
        answer=own_escapes,
    ),
    planted(
        "surrogates-apart",
        "undoes each half of a surrogate pair on its own",
        "neutral",
        "faces",
        CHAT,
        answer=surrogates_apart,
    ),
)
