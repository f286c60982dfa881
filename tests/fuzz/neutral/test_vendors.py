"""The vendors' own SDKs read what is declared neutral as a `must` as they read the stream itself.

What one of them does not stand is a `should` at most: nobody can ask more of a reader than the vendor's own gives. The
tables name these, and here they are shown.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from harness.catalogue.loader import load_catalogue
from harness.fuzz.neutral import neutral_variants
from harness.fuzz.stream import Stream, catalogue_streams
from harness.fuzz.variant import Variant
from harness.lint.spec import spec

DIALECTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama")
FAMILIES = ("canary", "thinking", "tool-calls", "usage")
OF_HTTP = {"chunk-extension", "content-coding", "content-type", "gzip-members", "header-case", "transfer"}
"""What is not in the body: tests/fuzz/neutral/test_over_http.py has it."""
STREAMS = 5
"""How many streams of each dialect are read."""
REFUSED = {
    "openai-chat": {"retry-alone"},
    "openai-responses": {"retry-alone"},
    "anthropic-messages": {"byte-order-mark"},
    "gemini": {
        *("byte-order-mark", "comment", "comment-inside", "id-line", "no-space"),
        *("retry-alone", "retry-line", "unknown-line"),
    },
    "ollama": {"blank-line"},
}
"""What each vendor's own SDK reads otherwise, or not at all, of streams whose first frame has no content."""


def said(dialect: str, pieces: list[bytes]) -> Any:
    """What the vendor's SDK makes of the pieces; of an exception, its type."""
    sdk = import_module(f"tests.dialects.vendors.{dialect.replace('-', '_')}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # words that the SDK's types do not know
        try:
            return sdk.streamed(pieces)
        except Exception as error:  # whatever a reader raises is what its user sees
            return type(error)


def reads(variant: Variant | Stream) -> list[bytes]:
    return [chunk.data for chunk in variant.response.chunks]


@cache
def streams(dialect: str) -> list[tuple[Stream, Any]]:
    """Streams that the SDK reads without an error, and what it says of them."""
    scenarios = [each for each in load_catalogue().scenarios if each.family in FAMILIES]
    found = []
    for stream in catalogue_streams(scenarios, [dialect]):
        if len(stream.body) < 4000 and (intact := said(dialect, reads(stream))) and type(intact) is not type:
            found.append((stream, intact))
    return [each for each in found if each[1].error is None and each[1].text][:STREAMS]


@cache
def read_otherwise(dialect: str) -> dict[str, str]:
    """The mutations that the SDK reads otherwise than the stream itself, each with an example in words."""
    examples: dict[str, str] = defaultdict(str)
    for stream, intact in streams(dialect):
        for variant in neutral_variants(stream, 3):
            if variant.family not in OF_HTTP and (seen := said(dialect, reads(variant))) != intact:
                examples[variant.family] = f"{stream.id}: {variant.words}: {seen}"
    return examples


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_vendors_own_sdk_reads_every_must_without_a_change(dialect: str) -> None:
    assert len(streams(dialect)) == STREAMS
    neutral = spec(dialect).neutral
    assert {name: words for name, words in read_otherwise(dialect).items() if neutral[name].level == "must"} == {}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_it_does_not_read_is_known(dialect: str) -> None:
    assert set(read_otherwise(dialect)) == REFUSED[dialect]


def test_a_byte_order_mark_costs_a_user_of_openais_sdk_the_first_delta_without_a_word() -> None:
    chunk = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[%s]}\n\n'
    text = (chunk % '{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}').encode()
    end = (chunk % '{"index":0,"delta":{},"finish_reason":"stop"}' + "data: [DONE]\n\n").encode()
    assert said("openai-chat", [text, end]).text == "Hi"
    marked = said("openai-chat", [b"\xef\xbb\xbf" + text, end])
    assert (marked.text, marked.finish, marked.error) == ("", "stop", None)
