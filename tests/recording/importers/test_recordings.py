"""Harvests of recordings, a line each: made by hand, and all that lie beside this project, where they do."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.api import decode
from harness.recording.cassette import load_cassette
from harness.recording.golden import asked_in
from harness.recording.importers import recognise
from harness.recording.importers.imported import Imported, UnreadableImport, Wishes
from harness.recording.importers.recognise import import_file
from harness.recording.importers.store import store, targets
from tests.dialects.recorded import FOLDER

BODY = b'{"message":{"content":"Hi"},"done":false}\n{"message":{},"done":true,"done_reason":"stop"}\n'


def record(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "rec-1",
        "kind": "stream",
        "dialect": "ollama-chat",
        "provider": "ollama",
        "method": "POST",
        "url": "http://localhost:11434/api/chat",
        "request_body": {"model": "m", "messages": []},
        "status": 200,
        "response_headers": {"content-type": "application/x-ndjson"},
        "body_b64": base64.b64encode(BODY).decode(),
    }
    return made | changes


def read(folder: Path, *records: Any, wishes: Wishes | None = None) -> Imported:
    path = folder / "harvest.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(each) for each in records).encode()))
    return import_file(path, wishes or Wishes())


def test_a_line_is_an_exchange(tmp_path: Path) -> None:
    [exchange, _] = read(tmp_path, record(chunk_lengths=[10, 0, len(BODY) - 10]), record()).exchanges
    assert [len(chunk.data) for chunk in exchange.response.chunks] == [10, 0, len(BODY) - 10]
    assert exchange.provider == "ollama"
    assert exchange.request.body == b'{"model":"m","messages":[]}'
    assert exchange.note == "times were not recorded; imported from rec-1"


def test_what_a_line_does_not_hold_is_made_up_and_said(tmp_path: Path) -> None:
    [path, nothing, other] = read(
        tmp_path, record(url="/api/chat", request_body=None), record(url=None), record(url="https://example.com/chat")
    ).exchanges
    assert path.request.url == "https://unknown.invalid/api/chat"
    assert "the host was not recorded; the body of the request was not recorded: it is made up" in str(path.note)
    assert nothing.request.url == "https://unknown.invalid/api/chat"
    assert "the request was not recorded: it is made up" in str(nothing.note)
    assert other.request.url == "https://unknown.invalid/api/chat"
    assert "went to https://example.com/chat, which is no endpoint of ollama here" in str(other.note)


def test_other_dialects_are_left_out_and_said(tmp_path: Path) -> None:
    records = [record(), record(dialect="other", url="https://example.com/v2/chat")]
    imported = read(tmp_path, *records)
    assert len(imported.exchanges) == 1
    assert imported.notes == ("left out: 1 of 2 lines, of no dialect of ours (--all takes them)",)
    assert len(read(tmp_path, *records, wishes=Wishes(everything=True)).exchanges) == 2
    assert read(tmp_path, *records, wishes=Wishes(dialect="gemini")).notes == ("left out: 2 of 2 lines, not of gemini",)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (record(status="200"), "'200' is no status"),
        (record(body_b64="%"), "this line is no recording: "),
        (record(chunk_lengths=[1]), r"the chunks have 1 bytes, and the body has \d+"),
        ({key: value for key, value in record().items() if key != "status"}, "it has no 'status'"),
        ([1], "this line is no recording: "),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(tmp_path: Path, broken: Any, problem: str) -> None:
    with pytest.raises(UnreadableImport, match=rf"harvest\.jsonl\.gz:2: .*{problem}"):
        read(tmp_path, record(), broken)


def test_a_gzip_that_is_broken_or_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "harvest.jsonl.gz"
    path.write_bytes(gzip.compress(b"x" * 1000)[:20])
    with pytest.raises(UnreadableImport, match="the gzip cannot be unpacked"):
        import_file(path, Wishes())
    monkeypatch.setattr(recognise, "SIZE_LIMIT", 1000)
    path.write_bytes(gzip.compress(b"{}\n" * 100_000))
    with pytest.raises(UnreadableImport, match="the file has more than 1000 bytes; cut it into smaller ones"):
        import_file(path, Wishes())


class Unclean:
    """Leaves everything as it is, so that the bytes can be compared."""

    def clean(self, exchange: Any) -> tuple[Any, tuple[()]]:
        return exchange, ()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="there are no harvested recordings here")
@pytest.mark.parametrize("name", ["anthropic-messages", "gemini", "ollama-chat", "openai-chat", "openai-responses"])
def test_every_harvested_recording_becomes_a_cassette_that_decodes_alike(name: str, tmp_path: Path) -> None:
    path = FOLDER / f"{name}.jsonl.gz"
    with gzip.open(path) as packed:
        lines = sum(1 for _ in packed)
    imported = import_file(path, Wishes())
    assert len(imported.exchanges) == lines
    different = []
    for cassette, exchanges in targets([(path, imported)], tmp_path).items():
        store(cassette, exchanges, imported.form, redactor=Unclean())
        for before, after in zip(exchanges, load_cassette(cassette).exchanges, strict=True):
            assert [chunk.data for chunk in after.response.chunks] == [chunk.data for chunk in before.response.chunks]
            asked = asked_in(after)
            assert asked is not None
            if after.response.status == 200:
                whole = decode(asked.dialect.name, before.response.body).to_dict()
                now = dict(after.transcript or {})
                # a reader of connections says in an error what a decoder says by its status alone
                said = {"error"} if whole["status"] == "truncated" else set()
                different += [after.note for key in whole.keys() - said if whole[key] != now[key]]
    assert different == []
