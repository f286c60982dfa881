"""Canonical events as a UI message stream, which the `ai` package of npm and its chat front ends read.

Everything opened is closed: parts of text and reasoning, calls, and the steps around them, also where the answer fails,
is cut off, tried again or cancelled. A step is one answer of a model: a repeat of the request, or the next turn of a
talk with tools, begins another one. A call is handed over as input that may be used only once its arguments are whole;
if they never are, or if the answer broke off, it ends as an input error, which nobody executes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from harness.dialects.ai_sdk_ui.chunks import RENDERED, chunk_frame, is_refused, spelled
from harness.dialects.ai_sdk_ui.errors import error_chunks
from harness.dialects.ai_sdk_ui.metadata import provider_metadata, usage_object
from harness.dialects.ai_sdk_ui.sources import sources
from harness.dialects.ai_sdk_ui.turns import Turns
from harness.dialects.base import Loss
from harness.dialects.decoding import compact_json
from harness.dialects.growing import Arguments
from harness.events import (
    TOOL_RESULT,
    AnyEvent,
    End,
    Failure,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)
from harness.transcript import mend_surrogates, parse_arguments
from harness.wire import sse

INTERRUPTED = "[interrupted]"
"""The text that a cancelled answer ends with, so that nobody takes it for a whole one later."""

_DONE = b"data: [DONE]\n\n"
_REASONS: dict[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool-calls",
    "content_filter": "content-filter",
    "other": "other",
    "refusal": "content-filter",
    "pause": "other",
    "context_overflow": "length",
}
_OWN_REASONS = ("stop", "length", "tool_calls", "content_filter", "other")
_WORDS = (Text, Reasoning, Refusal, ToolCall)
_CUT_SHORT = ("length", "context_overflow")


class _Call:
    """A tool call of the step: its pieces wait until its name is known."""

    __slots__ = ("arguments", "closed", "id", "name", "signature", "started")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = Arguments()
        self.started = False
        self.closed = False
        self.signature: Signature | None = None


class Encoder:
    """Events to frames; see `base.Encoder`. An End that says `cancelled` aborts the stream."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self._lost: set[str] = set()
        self._out: list[bytes] = []
        self._known = Start()
        self._started = False
        self._over = False
        self._failed = False
        self._steps = 0
        self._in_step = False
        self._part: tuple[str, str] | None = None  # kind and id of the open part
        self._parts = 0
        self._sources: set[str] = set()
        self._calls: dict[int, _Call] = {}  # of this step
        self._call_ids: set[str] = set()  # of all steps
        self._turns = Turns()
        self._writers: dict[type, Callable[[Any], None]] = {
            Start: self._start,
            Text: self._text,
            Reasoning: self._reasoning,
            Refusal: self._refusal,
            Signature: self._signature,
            ToolCall: self._tool_call,
            Usage: self._turns.count,
            Finish: self._finished,
            Failure: self._failure,
            Retry: self._retry,
            Other: self._other,
            End: self._end,
        }

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that `event` gives; none after an error, an abort or the end."""
        if self._over:
            if self._failed and type(event) in _WORDS:
                self._lose("after-error", "an error is the last that a stream says")
            return []
        if getattr(event, "choice", 0):
            self._lose("choices", "a message is a single choice")
        elif writer := self._writers.get(type(event)):
            writer(event)
        return self._taken()

    def close(self) -> list[bytes]:
        """What ends a message well: its last step, `finish` with the stop reason and the usage, and `[DONE]`."""
        if self._over:
            return []
        if not self._steps:
            self._step()
        self._end_step(cut_short=self._cut_short())
        self._emit("finish", **self._ending())
        self._out.append(_DONE)
        self._over = True
        return self._taken()

    def keep_alive(self) -> bytes:
        """A comment, as the `ai` package's own server sends it; nothing after the end."""
        return b"" if self._over else sse.comment("keep-alive")

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """Hand over the calls whose arguments are whole, though more might follow."""
        for call in [] if self._over else self._calls.values():
            value = call.arguments.value() if call.started and not call.closed else None
            if value or (doubtful and value is not None):
                self._close_call(call, cut_short=False)
        return self._taken()

    def _taken(self) -> list[bytes]:
        out, self._out = self._out, []
        return out

    def _lose(self, what: str, detail: str) -> None:
        if what not in self._lost:
            self._lost.add(what)
            self.losses.append(Loss(what, detail))

    def _emit(self, kind: str, **fields: Any) -> None:
        self._out.append(chunk_frame({"type": kind, **fields}))

    def _start(self, event: Start) -> None:
        new = Start(self._known.id or event.id, self._known.model or event.model)
        fresh = {"id": new.id} if new.id != self._known.id else {}
        metadata = {"model": new.model} if new.model != self._known.model else {}
        self._known = new
        if not self._started:
            self._started = True
            message = {"messageId": new.id} if new.id else {}
            self._emit("start", **message, **({"messageMetadata": metadata} if metadata else {}))
        elif self._turns.begin():
            self._end_step(cut_short=False)
        elif fresh or metadata:
            self._emit("message-metadata", messageMetadata={**fresh, **metadata})

    def _step(self) -> None:
        """Make sure that a step is open: content follows."""
        if not self._started:
            self._start(Start())
        if not self._in_step:
            self._turns.go_on()
            self._in_step = True
            self._steps += 1
            self._emit("start-step")

    def _end_step(self, *, cut_short: bool) -> None:
        """End everything that is open. `cut_short`: calls that were not handed over are not to be used."""
        self._end_part()
        self._end_calls(cut_short=cut_short)
        if self._in_step:
            self._in_step = False
            self._emit("finish-step")

    def _end_calls(self, *, cut_short: bool) -> None:
        for call in self._calls.values():
            if not call.closed and (call.started or call.name or call.arguments.text):
                self._close_call(call, cut_short=cut_short)
        self._calls.clear()

    def _text(self, event: Text) -> None:
        self._say("text", event.text)

    def _say(self, kind: str, text: str) -> None:
        if not text:
            return
        part = self._part if self._part and self._part[0] == kind else self._open_part(kind)
        self._emit(f"{kind}-delta", id=part[1], delta=text)

    def _open_part(self, kind: str) -> tuple[str, str]:
        self._end_part()
        self._step()
        self._close_whole_calls()
        self._parts += 1
        self._part = kind, f"{kind}-{self._parts}"
        self._emit(f"{kind}-start", id=self._part[1])
        return self._part

    def _end_part(self, **fields: Any) -> None:
        if self._part is not None:
            (kind, part_id), self._part = self._part, None
            self._emit(f"{kind}-end", id=part_id, **fields)

    def _reasoning(self, event: Reasoning) -> None:
        if event.summary:
            self._lose("reasoning-summary", "that reasoning is a summary is not said")
        self._say("reasoning", event.text)

    def _refusal(self, event: Refusal) -> None:
        self._lose("refusal-as-text", "a refusal in words is plain text")
        self._say("text", event.text)

    def _signature(self, event: Signature) -> None:
        if event.tool_index is not None:
            call = self._calls.setdefault(event.tool_index, _Call())
            if call.closed:
                self._lose("signature", "the signature of a call comes before the call is whole")
            call.signature = event
            return
        if self._part is None or self._part[0] != "reasoning":
            self._open_part("reasoning")
        self._end_part(providerMetadata=provider_metadata(event))

    def _tool_call(self, event: ToolCall) -> None:
        call = self._calls.setdefault(event.index, _Call())
        if not call.started:
            call.id = call.id or event.id or ""
            call.name = event.name or call.name
            call.arguments.add(event.arguments)
            if call.name:
                self._open_call(call)
            return
        if event.id and event.id != call.id:
            self._lose("tool-call-id-late", "a call's id is given when it starts")
        if event.name and event.name != call.name:
            self._lose("tool-call-name-late", "a call's name is given when it starts")
        if call.closed and event.arguments.strip():
            self._lose("tool-call-closed", "arguments come for a call whose input was whole already")
        elif event.arguments and not call.closed:
            call.arguments.add(event.arguments)
            self._emit("tool-input-delta", toolCallId=call.id, inputTextDelta=event.arguments)

    def _open_call(self, call: _Call) -> None:
        self._end_part()
        self._step()
        self._close_whole_calls(besides=call)
        call.started = True
        call.id, call.name = self._unique(mend_surrogates(call.id)), mend_surrogates(call.name)
        self._emit("tool-input-start", toolCallId=call.id, toolName=call.name)
        if call.arguments.text:
            self._emit("tool-input-delta", toolCallId=call.id, inputTextDelta=call.arguments.text)

    def _unique(self, call_id: str) -> str:
        """The id itself, or one made in its place: readers find a call by its id alone, in the whole message."""
        if not call_id or call_id in self._call_ids:
            self._lose("tool-call-id-made", "a call has an id, which no other call of the message has")
        number = len(self._call_ids)
        while not call_id or call_id in self._call_ids:
            call_id, number = f"call_harness_{number}", number + 1
        self._call_ids.add(call_id)
        return call_id

    def _close_whole_calls(self, besides: _Call | None = None) -> None:
        for call in self._calls.values():
            if call is not besides and call.started and not call.closed and call.arguments.value() is not None:
                self._close_call(call, cut_short=False)

    def _close_call(self, call: _Call, *, cut_short: bool) -> None:
        """Hand a call over, or say why it cannot be used."""
        if not call.started:
            self._lose("tool-call-name-missing", "a tool call has a name")
            self._open_call(call)
        call.closed = True
        metadata = {"providerMetadata": provider_metadata(call.signature)} if call.signature else {}
        place = {"toolCallId": call.id, "toolName": call.name}
        arguments = call.arguments.text
        if not arguments.strip() and not cut_short:
            arguments = "{}"
        value = None if cut_short else parse_arguments(arguments)
        if value is not None and is_refused(value):
            self._lose("tool-call-refused", "readers refuse arguments that name an object's prototype")
        elif value is not None:
            self._emit("tool-input-available", **place, input=spelled(arguments, value), **metadata)
            return
        why = "the answer broke off" if cut_short else "the arguments are no object that can be used"
        self._emit("tool-input-error", **place, input=mend_surrogates(arguments), errorText=why, **metadata)

    def _cut_short(self) -> bool:
        finish = self._turns.finish
        return finish is not None and finish.reason in _CUT_SHORT

    def _finished(self, event: Finish) -> None:
        self._turns.stop(event)
        self._end_part()
        for call in self._calls.values():
            if not call.closed and (call.started or call.name):
                whole = call.arguments.value() is not None
                self._close_call(call, cut_short=self._cut_short() and not whole)

    def _ending(self) -> dict[str, Any]:
        """The fields of `finish`."""
        finish, usage = self._turns.finish, usage_object(self._turns.usage)
        metadata: dict[str, Any] = {"usage": usage} if usage else {}
        if finish is None:
            return {"messageMetadata": metadata} if metadata else {}
        reason = _REASONS[finish.reason]
        if finish.reason not in _OWN_REASONS:
            metadata["finishReason"] = finish.reason
        if finish.raw and finish.raw != reason:
            metadata["rawFinishReason"] = finish.raw
        return {"finishReason": reason, **({"messageMetadata": metadata} if metadata else {})}

    def _failure(self, event: Failure) -> None:
        if not self._started:
            self._start(Start())
        self._end_step(cut_short=True)
        self._out += [chunk_frame(chunk) for chunk in error_chunks(event.error)]
        self._over = self._failed = True

    def _end(self, event: End) -> None:
        if event.status == "cancelled":
            self._end_calls(cut_short=True)
            self._open_part("text")
            self._say("text", INTERRUPTED)
            self._end_step(cut_short=True)
            self._emit("abort")
            self._over = True

    def _retry(self, event: Retry) -> None:
        if not self._started:
            self._start(Start())
        self._end_step(cut_short=True)
        data = {name: value for name, value in msgspec.to_builtins(event).items() if name != "type"}
        self._emit("data-retry", data=data, transient=True)

    def _other(self, event: Other) -> None:
        cited = list(sources(event))
        for url, title in cited:
            if url not in self._sources:
                self._step()
                self._sources.add(url)
                named = {"title": title} if title else {}
                self._emit("source-url", sourceId=f"source-{len(self._sources)}", url=url, **named)
        if not cited and not (self._tool_result(event) if event.kind == TOOL_RESULT else self._chunk(event)):
            self._lose("extras", f"{event.kind} is not rendered")

    def _tool_result(self, event: Other) -> bool:
        """What a tool answered to a call of this step."""
        data = event.data if type(event.data) is dict else {}
        index, said = data.get("index"), data.get("content")
        call = self._calls.get(index) if type(index) is int else None
        if call is None or type(said) is not str:
            return False
        if not call.closed:
            self._close_call(call, cut_short=False)
        if data.get("is_error"):
            self._emit("tool-output-error", toolCallId=call.id, errorText=said)
        else:
            self._emit("tool-output-available", toolCallId=call.id, output=said)
        return True

    def _chunk(self, event: Other) -> bool:
        """Evidence that is a chunk of this dialect: sources, files, data, what tools answered."""
        data = event.data if type(event.data) is dict else {}
        wanted = {"data": object} if event.kind.startswith("data-") else RENDERED.get(event.kind)
        if wanted is None or "type" in data or is_refused(data) or not compact_json(data):
            return False
        if not all(name in data and isinstance(data[name], kind) for name, kind in wanted.items()):
            return False
        if "toolCallId" in wanted:
            call = next((call for call in self._calls.values() if call.id == data["toolCallId"]), None)
            if call and call.started and not call.closed:
                self._close_call(call, cut_short=False)
            if data["toolCallId"] not in self._call_ids:
                return False
        self._step()
        self._emit(event.kind, **data)
        return True
