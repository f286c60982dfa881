"""Our own decoders as readers: each chunk is one read, with and without think tags, and in content codings."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from typing import Any

import pytest

from harness.fuzz.outcome import ORDER, differences
from harness.fuzz.subjects.decoders import WITH_TAGS, DecoderSubject
from harness.wire.response import Chunk, WireResponse
from tests.fuzz.given import stream_of

SUBJECT = DecoderSubject()


def said(text: str) -> bytes:
    chunk = f'{{"id":"c1","model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}'
    return f"data: {chunk}\n\n".encode()


STOP = b'data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
BODY = said("H\u00e9llo") + STOP
STREAM = stream_of(BODY)


def played(*chunks: bytes, **fields: Any) -> WireResponse:
    return replace(STREAM.response, chunks=tuple(map(Chunk, chunks)), **fields)


def test_a_whole_stream_is_completed_with_what_it_says() -> None:
    outcome = SUBJECT.outcome(STREAM, STREAM.response)
    assert outcome.ended == "completed"
    assert (outcome.transcript["text"], outcome.transcript["finish"], outcome.error) == ("H\u00e9llo", "stop", None)
    assert outcome.extra == {ORDER: ["text"]}


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_the_cutting_makes_no_difference(size: int) -> None:
    intact = SUBJECT.outcome(STREAM, STREAM.response)
    chunks = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    assert differences(intact, SUBJECT.outcome(STREAM, played(*chunks)), exact=True) == []


def test_a_stream_that_is_cut_off_is_truncated() -> None:
    outcome = SUBJECT.outcome(STREAM, played(said("Hel")))
    assert (outcome.ended, outcome.transcript["text"]) == ("truncated", "Hel")


def test_an_error_in_the_stream_is_an_error() -> None:
    outcome = SUBJECT.outcome(STREAM, played(b'data: {"error":{"message":"no","code":500}}\n\n'))
    assert outcome.ended == "error"
    assert outcome.error is not None
    assert outcome.error.message == "no"


def test_streams_with_think_tags_are_read_in_both_ways() -> None:
    body = said("<think>hm</think>Yes") + STOP
    outcome = SUBJECT.outcome(stream_of(body), stream_of(body).response)
    assert outcome.transcript["text"] == "<think>hm</think>Yes"
    tagged = outcome.extra[WITH_TAGS]
    assert (tagged["text"], tagged["reasoning"], tagged[ORDER]) == ("Yes", "hm", ["reasoning", "text"])


def test_an_unclosed_tag_is_warned_of_in_the_tagged_reading_alone() -> None:
    body = said("<think>hm") + STOP
    outcome = SUBJECT.outcome(stream_of(body), stream_of(body).response)
    assert outcome.extra[WITH_TAGS]["warnings"] == ["think-tag-unclosed"]
    assert outcome.transcript["warnings"] == []


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw"])
def test_content_codings_are_unpacked_however_they_are_cut(coding: str, size: int) -> None:
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(BODY[:40]) + gzip.compress(BODY[40:]),
        "deflate": zlib.compress(BODY),
        "raw": raw.compress(BODY) + raw.flush(),
    }[coding]
    header = (("content-encoding", "gzip" if coding == "gzip" else "deflate"),)
    response = played(*(packed[at : at + size] for at in range(0, len(packed), size)), headers=header)
    outcome = SUBJECT.outcome(STREAM, response)
    assert (outcome.ended, outcome.transcript["text"]) == ("completed", "H\u00e9llo")


def test_what_came_before_a_coding_broke_was_read() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(said("Hel")) + packer.flush(zlib.Z_SYNC_FLUSH)
    response = played(packed, b"\xff" * 20, headers=(("content-encoding", "gzip"),))
    outcome = SUBJECT.outcome(STREAM, response)
    assert (outcome.ended, outcome.transcript["text"]) == ("truncated", "Hel")


def test_the_coded_form_is_read_where_there_is_one() -> None:
    coded = played(gzip.compress(said("packed") + STOP), headers=(("content-encoding", "gzip"),))
    outcome = SUBJECT.outcome(STREAM, replace(STREAM.response, codings=(("br", coded), ("gzip", coded))))
    assert outcome.transcript["text"] == "packed"


def test_streams_in_codings_that_only_http_clients_unpack_are_not_taken() -> None:
    brotli = replace(STREAM, response=played(b"", headers=(("content-encoding", "br"),)))
    assert SUBJECT.takes(STREAM)
    assert not SUBJECT.takes(brotli)


def test_signatures_are_part_of_the_order() -> None:
    frames = (
        b'{"type":"message_start","message":{"id":"m1","model":"m","usage":{"input_tokens":1}}}',
        b'{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}',
        b'{"type":"content_block_stop","index":0}',
    )
    body = b"".join(b"data: " + frame + b"\n\n" for frame in frames)
    stream = stream_of(body, "anthropic-messages")
    assert SUBJECT.outcome(stream, stream.response).extra[ORDER] == ["reasoning", "signature c2ln"]
