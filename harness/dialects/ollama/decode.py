"""Ollama's chat stream, decoded: one record on a line, the last with `done: true` and the counts.

Tool calls come whole, any of the records may carry them, and each element of `tool_calls` is a call of its own
whatever index it names. The vendor says `stop` of a turn that made calls: that is `tool_calls` here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.dialects.decoding import FrameDecoder, as_count, as_dict, as_str, compact_json
from harness.dialects.ollama.errors import error_in_record
from harness.events import (
    AnyEvent,
    ErrorInfo,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import MADE_ID_PREFIX
from harness.wire import ndjson
from harness.wire.frame import Frame

_REASONS: Mapping[str, FinishReason] = {"stop": "stop", "length": "length", "tool_calls": "tool_calls"}
_EVIDENCE = ("logprobs", "status")  # of a record: a status is what is said while a model loads
_EVIDENCE_OF_MESSAGE = ("images",)


class Decoder(FrameDecoder):
    """Bytes of an /api/chat response to events."""

    def __init__(self) -> None:
        super().__init__(ndjson.Framer())
        self._model: str | None = None
        self._calls = 0
        self._finish: Finish | None = None
        self._continued = False  # content came after it

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if self._model is None and (model := as_str(payload.get("model"))):
            self._model = model
            out.append(Start(None, model))
        message = payload.get("message")
        if type(message) is dict:
            self._take_message(message, frame, out)
        elif message:
            self.malformed(frame, "the message is not an object", out)
        for key in _EVIDENCE:
            if key in payload:
                out.append(Other(key, payload[key]))
        if "error" in payload or "message" not in payload:
            self._take_odd_record(payload, frame, out)
        if payload.get("done") is True or payload.get("done_reason"):
            self._take_end(payload, frame, out)

    def _take_message(self, message: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if thinking := message.get("thinking"):
            self._take_text(Reasoning, thinking, frame, out)
        if content := message.get("content"):
            self._take_text(Text, content, frame, out)
        if calls := message.get("tool_calls"):
            for call in calls if type(calls) is list else [calls]:
                self._take_call(call, frame, out)
        for key in _EVIDENCE_OF_MESSAGE:
            if message.get(key):
                out.append(Other(key, message[key]))

    def _take_text(self, kind: type[Text] | type[Reasoning], text: Any, frame: Frame, out: list[AnyEvent]) -> None:
        if type(text) is not str:
            self.malformed(frame, f"the {kind.__name__.lower()} of a message is not a string", out)
            return
        if self._finished and not self._continued:
            self._continued = True
            out.append(Warning("content-after-finish", "content follows the done reason", frame.offset))
        out.append(kind(text))

    def _take_call(self, call: Any, frame: Frame, out: list[AnyEvent]) -> None:
        function = as_dict(as_dict(call).get("function"))
        name = as_str(function.get("name"))
        if not name:
            self.malformed(frame, "a tool call has no function with a name", out)
            if not function:
                return
        args = function.get("arguments")
        # Some gateways send the arguments as a string; no arguments at all is how the vendor says {}.
        arguments = args if type(args) is str and args else compact_json(args or {})
        given = as_str(as_dict(call).get("id"))
        out.append(ToolCall(self._calls, given or f"{MADE_ID_PREFIX}{self._calls}", name or None, arguments))
        self._calls += 1

    def _take_odd_record(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """A record without a message: an error, generated text, a status, or nothing known."""
        if payload.get("error"):
            self.fail(error_in_record(payload), out)
        elif "response" in payload:
            if text := payload["response"]:
                self._take_text(Text, text, frame, out)
        elif key := next((key for key in payload if key.startswith("error") and payload[key]), None):
            # Some versions write what went wrong into the key, where readers of `error` never find it.
            self.fail(ErrorInfo("protocol", f"{key}: {as_str(payload[key])}"), out)

    def _take_end(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """The counts and the reason; a reason without `done: true` is an end too, with a warning."""
        self._ended = payload.get("done") is True
        self._finished = True
        usage = Usage(as_count(payload.get("prompt_eval_count")), as_count(payload.get("eval_count")))
        if usage != Usage():
            out.append(usage)
        if raw := as_str(payload.get("done_reason")):
            self._take_reason(raw, frame, out)
        elif self._finish is None:
            out.append(Warning("done-reason-missing", "the last record gives no done_reason", frame.offset))

    def _take_reason(self, raw: str, frame: Frame, out: list[AnyEvent]) -> None:
        reason = _REASONS.get(raw, "other")
        finish = Finish("tool_calls" if reason == "stop" and self._calls else reason, raw)
        if self._finish is None:
            self._finish = finish
            out.append(finish)
        elif raw != self._finish.raw:
            message = f"the done reason was {self._finish.raw!r}, and is {raw!r} later"
            out.append(Warning("finish-reason-changed", message, frame.offset))

    def _closing(self, out: list[AnyEvent]) -> None:
        if self._finished and not self._ended:
            out.append(Warning("done-missing", "no record says `done: true`", self._size))
