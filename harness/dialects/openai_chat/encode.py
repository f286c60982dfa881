"""Canonical events, rendered as the chunks of an OpenAI chat completion stream.

Reasoning goes out as `reasoning_content`, its signatures as `reasoning_details`: OpenAI has no fields for them, and
these are what its followers read. Usage comes in a chunk of its own after the stop reason, as when it is asked for.
"""

from __future__ import annotations

from typing import Any

from harness.dialects.base import Loss
from harness.dialects.decoding import compact_bytes
from harness.dialects.openai_chat.decode import EVIDENCE_IN_CHUNK, EVIDENCE_IN_DELTA
from harness.dialects.openai_chat.errors import error_body
from harness.dialects.openai_chat.finish import OWN_REASONS, canonical_reason
from harness.events import (
    AnyEvent,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)
from harness.transcript import merge_usage
from harness.wire import sse

_KEEP_ALIVE = b": keep-alive\n\n"
_DONE = b"data: [DONE]\n\n"
_CREATED = 1767225600  # the first second of 2026: fixed, so that the same events give the same bytes
_RAW_OF = {"refusal": "content_filter", "pause": "stop", "context_overflow": "length", "other": "stop"}


class Encoder:
    """Events to frames. `losses` says what chat completions have no place for."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.verbatim = False
        self._id = "chatcmpl-harness"
        self._model = "test-model"
        self._roles: set[int] = set()  # choices that have their first chunk
        self._names: dict[tuple[int, int], str] = {}
        self._usage = Usage()
        self._usage_waits = False
        self._usage_is_last = False  # what was sent of it is what readers keep, as long as nothing follows
        self._finished = False
        self._failed = False
        self._closed = False

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that this event gives."""
        match event:
            case Start():
                return self._start(event)
            case Text(text, choice):
                return self._delta({"content": text}, choice) if text else []
            case Reasoning(text, choice):
                return self._delta({"reasoning_content": text}, choice) if text else []
            case Refusal(text, choice):
                return self._delta({"refusal": text}, choice) if text else []
            case ToolCall():
                return self._delta({"tool_calls": [self._tool_call(event)]}, event.choice)
            case Signature():
                return self._signature(event)
            case Finish():
                return self._finish(event)
            case Usage():
                return self._take_usage(event)
            case Failure(error):
                self._failed = True
                return [*self._send_usage(), _frame(_error(error))]
            case Other(kind, data):
                return self._other(kind, data)
        return []

    def close(self) -> list[bytes]:
        """The usage that waits for the end, and `[DONE]`; nothing after a failure, whose frame was the last."""
        self._closed = True
        return [] if self._failed else [*self._send_usage(), _DONE]

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """Nothing: calls go out in fragments."""
        return []

    def keep_alive(self) -> bytes:
        """A comment, which every reader of server-sent events skips."""
        return b"" if self._failed or self._closed else _KEEP_ALIVE

    def _start(self, event: Start) -> list[bytes]:
        self._id = event.id or self._id
        self._model = event.model or self._model
        return self._role(0)

    def _role(self, choice: int) -> list[bytes]:
        """The chunk that opens a choice, once."""
        if choice in self._roles:
            return []
        self._roles.add(choice)
        return [self._chunk({"role": "assistant", "content": ""}, choice)]

    def _delta(self, delta: dict[str, Any], choice: int) -> list[bytes]:
        return [*self._role(choice), self._chunk(delta, choice)]

    def _chunk(self, delta: dict[str, Any], choice: int, finish: str | None = None) -> bytes:
        return self._whole([{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}])

    def _whole(self, choices: list[dict[str, Any]], **extra: Any) -> bytes:
        self._usage_waits = self._usage_waits or self._usage_is_last
        self._usage_is_last = False
        chunk = {"id": self._id, "object": "chat.completion.chunk", "created": _CREATED, "model": self._model}
        return _frame({**chunk, "choices": choices, **extra})

    def _tool_call(self, event: ToolCall) -> dict[str, Any]:
        """One fragment. A name that continues the one before it is sent as the rest, which readers append."""
        function: dict[str, Any] = {"arguments": event.arguments}
        if event.name:
            key = (event.choice, event.index)
            before = self._names.get(key, "")
            self._names[key] = event.name
            is_continued = before and event.name != before and event.name.startswith(before)
            function = {"name": event.name[len(before) :] if is_continued else event.name, **function}
        first = {"id": event.id, "type": "function"} if event.id else {}
        return {"index": event.index, **first, "function": function}

    def _signature(self, event: Signature) -> list[bytes]:
        if event.tool_index is not None:
            extra = {"google": {"thought_signature": event.data}}
            call = {"index": event.tool_index, "function": {"arguments": ""}, "extra_content": extra}
            return self._delta({"tool_calls": [call]}, event.choice)
        if event.form == "redacted":
            self.losses.append(Loss("redacted-reasoning", "chat completions have no place for it"))
            return []
        detail: dict[str, Any] = {"type": "reasoning.text", "signature": event.data}
        if event.form == "encrypted":
            detail = {"type": "reasoning.encrypted", "data": event.data}
        if event.id:
            detail["id"] = event.id
        return self._delta({"reasoning_details": [{**detail, "index": 0}]}, event.choice)

    def _finish(self, event: Finish) -> list[bytes]:
        self._finished = True
        raw = event.raw or ""
        is_own = self.verbatim or raw in OWN_REASONS or event.reason == "other"
        if not (raw and is_own and canonical_reason(raw) == event.reason):
            raw = _RAW_OF.get(event.reason, event.reason)
            if raw != event.reason:
                self.losses.append(Loss("finish-reason", f"{event.reason} is sent as {raw}"))
        return [*self._role(event.choice), self._chunk({}, event.choice, raw)]

    def _take_usage(self, event: Usage) -> list[bytes]:
        """Usage waits for the stop reason; what comes later is sent at once."""
        self._usage = merge_usage(self._usage, event)
        self._usage_waits = True
        return self._send_usage() if self._finished else []

    def _send_usage(self) -> list[bytes]:
        if not self._usage_waits:
            return []
        frame = self._whole([], usage=_usage_object(self._usage))
        self._usage_waits, self._usage_is_last = False, True
        return [frame]

    def _other(self, kind: str, data: Any) -> list[bytes]:
        if kind in EVIDENCE_IN_DELTA:
            return self._delta({kind: data}, 0)
        if kind in EVIDENCE_IN_CHUNK:
            return [self._whole([], **{kind: data})]
        if kind.startswith("content_") and type(data) is dict:
            return self._delta({"content": [data]}, 0)
        self.losses.append(Loss("extras", f"chat completions have no place for {kind}"))
        return []


def _usage_object(usage: Usage) -> dict[str, Any]:
    """The counts in OpenAI's form; unknown ones of the three that are always there are 0."""
    sent: dict[str, Any] = {
        "prompt_tokens": usage.input_tokens or 0,
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": (usage.input_tokens or 0) + (usage.output_tokens or 0),
    }
    read = {"cached_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens}
    if cached := {name: count for name, count in read.items() if count is not None}:
        sent["prompt_tokens_details"] = cached
    if usage.reasoning_tokens is not None:
        sent["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return sent


def _error(error: ErrorInfo) -> dict[str, Any]:
    """The error with its HTTP status, which readers of followers' streams look for beside the code."""
    body = error_body(error)
    return body if error.status is None else {"error": {**body["error"], "status_code": error.status}}


def _frame(payload: dict[str, Any]) -> bytes:
    return sse.frame(compact_bytes(payload))
