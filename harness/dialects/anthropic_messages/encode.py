"""Canonical events to `anthropic-messages` frames, in the order in which the vendor sends them.

Text and thinking share one open block at a time. A tool call's block closes as soon as another block opens and its
input is whole; until then it stays open beside others, since their indexes keep their deltas apart. The stop reason
waits for the usage, because the vendor puts both into one `message_delta`.
"""

from __future__ import annotations

from typing import Any

from harness.dialects.anthropic_messages.decode import STOP_REASONS
from harness.dialects.anthropic_messages.errors import error_body
from harness.dialects.base import Loss
from harness.dialects.decoding import compact_json
from harness.dialects.named_events import named_event
from harness.events import (
    AnyEvent,
    Failure,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)
from harness.transcript import merge_usage, parse_arguments

_RAW_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "context_overflow": "model_context_window_exceeded",
    "content_filter": "refusal",
    "other": "end_turn",
}
_KEEP_ALIVE = b": keep-alive\n\n"
_WRITTEN = (Text, Reasoning, ToolCall, Signature, Refusal, Failure, Other)


class _Call:
    """A tool call while its fragments come; `index` is its block's, once that is open."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""
        self.index: int | None = None
        self.closed = False


class Encoder:
    """Events to frames; see `base.Encoder`."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self._lost: set[str] = set()
        self._started = False
        self._failed = False
        self._closed = False
        self._next_index = 0
        self._open: str | None = None  # the kind of the open block of text or thinking, which is the last but calls
        self._open_index = 0
        self._calls: dict[int, _Call] = {}
        self._usage = Usage()
        self._details: Any = None  # of the stop reason
        self._finish: Finish | None = None
        self._finish_waits = False
        self._usage_waits = False

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that `event` gives."""
        if getattr(event, "choice", 0):
            self._lose("choices", "a message is a single choice")
            return []
        out: list[dict[str, Any]] = []
        if isinstance(event, _WRITTEN):
            self._stop_reason(out)
        match event:
            case Text():
                self._text(event.text, out)
            case Reasoning():
                self._thinking(event.text, out)
            case ToolCall():
                self._tool_call(event, out)
            case Signature():
                self._signature(event, out)
            case Refusal():
                self._lose("refusal-as-text", "a refusal in words is plain text")
                self._text(event.text, out)
            case Usage():
                self._count(event, out)
            case Finish():
                self._finished(event, out)
            case Start():
                self._start(event, out)
            case Failure():
                self._failed = True
                out.append(error_body(event.error))
            case Other():
                self._other(event, out)
            case _:  # Warning, Retry and End have no frames
                pass
        return [named_event(payload) for payload in out]

    def close(self) -> list[bytes]:
        """The frames that end a message well; none after a failure."""
        if self._failed:
            return []
        self._closed = True
        out: list[dict[str, Any]] = []
        self._opened(out)
        self._close_blocks(out)
        if self._usage_waits and not self._finish:
            self._finish_waits = True
        self._stop_reason(out)
        out.append({"type": "message_stop"})
        return [named_event(payload) for payload in out]

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """Nothing: calls go out in fragments."""
        return []

    def keep_alive(self) -> bytes:
        """The vendor's ping; a comment before the message has started, since its start comes first."""
        if self._failed or self._closed:
            return b""
        return named_event({"type": "ping"}) if self._started else _KEEP_ALIVE

    def _lose(self, what: str, detail: str) -> None:
        if what not in self._lost:
            self._lost.add(what)
            self.losses.append(Loss(what, detail))

    def _start(self, event: Start, out: list[dict[str, Any]]) -> None:
        if self._started:
            return
        self._started = True
        self._usage_waits = False
        message: dict[str, Any] = {
            "id": event.id or "msg_harness",
            "type": "message",
            "role": "assistant",
            "model": event.model or "test-model",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0, **self._counts()},
        }
        out.append({"type": "message_start", "message": message})

    def _opened(self, out: list[dict[str, Any]]) -> None:
        if not self._started:
            self._start(Start(), out)

    def _counts(self) -> dict[str, Any]:
        """The usage so far under the vendor's names."""
        usage = self._usage
        counts: dict[str, Any] = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_creation_input_tokens": usage.cache_write_tokens,
            "cache_read_input_tokens": usage.cache_read_tokens,
        }
        if usage.reasoning_tokens is not None:
            counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
        return {name: count for name, count in counts.items() if count is not None}

    def _text(self, text: str, out: list[dict[str, Any]]) -> None:
        if text:
            self._turn_to("text", {"type": "text", "text": ""}, out)
            self._delta({"type": "text_delta", "text": text}, out)

    def _thinking(self, text: str, out: list[dict[str, Any]]) -> None:
        if text:
            self._turn_to("thinking", {"type": "thinking", "thinking": "", "signature": ""}, out)
            self._delta({"type": "thinking_delta", "thinking": text}, out)

    def _turn_to(self, kind: str, block: dict[str, Any], out: list[dict[str, Any]]) -> None:
        """Make a block of that kind the open one."""
        if self._open == kind:
            return
        self._close_prose(out)
        self._open = kind
        self._open_index = self._block_start(block, out)

    def _block_start(self, block: dict[str, Any], out: list[dict[str, Any]]) -> int:
        self._opened(out)
        self._close_whole_calls(out)
        index = self._next_index
        self._next_index += 1
        out.append({"type": "content_block_start", "index": index, "content_block": block})
        return index

    def _delta(self, delta: dict[str, Any], out: list[dict[str, Any]]) -> None:
        out.append({"type": "content_block_delta", "index": self._open_index, "delta": delta})

    def _close_prose(self, out: list[dict[str, Any]]) -> None:
        if self._open is not None:
            out.append({"type": "content_block_stop", "index": self._open_index})
            self._open = None

    def _signature(self, event: Signature, out: list[dict[str, Any]]) -> None:
        if event.form == "encrypted" or event.tool_index is not None:
            what = "encrypted reasoning" if event.form == "encrypted" else "the signature of a tool call"
            self._lose("signature", f"{what} has no place in a message")
        elif event.form == "redacted":
            self._close_prose(out)
            index = self._block_start({"type": "redacted_thinking", "data": event.data}, out)
            out.append({"type": "content_block_stop", "index": index})
        else:
            self._turn_to("thinking", {"type": "thinking", "thinking": "", "signature": ""}, out)
            self._delta({"type": "signature_delta", "signature": event.data}, out)
            self._close_prose(out)

    def _tool_call(self, event: ToolCall, out: list[dict[str, Any]]) -> None:
        call = self._calls.setdefault(event.index, _Call())
        if call.index is None:
            self._name_call(call, event, out)
            return
        if event.id and event.id != call.id:
            self._lose("tool-call-id-late", "a block's id is given when it starts")
        if event.name and event.name != call.name:
            self._lose("tool-call-name-late", "a block's name is given when it starts")
        if event.arguments:
            self._input(call, event.arguments, out)

    def _name_call(self, call: _Call, event: ToolCall, out: list[dict[str, Any]]) -> None:
        """Open the call's block as soon as its name is there; its arguments wait for that."""
        call.id = call.id or event.id or ""
        call.name = event.name or call.name
        call.arguments += event.arguments
        if call.name:
            self._open_call(call, out)

    def _open_call(self, call: _Call, out: list[dict[str, Any]]) -> None:
        self._close_prose(out)
        call.id = call.id or f"toolu_harness_{self._next_index}"
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        call.index = self._block_start(block, out)
        arguments, call.arguments = call.arguments, ""
        self._input(call, "", out)  # the vendor opens the input with an empty delta
        if arguments:
            self._input(call, arguments, out)

    def _input(self, call: _Call, piece: str, out: list[dict[str, Any]]) -> None:
        if call.closed:
            if piece.strip():
                self._lose("tool-call-closed", "arguments come for a call whose input was whole already")
            return
        call.arguments += piece
        delta = {"type": "input_json_delta", "partial_json": piece}
        out.append({"type": "content_block_delta", "index": call.index, "delta": delta})

    def _close_whole_calls(self, out: list[dict[str, Any]]) -> None:
        for call in self._calls.values():
            if call.index is not None and not call.closed and parse_arguments(call.arguments) is not None:
                self._close_call(call, out)

    def _close_call(self, call: _Call, out: list[dict[str, Any]]) -> None:
        call.closed = True
        out.append({"type": "content_block_stop", "index": call.index})

    def _close_blocks(self, out: list[dict[str, Any]]) -> None:
        """Close everything that is open; a call that never got a name is given without one."""
        self._close_prose(out)
        for call in self._calls.values():
            if call.index is None:
                self._lose("tool-call-name-missing", "a tool call has a name")
                self._open_call(call, out)
            if not call.closed:
                self._close_call(call, out)

    def _count(self, event: Usage, out: list[dict[str, Any]]) -> None:
        self._usage = merge_usage(self._usage, event)
        self._usage_waits = True
        self._finish_waits = self._finish is not None
        if self._finish_waits:
            self._stop_reason(out)

    def _finished(self, event: Finish, out: list[dict[str, Any]]) -> None:
        self._stop_reason(out)  # an earlier one
        self._opened(out)
        self._close_blocks(out)
        self._finish = event
        self._finish_waits = True
        if self._usage_waits and self._usage.output_tokens is not None:
            self._stop_reason(out)

    def _stop_reason(self, out: list[dict[str, Any]]) -> None:
        """The waiting `message_delta`, with the usage that has come."""
        if not self._finish_waits:
            return
        self._finish_waits = self._usage_waits = False
        raw = self._raw_reason(self._finish) if self._finish else None
        delta = {"stop_reason": raw, "stop_sequence": None}
        if self._details is not None:
            delta["stop_details"], self._details = self._details, None
        out.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 0, **self._counts()}})

    def _raw_reason(self, finish: Finish) -> str:
        raw = finish.raw or ""
        if STOP_REASONS.get(raw) == finish.reason or (finish.reason == "other" and raw and raw not in STOP_REASONS):
            return raw
        if finish.reason in ("content_filter", "other"):
            self._lose("finish-reason", f"there is no stop reason for {finish.reason}")
        return _RAW_REASONS[finish.reason]

    def _other(self, event: Other, out: list[dict[str, Any]]) -> None:
        if event.kind == "ping":
            self._opened(out)
            out.append({"type": "ping"})
        elif event.kind == "citation":
            self._turn_to("text", {"type": "text", "text": "", "citations": []}, out)
            self._delta({"type": "citations_delta", "citation": event.data}, out)
        elif event.kind == "stop_details":
            self._details = event.data
        elif type(event.data) is dict and event.data.get("type") == event.kind:
            self._foreign_block(event.data, out)
        else:
            self._lose("extras", f"{event.kind} is not rendered")

    def _foreign_block(self, data: dict[str, Any], out: list[dict[str, Any]]) -> None:
        """A block of the vendor's own tools, whole; input comes in a delta, as the vendor sends it."""
        self._close_prose(out)
        streamed = type(data.get("input")) is dict and bool(data["input"])
        index = self._block_start({**data, "input": {}} if streamed else data, out)
        if streamed:
            delta = {"type": "input_json_delta", "partial_json": compact_json(data["input"])}
            out.append({"type": "content_block_delta", "index": index, "delta": delta})
        out.append({"type": "content_block_stop", "index": index})
