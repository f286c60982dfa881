"""Canonical events to `openai-responses` frames, in the order in which the vendor sends them.

Every output item is announced, grows, and is done; text and refusals are parts of one message, reasoning is an item of
its own. A call's item is done as soon as another item begins and its arguments are whole; until then it stays open
beside others, since `output_index` keeps their deltas apart. The stop reason and the usage are fields of the final
response, which `close` sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.dialects.base import Loss
from harness.dialects.named_events import named_event
from harness.dialects.openai_responses.decode import INCOMPLETE_REASONS
from harness.dialects.openai_responses.errors import error_object
from harness.dialects.openai_responses.response import item_skeleton, response_object, usage_object
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

_Payload = dict[str, Any]

_KEEP_ALIVE = b": keep-alive\n\n"
_RAW_REASONS: dict[FinishReason, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
# part type -> (its field, the stem of its events, where its index is told)
_PARTS: dict[str, tuple[str, str, str]] = {
    "output_text": ("text", "response.output_text", "content_index"),
    "refusal": ("refusal", "response.refusal", "content_index"),
    "reasoning_text": ("text", "response.reasoning_text", "content_index"),
    "summary_text": ("text", "response.reasoning_summary_text", "summary_index"),
}


class _Item:
    """An output item that was announced: as it will be in the final response, and its open part."""

    def __init__(self, index: int, data: _Payload) -> None:
        self.index = index
        self.data = data
        self.part: _Payload | None = None
        self.part_index = 0
        self.done = False


class _Call:
    """A call while its fragments come; `item` is there once its name is known."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""
        self.item: _Item | None = None


