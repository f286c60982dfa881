"""Sample findings of the linter in the streams of made-up endpoints, honest ones and hostile ones."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from harness.lint.finding import Finding, Level
from harness.lint.record import LintRecord
from harness.lint.standing import lint_record
from harness.lint.streams import LintedStream, NotLinted
from harness.recording.importers.imported import REBUILT_FRAMES

from .sample_hostile import ALL, BODY, SCRIPT

FRAME = b'data: {"id": "c", "choices": [{"delta": {"content": "Hi"}}]}\n\n'


def stream_of(
    provider: str,
    *findings: tuple[str, Level, int],
    dialect: str = "openai-chat",
    number: int = 0,
    body: bytes = FRAME,
    note: str = "",
) -> LintedStream:
    """One stream of an endpoint, and the rules that it breaks, each with its level and its byte."""
    found = tuple(Finding(rule, level, offset, f"{rule} at {offset}") for rule, level, offset in findings)
    return LintedStream(Path("/somewhere/else/heard.jsonl"), number, dialect, provider, body, found, note)


def small_lint() -> LintRecord:
    """Five endpoints in two dialects: one keeps every rule, one was recorded without its framing."""
    return lint_record(
        [
            stream_of("acme", ("field-type", "must", 0), ("role-missing", "should", 0)),
            stream_of("acme", number=1),
            stream_of("zeta", ("done-missing", "must", len(FRAME)), ("role-missing", "should", 0), number=2),
            stream_of("faithful", number=3),
            stream_of("payloads", number=4, note=REBUILT_FRAMES),
            stream_of("acme", ("field-usual", "may", 0), dialect="gemini", number=5),
            NotLinted(Path("/somewhere/else/heard.jsonl"), 6, "it was answered with status 400"),
        ]
    )


def hostile_lint() -> LintRecord:
    """Names, messages and bytes that attack whoever looks at them; a dialect and rules that nobody knows."""
    rule: tuple[str, Level, int] = (ALL, "must", 3)
    seen = [
        stream_of(ALL, rule, ("field-type", "may", 0), body=BODY),
        stream_of("main", rule, body=BODY),
        stream_of("m/ain", rule, body=b"\x00\xff<"),
        stream_of("m-ain", rule, dialect="gemini", body=BODY),
    ]
    record = lint_record([*seen, NotLinted(Path(ALL), None, ALL)])
    endpoints = (replace(each, dialect=SCRIPT) if each.dialect == "gemini" else each for each in record.endpoints)
    return replace(record, endpoints=tuple(endpoints))
