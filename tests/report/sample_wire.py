"""Wire bodies for sample results: a few frames of each dialect, written by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from harness.runner.results import AttemptRecord, ChunkRecord

PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/test-model:streamGenerateContent?alt=sse",
    "ollama": "/api/chat",
}


def sse(payload: object, event: str | None = None) -> bytes:
    data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return (f"event: {event}\n" if event else "").encode() + f"data: {data}\n\n".encode()


def text_frames(dialect: str, pieces: Sequence[str]) -> list[bytes]:
    """A whole answer of these text deltas, ending well."""
    return {
        "openai-chat": _chat,
        "openai-responses": _responses,
        "anthropic-messages": _messages,
        "gemini": _gemini,
        "ollama": _ollama,
    }[dialect](pieces)


def _chat(pieces: Sequence[str]) -> list[bytes]:
    base = {"id": "chatcmpl-9fT2", "object": "chat.completion.chunk", "created": 1730000000, "model": "test-model"}

    def chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
        return sse({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    usage = {"prompt_tokens": 9, "completion_tokens": len(pieces), "total_tokens": 9 + len(pieces)}
    deltas = [chunk({"content": piece}) for piece in pieces]
    return [chunk({"role": "assistant", "content": ""}), *deltas, chunk({}, "stop"),
            sse({**base, "choices": [], "usage": usage}), sse("[DONE]")]  # fmt: skip


def _messages(pieces: Sequence[str]) -> list[bytes]:
    message = {"id": "msg_01X", "type": "message", "role": "assistant", "model": "test-model", "content": [],
               "stop_reason": None, "usage": {"input_tokens": 9, "output_tokens": 1}}  # fmt: skip
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}} for piece in pieces
    ]
    stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": len(pieces)}}
    payloads: list[dict[str, object]] = [
        {"type": "message_start", "message": message}, block, {"type": "ping"}, *deltas,
        {"type": "content_block_stop", "index": 0}, stop, {"type": "message_stop"},
    ]  # fmt: skip
    return [sse(payload, str(payload["type"])) for payload in payloads]


def _responses(pieces: Sequence[str]) -> list[bytes]:
    response = {"id": "resp_5a", "object": "response", "model": "test-model", "status": "in_progress", "output": []}
    item = {"id": "msg_5a", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    place = {"item_id": "msg_5a", "output_index": 0, "content_index": 0}
    text = "".join(pieces)
    done_item = {**item, "status": "completed", "content": [{"type": "output_text", "text": text, "annotations": []}]}
    usage = {"input_tokens": 9, "output_tokens": len(pieces), "total_tokens": 9 + len(pieces)}
    payloads: list[dict[str, object]] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": {"type": "output_text", "text": ""}},
        *({"type": "response.output_text.delta", **place, "delta": piece} for piece in pieces),
        {"type": "response.output_text.done", **place, "text": text},
        {"type": "response.output_item.done", "output_index": 0, "item": done_item},
        {"type": "response.completed",
         "response": {**response, "status": "completed", "output": [done_item], "usage": usage}},
    ]  # fmt: skip
    numbered = [{**payload, "sequence_number": number} for number, payload in enumerate(payloads)]
    return [sse(payload, str(payload["type"])) for payload in numbered]


def _gemini(pieces: Sequence[str]) -> list[bytes]:
    last = len(pieces) - 1
    return [
        sse({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0,
                             **({"finishReason": "STOP"} if number == last else {})}],
             "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": number + 1},
             "modelVersion": "test-model"})
        for number, piece in enumerate(pieces)
    ]  # fmt: skip


def _ollama(pieces: Sequence[str]) -> list[bytes]:
    base = {"model": "test-model", "created_at": "2026-11-20T10:00:00Z"}
    lines = [{**base, "message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces]
    last = {**base, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
            "prompt_eval_count": 9, "eval_count": len(pieces)}  # fmt: skip
    return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in [*lines, last]]


def attempt(
    dialect: str,
    chunks: Sequence[bytes],
    *,
    number: int = 1,
    at_s: float = 0.004,
    gap_s: float = 0.0125,
    status: int | None = 200,
    headers: Sequence[tuple[str, str]] = (),
    how_ended: str = "clean",
    request_faults: Sequence[str] = (),
    client_left: bool = False,
) -> AttemptRecord:
    """One attempt in which the chunks were sent at a steady pace."""
    times = [round(at_s + 0.003 + gap_s * place, 6) for place in range(len(chunks))]
    body = {"model": "test-model", "stream": True, "messages": [{"role": "user", "content": "Weather in Oslo?"}]}
    kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
    return AttemptRecord(
        number=number,
        at_s=at_s,
        method="POST",
        path=PATHS[dialect],
        request_headers=[("host", "127.0.0.1:40001"), ("content-type", "application/json"),
                         ("authorization", "Bearer sk-test"), ("user-agent", "sample/1.0")],
        request_body=json.dumps(body),
        request_faults=list(request_faults),
        status=status,
        headers=[("content-type", kind if status == 200 else "application/json"), *headers],
        chunks=[
            ChunkRecord(time, base64.b64encode(chunk).decode()) for time, chunk in zip(times, chunks, strict=True)
        ],
        how_ended=how_ended,
        ended_s=times[-1] + 0.001 if times and how_ended != "stall" else None,
        client_left=client_left,
    )  # fmt: skip


def recut(body: bytes, size: int) -> list[bytes]:
    """The same bytes in chunks of that size."""
    return [body[start : start + size] for start in range(0, len(body), size)]
