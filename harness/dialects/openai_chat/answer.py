"""A chat completion: the whole answer in one object, for those who asked for no stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.dialects.answers import body_json, frame_payloads, read_document, to_answer, written
from harness.dialects.base import Answer, Loss
from harness.dialects.openai_chat.decode import Decoder
from harness.dialects.openai_chat.encode import Encoder
from harness.events import AnyEvent

_TEXTS = ("content", "refusal", "reasoning_content")


def write_answer(events: Sequence[AnyEvent]) -> Answer:
    """The `chat.completion`. Raises ValueError for events that did not end well."""
    return written(Encoder(), events, join_frames)


def join_frames(frames: Sequence[bytes]) -> Answer:
    """The `chat.completion` that the frames of a whole stream are. Raises ValueError for those of one that failed."""
    completion: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in frame_payloads(frames):
        completion |= {name: value for name, value in chunk.items() if name != "choices"}
        for part in chunk["choices"]:
            _add(choices.setdefault(part["index"], _choice(part["index"])), part)
    losses = _finished(choices.values())
    completion |= {"object": "chat.completion", "choices": [choices[index] for index in sorted(choices)]}
    return to_answer(completion, losses)


def read_answer(body: bytes) -> list[AnyEvent]:
    """The events of a `chat.completion`, or of the error in its place; the last is End. Never raises."""
    return read_document(Decoder(), "openai-chat", body, body_json(body))


def _choice(index: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, "refusal": None}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": None}


def _add(choice: dict[str, Any], part: dict[str, Any]) -> None:
    """Put what a chunk says of a choice into it."""
    message = choice["message"]
    for name, value in part["delta"].items():
        if name in _TEXTS:
            message[name] = (message.get(name) or "") + value
        elif name == "tool_calls":
            _add_calls(message.setdefault(name, []), value)
        elif name == "reasoning_details":
            details = message.setdefault(name, [])
            details += [{**detail, "index": len(details)} for detail in value]
        else:
            message[name] = value
    choice["finish_reason"] = choice["finish_reason"] or part["finish_reason"]


def _add_calls(calls: list[dict[str, Any]], fragments: list[dict[str, Any]]) -> None:
    for fragment in fragments:
        index = fragment.pop("index")
        while len(calls) <= index:
            calls.append({"id": f"call_harness_{len(calls)}", "type": "function"})
            calls[-1]["function"] = {"name": "", "arguments": ""}
        function = calls[index]["function"]
        for name, value in fragment.pop("function", {}).items():
            function[name] += value
        calls[index] |= fragment


def _finished(choices: Iterable[dict[str, Any]]) -> list[Loss]:
    """See to what every choice of a document has: a stop reason, and content that is null beside calls alone."""
    losses = []
    for choice in choices:
        message = choice["message"]
        if not message["content"] and (message.get("tool_calls") or message["refusal"]):
            message["content"] = None
        if choice["finish_reason"] is None:
            choice["finish_reason"] = "stop"
            losses.append(Loss("finish-missing", "a completion always gives a finish_reason"))
    return losses
