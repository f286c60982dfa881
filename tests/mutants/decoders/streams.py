"""Short well-formed streams, written by hand, in which the planted bugs are searched for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from harness.catalogue.loader import load_catalogue
from harness.fuzz.stream import Stream
from harness.runner.plan import PlannedCase, plan_cases
from harness.wire.response import Chunk, WireResponse

CHUNK: dict[str, Any] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}


def compact(value: Any) -> str:
    """JSON as most servers send it: what ends lines in Unicode alone is an escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028")


def event(value: dict[str, Any], end: str = "\n", name: str = "") -> bytes:
    """One server-sent event."""
    named = f"event: {name}{end}" if name else ""
    return f"{named}data: {compact(value)}{end}{end}".encode()


def delta(said: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One chunk of a chat completion."""
    return {**CHUNK, "choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


def chat(said: Iterable[dict[str, Any]], finish: str = "stop", end: str = "\n") -> list[bytes]:
    """The events of a chat completion with these deltas."""
    counted = {**CHUNK, "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}
    chunks = [delta({"role": "assistant", "content": ""}), *map(delta, said), delta({}, finish), counted]
    return [*(event(chunk, end) for chunk in chunks), f"data: [DONE]{end}{end}".encode()]


def text(*pieces: str, end: str = "\n") -> list[bytes]:
    """A chat completion that says this."""
    return chat(({"content": piece} for piece in pieces), end=end)


def arguments(*pieces: str) -> list[bytes]:
    """A chat completion that calls `f` with this."""
    fragments = ({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces)
    return chat([{"tool_calls": [CALL]}, *fragments], "tool_calls")


def anthropic(*pieces: str, end: str = "\n") -> list[bytes]:
    """A message of Anthropic's that says this."""
    usage = {"input_tokens": 9, "output_tokens": 1}
    head: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    head |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    said = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}} for each in pieces
    ]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": head},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *said,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 4},
        },
        {"type": "message_stop"},
    ]
    return [event(each, end, each["type"]) for each in events]


def gemini(*pieces: str) -> list[bytes]:
    """A generated content of Gemini's that says this."""
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}
    chunks: list[dict[str, Any]] = [
        {
            "candidates": [{"content": {"parts": [{"text": piece}], "role": "model"}, "index": 0}],
            "modelVersion": "m",
            "responseId": "r",
        }
        for piece in pieces
    ]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    chunks[-1]["usageMetadata"] = usage
    return [event(chunk, "\r\n") for chunk in chunks]


def ollama(*pieces: str) -> list[bytes]:
    """An answer of Ollama's that says this."""
    head = {"model": "m", "created_at": "2026-01-01T00:00:00Z"}
    said = [{**head, "message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces]
    last = {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    counts = {"total_duration": 5, "prompt_eval_count": 9, "eval_count": 4}
    return [f"{compact(line)}\n".encode() for line in [*said, {**last, **counts}]]


def counted(*pieces: str) -> list[bytes]:
    """A chat completion with its usage in the chunk that has the stop reason."""
    *said, _, _, done = text(*pieces)
    last = {**delta({}, "stop"), "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}
    return [*said, event(last), done]


WORDS = text("Grüße, ", "dear world")
BODIES: dict[str, tuple[str, list[bytes]]] = {
    "words": ("openai-chat", WORDS),
    "short": ("openai-chat", text("Hi", " you")),
    "counted": ("openai-chat", counted("Hi", " you")),
    "letters": ("openai-chat", text("boot", " hall")),
    "escapes": ("openai-chat", text('a "b"', " c\\d\ne")),
    "faces": ("openai-chat", text("Hi 😀", " you")),
    "separators": ("openai-chat", text("one", " two\u2028three")),
    "wide": ("openai-chat", text("x" * 12_000, " end")),
    "thinking": ("openai-chat", text("<think>", "Hm.", "</think>", "Yes.")),
    "call": ("openai-chat", arguments('{"city":"Oslo"}')),
    "call-in-pieces": ("openai-chat", arguments('{"city":', '"Oslo"}')),
    "messages": ("anthropic-messages", anthropic("Grüße", " you")),
    "messages-crlf": ("anthropic-messages", anthropic("Hi", " you", end="\r\n")),
    "gemini": ("gemini", gemini("Hi", " you")),
    "ollama": ("ollama", ollama("Grüße", " you")),
}


def stream(name: str) -> Stream:
    """The stream of that name in BODIES, one event a chunk."""
    dialect, events = BODIES[name]
    kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
    response = WireResponse(200, (("content-type", kind),), tuple(map(Chunk, events)))
    return made(name, dialect, response)


def packed(name: str) -> Stream:
    """The same from a server that packs what it sends with gzip, for readers that ask for it."""
    plain = stream(name)
    headers = (*plain.response.headers, ("content-encoding", "gzip"))
    coded = WireResponse(200, headers, (Chunk(gzip.compress(plain.body, mtime=0)),))
    return made(f"{name}-gzip", plain.dialect, replace(plain.response, codings=(("gzip", coded),)))


def made(name: str, dialect: str, response: WireResponse) -> Stream:
    """A stream that no scenario has, in the case of a plain one."""
    canary = _canaries()[dialect]
    case = PlannedCase(canary.scenario, dialect, replace(canary.rendered, responses=(response,)))
    return Stream(f"planted/{name}", dialect, response, case)


@cache
def _canaries() -> dict[str, PlannedCase]:
    found = [scenario for scenario in load_catalogue() if scenario.id == "canary/plain-text"]
    return {case.dialect: case for case in plan_cases(found)}
