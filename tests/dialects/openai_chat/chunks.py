"""Chunks of OpenAI chat streams, built by hand in tests."""

from __future__ import annotations

import json
from typing import Any

from harness.events import AnyEvent, End, Start, Warning
from harness.transcript import Transcript

from ..decoded import events, transcript

NAME = "openai-chat"
DONE = b"data: [DONE]\n\n"


def sse(*payloads: Any) -> bytes:
    """A body of these payloads, without an end marker."""
    return b"".join(b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n" for payload in payloads)


def chunk(delta: Any = None, finish: Any = None, index: Any = 0, **more: Any) -> dict[str, Any]:
    """A chunk with one choice."""
    return {"choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}], **more}


STOP = chunk(finish="stop")


def said(*payloads: Any) -> list[AnyEvent]:
    """The events of a body that ends well, without the end and the warnings."""
    return [one for one in heard(*payloads) if not isinstance(one, (Start, End, Warning))]


def heard(*payloads: Any) -> list[AnyEvent]:
    """All events of a body with an end marker."""
    return events(NAME, sse(*payloads) + DONE)


def read(*payloads: Any) -> Transcript:
    """What a body with an end marker amounts to."""
    return transcript(NAME, sse(*payloads) + DONE)


def rules(result: Transcript) -> list[str]:
    """The rules of its warnings."""
    return [warning.rule for warning in result.warnings]
