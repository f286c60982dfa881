"""Lists of frames and of chunks."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording.golden import Undecoded, decoded
from harness.recording.importers.imported import Imported, Source, UnreadableImport, Wishes
from harness.recording.importers.recognise import FORMS, form_of, import_file
from harness.wire import sse

PAYLOADS = [
    {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hé"}}]},
    {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]
NAMED = [
    {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hé"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
LINES = [json.dumps(payload, ensure_ascii=False) for payload in PAYLOADS]
BODY = f"data: {LINES[0]}\n\ndata: {LINES[1]}\n\ndata: [DONE]\n\n".encode()
READS = [BODY[:30], BODY[30:31], BODY[31:]]
B64 = [base64.b64encode(piece).decode() for piece in READS]


def read(folder: Path, text: str, name: str = "list.json", wishes: Wishes | None = None) -> Imported:
    (folder / name).write_text(text)
    return import_file(folder / name, wishes or Wishes())


def text_of(imported: Imported) -> str:
    [exchange] = imported.exchanges
    transcript = decoded(exchange)
    assert not isinstance(transcript, Undecoded)
    return transcript.choice.text


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([*PAYLOADS, "[DONE]"]),
        json.dumps([*LINES, "[DONE]"]),
        "\n".join([*LINES, '"[DONE]"']),
        json.dumps([{"data": line} for line in [*LINES, "[DONE]"]]),
        json.dumps([{"event": None, "data": payload} for payload in PAYLOADS]),
        json.dumps([f"data: {line}" for line in LINES]),
        json.dumps([f"data: {line}\n\n" for line in LINES]),
        json.dumps([piece for line in LINES for piece in (f"data: {line}", "")]),
        json.dumps([f"data: {LINES[0]}\n\nda", f"ta: {LINES[1]}\n\n"]),
    ],
    ids=["objects", "strings", "lines", "events", "event-objects", "frames", "whole-frames", "sse-lines", "pieces"],
)
def test_each_kind_of_frame_list_is_the_same_stream(tmp_path: Path, text: str) -> None:
    imported = read(tmp_path, text)
    assert imported.form.startswith("list of ")
    [exchange] = imported.exchanges
    assert [json.loads(frame.data) for frame in sse.Framer().feed(exchange.response.body)[:2]] == PAYLOADS
    assert text_of(imported) == "Hé"
    assert exchange.response.header("content-type") == "text/event-stream"
    assert "put together" in str(exchange.note)


def test_an_end_marker_that_is_not_in_the_list_is_not_made_up(tmp_path: Path) -> None:
    [without] = read(tmp_path, json.dumps(PAYLOADS)).exchanges
    [with_it] = read(tmp_path, json.dumps([*PAYLOADS, "[DONE]"])).exchanges
    assert without.response.body + b"data: [DONE]\n\n" == with_it.response.body


def test_payloads_that_say_their_type_get_it_as_their_events_name(tmp_path: Path) -> None:
    imported = read(tmp_path, "\n".join(json.dumps(payload) for payload in NAMED), "frames.jsonl")
    assert imported.form == "list of 6 frames in anthropic-messages"
    assert imported.exchanges[0].response.body.startswith(b"event: message_start\ndata: {")
    assert text_of(imported) == "Hé"


def test_payloads_keep_their_white_space(tmp_path: Path) -> None:
    spaced = LINES[0].replace(": ", ":   ")
    assert spaced.encode() in read(tmp_path, f"[{spaced}, {LINES[1]}]").exchanges[0].response.body
    assert spaced.encode() in read(tmp_path, f"{spaced}\n{LINES[1]}\n", "a.jsonl").exchanges[0].response.body


def test_a_list_of_a_dialect_with_lines_becomes_lines(tmp_path: Path) -> None:
    part = {"model": "m", "message": {"role": "assistant", "content": "Hé"}, "done": False}
    last = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    imported = read(tmp_path, json.dumps([part, last]))
    assert imported.exchanges[0].response.body.count(b"\n") == 2
    assert text_of(imported) == "Hé"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(B64),
        json.dumps([{"b64": piece} for piece in B64]),
        "\n".join(json.dumps({"data_base64": piece, "seq": number}) for number, piece in enumerate(B64)),
        json.dumps({"chunks": B64}),
    ],
    ids=["strings", "objects", "lines", "document"],
)
def test_each_kind_of_chunk_list_keeps_its_reads(tmp_path: Path, text: str) -> None:
    imported = read(tmp_path, text)
    [exchange] = imported.exchanges
    assert [chunk.data for chunk in exchange.response.chunks] == READS
    assert text_of(imported) == "Hé"
    assert "times were not recorded" in str(exchange.note)


@pytest.mark.parametrize(
    ("key", "values", "pauses"),
    [
        ("at_ms", [100, 150, 400], [0.1, 0.05, 0.25]),
        ("t_us", [100_000, 150_000, 400_000], [0.1, 0.05, 0.25]),
        ("at_s", [0.1, 0.15, 0.4], [0.1, 0.05, 0.25]),
        ("delay_ms", [100, 50, 250], [0.1, 0.05, 0.25]),
        ("at_ms", [100, 50, 60], [0.1, 0.0, 0.01]),
    ],
)
def test_times_of_chunks_are_kept(tmp_path: Path, key: str, values: list[float], pauses: list[float]) -> None:
    items = [{"b64": piece, key: value} for piece, value in zip(B64, values, strict=True)]
    [exchange] = read(tmp_path, json.dumps(items)).exchanges
    assert [chunk.pause_s for chunk in exchange.response.chunks] == pytest.approx(pauses)


def test_a_document_of_chunks_says_the_rest(tmp_path: Path) -> None:
    url = "https://api.example.com/v1/chat/completions"
    document = {"status": 429, "headers": {"Retry-After": "1"}, "url": url, "request": {"model": "m"}, "chunks": B64}
    [exchange] = read(tmp_path, json.dumps(document)).exchanges
    assert (exchange.response.status, exchange.response.headers) == (429, (("retry-after", "1"),))
    assert (exchange.request.url, exchange.request.body) == (url, b'{"model":"m"}')
    [cut] = read(tmp_path, json.dumps({"chunks": B64[:1], "url": url, "truncated": True})).exchanges
    assert cut.response.ending == "no_last_chunk"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "the list is empty"),
        ("[1, 2]", r"\[0\]: a frame is an object or a string"),
        ('{"a": 1}\n{"b": 2}\n', "its frames do not say which dialect they are; say it with --dialect"),
        ('{"choices": []}\n{"b": \n', r"list\.json:2: this is no JSON"),
        (json.dumps([{"b64": B64[0]}, {"x": 1}]), r"\[1\]: among chunks in base64 there is one without"),
        (json.dumps([{"b64": "%%%"}]), r"\[0\]: `b64` is no base64"),
        (json.dumps([{"b64": B64[0], "at_ms": "soon"}]), r"\[0\]: `at_ms` is 'soon', and a time is wanted"),
        (json.dumps([{"b64": B64[0], "at_ms": -1}]), "a time is wanted"),
        (json.dumps({"chunks": [1]}), "chunks: the chunks are base64"),
        (json.dumps({"chunks": B64, "status": 7}), "status: 7 is no status"),
        (json.dumps({"chunks": B64, "headers": [1]}), "headers: headers are a mapping"),
    ],
)
def test_a_list_that_is_none_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableImport, match=problem):
        read(tmp_path, text)


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "log",
    "entries",
    "interactions",
    "request",
    "response",
    "chunks",
    "b64",
    "data",
    "body_b64",
    "choices",
    "status",
]
LIKELY = st.recursive(
    JSON_VALUES, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=2)
)


@given(LIKELY, st.sampled_from([None, *FORMS]), st.sampled_from([".json", ".yaml", ".har", ".jsonl.gz", ".sse"]))
def test_whatever_a_file_holds_it_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: Any, form: str | None, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_text(json.dumps(value))
    try:
        imported = import_file(path, Wishes(dialect="openai-chat", everything=True), form)
    except UnreadableImport as error:
        assert str(error).startswith(str(path))
    else:
        assert isinstance(imported.form, str)


@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_have_a_form_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(raw)
    assert form_of(Source(path, raw)) in FORMS
    try:
        assert import_file(path, Wishes(dialect="ollama")).exchanges is not None
    except UnreadableImport as error:
        assert str(path) in str(error)
