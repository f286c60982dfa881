"""Ollama's own chat endpoint: newline-delimited JSON."""

from __future__ import annotations

from harness.dialects.base import Dialect
from harness.dialects.ollama.answer import join_frames, read_answer, write_answer
from harness.dialects.ollama.decode import Decoder
from harness.dialects.ollama.encode import Encoder
from harness.dialects.ollama.errors import read_error, write_error
from harness.dialects.ollama.read_request import read_request
from harness.dialects.ollama.request import RULES, build_request, matches
from harness.dialects.ollama.unread import unread
from harness.dialects.ollama.validate import validate
from harness.wire.ndjson import split

DIALECT = Dialect(
    name="ollama",
    content_type="application/x-ndjson",
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
        "key_variable": "OLLAMA_API_KEY",
        "key_optional": True,
        "framing": "ndjson",
        "end_marker": None,
        "unordered_turns": ("user", "assistant"),  # a text, images and calls in fields of their own
        "alike_finish_reasons": (("stop", "tool_calls"),),  # stop is said of both
        "single_choice": True,
        "whole_calls": True,
        "ends_in_one": True,  # the stop reason and the counts, in the last frame of a good end
        "no_response_id": True,
    },
)
