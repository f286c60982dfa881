"""Our own translation as a reader: a stream into every dialect at once."""

from __future__ import annotations

from dataclasses import replace

from harness.dialects import dialect_names
from harness.fuzz.outcome import EXACT, ORDER, differences
from harness.fuzz.subjects.translation import TranslationSubject
from harness.wire.response import Chunk
from tests.fuzz.given import stream_of

LINES = (
    b'{"model":"m","message":{"role":"assistant","content":"H\xc3\xa9"},"done":false}\n'
    b'{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":'
    b'{"a":1}}}]},"done":false}\n'
    b'{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",'
    b'"prompt_eval_count":3,"eval_count":2}\n'
)
STREAM = stream_of(LINES, "ollama")


def test_the_outcome_has_what_the_stream_becomes_in_each_dialect() -> None:
    outcome = TranslationSubject().outcome(STREAM, STREAM.response)
    assert outcome.transcript["text"] == "H\u00e9"
    assert set(outcome.extra) == {EXACT, *(f"in {name}" for name in dialect_names())}
    chat = outcome.extra["in openai-chat"]
    assert (chat["text"], chat["status"], chat[ORDER]) == ("H\u00e9", "completed", ["text", "tool_call"])
    assert [(call["name"], call["arguments"]) for call in chat["tool_calls"]] == [("f", '{"a":1}')]


def test_the_cutting_makes_no_difference() -> None:
    subject = TranslationSubject()
    intact = subject.outcome(STREAM, STREAM.response)
    cut = tuple(Chunk(LINES[at : at + 1]) for at in range(len(LINES)))
    assert differences(intact, subject.outcome(STREAM, replace(STREAM.response, chunks=cut)), exact=True) == []


def test_what_a_target_cannot_say_counts_only_where_nothing_but_the_cutting_changed() -> None:
    subject = TranslationSubject(["anthropic-messages"])
    intact = subject.outcome(STREAM, STREAM.response)
    more = replace(STREAM.response, chunks=(Chunk(LINES.replace(b'"done_reason"', b'"new":1,"done_reason"')),))
    exact = intact.extra[EXACT]
    assert exact["losses in anthropic-messages"] == ["tool-call-id-made"]
    assert exact["frames in anthropic-messages"].startswith("event: message_start\n")
    assert differences(intact, subject.outcome(STREAM, more)) == []


def test_what_one_target_loses_is_told_by_its_name() -> None:
    subject = TranslationSubject(["openai-chat"])
    intact = subject.outcome(STREAM, STREAM.response)
    shorter = replace(STREAM.response, chunks=(Chunk(LINES.replace(b"H\xc3\xa9", b"H")),))
    found = differences(intact, subject.outcome(STREAM, shorter))
    assert "in openai-chat: text changed: 'é' is missing" in [each.what for each in found]


def test_only_dialects_of_ours_are_taken() -> None:
    assert TranslationSubject().takes(STREAM)
    assert not TranslationSubject().takes(replace(STREAM, dialect="cobol"))
