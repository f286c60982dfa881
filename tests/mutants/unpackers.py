"""Clients that do not undo what encodes an answer: content codings, media types, escapes, characters."""

from __future__ import annotations

import re
import unicodedata

import httpx
import msgspec

from harness.events import AnyEvent, Text, ToolCall
from tests.mutants.machine import Mutant

KNOWN_TYPES = ("text/event-stream", "application/x-ndjson", "application/json")


def _does_not_unpack(response: httpx.Response) -> httpx.Response:
    response.headers.pop("content-encoding", None)
    return response


def _knows_the_types_of_the_manual(response: httpx.Response) -> httpx.Response:
    if response.is_success and response.headers.get("content-type") not in KNOWN_TYPES:
        response.status_code = 502
    return response


def _leaves_escapes(data: bytes) -> bytes:
    return re.sub(rb"\\(/|u00[0-9a-f]{2})", rb"\\\\\1", data)


def _unescapes_fragments(event: AnyEvent) -> list[AnyEvent]:
    if not isinstance(event, ToolCall):
        return [event]
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), event.arguments)
    return [msgspec.structs.replace(event, arguments=plain)]


def _trims(event: AnyEvent) -> list[AnyEvent]:
    if not isinstance(event, Text):
        return [event]
    trimmed = event.text.strip()
    return [msgspec.structs.replace(event, text=trimmed)] if trimmed else []


def _drops_what_has_no_width(event: AnyEvent) -> list[AnyEvent]:
    if not isinstance(event, Text):
        return [event]
    wide = "".join(letter for letter in event.text if unicodedata.category(letter) not in ("Cf", "Mn"))
    return [msgspec.structs.replace(event, text=wide)]


UNPACKERS = (
    Mutant(
        "forgets-to-unpack",
        "accepts content codings and reads the packed bytes",
        kills=(
            "encoding/gzip-flushed-after-each-event",
            "encoding/deflate",
            "encoding/first-coding-that-is-accepted",
            "encoding/gzip-cut-anywhere",
        ),
        response=_does_not_unpack,
    ),
    Mutant(
        "types-of-the-manual",
        "compares the content type with the strings of the manual",
        kills=("encoding/content-type-with-charset",),
        response=_knows_the_types_of_the_manual,
    ),
    Mutant(
        "leaves-escapes",
        "takes strings out of the JSON with a pattern, escapes and all",
        kills=("encoding/escapes-nobody-needs",),
        reads=_leaves_escapes,
    ),
    Mutant(
        "unescapes-fragments",
        "undoes the escapes of each piece of a call's arguments before it parses them",
        kills=("encoding/escapes-inside-arguments",),
        events=_unescapes_fragments,
    ),
    Mutant(
        "trims-deltas",
        "trims each delta, and skips those that are empty then",
        kills=("encoding/white-space-of-every-kind",),
        events=_trims,
    ),
    Mutant(
        "drops-what-has-no-width",
        "drops characters that nobody sees alone",
        kills=("encoding/graphemes-over-several-deltas",),
        events=_drops_what_has_no_width,
    ),
)
