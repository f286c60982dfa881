"""A response that is written in the scenario language goes over the wire as it did before."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.models import Response
from harness.catalogue.render import render_response
from harness.dialects import dialect
from harness.fuzz.literal import Unwritable, literal_response
from harness.wire.response import Chunk, WireResponse

TYPE = (("content-type", "text/event-stream"),)
LINES = (("content-type", "application/x-ndjson"),)


def played(*chunks: bytes, **fields: Any) -> WireResponse:
    usual: dict[str, Any] = {"status": 200, "headers": TYPE, "chunks": tuple(map(Chunk, chunks))}
    return WireResponse(**{**usual, **fields})


def again(response: WireResponse, name: str = "openai-chat") -> WireResponse:
    """What the file's words are rendered to."""
    return render_response(Response.model_validate(literal_response(response, name)), dialect(name))


@pytest.mark.parametrize(
    ("response", "written"),
    [
        (played(b"data: 1\n\nda", b"ta: 2\n\n"), {"frames": ["data: 1", "data: 2"], "at": [11]}),
        (played(b"data: 1\r\n\r\n"), {"body": "data: 1\r\n\r\n"}),
        (played(b"data: 1\n\ndata: 2"), {"body": "data: 1\n\ndata: 2"}),
        (played(b"data: \xff\n\n"), {"body": b"data: \xff\n\n"}),
        (played(b"\xef\xbb\xbfdata: 1\n\n"), {"frames": ["\ufeffdata: 1"]}),
    ],
    ids=["frames", "crlf", "no last line end", "no UTF-8", "byte-order mark"],
)
def test_frames_stand_as_lines_and_what_is_no_frame_as_text_or_bytes(
    response: WireResponse, written: dict[str, Any]
) -> None:
    literal = literal_response(response, "openai-chat")
    cuts = literal["faults"][0]["chunks"]
    assert {key: literal[key] for key in ("frames", "body") if key in literal} | (
        {} if cuts == "whole" else cuts
    ) == written
    assert again(response).chunks == response.chunks


def test_lines_of_json_stand_as_lines() -> None:
    response = played(b'{"a":1}\n{"b"', b":2}\n", headers=LINES)
    assert literal_response(response, "ollama")["frames"] == ['{"a":1}', '{"b":2}']
    assert again(response, "ollama").chunks == response.chunks


@pytest.mark.parametrize(
    "fields",
    [
        {"ending": "reset"},
        {"ending": "no_last_chunk"},
        {"ending": "stall"},
        {"ending": "short_length", "transfer": "length", "missing_bytes": 1},
        {"transfer": "close"},
        {"chunk_extension": "a=b"},
        {"status": 503},
        {"headers": (("content-type", "text/plain"), ("x-more", "1"))},
        {"headers": ()},
    ],
    ids=str,
)
def test_how_it_is_sent_and_ends_is_kept(fields: dict[str, Any]) -> None:
    response = played(b"data: 1\n\n", b"data: 2\n\n", **fields)
    made = again(response)
    assert (made.chunks, made.ending, made.transfer, made.status, made.chunk_extension) == (
        *(response.chunks, response.ending, response.transfer, response.status, response.chunk_extension),
    )
    assert dict(made.headers) == dict(response.headers)


@pytest.mark.parametrize("ending", ["clean", "reset", "stall"])
def test_a_connection_that_ends_before_any_answer_is_one(ending: Any) -> None:
    response = WireResponse(0, (), (), ending, head=False)
    assert again(response) == response


@pytest.mark.parametrize(("coding", "form"), [("gzip", "flushed"), ("gzip", "members"), ("deflate", "raw")])
def test_a_content_coding_is_written_as_one(coding: str, form: str) -> None:
    fault = {"encode": {"coding": coding, "form": form}}
    body = Response.model_validate({"frames": ["data: 1", "data: 2"], "faults": [{"chunks": {"at": [12]}}, fault]})
    response = render_response(body, dialect("openai-chat"))
    literal = literal_response(response, "openai-chat")
    assert literal["faults"][1] == {"encode": {"coding": [coding], "form": form}}
    assert again(response).codings == response.codings


def test_what_has_no_words_is_refused() -> None:
    with pytest.raises(Unwritable, match="a header is there twice"):
        literal_response(played(b"data: 1\n\n", headers=(("x", "1"), ("x", "2"))), "openai-chat")
    with pytest.raises(Unwritable, match="no scenario ends by timeout"):
        literal_response(played(b"data: 1\n\n", ending="timeout"), "openai-chat")
