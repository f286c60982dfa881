"""Streams to lint out of files: what is looked at, what is left out and why, and what a recorder is to blame for."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from harness.lint.corrections import Correction
from harness.lint.streams import LintedStream, NotLinted, lint_files
from harness.recording.importers.imported import UnreadableImport

WHOLE = (
    b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}\n\n'
    b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
)
DONE = b"data: [DONE]\n\n"
CASSETTE = """\
version: 1
interactions:
- request: {{method: POST, uri: 'https://api.example.invalid{path}', body: '{{"model": "m", "stream": {stream}}}', headers: {{}}}}
  response:
    status: {{code: {status}, message: x}}
    headers: {{content-type: [text/event-stream]}}
    body: {{string: {body}}}
  {extra}
"""  # noqa: E501


def cassette(
    folder: Path,
    body: bytes,
    *,
    path: str = "/v1/chat/completions",
    stream: str = "true",
    status: int = 200,
    extra: str = "",
) -> Path:
    file = folder / "one.yaml"
    said = json.dumps(body.decode())
    file.write_text(CASSETTE.format(path=path, stream=stream, status=status, body=said, extra=extra))
    return file


def only(path: Path, dialect: str | None = None) -> LintedStream:
    [one] = lint_files([path], dialect)
    assert isinstance(one, LintedStream)
    return one


def left_out(path: Path) -> str:
    [one] = lint_files([path])
    assert isinstance(one, NotLinted)
    return one.reason


def rules(stream: LintedStream) -> list[str]:
    return [finding.rule for finding in stream.findings]


def test_a_body_without_a_fault_has_no_finding(tmp_path: Path) -> None:
    file = tmp_path / "good.sse"
    file.write_bytes(WHOLE + DONE)
    one = only(file)
    assert (one.dialect, one.number, one.body, one.findings) == ("openai-chat", 0, WHOLE + DONE, ())


def test_a_body_without_its_end_marker_breaks_the_rule_at_its_last_byte(tmp_path: Path) -> None:
    file = tmp_path / "cut.sse"
    file.write_bytes(WHOLE)
    [finding] = only(file).findings
    assert (finding.rule, finding.level, finding.offset) == ("done-missing", "must", len(WHOLE))


def test_a_cassette_s_exchange_is_linted_in_the_dialect_of_its_address(tmp_path: Path) -> None:
    assert rules(only(cassette(tmp_path, WHOLE))) == ["done-missing"]
    assert "not-a-stream" in rules(only(cassette(tmp_path, WHOLE, path="/api/chat")))


def test_a_stream_that_its_recorder_left_is_not_blamed_for_having_no_end(tmp_path: Path) -> None:
    chunks = f"{len(WHOLE)}@0"
    left = f"x-harness: {{version: 1, ending: cancelled, chunks: '{chunks}'}}"
    assert rules(only(cassette(tmp_path, WHOLE, extra=left))) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": 429}, "it was answered with status 429"),
        ({"stream": "false"}, "no stream was asked for"),
        ({"path": "/v1/embeddings"}, "its address is that of no known dialect"),
    ],
)
def test_what_is_no_stream_is_left_out_with_its_reason(tmp_path: Path, changed: dict[str, object], reason: str) -> None:
    assert left_out(cassette(tmp_path, WHOLE + DONE, **changed)) == reason  # type: ignore[arg-type]


def recording(folder: Path, body: bytes, fidelity: str) -> Path:
    record = {
        "kind": "stream",
        "dialect": "openai-chat",
        "status": 200,
        "provider": "acme",
        "fidelity": fidelity,
        "body_b64": base64.b64encode(body).decode(),
    }
    file = folder / "recorded.jsonl"
    file.write_text(json.dumps(record) + "\n")
    return file


def test_a_recording_has_its_provider_and_its_framing_counts_only_where_it_was_kept(tmp_path: Path) -> None:
    wire = only(recording(tmp_path, WHOLE, "wire"))
    assert (wire.provider, rules(wire)) == ("acme", ["done-missing"])
    assert rules(only(recording(tmp_path, WHOLE, "payload-lines"))) == []


def test_several_streams_that_a_recorder_filed_as_one_are_left_out(tmp_path: Path) -> None:
    again = WHOLE.replace(b'"id":"r"', b'"id":"s"')
    assert left_out(recording(tmp_path, WHOLE + again, "payload-lines")) == "its recorder put several streams into one"
    assert rules(only(recording(tmp_path, WHOLE + DONE + again + DONE, "wire"))) == ["frame-after-end"] * 3


def test_an_edited_recording_is_left_out_and_another_provider_takes_its_place(tmp_path: Path) -> None:
    file = recording(tmp_path, WHOLE, "wire")
    edited = {"recorded.jsonl#0": Correction(left_out="it was cut by hand")}
    assert list(lint_files([file], corrections=edited)) == [NotLinted(file, 0, "it was cut by hand")]
    [other] = lint_files([file], corrections={"recorded.jsonl#0": Correction(provider="zeta", why="its address")})
    assert isinstance(other, LintedStream)
    assert (other.provider, rules(other)) == ("zeta", ["done-missing"])


def test_in_a_folder_what_cannot_be_read_is_told_of_and_the_rest_is_linted(tmp_path: Path) -> None:
    (tmp_path / "a.sse").write_bytes(WHOLE + DONE)
    (tmp_path / "b.json").write_text('{"no": "recording"}')
    (tmp_path / "c.md").write_text("words")
    good, bad = lint_files([tmp_path])
    assert isinstance(good, LintedStream)
    assert isinstance(bad, NotLinted)
    assert (bad.file.name, bad.number) == ("b.json", None)
    assert "which dialect" in bad.reason


def test_a_named_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text('{"no": "recording"}')
    with pytest.raises(UnreadableImport, match=r"b\.json"):
        list(lint_files([file]))


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImport, match="no recording lies there"):
        list(lint_files([tmp_path]))
