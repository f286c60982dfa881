"""Canonical events to Gemini's SSE frames, as the vendor sends them: CRLF, whole function calls, no end marker."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from harness.dialects.base import Loss
from harness.dialects.decoding import compact_bytes
from harness.dialects.gemini.errors import error_body
from harness.dialects.growing import Arguments
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
from harness.transcript import mend_surrogates

_NAMES: Mapping[FinishReason, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
    "pause": "CONTINUATION",
    "context_overflow": "MAX_TOKENS",
    "other": "OTHER",
}
_INEXACT: tuple[FinishReason, ...] = ("refusal", "context_overflow")
_RAW_OF_OTHER = frozenset({
    "OTHER", "LANGUAGE", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "NO_IMAGE",
    "IMAGE_OTHER", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "ESCALATION",
})  # fmt: skip
_RAW_OF_FILTER = frozenset({
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION", "MODEL_ARMOR",
})  # fmt: skip
_PART_KINDS = frozenset({"executableCode", "codeExecutionResult", "toolCall", "toolResponse", "inlineData", "fileData"})
_CANDIDATE_KINDS = frozenset({
    "groundingMetadata", "citationMetadata", "urlContextMetadata", "logprobsResult", "finishMessage",
})  # fmt: skip
_ENDED_WELL = ("stop", "tool_calls")


class _Call:
    """One function call while its fragments come."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = Arguments()
        self.signature = ""

    def part(self) -> dict[str, Any] | None:
        """The whole call as a part; None as long as its arguments are no object."""
        if self.arguments.value() is None:
            return None
        call: dict[str, Any] = {"name": self.name, "args": self.arguments.spelled()}
        if self.id:
            call = {"id": self.id, **call}
        return {"functionCall": call, **({"thoughtSignature": self.signature} if self.signature else {})}


