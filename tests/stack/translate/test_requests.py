"""Any request becomes one that any vendor accepts, and says the same but for what is named."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from harness.dialects import dialect, dialect_names
from harness.request import Request, TextPart, ToolResultPart
from harness.stack.translate.request_table import request_losses
from harness.stack.translate.requests import prepared, translate_request
from tests.stack.translate.asked import any_requests, instructions_of, letters, settings_of, talk_of

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
every_dialect = pytest.mark.parametrize("name", dialect_names())
every_pair = pytest.mark.parametrize(("source", "target"), list(product(dialect_names(), dialect_names())))


@every_dialect
@EXAMPLES
@given(asked=any_requests)
def test_any_request_becomes_one_that_the_vendor_accepts(name: str, asked: Request) -> None:
    target = dialect(name)
    ready = prepared(asked, target)
    built = target.build_request(ready.request, "sk-test")
    assert target.validate(built.path, built.headers, built.body) == []
    assert prepared(ready.request, target).request == ready.request
    assert {loss.what for loss in (*ready.losses, *built.losses)} <= {*request_losses(name)}


NO_TOOLS: dict[str, Any] = {"tools": [], "strict": [], "tool_choice": None}
WORDS_LOST = {"empty-text", "empty-message", "part-misplaced", "result-repeated"}


@every_dialect
@EXAMPLES
@given(asked=any_requests)
def test_no_words_are_lost_unless_that_is_named(name: str, asked: Request) -> None:
    target = dialect(name)
    ready = prepared(asked, target)
    built = target.build_request(ready.request, "sk-test")
    read = target.read_request(built.path, built.headers, built.body)
    arrived = letters([json.dumps([*_words(read), read.system or ""], ensure_ascii=False).replace("\\n", "\n")])
    lost = {loss.what for loss in (*ready.losses, *built.losses)}
    missing = [
        word
        for word in (*_words(asked), asked.system or "")
        if letters([json.dumps(word, ensure_ascii=False)[1:-1].replace("\\n", "\n")]) not in arrived
    ]
    assert not missing or lost & WORDS_LOST


def _words(asked: Request) -> list[str]:
    said = [part for message in asked.messages for part in message.content]
    texts = [part.text for part in said if isinstance(part, TextPart)]
    return [*texts, *(part.content for part in said if isinstance(part, ToolResultPart))]


@every_pair
@settings(EXAMPLES, max_examples=25)
@given(asked=any_requests)
def test_there_and_back_a_request_says_the_same_but_for_what_is_named(source: str, target: str, asked: Request) -> None:
    first, other = dialect(source), dialect(target)
    written = first.build_request(prepared(asked, first).request, "sk-test")
    there = translate_request(first, other, written.path, written.headers, written.body, "sk-test")
    assert other.validate(there.path, there.headers, there.body) == []
    back = translate_request(other, first, there.path, there.headers, there.body, "sk-test")
    assert first.validate(back.path, back.headers, back.body) == []
    was = first.read_request(written.path, written.headers, written.body)
    became = first.read_request(back.path, back.headers, back.body)
    lost = {loss.what for loss in (*there.losses, *back.losses)}
    assert not any(name.startswith("unread-") for name in lost)
    wanted, seen = settings_of(was, lost), settings_of(became, lost)
    if was.max_output_tokens is None:  # Anthropic demands one
        wanted["max_output_tokens"] = seen.get("max_output_tokens")
    if "tool-renamed" in lost:
        wanted, seen = wanted | NO_TOOLS, seen | NO_TOOLS
    assert seen == wanted
    assert instructions_of(became) == instructions_of(was)
    if not lost & {"system-position", "results-moved", "tool-result-media", "user-message-made", "tool-renamed"}:
        assert talk_of(became, lost) == talk_of(was, lost)
