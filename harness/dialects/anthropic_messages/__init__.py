"""Anthropic's Messages API: content blocks as server-sent events with names."""

from __future__ import annotations

from harness.dialects.anthropic_messages.answer import join_frames, read_answer, write_answer
from harness.dialects.anthropic_messages.decode import Decoder
from harness.dialects.anthropic_messages.encode import Encoder
from harness.dialects.anthropic_messages.errors import read_error, write_error
from harness.dialects.anthropic_messages.read_request import read_request
from harness.dialects.anthropic_messages.request import RULES, build_request, matches
from harness.dialects.anthropic_messages.unread import unread
from harness.dialects.anthropic_messages.validate import validate
from harness.dialects.base import Dialect
from harness.wire.sse import split

DIALECT = Dialect(
    name="anthropic-messages",
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
        "key_variable": "ANTHROPIC_API_KEY",
        "framing": "sse",
        "end_marker": "message_stop",
        "input_excludes_cache": True,
        "single_choice": True,
        "calls_in_turn": True,  # a block begins when the one before it has ended
        "ends_in_one": True,  # the stop reason and the counts, in the last frame of a good end
        "finish_needed": True,  # a good end has a stop reason
        "finish_last": True,  # nothing may follow the stop reason
    },
)
