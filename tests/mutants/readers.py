"""Clients that read the bytes wrongly."""

from __future__ import annotations

import re

from harness.events import AnyEvent, End, Finish
from tests.mutants.machine import ByteFilter, EventFilter, Mutant, end_as, stops_after

SSE = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")
BROKEN_FRAME = b'data: {"type":"error","error":{"message":"cannot parse the line","code":500}}\n\n'


def _utf8_per_read(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode()


def _split_lines(data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\u2028\u2029\u0085]", "\n\n", text).encode("utf-8", "surrogateescape")


def _first_event_of_read(data: bytes) -> bytes:
    end = data.find(b"\n\n")
    return data if end < 0 else data[: end + 2]


def _first_line_of_read(data: bytes) -> bytes:
    return data[: data.find(b"\n") + 1] if b"\n" in data else data


def _fails_on(pattern: bytes) -> ByteFilter:
    return lambda data: re.sub(pattern, BROKEN_FRAME, data, flags=re.MULTILINE)


def _first_id_only() -> ByteFilter:
    answer = b""

    def change(data: bytes) -> bytes:
        nonlocal answer
        if found := re.search(rb'"id":"(.*?)"', data):
            answer = answer or found[1]
            return data if found[1] == answer else b""
        return data

    return change


def _half_characters(data: bytes) -> bytes:
    return re.sub(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", rb"\\ufffd", data)


def _needs_parts(data: bytes) -> bytes:
    return re.sub(rb'(?m)^data: .*"content":\{"role":"model"\}.*\n\n', BROKEN_FRAME, data)


def _needs_done() -> EventFilter:
    """Completed only if a Warning did not say that the marker is missing."""
    seen: list[AnyEvent] = []

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        seen.append(event)
        missing = any(getattr(each, "rule", "") == "sse-done-missing" for each in seen)
        return [end_as(event, "truncated") if missing and isinstance(event, End) else event]

    return hand_on


READERS = (
    Mutant(
        "utf8-per-read",
        "decodes each network read on its own, and replaces what it cannot decode",
        kills=(
            "framing/one-byte-per-chunk",
            "framing/three-bytes-per-chunk",
            "framing/cut-inside-utf8-character",
        ),
        reads=_utf8_per_read,
    ),
    Mutant(
        "unicode-line-ends",
        "splits lines as the language does, also at U+2028, U+2029 and U+0085",
        kills=("framing/unicode-line-separators-in-text",),
        reads=_split_lines,
    ),
    Mutant(
        "lf-only",
        "knows LF as the only line end, so that a blank line of CRLF is none",
        kills=("framing/crlf-line-ends", "framing/crlf-cut-between-cr-and-lf"),
        reads=lambda data: data.replace(b"\r", b" "),
        dialects=SSE,
    ),
    Mutant(
        "one-event-per-read",
        "takes the first event of each network read for the whole of it",
        kills=("framing/whole-body-in-one-chunk",),
        reads=_first_event_of_read,
        dialects=SSE,
    ),
    Mutant(
        "one-line-per-read",
        "parses each network read as one line",
        kills=("framing/whole-body-in-one-chunk", "framing/ollama-lines-cut-and-glued"),
        reads=lambda data: _first_line_of_read(data + b"\n") if data else b"",
        dialects=("ollama",),
    ),
    Mutant(
        "fails-on-comments",
        "takes every line that is not empty for data",
        kills=("framing/keep-alive-comments",),
        reads=_fails_on(rb"^:.*\n\n"),
        dialects=SSE,
    ),
    Mutant(
        "fails-on-events-without-data",
        "parses the data of events that have none",
        kills=("framing/fields-that-carry-no-data",),
        reads=_fails_on(rb"^(retry|id|event|unknown): ?[a-z0-9]+\n\n"),
        dialects=("openai-chat", "gemini"),
    ),
    Mutant(
        "strips-six-characters",
        "cuts six characters off each data line, space or no space",
        kills=("framing/no-space-after-colon",),
        reads=lambda data: data.replace(b"data:{", b"data: "),
        dialects=SSE,
    ),
    Mutant(
        "each-data-line-an-event",
        "reads each data line of an event on its own",
        kills=("framing/data-over-several-lines",),
        reads=lambda data: data.replace(b"\ndata:", b"\n\ndata:"),
        dialects=("openai-chat",),
    ),
    Mutant(
        "first-line-names-the-event",
        "looks at the first line of an event to see what all of it is",
        kills=("framing/comments-glued-to-the-end-marker",),
        reads=_fails_on(rb"^(:.*\n)+data: .*\n\n"),
        dialects=SSE,
    ),
    Mutant(
        "fails-on-pings",
        "knows the events of the first example in the manual, and fails on every other",
        kills=("framing/anthropic-pings",),
        reads=_fails_on(rb"^event: ping\n.*\n\n"),
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "closed-types",
        "refuses objects with a field that its types do not have",
        kills=("framing/unknown-fields",),
        reads=_fails_on(rb'^data: .*"(?:mood|x_new)":.*\n\n'),
        dialects=SSE,
    ),
    Mutant(
        "line-buffer",
        "has sixty-four kilobytes for a line",
        kills=("framing/huge-event",),
        reads=lambda data: data if len(data) <= 65_536 else BROKEN_FRAME,
        dialects=SSE,
    ),
    Mutant(
        "id-is-the-answer",
        "keeps the chunks that carry the first one's id",
        kills=("framing/every-chunk-has-another-id",),
        make_reads=_first_id_only,
        dialects=("openai-chat",),
    ),
    Mutant(
        "any-reason-is-the-end",
        "takes a finish reason that is not null for the end, empty or not",
        kills=("framing/finish-reason-empty",),
        reads=lambda data: data.replace(b'"finish_reason":""', b'"finish_reason":"stop"'),
        make_events=stops_after(Finish),
        dialects=("openai-chat",),
    ),
    Mutant(
        "half-characters",
        "replaces each half of a surrogate pair",
        kills=("framing/surrogate-pair-over-two-deltas", "encoding/emoji-as-escapes"),
        reads=_half_characters,
        dialects=("openai-chat",),
    ),
    Mutant(
        "parts-0",
        "takes the first part of each candidate, there or not",
        kills=("disconnects/gemini-last-event-without-parts",),
        reads=_needs_parts,
        dialects=("gemini",),
    ),
    Mutant(
        "demands-the-done-marker",
        "takes an answer without [DONE] for a broken one, whatever its stop reason said",
        kills=("framing/no-done-marker-after-stop-reason",),
        make_events=_needs_done,
        dialects=("openai-chat",),
    ),
)
