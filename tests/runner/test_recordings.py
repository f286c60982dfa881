"""Recorded streams: read from tiny files, decoded whole and re-cut, and told apart when something does not hold."""

from __future__ import annotations

import asyncio
import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.runner import recordings
from harness.runner.recordings import (
    FIXED_SIZES,
    RecordedStream,
    UnreadableRecordings,
    check_recordings,
    check_stream,
    read_recordings,
    recuttings,
)
from harness.runner.results import RecordingResult
from harness.transcript import Transcript

BODY = b'data: {"choices":[{"index":0,"delta":{"content":"H\xc3\xa9"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def record(**changes: Any) -> dict[str, Any]:
    usual = {
        "kind": "stream",
        "id": "r1",
        "dialect": "openai-chat",
        "provider": "somebody",
        "source_repo": "owner/repo",
        "source_path": "a.sse",
        "body_b64": b64encode(BODY).decode(),
        "chunk_lengths": [10, 20],
        "terminal": "[DONE]",
    }
    return {**usual, **changes}


def filed(folder: Path, *records: dict[str, Any], name: str = "a") -> Path:
    lines = "".join(json.dumps(each) + "\n" for each in records)
    (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    return folder


def stream(**changes: Any) -> RecordedStream:
    usual: dict[str, Any] = {
        "id": "r1",
        "dialect": "openai-chat",
        "api": "openai-chat",
        "provider": "somebody",
        "source": "owner/repo/a.sse",
        "body": BODY,
        "chunk_lengths": (10, 20),
        "terminal": "[DONE]",
    }
    return RecordedStream(**{**usual, **changes})


def test_a_recording_is_read(tmp_path: Path) -> None:
    assert list(read_recordings(filed(tmp_path, record()))) == [stream()]


def test_what_is_not_known_may_be_missing(tmp_path: Path) -> None:
    bare = {"kind": "stream", "id": "r1", "dialect": "ollama-chat", "body_b64": ""}
    [read] = read_recordings(filed(tmp_path, bare))
    assert (read.dialect, read.api, read.provider, read.body) == ("ollama", "ollama-chat", "unknown", b"")
    assert (read.chunk_lengths, read.terminal) == ((), None)


def test_other_kinds_of_records_are_left_out(tmp_path: Path) -> None:
    assert list(read_recordings(filed(tmp_path, {"kind": "error", "status": 429}, record()))) == [stream()]


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    filed(tmp_path, record(id="second"), name="b")
    filed(tmp_path, record(id="first"), name="a")
    (tmp_path / "notes.md").write_text("Not one of them.")
    assert [each.id for each in read_recordings(tmp_path)] == ["first", "second"]


@pytest.mark.parametrize("missing", ["kind", "id", "dialect", "body_b64"])
def test_a_record_without_what_it_needs_is_named_with_its_line(tmp_path: Path, missing: str) -> None:
    bad = record()
    del bad[missing]
    with pytest.raises(UnreadableRecordings, match=rf"a\.jsonl\.gz: line 2: not a recording: it has no '{missing}'"):
        list(read_recordings(filed(tmp_path, record(), bad)))


def test_a_body_is_cut_in_many_ways_that_all_give_it_back() -> None:
    names = []
    for name, chunks in recuttings(stream()):
        names.append(name)
        pieces = list(chunks)
        assert b"".join(pieces) == BODY
        assert len(pieces) > 1 or len(BODY) <= 1021
    assert names == [
        "as it was read from the network",
        "byte by byte",
        *(f"every {size} bytes" for size in FIXED_SIZES),
    ]


def test_a_large_body_is_not_fed_byte_by_byte() -> None:
    names = [name for name, _ in recuttings(stream(body=b"x" * 32_769, chunk_lengths=()))]
    assert names == [f"every {size} bytes" for size in FIXED_SIZES]


def test_a_stream_that_holds_passes() -> None:
    result = check_stream(stream(), "reference")
    assert (result.verdict, result.problems, result.status, result.finish) == ("pass", [], "completed", "stop")
    assert (result.size, result.frames, result.cuttings) == (len(BODY), 2, 2 + len(FIXED_SIZES))


def test_a_stream_that_its_recorder_saw_to_the_end_may_not_pass_for_truncated() -> None:
    result = check_stream(stream(body=BODY[:60], chunk_lengths=()), "reference")
    assert (result.verdict, result.status) == ("fail", "truncated")
    assert result.problems == ["taken for truncated, although it ends with [DONE]"]
    assert check_stream(stream(body=BODY[:60], chunk_lengths=(), terminal=None), "reference").verdict == "pass"


def test_a_decoder_that_depends_on_the_cutting_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(dialect: str, chunks: bytes | Sequence[bytes]) -> Transcript:
        pieces = [chunks] if isinstance(chunks, bytes) else list(chunks)
        return honest(dialect, pieces if len(pieces) < 30 else pieces[:-1])

    honest = recordings.decode
    monkeypatch.setattr(recordings, "decode", forgetful)
    result = check_stream(stream(terminal=None), "reference")
    assert result.verdict == "fail"
    assert any(problem.startswith("cut byte by byte: warnings is [") for problem in result.problems)


def test_a_stream_of_another_dialect_is_not_judged() -> None:
    result = check_stream(stream(dialect="klingon", api="klingon-v1"), "reference")
    assert (result.verdict, result.status, result.dialect) == ("unsupported", "not decoded", "klingon-v1")
    assert result.problems[0].startswith("klingon-v1 is none of the dialects anthropic-messages, ")


def checked(streams: Sequence[RecordedStream], workers: int) -> list[RecordingResult]:
    async def main() -> list[RecordingResult]:
        return [each async for each in check_recordings(streams, system="reference", workers=workers)]

    return asyncio.run(main())


def test_many_streams_are_checked_on_other_processes_and_come_in_order() -> None:
    streams = [stream(id=f"r{number}") for number in range(recordings.BATCH * 2 + 1)]
    results = checked(streams, workers=2)
    assert [result.id for result in results] == [each.id for each in streams]
    assert {result.verdict for result in results} == {"pass"}


def test_nothing_to_check_gives_nothing() -> None:
    assert checked([], workers=1) == []
