"""A scenario's responses for people: what is sent when, and how it ends."""

from __future__ import annotations

import re

from harness.cli.wire_text import wire_text
from tests.runner.made import scenario


def test_each_attempt_is_a_block_with_its_chunks() -> None:
    answers = [
        {"error": "rate_limit", "headers": {"retry-after": "3"}},
        {"events": [{"text": "Hi"}, {"finish": "stop"}]},
    ]
    first, second = wire_text(scenario(responses=answers), "ollama").split("\n\n")
    assert first.startswith("attempt 1: HTTP 429\n")
    assert "\n  retry-after: 3\n" in first
    assert second.startswith("attempt 2: HTTP 200\n  content-type: application/x-ndjson\n")
    assert second.endswith("\n  ends: clean")


def test_pauses_and_bytes_that_are_no_text_are_shown() -> None:
    odd = {"body": b"a\xffb", "faults": [{"pause": {"after_bytes": 1, "seconds": 2}}]}
    shown = wire_text(scenario(responses={"ollama": [odd]}), "ollama")
    assert shown.splitlines()[-3:] == ["  'a'", r"  (after 2 s) '\\xffb'", "  ends: clean"]


def test_gates_and_codings_are_shown() -> None:
    events = [{"text": ["Hi, ", "you"]}, {"finish": "stop"}]
    gate = {"gate": {"after_events": 1, "until_text": "Hi,"}}
    shown = wire_text(scenario(responses=[{"events": events, "faults": [gate, {"encode": "br"}]}]), "ollama")
    assert "\n  (when the caller has 'Hi,') '{" in shown
    assert re.fullmatch(r"  in br, where the request accepts it: \d+ bytes in 3 chunks", shown.splitlines()[-1])
    counted = {"gate": {"after_events": 1, "until_events": 1}}
    assert "(when the caller has 1 events with content) " in wire_text(
        scenario(responses=[{"events": events, "faults": [counted]}]), "ollama"
    )


def test_a_connection_without_a_status_line_says_so() -> None:
    shown = wire_text(scenario(responses=[{"connection": "reset"}]), "gemini")
    assert shown == "attempt 1: no status line\n  ends: reset"


def test_a_dialect_that_cannot_say_it_says_why() -> None:
    only = scenario(responses={"ollama": [{"body": "{}"}]})
    assert wire_text(only, "gemini").startswith("gemini cannot express this scenario: ")
