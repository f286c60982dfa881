"""Bodies that were saved without their request: their dialect is told, and a request that fits is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.recording.golden import Undecoded, asked_in, decoded
from harness.recording.importers.bodies import dialect_of_payload
from harness.recording.importers.imported import Imported, UnreadableImport, Wishes
from harness.recording.importers.recognise import import_file

CHAT = b'data: {"id":"c","model":"m-1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
BODIES = {
    "openai-chat": CHAT + b"data: [DONE]\n\n",
    "anthropic-messages": (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"m-1","usage":{}}}\n\n'
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n'
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}\n\n'
        b'data: {"type":"message_stop"}\n\n'
    ),
    "openai-responses": (
        b'data: {"type":"response.created","response":{"id":"r","model":"m-1"}}\n\n'
        b'data: {"type":"response.output_text.delta","sequence_number":1,"item_id":"i","delta":"Hi"}\n\n'
        b'data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}\n\n'
    ),
    "gemini": (
        b'data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],'
        b'"modelVersion":"m-1"}\r\n\r\n'
    ),
    "ollama": b'{"model":"m-1","message":{"content":"Hi"},"done":false}\n{"model":"m-1","message":{},"done":true}\n',
}
ARRAY = b'[{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],\n"modelVersion":"m-1"}]'
DOCUMENT = (
    b'{\n "id":"c","object":"chat.completion","model":"m-1",\n'
    b' "choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]\n}'
)


def read(folder: Path, raw: bytes, name: str = "answer.sse", **wishes: str) -> Imported:
    (folder / name).write_bytes(raw)
    return import_file(folder / name, Wishes(**wishes))  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", BODIES)
def test_a_stream_tells_its_dialect_and_gets_a_request(tmp_path: Path, dialect: str) -> None:
    imported = read(tmp_path, BODIES[dialect])
    assert imported.form == f"body in {dialect}"
    [exchange] = imported.exchanges
    asked = asked_in(exchange)
    assert asked is not None
    assert (asked.dialect.name, asked.request.model, asked.request.stream) == (dialect, "m-1", True)
    assert exchange.request.url.startswith("https://unknown.invalid/")
    assert exchange.response.body == BODIES[dialect]
    assert "the request was not recorded: it is made up" in str(exchange.note)
    transcript = decoded(exchange)
    assert not isinstance(transcript, Undecoded)
    assert (transcript.choice.text, transcript.status) == ("Hi", "completed")


@pytest.mark.parametrize(("raw", "dialect"), [(ARRAY, "gemini"), (DOCUMENT, "openai-chat")])
def test_what_is_one_json_document_answers_a_request_for_one(tmp_path: Path, raw: bytes, dialect: str) -> None:
    [exchange] = read(tmp_path, raw, "answer.json").exchanges
    assert exchange.response.header("content-type") == "application/json"
    assert "alt=sse" not in exchange.request.url
    transcript = decoded(exchange)
    assert not isinstance(transcript, Undecoded)
    assert (transcript.dialect, transcript.choice.text, transcript.model) == (dialect, "Hi", "m-1")


def test_a_stream_that_was_cut_off_is_one_all_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, CHAT[:-20] * 2, dialect="openai-chat").form == "body in openai-chat"
    assert read(tmp_path, BODIES["ollama"][:70], "a.ndjson").form == "body in ollama"
    assert read(tmp_path, ARRAY + b"\n,", "a.json").form == "body in gemini"


def test_a_dialect_that_was_named_counts(tmp_path: Path) -> None:
    assert read(tmp_path, b"data: nothing\n\n", dialect="gemini").form == "body in gemini"
    with pytest.raises(UnreadableImport, match="its frames do not say which dialect they are; say it with --dialect: "):
        read(tmp_path, b"data: nothing\n\n")


@pytest.mark.parametrize(
    "payload",
    [
        {"object": "text_completion", "choices": []},
        {"type": "error", "error": {}},
        {"done": True, "response": "generate"},
        {"type": "text-delta", "delta": "x"},
        {},
    ],
)
def test_what_several_dialects_have_or_none_tells_nothing(payload: dict[str, object]) -> None:
    assert dialect_of_payload(payload) is None


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf  \n"])
def test_an_empty_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(UnreadableImport, match=r"answer\.sse: the file is empty"):
        read(tmp_path, raw)


def test_what_nobody_knows_is_refused_with_the_forms(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImport, match="this is none of the forms that are read; name its form with --form"):
        read(tmp_path, b"hello", "notes.md")
    with pytest.raises(UnreadableImport, match=r"nowhere: cannot be read: No such file"):
        import_file(tmp_path / "nowhere", Wishes())
    with pytest.raises(UnreadableImport, match="cannot be read: Is a directory"):
        import_file(tmp_path, Wishes())


def test_a_file_that_is_no_utf8_is_refused_where_it_is_to_be_text(tmp_path: Path) -> None:
    broken = json.dumps({"log": {"entries": []}}, indent=1).encode() + b"\xff"
    with pytest.raises(UnreadableImport, match=r"x\.har:5: the file is not UTF-8 text: byte \d+ is no character"):
        read(tmp_path, broken, "x.har")
