"""Readers that think that a read is something: a text, a line, an event, an object, or the whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import pairwise

from harness.events import AnyEvent
from tests.mutants.decoders import answers
from tests.mutants.decoders.careful import CHAT, GEMINI, MESSAGES, OLLAMA, planted
from tests.mutants.decoders.pipeline import (
    Headers,
    Message,
    Reads,
    json_lines,
    lines,
    lines_by_lf,
    messages,
    sse,
    texts,
)


def replaced_per_read(reads: Reads) -> Iterator[Message]:
    return messages(lines(read.decode("utf-8", "replace") for read in reads))


def ignored_per_read(reads: Reads) -> Iterator[Message]:
    return messages(lines(read.decode("utf-8", "ignore") for read in reads))


def strict_per_read(reads: Reads) -> Iterator[Message]:
    for line in lines_by_lf(read.decode() for read in reads):
        if line:
            yield Message(None, line)


def lines_per_read(reads: Reads) -> Iterator[Message]:
    return messages(line for text in texts(reads) for line in text.split("\n"))


def event_per_read(reads: Reads) -> Iterator[Message]:
    for text in texts(reads):
        if text.startswith("data: "):
            yield Message(None, text.removeprefix("data: ").strip())


def object_per_read(reads: Reads) -> Iterator[Message]:
    for text in texts(reads):
        if text:
            yield Message(None, text)


def objects_that_parse(reads: Reads) -> Iterator[Message]:
    for text in texts(reads):
        for line in text.split("\n"):
            try:
                json.loads(line)
            except ValueError:
                continue
            yield Message(None, line)


def rest_thrown_away(reads: Reads) -> Iterator[Message]:
    pending = ""
    for text in texts(reads):
        pending += text
        if "\n\n" in pending:
            *whole, _ = pending.split("\n\n")
            yield from messages(line for block in whole for line in (*block.split("\n"), ""))
            pending = ""


def rest_kept_twice(reads: Reads) -> Iterator[Message]:
    pending = ""
    for text in texts(reads):
        *whole, rest = (pending + text).split("\n\n")
        yield from messages(line for block in whole for line in (*block.split("\n"), ""))
        pending = rest or pending


def delimiter_in_read(reads: Reads) -> Iterator[Message]:
    pending = ""
    for text in texts(reads):
        pending += text
        if "\n\n" in text:
            *whole, pending = pending.split("\n\n")
            yield from messages(line for block in whole for line in (*block.split("\n"), ""))


def four_bytes_in_read(reads: Reads) -> Iterator[Message]:
    pending = ""
    for text in texts(reads):
        pending += text
        if "\r\n\r\n" in text:
            *whole, pending = pending.split("\r\n\r\n")
            yield from messages(line for block in whole for line in (block, ""))


def first_event_of_read(reads: Reads) -> Iterator[Message]:
    pending = ""
    for text in texts(reads):
        pending += text
        if "\n\n" in pending:
            whole, _, pending = pending.partition("\n\n")
            yield from messages([*whole.split("\n"), ""])


def cr_at_the_boundary(reads: Reads) -> Iterator[Message]:
    def split() -> Iterator[str]:
        pending = ""
        for text in texts(reads):
            *whole, pending = (pending + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
            yield from whole

    return messages(split())


def by_name(found: Iterable[Message]) -> Iterator[AnyEvent]:
    """Anthropic's events, told apart by their names alone."""
    return answers.anthropic_messages(message for message in found if message.event)


def done_in_read(reads: Reads) -> Iterator[Message]:
    def until_done() -> Iterator[str]:
        for text in texts(reads):
            if "[DONE]" in text:
                return
            yield text

    return messages(lines(until_done()))


def done_ends_a_read(reads: Reads) -> Iterator[Message]:
    whole = ""
    for text in texts(reads):
        if text.endswith("[DONE]\n\n"):
            yield from messages(lines([whole, text]))
            return
        whole += text


def blank_reads_skipped(reads: Reads) -> Iterator[Message]:
    return sse(read for read in reads if read.strip())


def reads_stripped(reads: Reads) -> Iterator[Message]:
    return messages(lines(text.strip(" ") for text in texts(reads)))


def same_read_twice(reads: Reads) -> Iterator[Message]:
    def fresh() -> Iterator[bytes]:
        before = b""
        for read in reads:
            if read != before:
                yield read
            before = read

    return sse(fresh())


def one_read_behind(reads: Reads) -> Iterator[Message]:
    return sse(before for before, _ in pairwise(reads))


def first_read_sniffed(reads: Reads) -> Iterator[Message]:
    def sniffed() -> Iterator[bytes]:
        for number, read in enumerate(reads):
            if number == 0 and not read.startswith(b"data:"):
                raise ValueError("this is no event stream")
            yield read

    return sse(sniffed())


def name_per_read(reads: Reads) -> Iterator[Message]:
    """The name of an event is looked for in the read that its data ends in."""
    pending = ""
    for text in texts(reads):
        named = "event: " in text
        *whole, pending = (pending + text).split("\n\n")
        if whole and not named:
            continue
        yield from messages(line for block in whole for line in (*block.split("\n"), ""))


def big_reads_cut(reads: Reads) -> Iterator[Message]:
    return sse(read[:512] for read in reads)


def gunzipped_per_read(headers: Headers, reads: Reads) -> Iterable[bytes]:
    return (gzip.decompress(read) for read in reads)


def last_line_dropped(reads: Reads) -> Iterator[Message]:
    """What has no line end at the end of a read waits, but not for long: the next read throws it away."""
    for text in texts(reads):
        for line in text.split("\n")[:-1]:
            yield Message(None, line)


