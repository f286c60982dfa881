"""Decodes `ai-sdk-ui`, the UI message stream of the AI SDK, which chat front ends read.

Text and reasoning are parts that open, grow and close under ids; a tool call is told by its own id, in pieces
(`tool-input-delta`) or whole (`tool-input-available`), and the pieces count where there were any. What front ends show
and models never said (sources, files, data, what tools answered) is kept as `Other` under its chunk's own type. The
metadata that our encoder writes is read back; that of others is left alone. `finish` completes the stream; so does
`[DONE]` alone, with a warning, since a server that writes its parts by hand may leave `finish` out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from harness.dialects.ai_sdk_ui.errors import kept_error, read_error_text
from harness.dialects.ai_sdk_ui.metadata import SIGNATURES, read_usage
from harness.dialects.decoding import FrameDecoder, as_dict, as_str, compact_json
from harness.events import (
    AnyEvent,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Retry,
    Signature,
    Start,
    Status,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.wire.frame import Frame
from harness.wire.sse import Framer

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content-filter": "content_filter",
    "tool-calls": "tool_calls",
    "other": "other",
    "unknown": "other",
    "error": "other",
    "interrupted": "other",
}
KEPT = (
    *("tool-output-available", "tool-output-error", "tool-output-denied", "tool-approval-request"),
    *("tool-approval-response", "source-url", "source-document", "file", "reasoning-file", "custom"),
    *("steering-message", "reset-step"),
)
"""Chunks that are no words of a model, kept under their own type."""
_CANONICAL = frozenset(get_args(FinishReason))


class _Call:
    """A tool call: its canonical index, and whether it was told in pieces."""

    __slots__ = ("in_pieces", "index", "is_whole", "signature")

    def __init__(self, index: int) -> None:
        self.index = index
        self.in_pieces = False
        self.is_whole = False
        self.signature = ""


class Decoder(FrameDecoder):
    """Bytes of a UI message stream to events."""

    end_marker = b"[DONE]"

    def __init__(self) -> None:
        super().__init__(Framer())
        self._parts: dict[tuple[str, str], dict[str, Any]] = {}  # open parts: their kind and id, their metadata
        self._calls: dict[str, _Call] = {}
        self._aborted = False
        self._error: dict[str, Any] = {}  # what our encoder says of an error that comes
        self._warned_late = False

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        kind = as_str(payload.get("type"))
        if self._finished and not self._warned_late and kind not in ("message-metadata", "error", "abort"):
            self._warned_late = True
            out.append(Warning("content-after-finish", f"{kind} comes after finish", frame.offset))
        if reader := _READERS.get(kind):
            reader(self, payload, frame, out)
        elif kind in KEPT or kind.startswith("data-"):
            out.append(Other(kind, {name: value for name, value in payload.items() if name != "type"}))
        elif payload.get("error"):  # an error of HTTP in the place of a stream
            self.fail(read_error_text(compact_json(payload)), out)
        elif not kind:
            self.malformed(frame, "the chunk has no type", out)

    def _completed(self) -> bool:
        return self._finished or self._ended

    def _status(self) -> Status:
        return "cancelled" if self._aborted and not self._failed else super()._status()

    def _closing(self, out: list[AnyEvent]) -> None:
        for metadata in self._parts.values():
            self._sign(metadata, out)
        if self._failed or self._aborted:
            return
        if self._ended and not self._finished:
            out.append(Warning("finish-missing", "the stream ends with [DONE] and never said finish", self._size))
        elif self._finished and not self._ended:
            out.append(Warning("sse-done-missing", "the stream ends without [DONE]", self._size))

    def _start(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        said = as_dict(payload.get("messageMetadata"))
        message_id = as_str(payload.get("messageId")) or as_str(said.get("id"))
        model = as_str(said.get("model"))
        if message_id or model or payload.get("type") == "start":
            out.append(Start(message_id or None, model or None))
        self._counts(said, out)

    def _counts(self, said: dict[str, Any], out: list[AnyEvent]) -> None:
        counts = read_usage(said.get("usage"))
        if counts != Usage():
            out.append(counts)

    def _finish(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        said = as_dict(payload.get("messageMetadata"))
        self._counts(said, out)
        raw = as_str(payload.get("finishReason"))
        own = as_str(said.get("finishReason"))
        if raw and not self._finished:
            reason = own if own in _CANONICAL else FINISH_REASONS.get(raw, "other")
            out.append(Finish(reason, as_str(said.get("rawFinishReason")) or raw))  # type: ignore[arg-type]
        self._finished = True

    def _abort(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._aborted = True

    def _failure(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        text = as_str(payload.get("errorText"))
        self.fail(kept_error(self._error, text) or read_error_text(text), out)

    def _announced_error(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._error = as_dict(payload.get("data"))

    def _retry(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        try:
            out.append(msgspec.convert(payload.get("data"), _RetryData).event())
        except (msgspec.ValidationError, OverflowError):
            out.append(Other("data-retry", {name: value for name, value in payload.items() if name != "type"}))

    def _part_start(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._parts[_part_key(payload)] = as_dict(payload.get("providerMetadata"))

    def _part_delta(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        key, text = _part_key(payload), payload.get("delta")
        if type(text) is not str:
            self.malformed(frame, f"the {payload['type']} holds no text", out)
            return
        if key not in self._parts:
            out.append(
                Warning("part-not-started", f"{payload['type']} for {key[1]!r}, which is not open", frame.offset)
            )
            self._parts[key] = {}
        if metadata := as_dict(payload.get("providerMetadata")):
            self._parts[key] = metadata
        if text:
            out.append(Text(text) if key[0] == "text" else Reasoning(text))

    def _part_end(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        before = self._parts.pop(_part_key(payload), {})
        self._sign(as_dict(payload.get("providerMetadata")) or before, out)

    def _sign(self, metadata: dict[str, Any], out: list[AnyEvent]) -> None:
        """What must be sent back with the part, under the names that vendors' providers give it."""
        for vendor, field, form in SIGNATURES:
            fields = as_dict(metadata.get(vendor))
            if data := as_str(fields.get(field)):
                out.append(Signature(data, form, id=as_str(fields.get("itemId")) or None))
                return

    def _call_start(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        call_id = as_str(payload.get("toolCallId"))
        if payload.get("providerExecuted") is True:
            out.append(Other("tool-input-start", {name: value for name, value in payload.items() if name != "type"}))
            return
        if call_id in self._calls:
            out.append(Warning("tool-call-repeated", f"the call {call_id!r} starts a second time", frame.offset))
            return
        call = self._calls[call_id] = _Call(len(self._calls))
        out.append(ToolCall(call.index, call_id or None, as_str(payload.get("toolName")) or None))
        self._call_metadata(call, payload)

    def _call_delta(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        call = self._calls.get(as_str(payload.get("toolCallId")))
        piece = payload.get("inputTextDelta")
        if call is None or type(piece) is not str:
            what = "is for a call that never started" if call is None else "holds no text"
            out.append(Warning("tool-input-delta-odd", f"the tool-input-delta {what}", frame.offset))
            return
        if piece and not call.is_whole:
            call.in_pieces = True
            out.append(ToolCall(call.index, arguments=piece))

    def _call_whole(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """A call's input: it counts where no piece of it came before."""
        if payload.get("providerExecuted") is True:
            out.append(Other(payload["type"], {name: value for name, value in payload.items() if name != "type"}))
            return
        call_id = as_str(payload.get("toolCallId"))
        if call_id not in self._calls:
            self._call_start(payload, frame, out)
        call = self._calls[call_id]
        self._call_metadata(call, payload)
        if not call.is_whole and not call.in_pieces:
            given = payload.get("input")
            is_text = type(given) is str and payload["type"] == "tool-input-error"
            arguments = given if is_text else "" if given is None else compact_json(given)
            if arguments:
                out.append(ToolCall(call.index, arguments=arguments))
        if call.signature and not call.is_whole:
            out.append(Signature(call.signature, tool_index=call.index))
        call.is_whole = True

    def _call_metadata(self, call: _Call, payload: dict[str, Any]) -> None:
        metadata = as_dict(payload.get("providerMetadata"))
        for vendor, field, form in SIGNATURES:
            if form == "signature" and (data := as_str(as_dict(metadata.get(vendor)).get(field))):
                call.signature = data


def _part_key(payload: dict[str, Any]) -> tuple[str, str]:
    kind, _, _ = payload["type"].partition("-")
    return kind, as_str(payload.get("id"))


class _RetryData(msgspec.Struct):
    attempt: int
    max_attempts: int | None
    delay_s: float
    reason: str

    def event(self) -> Retry:
        """The event that was announced."""
        return Retry(self.attempt, self.max_attempts, self.delay_s, self.reason)


def _nothing(decoder: Decoder, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
    """Steps bound what a model said at a time; the calls and words say the same."""


_READERS: dict[str, Callable[[Decoder, dict[str, Any], Frame, list[AnyEvent]], None]] = {
    "text-delta": Decoder._part_delta,
    "reasoning-delta": Decoder._part_delta,
    "tool-input-delta": Decoder._call_delta,
    "text-start": Decoder._part_start,
    "text-end": Decoder._part_end,
    "reasoning-start": Decoder._part_start,
    "reasoning-end": Decoder._part_end,
    "tool-input-start": Decoder._call_start,
    "tool-input-available": Decoder._call_whole,
    "tool-input-error": Decoder._call_whole,
    "start": Decoder._start,
    "message-metadata": Decoder._start,
    "start-step": _nothing,
    "finish-step": _nothing,
    "finish": Decoder._finish,
    "abort": Decoder._abort,
    "error": Decoder._failure,
    "data-error": Decoder._announced_error,
    "data-retry": Decoder._retry,
}
