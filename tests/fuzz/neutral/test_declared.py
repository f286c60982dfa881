"""What is declared neutral: on whose word, and that our own lint finds nothing wrong with a `must`."""

from __future__ import annotations

import json

import pytest

from harness import lint
from harness.fuzz.neutral import neutral_variants
from harness.fuzz.stream import Stream
from harness.lint.spec import spec, spec_names
from tests.fuzz.neutral.made import stream_in

NEEDS_A_FLAW = {"raw-characters", "usage-late", "element-space", "merged-deltas"}
"""Mutations that the good streams have no place for."""


def good(name: str) -> Stream:
    """The good stream of a dialect's tables, as bytes."""
    tables = spec(name)
    return stream_in(name, b"".join(frame(payload, name) for payload in tables.good))


def frame(payload: object, name: str) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    if name == "ollama":
        return f"{text}\n".encode()
    named = f"event: {payload['type']}\n" if isinstance(payload, dict) and spec(name).named == "always" else ""
    return f"{named}data: {text}\n\n".encode()


@pytest.mark.parametrize("name", spec_names())
def test_each_is_declared_on_somebodys_word(name: str) -> None:
    tables = spec(name)
    assert tables.neutral
    for change in tables.neutral.values():
        assert change.says.endswith(".")
        assert tables.authorities[change.by]


@pytest.mark.parametrize("name", spec_names())
def test_lint_finds_nothing_wrong_with_what_is_declared_as_a_must(name: str) -> None:
    stream = good(name)
    assert lint(name, stream.body) == []
    tried = set()
    for variant in neutral_variants(stream, 40):
        tried.add(variant.family)
        if variant.level == "must":
            assert lint(name, variant.response.body) == [], variant.words
    assert set(spec(name).neutral) - tried <= NEEDS_A_FLAW