class Encoder:
    """Events to frames; see `base.Encoder`."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.verbatim = False
        self._lost: set[str] = set()
        self._id = "resp_harness"
        self._model = "test-model"
        self._started = False
        self._failed = False
        self._closed = False
        self._sequence = 0
        self._items: list[_Item] = []
        self._prose: _Item | None = None  # the open message or reasoning item
        self._calls: dict[int, _Call] = {}
        self._usage = Usage()
        self._finish: Finish | None = None
        self._logprobs: list[Any] = []  # of the next piece of text
        self._out: list[bytes] = []
        self._writers: dict[type, Callable[[Any], None]] = {
            Start: self._start,
            Text: self._text,
            Refusal: self._refusal,
            Reasoning: self._reasoning,
            Signature: self._signature,
            ToolCall: self._tool_call,
            Usage: self._count,
            Finish: self._finished,
            Failure: self._failure,
            Other: self._extra,
        }

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that `event` gives; Warning, Retry and End give none."""
        if getattr(event, "choice", 0):
            self._lose("choices", "a response is a single choice")
            return []
        if writer := self._writers.get(type(event)):
            writer(event)
        return self._taken()

    def close(self) -> list[bytes]:
        """The final response; nothing after a failure."""
        if self._failed:
            return []
        self._closed = True
        self._opened()
        self._finish_items("completed" if self._incomplete_reason() is None else "incomplete")
        self._check_finish()
        incomplete = self._incomplete_reason()
        status = "completed" if incomplete is None else "incomplete"
        details = None if incomplete is None else {"reason": incomplete or None}
        response = self._response(status, usage=usage_object(self._usage), incomplete_details=details)
        self._emit(f"response.{status}", response=response)
        return self._taken()

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """Nothing: calls go out in fragments."""
        return []

    def keep_alive(self) -> bytes:
        """A comment, which every reader of server-sent events skips."""
        return b"" if self._failed or self._closed else _KEEP_ALIVE

    def _text(self, event: Text) -> None:
        self._say("message", "output_text", event.text)

    def _refusal(self, event: Refusal) -> None:
        self._say("message", "refusal", event.text)

    def _reasoning(self, event: Reasoning) -> None:
        self._say("reasoning", "summary_text" if event.summary else "reasoning_text", event.text)

    def _taken(self) -> list[bytes]:
        out, self._out = self._out, []
        return out

    def _lose(self, what: str, detail: str) -> None:
        if what not in self._lost:
            self._lost.add(what)
            self.losses.append(Loss(what, detail))

    def _emit(self, kind: str, **fields: Any) -> None:
        self._out.append(named_event({"type": kind, **fields, "sequence_number": self._sequence}))
        self._sequence += 1

    def _response(self, status: str, **fields: Any) -> _Payload:
        output = [item.data for item in self._items]
        return response_object(self._id, self._model, status, output, **fields)

    def _start(self, event: Start) -> None:
        if self._started:
            return
        self._started = True
        self._id = event.id or self._id
        self._model = event.model or self._model
        self._emit("response.created", response=self._response("in_progress"))
        self._emit("response.in_progress", response=self._response("in_progress"))

    def _opened(self) -> None:
        if not self._started:
            self._start(Start())

    def _announce(self, data: _Payload) -> _Item:
        self._opened()
        self._finish_whole_calls()
        item = _Item(len(self._items), data)
        self._items.append(item)
        self._emit("response.output_item.added", output_index=item.index, item=item.data)
        return item

    def _say(self, item_type: str, part_type: str, text: str) -> None:
        """Words of a message or of reasoning."""
        if not text:
            return
        item = self._prose
        if item is None or item.data["type"] != item_type:
            item = self._open_prose(item_type)
        if item.part is None or item.part["type"] != part_type:
            self._open_part(item, part_type)
        field, stem, _ = _PARTS[part_type]
        if item.part is not None:
            item.part[field] += text
        extra: _Payload = {"logprobs": self._logprobs} if part_type == "output_text" else {}
        self._logprobs = []
        self._emit(f"{stem}.delta", **self._place(item, part_type), delta=text, **extra)

    def _place(self, item: _Item, part_type: str) -> _Payload:
        return {"item_id": item.data["id"], "output_index": item.index, _PARTS[part_type][2]: item.part_index}

    def _open_prose(self, item_type: str, item_id: str | None = None) -> _Item:
        self._finish_prose()
        self._prose = self._announce(item_skeleton(item_type, len(self._items), item_id))
        return self._prose

    def _open_part(self, item: _Item, part_type: str) -> None:
        self._finish_part(item)
        field = _PARTS[part_type][0]
        part: _Payload = {"type": part_type, field: ""}
        if part_type == "output_text":
            part = {"type": part_type, "annotations": [], "logprobs": [], field: ""}
        parts = item.data["summary" if part_type == "summary_text" else "content"]
        item.part, item.part_index = part, len(parts)
        event = "response.reasoning_summary_part" if part_type == "summary_text" else "response.content_part"
        self._emit(f"{event}.added", **self._place(item, part_type), part=part)
        parts.append(part)

    def _finish_part(self, item: _Item) -> None:
        if item.part is None:
            return
        part_type = item.part["type"]
        field, stem, _ = _PARTS[part_type]
        extra: _Payload = {"logprobs": []} if part_type == "output_text" else {}
        self._emit(f"{stem}.done", **self._place(item, part_type), **{field: item.part[field]}, **extra)
        event = "response.reasoning_summary_part" if part_type == "summary_text" else "response.content_part"
        self._emit(f"{event}.done", **self._place(item, part_type), part=item.part)
        item.part = None

    def _finish_prose(self, status: str = "completed") -> None:
        if self._prose is not None:
            item, self._prose = self._prose, None
            self._finish_part(item)
            self._finish_item(item, status)

    def _finish_item(self, item: _Item, status: str) -> None:
        item.done = True
        if "status" in item.data:
            item.data["status"] = status
        self._emit("response.output_item.done", output_index=item.index, item=item.data)

    def _signature(self, event: Signature) -> None:
        if event.form != "encrypted":
            self._lose("signature", f"reasoning here is sent back as encrypted content, not as a {event.form}")
            return
        item = self._prose
        is_reasoning = item is not None and item.data["type"] == "reasoning"
        # Content is checked against the id of its item: one that comes after the text was told gets an item of its own.
        if item is None or not is_reasoning or (event.id and event.id != item.data["id"]):
            item = self._open_prose("reasoning", event.id)
        item.data["encrypted_content"] = event.data
        self._finish_prose()

    def _tool_call(self, event: ToolCall) -> None:
        call = self._calls.setdefault(event.index, _Call())
        if call.item is None:
            call.id = call.id or event.id or ""
            call.name = event.name or call.name
            call.arguments += event.arguments
            if call.name:
                self._open_call(call, event.index)
            return
        if event.id and event.id != call.id:
            self._lose("tool-call-id-late", "a call's id is given when it is announced")
        if event.name and event.name != call.name:
            self._lose("tool-call-name-late", "a call's name is given when it is announced")
        if event.arguments:
            self._arguments(call, call.item, event.arguments)

    def _open_call(self, call: _Call, index: int) -> None:
        self._finish_prose()
        call.id = call.id or f"call_harness_{index}"
        data = item_skeleton("function_call", len(self._items))
        call.item = self._announce({**data, "call_id": call.id, "name": call.name})
        if call.arguments:
            self._arguments(call, call.item, call.arguments)

    def _arguments(self, call: _Call, item: _Item, piece: str) -> None:
        if item.done:
            if piece.strip():
                self._lose("tool-call-closed", "arguments come for a call whose arguments were whole already")
            return
        item.data["arguments"] += piece
        place = {"item_id": item.data["id"], "output_index": item.index}
        self._emit("response.function_call_arguments.delta", **place, delta=piece)

    def _finish_call(self, item: _Item, status: str) -> None:
        place = {"item_id": item.data["id"], "output_index": item.index}
        self._emit("response.function_call_arguments.done", **place, arguments=item.data["arguments"])
        self._finish_item(item, status)

    def _finish_whole_calls(self) -> None:
        for item in self._items:
            if not item.done and "arguments" in item.data and parse_arguments(item.data["arguments"]) is not None:
                self._finish_call(item, "completed")

    def _finish_items(self, status: str) -> None:
        """End everything that is open; a call that never got a name is given without one."""
        self._finish_prose(status)
        for index, call in self._calls.items():
            if call.item is None:
                self._lose("tool-call-name-missing", "a tool call has a name")
                self._open_call(call, index)
            if call.item is not None and not call.item.done:
                self._finish_call(call.item, status)

    def _count(self, event: Usage) -> None:
        self._usage = merge_usage(self._usage, event)

    def _finished(self, event: Finish) -> None:
        self._finish = self._finish or event
        self._opened()
        self._finish_items("completed" if self._incomplete_reason() is None else "incomplete")

    def _incomplete_reason(self) -> str | None:
        """Why the response is incomplete, None where it is complete; empty where it is incomplete for no reason."""
        finish = self._finish
        if finish is None or finish.reason in ("stop", "tool_calls", "pause"):
            return None
        if finish.reason == "refusal":  # without words of its own it would pass for a good end
            return None if self._inferred() == "refusal" else "content_filter"
        raw = finish.raw or ""
        if finish.reason == "other":
            return "" if raw in INCOMPLETE_REASONS or raw == "incomplete" else raw
        if INCOMPLETE_REASONS.get(raw) == finish.reason:
            return raw
        return _RAW_REASONS.get(finish.reason, "max_output_tokens")

    def _check_finish(self) -> None:
        """Note a stop reason that readers cannot know, since they infer it from the output."""
        given = self._finish.reason if self._finish else None
        if given in ("length", "content_filter", "other"):
            return
        told = self._incomplete_reason() or self._inferred()
        if given != told:
            self._lose("finish-reason", f"{given or 'no stop reason'} cannot be told from {told}")

    def _inferred(self) -> FinishReason:
        """The stop reason that readers of a completed response infer from its output."""
        if any(item.data["type"] == "function_call" for item in self._items):
            return "tool_calls"
        messages = [item.data for item in self._items if item.data["type"] == "message"]
        parts = {part["type"] for message in messages for part in message["content"]}
        return "refusal" if parts == {"refusal"} else "stop"

    def _extra(self, event: Other) -> None:
        """What the vendor's own tools did, citations and log-probabilities, where they come from this dialect."""
        data, prose = event.data, self._prose
        if event.kind == "logprobs" and type(data) is list:
            self._logprobs = data
        elif event.kind == "annotation" and prose and prose.part and "annotations" in prose.part:
            annotations = prose.part["annotations"]
            place = {**self._place(prose, "output_text"), "annotation_index": len(annotations)}
            self._emit("response.output_text.annotation.added", **place, annotation=data)
            annotations.append(data)
        elif self.verbatim and type(data) is dict and data.get("type") == event.kind:
            self._finish_prose()
            item = self._announce(data)
            item.done = True
            self._emit("response.output_item.done", output_index=item.index, item=data)
        else:
            self._lose("extras", f"{event.kind} is not rendered")

    def _failure(self, event: Failure) -> None:
        self._opened()
        self._failed = True
        error = error_object(event.error)
        if event.error.status is not None:
            error["status_code"] = event.error.status  # beside the code, where followers put it
        told = {name: error[name] for name in ("code", "message", "param")}  # where the vendor's own types have them
        self._emit("error", error=error, **told)
        failed = {"code": error["code"] or error["type"], "message": error["message"]}
        self._emit("response.failed", response=self._response("failed", error=failed, usage=usage_object(self._usage)))