def quotes_counted(reads: Reads) -> Iterator[Message]:
    """Objects are found by their braces; whether a brace stands in a string is forgotten with each read."""
    pending, depth = "", 0
    for text in texts(reads):
        quoted = escaped = False
        for letter in text:
            pending += letter
            if quoted:
                quoted, escaped = (escaped or letter != '"'), not escaped and letter == "\\"
            elif letter == '"':
                quoted = True
            elif letter in "{}":
                depth += 1 if letter == "{" else -1
            if depth == 0 and not quoted:
                if pending.strip():
                    yield Message(None, pending)
                pending = ""


def chunked_json_lines(reads: Reads) -> Iterator[Message]:
    """Complete lines of a read are read; then the buffer begins anew with the *next* read."""
    pending = b""
    for read in reads:
        pending += read
        if read.endswith(b"\n"):
            yield from json_lines([pending])
            pending = b""
        elif b"\n" in read:
            yield from json_lines([pending[: pending.rfind(b"\n") + 1]])
            pending = b""


READS = (
    planted(
        "utf8-replaced-per-read",
        "decodes each read on its own, and replaces what it cannot decode",
        "cuts",
        "words",
        CHAT,
        frames=replaced_per_read,
    ),
    planted(
        "utf8-ignored-per-read",
        "decodes each read on its own, and leaves out what it cannot decode",
        "cuts",
        "messages",
        MESSAGES,
        frames=ignored_per_read,
    ),
    planted(
        "utf8-strict-per-read",
        "decodes each read on its own, and fails where a character is cut",
        "cuts",
        "ollama",
        OLLAMA,
        frames=strict_per_read,
    ),
    planted("lines-per-read", "splits each read into lines", "cuts", "short", CHAT, frames=lines_per_read),
    planted("event-per-read", "takes each read for one event", "cuts", "short", CHAT, frames=event_per_read),
    planted("object-per-read", "parses each read as one object", "cuts", "ollama", OLLAMA, frames=object_per_read),
    planted(
        "objects-that-parse",
        "skips what does not parse, which is every line that two reads share",
        "cuts",
        "ollama",
        OLLAMA,
        frames=objects_that_parse,
    ),
    planted(
        "line-without-end-dropped",
        "takes the lines of each read, and forgets the last, which has no end yet",
        "cuts",
        "ollama",
        OLLAMA,
        frames=last_line_dropped,
    ),
    planted(
        "ends-of-lines-only",
        "empties its buffer after the lines that are whole, though the next has begun",
        "cuts",
        "ollama",
        OLLAMA,
        frames=chunked_json_lines,
    ),
    planted(
        "rest-thrown-away",
        "empties its buffer after the events that are whole, though the next has begun",
        "cuts",
        "short",
        CHAT,
        frames=rest_thrown_away,
    ),
    planted(
        "delimiter-in-read",
        "looks for the blank line in what has come, not in what is there",
        "cuts",
        "messages",
        MESSAGES,
        frames=delimiter_in_read,
    ),
    planted(
        "first-event-of-read",
        "takes one event from its buffer a read, and never catches up",
        "cuts",
        "short",
        CHAT,
        frames=first_event_of_read,
    ),
    planted(
        "cr-at-the-boundary",
        "makes LF of CRLF in what has come, so that a CR and an LF of two reads are two line ends",
        "cuts",
        "messages-crlf",
        MESSAGES,
        frames=cr_at_the_boundary,
        answer=by_name,
    ),
    planted(
        "four-bytes-in-read",
        "looks for the CRLF CRLF of Gemini in what has come",
        "cuts",
        "gemini",
        GEMINI,
        frames=four_bytes_in_read,
    ),
    planted(
        "done-in-read",
        "stops at the read that has the end marker in it, before anything else in it is read",
        "cuts",
        "short",
        CHAT,
        frames=done_in_read,
    ),
    planted(
        "done-ends-a-read",
        "knows that it is over when a read ends with the end marker",
        "cuts",
        "short",
        CHAT,
        frames=done_ends_a_read,
    ),
    planted(
        "blank-reads-skipped",
        "skips reads of white space alone, which may be the blank line",
        "cuts",
        "short",
        CHAT,
        frames=blank_reads_skipped,
        at_most=2,
    ),
    planted("reads-stripped", "strips each read", "cuts", "short", CHAT, frames=reads_stripped),
    planted(
        "same-read-twice",
        "takes a read that is like the one before for one that came twice",
        "cuts",
        "letters",
        CHAT,
        frames=same_read_twice,
        at_most=3,
    ),
    planted(
        "one-read-behind",
        "looks at a read when the next one comes, and so never at the last",
        "cuts",
        "short",
        CHAT,
        frames=one_read_behind,
    ),
    planted(
        "first-read-sniffed",
        "tells a stream from an error by how the first read begins",
        "cuts",
        "short",
        CHAT,
        frames=first_read_sniffed,
    ),
    planted(
        "name-per-read",
        "looks for the name of an event in the read that brings its end",
        "cuts",
        "messages",
        MESSAGES,
        frames=name_per_read,
    ),
    planted(
        "quotes-per-read",
        "counts braces, and forgets with each read whether it is inside a string",
        "cuts",
        "ollama",
        OLLAMA,
        frames=quotes_counted,
    ),
    planted(
        "big-reads-cut",
        "has half a kilobyte for a read, and drops what is beyond",
        "cuts",
        "short",
        CHAT,
        frames=big_reads_cut,
    ),
    planted(
        "gunzipped-per-read",
        "unpacks each read on its own",
        "cuts",
        "short",
        CHAT,
        unpack=gunzipped_per_read,
        packed=True,
    ),
)
