"""OpenAI's chat completions, which most other vendors speak too."""

from __future__ import annotations

from harness.dialects.base import Dialect
from harness.dialects.openai_chat.answer import join_frames, read_answer, write_answer
from harness.dialects.openai_chat.decode import Decoder
from harness.dialects.openai_chat.encode import Encoder
from harness.dialects.openai_chat.errors import read_error, write_error
from harness.dialects.openai_chat.read_request import read_request
from harness.dialects.openai_chat.request import RULES, build_request, matches
from harness.dialects.openai_chat.unread import unread
from harness.dialects.openai_chat.validate import validate
from harness.wire.sse import split

DIALECT = Dialect(
    name="openai-chat",
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
        "end_marker": "[DONE]",
        "finish_last": True,  # nothing is said in a choice after its stop reason
        "unordered_turns": ("assistant",),  # a text and calls in fields of their own
    },
)
