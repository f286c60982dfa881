"""The Gemini API: streamGenerateContent over SSE, or as one JSON array."""

from __future__ import annotations

from harness.dialects.base import Dialect
from harness.dialects.gemini.answer import join_frames, read_answer, write_answer
from harness.dialects.gemini.decode import Decoder
from harness.dialects.gemini.encode import Encoder
from harness.dialects.gemini.errors import read_error, write_error
from harness.dialects.gemini.framing import split
from harness.dialects.gemini.read_request import read_request
from harness.dialects.gemini.request import RULES, build_request, matches
from harness.dialects.gemini.unread import unread
from harness.dialects.gemini.validate import validate

DIALECT = Dialect(
    name="gemini",
    content_type="text/event-stream",
    decoder=Decoder,
    encoder=Encoder,
    build_request=build_request,
    read_request=read_request,
    matches=matches,
    validate=validate,
    read_error=read_error,
    write_error=write_error,
    split_frames=split,
    write_answer=write_answer,
    read_answer=read_answer,
    join_frames=join_frames,
    unread=unread,
    rules=RULES,
    facts={
        "key_variable": "GEMINI_API_KEY",
        "framing": "sse",
        "end_marker": None,
        "alike_finish_reasons": (("stop", "tool_calls"),),  # STOP is said of both
        "output_excludes_reasoning": True,
        "whole_calls": True,
    },
)
