"""OpenAI's Responses API: output items as server-sent events with names."""

from __future__ import annotations

from harness.dialects.base import Dialect
from harness.dialects.openai_responses.answer import join_frames, read_answer, write_answer
from harness.dialects.openai_responses.decode import Decoder
from harness.dialects.openai_responses.encode import Encoder
from harness.dialects.openai_responses.errors import read_error, write_error
from harness.dialects.openai_responses.read_request import read_request
from harness.dialects.openai_responses.request import RULES, build_request, matches
from harness.dialects.openai_responses.unread import unread
from harness.dialects.openai_responses.validate import validate
from harness.wire.sse import split

DIALECT = Dialect(
    name="openai-responses",
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
        "key_variable": "OPENAI_API_KEY",
        "framing": "sse",
        "end_marker": "response.completed",
        "alike_finish_reasons": (("stop", "tool_calls"),),  # a completed response is both
        "single_choice": True,
        "calls_in_turn": True,
        "ends_in_one": True,  # the stop reason and the counts, in the last frame of a good end
        "summaries": True,  # reasoning is told from its summary
    },
)
