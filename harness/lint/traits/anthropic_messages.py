"""What streams of Anthropic's messages differ in: blocks, counts, stop reasons, pings, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.lint.traits.noted import Note, Seen, record, words

WORDS: Mapping[str, str] = {
    "ping": "pings stand between the events",
    "thinking-block": "there is a thinking block",
    "thinking-signature": "a thinking block is signed",
    "thinking-redacted": "there is a redacted thinking block",
    "tool-calls": "there are tool calls",
    "tool-calls-parallel": "there are several tool calls in one answer",
    "tool-input-at-start": "the input of a tool is whole in the first event of its block",
    "tool-input-empty": "a tool's input is never said, or only as an empty piece",
    "tool-of-server": "the server runs a tool of its own",
    "text-and-tool-calls": "there is text beside tool calls",
    "text-after-tool-call": "text follows a tool call",
    "text-blocks-several": "there are several blocks of text",
    "text-at-start": "text stands in the first event of its block",
    "blocks-interleaved": "events of two blocks interleave",
    "citations": "there are citations",
    "usage-input-last": "the last event counts the input, too",
    "usage-input-grows": "the input's count in the last event is another one than in the first",
    "usage-input-zero-first": "the first event says zero for the input",
    "usage-cache": "part of the input came from a cache, or went into one",
    "usage-missing": "there are no counts",
    "message-delta-several": "there are several message_delta events",
    "message-delta-without-reason": "a message_delta event has no stop reason",
    "stop-max-tokens": "the answer ends at its limit",
    "stop-refusal": "the answer ends in a refusal",
    "stop-pause": "the answer ends in a pause",
    "stop-sequence": "the answer ends at a stop sequence",
    "stop-never": "there is no stop reason, and no error",
    "stop-unusual": "the answer ends for a reason that is not among the usual ones",
    "event-unknown": "there are events of a type that the vendor's types do not list",
    "block-unknown": "there are blocks of a type that the vendor's types do not list",
    "error-in-stream": "an error comes inside the stream",
    "unknown-fields": "there are fields that the vendor's types do not list",
}

_EVENTS = frozenset(
    {"message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta"}
    | {"content_block_stop", "ping", "error"}
)
_FIELDS: Mapping[str, frozenset[str]] = {
    "message_start": frozenset({"type", "message"}),
    "content_block_start": frozenset({"type", "index", "content_block"}),
    "content_block_delta": frozenset({"type", "index", "delta"}),
    "content_block_stop": frozenset({"type", "index"}),
    "message_delta": frozenset({"type", "delta", "usage", "context_management"}),
    "message_stop": frozenset({"type"}),
    "ping": frozenset({"type"}),
}
_PLAIN_BLOCKS = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
_STOPS: Mapping[str, str] = {
    "end_turn": "",
    "tool_use": "",
    "max_tokens": "stop-max-tokens",
    "refusal": "stop-refusal",
    "pause_turn": "stop-pause",
    "stop_sequence": "stop-sequence",
}
_CACHE = ("cache_read_input_tokens", "cache_creation_input_tokens")


class _Stream:
    def __init__(self, note: Note) -> None:
        self.note = note
        self.kinds: dict[Any, str] = {}  # of blocks, by index
        self.inputs: dict[Any, int] = {}  # bytes of a tool's input, by index
        self.open: list[Any] = []
        self.input_tokens: Any = None
        self.counted = False
        self.failed = False
        self.deltas = 0
        self.stopped = False

    def frame(self, seen: Seen) -> None:
        payload, at = seen.payload, seen.offset
        kind = words(payload.get("type"))
        if kind not in _EVENTS:
            self.note("event-unknown", at)
        elif kind in _FIELDS and payload.keys() - _FIELDS[kind]:
            self.note("unknown-fields", at)
        match kind:
            case "ping":
                self.note("ping", at)
            case "error":
                self.failed = True
                self.note("error-in-stream", at)
            case "message_start":
                self._start(record(record(payload.get("message")).get("usage")), at)
            case "content_block_start":
                self._block(payload.get("index"), record(payload.get("content_block")), at)
            case "content_block_delta":
                self._delta(payload.get("index"), record(payload.get("delta")), at)
            case "content_block_stop":
                self._stop(payload.get("index"), at)
            case "message_delta":
                self._message_delta(record(payload.get("delta")), record(payload.get("usage")), at)

    def _start(self, usage: dict[str, Any], at: int) -> None:
        self.input_tokens = usage.get("input_tokens")
        self.counted = self.counted or bool(usage)
        if self.input_tokens == 0:
            self.note("usage-input-zero-first", at)
        self._cache(usage, at)

    def _cache(self, usage: dict[str, Any], at: int) -> None:
        if any(usage.get(name) for name in _CACHE):
            self.note("usage-cache", at)

    def _block(self, index: Any, block: dict[str, Any], at: int) -> None:
        kind, before = words(block.get("type")), list(self.kinds.values())
        if self.open:
            self.note("blocks-interleaved", at)
        self.kinds[_key(index)] = kind
        self.open.append(_key(index))
        if kind == "tool_use":
            self._tool(index, block, before, at)
        elif kind == "text":
            self._text(block, before, at)
        elif kind == "thinking":
            self.note("thinking-block", at)
        elif kind == "redacted_thinking":
            self.note("thinking-redacted", at)
        elif kind == "server_tool_use" or kind.endswith("_tool_result"):
            self.note("tool-of-server", at)
        else:
            self.note("block-unknown", at)

    def _tool(self, index: Any, block: dict[str, Any], before: list[str], at: int) -> None:
        self.note("tool-calls", at)
        self.inputs[_key(index)] = len(record(block.get("input")))
        if block.get("input"):
            self.note("tool-input-at-start", at)
        if "tool_use" in before:
            self.note("tool-calls-parallel", at)
        if "text" in before:
            self.note("text-and-tool-calls", at)

    def _text(self, block: dict[str, Any], before: list[str], at: int) -> None:
        if "text" in before:
            self.note("text-blocks-several", at)
        if block.get("text"):
            self.note("text-at-start", at)
        if "tool_use" in before:
            self.note("text-and-tool-calls", at)
            self.note("text-after-tool-call", at)

    def _delta(self, index: Any, delta: dict[str, Any], at: int) -> None:
        key = _key(index)
        match delta.get("type"):
            case "signature_delta":
                self.note("thinking-signature", at)
            case "citations_delta":
                self.note("citations", at)
            case "input_json_delta" if key in self.inputs:
                self.inputs[key] += len(words(delta.get("partial_json")))

    def _stop(self, index: Any, at: int) -> None:
        key = _key(index)
        if key in self.open:
            self.open.remove(key)
        if self.inputs.get(key) == 0:
            self.note("tool-input-empty", at)

    def _message_delta(self, delta: dict[str, Any], usage: dict[str, Any], at: int) -> None:
        self.deltas += 1
        if self.deltas > 1:
            self.note("message-delta-several", at)
        reason = words(delta.get("stop_reason"))
        self.stopped = self.stopped or bool(reason)
        if not reason:
            self.note("message-delta-without-reason", at)
        elif trait := _STOPS.get(reason, "stop-unusual"):
            self.note(trait, at)
        self.counted = self.counted or bool(usage)
        counted = usage.get("input_tokens")
        if counted is not None:
            self.note("usage-input-last", at)
            if counted != self.input_tokens:
                self.note("usage-input-grows", at)
        self._cache(usage, at)

    def end(self, size: int) -> None:
        if not self.counted and not self.failed:
            self.note("usage-missing", size)
        if not self.stopped and not self.failed:
            self.note("stop-never", size)


def _key(index: Any) -> Any:
    return index if type(index) is int else None


def traits(frames: Iterable[Seen], size: int, note: Note) -> None:
    """Notes the traits of a stream of these frames, whose body has so many bytes."""
    stream = _Stream(note)
    for seen in frames:
        stream.frame(seen)
    stream.end(size)
