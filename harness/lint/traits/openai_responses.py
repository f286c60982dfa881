"""What streams of OpenAI's responses differ in: items, what only the done events say, the final response, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.lint.traits.noted import Note, Seen, record, records, words

WORDS: Mapping[str, str] = {
    "text-only-in-done": "text comes only in its done event",
    "text-empty-deltas": "there are empty pieces of text",
    "arguments-only-in-done": "a call's arguments come only in their done event, or in the finished item",
    "arguments-at-start": "a call's arguments stand in the first event of its item",
    "summary-only-in-done": "a reasoning summary comes only in its done event, or in the finished item",
    "tool-calls": "there are tool calls",
    "tool-calls-parallel": "there are several tool calls in one answer",
    "items-interleaved": "events of two items interleave",
    "messages-several": "there are several messages in one answer",
    "text-and-tool-calls": "there is text beside tool calls",
    "reasoning-item": "there is a reasoning item",
    "reasoning-summary": "reasoning comes as a summary",
    "reasoning-summary-several": "a reasoning summary has several parts",
    "reasoning-text": "reasoning comes as text",
    "reasoning-encrypted": "reasoning comes encrypted",
    "refusal": "there is a refusal",
    "annotations": "there are annotations",
    "logprobs": "there are log probabilities",
    "tool-of-server": "the server runs a tool of its own",
    "custom-tool": "a tool is called with free text",
    "final-output-empty": "the final response has an empty output",
    "final-output-null": "the final response has no output, or null for it",
    "usage-missing": "the final response has no counts",
    "usage-details-missing": "the counts have no details, or empty ones",
    "incomplete-limit": "the answer ends incomplete, at its limit",
    "incomplete-filter": "the answer ends incomplete, in a content filter",
    "incomplete-unusual": "the answer ends incomplete, for a reason that is not among the usual ones",
    "failed": "the answer ends in response.failed",
    "error-in-stream": "an error comes inside the stream",
    "error-nested": "an error event has its message one layer deeper than the vendor's",
    "queued": "the answer is queued first",
    "event-unknown": "there are events of a type that the vendor's types do not list",
    "item-unknown": "there are items of a type that the vendor's types do not list",
}

_OPENING = frozenset({"response.created", "response.in_progress", "response.queued"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_INCOMPLETE = {"max_output_tokens": "incomplete-limit", "content_filter": "incomplete-filter"}
_SERVER_ITEMS = ("_call", "_call_output", "mcp_list_tools", "mcp_approval_request")
_SERVER_EVENTS = (
    "response.web_search_call.",
    "response.file_search_call.",
    "response.code_interpreter_call",
    "response.image_generation_call.",
    "response.mcp_",
)
_PLAIN_EVENTS = frozenset(
    {"response.output_item.added", "response.output_item.done", "response.content_part.added"}
    | {"response.content_part.done", "response.output_text.delta", "response.output_text.done"}
    | {"response.output_text.annotation.added", "response.refusal.delta", "response.refusal.done"}
    | {"response.reasoning_text.delta", "response.reasoning_text.done", "response.reasoning_summary_part.added"}
    | {"response.reasoning_summary_part.done", "response.reasoning_summary_text.delta"}
    | {"response.reasoning_summary_text.done", "response.function_call_arguments.delta"}
    | {"response.function_call_arguments.done", "response.custom_tool_call_input.delta"}
    | {"response.custom_tool_call_input.done", "response.audio.delta", "response.audio.done", "error"}
)


class _Stream:
    def __init__(self, note: Note) -> None:
        self.note = note
        self.said: set[tuple[str, Any]] = set()  # what deltas spelled: text, arguments or summary, and which item's
        self.kinds: dict[Any, str] = {}  # of items, by their place
        self.summaries: dict[Any, int] = {}
        self.last: Any = None
        self.left: set[Any] = set()  # items that another item's events have interrupted

    def frame(self, seen: Seen) -> None:
        payload, at = seen.payload, seen.offset
        kind, place = words(payload.get("type")), _place(payload)
        self._interleave(place, at)
        if kind in _ENDS:
            self._end(kind, record(payload.get("response")), at)
        elif kind == "error":
            self._error(payload, at)
        elif kind == "response.queued":
            self.note("queued", at)
        elif kind.startswith(_SERVER_EVENTS):
            self.note("tool-of-server", at)
        elif kind not in _PLAIN_EVENTS and kind not in _OPENING:
            self.note("event-unknown", at)
        else:
            self._inside(kind, place, payload, at)

    def _interleave(self, place: Any, at: int) -> None:
        if place is None or place == self.last:
            return
        if place in self.left:
            self.note("items-interleaved", at)
        if self.last is not None:
            self.left.add(self.last)
        self.last = place

    def _error(self, payload: dict[str, Any], at: int) -> None:
        self.note("error-in-stream", at)
        if type(payload.get("error")) is dict and "message" not in payload:
            self.note("error-nested", at)

    def _inside(self, kind: str, place: Any, payload: dict[str, Any], at: int) -> None:
        match kind.removeprefix("response.").split("."):
            case ["output_item", "added"]:
                self._item(place, record(payload.get("item")), at)
            case ["output_item", "done"]:
                self._item_done(place, record(payload.get("item")), at)
            case ["output_text", "delta"]:
                self._text(place, payload, at)
            case ["output_text", "done"] if payload.get("text") and ("text", place) not in self.said:
                self.note("text-only-in-done", at)
            case ["output_text", "annotation", _]:
                self.note("annotations", at)
            case ["function_call_arguments", "delta"]:
                self.said.add(("arguments", place))
            case ["function_call_arguments", "done"] if payload.get("arguments"):
                self._once("arguments", place, "arguments-only-in-done", at)
            case ["refusal", _]:
                self.note("refusal", at)
            case ["reasoning_text", _]:
                self.note("reasoning-text", at)
            case ["reasoning_summary_part", "added"]:
                self._summary(place, at)
            case ["reasoning_summary_text", "delta"]:
                self.note("reasoning-summary", at)
                self.said.add(("summary", place))
            case ["reasoning_summary_text", "done"] if payload.get("text"):
                self._once("summary", place, "summary-only-in-done", at)

    def _once(self, what: str, place: Any, trait: str, at: int) -> None:
        if (what, place) not in self.said:
            self.note(trait, at)

    def _summary(self, place: Any, at: int) -> None:
        self.summaries[place] = self.summaries.get(place, 0) + 1
        if self.summaries[place] > 1:
            self.note("reasoning-summary-several", at)

    def _text(self, place: Any, payload: dict[str, Any], at: int) -> None:
        if payload.get("delta"):
            self.said.add(("text", place))
        else:
            self.note("text-empty-deltas", at)
        if payload.get("logprobs"):
            self.note("logprobs", at)

    def _item(self, place: Any, item: dict[str, Any], at: int) -> None:
        kind, before = words(item.get("type")), list(self.kinds.values())
        self.kinds[place] = kind
        if kind == "function_call":
            self.note("tool-calls", at)
            if item.get("arguments"):
                self.note("arguments-at-start", at)
        elif kind == "custom_tool_call":
            self.note("custom-tool", at)
        elif kind == "reasoning":
            self.note("reasoning-item", at)
        elif kind.endswith(_SERVER_ITEMS):
            self.note("tool-of-server", at)
        elif kind != "message":
            self.note("item-unknown", at)
        if kind in before and kind in ("message", "function_call"):
            self.note("messages-several" if kind == "message" else "tool-calls-parallel", at)
        if {"message", "function_call"} <= {kind, *before}:
            self.note("text-and-tool-calls", at)

    def _item_done(self, place: Any, item: dict[str, Any], at: int) -> None:
        if item.get("encrypted_content"):
            self.note("reasoning-encrypted", at)
        if item.get("type") == "function_call" and item.get("arguments"):
            self._once("arguments", place, "arguments-only-in-done", at)
        if item.get("type") == "reasoning" and item.get("summary"):
            self._once("summary", place, "summary-only-in-done", at)

    def _end(self, kind: str, response: dict[str, Any], at: int) -> None:
        if kind == "response.failed":
            self.note("failed", at)
        elif kind == "response.incomplete":
            reason = words(record(response.get("incomplete_details")).get("reason"))
            self.note(_INCOMPLETE.get(reason, "incomplete-unusual"), at)
        output, usage = response.get("output"), response.get("usage")
        if type(output) is not list:
            self.note("final-output-null", at)
        elif not output and self.kinds:
            self.note("final-output-empty", at)
        if kind == "response.failed":
            return
        if type(usage) is not dict:
            self.note("usage-missing", at)
        elif not (record(usage.get("input_tokens_details")) and record(usage.get("output_tokens_details"))):
            self.note("usage-details-missing", at)
        self._final_text(records(output), at)

    def _final_text(self, output: list[dict[str, Any]], at: int) -> None:
        for item in output:
            if any(part.get("annotations") for part in records(item.get("content"))):
                self.note("annotations", at)


def _place(payload: dict[str, Any]) -> Any:
    given = payload.get("output_index")
    return given if type(given) is int else None


def traits(frames: Iterable[Seen], size: int, note: Note) -> None:
    """Notes the traits of a stream of these frames, whose body has so many bytes."""
    stream = _Stream(note)
    for seen in frames:
        stream.frame(seen)
