"""Canonical events to Ollama's records, as the vendor sends them: whole tool calls, one last record with the counts."""

from __future__ import annotations

from typing import Any

from harness.dialects.base import Loss
from harness.dialects.decoding import compact_bytes
from harness.dialects.growing import Arguments
from harness.dialects.ollama.errors import error_body
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
from harness.transcript import mend_surrogates

_CREATED_AT = "2025-01-01T00:00:00Z"
_DONE_REASONS = ("stop", "length")
_EVIDENCE = ("logprobs", "status")


class _Call:
    """One tool call while its fragments come."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = Arguments()


class Encoder:
    """Events to frames.

    A tool call is held until an event of another kind follows and its arguments are whole; the finish and the usage,
    which are one record, until `close()`.
    """

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self._model = "test-model"
        self._named = ""  # the model, once the events gave it
        self._calls: dict[int, _Call] = {}
        self._sent_calls = 0
        self._sent: set[int] = set()  # the indexes of those
        self._finish: Finish | None = None
        self._counts: dict[str, int] = {}
        self._broken = ""  # the name of a call that no record can hold, where the model ended well
        self._failed = False
        self._closed = False

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that this event gives."""
        if getattr(event, "choice", 0):
            self._lose("choices", "Ollama answers with one choice")
            return []
        match event:
            case ToolCall():
                self._gather(event)
                return []
            case Start():
                self._named = mend_surrogates(event.model or "") or self._named
                self._model = self._named or self._model
                return []
            case Usage():
                self._take_usage(event)
                return []
        frames = self._whole_calls()
        match event:
            case Finish():
                frames += self._last_calls(event.reason in ("stop", "tool_calls"))
                self._finish = self._finish or event
            case Failure():
                frames += self._whole_calls(in_turn=False)
                self._drop_calls()
                self._failed = True
                frames.append(_line(error_body(event.error)))
            case _:
                frames += self._encode(event)
        return frames

    def close(self) -> list[bytes]:
        """Tool calls that are still held, then the record that ends the stream."""
        if self._failed:
            return []
        self._closed = True
        frames = self._whole_calls() + self._last_calls(True)
        if self._broken:
            error = ErrorInfo("protocol", f"error parsing tool call: the arguments of {self._broken} are no object")
            return [*frames, _line(error_body(error))]
        end: dict[str, Any] = {"done": True}
        if self._finish is not None:
            end["done_reason"] = self._done_reason(self._finish)
        return [*frames, self._record({"role": "assistant", "content": ""}, {**end, **self._counts})]

    @property
    def holding(self) -> bool:
        """Whether calls are held that have begun."""
        return bool(self._calls)

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """The held calls that are whole."""
        return self._whole_calls(doubtful)

    def keep_alive(self) -> bytes:
        """A record that says nothing: a line without one breaks readers."""
        if self._failed or self._closed:
            return b""
        message = {"role": "assistant", "content": ""}
        return _line({"model": self._named, "created_at": _CREATED_AT, "message": message, "done": False})

    def _encode(self, event: AnyEvent) -> list[bytes]:
        """The frame of an event that is not held."""
        match event:
            case Text(text=text) if text:
                return [self._message({"content": mend_surrogates(text)})]
            case Reasoning(text=text) if text:
                return [self._message({"content": "", "thinking": mend_surrogates(text)})]
            case Refusal(text=text) if text:
                self._lose("refusal-as-text", "Ollama has no place for a refusal in words")
                return [self._message({"content": mend_surrogates(text)})]
            case Signature():
                self._lose("signature", "Ollama keeps no signatures")
            case Other(kind="images", data=data):
                return [self._message({"content": "", "images": data})]
            case Other(kind=kind, data=data) if kind in _EVIDENCE:
                return [self._record({"role": "assistant", "content": ""}, {"done": False, kind: data})]
            case Other():
                self._lose("extras", event.kind)
        return []

    def _done_reason(self, finish: Finish) -> str:
        """The vendor's word; a reason that it has no word for is named as it is, with a loss."""
        if finish.reason == "other" and finish.raw and finish.raw not in _DONE_REASONS:
            return mend_surrogates(finish.raw)
        if finish.reason not in (*_DONE_REASONS, "tool_calls"):
            self._lose("finish-reason", finish.reason)
            return finish.reason
        # `stop` is read as tool_calls where calls were made, and as stop where none was.
        if finish.reason != "length" and (finish.reason == "tool_calls") != bool(self._sent_calls):
            self._lose("finish-reason", f"{finish.reason} is sent as stop")
        return "length" if finish.reason == "length" else "stop"

    def _gather(self, event: ToolCall) -> None:
        if event.index in self._sent:
            if event.arguments.strip():
                self._lose("tool-call-closed", "arguments come for a call that was whole already")
            return
        call = self._calls.setdefault(event.index, _Call())
        call.id = call.id or mend_surrogates(event.id or "")
        call.name = mend_surrogates(event.name or "") or call.name
        call.arguments.add(event.arguments)

    def _take_usage(self, usage: Usage) -> None:
        for name in ("reasoning_tokens", "cache_read_tokens", "cache_write_tokens"):
            if getattr(usage, name):
                self._lose(name.replace("_", "-"), str(getattr(usage, name)))
        counts = {"prompt_eval_count": usage.input_tokens, "eval_count": usage.output_tokens}
        self._counts |= {name: count for name, count in counts.items() if count is not None}

    def _whole_calls(self, doubtful: bool = True, in_turn: bool = True) -> list[bytes]:
        """The held calls that are whole, in one record, as parallel calls come.

        `in_turn`: none goes before one that began earlier.
        """
        calls = []
        for index, call in list(self._calls.items()):
            arguments = call.arguments.value()
            if arguments is None or not (arguments or doubtful):
                if in_turn:
                    break
                continue
            function = {"index": self._sent_calls, "name": call.name, "arguments": call.arguments.spelled()}
            calls.append({**({"id": call.id} if call.id else {}), "function": function})
            self._sent_calls += 1
            self._sent.add(index)
            del self._calls[index]
        return [self._message({"content": "", "tool_calls": calls})] if calls else []

    def _last_calls(self, ended_well: bool) -> list[bytes]:
        """Calls at the end: no arguments mean `{}` if it is a good end; the rest was cut off and is lost."""
        if ended_well:
            for call in self._calls.values():
                if not call.arguments.text:
                    call.arguments.add("{}")
        frames = self._whole_calls(in_turn=False)
        if ended_well and self._calls:
            self._broken = next(iter(self._calls.values())).name or "a call"
        self._drop_calls()
        return frames

    def _drop_calls(self) -> None:
        for call in self._calls.values():
            self._lose("tool-arguments-not-object", f"{call.name}: {call.arguments.text[:80]!r}")
        self._calls.clear()

    def _message(self, message: dict[str, Any]) -> bytes:
        return self._record({"role": "assistant", **message}, {"done": False})

    def _record(self, message: dict[str, Any], rest: dict[str, Any]) -> bytes:
        return _line({"model": self._model, "created_at": _CREATED_AT, "message": message, **rest})

    def _lose(self, what: str, detail: str) -> None:
        self.losses.append(Loss(what, detail))


def _line(record: dict[str, Any]) -> bytes:
    return compact_bytes(record) + b"\n"
