"""The AI SDK's UI message stream: what chat front ends post and read. It is only served; no model is asked in it."""

from __future__ import annotations

from harness.dialects.ai_sdk_ui.decode import Decoder
from harness.dialects.ai_sdk_ui.encode import Encoder
from harness.dialects.ai_sdk_ui.errors import read_error, write_error
from harness.dialects.ai_sdk_ui.read_request import read_request, unread
from harness.dialects.ai_sdk_ui.validate import validate
from harness.dialects.base import Dialect, HttpRequest
from harness.request import Request
from harness.wire.sse import split

PATH = "/v1/ui/chat"
"""Where the gateway serves it; front ends are told the address of their own chat endpoint."""


def _build_request(request: Request, api_key: str | None) -> HttpRequest:
    raise ValueError("nobody is asked in ai-sdk-ui: it is what a gateway serves to chat front ends")


def _matches(method: str, target: str) -> bool:
    return method == "POST" and target.partition("?")[0].endswith(PATH)


DIALECT = Dialect(
    name="ai-sdk-ui",
    content_type="text/event-stream",
    decoder=Decoder,
    encoder=Encoder,
    build_request=_build_request,
    read_request=read_request,
    matches=_matches,
    validate=validate,
    read_error=read_error,
    write_error=write_error,
    split_frames=split,
    unread=unread,
    facts={
        "framing": "sse",
        "end_marker": "[DONE]",
        "single_choice": True,
        "inputs_are_objects": True,
        "ends_in_one": True,  # the stop reason and the counts, in the last frame of a good end
        "shows_extras": True,  # sources, files and data of other vendors, as far as a front end can show them
        "response_headers": {"x-vercel-ai-ui-message-stream": "v1"},
    },
)
