"""Lines of results say what was really played."""

from __future__ import annotations

import gzip

from harness.fuzz.result_lines import played
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk, WireResponse

PACKED = gzip.compress(b"data: {}\n\n", mtime=0)
CODED = WireResponse(200, (("content-encoding", "gzip"),), (Chunk(PACKED[:9]), Chunk(PACKED[9:])))
RESPONSE = WireResponse(200, (), (Chunk(b"data: {}\n\n"),), codings=(("gzip", CODED),))


def test_of_a_content_coding_the_coded_bytes_are_kept() -> None:
    assert played(Variant("cuts", "coded", "words", {"cuts": [9], "coding": "gzip"}, RESPONSE)) == CODED


def test_of_anything_else_it_is_the_response_itself() -> None:
    assert played(Variant("cuts", "single", "words", {"cuts": [9]}, RESPONSE)) == RESPONSE
    assert played(Variant("neutral", "several", "words", {"coding": "br"}, RESPONSE)) == RESPONSE
