"""Decodes `anthropic-messages`: content blocks that open, grow by deltas and close, each under its own index.

Where streams in the wild differ from the vendor's documentation, these rules hold. A missing `event:` line is made up
for by the payload's `type`, and the other way round. Blocks are known by their index, whatever its order or gaps. A
tool call's `input` counts where no delta came; a call that closes with neither has the arguments `{}`, unless the
model ran out of tokens just then. `message_stop` without a stop reason completes the stream too, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.dialects.classify import classify
from harness.dialects.decoding import FrameDecoder, as_count, as_dict, as_list, as_str, compact_json, read_json
from harness.events import (
    AnyEvent,
    ErrorInfo,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.wire.frame import Frame
from harness.wire.sse import Framer

STOP_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_overflow",
}
_CUT_SHORT = ("length", "context_overflow")  # stop reasons that may have cut a tool call in the middle


class _Block:
    """One content block that is open."""

    __slots__ = ("call", "data", "kind", "pieces", "signature")

    def __init__(self, kind: str, data: dict[str, Any], call: int = -1) -> None:
        self.kind = kind
        self.data = data
        self.call = call  # of a tool call: its canonical index
        self.pieces: list[str] = []  # of its input; a tool call's are handed on at once, and only counted here
        self.signature = as_str(data.get("signature"))


class Decoder(FrameDecoder):
    """Bytes of an `anthropic-messages` stream to events."""

    end_marker = b"[DONE]"  # not this dialect's, but gateways append it

    def __init__(self) -> None:
        super().__init__(Framer())
        self._blocks: dict[int, _Block] = {}
        self._foreign: set[int] = set()  # indexes of open blocks that are not the model's own words
        self._last = -1  # the index of the block opened last
        self._opened = 0
        self._calls = 0
        self._bare_call: int | None = None  # a call that has just closed without any arguments
        self._started = False
        self._message_id = ""
        self._stop_reason = ""
        self._warned_late = False

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        kind = payload.get("type")
        if kind == "content_block_delta":  # nine in ten
            self._block_delta(payload, frame, out)
        elif reader := _READERS.get(kind if type(kind) is str else frame.event or ""):
            reader(self, payload, frame, out)
        elif payload.get("error"):
            self._error(payload, frame, out)

    def _text_frame(self, frame: Frame, out: list[AnyEvent]) -> bool:
        return frame.event is not None and frame.event not in _READERS  # a vendor's own event need not be JSON

    def _end_marker(self, frame: Frame, out: list[AnyEvent]) -> None:
        out.append(Warning("done-marker-stray", "[DONE] is no part of this dialect", frame.offset))

    def _completed(self) -> bool:
        return self._finished or self._ended

    def _closing(self, out: list[AnyEvent]) -> None:
        self._flush_bare_call(out)
        for block in self._blocks.values():
            if block.kind not in _MODEL_BLOCKS:
                self._close_block(block, out)
        if self._finished and not (self._ended or self._failed):
            out.append(Warning("message-stop-missing", "the stream ends after its stop reason, without message_stop"))

    def _message_start(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        message = payload.get("message")
        if type(message) is not dict:
            self.malformed(frame, "message_start holds no message", out)
            return
        message_id = as_str(message.get("id"))
        if self._started:
            self._second_start(message_id, frame, out)
            return
        self._started = True
        self._message_id = message_id
        out.append(Start(message_id or None, as_str(message.get("model")) or None))
        for block in as_list(message.get("content")):
            if type(block) is dict:
                self._open_block(self._made_index(), block, out)
                self._stop_block(self._last, out)
        self._usage(message.get("usage"), out)
        if raw := as_str(message.get("stop_reason")):
            self._finish(raw, frame, out)

    def _whole_message(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """A whole message in the place of a stream, read as the events that would have brought it."""
        self._message_start({"message": {**payload, "content": None, "usage": None, "stop_reason": None}}, frame, out)
        for block in as_list(payload.get("content")):
            self._block_start({"content_block": block}, frame, out)
            self._stop_block(self._last, out)
        self._message_delta({"delta": payload, "usage": payload.get("usage")}, frame, out)
        self._message_stop(payload, frame, out)

    def _second_start(self, message_id: str, frame: Frame, out: list[AnyEvent]) -> None:
        """A message that starts again: a repeated frame, or a second answer that something spliced in."""
        if message_id == self._message_id or not self._opened:
            out.append(Warning("message-start-repeated", "the message starts a second time", frame.offset))
            return
        message = f"a second message ({message_id or 'without id'}) begins before {self._message_id} ended"
        self.fail(ErrorInfo("protocol", message, code="message-spliced"), out)
        self._ended = True

    def _made_index(self) -> int:
        return -2 - self._opened  # below any index that a server may give

    def _block_start(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        block = payload.get("content_block")
        if type(block) is not dict:
            self.malformed(frame, "content_block_start holds no block", out)
            return
        index = payload.get("index")
        if type(index) is not int:
            index = self._made_index()
        if self._finished:
            self._warn_late(frame, out)
        self._stop_block(index, out)  # one of that index that never closed
        self._open_block(index, block, out)

    def _open_block(self, index: int, block: dict[str, Any], out: list[AnyEvent]) -> None:
        self._flush_bare_call(out)
        kind = as_str(block.get("type"))
        self._opened += 1
        self._last = index
        opened = self._blocks[index] = _Block(kind, block)
        if kind == "text":
            if text := as_str(block.get("text")):
                out.append(Text(text))
            out.extend(Other("citation", citation) for citation in as_list(block.get("citations")))
        elif kind == "thinking":
            if text := as_str(block.get("thinking")):
                out.append(Reasoning(text))
        elif kind == "redacted_thinking":
            if data := as_str(block.get("data")):
                out.append(Signature(data, "redacted"))
        elif kind == "tool_use":
            opened.call = self._calls
            self._calls += 1
            out.append(ToolCall(opened.call, as_str(block.get("id")) or None, as_str(block.get("name")) or None))
        else:
            self._foreign.add(index)

    def _block_delta(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        delta = payload.get("delta")
        if type(delta) is not dict:
            self.malformed(frame, "content_block_delta holds no delta", out)
            return
        if self._finished:
            self._warn_late(frame, out)
        kind = delta.get("type")
        if kind == "text_delta":
            text = delta.get("text")
            if type(text) is str:
                if not text:
                    return
                if not self._foreign or self._index(payload) not in self._foreign:
                    out.append(Text(text))
                    return
        elif kind == "input_json_delta":
            self._input(payload, delta.get("partial_json"), frame, out)
            return
        elif kind == "thinking_delta" and type(text := delta.get("thinking")) is str:
            if text:
                out.append(Reasoning(text))
            return
        self._rare_delta(payload, delta, frame, out)

    def _rare_delta(self, payload: dict[str, Any], delta: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        kind = as_str(delta.get("type"))
        if kind == "signature_delta":
            signature = as_str(delta.get("signature"))
            block = self._blocks.get(self._index(payload))
            if block is not None:
                block.signature = signature or block.signature
            elif signature:
                out.append(Signature(signature))
        elif kind == "citations_delta":
            out.append(Other("citation", delta.get("citation")))
        elif kind in ("text_delta", "thinking_delta") and self._index(payload) not in self._foreign:
            if delta.get("text" if kind == "text_delta" else "thinking"):  # nothing at all is an empty delta
                self.malformed(frame, f"the {kind} holds no text", out)
        else:
            out.append(Other(kind or "delta", delta))

    def _index(self, payload: dict[str, Any]) -> int:
        index = payload.get("index")
        return index if type(index) is int else self._last

    def _input(self, payload: dict[str, Any], piece: Any, frame: Frame, out: list[AnyEvent]) -> None:
        """A fragment of the input of the model's tool call, or of a call that the server runs itself."""
        if type(piece) is not str:
            if not piece:
                return
            piece = compact_json(piece)
        if not piece:
            return
        block = self._blocks.get(self._index(payload))
        if block is None:
            out.append(Warning("block-not-started", "input comes for a block that never started", frame.offset))
            self._open_block(self._index(payload), {"type": "tool_use"}, out)
            block = self._blocks[self._last]
        if block.call >= 0:
            if not block.pieces:
                block.pieces.append("")  # deltas came: the block's own input does not count
            out.append(ToolCall(block.call, arguments=piece))
        else:
            block.pieces.append(piece)

    def _block_stop(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._stop_block(self._index(payload), out)

    def _stop_block(self, index: int, out: list[AnyEvent]) -> None:
        block = self._blocks.pop(index, None)
        if block is not None:
            self._foreign.discard(index)
            self._close_block(block, out)

    def _close_block(self, block: _Block, out: list[AnyEvent]) -> None:
        """Hand on what only the end of the block makes sure of."""
        if block.kind == "tool_use":
            if block.pieces:
                return
            given = block.data.get("input")
            if given:
                out.append(ToolCall(block.call, arguments=given if type(given) is str else compact_json(given)))
            else:
                self._bare_call = block.call
        elif block.kind == "thinking":
            if block.signature:
                out.append(Signature(block.signature))
        elif block.kind not in _MODEL_BLOCKS:
            data = block.data
            if block.pieces:
                spelled = "".join(block.pieces)
                read = read_json(spelled.encode("utf-8", "surrogatepass"))
                data = {**data, "input": spelled if read is None else read}
            out.append(Other(block.kind or "block", data))

    def _flush_bare_call(self, out: list[AnyEvent]) -> None:
        """A call without any input has an empty one: unless what could not be read may have been its input."""
        if self._bare_call is not None and not self._unreadable:
            out.append(ToolCall(self._bare_call, arguments="{}"))
        self._bare_call = None

    def _message_delta(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if type(payload.get("delta") or {}) is not dict:
            self.malformed(frame, "the message_delta holds no delta", out)
        delta = as_dict(payload.get("delta"))
        raw = as_str(delta.get("stop_reason"))
        reason = STOP_REASONS.get(raw, "other")
        if raw:
            self._close_all(cut_short=reason in _CUT_SHORT, out=out)
        self._usage(payload.get("usage"), out)
        if details := delta.get("stop_details"):
            out.append(Other("stop_details", details))
        if raw:
            self._finish(raw, frame, out)

    def _finish(self, raw: str, frame: Frame, out: list[AnyEvent]) -> None:
        """The first stop reason stands, whatever is said later."""
        if not self._finished:
            self._finished = True
            self._stop_reason = raw
            out.append(Finish(STOP_REASONS.get(raw, "other"), raw))
        elif raw != self._stop_reason:
            message = f"the stop reason {self._stop_reason} is followed by {raw}"
            out.append(Warning("finish-changed", message, frame.offset))

    def _message_stop(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._close_all(cut_short=False, out=out)
        self._ended = True
        if not self._finished:
            out.append(Warning("finish-missing", "the message stops without a stop reason", frame.offset))

    def _close_all(self, cut_short: bool, out: list[AnyEvent]) -> None:
        """Close the blocks that never did, now that the model has stopped."""
        for index in list(self._blocks):
            self._stop_block(index, out)
            if not cut_short:
                self._flush_bare_call(out)
        if cut_short:
            self._bare_call = None  # its input was cut off before it began; `{}` would look whole
        self._flush_bare_call(out)

    def _usage(self, usage: Any, out: list[AnyEvent]) -> None:
        usage = as_dict(usage)
        counts = Usage(
            as_count(usage.get("input_tokens")),
            as_count(usage.get("output_tokens")),
            as_count(as_dict(usage.get("output_tokens_details")).get("thinking_tokens")),
            as_count(usage.get("cache_read_input_tokens")),
            as_count(usage.get("cache_creation_input_tokens")),
        )
        if counts != _NO_USAGE:
            out.append(counts)

    def _error(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if self._failed:
            return
        error = payload.get("error")
        if type(error) is not dict:
            error = {"message": error} if type(error) is str else payload
        kind, code, message = (as_str(error.get(name)) for name in ("type", "code", "message"))
        kind = "" if kind == "error" else kind
        self.fail(classify(code=code or None, type=kind or None, message=message), out)

    def _warn_late(self, frame: Frame, out: list[AnyEvent]) -> None:
        if not self._warned_late:
            self._warned_late = True
            out.append(Warning("content-after-finish", "content comes after the stop reason", frame.offset))

    def _skip(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """A ping says only that the connection lives."""


_NO_USAGE = Usage()
_MODEL_BLOCKS = ("text", "thinking", "redacted_thinking", "tool_use")
_READERS: dict[str, Callable[[Decoder, dict[str, Any], Frame, list[AnyEvent]], None]] = {
    "content_block_delta": Decoder._block_delta,
    "content_block_start": Decoder._block_start,
    "content_block_stop": Decoder._block_stop,
    "message_start": Decoder._message_start,
    "message": Decoder._whole_message,
    "message_delta": Decoder._message_delta,
    "message_stop": Decoder._message_stop,
    "ping": Decoder._skip,
    "error": Decoder._error,
}
