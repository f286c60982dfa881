from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest

from harness.fuzz.neutral import BadPlan
from harness.wire.response import Chunk, WireResponse
from tests.fuzz.neutral.made import made, played

PLAIN = WireResponse(
    200, (("content-type", "text/event-stream"),), (Chunk(b"data: {}\n\n", pause_s=0.1), Chunk(b"data: [DONE]\n\n"))
)
BODY = b"data: {}\n\ndata: [DONE]\n\n"


def test_what_http_alone_says_leaves_the_body_and_its_reads_as_they_are() -> None:
    assert played(PLAIN, "chunk-extension", form="value") == replace(PLAIN, chunk_extension="harness=1")
    assert played(PLAIN, "header-case", form="upper") == replace(PLAIN, header_case="upper")
    assert played(PLAIN, "transfer", form="close") == replace(PLAIN, transfer="close")


@pytest.mark.parametrize(
    ("form", "expected"), [("parameter", "text/event-stream; charset=utf-8"), ("title", "Text/Event-Stream")]
)
def test_the_content_type_is_spelled_otherwise(form: str, expected: str) -> None:
    assert played(PLAIN, "content-type", form=form).header("content-type") == expected


def test_a_coding_is_there_for_those_that_accept_it() -> None:
    response = played(PLAIN, "content-coding")
    assert response.accepted_by("identity").body == BODY
    packed = response.accepted_by("gzip, br")
    assert (packed.header("content-encoding"), gzip.decompress(packed.body)) == ("gzip", BODY)
    assert zlib.decompressobj(31).decompress(packed.chunks[0].data) == b"data: {}\n\n"


def test_each_chunk_is_a_member_of_its_own() -> None:
    packed = played(PLAIN, "gzip-members").accepted_by("gzip")
    assert [gzip.decompress(chunk.data) for chunk in packed.chunks] == [b"data: {}\n\n", b"data: [DONE]\n\n"]


def test_a_coded_body_has_what_was_done_before() -> None:
    variant = made(BODY, "openai-chat", {"name": "content-coding"}, {"name": "comment"}, {"name": "header-case"})
    packed = variant.response.accepted_by("gzip")
    assert (gzip.decompress(packed.body), packed.header_case) == (b":\n\n" + BODY, "title")
    assert [step["name"] for step in variant.plan["mutations"]] == ["comment", "content-coding", "header-case"]


def test_a_body_that_is_coded_already_changes_only_in_what_http_says() -> None:
    packed = replace(
        PLAIN, headers=(*PLAIN.headers, ("content-encoding", "gzip")), chunks=(Chunk(gzip.compress(BODY)),)
    )
    choice = replace(PLAIN, codings=(("gzip", packed),))
    assert played(choice, "header-case").accepted_by("gzip") == replace(packed, header_case="title")
    assert played(packed, "chunk-extension") == replace(packed, chunk_extension="harness")
    for response, name in [(choice, "content-coding"), (packed, "content-coding"), (packed, "comment")]:
        with pytest.raises(BadPlan, match=f"no place for {name}"):
            played(response, name)


@pytest.mark.parametrize("name", ["content-coding", "transfer"])
def test_a_body_that_breaks_off_is_sent_as_it_was(name: str) -> None:
    with pytest.raises(BadPlan, match=f"no place for {name}"):
        played(replace(PLAIN, ending="reset"), name)
