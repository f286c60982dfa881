"""Endpoints by the rules that their streams keep, and the document that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lint.finding import Finding, Level
from harness.lint.record import Endpoint, UnreadableLint, lint_json, read_lint
from harness.lint.standing import lint_record
from harness.lint.streams import LintedStream, NotLinted
from harness.recording.importers.imported import REBUILT_FRAMES

BODY = b'data: {"choices": []}\n\n' + b"x" * 300


def stream(provider: str, number: int, *findings: tuple[str, Level, int], note: str = "") -> LintedStream:
    found = tuple(Finding(rule, level, offset, f"{rule} is broken") for rule, level, offset in findings)
    return LintedStream(Path("r.yaml"), number, "openai-chat", provider, BODY, found, note)


def endpoints(*streams: LintedStream) -> tuple[Endpoint, ...]:
    return lint_record(streams).endpoints


def test_streams_and_times_are_counted_apart_and_the_first_place_is_kept() -> None:
    [acme] = endpoints(
        stream("acme", 0, ("done-missing", "must", 90), ("field-usual", "may", 0), ("field-usual", "may", 30)),
        stream("acme", 1, ("field-usual", "may", 7)),
        stream("acme", 2),
    )
    assert (acme.streams, acme.clean) == (3, 1)
    usual = acme.broken[1]
    assert (usual.rule, usual.streams, usual.times, usual.judged) == ("field-usual", 2, 3, 3)
    assert (usual.first.file, usual.first.exchange, usual.first.offset) == ("r.yaml", 0, 0)


def test_the_excerpt_is_of_the_frame_and_of_the_last_bytes_where_the_end_is_wrong() -> None:
    [acme] = endpoints(stream("acme", 0, ("field-type", "must", 6), ("done-missing", "must", len(BODY))))
    at_the_end, in_the_frame = (each.first.excerpt for each in acme.broken)
    assert (in_the_frame.at, in_the_frame.data[:15]) == (6, b'{"choices": []}')
    assert (at_the_end.at, at_the_end.text) == (123, "x" * 200)


def test_bytes_that_are_no_text_are_escaped_in_the_text_and_kept_in_the_data() -> None:
    broken = LintedStream(Path("r"), 0, "ollama", "acme", b"\xff{", (Finding("frame-not-utf8", "must", 0, "m"),))
    [acme] = endpoints(broken)
    assert (acme.broken[0].first.excerpt.text, acme.broken[0].first.excerpt.data) == ("\\xff{", b"\xff{")


def test_the_gravest_rules_come_first_then_the_commonest() -> None:
    [acme] = endpoints(
        stream("acme", 0, ("b", "may", 0), ("c", "must", 0)),
        stream("acme", 1, ("b", "may", 0), ("a", "must", 0)),
        stream("acme", 2, ("a", "must", 0), ("d", "should", 0)),
    )
    assert [each.rule for each in acme.broken] == ["a", "c", "d", "b"]


def test_a_stream_of_payloads_alone_does_not_count_for_the_rules_of_framing() -> None:
    [acme] = endpoints(
        stream("acme", 0, ("done-missing", "must", 0), ("field-type", "must", 0)),
        stream("acme", 1, note=f"imported; {REBUILT_FRAMES}"),
    )
    assert acme.rebuilt == 1
    assert {each.rule: each.judged for each in acme.broken} == {"done-missing": 1, "field-type": 2}


def test_each_provider_has_a_standing_of_its_own() -> None:
    found = endpoints(stream("zeta", 0), stream("acme", 1), stream("zeta", 2))
    assert [(each.provider, each.streams) for each in found] == [("acme", 1), ("zeta", 2)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    left_out = NotLinted(Path("r.yaml"), 4, "it was answered with status 400")
    record = lint_record([stream("acme", 0, ("done-missing", "must", 90)), left_out])
    (tmp_path / "l.json").write_text(lint_json(record))
    assert read_lint(tmp_path / "l.json") == record
    assert (record.others[0].exchange, record.streams[0].findings[0].offset) == (4, 90)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "l.json: Object missing required field `format`; `harness lint FILES --json` writes such a file"),
        ('{"format": "harness-lint/9"}', "l.json: Invalid enum value 'harness-lint/9' - at `$.format`; "),
        ("nonsense", "l.json: JSON is malformed: "),
    ],
)
def test_another_file_is_refused_with_what_would_write_one(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "l.json").write_text(text)
    with pytest.raises(UnreadableLint) as refused:
        read_lint(tmp_path / "l.json")
    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLint, match=r"none\.json: cannot be read: No such file or directory; give the path"):
        read_lint(tmp_path / "none.json")
