"""Small streams of each dialect, written out, with the outcomes that readers make of them."""

from __future__ import annotations

from typing import Any

from harness.events import ErrorInfo
from harness.fuzz.damage import variant_of
from harness.fuzz.outcome import Ended, Outcome
from harness.fuzz.variant import Variant
from tests.fuzz.given import stream_of

CHAT = (
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"One, "},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"two."},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
"""Frames end at 96, 178, 259, 326 and 340."""

CALL = (
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":'
    b'{"name":"search","arguments":""}}]},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":'
    b'{"arguments":"{\\"q\\": \\"old"}}]},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":'
    b'{"arguments":" files\\"}"}}]},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n'
    b"data: [DONE]\n\n"
)

RESPONSES = (
    b'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"r"}}\n\n'
    b"event: response.output_text.delta\n"
    b'data: {"type":"response.output_text.delta","sequence_number":1,"delta":"One, "}\n\n'
    b"event: response.output_text.delta\n"
    b'data: {"type":"response.output_text.delta","sequence_number":2,"delta":"two."}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","sequence_number":3,"response":{"id":"r"}}\n\n'
)

MESSAGES = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m"}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
    b'{"type":"tool_use","id":"toolu_1","name":"search","input":{}}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
    b'{"type":"input_json_delta","partial_json":"{\\"q\\": 1}"}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)

GEMINI = (
    b'data: {"candidates":[{"index":0,"content":{"parts":[{"text":"Hm.","thought":true}]}}]}\n\n'
    b'data: {"candidates":[{"index":0,"content":{"parts":[{"text":"One"},'
    b'{"functionCall":{"name":"f","args":{"a":1}}}]},"finishReason":"STOP"}]}\n\n'
)

GEMINI_ARRAY = (
    b'[{"candidates":[{"index":0,"content":{"parts":[{"text":"One } \\" "}]}}]}\n,\n'
    b'{"candidates":[{"index":0,"content":{"parts":[{"text":"two"}]},"finishReason":"STOP"}]}\n]'
)

OLLAMA = (
    b'{"message":{"role":"assistant","content":"One, "},"done":false}\n'
    b'{"message":{"role":"assistant","content":"two."},"done":false}\n'
    b'{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n'
)


def damaged(plan: dict[str, Any], body: bytes = CHAT, dialect: str = "openai-chat") -> Variant:
    """The variant of a body that a plan makes."""
    return variant_of(stream_of(body, dialect), plan)


def call(arguments: str, input: Any = None, name: str = "search") -> dict[str, Any]:
    """A tool call in a transcript."""
    return {"id": "call_1", "name": name, "arguments": arguments, "input": input}


def outcome(text: str = "", ended: Ended = "completed", *calls: dict[str, Any], **more: Any) -> Outcome:
    """What a reader made of a stream: its text, how it ended, its calls, and other members of its transcript."""
    error = ErrorInfo("server", "broken") if ended == "error" else None
    transcript = {"text": text, "reasoning": "", "refusal": None, "tool_calls": list(calls), "other_choices": []}
    return Outcome({**transcript, "warnings": [], "error": None, **more}, ended, error)


def breaches(variant: Variant, got: Outcome, intact: Outcome) -> list[str]:
    """The kinds of what does not hold, each with a mark where the user had no way to notice."""
    assert variant.demand is not None
    found = variant.demand.broken_by(got, intact)
    return [f"{each.kind}{' unnoticed' if each.silent else ''}" for each in found]