class Encoder:
    """Events to frames.

    A function call is held until an event of another kind follows and its arguments are whole, usage until the next
    frame.
    """

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.verbatim = False
        self._head = {"modelVersion": "test-model", "responseId": "resp-harness"}
        self._named: dict[str, str] = {}  # what of it the events gave
        self._calls: dict[tuple[int, int], _Call] = {}  # by choice and index
        self._sent_calls: set[int] = set()  # choices that made calls
        self._sent: set[tuple[int, int]] = set()  # those calls
        self._usage: dict[str, int] = {}
        self._has_news = False  # a name or usage that no frame has carried yet
        self._stopped: set[int] = set()  # choices that stopped without a call
        self._malformed: set[int] = set()  # choices with a call that no part can hold
        self._spoke: set[int] = set()
        self._finished: set[int] = set()
        self._failed = False
        self._closed = False

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that this event gives."""
        match event:
            case ToolCall():
                self._gather(event)
                return []
            case Signature() if (call := self._calls.get((event.choice, _no(event.tool_index)))) is not None:
                call.signature = self._signature(event)
                return []
            case Start():
                self._take_start(event)
                return []
            case Usage():
                self._take_usage(event)
                return []
        frames = self._whole_calls()
        match event:
            case Finish():
                frames += self._last_calls(event.choice, event.reason in _ENDED_WELL)
            case Failure():
                frames += self._whole_calls(in_turn=False)
                self._drop_calls(list(self._calls))
                frames += [self._frame({})] if self._has_news else []
        if frame := self._encode(event):
            frames.append(frame)
        return frames

    def close(self) -> list[bytes]:
        """What is still held: function calls, then usage. Gemini has no end marker."""
        if self._failed:
            return []
        self._closed = True
        frames = self._whole_calls()
        for choice in {choice for choice, _ in self._calls}:
            frames += self._last_calls(choice, True)
        spoke = self._spoke if self._spoke or self._finished else {0}
        for choice in sorted(spoke - self._finished):
            self.losses.append(Loss("finish-missing", "a stream without finishReason is a broken one"))
            frames.append(self._encode_finish(Finish("other", choice=choice)))
        if self._has_news:
            frames.append(self._frame({}))
        return frames

    @property
    def holding(self) -> bool:
        """Whether calls are held that have begun."""
        return bool(self._calls)

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """The held calls that are whole."""
        return self._whole_calls(doubtful)

    def keep_alive(self) -> bytes:
        """A frame that says nothing: some of the vendor's own readers stumble over comments."""
        return b"" if self._failed or self._closed else _line(self._named)

    def _encode(self, event: AnyEvent) -> bytes | None:
        """The frame of an event that is not held."""
        match event:
            case Text(text=text) if text:
                return self._part({"text": mend_surrogates(text)}, event.choice)
            case Reasoning(text=text) if text:
                return self._part({"text": mend_surrogates(text), "thought": True}, event.choice)
            case Refusal(text=text) if text:
                self.losses.append(Loss("refusal-as-text", "Gemini has no place for a refusal in words"))
                return self._part({"text": mend_surrogates(text)}, event.choice)
            case Signature():
                signature = self._signature(event)
                return self._part({"text": "", "thoughtSignature": signature}, event.choice) if signature else None
            case Finish() if event.choice not in self._finished:  # the first stands
                return self._encode_finish(event)
            case Failure():
                self._failed = True
                return _line(error_body(event.error))
            case Other():
                return self._encode_other(event)
        return None

    def _encode_finish(self, event: Finish) -> bytes:
        name: str | int = event.raw if self.verbatim and event.raw else _finish_name(event)
        if type(name) is str and name.isdecimal():
            name = int(name)  # the vendor can be asked for its reasons as numbers
        # STOP is read as tool_calls where calls were made, and as stop where none was.
        read_as = "tool_calls" if event.choice in self._sent_calls else "stop"
        if event.reason in _INEXACT or (name == "STOP" and event.reason != read_as):
            self.losses.append(Loss("finish-reason", f"{event.reason} is sent as {name}"))
        if event.choice in self._malformed and event.reason in _ENDED_WELL:
            name = "MALFORMED_FUNCTION_CALL"  # the vendor's own word for it
        self._finished.add(event.choice)
        if name == "STOP" and read_as == "stop":
            self._stopped.add(event.choice)
        candidate = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": name}
        return self._frame({"candidates": [{**candidate, "index": event.choice}]})

    def _encode_other(self, event: Other) -> bytes | None:
        data = event.data if isinstance(event.data, dict) else None
        if data and event.kind in _PART_KINDS and event.kind in data:
            return self._part(data, 0)
        if event.kind in _CANDIDATE_KINDS:
            return self._frame({"candidates": [{event.kind: event.data, "index": 0}]})
        if data and event.kind == "promptFeedback":
            self._finished.add(0)
            return self._frame({"promptFeedback": data})
        if data and event.kind in data and self.verbatim:
            return self._part(data, 0)
        self.losses.append(Loss("extras", event.kind))
        return None

    def _gather(self, event: ToolCall) -> None:
        key = (event.choice, event.index)
        if key in self._sent:
            if event.arguments.strip():
                more = f"arguments come for a call that was whole already: {event.arguments[:80]!r}"
                self.losses.append(Loss("tool-call-closed", more))
            return
        call = self._calls.setdefault(key, _Call())
        call.id = call.id or mend_surrogates(event.id or "")
        call.name = mend_surrogates(event.name or "") or call.name
        call.arguments.add(event.arguments)

    def _take_start(self, event: Start) -> None:
        if event.id:
            self._named["responseId"] = mend_surrogates(event.id)
        if event.model:
            self._named["modelVersion"] = mend_surrogates(event.model)
        self._head |= self._named
        self._has_news = True

    def _take_usage(self, event: Usage) -> None:
        if event.cache_write_tokens:
            self.losses.append(Loss("cache-write-tokens", str(event.cache_write_tokens)))
        counts = {
            "promptTokenCount": event.input_tokens,
            "candidatesTokenCount": event.output_tokens,
            "thoughtsTokenCount": event.reasoning_tokens,
            "cachedContentTokenCount": event.cache_read_tokens,
        }
        self._usage |= {name: count for name, count in counts.items() if count is not None}
        total = sum(count for name, count in self._usage.items() if name not in ("cachedContentTokenCount", _TOTAL))
        self._usage[_TOTAL] = total
        self._has_news = True

    def _signature(self, event: Signature) -> str:
        """The signature, empty (with a loss) where Gemini could not take it: its type is base64 bytes."""
        if event.form == "signature" and _is_base64(event.data):
            return event.data
        self.losses.append(Loss("signature", f"a signature of form {event.form} that Gemini did not make"))
        return ""

    def _whole_calls(self, doubtful: bool = True, in_turn: bool = True) -> list[bytes]:
        """The held calls that are whole, those of one choice in one frame, as parallel calls come.

        `in_turn`: none goes before one that began earlier.
        """
        parts: dict[int, list[dict[str, Any]]] = {}
        waits: set[int] = set()  # choices with a call that is not whole
        for (choice, index), call in list(self._calls.items()):
            part = call.part() if doubtful or call.arguments.value() else None
            if part is None:
                waits.add(choice)
            elif not (in_turn and choice in waits):
                parts.setdefault(choice, []).append(part)
                del self._calls[choice, index]
                self._sent.add((choice, index))
        self._sent_calls.update(parts)
        self._spoke.update(parts)
        if self._stopped & parts.keys():
            self.losses.append(Loss("finish-reason", "a call after the stop makes it one for calls"))
        return [self._frame(_content(calls, choice)) for choice, calls in parts.items()]

    def _last_calls(self, choice: int, ended_well: bool) -> list[bytes]:
        """Calls of a choice that ends: no arguments mean `{}` if it ended well; the rest was cut off and is lost."""
        if ended_well:
            for (of_choice, _), call in self._calls.items():
                if of_choice == choice and not call.arguments.text:
                    call.arguments.add("{}")
        frames = self._whole_calls(in_turn=False)
        dropped = [key for key in self._calls if key[0] == choice]
        if dropped and ended_well:
            self._malformed.add(choice)
        self._drop_calls(dropped)
        return frames

    def _drop_calls(self, keys: list[tuple[int, int]]) -> None:
        for key in keys:
            call = self._calls.pop(key)
            self.losses.append(Loss("tool-arguments-not-object", f"{call.name}: {call.arguments.text[:80]!r}"))

    def _part(self, part: dict[str, Any], choice: int) -> bytes:
        self._spoke.add(choice)
        return self._frame(_content([part], choice))

    def _frame(self, payload: dict[str, Any]) -> bytes:
        self._has_news = False
        usage = {"usageMetadata": dict(self._usage)} if self._usage else {}
        return _line({**payload, **usage, **self._head})


_TOTAL = "totalTokenCount"


def _no(index: int | None) -> int:
    return -1 if index is None else index


def _content(parts: list[dict[str, Any]], choice: int) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": parts, "role": "model"}, "index": choice}]}


def _line(payload: dict[str, Any]) -> bytes:
    return b"data: " + compact_bytes(payload) + b"\r\n\r\n"


def _finish_name(event: Finish) -> str:
    """The vendor's own word where the event has it, else the nearest."""
    known = {"other": _RAW_OF_OTHER, "content_filter": _RAW_OF_FILTER}.get(event.reason, frozenset())
    return event.raw if event.raw in known else _NAMES[event.reason]


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
